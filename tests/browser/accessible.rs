//! Every page by the rules of WCAG 2.1 A and AA, as axe-core checks them: roles, labels, contrast, order
//! of headings, names of buttons. `tests/run` fetches it; `ZHIHUI_TEST_AXE` names the file.

use serde_json::{Value, json};

use crate::{
    site::Site,
    tour,
    window::{DESK, PHONE, Window},
};

/// Finds what breaks a rule: `rule: selector` for each place.
const RULES: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}).then(found =>
        done(found.violations.flatMap(rule => rule.nodes.map(node =>
            rule.id + ': ' + node.target.join(' ') + ' ' + node.html.slice(0, 160)))));";

#[tokio::test(flavor = "multi_thread")]
async fn every_page_keeps_to_the_rules_of_accessibility() {
    let file = std::env::var("ZHIHUI_TEST_AXE").expect("ZHIHUI_TEST_AXE names axe.min.js: tests/run fetches it");
    let axe = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let site = Site::demonstration().await;
    let stops = tour::stops(&site).await;
    let window = Window::open(&site, DESK).await;
    let mut broken = Vec::new();
    for (size, is_dark) in [(DESK, false), (PHONE, true)] {
        window.resize(size).await;
        window.set_dark(is_dark).await;
        for stop in &stops {
            window.visit(&site, stop).await;
            window.until("document.readyState === 'complete' && document.fonts.status === 'loaded'").await;
            window.ask(&axe).await;
            let found = window.ask_later(RULES, json!([])).await;
            let found = found.as_array().expect("a list").iter().filter_map(Value::as_str);
            broken.extend(found.map(|place| format!("{} {}: {place}", stop.name, size.0)));
        }
    }
    assert!(broken.is_empty(), "{} places:\n{}", broken.len(), broken.join("\n"));
    // Of the pages that answer with an error on purpose.
    window.complaints().await;
    window.close().await;
    site.end().await;
}

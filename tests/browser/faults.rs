//! What no page may do: fail in its scripts, ask for what its policy refuses, be wider than a phone,
//! or want a finger narrower than people have.

use crate::{
    site::Site,
    tour,
    window::{DESK, PHONE, Window},
};

/// What sticks out to the right, unless it lies in something that scrolls by itself.
const TOO_WIDE: &str = "
    const scrolls = element => !element || element === document.body ? false
        : getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement);
    const sticks = element => element.getBoundingClientRect().right > innerWidth + 1
        && element.checkVisibility() && !scrolls(element.parentElement);
    const found = [...document.body.querySelectorAll('*')].filter(sticks).map(element => element.outerHTML.slice(0, 120));
    return document.documentElement.scrollWidth > innerWidth ? ['the page', ...found] : found;
";

/// What a thumb would miss: lower than 44 pixels. A tick is pressed on its label.
const TOO_LOW: &str = "
    const pressed = element => element.matches('[type=checkbox], [type=radio]') && element.closest('label') || element;
    const low = element => element.getBoundingClientRect().height < 43.5 && !element.matches('.skip')
        && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    return [...document.querySelectorAll('a, button, summary, select, textarea, input:not([type=hidden])')]
        .map(pressed).filter(low).map(element => element.outerHTML.slice(0, 120));
";

#[tokio::test(flavor = "multi_thread")]
async fn no_page_complains_or_is_wider_than_a_phone_or_too_small_for_a_thumb() {
    let site = Site::demonstration().await;
    let stops = tour::stops(&site).await;
    let window = Window::open(&site, DESK).await;
    let mut faults = Vec::new();
    for size in [DESK, PHONE] {
        window.resize(size).await;
        for stop in &stops {
            window.visit(&site, stop).await;
            let expected = if stop.status == 200 { String::new() } else { format!("status of {}", stop.status) };
            let complaints = window.complaints().await;
            let unexpected =
                complaints.iter().filter(|complaint| expected.is_empty() || !complaint.contains(&expected));
            faults.extend(unexpected.map(|complaint| format!("{} {size:?}: {complaint}", stop.name)));
            if !expected.is_empty() && complaints.is_empty() {
                faults.push(format!("{}: was not answered with {}", stop.name, stop.status));
            }
            for wide in window.ask(TOO_WIDE).await.as_array().unwrap() {
                faults.push(format!("{} {size:?}: too wide: {wide}", stop.name));
            }
            if size.0 == PHONE.0 {
                for low in window.ask(TOO_LOW).await.as_array().unwrap() {
                    faults.push(format!("{}: too low: {low}", stop.name));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    window.close().await;
    site.end().await;
}

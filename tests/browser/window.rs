//! A browser's window, in the words of somebody who sits in front of it.

use std::time::Duration;

use base64::Engine;
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource, MouseActions, PointerAction, TouchActions},
    elements::Element,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::{
    driver::{self, Driver, devtools},
    people::Person,
    site::Site,
};

/// Nothing that a test waits for takes longer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at a page that is not there yet.
const BETWEEN: Duration = Duration::from_millis(20);
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// How wide and high a page is shown.
#[derive(Debug, Clone, Copy)]
pub struct Size(pub u32, pub u32);

pub const DESK: Size = Size(1440, 900);
pub const PHONE: Size = Size(390, 844);

pub struct Window {
    client: Client,
    origin: String,
    // In this order: the browser ends before its folder goes.
    _driver: Driver,
    _profile: tempfile::TempDir,
}

impl Window {
    pub async fn open(site: &Site, size: Size) -> Self {
        Self::start(site, size, json!({})).await
    }

    /// One whose owner has switched scripts off in the browser's settings.
    pub async fn open_without_scripts(site: &Site, size: Size) -> Self {
        Self::start(site, size, json!({"profile.managed_default_content_settings.javascript": 2})).await
    }

    /// One in which `person` has signed in.
    pub async fn of(site: &Site, size: Size, person: &Person) -> Self {
        let window = Self::open(site, size).await;
        window.sign_in(site, person).await;
        window
    }

    async fn start(site: &Site, size: Size, preferences: Value) -> Self {
        let driver = Driver::start();
        let profile = tempfile::tempdir().unwrap();
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let mut options = json!({"args": flags, "prefs": preferences});
        if let Ok(program) = std::env::var("ZHIHUI_TEST_CHROMIUM") {
            options["binary"] = json!(program);
        }
        let wanted = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted.as_object().unwrap().clone())
            .connect(&driver.url)
            .await
            .unwrap();
        let window = Self { client, origin: site.origin.clone(), _driver: driver, _profile: profile };
        window.resize(size).await;
        window
    }

    /// Whether pages are asked for dark.
    pub async fn set_dark(&self, is_dark: bool) {
        let scheme = json!({"name": "prefers-color-scheme", "value": if is_dark { "dark" } else { "light" }});
        self.client.issue_cmd(devtools("Emulation.setEmulatedMedia", json!({"features": [scheme]}))).await.unwrap();
    }

    /// The whole page as a PNG, at most so high: as a window would show it that is high enough.
    pub async fn picture(&self, Size(width, highest): Size) -> Vec<u8> {
        let height = self.ask("return Math.max(innerHeight, document.documentElement.scrollHeight)").await;
        let height = u32::try_from(height.as_u64().unwrap()).unwrap_or(highest).min(highest);
        self.resize(Size(width, height)).await;
        let wanted = json!({"format": "png"});
        let picture = self.client.issue_cmd(devtools("Page.captureScreenshot", wanted)).await.unwrap();
        base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    pub async fn resize(&self, Size(width, height): Size) {
        let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.client.issue_cmd(devtools("Emulation.setDeviceMetricsOverride", screen)).await.unwrap();
    }

    /// By a link of the demonstration, to be quick where signing in is not the story.
    pub async fn sign_in(&self, site: &Site, person: &Person) {
        self.go(&format!("/login/{}", site.link_for(person).await)).await;
    }

    /// Signs out, and whatever else a page keeps in the browser. The page goes first: still open, it
    /// could ask for its events as nobody.
    pub async fn forget(&self) {
        self.client.goto("about:blank").await.unwrap();
        self.client.issue_cmd(devtools("Network.clearBrowserCookies", json!({}))).await.unwrap();
    }

    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.origin)).await.unwrap();
    }

    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// What a script of the page would see.
    pub async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// The same of a script that says when it is done: its last argument is what it calls then.
    pub async fn ask_later(&self, script: &str, arguments: Value) -> Value {
        let arguments = arguments.as_array().unwrap().clone();
        self.client.execute_async(script, arguments).await.unwrap()
    }

    /// Whoever sits here says yes to what this page asks before it does something.
    pub async fn agrees(&self) {
        self.ask("window.confirm = () => true").await;
    }

    /// Waits until an expression of the page is true. It may fail while the page changes.
    pub async fn until(&self, expression: &str) {
        let script = format!("try {{ return !!({expression}) }} catch (e) {{ return false }}");
        let looking = async {
            // While one page gives way to the next there is nothing to ask.
            while !matches!(self.client.execute(&script, vec![]).await, Ok(Value::Bool(true))) {
                tokio::time::sleep(BETWEEN).await;
            }
        };
        if tokio::time::timeout(PATIENCE, looking).await.is_err() {
            let shown = self.ask("return location.pathname + '\\n' + document.body.innerText").await;
            panic!("never true: {expression}\non the page {}", shown.as_str().unwrap_or_default());
        }
    }

    /// Waits until the page shows these words.
    pub async fn sees(&self, words: &str) {
        self.until(&format!("document.body.innerText.includes({})", json!(words))).await;
    }

    /// Opens a page again until it shows these words: for what workers have yet to bring.
    pub async fn arrives(&self, path: &str, words: &str) {
        let looking = async {
            loop {
                self.go(path).await;
                if self.ask(&format!("return document.body.innerText.includes({})", json!(words))).await == true {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("{path} never showed {words}"));
    }

    /// Waits until the badge in the visible navigation says so; empty for no badge.
    pub async fn sees_badge(&self, kind: &str, count: &str) {
        let badges = format!(
            "[...document.querySelectorAll('.n [data-live={kind}]')].filter(badge => badge.offsetParent).map(badge => badge.textContent).join()"
        );
        self.until(&format!("{badges} === {}", json!(count))).await;
    }

    /// Where the first link of this kind leads.
    pub async fn address(&self, css: &str) -> String {
        self.element(css).await.attr("href").await.unwrap().unwrap_or_else(|| panic!("{css} is no link"))
    }

    pub async fn press(&self, css: &str) {
        self.press_first(Locator::Css(css), css).await;
    }

    /// Presses what may lie under a bar at the edge, as people do: they scroll first.
    pub async fn press_in_the_middle(&self, css: &str) {
        self.element(css).await;
        self.ask(&format!("document.querySelector({}).scrollIntoView({{block: 'center'}})", json!(css))).await;
        self.press(css).await;
    }

    /// Presses the first link in sight that says so.
    pub async fn follow(&self, words: &str) {
        let by_words = format!("//a[contains(normalize-space(.), '{words}')]");
        self.press_first(Locator::XPath(&by_words), words).await;
    }

    /// A page may renew a part between looking and pressing: then nothing was pressed.
    async fn press_first(&self, wanted: Locator<'_>, words: &str) {
        let pressing = async {
            loop {
                for found in self.client.find_all(wanted).await.unwrap() {
                    if found.is_displayed().await.unwrap_or(false) && found.click().await.is_ok() {
                        return;
                    }
                }
                tokio::time::sleep(BETWEEN).await;
            }
        };
        tokio::time::timeout(PATIENCE, pressing).await.unwrap_or_else(|_| panic!("nothing to press: {words}"));
    }

    pub async fn fill(&self, css: &str, words: &str) {
        let field = self.element(css).await;
        field.clear().await.unwrap();
        field.send_keys(words).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Takes hold of one thing, found by XPath, carries it over the upper half of another and lets go:
    /// with the mouse or with a finger.
    pub async fn drag(&self, what: &str, over: &str, is_touch: bool) {
        let found = async |path: &str| {
            let found = self.client.wait().at_most(PATIENCE).every(BETWEEN).for_element(Locator::XPath(path)).await;
            found.unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        let to = |element, y| PointerAction::MoveToElement {
            element,
            duration: Some(Duration::from_millis(120)),
            x: 0.0,
            y,
        };
        let (from, goal) = (found(what).await, found(over).await);
        let steps = [to(from, 0.0), PointerAction::Down { button: 0 }, to(goal.clone(), -4.0), to(goal, -6.0)];
        let up = PointerAction::Up { button: 0 };
        if is_touch {
            let finger = steps.into_iter().fold(TouchActions::new("finger".into()), TouchActions::then);
            self.client.perform_actions(finger.then(up)).await.unwrap();
        } else {
            let mouse = steps.into_iter().fold(MouseActions::new("mouse".into()), MouseActions::then);
            self.client.perform_actions(mouse.then(up)).await.unwrap();
        }
        self.client.release_actions().await.unwrap();
    }

    /// A field for files takes a path of this machine.
    pub async fn choose_file(&self, css: &str, path: &std::path::Path) {
        self.element(css).await.send_keys(path.to_str().unwrap()).await.unwrap();
    }

    async fn element(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).every(BETWEEN).for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// What the pages complained of since the last time, such as errors of scripts, what the
    /// policy of the page refused, and what was not found.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(driver::log()).await.unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.into_iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Nothing that was visited has left a complaint behind.
    pub async fn close(self) {
        assert_eq!(self.complaints().await, Vec::<String>::new());
        self.client.close().await.unwrap();
    }
}

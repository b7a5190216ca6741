//! chromedriver, and what its protocol has beyond WebDriver: the browser's log and DevTools.
//!
//! Invariant: whatever a test does, nothing that it started outlives it. chromedriver and the
//! Chromium below it are one process group, which ends as a whole.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

use axum::http::Method;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A running chromedriver.
pub struct Driver {
    process: Child,
    pub url: String,
}

impl Driver {
    /// On a port that it chooses itself.
    pub fn start() -> Self {
        let program = program("ZHIHUI_TEST_CHROMEDRIVER", "chromedriver");
        let mut command = Command::new(&program);
        command.arg("--port=0").process_group(0).stdout(Stdio::piped()).stderr(Stdio::null());
        let process = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        let mut driver = Self { process, url: String::new() };
        let mut lines = BufReader::new(driver.process.stdout.as_mut().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            line.split("successfully on port ").nth(1).map(|rest| rest.trim_end_matches('.').to_owned())
        });
        driver.url = format!("http://127.0.0.1:{}", port.expect("chromedriver says its port"));
        driver
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}

/// The program that a variable names, or `usual`.
pub fn program(variable: &str, usual: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

/// A command of chromedriver: a path below the session and what is posted there.
#[derive(Debug)]
pub struct Beyond {
    path: &'static str,
    body: Value,
}

/// What pages complained of since it was last asked.
pub fn log() -> Beyond {
    Beyond { path: "se/log", body: json!({"type": "browser"}) }
}

/// A command of the DevTools protocol.
pub fn devtools(command: &str, parameters: Value) -> Beyond {
    Beyond { path: "goog/cdp/execute", body: json!({"cmd": command, "params": parameters}) }
}

impl WebDriverCompatibleCommand for Beyond {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

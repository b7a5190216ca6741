//! A process of the built program, killed by its own id alone, and gone with its value.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc,
    time::Duration,
};

/// How long a start may take.
const START: Duration = Duration::from_secs(40);

pub struct Child {
    process: std::process::Child,
    /// Where it listens; none when it died before it did.
    pub url: Option<String>,
}

impl Child {
    /// `zhihui serve` with these settings; what it says goes to a file in `dir`.
    pub fn serve(dir: &Path, settings: &[(&str, String)]) -> Self {
        let log = File::options().create(true).append(true).open(dir.join("hub.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_zhihui"));
        command.args(["serve", "--json"]).current_dir(dir).stdout(Stdio::piped()).stderr(log);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ZHIHUI_")) {
            command.env_remove(name);
        }
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let mut process = command.spawn().unwrap();
        let out = process.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(out).read_line(&mut line);
            let said = serde_json::from_str::<serde_json::Value>(&line).ok();
            // Nobody waits any more when the start took too long.
            let _ = sender.send(said.and_then(|said| said["url"].as_str().map(str::to_owned)));
        });
        let url = receiver.recv_timeout(START).ok().flatten();
        Self { process, url }
    }

    /// One test of this binary again, to work as these settings say until it is killed.
    pub fn again(dir: &Path, test: &str, settings: &[(&str, String)]) -> Self {
        let log = File::options().create(true).append(true).open(dir.join("hub.log")).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).stdout(Stdio::null()).stderr(log);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        Self { process: command.spawn().unwrap(), url: None }
    }

    pub fn is_alive(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Sends a signal by its name, as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// How it ended, once it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    /// Did it end by `kill -9`?
    pub fn was_killed(&mut self) -> bool {
        self.ended().is_some_and(|status| status.signal() == Some(9))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

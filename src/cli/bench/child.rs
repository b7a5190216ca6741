//! The parts that are measured, each a process of its own, so that CPU and memory can be told
//! apart. They are this program again, asked over standard input, one JSON line each way.

use std::{
    collections::BTreeMap,
    io::{BufRead, Write},
    process::Stdio,
};

use anyhow::Context;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child as Process, ChildStdin, ChildStdout, Command},
};

use super::process;

/// What a child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// the hub
    Hub,
    /// the same job without a hub
    Bare,
    /// the gateway that both post to
    Gateway,
    /// a hub whose pages are looked at
    Pages,
}

impl Part {
    pub fn word(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Bare => "bare",
            Self::Gateway => "gateway",
            Self::Pages => "pages",
        }
    }
}

/// What a child is asked; it answers each with one line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Get everything ready for messages to so many people, posted to this gateway.
    Prepare { recipients: i64, gateway: String },
    /// One message to everybody.
    Round,
    /// One message to every inbox, and nothing more.
    FanOut,
    /// What the parts alone can do.
    Limits,
    /// So many messages to one person each, evenly over time.
    Latency { messages: usize, per_second: u32 },
    /// What the gateway has seen.
    Stats,
    /// Fill inboxes with so many lines, and a message to so many people; every page will be asked for
    /// at most so often in one go.
    Fill { rows: i64, recipients: i64, requests: usize },
    /// What can be looked at, by name and in order.
    Pages,
    /// One of them so often.
    Look { nth: usize, requests: usize },
    /// Everybody whom a message reached, as a spreadsheet.
    Export,
}

/// A running part; it ends with this value.
pub struct Child {
    part: Part,
    process: Process,
    pid: u32,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Child {
    pub fn start(part: Part, environment: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["bench", "--part", part.word()])
            .envs(environment)
            // Together with the value itself these would contradict.
            .env_remove("ZHIHUI_DATABASE_URL_FILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            part,
            pid: process.id().context("the process has just begun")?,
            questions: process.stdin.take().context("its input is a pipe")?,
            answers: BufReader::new(process.stdout.take().context("its output is a pipe")?).lines(),
            process,
        })
    }

    pub async fn ask<T: DeserializeOwned>(&mut self, question: &Question) -> anyhow::Result<T> {
        let line = serde_json::to_string(question)? + "\n";
        self.questions.write_all(line.as_bytes()).await?;
        let answer = self.answers.next_line().await?;
        let answer = answer.with_context(|| format!("the process of the {} ended", self.part.word()))?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// Seconds of CPU so far.
    pub fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.pid).unwrap_or_default()
    }

    pub fn peak_memory_mb(&self) -> f64 {
        process::peak_memory_mb(self.pid).unwrap_or_default()
    }

    /// Asks it to end and waits for that.
    pub async fn end(self) -> anyhow::Result<()> {
        let Self { mut process, questions, .. } = self;
        drop(questions);
        process.wait().await?;
        Ok(())
    }
}

/// The child's side: the next question, none when the parent is through.
pub async fn question() -> anyhow::Result<Option<Question>> {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = line.await??;
    if line.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&line)?))
}

pub fn answer(answer: &impl Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?)?;
    out.flush()?;
    Ok(())
}

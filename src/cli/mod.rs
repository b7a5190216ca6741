//! The commands, one a file. Exit codes: 0 fine, 1 failed at work, 2 wrong usage or settings.

/// One line of the answer. A reader that had enough (`| head`) is no failure.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::answer(format_args!("{}\n", format_args!($($words)*))) };
}

mod admin;
mod bench;
mod check;
pub mod demo;
mod evidence;
mod import;
mod migrate;
mod person;
mod producer;
mod send;
mod serve;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    api::documents,
    config::{self, Config, ConfigError, LogFormat},
    hub,
};

/// 知会: notifications that are approved, delivered, chased and proven.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    /// Settings file; without it zhihui.toml in this folder if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Answers for programs, in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Web pages, API and workers.
    Serve(serve::Options),
    /// A fictional university to try everything with; nothing leaves this machine.
    Demo(demo::Options),
    /// Applies what is missing in the database.
    Migrate,
    /// Tests every setting, the database, the broker and the channels; one line each.
    Check(check::Options),
    /// Prints every setting with its default and its meaning.
    Config,
    /// Prints the OpenAPI document of the HTTP API.
    Openapi,
    /// Prints the AsyncAPI document of the queue.
    Asyncapi,
    /// Makes the first administrator and prints a one-time set-up link.
    Admin {
        #[command(subcommand)]
        command: admin::Command,
    },
    /// Brings people in from an xlsx file.
    Import(import::Options),
    /// Writes everybody into an xlsx file.
    Export { file: PathBuf },
    /// Who may sign in, and who may do what.
    Person {
        #[command(subcommand)]
        command: person::Command,
    },
    /// Gives a module its credentials.
    Producer {
        #[command(subcommand)]
        command: producer::Command,
    },
    /// Checks signed evidence of who was told what, and shows the key that signs it.
    Evidence {
        #[command(subcommand)]
        command: evidence::Command,
    },
    /// Sends a message as a registered module, for scripts and cron.
    Send(send::Options),
    /// Measures this machine: the whole job against the same job with bare parts.
    Bench(bench::Options),
}

/// What every command gets.
struct Call {
    config: Config,
    json: bool,
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Settings(#[from] ConfigError),
    #[error(transparent)]
    Work(#[from] anyhow::Error),
}

/// Runs what the arguments ask for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(arguments) {
        Ok(code) => code,
        Err(Failure::Settings(error)) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
        Err(Failure::Work(error)) => {
            eprintln!("{}", explain(&error));
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Arguments) -> Result<ExitCode, Failure> {
    // What is the same everywhere needs no settings.
    let text = match &arguments.command {
        Command::Config => Some(config::EXAMPLE),
        Command::Openapi => Some(documents::OPENAPI),
        Command::Asyncapi => Some(documents::ASYNCAPI),
        _ => None,
    };
    if let Some(text) = text {
        answer(format_args!("{text}"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut config = Config::load(arguments.config.as_deref(), |name| std::env::var(name).ok())?;
    if matches!(arguments.command, Command::Demo(_)) && std::env::var_os("ZHIHUI_LOG").is_none() {
        // Its links are to be seen.
        "warn".clone_into(&mut config.log.filter);
    }
    log_to_stderr(&config);
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    for name in Config::unknown_variables(std::env::vars().map(|(name, _)| name)) {
        tracing::warn!("{name} is no setting; `zhihui config` prints them all");
    }
    let call = Call { config, json: arguments.json };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(anyhow::Error::from)?;
    Ok(runtime.block_on(run(call, arguments.command))?)
}

async fn run(call: Call, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(options) => serve::run(call, options).await?,
        Command::Demo(options) => demo::run(call, options).await?,
        Command::Migrate => migrate::run(call).await?,
        Command::Check(options) => return check::run(call, options).await,
        Command::Config | Command::Openapi | Command::Asyncapi => {}
        Command::Admin { command } => admin::run(call, command).await?,
        Command::Import(options) => return import::run(call, options).await,
        Command::Export { file } => import::export(call, &file).await?,
        Command::Person { command } => person::run(call, command).await?,
        Command::Producer { command } => producer::run(call, command).await?,
        Command::Evidence { command } => evidence::run(call, command).await?,
        Command::Send(options) => send::run(call, options).await?,
        Command::Bench(options) => bench::run(call, options).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Logs go to standard error, so that standard output holds answers alone.
fn log_to_stderr(config: &Config) {
    // lapin writes returned messages out in full; the supervisor in `broker` tells every outage.
    // PostgreSQL remarks on every rollback of a connection that had nothing to roll back.
    let filter = EnvFilter::new(format!("lapin=off,sqlx::postgres::notice=off,{}", config.log.filter));
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(is_terminal);
    match config.log.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

/// To standard output.
fn answer(words: std::fmt::Arguments<'_>) {
    match std::io::stdout().write_fmt(words) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => tracing::error!("standard output: {error}"),
        _ => {}
    }
}

/// An error with its causes, one line.
fn explain(error: &anyhow::Error) -> String {
    if let Some(hub::Error::Problem(problem)) = error.downcast_ref() {
        return problem.to_string();
    }
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Some errors already say what their cause says.
        if words.ends_with(&cause) {
            continue;
        }
        if !words.is_empty() {
            words.push_str(": ");
        }
        words.push_str(&cause);
    }
    words
}

/// A hub for a command that does not serve: no channels, nothing running.
async fn hub(config: &Config) -> anyhow::Result<hub::Hub> {
    crate::app::hub(config, Vec::new()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let error = anyhow::anyhow!("database “zhihui” does not exist")
            .context("error returned from database: database “zhihui” does not exist")
            .context("PostgreSQL at db:5432 does not let us in");
        assert_eq!(
            explain(&error),
            "PostgreSQL at db:5432 does not let us in: error returned from database: database “zhihui” does not exist"
        );
    }
}

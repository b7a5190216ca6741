//! `zhihui bench`: the whole job of the hub against the same job with its bare parts, in one run.
//!
//! Rounds of the hub, of the bare pipeline and of each part alone take turns, so that whatever else
//! the machine does falls on all of them: the ratio is what counts, not the figures.

mod bare;
mod child;
mod gateway;
mod hub;
mod pages;
mod people;
mod process;
mod report;
mod scratch;

use self::{
    bare::Limits,
    child::{Child, Part, Question},
    gateway::Seen,
    hub::Latency,
    report::{Report, Turn},
    scratch::Scratch,
};
use super::Call;
use crate::domain::message::limits;

/// The side run: so many messages to one person each, at this pace.
const MESSAGES: usize = 200;
const PER_SECOND: u32 = 20;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Options {
    #[command(subcommand)]
    what: Option<What>,
    /// Recipients of one message.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(50..=limits::RECIPIENTS))]
    recipients: i64,
    /// How often everything is measured; the medians are told.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// What this process is in a benchmark that another one runs.
    #[arg(long, hide = true)]
    part: Option<Part>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Pages over few and over many inbox rows: the server's time for each.
    Pages(pages::Options),
}

pub(super) async fn run(call: Call, options: Options) -> anyhow::Result<()> {
    if let Some(What::Pages(options)) = options.what {
        return pages::run(&call, &options).await;
    }
    match options.part {
        Some(Part::Hub) => return hub::run(&call.config).await,
        Some(Part::Bare) => return bare::run(&call.config).await,
        Some(Part::Gateway) => return gateway::run().await,
        Some(Part::Pages) => return pages::child(&call.config).await,
        None => {}
    }
    let scratch = Scratch::create(&call.config).await?;
    let measured = tokio::select! {
        measured = measure(&scratch, &options) => measured,
        () = crate::app::asked_to_stop() => Err(anyhow::anyhow!("interrupted")),
    };
    let removed = scratch.remove().await;
    let report = measured?;
    removed?;
    if call.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}

async fn measure(scratch: &Scratch, options: &Options) -> anyhow::Result<Report> {
    let mut parts = Parts::start(scratch, options.recipients).await?;
    let mut turns = Vec::new();
    for _ in 0..options.rounds {
        turns.push(parts.turn(scratch, options.recipients).await?);
    }
    let question = Question::Latency { messages: MESSAGES, per_second: PER_SECOND };
    let latency: Latency = parts.hub.ask(&question).await?;
    let report = Report::new(options.recipients, &turns, latency, parts.hub.peak_memory_mb());
    parts.hub.end().await?;
    parts.bare.end().await?;
    parts.gateway.end().await?;
    Ok(report)
}

/// Everything that takes part, each its own process.
struct Parts {
    hub: Child,
    bare: Child,
    gateway: Child,
}

impl Parts {
    async fn start(scratch: &Scratch, recipients: i64) -> anyhow::Result<Self> {
        let child = |part| Child::start(part, &scratch.environment(part));
        let prepare = |gateway| Question::Prepare { recipients, gateway };
        let mut gateway = child(Part::Gateway)?;
        let url: String = gateway.ask(&prepare(String::new())).await?;
        let mut hub = child(Part::Hub)?;
        hub.ask::<()>(&prepare(url.clone())).await?;
        let mut bare = child(Part::Bare)?;
        bare.ask::<()>(&prepare(url)).await?;
        Ok(Self { hub, bare, gateway })
    }

    /// The hub, the bare pipeline, and the parts, one after the other.
    async fn turn(&mut self, scratch: &Scratch, recipients: i64) -> anyhow::Result<Turn> {
        let before = (Cpu::now(&self.hub, Part::Hub, scratch).await?, self.seen().await?);
        let hub_seconds: f64 = self.hub.ask(&Question::Round).await?;
        let after = (Cpu::now(&self.hub, Part::Hub, scratch).await?, self.seen().await?);
        let reached = i64::try_from(after.1.distinct - before.1.distinct)?;
        let twice = after.1.duplicates - before.1.duplicates;
        anyhow::ensure!(reached == recipients && twice == 0, "the gateway saw {reached} people, {twice} of them twice");
        let idle = Cpu::now(&self.bare, Part::Bare, scratch).await?;
        let bare_seconds: f64 = self.bare.ask(&Question::Round).await?;
        let bare_cpu = Cpu::now(&self.bare, Part::Bare, scratch).await?.since(idle);
        let fan_out_seconds: f64 = self.hub.ask(&Question::FanOut).await?;
        let limits: Limits = self.bare.ask(&Question::Limits).await?;
        let hub_cpu = after.0.since(before.0);
        Ok(Turn { hub_seconds, hub_cpu, bare_seconds, bare_cpu, fan_out_seconds, limits })
    }

    async fn seen(&mut self) -> anyhow::Result<Seen> {
        self.gateway.ask(&Question::Stats).await
    }
}

/// Seconds of CPU, by who used them.
#[derive(Debug, Clone, Copy, serde::Serialize)]
struct Cpu {
    own: f64,
    database: f64,
    broker: f64,
}

impl Cpu {
    async fn now(child: &Child, part: Part, scratch: &Scratch) -> anyhow::Result<Self> {
        let database = scratch.database_cpu(part).await?;
        Ok(Self { own: child.cpu_seconds(), database, broker: scratch.broker_cpu() })
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            own: self.own - earlier.own,
            database: self.database - earlier.database,
            broker: self.broker - earlier.broker,
        }
    }

    fn sum(self) -> f64 {
        self.own + self.database + self.broker
    }
}

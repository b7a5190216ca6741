//! `zhihui bench pages`: how long the server takes for a page when inboxes hold many rows, against the
//! same when they hold few. Each size is a hub of its own on a database of its own; they take turns, so
//! that whatever else the machine does falls on both.

mod fill;
mod look;
mod report;

use std::time::Instant;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use super::{
    super::Call,
    child::{Child, Part, Question, answer, question},
    process,
    scratch::Scratch,
};
use crate::{
    app,
    config::Config,
    domain::{evidence::Kind, message::limits},
    hub::Source,
    storage::crowd,
    web::Web,
};
use look::{Looker, Taken};
use report::{Report, Size};

/// What a page of an inbox costs the database alone.
const BARE: &str = "inbox, the question alone";

#[derive(clap::Args)]
pub(super) struct Options {
    /// Inbox rows of the sizes to compare, the smallest first.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_values_t = [100_000, 10_000_000],
          value_parser = clap::value_parser!(i64).range(200..=100_000_000))]
    rows: Vec<i64>,
    /// Recipients of the message whose data page is looked at.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(i64).range(50..=limits::RECIPIENTS))]
    recipients: i64,
    /// How often each page is asked for in one round.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=2_000))]
    requests: u16,
    /// Only these pages, by the names of the answer; the inbox and its question alone are always measured.
    #[arg(long, value_name = "PAGE")]
    page: Vec<String>,
    /// How often everything is measured; the medians are told.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
}

/// What an export took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Exported {
    seconds: f64,
    bytes: usize,
    /// of the process before and at most meanwhile
    before_mb: f64,
    peak_mb: f64,
}

pub(super) async fn run(call: &Call, options: &Options) -> anyhow::Result<()> {
    let mut places = Vec::new();
    let measured = tokio::select! {
        measured = measure(call, options, &mut places) => measured,
        () = app::asked_to_stop() => Err(anyhow::anyhow!("interrupted")),
    };
    for place in places {
        place.remove().await?;
    }
    let report = measured?;
    if call.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}

async fn measure(call: &Call, options: &Options, places: &mut Vec<Scratch>) -> anyhow::Result<Report> {
    let requests = usize::from(options.requests);
    let mut hubs = Vec::new();
    for rows in &options.rows {
        places.push(Scratch::create(&call.config).await?);
        let place = places.last().expect("it was just put there");
        let mut hub = Child::start(Part::Pages, &place.environment(Part::Pages))?;
        let question = Question::Fill { rows: *rows, recipients: options.recipients, requests };
        let seconds: f64 = hub.ask(&question).await?;
        hubs.push((Size { rows: *rows, filled_s: seconds, rounds: Vec::new(), export: None }, hub));
    }
    for _ in 0..options.rounds {
        round(&mut hubs, options).await?;
    }
    for (size, hub) in &mut hubs {
        size.export = Some(hub.ask(&Question::Export).await?);
    }
    let mut sizes = Vec::new();
    for (size, hub) in hubs {
        hub.end().await?;
        sizes.push(size);
    }
    Ok(Report::new(options.recipients, sizes))
}

/// Every page once, or those that are asked for. The sizes take turns at each: what else the machine does is
/// another thing a minute later.
async fn round(hubs: &mut [(Size, Child)], options: &Options) -> anyhow::Result<()> {
    let Some((_, first)) = hubs.first_mut() else { return Ok(()) };
    let names: Vec<String> = first.ask(&Question::Pages).await?;
    for (size, _) in hubs.iter_mut() {
        size.rounds.push(Vec::new());
    }
    for (nth, name) in names.iter().enumerate() {
        if !options.page.is_empty() && !options.page.contains(name) && name != BARE && name != "inbox" {
            continue;
        }
        for (size, hub) in hubs.iter_mut() {
            let taken: Taken = hub.ask(&Question::Look { nth, requests: usize::from(options.requests) }).await?;
            size.rounds.last_mut().expect("it was just put there").push(taken);
        }
    }
    Ok(())
}

/// The child: a hub whose pages are looked at.
pub(super) async fn child(config: &Config) -> anyhow::Result<()> {
    let Some(Question::Fill { rows, recipients, requests }) = question().await? else { return Ok(()) };
    let hub = app::hub(config, Vec::new()).await?;
    let begun = Instant::now();
    let crowd = fill::fill(&hub, rows, recipients).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut looker = Looker::new(hub.clone(), crowd, requests).await?;
    answer(&seconds)?;
    while let Some(question) = question().await? {
        match question {
            Question::Pages => answer(&looker.names())?,
            Question::Look { nth, requests } => answer(&looker.look(nth, requests).await?)?,
            Question::Export => answer(&export(&looker).await?)?,
            other => anyhow::bail!("nobody can look at {other:?}"),
        }
    }
    hub.broker.close().await;
    hub.db.close().await;
    Ok(())
}

/// Everybody whom the large message reached.
async fn export(looker: &Looker) -> anyhow::Result<Exported> {
    let (hub, source) = (&looker.hub, Source::Person(crowd::person(1)));
    let web = Web::open(hub.clone(), None, Vec::new())?;
    let own = std::process::id();
    process::forget_peak_memory();
    let before_mb = process::peak_memory_mb(own).context("Linux tells")?;
    let begun = Instant::now();
    let export = hub.begin_export(&source, looker.crowd.large(), Kind::Sheet, "zh-CN").await?;
    ensure!(web.write_next().await?, "nobody wrote the export");
    let seconds = begun.elapsed().as_secs_f64();
    let mut bytes = 0;
    for nth in 0.. {
        match hub.export_part(export, nth).await? {
            Some(part) => bytes += part.len(),
            None => break,
        }
    }
    ensure!(bytes > 0, "the export is empty");
    Ok(Exported { seconds, bytes, before_mb, peak_mb: process::peak_memory_mb(own).context("Linux tells")? })
}

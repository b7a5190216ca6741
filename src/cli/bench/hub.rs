//! The child that is the hub: takes a message over the command queue as it would from any module,
//! lets it be approved, and waits until every recipient's result is recorded.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use channels::{Channel, gateway::Gateway};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{sleep, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    child::{Question, answer, question},
    people,
};
use crate::{
    app,
    broker::{Envelope, Target},
    config::Config,
    domain::{ApprovalId, MessageId, PersonId, approval::Decision, delivery::State},
    hub::{Change, Hub},
    storage::{approvals, bare, deliveries, messages},
};

/// After so long a message is taken for lost.
const LOST: Duration = Duration::from_secs(20);

/// From the publishing of a command to the committed inbox row.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Latency {
    pub p50_ms: f64,
    pub p99_ms: f64,
}

pub async fn run(config: &Config) -> anyhow::Result<()> {
    let Some(Question::Prepare { recipients, gateway }) = question().await? else { return Ok(()) };
    let sms: Arc<dyn Channel> = Arc::new(Gateway::new("sms", &gateway, None)?);
    let hub = app::hub(config, vec![(sms, None)]).await?;
    let sender = sender(config);
    let approver = people::write(&hub, recipients, &sender).await?;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    hub.broker.ready().await;
    hub.work(&tasks, &stop);
    let (commands, tracker, until) = (hub.clone(), tasks.clone(), stop.clone());
    tasks.spawn(async move { commands.consume_commands(&tracker, &until).await });
    answer(&())?;
    let bench = Bench { hub, recipients, sender, approver };
    while let Some(question) = question().await? {
        match question {
            Question::Round => answer(&bench.round().await?)?,
            Question::FanOut => answer(&bench.fan_out().await?)?,
            Question::Latency { messages, per_second } => answer(&bench.latency(messages, per_second).await?)?,
            other => anyhow::bail!("a hub cannot do {other:?}"),
        }
    }
    stop.cancel();
    tasks.close();
    let _ = timeout(LOST, tasks.wait()).await;
    bench.hub.broker.close().await;
    bench.hub.db.close().await;
    Ok(())
}

/// Whom the broker takes us for: the only account that we can publish a command with.
fn sender(config: &Config) -> String {
    let url = reqwest::Url::parse(config.broker.url.expose()).ok();
    let user = url.map(|url| url.username().to_owned()).filter(|user| !user.is_empty());
    user.unwrap_or_else(|| "guest".to_owned())
}

struct Bench {
    hub: Hub,
    recipients: i64,
    sender: String,
    approver: PersonId,
}

impl Bench {
    /// Seconds for one message to everybody, until the last result was recorded.
    async fn round(&self) -> anyhow::Result<f64> {
        let begun = Instant::now();
        let (approval, _) = self.approve_one(people::BENCH).await?;
        self.wait_until_done().await?;
        let seconds = begun.elapsed().as_secs_f64();
        let states = self.states_of(approval).await?;
        ensure!(
            matches!(&states[..], [(channel, State::Accepted, count)] if channel == "sms" && *count == self.recipients),
            "not every delivery was accepted: {states:?}"
        );
        Ok(seconds)
    }

    /// Seconds from the approval of one message until it was in every inbox.
    async fn fan_out(&self) -> anyhow::Result<f64> {
        let (approval, approved) = self.approve_one("inbox").await?;
        self.wait_until_done().await?;
        let seconds = approved.elapsed().as_secs_f64();
        self.states_of(approval).await?;
        Ok(seconds)
    }

    /// Has a message to everybody accepted and approved; when that was.
    async fn approve_one(&self, rule: &str) -> anyhow::Result<(ApprovalId, Instant)> {
        let mut changes = self.hub.live.subscribe();
        let audience = json!({"departments": [{"code": people::BENCH, "recursive": true}]});
        self.hub.broker.publish(Target::Commands, command(&self.sender, "全体通知", audience, rule)).await?;
        let approval = timeout(LOST, next_approval(&mut changes)).await.context("the message was not accepted")??;
        self.hub.decide(self.approver, approval, Decision::Approve, "").await?;
        Ok((approval, Instant::now()))
    }

    /// Until nothing is left to plan or to send.
    async fn wait_until_done(&self) -> anyhow::Result<()> {
        let look = look(self.recipients);
        let mut progress = (Instant::now(), i64::MAX);
        loop {
            let left = self.left().await?;
            if left == 0 {
                return Ok(());
            }
            if left != progress.1 {
                progress = (Instant::now(), left);
            }
            ensure!(progress.0.elapsed() < LOST, "{left} waves and tickets do not get done");
            sleep(look).await;
        }
    }

    /// How many waves are to be written and tickets to be worked.
    async fn left(&self) -> anyhow::Result<i64> {
        let mut tx = self.hub.db.read().await?;
        Ok(bare::count_left(&mut tx, self.hub.clock.now()).await?)
    }

    /// Where a message's deliveries are. Nobody's inbox may be without it; else what was measured is
    /// not the job.
    async fn states_of(&self, approval: ApprovalId) -> anyhow::Result<Vec<(String, State, i64)>> {
        let mut tx = self.hub.db.read().await?;
        let approval = approvals::find(&mut tx, approval).await?.context("it was just decided")?;
        let inboxes = bare::count_inbox(&mut tx, approval.message_id).await?;
        ensure!(inboxes == self.recipients, "the message lies in {inboxes} inboxes");
        Ok(deliveries::count_by_state(&mut tx, approval.message_id).await?)
    }

    async fn latency(&self, count: usize, per_second: u32) -> anyhow::Result<Latency> {
        let mut changes = self.hub.live.subscribe();
        let arrivals = tokio::spawn(async move { timeout(LOST, arrivals(&mut changes, count)).await });
        let begun = tokio::time::Instant::now();
        let mut published = HashMap::new();
        for nth in 0..count {
            sleep_until(begun + Duration::from_secs(1) * u32::try_from(nth)? / per_second).await;
            let title = format!("第 {nth} 条");
            let audience = json!({"people": [people::account(i64::try_from(nth)? % self.recipients)]});
            let command = command(&self.sender, &title, audience, "inbox");
            published.insert(title, Instant::now());
            let broker = self.hub.broker.clone();
            tokio::spawn(async move { broker.publish(Target::Commands, command).await });
        }
        let arrived = arrivals.await?.context("not every message arrived")??;
        let mut milliseconds = Vec::new();
        let mut tx = self.hub.db.read().await?;
        for (id, at) in arrived {
            let message = messages::find(&mut tx, id).await?.context("it has just arrived")?;
            let published = published.get(&message.title).context("a message of somebody else")?;
            milliseconds.push((at - *published).as_secs_f64() * 1000.0);
        }
        milliseconds.sort_by(f64::total_cmp);
        let at = |share: f64| milliseconds[((milliseconds.len() - 1) as f64 * share).round() as usize];
        Ok(Latency { p50_ms: at(0.5), p99_ms: at(0.99) })
    }
}

/// How often the end of a round is looked for: some hundredths of what it takes, so that looking
/// costs nothing beside it and comes hardly too late.
fn look(recipients: i64) -> Duration {
    Duration::from_micros(recipients.unsigned_abs() * 3).clamp(Duration::from_millis(4), Duration::from_millis(100))
}

fn command(sender: &str, title: &str, audience: Value, rule: &str) -> Envelope {
    let body = json!({"title": title, "body": "请准时参加。", "audience": audience, "send_rule": rule});
    Envelope {
        content_type: Some("application/json".to_owned()),
        message_id: Some(uuid::Uuid::now_v7().to_string()),
        user_id: Some(sender.to_owned()),
        ..Envelope::keyed("message.send", body.to_string())
    }
}

async fn next_approval(changes: &mut Receiver<Change>) -> anyhow::Result<ApprovalId> {
    loop {
        match changes.recv().await {
            Ok(Change::Approval(id)) => return Ok(id),
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => anyhow::bail!("the hub has ended"),
        }
    }
}

/// When each of the next `count` messages was first seen in an inbox.
async fn arrivals(changes: &mut Receiver<Change>, count: usize) -> anyhow::Result<HashMap<MessageId, Instant>> {
    let mut arrived = HashMap::new();
    while arrived.len() < count {
        if let Change::Message(id) = changes.recv().await? {
            arrived.entry(id).or_insert_with(Instant::now);
        }
    }
    Ok(arrived)
}

//! Putting due tickets on the queue. The ticket is the table's row; what travels is its id and what
//! it waits for.
//!
//! A row trusts the queue for a while and is queued again when nothing came of it, so deleting
//! every queue costs time and no mail. A second copy on the queue finds the row taken or gone.

use chrono::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::work::AGAIN;
use crate::{
    broker::{self, Envelope, Target},
    hub::{Hub, Result, engine::complaint::Complaint},
    storage::tickets::{self, Due},
};

static UNQUEUED: Complaint = Complaint::new();

const BATCH: i64 = 1_000;
/// Between two tries to reach a storage that is away.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
/// How long the queue is trusted with a ticket, by how often it was queued.
const TRUST_MINUTES: [i64; 7] = [1, 2, 4, 8, 16, 32, 60];

impl Hub {
    /// Queues what is due; returns the tickets by the queue that they went to.
    pub async fn queue_tickets(&self) -> Result<Vec<Due>> {
        let now = self.clock.now();
        let trust = TRUST_MINUTES.map(|minutes| now + Duration::minutes(minutes));
        let mut tx = self.db.begin().await?;
        let due = tickets::claim_due(&mut tx, now, trust, BATCH).await?;
        tx.commit().await?;
        if due.is_empty() {
            return Ok(due);
        }
        let known = self.channels.names();
        let results = self
            .broker
            .publish_all(due.iter().map(|ticket| (target(ticket, &known), envelope(ticket))).collect())
            .await;
        failpoint!("outbox.after_publish");
        let failed: Vec<_> =
            due.iter().zip(&results).filter(|(_, result)| result.is_err()).map(|(ticket, _)| ticket.id).collect();
        let error = results.iter().find_map(|result| result.as_ref().err());
        self.tell_of_the_queue(error, failed.len());
        if !failed.is_empty() {
            let mut tx = self.db.begin().await?;
            tickets::unqueue(&mut tx, &failed).await?;
            tx.commit().await?;
        }
        Ok(due.into_iter().filter(|ticket| !failed.contains(&ticket.id)).collect())
    }

    /// A queue that is away is news when it goes and when it is back, not every second.
    fn tell_of_the_queue(&self, error: Option<&broker::Error>, tickets: usize) {
        match error {
            Some(error) if UNQUEUED.is_due(self.clock.now()) => {
                let error = error as &dyn std::error::Error;
                tracing::warn!(error, tickets, "tickets could not be queued, they wait");
            }
            Some(_) => {}
            None if UNQUEUED.is_over() => tracing::info!("tickets are queued again"),
            None => {}
        }
    }

    /// A ticket that the storage failed is off the queue and due again soon, once the storage answers:
    /// meanwhile the worker waits, for the next ticket would fare no better. False at a stop.
    pub(in crate::hub) async fn bring_back(&self, ticket: &Due, stop: &CancellationToken) -> bool {
        loop {
            match self.put_off(ticket, AGAIN).await {
                Ok(()) => return true,
                Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "the storage is still away"),
            }
            tokio::select! {
                () = stop.cancelled() => return false,
                () = sleep(PAUSE) => {}
            }
        }
    }

    /// The queue may have lost what it held: everything is queued again at once.
    pub async fn distrust_queue(&self) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let doubted = tickets::distrust_queue(&mut tx, self.clock.now()).await?;
        tx.commit().await?;
        self.wake.tickets().notify_one();
        Ok(doubted)
    }
}

/// A channel that this installation does not have is settled by whoever serves the urgent queue.
fn target(ticket: &Due, known: &[&str]) -> Target {
    if ticket.is_priority || !known.contains(&ticket.channel.as_str()) {
        Target::Priority
    } else {
        Target::Work(ticket.channel.clone())
    }
}

fn envelope(ticket: &Due) -> Envelope {
    let body = serde_json::to_vec(ticket).expect("ids, numbers and texts are JSON");
    Envelope { content_type: Some("application/json".to_owned()), ..Envelope::new(body) }
}

/// The ticket that came over the queue.
pub fn queued(envelope: &Envelope) -> Option<Due> {
    serde_json::from_slice(&envelope.body).ok()
}

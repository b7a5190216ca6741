//! Publishing what the outbox holds, as CloudEvents 1.0 in structured mode.
//!
//! An event is removed after the broker has confirmed it; a crash in between publishes it twice
//! under the same id.

use chrono::Duration;
use serde_json::json;

use super::complaint::Complaint;
use crate::{
    broker::{Envelope, Target},
    hub::{Hub, Result},
    storage::{
        outbox::{self, Event},
        settings,
    },
};

static UNPUBLISHED: Complaint = Complaint::new();

const BATCH: i64 = 500;
const LEASE: Duration = Duration::seconds(5);
/// What is left of the lease when it is renewed: more than publishing a batch takes.
const RENEWED_WITH: Duration = Duration::seconds(3);

impl Hub {
    /// Publishes the oldest events; returns how many went out.
    pub async fn relay(&self) -> Result<usize> {
        let mut tx = self.db.read().await?;
        let events = outbox::list(&mut tx, BATCH).await?;
        drop(tx);
        if events.is_empty() || !self.may_relay().await? {
            return Ok(0);
        }
        let items = events.iter().map(|event| (Target::Event, self.cloud_event(event))).collect();
        let results = self.broker.publish_all(items).await;
        failpoint!("outbox.after_confirm");
        let done: Vec<_> =
            events.iter().zip(&results).filter(|(_, result)| result.is_ok()).map(|(event, _)| event.id).collect();
        match results.iter().find_map(|result| result.as_ref().err()) {
            Some(error) if UNPUBLISHED.is_due(self.clock.now()) => {
                tracing::warn!(error = error as &dyn std::error::Error, "events could not be published, they wait");
            }
            Some(_) => {}
            None if UNPUBLISHED.is_over() => tracing::info!("events are published again"),
            None => {}
        }
        if !done.is_empty() {
            let mut tx = self.db.begin().await?;
            outbox::remove(&mut tx, &done).await?;
            tx.commit().await?;
        }
        Ok(done.len())
    }

    /// One replica publishes, so that nothing goes out twice without need.
    async fn may_relay(&self) -> Result<bool> {
        let now = self.clock.now();
        if self.in_hand.relays_until() >= Some(now + RENEWED_WITH) {
            return Ok(true);
        }
        let mut tx = self.db.begin().await?;
        let mine = settings::lease_job(&mut tx, "relay", self.replica, now, now + LEASE).await?;
        tx.commit().await?;
        self.in_hand.relay_until(mine.then_some(now + LEASE));
        Ok(mine)
    }

    fn cloud_event(&self, event: &Event) -> Envelope {
        let body = json!({
            "specversion": "1.0",
            "id": event.id,
            "source": self.place.public_url,
            "type": event.kind,
            "time": event.created_at,
            "datacontenttype": "application/json",
            "data": event.event.0,
        });
        Envelope {
            content_type: Some("application/cloudevents+json".to_owned()),
            kind: Some(event.kind.clone()),
            message_id: Some(event.id.to_string()),
            ..Envelope::keyed(event.kind.clone(), body.to_string())
        }
    }
}

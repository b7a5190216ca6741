//! Dead letters: what was not carried out, why, and a second try.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Done, LARGEST, decode};
use crate::{
    broker::{Envelope, Target},
    domain::{DeadLetterId, Problem},
    hub::{
        Hub, Result,
        policy::{self, Action, Asker, Facts},
    },
    storage::{
        audit,
        dead_letters::{self, DeadLetter},
    },
};

/// Where the body is sealed.
const PLACE: &str = "dead_letter.body";
/// Headers with the reason, on the queue of dead letters.
const CODE: &str = "x-problem-code";
const REASON: &str = "x-problem-detail";

/// Everything of an envelope that a second try needs.
#[derive(Serialize, Deserialize)]
struct Kept {
    routing_key: String,
    content_type: Option<String>,
    kind: Option<String>,
    message_id: Option<String>,
    user_id: Option<String>,
    headers: BTreeMap<String, String>,
    /// base64: what came need not be text
    body: String,
    /// too large to be kept whole, so that there is nothing to try again
    is_cut: bool,
}

impl Hub {
    /// Writes the dead letter, then puts the command on the queue of dead letters for those who
    /// watch it. The table is what counts.
    pub(super) async fn bury(&self, envelope: &Envelope, problem: &Problem) -> Result<()> {
        let letter = DeadLetter {
            id: DeadLetterId::new(),
            queue: "commands".to_owned(),
            producer: envelope.user_id.as_deref().map(plain),
            code: problem.code.to_owned(),
            reason: plain(&problem.detail),
            kind: envelope.kind.as_deref().or(Some(&envelope.routing_key)).filter(|kind| !kind.is_empty()).map(plain),
            idempotency_key: envelope.message_id.as_deref().map(plain),
            body_sealed: self.sealer.seal(PLACE, keep(envelope)),
            created_at: self.clock.now(),
            replayed_at: None,
        };
        let mut tx = self.db.begin().await?;
        dead_letters::insert(&mut tx, &letter).await?;
        tx.commit().await?;
        tracing::warn!(dead_letter.id = %letter.id, code = problem.code, "a command went to the dead letters with {}", problem.code);
        let mut copy = Envelope { persistent: true, ..envelope.clone() };
        copy.headers.insert(CODE.to_owned(), problem.code.to_owned());
        copy.headers.insert(REASON.to_owned(), problem.detail.clone());
        if let Err(error) = self.broker.publish(Target::Dead, copy).await {
            tracing::warn!(error = &error as &dyn std::error::Error, dead_letter.id = %letter.id, "a dead letter is in the table but not on its queue");
        }
        Ok(())
    }

    /// Tries a dead letter again, once it can be understood; `actor` is who asks for it. With
    /// `owner` only letters of that broker account are there.
    ///
    /// # Errors
    /// The [`Problem`] that it meets this time; the letter then stays.
    pub async fn replay_dead_letter(&self, id: DeadLetterId, owner: Option<&str>, actor: &str) -> Result<Done> {
        let mut tx = self.db.read().await?;
        let letter = dead_letters::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        drop(tx);
        let (asker, is_own) = match owner {
            Some(owner) => (Asker::Producer, letter.producer.as_deref() == Some(owner)),
            None => (Asker::Hub, false),
        };
        policy::require(asker, Action::ReplayDeadLetter, &Facts::owned(is_own))?;
        if letter.replayed_at.is_some() {
            return Err(Problem::conflict("STATE", "该死信已经重投过")
                .in_english("this dead letter was replayed before")
                .into());
        }
        let envelope = reopen(&self.sealer.open(PLACE, &letter.body_sealed)?).ok_or_else(|| {
            Problem::conflict("STATE", "该死信太大，没有完整保留，无法重投")
                .in_english("this dead letter was too large to be kept whole")
        })?;
        let done = self.execute(&decode(&envelope)?).await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        dead_letters::mark_replayed(&mut tx, id, now).await?;
        let detail = json!({"message": done.id, "duplicate": done.duplicate});
        audit::insert(&mut tx, now, actor, "dead_letter.replay", &format!("dead_letter:{id}"), detail).await?;
        tx.commit().await?;
        Ok(done)
    }
}

/// As every database takes it: PostgreSQL has no text with a NUL. What came stands sealed in full.
fn plain(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn keep(envelope: &Envelope) -> String {
    let size = envelope.body.len().min(LARGEST);
    let kept = Kept {
        routing_key: envelope.routing_key.clone(),
        content_type: envelope.content_type.clone(),
        kind: envelope.kind.clone(),
        message_id: envelope.message_id.clone(),
        user_id: envelope.user_id.clone(),
        headers: envelope.headers.clone(),
        body: STANDARD.encode(&envelope.body[..size]),
        is_cut: size < envelope.body.len(),
    };
    serde_json::to_string(&kept).expect("texts and numbers are plain JSON")
}

fn reopen(text: &str) -> Option<Envelope> {
    let kept: Kept = serde_json::from_str(text).ok()?;
    let body = STANDARD.decode(&kept.body).ok()?;
    (!kept.is_cut).then(|| Envelope {
        routing_key: kept.routing_key,
        content_type: kept.content_type,
        kind: kept.kind,
        message_id: kept.message_id,
        user_id: kept.user_id,
        headers: kept.headers,
        ..Envelope::new(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_comes_back_unless_it_was_cut() {
        let envelope = Envelope {
            user_id: Some("meeting".to_owned()),
            headers: [("version".to_owned(), "1".to_owned())].into(),
            ..Envelope::keyed("message.send", vec![0xFF, 0])
        };
        assert_eq!(reopen(&keep(&envelope)), Some(envelope));
        assert_eq!(reopen(&keep(&Envelope::new(vec![0; LARGEST + 1]))), None);
    }
}

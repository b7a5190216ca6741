//! 撤回: from its commit on nobody opens the message and nothing more goes out.
//!
//! What a provider already has is asked back where the provider can do that; what cannot be taken
//! back is said honestly, channel by channel.

use channels::Recalled;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::refuse::refuse_deleted;
use crate::{
    domain::{MessageId, Problem, delivery, message::State},
    hub::{
        Change, Hub, Once, Result, Source,
        engine::once::keep_answer,
        policy::{self, Action},
    },
    storage::{
        Tx, additions, approvals, audit, deliveries,
        messages::{self, Message},
        tickets, waves,
    },
};

/// Most messages that one recall asks a provider to take back.
const ASKED_BACK: i64 = 2_000;

#[derive(Debug, Clone, Default)]
pub struct RecallOutcome {
    /// The same key came before; this is the answer of then.
    pub duplicate: bool,
    pub channels: Vec<ChannelRecall>,
    /// It was taken back before anything of it was out.
    pub was_waiting: bool,
    /// The channels could not be asked: what they have sent is out, and nobody knows how much.
    pub is_unasked: bool,
}

impl RecallOutcome {
    /// What its sender should know although it was recalled.
    pub fn warnings(&self) -> Vec<Problem> {
        let unasked = Problem::invalid(
            "RECALL_UNASKED",
            "",
            "已撤回，但暂时无法向各渠道查询：已交给渠道的短信、电话等可能没有收回",
        )
        .in_english("recalled, but the channels could not be asked: what they already had may not be taken back");
        self.is_unasked.then_some(unasked).into_iter().collect()
    }
}

/// What is kept under the key of a recall. Without channels its providers were not asked any more:
/// whoever comes again asks them.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    channels: Option<Vec<ChannelRecall>>,
}

/// How many copies a channel has.
#[derive(Clone, Copy)]
struct Out {
    known: i64,
    /// may have gone out: nobody heard the answer
    unknown: i64,
}

/// What became of the copies on one channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChannelRecall {
    pub channel: String,
    pub recalled: i64,
    pub not_possible: i64,
    pub reason: String,
}

impl Hub {
    /// Only its sender recalls a message; for everybody else it does not exist.
    pub async fn recall(&self, source: &Source, id: MessageId) -> Result<RecallOutcome> {
        self.recall_once(source, None, id).await
    }

    /// Recalls once for each key: asked again, it says what was recalled then.
    ///
    /// # Errors
    /// `NOT_FOUND`, `STATE`, `IDEM_MISMATCH`, `IDEM_BUSY`
    pub async fn recall_once(&self, source: &Source, once: Option<Once<'_>>, id: MessageId) -> Result<RecallOutcome> {
        let mut tx = self.db.begin().await?;
        let mut duplicate = false;
        if let Some(once) = once
            && let Some(kept) = self.take_key::<Kept>(&mut tx, source, once, id).await?
        {
            duplicate = true;
            if let Some(channels) = kept.channels {
                return Ok(RecallOutcome { duplicate, channels, ..RecallOutcome::default() });
            }
        }
        let mut was_waiting = false;
        if !duplicate {
            let message = self.withdraw(&mut tx, source, id).await?;
            was_waiting = !message.state.is_out();
            if let Some(once) = once {
                keep_answer(&mut tx, source, once, &Kept::default()).await?;
            }
            tx.commit().await?;
            failpoint!("recall.after_commit");
            self.recalled(message.id);
        } else {
            drop(tx);
        }
        let asked = self.ask_back(id).await;
        if let (Some(once), Ok(channels)) = (once, &asked)
            && let Err(error) = self.keep_channels(source, once, channels).await
        {
            // Told all the same; whoever comes again with this key has them asked again.
            tracing::warn!(error = &error as &dyn std::error::Error, message.id = %id, "what the providers said to the recall of message {id} could not be kept");
        }
        Ok(RecallOutcome { duplicate, was_waiting, ..honest(id, asked) })
    }

    /// It is committed: whoever looks at it or works on it hears so.
    pub(in crate::hub) fn recalled(&self, id: MessageId) {
        tracing::info!(message.id = %id, "recalled message {id}");
        self.announce(Change::Message(id));
        self.wake.all();
    }

    /// The recall itself: from the end of this transaction on nothing more goes out.
    async fn withdraw(&self, tx: &mut Tx, source: &Source, id: MessageId) -> Result<Message> {
        let message = messages::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::Recall, &source.facts(&message))?;
        refuse_deleted(&message)?;
        self.take_back(tx, &source.actor(), &message, json!({"from": message.state})).await?;
        Ok(message)
    }

    /// Whoever may do it has locked the row of the message.
    pub(in crate::hub) async fn take_back(
        &self,
        tx: &mut Tx,
        actor: &str,
        message: &Message,
        detail: Value,
    ) -> Result<()> {
        let id = message.id;
        // Waves before the time: a chunk in writing holds its wave, and what it wrote is earlier.
        waves::remove_all(tx, id).await?;
        let now = self.clock.now();
        if !messages::mark_recalled(tx, id, now).await? {
            return Err(Problem::conflict("STATE", format!("消息处于“{}”状态，不能撤回", message.state.chinese()))
                .in_english(format!("a message in state {} cannot be recalled", message.state))
                .into());
        }
        tickets::remove_idle(tx, id, now).await?;
        deliveries::cancel_ready(tx, id, now).await?;
        approvals::void(tx, id, now).await?;
        audit::insert(tx, now, actor, "message.recall", &format!("message:{id}"), detail).await?;
        self.tell(tx, now, "message.recalled", message, json!({"state": "recalled"})).await?;
        // Whoever was added to it, or is to be, loses it with the others.
        for addition in additions::list(tx, id).await? {
            let addition = messages::lock(tx, addition.message_id).await?;
            if let Some(addition) = addition.filter(|addition| addition.state.may_become(State::Recalled)) {
                let detail = json!({"from": addition.state, "with": id});
                Box::pin(self.take_back(tx, actor, &addition, detail)).await?;
            }
        }
        Ok(())
    }

    /// Keeps what the providers said under the key.
    async fn keep_channels(&self, source: &Source, once: Once<'_>, channels: &[ChannelRecall]) -> Result<()> {
        let mut tx = self.db.begin().await?;
        keep_answer(&mut tx, source, once, &Kept { channels: Some(channels.to_vec()) }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Of the message and of what was added to it.
    pub(super) async fn ask_back(&self, id: MessageId) -> Result<Vec<ChannelRecall>> {
        let mut tx = self.db.read().await?;
        let mut parts = vec![id];
        parts.extend(additions::list_out(&mut tx, id).await?);
        drop(tx);
        let mut lines: Vec<ChannelRecall> = Vec::new();
        for part in parts {
            for line in self.ask_part_back(part).await? {
                match lines.iter_mut().find(|known| known.channel == line.channel) {
                    Some(known) => {
                        known.recalled += line.recalled;
                        known.not_possible += line.not_possible;
                        if known.reason.is_empty() {
                            known.reason = line.reason;
                        }
                    }
                    None => lines.push(line),
                }
            }
        }
        Ok(lines)
    }

    async fn ask_part_back(&self, id: MessageId) -> Result<Vec<ChannelRecall>> {
        let mut tx = self.db.read().await?;
        let counts = deliveries::count_by_state(&mut tx, id).await?;
        let mut wanted = Vec::new();
        for channel in self.channels.names() {
            let of = |states: &[delivery::State]| -> i64 {
                let counted = counts.iter().filter(|(name, state, _)| name == channel && states.contains(state));
                counted.map(|(_, _, count)| count).sum()
            };
            use delivery::State::{Accepted, Delivered, Sending, Unknown};
            let out = Out { known: of(&[Accepted, Delivered, Sending]), unknown: of(&[Unknown]) };
            if out.known + out.unknown == 0 {
                continue;
            }
            let references = deliveries::list_references(&mut tx, id, channel, ASKED_BACK).await?;
            wanted.push((channel, references, out));
        }
        drop(tx);
        let mut asked = Vec::with_capacity(wanted.len());
        for (channel, references, out) in wanted {
            asked.push(self.ask_channel_back(channel, &references, out).await);
        }
        Ok(asked)
    }

    async fn ask_channel_back(&self, name: &str, references: &[String], out: Out) -> ChannelRecall {
        let all = out.known + out.unknown;
        let mut line =
            ChannelRecall { channel: name.to_owned(), recalled: 0, not_possible: all, reason: String::new() };
        let Some(channel) = self.channels.get(name).filter(|channel| channel.supports().recall) else {
            "此渠道已发出的内容不能撤回".clone_into(&mut line.reason);
            return line;
        };
        for part in references.chunks(100) {
            for answer in channel.recall(part).await {
                match answer {
                    Recalled::Done => line.recalled += 1,
                    Recalled::NotPossible { reason } => line.reason = reason,
                }
            }
        }
        line.not_possible = (all - line.recalled).max(0);
        if line.reason.is_empty() && out.unknown > 0 {
            line.reason = format!("{} 条不确定是否已发出，无法撤回", out.unknown);
        }
        line
    }
}

/// The recall itself is committed: where the providers could not be asked, that is told.
pub(super) fn honest(id: MessageId, asked: Result<Vec<ChannelRecall>>) -> RecallOutcome {
    match asked {
        Ok(channels) => RecallOutcome { channels, ..RecallOutcome::default() },
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, message.id = %id, "providers could not be asked to take message {id} back");
            RecallOutcome { is_unasked: true, ..RecallOutcome::default() }
        }
    }
}

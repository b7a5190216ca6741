//! 重新发送: the message goes through its send rule once more from the first step, to those who are
//! missing or to everybody. 再次提醒 is one call over one step; this is all of them again, with the
//! later steps after the same delays. Nobody new gets it, so that nobody has to consent.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Change, Hub, Once, Result, Source,
    fan_out::RESENDS,
    once::keep_answer,
    policy::{self, Action},
    refuse::{refuse_deleted, refuse_expired},
    remind::{PAUSE, missing, through, too_early},
    schedule::due_at,
    source::missing as missing_channels,
};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId, Problem, command::ResendTo, message::State},
    storage::{
        Tx, additions, audit,
        messages::{self, Message},
        reminders,
        resends::{self, Resend},
        waves,
    },
};

/// So many steps of a rule go out again.
const STEPS: i64 = 100;

/// A message that goes out once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resent {
    /// The same key came before; this is the answer of then.
    #[serde(skip)]
    pub duplicate: bool,
    /// of the message
    #[serde(default = "through")]
    pub state: State,
    /// how many it goes to
    pub people: i64,
    #[serde(default)]
    pub missing_channels: Vec<String>,
}

impl Resent {
    /// What its sender should know although it was taken.
    pub fn warnings(&self) -> Vec<Problem> {
        missing_channels(&self.missing_channels).into_iter().collect()
    }
}

impl Hub {
    /// Plans it, once for each key. Shares its pause with reminders.
    ///
    /// # Errors
    /// `NOT_FOUND`, `STATE`, `DELETED`, `EXPIRED`, `REMIND_RATE`, `RESEND_NO_CHANNEL`
    pub async fn resend(
        &self,
        source: &Source,
        once: Option<Once<'_>>,
        id: MessageId,
        to: &ResendTo,
    ) -> Result<Resent> {
        let mut tx = self.db.begin().await?;
        if let Some(once) = once
            && let Some(earlier) = self.take_key::<Resent>(&mut tx, source, once, id).await?
        {
            return Ok(Resent { duplicate: true, ..earlier });
        }
        let now = self.clock.now();
        let message = messages::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::Resend, &source.facts(&message))?;
        self.refuse_resend(&mut tx, &message, now).await?;
        let mut people = self.plan_resend(&mut tx, source, &message, to).await?;
        for part in additions::list_out(&mut tx, id).await? {
            let Some(part) = messages::lock(&mut tx, part).await?.filter(|part| part.state.is_out()) else { continue };
            people += self.plan_resend(&mut tx, source, &part, to).await?;
        }
        let missing_channels = self.channels.missing(&message.rounds.0.list);
        let resent = Resent { duplicate: false, state: message.state, people, missing_channels };
        if let Some(once) = once {
            keep_answer(&mut tx, source, once, &resent).await?;
        }
        tx.commit().await?;
        if people > 0 {
            self.wake.all();
            self.announce(Change::Message(id));
        }
        Ok(resent)
    }

    async fn refuse_resend(&self, tx: &mut Tx, message: &Message, now: Timestamp) -> Result<()> {
        refuse_deleted(message)?;
        if !message.state.is_out() {
            return Err(Problem::conflict("STATE", "只有已发送的消息可以重新发送")
                .in_english("only a message that is out can be sent again")
                .into());
        }
        refuse_expired(message, now)?;
        if message.rounds.0.list.iter().all(|round| round.channels.is_empty()) {
            return Err(Problem::conflict(
                "RESEND_NO_CHANNEL",
                "此消息只发到站内，收件箱里已有，没有可以重新发送的渠道；请用“再次提醒”",
            )
            .in_english("this message went to the inbox alone, where it still is; remind of it instead")
            .into());
        }
        match self.pause_left(tx, message.id, now).await? {
            Some(wait) => Err(too_early(wait).into()),
            None => Ok(()),
        }
    }

    /// So long nobody may be called about a message again.
    pub(super) async fn pause_left(
        &self,
        tx: &mut Tx,
        id: MessageId,
        now: Timestamp,
    ) -> Result<Option<chrono::Duration>> {
        let last = last_chased(tx, id).await?;
        Ok(last.map(|at| at + PAUSE - now).filter(|wait| *wait > chrono::Duration::zero()))
    }

    /// The waves of one message of the thread; how many people they are for.
    async fn plan_resend(&self, tx: &mut Tx, source: &Source, message: &Message, to: &ResendTo) -> Result<i64> {
        let people = chosen(tx, message.id, to).await?;
        if people.is_empty() {
            return Ok(0);
        }
        let now = self.clock.now();
        let count = i64::try_from(people.len()).unwrap_or(i64::MAX);
        let last = resends::find_last(tx, message.id).await?;
        let resend = Resend { nth: last.map_or(0, |last| last.nth + 1), at: now, people: count };
        if !resends::insert(tx, message.id, &resend).await? {
            return Err(too_early(PAUSE).into());
        }
        let begin = RESENDS + STEPS * resend.nth;
        for (step, round) in (0..STEPS).zip(&message.rounds.0.list) {
            if !round.channels.is_empty() {
                waves::insert_for(tx, message.id, begin + step, due_at(self, now, round), &people).await?;
            }
        }
        let detail = json!({"people": count, "nth": resend.nth});
        audit::insert(tx, now, &source.actor(), "message.resend", &format!("message:{}", message.id), detail).await?;
        Ok(count)
    }
}

/// When anybody of a thread was last reminded or sent to again.
pub async fn last_chased(tx: &mut Tx, id: MessageId) -> Result<Option<Timestamp>> {
    let mut last = None;
    let parts = additions::list_out(tx, id).await?;
    for part in std::iter::once(id).chain(parts) {
        let reminded = reminders::find_last(tx, part).await?.map(|last| last.at);
        let resent = resends::find_last(tx, part).await?.map(|last| last.at);
        last = last.max(reminded).max(resent);
    }
    Ok(last)
}

async fn chosen(tx: &mut Tx, id: MessageId, to: &ResendTo) -> Result<Vec<PersonId>> {
    match to {
        ResendTo::All => Ok(resends::list_all(tx, id).await?),
        ResendTo::Some(to) => missing(tx, id, to).await,
    }
}

/// The step of the rule that a round of a resend repeats.
pub(super) fn step_of(round: i64) -> i64 {
    (round - RESENDS) % STEPS
}

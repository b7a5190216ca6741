//! 重新发送: the message goes through its send rule once more from the first step, to those who are
//! missing or to everybody. 再次提醒 is one call over one step; this is all of them again, with the
//! later steps after the same delays. Nobody new gets it, so that nobody has to consent.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    again::{PAUSE, lock_thread, missing, pause_left, refuse_strangers, through, too_early},
    refuse::{refuse_deleted, refuse_expired},
};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId, Problem, command::ResendTo, message::State},
    hub::{
        Change, Hub, Once, Result, Source,
        deliver::rounds::{REPEATED, RESENDS},
        engine::{once::Keyed, schedule::due_at},
        policy::{self, Action},
        quota::Spending,
        source::missing as missing_channels,
    },
    storage::{
        Tx, audit,
        messages::{self, Message},
        recipients::Unreachable,
        resends::{self, Resend},
        waves,
    },
};

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
    /// `NOT_FOUND`, `STATE`, `DELETED`, `EXPIRED`, `REMIND_RATE`, `RCPT_UNKNOWN`, `RESEND_NO_CHANNEL`,
    /// `QUOTA_SHORT`
    pub async fn resend(
        &self,
        source: &Source,
        once: Option<Once<'_>>,
        id: MessageId,
        to: &ResendTo,
    ) -> Result<Resent> {
        let plan = async |tx: &mut Tx| self.plan_thread(tx, source, id, to).await;
        let resent = match self.do_once(source, once, id, plan).await? {
            Keyed::Done(resent) => resent,
            Keyed::Earlier(earlier) => return Ok(Resent { duplicate: true, ..earlier }),
        };
        if resent.people > 0 {
            self.wake.all();
            self.announce(Change::Message(id));
        }
        Ok(resent)
    }

    /// The message and what was added to it.
    async fn plan_thread(&self, tx: &mut Tx, source: &Source, id: MessageId, to: &ResendTo) -> Result<Resent> {
        let now = self.clock.now();
        let message = messages::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::Resend, &source.facts(&message))?;
        self.refuse_resend(tx, &message, now).await?;
        if let ResendTo::Some(to) = to {
            refuse_strangers(tx, id, to).await?;
        }
        let (state, missing_channels) = (message.state, self.channels.missing(&message.rounds.0.list));
        let mut people = 0;
        for part in lock_thread(tx, message).await? {
            people += self.plan_resend(tx, source, &part, to).await?;
        }
        Ok(Resent { duplicate: false, state, people, missing_channels })
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
                "这条消息按发送规则只发到站内，收件箱里已经有了，没有渠道可以重新发送；要请人来看，请用“再次提醒”",
            )
            .in_english("the rule of this message names the inbox alone, where it still is: there is no channel to send it over again; remind of it instead")
            .into());
        }
        match pause_left(tx, message.id, now).await? {
            Some(wait) => Err(too_early(wait).into()),
            None => Ok(()),
        }
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
        let begin = RESENDS + REPEATED * resend.nth;
        let all = Unreachable::default();
        let spending = Spending {
            people: count,
            gaps: Some(&all),
            rounds: (begin, begin + REPEATED - 1),
            ..Spending::of(source, message, &self.place)
        };
        self.hold_quota(tx, &spending, now).await?;
        for (step, round) in (0..REPEATED).zip(&message.rounds.0.list) {
            if !round.channels.is_empty() {
                waves::insert_for(tx, message.id, begin + step, due_at(self, now, round), &people).await?;
            }
        }
        let detail = json!({"people": count, "nth": resend.nth});
        audit::insert(tx, now, &source.actor(), "message.resend", &format!("message:{}", message.id), detail).await?;
        Ok(count)
    }
}

async fn chosen(tx: &mut Tx, id: MessageId, to: &ResendTo) -> Result<Vec<PersonId>> {
    match to {
        ResendTo::All => Ok(resends::list_all(tx, id).await?),
        ResendTo::Some(to) => missing(tx, id, to).await,
    }
}

//! 再次提醒: once more to those who are missing, over the channels of the first step that names
//! any.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    again::{PAUSE, lock_thread, missing, pause_left, refuse_strangers, through, too_early},
    refuse::{refuse_deleted, refuse_expired},
};
use crate::{
    domain::{MessageId, Problem, command::RemindTo, message::State},
    hub::{
        Change, Hub, Once, Result, Source,
        deliver::rounds::REMINDERS,
        engine::once::Keyed,
        policy::{self, Action},
        quota::Spending,
        source::missing as missing_channels,
    },
    storage::{
        Tx, audit,
        messages::{self, Message},
        recipients::Unreachable,
        reminders::{self, Reminder},
        waves,
    },
};

/// A reminder that is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// The same key came before; this is the answer of then.
    #[serde(skip)]
    pub duplicate: bool,
    /// of the message; answers that were kept before it was in them are of messages that were through
    #[serde(default = "through")]
    pub state: State,
    /// how many it goes to
    pub people: i64,
    /// what it would go over and this installation lacks
    #[serde(default)]
    pub missing_channels: Vec<String>,
    /// the rule names no channel, and there is none that costs nothing
    #[serde(default)]
    pub has_no_channel: bool,
}

impl Reminded {
    /// What its sender should know although it was taken.
    pub fn warnings(&self) -> Vec<Problem> {
        let none = Problem::invalid(
            "CHANNEL_MISSING",
            "/send_rule",
            "此消息只发到站内，本系统没有配置可用于提醒的渠道（钉钉或邮件），没有发出提醒",
        )
        .in_english(
            "this message went to the inbox alone and there is neither DingTalk nor e-mail: nobody is reminded",
        );
        missing_channels(&self.missing_channels).into_iter().chain(self.has_no_channel.then_some(none)).collect()
    }
}

impl Hub {
    /// Plans a reminder, once for each key.
    ///
    /// # Errors
    /// `NOT_FOUND`, `STATE`, `EXPIRED`, `REMIND_RATE`, `RCPT_UNKNOWN`, `QUOTA_SHORT`, `IDEM_MISMATCH`, `IDEM_BUSY`
    pub async fn remind(
        &self,
        source: &Source,
        once: Option<Once<'_>>,
        id: MessageId,
        to: &RemindTo,
    ) -> Result<Reminded> {
        let plan = async |tx: &mut Tx| self.plan_reminder(tx, source, id, to).await;
        let reminded = match self.do_once(source, once, id, plan).await? {
            Keyed::Done(reminded) => reminded,
            Keyed::Earlier(earlier) => return Ok(Reminded { duplicate: true, ..earlier }),
        };
        failpoint!("remind.after_commit");
        if reminded.people > 0 {
            self.wake.all();
            self.announce(Change::Message(id));
        }
        Ok(reminded)
    }

    async fn plan_reminder(&self, tx: &mut Tx, source: &Source, id: MessageId, to: &RemindTo) -> Result<Reminded> {
        let now = self.clock.now();
        let message = messages::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::Remind, &source.facts(&message))?;
        refuse_deleted(&message)?;
        if !message.state.is_out() {
            return Err(Problem::conflict("STATE", "只有已发送的消息可以再次提醒")
                .in_english("only a message that is out can be reminded of")
                .into());
        }
        refuse_expired(&message, now)?;
        if let Some(wait) = pause_left(tx, id, now).await? {
            return Err(too_early(wait).into());
        }
        refuse_strangers(tx, id, to).await?;
        let round = self.round_of(&message, REMINDERS);
        let parts = lock_thread(tx, message).await?;
        let mut people = 0;
        for part in &parts {
            people += self.plan_part(tx, source, part, to).await?;
        }
        Ok(Reminded {
            duplicate: false,
            state: parts[0].state,
            people,
            missing_channels: self.channels.missing(std::slice::from_ref(&round)),
            has_no_channel: round.channels.is_empty(),
        })
    }

    /// One message of the thread: the reminder of those of its people who are meant.
    async fn plan_part(&self, tx: &mut Tx, source: &Source, message: &Message, to: &RemindTo) -> Result<i64> {
        let (id, now) = (message.id, self.clock.now());
        let people = missing(tx, id, to).await?;
        if people.is_empty() {
            return Ok(0);
        }
        let count = i64::try_from(people.len()).unwrap_or(i64::MAX);
        let last = reminders::find_last(tx, id).await?;
        let reminder = Reminder { nth: last.map_or(0, |last| last.nth + 1), at: now, people: count };
        let is_ours = reminders::insert(tx, id, &reminder).await?
            && waves::insert_for(tx, id, REMINDERS + reminder.nth, now, &people).await? == 1;
        if !is_ours {
            // Somebody else has just reminded them.
            return Err(too_early(PAUSE).into());
        }
        let nth = REMINDERS + reminder.nth;
        let (step, all) = (self.round_of(message, nth), Unreachable::default());
        let spending = Spending {
            steps: std::slice::from_ref(&step),
            people: count,
            gaps: Some(&all),
            rounds: (nth, nth),
            ..Spending::of(source, message, &self.place)
        };
        self.hold_quota(tx, &spending, now).await?;
        let detail = json!({"people": count, "nth": reminder.nth});
        audit::insert(tx, now, &source.actor(), "message.remind", &format!("message:{id}"), detail).await?;
        Ok(count)
    }
}

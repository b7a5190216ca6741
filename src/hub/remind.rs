//! 再次提醒: once more to those who are missing, over the channels of the first step that names
//! any.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Change, Hub, Once, Result, Source,
    fan_out::REMINDERS,
    once::keep_answer,
    policy::{self, Action},
    refuse::{refuse_deleted, refuse_expired},
    source::missing as missing_channels,
};
use crate::{
    domain::{MessageId, PersonId, Problem, command::RemindTo, message::State, problem::Class},
    storage::{
        Tx, additions, audit, messages,
        reminders::{self, Reminder},
        waves,
    },
};

/// Nobody is reminded of the same message more often.
pub const PAUSE: Duration = Duration::minutes(5);

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

pub(super) fn through() -> State {
    State::Sent
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
    /// `NOT_FOUND`, `STATE`, `EXPIRED`, `REMIND_RATE`, `IDEM_MISMATCH`, `IDEM_BUSY`
    pub async fn remind(
        &self,
        source: &Source,
        once: Option<Once<'_>>,
        id: MessageId,
        to: &RemindTo,
    ) -> Result<Reminded> {
        let mut tx = self.db.begin().await?;
        if let Some(once) = once
            && let Some(earlier) = self.take_key::<Reminded>(&mut tx, source, once, id).await?
        {
            return Ok(Reminded { duplicate: true, ..earlier });
        }
        let reminded = self.plan_reminder(&mut tx, source, id, to).await?;
        let people = reminded.people;
        if let Some(once) = once {
            keep_answer(&mut tx, source, once, &reminded).await?;
        }
        tx.commit().await?;
        failpoint!("remind.after_commit");
        if people > 0 {
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
        if let Some(wait) = self.pause_left(tx, id, now).await? {
            return Err(too_early(wait).into());
        }
        let round = self.round_of(&message, REMINDERS);
        let mut people = self.plan_part(tx, source, id, to).await?;
        for part in additions::list_out(tx, id).await? {
            let part = messages::lock(tx, part).await?.filter(|part| part.state.is_out());
            if let Some(part) = part {
                people += self.plan_part(tx, source, part.id, to).await?;
            }
        }
        Ok(Reminded {
            duplicate: false,
            state: message.state,
            people,
            missing_channels: self.channels.missing(std::slice::from_ref(&round)),
            has_no_channel: round.channels.is_empty(),
        })
    }

    /// One message of the thread: the reminder of those of its people who are meant.
    async fn plan_part(&self, tx: &mut Tx, source: &Source, id: MessageId, to: &RemindTo) -> Result<i64> {
        let now = self.clock.now();
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
        let detail = json!({"people": count, "nth": reminder.nth});
        audit::insert(tx, now, &source.actor(), "message.remind", &format!("message:{id}"), detail).await?;
        Ok(count)
    }
}

pub(super) async fn missing(tx: &mut Tx, id: MessageId, to: &RemindTo) -> Result<Vec<PersonId>> {
    Ok(match to {
        RemindTo::Failed => reminders::list_failed(tx, id).await?,
        RemindTo::Unread => reminders::list_unread(tx, id).await?,
        RemindTo::NoReceipt => reminders::list_unanswered(tx, id).await?,
        RemindTo::Accounts(accounts) => reminders::list_named(tx, id, accounts).await?,
    })
}

pub(super) fn too_early(wait: Duration) -> Problem {
    let seconds = wait.num_seconds() + 1;
    let mut problem = Problem::new(Class::TooMany, "REMIND_RATE", "", format!("请 {seconds} 秒后再提醒"))
        .in_english(format!("remind again in {seconds} seconds"));
    problem.retry_after = u64::try_from(seconds).ok();
    problem
}

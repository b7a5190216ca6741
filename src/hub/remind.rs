//! 再次提醒: once more to those who are missing, over the channels of the first step.

use chrono::Duration;
use serde_json::json;

use super::{Change, Hub, Result, Source, fan_out::REMINDERS, recall::is_own};
use crate::{
    domain::{MessageId, Problem, command::RemindTo, problem::Class},
    storage::{audit, messages, reminders, waves},
};

/// Nobody is reminded of the same message more often.
pub const PAUSE: Duration = Duration::minutes(5);

impl Hub {
    /// Plans a reminder; returns how many people it goes to.
    pub async fn remind(&self, source: &Source, id: MessageId, to: &RemindTo) -> Result<i64> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let message = messages::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        if !is_own(source, &message) {
            return Err(Problem::not_found().into());
        }
        if !message.state.is_out() {
            return Err(Problem::conflict("STATE", "只有已发送的消息可以再次提醒")
                .in_english("only a message that is out can be reminded of")
                .into());
        }
        let (count, last) = reminders::earlier(&mut tx, id).await?;
        if let Some(wait) = last.map(|last| last + PAUSE - now).filter(|wait| *wait > Duration::zero()) {
            let seconds = wait.num_seconds() + 1;
            let mut problem = Problem::new(Class::TooMany, "REMIND_RATE", "", format!("请 {seconds} 秒后再提醒"))
                .in_english(format!("remind again in {seconds} seconds"));
            problem.retry_after = u64::try_from(seconds).ok();
            return Err(problem.into());
        }
        let people = match to {
            RemindTo::Failed => reminders::list_failed(&mut tx, id).await?,
            RemindTo::Unread => reminders::list_unread(&mut tx, id).await?,
            RemindTo::NoReceipt => reminders::list_unanswered(&mut tx, id).await?,
            RemindTo::Accounts(accounts) => reminders::list_named(&mut tx, id, accounts).await?,
        };
        if people.is_empty() {
            return Ok(0);
        }
        waves::insert_for(&mut tx, id, REMINDERS + count, now, &people).await?;
        let detail = json!({"people": people.len()});
        audit::insert(&mut tx, now, &source.actor(), "message.remind", &format!("message:{id}"), detail).await?;
        tx.commit().await?;
        self.wake.all();
        self.announce(Change::Message(id));
        Ok(i64::try_from(people.len()).unwrap_or(i64::MAX))
    }
}

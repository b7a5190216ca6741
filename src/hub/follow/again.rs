//! What calling people once more has in common, be it over one step or over all of a rule: for whom,
//! and how long after the last time.

use std::collections::HashSet;

use chrono::Duration;

use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId, Problem, command::RemindTo, message::State, problem::Class},
    hub::Result,
    storage::{
        Tx, additions,
        messages::{self, Message},
        reminders,
    },
};

/// Nobody is called about the same message again more often.
pub const PAUSE: Duration = Duration::minutes(5);

/// So many accounts are named in one line.
const NAMED: usize = 10;

/// The state in answers that were kept before it was in them.
pub(super) fn through() -> State {
    State::Sent
}

pub(super) async fn missing(tx: &mut Tx, id: MessageId, to: &RemindTo) -> Result<Vec<PersonId>> {
    Ok(match to {
        RemindTo::Failed => reminders::list_failed(tx, id).await?,
        RemindTo::Unread => reminders::list_unread(tx, id).await?,
        RemindTo::NoReceipt => reminders::list_unanswered(tx, id).await?,
        RemindTo::Accounts(accounts) => reminders::list_named(tx, id, accounts).await?,
    })
}

/// A message that is locked already, and what was added to it and is out: all are locked before anything is
/// held for one of them, because the month of a quota comes last (docs/decisions/0015).
pub(super) async fn lock_thread(tx: &mut Tx, message: Message) -> Result<Vec<Message>> {
    let mut parts = vec![message];
    for part in additions::list_out(tx, parts[0].id).await? {
        parts.extend(messages::lock(tx, part).await?.filter(|part| part.state.is_out()));
    }
    Ok(parts)
}

/// Of a whole thread: somebody who is named and did not get the message is a mistake to be told of.
///
/// # Errors
/// `RCPT_UNKNOWN`
pub(super) async fn refuse_strangers(tx: &mut Tx, id: MessageId, to: &RemindTo) -> Result<()> {
    let RemindTo::Accounts(accounts) = to else { return Ok(()) };
    let mut known = HashSet::new();
    for part in std::iter::once(id).chain(additions::list_out(tx, id).await?) {
        known.extend(reminders::list_known(tx, part, accounts).await?);
    }
    let strangers: Vec<_> = accounts.iter().filter(|account| !known.contains(*account)).map(String::as_str).collect();
    if strangers.is_empty() {
        return Ok(());
    }
    let named = strangers[..strangers.len().min(NAMED)].join("、");
    let more = if strangers.len() > NAMED { format!(" 等 {} 个", strangers.len()) } else { String::new() };
    Err(Problem::invalid("RCPT_UNKNOWN", "/to", format!("不是这条消息的接收人：{named}{more}"))
        .in_english(format!("these did not get the message ({}): {named}", strangers.len()))
        .into())
}

pub(super) fn too_early(wait: Duration) -> Problem {
    let seconds = wait.num_seconds() + 1;
    let mut problem = Problem::new(Class::TooMany, "REMIND_RATE", "", format!("请 {seconds} 秒后再提醒"))
        .in_english(format!("remind again in {seconds} seconds"));
    problem.retry_after = u64::try_from(seconds).ok();
    problem
}

/// When anybody of a thread was last reminded or sent to again.
pub async fn last_chased(tx: &mut Tx, id: MessageId) -> Result<Option<Timestamp>> {
    let mut last = None;
    let parts = additions::list_out(tx, id).await?;
    for part in std::iter::once(id).chain(parts) {
        last = last.max(reminders::last_chase(tx, part).await?);
    }
    Ok(last)
}

/// So long nobody may be called about a message again.
pub(super) async fn pause_left(tx: &mut Tx, id: MessageId, now: Timestamp) -> Result<Option<chrono::Duration>> {
    let last = last_chased(tx, id).await?;
    Ok(last.map(|at| at + PAUSE - now).filter(|wait| *wait > chrono::Duration::zero()))
}

//! `/outbox/{id}`: what became of what this person has sent, and what may still be done about it.
//! Nobody else's exists. The list is in [`super::list`].

use axum::response::{IntoResponse, Redirect};

use super::tally;
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, Problem,
        command::{RemindTo, ResendTo},
        message::State,
        personal,
    },
    hub::{
        Source,
        follow::{recall::RecallOutcome, recycle::Discard, undo::Undone},
        policy::{self, Action},
    },
    storage::{
        Tx, message_status,
        messages::{self, Message},
    },
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Form, Query},
            page::{Answer, Around},
            page_error::PageError,
            path::Path,
        },
        views::{
            outbox::{Tally, Undo},
            outbox_list::OutboxTab,
            shell::Section,
        },
    },
};

/// How far a message to so many has come.
pub fn tally_of(recipients: i64, totals: &message_status::Totals) -> Tally {
    Tally {
        recipients,
        sent: totals.arrived + totals.sent_outside,
        failed: totals.failed,
        read: totals.read,
        answered: totals.answered,
    }
}

/// checklist MO-07
pub fn can_recall(state: State) -> bool {
    state.may_become(State::Recalled)
}

/// checklist MO-08
pub fn can_edit(state: State) -> bool {
    state == State::Draft || state.may_become(State::Draft)
}

/// checklist MO-04: what is still to go out or on its way is recalled first.
pub fn can_delete(state: State) -> bool {
    !matches!(state, State::PendingApproval | State::Held | State::Scheduled | State::Sending)
}

/// `GET /outbox/{id}?people=…&q=…&after=…`
pub async fn open(me: Me, Path(id): Path<String>, Query(query): Query) -> Answer {
    let id = parse(&id)?;
    if me.wants("people") {
        let mut tx = me.web.hub.db.read().await?;
        let message = me.find_own(&mut tx, id).await?;
        let people = tally::people(&me, &mut tx, &message, &query).await?;
        drop(tx);
        return me.part(Section::Outbox, "recipients", &people).await;
    }
    let mut view = tally::detail(&me, id, &query).await?;
    view.notice = me.notice(&query);
    if query.get("done") == "undo" {
        let left = |until: Timestamp| until - me.web.hub.clock.now();
        let until = view.send_at.filter(|until| left(*until) <= me.web.hub.place.undo);
        view.undo = until.map(|until| Undo { until, seconds: left(until).num_seconds().max(0) });
    }
    let around = Around::from(Section::Outbox).titled(&personal::shown(&view.letter.title));
    me.page(around, "outbox_detail", &view).await
}

/// `POST /outbox/{id}/recall`; with `edit=1` it goes on to writing it again, with `undo=1` what nobody
/// has yet is a draft again.
pub async fn recall(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    let is_undo = fields.get("undo") == "1";
    let done = match is_undo {
        true => me.web.hub.undo(me.id(), id).await?,
        false => Undone::Recalled(me.web.hub.recall(&Source::Person(me.id()), id).await?),
    };
    let outcome = match done {
        Undone::Draft(draft) => return Ok(Redirect::to(&format!("/compose/{draft}?done=undone")).into_response()),
        Undone::Recalled(outcome) => outcome,
    };
    if is_undo && outcome.was_waiting {
        return Ok(Redirect::to(&format!("/compose/{id}?done=undone")).into_response());
    }
    if fields.get("edit") == "1" {
        return Ok(Redirect::to(&format!("/compose/{id}?done=recalled{}", kept(&outcome))).into_response());
    }
    Ok(Redirect::to(&format!("/outbox/{id}?done=recalled{}", kept(&outcome))).into_response())
}

/// `POST /outbox/{id}/stop`: of the series that the message belongs to no more are made.
pub async fn stop(me: Me, Path(id): Path<String>) -> Answer {
    let id = parse(&id)?;
    me.web.hub.stop_series(&Source::Person(me.id()), id).await?;
    Ok(Redirect::to(&format!("/outbox/{id}?done=stopped")).into_response())
}

/// What each channel took back and what is out for good, for the sentences about it.
pub fn kept(outcome: &RecallOutcome) -> String {
    let mut told = String::new();
    for line in &outcome.channels {
        for (word, count) in [("back", line.recalled), ("kept", line.not_possible)] {
            if count > 0 {
                told.push_str(&format!("&{word}={}.{count}", line.channel));
            }
        }
    }
    if outcome.is_unasked {
        told.push_str("&unasked=1");
    }
    told
}

/// `POST /outbox/{id}/remind` with `to` = `failed`, `unread`, `no_receipt`, or `chosen` and the accounts
/// as `id`, repeated.
pub async fn remind(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    me.own(id).await?;
    let to = match fields.get("to") {
        "failed" => RemindTo::Failed,
        "unread" => RemindTo::Unread,
        "no_receipt" => RemindTo::NoReceipt,
        "chosen" => RemindTo::Accounts(chosen(&fields)?),
        _ => {
            return Err(Problem::invalid("FIELD_VALUE", "/to", "请选择提醒哪些人")
                .in_english("say whom to remind")
                .into());
        }
    };
    let reminded = me.web.hub.remind(&Source::Person(me.id()), None, id, &to).await?;
    let mut told = format!("/outbox/{id}?done=reminded&count={}", reminded.people);
    told.extend(reminded.missing_channels.iter().map(|channel| format!("&lacks={channel}")));
    if reminded.has_no_channel {
        told.push_str("&lacks=every");
    }
    Ok(Redirect::to(&told).into_response())
}

/// `POST /outbox/{id}/resend` with `to` as for a reminder, or `all`.
pub async fn resend(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    me.own(id).await?;
    // The buttons over the table belong to the form of the reminder, which says `chosen` first.
    let to = match fields.get("to") {
        "all" => ResendTo::All,
        "failed" => ResendTo::Some(RemindTo::Failed),
        "unread" => ResendTo::Some(RemindTo::Unread),
        "no_receipt" => ResendTo::Some(RemindTo::NoReceipt),
        "chosen" => ResendTo::Some(RemindTo::Accounts(chosen(&fields)?)),
        _ => {
            return Err(Problem::invalid("FIELD_VALUE", "/to", "请选择重新发送给哪些人")
                .in_english("say to whom to send it again")
                .into());
        }
    };
    let resent = me.web.hub.resend(&Source::Person(me.id()), None, id, &to).await?;
    let mut told = format!("/outbox/{id}?done=resent&count={}", resent.people);
    told.extend(resent.missing_channels.iter().map(|channel| format!("&lacks={channel}")));
    Ok(Redirect::to(&told).into_response())
}

/// `POST /outbox/{id}/discard` with `do` = `delete`, `restore`, `purge`.
pub async fn discard(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let id = parse(&id)?;
    let what = act(&fields)?;
    let done = usize::from(me.web.hub.discard(&Source::Person(me.id()), id, what).await?);
    let back = if what == Discard::Restore { format!("/outbox/{id}") } else { "/outbox".to_owned() };
    Ok(Redirect::to(&format!("{back}?done={}&count={done}", fields.get("do"))).into_response())
}

/// `POST /outbox/bulk` with `do` = `delete`, `purge`, `state` of the tab, and `id`, repeated.
pub async fn discard_many(me: Me, Form(fields): Form) -> Answer {
    let (what, ids) = (act(&fields)?, fields.ticked()?);
    let outcome = me.web.hub.discard_many(&Source::Person(me.id()), &ids, what).await?;
    let tab = OutboxTab::named(fields.get("state")).0;
    let address =
        format!("/outbox?state={tab}&done={}&count={}&refused={}", fields.get("do"), outcome.done, outcome.refused);
    Ok(Redirect::to(&address).into_response())
}

fn act(fields: &Fields) -> Result<Discard, Problem> {
    match fields.get("do") {
        "delete" => Ok(Discard::Delete),
        "restore" => Ok(Discard::Restore),
        "purge" => Ok(Discard::Purge),
        _ => {
            Err(Problem::invalid("FIELD_VALUE", "/do", "请选择删除、还原或彻底删除")
                .in_english("delete, restore or purge"))
        }
    }
}

/// The accounts that were ticked in the table.
fn chosen(fields: &Fields) -> Result<Vec<String>, Problem> {
    let accounts: Vec<_> = fields.all("id").map(str::to_owned).collect();
    if accounts.is_empty() {
        return Err(Problem::invalid("BULK_NONE", "/id", "请先勾选要提醒的人").in_english("tick whom to remind first"));
    }
    Ok(accounts)
}

/// `POST /outbox/{id}/send`: a message that was held goes out now.
pub async fn send(me: Me, Path(id): Path<String>) -> Answer {
    let id = parse(&id)?;
    me.web.hub.release(&Source::Person(me.id()), None, id).await?;
    Ok(Redirect::to(&format!("/outbox/{id}?done=sent")).into_response())
}

fn parse(id: &str) -> Result<MessageId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

impl Me {
    /// A message of this person's own.
    pub async fn own(&self, id: MessageId) -> Result<Message, PageError> {
        self.find_own(&mut self.web.hub.db.read().await?, id).await
    }

    async fn find_own(&self, tx: &mut Tx, id: MessageId) -> Result<Message, PageError> {
        let message = messages::find(tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(&*self.who, Action::SeeDeliveries, &Source::Person(self.id()).facts(&message))?;
        Ok(message)
    }
}

/// What can just have been done: words under `outbox.done.<name>`.
#[rustfmt::skip]
const DONE: [&str; 15] = ["undone", "stopped", "previewed", "sent", "pending_approval", "scheduled", "recalled", "reminded", "resent", "added",
    "adding", "drafted", "delete", "restore", "purge"];

impl Me {
    /// What was just done, out of the address: known words and numbers alone.
    pub fn notice(&self, query: &Fields) -> Option<String> {
        let done = query.get("done");
        if !DONE.contains(&done) {
            return None;
        }
        let count = query.get("count").parse::<i64>().unwrap_or(0);
        let mut notice = self.say(&format!("outbox.done.{done}"), &[("count", count.to_string())]);
        let already = query.get("already").parse::<i64>().unwrap_or(0);
        if already > 0 {
            notice.push_str(&self.say("additions.already", &[("count", already.to_string())]));
        }
        let refused = query.get("refused").parse::<i64>().unwrap_or(0);
        if refused > 0 {
            notice.push_str(&self.say("outbox.refused", &[("count", refused.to_string())]));
        }
        for (word, key) in [("back", "outbox.taken_back"), ("kept", "outbox.kept")] {
            for (channel, count) in query.all(word).filter_map(|line| line.split_once('.')) {
                let channel = self.web.templates.words().say(self.caller.look.lang, &format!("channel.{channel}"), &[]);
                if let (Some(channel), Ok(count)) = (channel, count.parse::<i64>()) {
                    notice.push_str(&self.say(key, &[("count", count.to_string()), ("channel", channel)]));
                }
            }
        }
        if query.get("unasked") == "1" {
            notice.push_str(&self.say("outbox.unasked", &[]));
        }
        for lacks in query.all("lacks") {
            let words = match self.web.templates.words().say(self.caller.look.lang, &format!("channel.{lacks}"), &[]) {
                Some(channel) => self.say("outbox.lacks", &[("channel", channel)]),
                None => self.say("outbox.lacks_every", &[]),
            };
            notice.push_str(&words);
        }
        Some(notice)
    }
}

//! What became of one message of one's own: totals, channels, answers, and person by person.

use super::{
    one::{can_delete, can_edit, can_recall, tally_of},
    series, timeline,
};
use crate::{
    domain::{
        MessageId, PersonId, approval,
        delivery::{self, Bucket},
        evidence::Kind,
        export,
        message::{OTHER, State},
    },
    hub::{
        Source,
        follow::{
            again::{PAUSE, last_chased},
            kept_tallies::Age,
            status::{self, MessageStatus, Reached},
            tallies,
        },
    },
    storage::{
        Tx,
        additions::Addition,
        attachments,
        exports::Export,
        messages::{self, Message},
        reached::Wanted,
        receipts,
    },
    web::{
        door::session::Me,
        frame::{form::Fields, page_error::PageError},
        message::{letter, plan, trail},
        views::{
            approvals::{Share, TrailStep},
            curve::{self, Curve},
            outbox::{
                AdditionLine, ChannelResult, ChannelTally, ExportLine, OutboxDetail, OwnWords, Progress, Receipts,
                RecipientRow, Recipients, Reminder, Successor, Tally, Versions,
            },
        },
        words::text::Tongue,
    },
};

/// People in one page of the table.
const PEOPLE: i64 = 30;
/// Answers in own words that are shown together; all of them stand in the table.
const WORDS: i64 = 10;

/// None of what has not gone out.
fn numbers(message: &Message, tally: &tallies::Tally, asks: bool) -> (Tally, Option<Curve>) {
    if message.sent_at.is_none() {
        return (Tally::default(), None);
    }
    (tally_of(tally.people, &tally.totals), Curve::of(tally, asks))
}

/// What has just been opened shows the last numbers at once; then it looks again.
async fn last_status(me: &Me, id: MessageId) -> Result<MessageStatus, PageError> {
    let age = if me.caller.is_following { Age::Recent } else { Age::Any };
    Ok(me.web.hub.last_status(&Source::Person(me.id()), id, age).await?)
}

/// The whole page.
pub async fn detail(me: &Me, id: MessageId, query: &Fields) -> Result<OutboxDetail, PageError> {
    let hub = &me.web.hub;
    let status = last_status(me, id).await?;
    let message = &status.message;
    // Everything over one connection: taking another is a round trip more.
    let mut tx = hub.db.read().await?;
    let people = people(me, &mut tx, message, query).await?;
    let (files, send) = (attachments::list(&mut tx, id).await?, plan::send(&mut tx, message, me).await?);
    let (trail, last) = (trail(&mut tx, &status, me).await?, last_chased(&mut tx, id).await?);
    let is_waiting = matches!(message.state, State::PendingApproval | State::Scheduled | State::Held);
    let (newer, older) = messages::neighbours(&mut tx, me.id(), message.created_at, id).await?;
    let reach = if is_waiting { Some(plan::reach(&mut tx, message, me).await?) } else { None };
    let ((adds_to, added), versions) = (status::thread(&mut tx, message).await?, versions(&mut tx, message).await?);
    let kept = hub.list_last_exports(&mut tx, &Source::Person(me.id()), id).await?;
    let (series, receipts) = (series::note(&mut tx, id, me).await?, receipts(me, &mut tx, &status).await?);
    drop(tx);
    let (asks, is_kept) = (asks(message), message.deleted_at.is_none());
    let (tally, curve) = numbers(message, &status.tally, asks);
    let can_chase = is_kept && message.state.is_out();
    let (reminders, resends) = if can_chase { chases(message, &status.tally, asks) } else { Default::default() };
    Ok(OutboxDetail {
        curve,
        counted: curve::counted(status.tally.counted_at, hub.clock.now()),
        exports: exports(me, kept).await?,
        id: id.to_string(),
        letter: letter::of_message(message, &files, &format!("/outbox/{id}")),
        state: message.state,
        rule: send.rule,
        steps: send.steps,
        send_at: send.send_at.filter(|_| is_waiting && message.state != State::Held),
        undo: None,
        series,
        missed_at: message.send_at.filter(|_| message.state == State::Held),
        asked: if is_waiting { asked(me, message) } else { Vec::new() },
        due_at: send.receipt_due_at,
        reach,
        asks,
        progress: progress(&status),
        receipts,
        channels: channels(&status),
        reminders,
        resends,
        can_add: can_chase && adds_to.is_none(),
        additions: added.into_iter().map(addition_line).collect(),
        adds_to: adds_to.map(|first| format!("/outbox/{first}")),
        remind_from: last.map(|last| last + PAUSE).filter(|from| *from > hub.clock.now()),
        tally,
        returned: is_returned(&status),
        versions,
        trail,
        people,
        can_recall: is_kept && can_recall(message.state),
        can_edit: is_kept && can_edit(message.state),
        can_delete: is_kept && can_delete(message.state),
        can_send: is_kept && message.state == State::Held,
        gone_at: message.deleted_at.map(|at| hub.gone_at(at)),
        previous: newer.map(|id| format!("/outbox/{id}")),
        next: older.map(|id| format!("/outbox/{id}")),
        notice: None,
    })
}

/// The version before this one, and the one after it.
async fn versions(tx: &mut Tx, message: &Message) -> Result<Versions, PageError> {
    let newer = match message.state {
        State::Rejected | State::Recalled => messages::find_successor(tx, message.id).await?,
        _ => None,
    };
    Ok(Versions {
        number: message.version,
        former: message.replaces_id.map(|former| format!("/outbox/{former}")),
        successor: newer.map(|(id, number)| Successor { address: format!("/outbox/{id}"), number }),
    })
}

async fn exports(me: &Me, exports: Vec<Export>) -> Result<Vec<ExportLine>, PageError> {
    let mut lines = Vec::new();
    for export in exports {
        let is_ready = export.state == export::State::Ready;
        let signs = is_ready && export.kind == Kind::Evidence;
        lines.push(ExportLine {
            kind: export.kind,
            progress: Progress::of(export.done, export.total),
            is_ready,
            is_failed: export.state == export::State::Failed,
            at: export.created_at,
            key: if signs { Some(me.web.hub.evidence_signer().await?.public()) } else { None },
        });
    }
    Ok(lines)
}

/// The way through approval; empty when none was needed.
async fn trail(tx: &mut Tx, status: &MessageStatus, me: &Me) -> Result<Vec<TrailStep>, PageError> {
    if status.approvals.is_empty() {
        return Ok(Vec::new());
    }
    trail::of_message(tx, &status.message, me.tongue()).await
}

/// Sent back by an approver to be changed.
fn is_returned(status: &MessageStatus) -> bool {
    status.approvals.iter().any(|asked| asked.state == approval::State::Returned)
}

/// People who have it and to whom nothing more is on its way.
fn progress(status: &MessageStatus) -> Progress {
    let total = status.tally.people;
    match status.message.state {
        State::Sending => {
            let totals = &status.tally.totals;
            Progress::of(totals.arrived + totals.sent_outside - totals.busy, total)
        }
        _ => Progress::of(total, total),
    }
}

/// Answers in the order in which they were offered, 其他 last among the options.
async fn receipts(me: &Me, tx: &mut Tx, status: &MessageStatus) -> Result<Receipts, PageError> {
    let message = &status.message;
    let count =
        |choice: &str| status.tally.receipts.iter().find(|(known, _)| known == choice).map_or(0, |(_, count)| *count);
    let options = message.receipt.iter().flat_map(|receipt| receipt.0.choices());
    let options = options.map(|option| Share { name: me.choice(option), count: count(option) });
    let actions = message.actions.0.list.iter();
    let actions = actions.map(|action| Share { name: action.label.clone(), count: count(&action.id) });
    let shares = options.chain(actions).collect();
    let words = if count(OTHER) > 0 { receipts::list_words(tx, message.id, WORDS).await? } else { Vec::new() };
    let words = words.into_iter().map(|one| OwnWords { name: one.name, words: one.words, at: one.answered_at });
    Ok(Receipts { shares, words: words.collect() })
}

/// In people, as everything around it: a reminder does not make more of them.
fn channels(status: &MessageStatus) -> Vec<ChannelTally> {
    let inbox = ChannelTally {
        channel: "inbox".to_owned(),
        total: status.tally.people,
        sent: status.tally.totals.arrived,
        failed: 0,
    };
    let outside = status.tally.reached.iter().map(|reached| ChannelTally {
        channel: reached.channel.clone(),
        total: reached.people,
        sent: reached.sent,
        failed: reached.failed,
    });
    std::iter::once(inbox).chain(outside).collect()
}

/// What readers will be asked: the options of the receipt, 其他 last, and the buttons.
fn asked(me: &Me, message: &Message) -> Vec<String> {
    let options = message.receipt.iter().flat_map(|receipt| receipt.0.choices()).map(|option| me.choice(option));
    options.chain(message.actions.0.list.iter().map(|action| action.label.clone())).collect()
}

/// A receipt or the press of a button.
fn asks(message: &Message) -> bool {
    message.receipt.is_some() || !message.actions.0.list.is_empty()
}

/// Those who are missing can be reminded; to them and to everybody it can be sent again, unless it went to
/// the inbox alone.
fn chases(message: &Message, tally: &tallies::Tally, asks: bool) -> (Vec<Reminder>, Vec<Reminder>) {
    let totals = &tally.totals;
    let missing = [
        ("failed", totals.failed),
        // Nobody knows whether somebody outside has read it.
        ("unread", totals.arrived - totals.read),
        ("no_receipt", if asks { totals.arrived - totals.answered } else { 0 }),
    ];
    let missing = missing.into_iter().filter(|(_, count)| *count > 0);
    let missing: Vec<_> = missing.map(|(to, count)| Reminder { to: to.to_owned(), count }).collect();
    if !goes_outside(message) {
        return (missing, Vec::new());
    }
    let all = Reminder { to: "all".to_owned(), count: tally.people };
    let resends = std::iter::once(all).chain(missing.iter().cloned()).collect();
    (missing, resends)
}

fn goes_outside(message: &Message) -> bool {
    message.rounds.0.list.iter().any(|round| !round.channels.is_empty())
}

fn addition_line(addition: Addition) -> AdditionLine {
    AdditionLine {
        id: addition.message_id.to_string(),
        state: addition.state,
        people: addition.recipients,
        at: addition.sent_at.unwrap_or(addition.created_at),
    }
}

/// The table of people: `?people=<filter>&q=…&after=…`.
pub async fn people(me: &Me, tx: &mut Tx, message: &Message, query: &Fields) -> Result<Recipients, PageError> {
    let filter = Recipients::FILTERS.into_iter().find(|name| *name == query.get("people")).unwrap_or("all");
    let search: String = query.get("q").trim().chars().take(100).collect();
    let after = query.get("after").parse().unwrap_or(PersonId(uuid::Uuid::nil()));
    let wanted = Wanted { bucket: bucket(filter), search: &search, after };
    let (reached, last) = status::list_reached(tx, message.id, wanted, PEOPLE).await?;
    Ok(Recipients {
        message: message.id.to_string(),
        asks: asks(message),
        can_remind: message.state.is_out() && message.deleted_at.is_none(),
        can_resend: message.state.is_out() && message.deleted_at.is_none() && goes_outside(message),
        filter: filter.to_owned(),
        rows: reached.into_iter().map(|reached| row(me.tongue(), reached, message)).collect(),
        older: last.map(|last| next(message.id, filter, &search, last)),
        query: search,
    })
}

fn bucket(filter: &str) -> Bucket {
    match filter {
        "failed" => Bucket::Failed,
        "unread" => Bucket::Unread,
        "read" => Bucket::Read,
        "no_receipt" => Bucket::NoReceipt,
        "answered" => Bucket::Receipt,
        _ => Bucket::All,
    }
}

fn next(id: MessageId, filter: &str, search: &str, last: PersonId) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("people", filter);
    if !search.is_empty() {
        query.append_pair("q", search);
    }
    query.append_pair("after", &last.to_string());
    format!("/outbox/{id}?{}", query.finish())
}

/// One person as the table and the spreadsheet show him.
pub fn row(tongue: Tongue<'_>, reached: Reached, message: &Message) -> RecipientRow {
    let story = timeline::of(tongue, &reached, message);
    let Reached { person, tries, .. } = reached;
    let inbox =
        person.arrived_at.map(|at| ChannelResult::of("inbox".to_owned(), delivery::State::Delivered, Some(at), None));
    let tries = tries.into_iter().map(|each| {
        let lacks = each.detail.as_ref().filter(|detail| detail.starts_with("NO_ADDRESS"));
        let lacks = lacks.map(|_| tongue.say(&format!("delivery.lacks.{}", each.channel), &[]));
        if let Some(lacks) = lacks.filter(|lacks| !lacks.is_empty()) {
            let result = ChannelResult::of(each.channel, each.state, each.done_at.or(each.fired_at), None);
            return ChannelResult { lacks: Some(lacks), ..result };
        }
        let detail = each.detail.filter(|detail| !detail.is_empty()).map(|detail| tongue.reason(&detail));
        ChannelResult::of(each.channel, each.state, each.done_at.or(each.fired_at), detail)
    });
    let pressed = person.action_id.as_ref().map(|id| {
        let known = message.actions.0.list.iter().find(|action| action.id == *id);
        known.map_or_else(|| id.clone(), |action| action.label.clone())
    });
    RecipientRow {
        account: person.account.unwrap_or_default(),
        name: person.name,
        department: person.department.unwrap_or_default(),
        channels: inbox.into_iter().chain(tries).collect(),
        read_at: person.read_at,
        read_channel: person.read_channel,
        answer: person.option.map(|option| tongue.choice(&option)).or(pressed),
        answer_text: person.words.filter(|words| !words.is_empty()),
        answered_at: person.answered_at,
        answered_by: person.proxy_name,
        story,
    }
}

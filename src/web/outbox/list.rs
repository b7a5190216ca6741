//! `/outbox`: what this person has sent, is sending, has still to send, in pages (checklist MO-01, MO-02).

use std::collections::HashMap;

use super::{
    one::{can_delete, can_edit, can_recall},
    series,
};
use crate::{
    domain::{
        MessageId, Problem,
        message::{ListedKind, State},
        personal,
    },
    storage::{
        additions, messages,
        sent::{self, FURTHEST, From, Line, Owner, Wanted},
    },
    web::{
        door::session::Me,
        frame::{
            cursor::{Cursor, cut},
            form::Query,
            page::Answer,
        },
        views::{
            outbox_list::{OutboxPage, OutboxRow, OutboxTab, People},
            pager::{Paged, narrowed_address},
            shell::Section,
        },
    },
};

/// Lines of one page (checklist MO-02).
const PAGE: i64 = 10;

/// `GET /outbox?state=…&q=…&page=…&cursor=…`: with a cursor the page is read from there, otherwise as
/// many lines are passed over as stand on the pages before.
pub async fn page(me: Me, Query(query): Query) -> Answer {
    let (tab, states) = OutboxTab::named(query.get("state"));
    let search: String = query.get("q").trim().chars().take(100).collect();
    let mut tx = me.web.hub.db.read().await?;
    let wanted = Wanted { owner: Owner::Person(me.id()), states, search: &search };
    // What is searched for may lie in another tab: each says how much of it.
    let counts = match search.is_empty() {
        true => messages::count_of_sender(&mut tx, me.id()).await?,
        false => sent::count_by_state(&mut tx, Wanted { states: &OutboxTab::every_state(), ..wanted }).await?,
    };
    let count = |states: &[State]| counts.iter().filter(|(state, _)| states.contains(state)).map(|(_, n)| n).sum();
    let total: i64 = count(states);
    let narrowed = [("state", tab), ("q", search.as_str())];
    let paged = Paged { path: "/outbox", narrowed: &narrowed, total: total.min(FURTHEST), size: PAGE, most: FURTHEST };
    let page = numbered(query.get("page"), paged.pages())?;
    let from = match query.get("cursor") {
        "" => From::Nth((page - 1) * PAGE),
        cursor => {
            let cursor = Cursor::read(cursor)?;
            From::Behind(cursor.at, MessageId(cursor.id))
        }
    };
    let lines = sent::list(&mut tx, wanted, from, PAGE + 1).await?;
    let (lines, last) = cut(lines, PAGE, |line| Cursor { at: line.created_at, id: line.id.0 });
    let out: Vec<_> = lines.iter().filter(|line| line.sent_at.is_some()).map(|line| line.id).collect();
    let added = additions::count_people(&mut tx, &out).await?;
    let all: Vec<_> = out.iter().copied().chain(added.iter().map(|(_, addition, _)| *addition)).collect();
    let mut reached: HashMap<_, _> = sent::count_reached(&mut tx, &all).await?.into_iter().collect();
    let mut more: HashMap<MessageId, i64> = HashMap::new();
    for (first, addition, people) in added {
        *more.entry(first).or_default() += people;
        *reached.entry(first).or_default() += reached.get(&addition).copied().unwrap_or(0);
    }
    let resting = if tab == OutboxTab::SCHEDULED { series::resting(&mut tx, &search, &me).await? } else { Vec::new() };
    drop(tx);
    let tabs = OutboxTab::STATES.into_iter().map(|(name, states)| OutboxTab {
        address: narrowed_address("/outbox", &[("state", name), ("q", search.as_str())]),
        name: name.to_owned(),
        count: count(states),
        current: name == tab,
    });
    let view = OutboxPage {
        tabs: tabs.collect(),
        tab: tab.to_owned(),
        rows: lines.into_iter().map(|line| row(line, &reached, &more)).collect(),
        resting,
        pager: paged.at(page, last.map(|last| last.to_string()).as_deref()),
        notice: me.notice(&query),
        query: search,
    };
    me.page(Section::Outbox, "outbox", &view).await
}

/// The page that was asked for; behind the last one stands the last: lines may have gone meanwhile.
fn numbered(text: &str, pages: i64) -> Result<i64, Problem> {
    if text.is_empty() {
        return Ok(1);
    }
    match text.trim().parse::<i64>() {
        Ok(page) if page >= 1 => Ok(page.min(pages)),
        _ => Err(Problem::invalid("PAGE", "/page", format!("页码应为 1–{pages} 的整数，当前“{}”", shortened(text)))
            .in_english(format!("a page is a whole number from 1 to {pages}"))),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(20).collect()
}

fn row(line: Line, reached: &HashMap<MessageId, i64>, added: &HashMap<MessageId, i64>) -> OutboxRow {
    let people = line.recipients + added.get(&line.id).copied().unwrap_or(0);
    OutboxRow {
        id: line.id.to_string(),
        kind: ListedKind::of(line.kind, &line.rounds.0.list, &line.rule_name),
        title: personal::shown(&line.title),
        state: line.state,
        returned: line.is_returned,
        is_run: line.is_run,
        at: line.recalled_at.or(line.sent_at).or(line.send_at).unwrap_or(line.created_at),
        recipients: (line.state != State::Draft).then_some(People { people }),
        reached: reached.get(&line.id).map(|people| People { people: *people }),
        can_recall: can_recall(line.state),
        can_edit: can_edit(line.state),
        can_delete: can_delete(line.state),
    }
}

//! `/inbox`: the list, and what is done to many of its lines at once.
//!
//! A script asks for `X-Fragment: list` and gets that part alone.

use std::collections::HashMap;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use crate::{
    clock::Timestamp,
    domain::{MessageId, Problem, personal},
    storage::{
        Tx,
        inbox::{self, Letter, Line, Wanted},
        settings,
    },
    web::{
        door::session::Me,
        frame::{
            cursor::{Cursor, PAGE, cut, older},
            form::{Fields, Form, Query},
            page::Answer,
            page_error::PageError,
        },
        views::{
            inbox::{InboxList, InboxPage, InboxRow, Sign, Tab, grouped},
            shell::Section,
        },
    },
};

/// The category that says nothing.
const PLAIN: &str = "notice";
const SNIPPET: usize = 60;

/// `GET /inbox?tab=unread|receipt|files&q=…&cursor=…`
pub async fn page(me: Me, Query(query): Query) -> Answer {
    if me.wants("list") {
        // What is open beside it stays in it.
        let list = me.list(&query, query.get("open").parse().ok()).await?;
        return me.part(Section::Inbox, "list", &list).await;
    }
    let list = me.list(&query, None).await?;
    let notice = me.tidied(&query);
    me.page(Section::Inbox, "inbox", &InboxPage { list, reader: None, notice }).await
}

/// `POST /inbox/bulk` with `do` = `read`, `delete`, `restore`, `purge` and `id`, repeated.
pub async fn bulk(me: Me, headers: axum::http::HeaderMap, Form(fields): Form) -> Answer {
    let ids = fields.ticked()?;
    let (hub, person) = (&me.web.hub, me.id());
    let changed = match fields.get("do") {
        "read" => hub.read_many(person, &ids).await?,
        "delete" => hub.delete_many(person, &ids).await?,
        "restore" => hub.restore_many(person, &ids).await?,
        "purge" => hub.purge_many(person, &ids).await?,
        other => return Err(unknown_act(other).into()),
    };
    // A script has already changed its page.
    if headers.contains_key("x-csrf") {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Redirect::to(&format!("/inbox?done={}&count={}", fields.get("do"), changed)).into_response())
}

fn unknown_act(act: &str) -> Problem {
    Problem::invalid("FIELD_VALUE", "/do", format!("没有“{}”这个操作", act.escape_debug()))
        .in_english("there is no such act")
}

/// What can be done to the list: words under `inbox.done.<name>`.
const TIDIED: [&str; 4] = ["read", "delete", "restore", "purge"];

impl Me {
    /// What was just done, out of the address: known words and a number alone.
    fn tidied(&self, query: &Fields) -> Option<String> {
        let done = TIDIED.into_iter().find(|known| *known == query.get("done"))?;
        let count = query.get("count").parse::<i64>().unwrap_or(0);
        Some(self.say(&format!("inbox.done.{done}"), &[("count", count.to_string())]))
    }

    pub(super) async fn list(&self, query: &Fields, open: Option<MessageId>) -> Result<InboxList, PageError> {
        let tab = Tab::from_query(query.get("tab"));
        let search: String = query.get("q").trim().chars().take(100).collect();
        let cursor = Cursor::read(query.get("cursor"))?;
        let mut tx = self.web.hub.db.read().await?;
        let now = self.web.hub.clock.now();
        let wanted = Wanted { person: self.id(), tab: stored(tab, now), search: &search, open };
        let from = (cursor.at, MessageId(cursor.id));
        let (mut lines, end) = match search.is_empty() {
            true => (inbox::list(&mut tx, wanted, from, PAGE + 1).await?, None),
            false => inbox::search(&mut tx, wanted, from, PAGE + 1).await?,
        };
        self.name_reader(&mut tx, &mut lines).await?;
        let counts = inbox::count(&mut tx, self.id(), now).await?;
        let is_gone = match open {
            Some(open) => inbox::find(&mut tx, self.id(), open).await?.is_some_and(|letter| is_gone(&letter)),
            None => false,
        };
        let labels = self.labels(&mut tx).await?;
        drop(tx);
        let (lines, last) = cut(lines, PAGE, |line| Cursor { at: line.arrived_at, id: line.message_id.0 });
        let last = last.or(end.map(|(at, id)| Cursor { at, id: id.0 }));
        let rows = self.rows(lines, &labels, open);
        Ok(InboxList {
            tab,
            address: address(query),
            is_gone,
            older: last.map(|last| older("/inbox", &[("tab", query.get("tab")), ("q", &search)], last)),
            query: search,
            total: counts.total,
            is_more: counts.total >= inbox::COUNTED,
            searched: inbox::SEARCHED,
            unread: counts.unread,
            waiting: counts.unanswered,
            groups: grouped(rows, now, self.web.hub.place.timezone),
        })
    }

    /// What categories are called.
    pub async fn labels(&self, tx: &mut Tx) -> crate::storage::Result<HashMap<String, String>> {
        let categories = settings::list_categories(tx).await?.into_iter();
        Ok(categories.map(|category| (category.name, self.translated("category.", &category.label))).collect())
    }

    /// Lines that name their reader, for this one.
    pub(in crate::web) async fn name_reader(&self, tx: &mut Tx, lines: &mut [Line]) -> Result<(), PageError> {
        if !lines.iter().any(|line| line.is_personal) {
            return Ok(());
        }
        let reader = self.reader_of(tx).await?;
        for line in lines.iter_mut().filter(|line| line.is_personal) {
            line.title = personal::fill(&line.title, &reader);
            line.body = personal::fill(&line.body, &reader);
        }
        Ok(())
    }

    /// Lines as the list shows them.
    pub fn rows(&self, lines: Vec<Line>, labels: &HashMap<String, String>, open: Option<MessageId>) -> Vec<InboxRow> {
        let understood = lines.into_iter().map(|mut line| {
            self.understand(&mut line.sender_name, [&mut line.title, &mut line.body]);
            row(line, labels, open)
        });
        understood.collect()
    }
}

/// Its sender has taken it back, or deleted it.
fn is_gone(letter: &Letter) -> bool {
    !letter.state.is_out() || letter.hidden_at.is_some()
}

/// The address of a list.
fn address(query: &Fields) -> String {
    let mut here = url::form_urlencoded::Serializer::for_suffix("/inbox?".to_owned(), "/inbox?".len());
    for name in ["tab", "q", "cursor"].into_iter().filter(|name| !query.get(name).is_empty()) {
        here.append_pair(name, query.get(name));
    }
    here.finish()
}

fn stored(tab: Tab, now: Timestamp) -> inbox::Tab {
    match tab {
        Tab::All => inbox::Tab::All,
        Tab::Unread => inbox::Tab::Unread,
        Tab::Receipt => inbox::Tab::Waiting(now),
        Tab::Files => inbox::Tab::Files,
    }
}

fn row(line: Line, labels: &HashMap<String, String>, open: Option<MessageId>) -> InboxRow {
    let is_read = line.read_at.is_some() || open == Some(line.message_id);
    let snippet = line.body.split_whitespace().collect::<Vec<_>>().join(" ");
    InboxRow {
        id: line.message_id.to_string(),
        sender: line.sender_name,
        title: line.title,
        snippet: snippet.chars().take(SNIPPET).collect(),
        at: line.arrived_at,
        sign: Sign::Read,
        unread: false,
        category: labels.get(&line.category).filter(|_| line.category != PLAIN).cloned(),
        attachment: line.attachments > 0,
        current: open == Some(line.message_id),
    }
    .signed(Sign::of(is_read, line.wants_answer, line.answered))
}

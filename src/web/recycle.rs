//! `/recycle`: 回收站 of both boxes. What lies there opens as before, for its owner alone.

use axum::response::{IntoResponse, Redirect};

use crate::{
    domain::{MessageId, Problem, personal},
    hub::{Source, follow::recycle::Discard},
    storage::recycle::{self, Deleted, Wanted},
    web::{
        door::session::Me,
        frame::{
            cursor::{Cursor, PAGE, cut, older},
            form::{Fields, Form, Query},
            page::Answer,
        },
        views::{
            recycle::{BinRow, Part, RecyclePage},
            shell::Section,
        },
    },
};

/// `GET /recycle?box=inbox|outbox&q=…&cursor=…`
pub async fn list(me: Me, Query(query): Query) -> Answer {
    let part = Part::from_query(query.get("box"));
    let search: String = query.get("q").trim().chars().take(100).collect();
    let cursor = Cursor::read(query.get("cursor"))?;
    let (wanted, before) = (Wanted { person: me.id(), search: &search }, (cursor.at, MessageId(cursor.id)));
    let mut tx = me.web.hub.db.read().await?;
    let mut lines = match part {
        Part::Inbox => recycle::list_inbox(&mut tx, wanted, before, PAGE + 1).await?,
        Part::Outbox => recycle::list_outbox(&mut tx, wanted, before, PAGE + 1).await?,
    };
    let counts = recycle::count(&mut tx, me.id()).await?;
    if part == Part::Inbox && lines.iter().any(|line| line.is_personal) {
        let reader = me.reader_of(&mut tx).await?;
        let naming = lines.iter_mut().filter(|line| line.is_personal);
        naming.for_each(|line| line.title = personal::fill(&line.title, &reader));
    }
    drop(tx);
    let (lines, last) = cut(lines, PAGE, |line| Cursor { at: line.deleted_at, id: line.id.0 });
    let page = RecyclePage {
        part,
        inbox: counts.inbox,
        outbox: counts.outbox,
        rows: lines.into_iter().map(|line| me.bin_row(line, part)).collect(),
        days: me.web.hub.place.recycle_days,
        older: last.map(|last| older("/recycle", &[("box", part.as_str()), ("q", &search)], last)),
        query: search,
        notice: me.binned(&query),
    };
    me.page(Section::Recycle, "recycle", &page).await
}

/// `POST /recycle` with `box`, `do` = `restore` or `purge`, and `id`, repeated.
pub async fn tidy(me: Me, Form(fields): Form) -> Answer {
    let part = Part::from_query(fields.get("box"));
    let ids = fields.ticked()?;
    let what = match fields.get("do") {
        "restore" => Discard::Restore,
        "purge" => Discard::Purge,
        _ => {
            return Err(Problem::invalid("FIELD_VALUE", "/do", "请选择还原或彻底删除")
                .in_english("restore or purge")
                .into());
        }
    };
    let (hub, person) = (&me.web.hub, me.id());
    let count = match (part, what) {
        (Part::Inbox, Discard::Restore) => hub.restore_many(person, &ids).await?,
        (Part::Inbox, _) => hub.purge_many(person, &ids).await?,
        (Part::Outbox, what) => hub.discard_many(&Source::Person(person), &ids, what).await?.done,
    };
    let address = format!("/recycle?box={}&done={}&count={count}", part.as_str(), fields.get("do"));
    Ok(Redirect::to(&address).into_response())
}

/// What can just have been done: words under `recycle.done.<name>`.
const DONE: [&str; 2] = ["restore", "purge"];

impl Me {
    fn bin_row(&self, mut line: Deleted, part: Part) -> BinRow {
        self.understand(&mut line.sender_name, [&mut line.title, &mut String::new()]);
        let is_own = part == Part::Outbox;
        BinRow {
            id: line.id.to_string(),
            title: line.title,
            sender: (!is_own).then_some(line.sender_name),
            state: is_own.then_some(line.state),
            deleted_at: line.deleted_at,
            gone_at: self.web.hub.gone_at(line.deleted_at),
        }
    }

    fn binned(&self, query: &Fields) -> Option<String> {
        let done = DONE.into_iter().find(|known| *known == query.get("done"))?;
        let count = query.get("count").parse::<i64>().unwrap_or(0);
        Some(self.say(&format!("recycle.done.{done}"), &[("count", count.to_string())]))
    }
}

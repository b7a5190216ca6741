//! The recycle bin: something in either part, and nothing.

use super::september;
use crate::{domain::message::State, web::views::recycle::*};

impl RecyclePage {
    pub fn sample() -> Self {
        let row = |id: &str, title: &str, sender: &str, day| BinRow {
            id: id.into(),
            title: title.into(),
            sender: Some(sender.into()),
            state: None,
            deleted_at: september(day, 9, 5),
            gone_at: september(day + 10, 9, 5),
        };
        Self {
            part: Part::Inbox,
            inbox: 2,
            outbox: 1,
            rows: vec![row("1", "关于校园网维护的通知", "信息化处", 12), row("2", "图书馆闭馆通知", "图书馆", 4)],
            query: String::new(),
            days: 30,
            older: Some("/recycle?cursor=1".into()),
            notice: Some("1 条已还原".into()),
        }
    }

    pub fn sample_outbox() -> Self {
        let row = |row: BinRow| BinRow { sender: None, state: Some(State::Recalled), ..row };
        let page = Self::sample();
        Self { part: Part::Outbox, rows: page.rows.into_iter().map(row).collect(), notice: None, ..page }
    }

    pub fn sample_empty() -> Self {
        Self { inbox: 0, outbox: 0, rows: Vec::new(), older: None, notice: None, ..Self::sample() }
    }
}

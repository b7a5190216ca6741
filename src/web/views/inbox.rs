//! `/inbox` and `/inbox/{id}`: the list, and beside it the open message.
//!
//! `pages/inbox` takes an [`InboxPage`]; the fragments `parts/list` and `parts/reader` take its
//! two halves.

use chrono::Datelike;
use chrono_tz::Tz;
use serde::Serialize;

use super::{Moment, letter::Letter};

/// The whole page.
#[derive(Debug, Clone, Serialize)]
pub struct InboxPage {
    pub list: InboxList,
    pub reader: Option<Reader>,
    /// What was just done to the list, already in the person's language.
    pub notice: Option<String>,
}

/// Which messages are listed: `?tab=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tab {
    #[default]
    All,
    Unread,
    /// Those that still wait for a receipt.
    Receipt,
    /// Those with attachments.
    Files,
}

impl Tab {
    /// From `?tab=`; anything unknown shows everything.
    pub fn from_query(value: &str) -> Self {
        match value {
            "unread" => Self::Unread,
            "receipt" => Self::Receipt,
            "files" => Self::Files,
            _ => Self::All,
        }
    }
}

/// The list.
#[derive(Debug, Clone, Serialize)]
pub struct InboxList {
    pub tab: Tab,
    /// Its own address, to look again.
    pub address: String,
    /// The message that is open beside it was taken back.
    pub is_gone: bool,
    /// What was searched for; empty: nothing.
    pub query: String,
    pub total: i64,
    /// There are more than were counted; those are the newest.
    pub is_more: bool,
    pub unread: i64,
    /// Messages that still wait for a receipt.
    pub waiting: i64,
    /// So many lines are searched at once.
    pub searched: i64,
    /// Use [`grouped`].
    pub groups: Vec<DayGroup>,
    /// Address of the next page; `None` at the end.
    pub older: Option<String>,
}

/// The six signs of a message in the list (MI-08); `attachment` is the sixth, on the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// 未读无需回执
    Unread,
    /// 未读需回执
    UnreadReceipt,
    /// 已读已回执
    ReadAnswered,
    /// 已读未回执
    ReadUnanswered,
    /// 已读无需回执
    Read,
}

impl Sign {
    /// From what is known of the message and its reader. Somebody who answered without opening
    /// it (on the phone, in DingTalk) has read it.
    pub fn of(read: bool, wants_receipt: bool, answered: bool) -> Self {
        match (read, wants_receipt, answered) {
            (_, true, true) => Self::ReadAnswered,
            (true, true, false) => Self::ReadUnanswered,
            (true, false, _) => Self::Read,
            (false, true, false) => Self::UnreadReceipt,
            (false, false, _) => Self::Unread,
        }
    }

    fn is_unread(self) -> bool {
        matches!(self, Self::Unread | Self::UnreadReceipt)
    }
}

/// One message in the list.
#[derive(Debug, Clone, Serialize)]
pub struct InboxRow {
    pub id: String,
    pub sender: String,
    pub title: String,
    /// The beginning of the text, about 60 characters.
    pub snippet: String,
    pub at: Moment,
    pub sign: Sign,
    /// Follows from `sign`; use [`InboxRow::signed`].
    pub unread: bool,
    /// 会议, 访客 …; `None` for plain notices.
    pub category: Option<String>,
    pub attachment: bool,
    /// This message is the open one.
    pub current: bool,
}

impl InboxRow {
    /// Sets the sign and what follows from it.
    pub fn signed(mut self, sign: Sign) -> Self {
        self.sign = sign;
        self.unread = sign.is_unread();
        self
    }
}

/// Rows of one day or one stretch of days.
#[derive(Debug, Clone, Serialize)]
pub struct DayGroup {
    pub name: DayName,
    pub rows: Vec<InboxRow>,
}

/// Words under `inbox.group.<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DayName {
    Today,
    Yesterday,
    /// Earlier in the week that began on Monday.
    Week,
    Month,
    Earlier,
}

/// Cuts rows, newest first, into days as seen from `now` in `zone`.
pub fn grouped(rows: Vec<InboxRow>, now: Moment, zone: Tz) -> Vec<DayGroup> {
    let today = now.with_timezone(&zone).date_naive();
    let mut groups: Vec<DayGroup> = Vec::new();
    for row in rows {
        let day = row.at.with_timezone(&zone).date_naive();
        let name = match today.signed_duration_since(day).num_days() {
            ..=0 => DayName::Today,
            1 => DayName::Yesterday,
            _ if day.iso_week() == today.iso_week() => DayName::Week,
            _ if (day.year(), day.month()) == (today.year(), today.month()) => DayName::Month,
            _ => DayName::Earlier,
        };
        match groups.last_mut() {
            Some(group) if group.name == name => group.rows.push(row),
            _ => groups.push(DayGroup { name, rows: vec![row] }),
        }
    }
    groups
}

/// The open message with what its reader may do.
#[derive(Debug, Clone, Serialize)]
pub struct Reader {
    pub id: String,
    pub letter: Letter,
    /// The channel over which it reached this person first: `inbox`, `dingtalk`, `sms` …
    pub channel: Option<String>,
    /// Address of the message above; `None` at the top.
    pub previous: Option<String>,
    /// Address of the message below.
    pub next: Option<String>,
    /// What still may be answered; `None` when nothing is asked or it was answered.
    pub receipt: Option<ReceiptForm>,
    /// What was answered.
    pub answered: Option<Answered>,
    /// Buttons of the message: 确认承接 and the like; empty when one was pressed.
    pub actions: Vec<Action>,
    /// It asks for a decision: the address of the request.
    pub approval: Option<String>,
    /// It tells its reader of a message of his own: the address of that.
    pub about: Option<String>,
    /// It lies in the recycle bin and will be gone for good then.
    pub gone_at: Option<Moment>,
    /// What was just done, already in the person's language.
    pub notice: Option<String>,
}

/// `POST /inbox/{id}/receipt` with `option` and `text`; once only.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptForm {
    pub options: Vec<ReceiptOption>,
    pub due_at: Option<Moment>,
    /// What was typed, after an error.
    pub text: String,
    /// Words for the person, already in the person's language.
    pub error: Option<String>,
}

/// One choice.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptOption {
    /// What the form sends and the page shows.
    pub value: String,
    /// 其他: opens the text.
    pub other: bool,
    pub chosen: bool,
}

/// `POST /inbox/{id}/action` with `action`.
#[derive(Debug, Clone, Serialize)]
pub struct Action {
    pub id: String,
    pub label: String,
}

/// A receipt or an action that was given.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    pub option: String,
    /// What was written under 其他.
    pub text: Option<String>,
    pub at: Moment,
    /// Where: `inbox`, `dingtalk`, `sms`, `voice`.
    pub channel: String,
    /// Who was called in this person's place and answered.
    pub by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_as_reading() {
        assert_eq!(Sign::of(false, true, true), Sign::ReadAnswered);
        assert_eq!(Sign::of(false, true, false), Sign::UnreadReceipt);
        assert_eq!(Sign::of(true, false, false), Sign::Read);
    }

    #[test]
    fn days_are_cut_at_midnight_of_the_organisation() {
        let names: Vec<_> = InboxList::sample().groups.iter().map(|group| group.name).collect();
        assert_eq!(names, [DayName::Today, DayName::Yesterday, DayName::Month]);
    }
}

//! `/outbox/{id}`: what became of what one has sent. The list is in [`super::outbox_list`].

use serde::Serialize;

use super::{
    Moment,
    approvals::{ChannelStep, Reach, Share, TrailStep},
    curve::{Counted, Curve},
    letter::Letter,
};
use crate::domain::{delivery, evidence, message};

/// How far a message has come.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Tally {
    pub recipients: i64,
    /// Reached over at least one channel, the inbox included.
    pub sent: i64,
    /// Every channel but the inbox failed.
    pub failed: i64,
    pub read: i64,
    /// Receipts or actions given.
    pub answered: i64,
}

/// What was answered.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Receipts {
    /// by option, 其他 last
    pub shares: Vec<Share>,
    /// what people wrote under 其他, the latest first; not all of many
    pub words: Vec<OwnWords>,
}

/// An answer in somebody's own words.
#[derive(Debug, Clone, Serialize)]
pub struct OwnWords {
    pub name: String,
    pub words: String,
    pub at: Moment,
}

/// The series of which a message is a run.
#[derive(Debug, Clone, Serialize)]
pub struct SeriesNote {
    /// In words.
    pub how: String,
    /// The next ones, the one that is planned already among them.
    pub next: Vec<Moment>,
    pub has_ended: bool,
    /// Those that were made, the latest first.
    pub runs: Vec<RunLine>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RunLine {
    pub id: String,
    pub at: Option<Moment>,
    pub state: message::State,
    /// It is this one.
    pub current: bool,
}

/// Until when a message that was just sent can be taken back.
#[derive(Debug, Clone, Serialize)]
pub struct Undo {
    pub until: Moment,
    /// left
    pub seconds: i64,
}

/// `pages/outbox_detail`; the table of people is the fragment `parts/recipients`.
#[derive(Debug, Clone, Serialize)]
pub struct OutboxDetail {
    pub id: String,
    pub letter: Letter,
    pub state: message::State,
    /// 已退回: rejected, but only for changes.
    pub returned: bool,
    /// Name of the send rule.
    pub rule: String,
    pub steps: Vec<ChannelStep>,
    /// When it goes out, while it is only planned.
    pub send_at: Option<Moment>,
    /// It was just sent and can still be taken back.
    pub undo: Option<Undo>,
    /// It comes again and again.
    pub series: Option<SeriesNote>,
    /// When it should have gone out, of one that is held.
    pub missed_at: Option<Moment>,
    /// Whom it will reach, as long as it waits for consent, its time, or its sender.
    pub reach: Option<Reach>,
    /// What will be asked, as long as it waits: options and buttons.
    pub asked: Vec<String>,
    pub due_at: Option<Moment>,
    pub tally: Tally,
    /// A receipt or an action is asked.
    pub asks: bool,
    /// People to whom nothing more is on its way, and all of them.
    pub progress: Progress,
    pub receipts: Receipts,
    pub channels: Vec<ChannelTally>,
    /// How it spread since it was sent; `None` as long as nobody has it.
    pub curve: Option<Curve>,
    /// When the numbers were counted, where that is not now.
    pub counted: Option<Counted>,
    /// Who can still be reminded.
    pub reminders: Vec<Reminder>,
    /// Who can be sent it again: `all` and those who can be reminded; empty where it went to the inbox alone.
    pub resends: Vec<Reminder>,
    /// People can be added.
    pub can_add: bool,
    /// Who was added, or is to be, oldest first.
    pub additions: Vec<AdditionLine>,
    /// Address of the message that this one adds people to.
    pub adds_to: Option<String>,
    /// Reminding is possible again from then on; `None`: now.
    pub remind_from: Option<Moment>,
    pub versions: Versions,
    /// The way through approval; empty when none was needed.
    pub trail: Vec<TrailStep>,
    pub people: Recipients,
    pub can_recall: bool,
    pub can_edit: bool,
    pub can_delete: bool,
    /// It lies in the recycle bin and will be gone for good then: nothing else can be done with it.
    pub gone_at: Option<Moment>,
    /// It was held because its time had passed: it may go out now.
    pub can_send: bool,
    /// The files that were asked for last and are still kept.
    pub exports: Vec<ExportLine>,
    /// Address of the message that was written after it; `None` for the newest.
    pub previous: Option<String>,
    /// Of the one before.
    pub next: Option<String>,
    pub notice: Option<String>,
}

/// What was written anew from what.
#[derive(Debug, Clone, Serialize)]
pub struct Versions {
    /// 第 N 版
    pub number: i64,
    /// Address of the version that this was written anew from; `None`: it is the first.
    pub former: Option<String>,
    /// The version that was written anew from this one; `None`: there is none.
    pub successor: Option<Successor>,
}

/// A later version of a message.
#[derive(Debug, Clone, Serialize)]
pub struct Successor {
    pub address: String,
    pub number: i64,
}

/// A file: `POST /outbox/{id}/export` with its kind, then `GET` the same.
#[derive(Debug, Clone, Serialize)]
pub struct ExportLine {
    /// Words under `export.<kind>.…`.
    pub kind: evidence::Kind,
    pub progress: Progress,
    pub is_ready: bool,
    pub is_failed: bool,
    pub at: Moment,
    /// Of evidence that is ready: the public key that it was signed with.
    pub key: Option<String>,
}

/// Done and all; shows a bar while the first is smaller.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Progress {
    pub done: i64,
    pub total: i64,
    /// Follows from the two; use [`Progress::of`].
    pub running: bool,
}

impl Progress {
    pub fn of(done: i64, total: i64) -> Self {
        Self { done, total, running: done < total }
    }
}

/// What one channel did, in people.
#[derive(Debug, Clone, Serialize)]
pub struct ChannelTally {
    pub channel: String,
    pub total: i64,
    /// The provider took it, or said that it arrived, at least once.
    pub sent: i64,
    /// Nothing went through.
    pub failed: i64,
}

/// `POST /outbox/{id}/remind` with `to`; words under `outbox.remind.<to>`.
#[derive(Debug, Clone, Serialize)]
pub struct Reminder {
    /// `failed`, `unread`, `no_receipt`.
    pub to: String,
    pub count: i64,
}

/// 新增发送人: one addition to a message.
#[derive(Debug, Clone, Serialize)]
pub struct AdditionLine {
    pub id: String,
    /// Words under `outbox.state.<state>`.
    pub state: message::State,
    pub people: i64,
    pub at: Moment,
}

/// The table of people.
#[derive(Debug, Clone, Serialize)]
pub struct Recipients {
    /// Of the message, for addresses inside the fragment.
    pub message: String,
    /// A receipt or an action is asked; otherwise nobody can owe an answer.
    pub asks: bool,
    /// Some of them can be chosen and reminded.
    pub can_remind: bool,
    /// And sent it again.
    pub can_resend: bool,
    /// `all`, `failed`, `unread`, `read`, `no_receipt`, `answered`: `?people=`.
    pub filter: String,
    /// Name or account searched for.
    pub query: String,
    pub rows: Vec<RecipientRow>,
    /// Address of the next page.
    pub older: Option<String>,
}

impl Recipients {
    /// The filters in the order of the page; words under `people.filter.<name>`.
    pub const FILTERS: [&str; 6] = ["all", "failed", "unread", "read", "no_receipt", "answered"];
}

/// One person.
#[derive(Debug, Clone, Serialize)]
pub struct RecipientRow {
    pub account: String,
    pub name: String,
    pub department: String,
    pub channels: Vec<ChannelResult>,
    pub read_at: Option<Moment>,
    /// Where it was read: `inbox`, `dingtalk` …
    pub read_channel: Option<String>,
    pub answer: Option<String>,
    pub answer_text: Option<String>,
    pub answered_at: Option<Moment>,
    /// Who was called in their place and answered.
    pub answered_by: Option<String>,
    /// Everything that happened, oldest first.
    pub story: Vec<Happening>,
}

/// One thing that was done to reach somebody, or that he did.
#[derive(Debug, Clone, Serialize)]
pub struct Happening {
    /// `None`: still to come
    pub at: Option<Moment>,
    /// as [`ChannelResult::tone`]
    pub tone: &'static str,
    /// Already in the person's language.
    pub what: String,
    /// The provider's own words, or the reader's.
    pub detail: Option<String>,
}

impl RecipientRow {
    /// Nobody outside the organisation has one, and of him no reading is known.
    pub fn has_inbox(&self) -> bool {
        !self.account.is_empty()
    }
}

/// What one channel did for one person; words under `delivery.<state>`.
#[derive(Debug, Clone, Serialize)]
pub struct ChannelResult {
    pub channel: String,
    pub state: delivery::State,
    /// `ok`, `wait`, `bad`, for colour and sign; use [`ChannelResult::of`].
    pub tone: &'static str,
    pub at: Option<Moment>,
    /// What the provider said, when it refused.
    pub detail: Option<String>,
    /// What is missed, in place of the state: there is nowhere to send it.
    pub lacks: Option<String>,
}

impl ChannelResult {
    pub fn of(channel: String, state: delivery::State, at: Option<Moment>, detail: Option<String>) -> Self {
        let tone = match state {
            delivery::State::Accepted | delivery::State::Delivered => "ok",
            delivery::State::Ready | delivery::State::Sending | delivery::State::Unknown => "wait",
            delivery::State::Undelivered | delivery::State::Refused | delivery::State::Expired => "bad",
            delivery::State::Cancelled => "none",
        };
        Self { channel, state, tone, at, detail, lacks: None }
    }
}

//! Table `inbox`: a person's own line for each message, and what he did with it. A line that is purged
//! is deleted too, so that lists ask for the one alone, as their indexes do.

use super::{Json, Result, Tx, messages::List};
use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, MessageId, PersonId,
        message::{Action, Kind, ReceiptRequest, State},
        pinyin_keys,
    },
};

row! {
    /// A line of the list.
    #[derive(Debug, Clone)]
    pub struct Line {
        pub message_id: MessageId,
        pub title: String,
        pub sender_name: String,
        pub body: String,
        pub kind: Kind,
        pub category: String,
        pub arrived_at: Timestamp,
        pub read_at: Option<Timestamp>,
        pub wants_answer: bool,
        pub answered: bool,
        pub attachments: i64,
        /// Title and body name their reader.
        pub is_personal: bool,
    }
}

/// Which lines a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    All,
    Unread,
    /// asks for an answer and has none
    Unanswered,
    /// the same, and at this time an answer still helps: neither its deadline nor the message is over
    Waiting(Timestamp),
    /// has attachments
    Files,
}

impl Tab {
    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Unread => "unread",
            Self::Unanswered => "unanswered",
            Self::Waiting(_) => "waiting",
            Self::Files => "files",
        }
    }

    fn now(self) -> Timestamp {
        match self {
            Self::Waiting(now) => now,
            _ => Timestamp::UNIX_EPOCH,
        }
    }
}

/// Which lines a list shows, and of whom.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub person: PersonId,
    pub tab: Tab,
    /// A part of the title, the text or the sender's name, or of that in pinyin; empty shows all.
    pub search: &'a str,
    /// The one that is open is listed on every tab.
    pub open: Option<MessageId>,
}

/// As a time stands in what a message asks, for comparing.
fn written(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Where a line stands in an inbox: when it came, and its id.
pub type Place = (Timestamp, MessageId);

/// Below every line.
const END: Place = (Timestamp::UNIX_EPOCH, MessageId(uuid::Uuid::nil()));

/// So many lines are searched at once: whoever has more is asked whether to go on.
pub const SEARCHED: i64 = 1_000;

/// A person's lines from before `cursor` on, newest first.
pub async fn list(tx: &mut Tx, wanted: Wanted<'_>, cursor: Place, limit: i64) -> Result<Vec<Line>> {
    list_between(tx, wanted, cursor, END, limit).await
}

/// The same of the next [`SEARCHED`] lines, and the last of these; none when they are all that there is.
pub async fn search(tx: &mut Tx, wanted: Wanted<'_>, cursor: Place, limit: i64) -> Result<(Vec<Line>, Option<Place>)> {
    let end = fetch_optional!(
        tx,
        Place,
        "select arrived_at, message_id from inbox
          where person_id = $1 and deleted_at is null and (arrived_at, message_id) < ($2, $3)
          order by arrived_at desc, message_id desc limit 1 offset $4",
        [wanted.person, cursor.0, cursor.1, SEARCHED - 1]
    )?;
    Ok((list_between(tx, wanted, cursor, end.unwrap_or(END), limit).await?, end))
}

async fn list_between(tx: &mut Tx, wanted: Wanted<'_>, cursor: Place, end: Place, limit: i64) -> Result<Vec<Line>> {
    let pattern = super::containing(wanted.search);
    // One letter alone is in nearly every name.
    let typed = pinyin_keys::query(wanted.search);
    let sound = if typed.chars().count() < 2 { String::new() } else { super::containing(&typed) };
    fetch_all!(
        tx,
        Line,
        concat!(
            "select inbox.message_id, message.title, message.sender_name, message.is_personal,
                substr(message.body, 1, case when message.is_personal then 200 else 80 end) as body,
                message.kind, message.category, inbox.arrived_at, inbox.read_at,
                (message.receipt is not null or message.actions <> '{\"list\":[]}') as wants_answer,
                receipt.message_id is not null as answered,
                (select count(*) from attachment where attachment.message_id = message.id) as attachments
           from inbox
           join message on message.id = inbox.message_id and ",
            is_visible!(),
            "
           left join receipt on receipt.message_id = inbox.message_id and receipt.person_id = inbox.person_id
          where inbox.person_id = $1 and inbox.deleted_at is null
            and (inbox.arrived_at, inbox.message_id) < ($2, $3)
            and (inbox.arrived_at, inbox.message_id) >= ($11, $12)
            and ($4 <> 'unread' or inbox.read_at is null or inbox.message_id = $7)
            and ($4 not in ('unanswered', 'waiting') or inbox.message_id = $7 or (receipt.message_id is null
                 and (message.receipt is not null or message.actions <> '{\"list\":[]}')))
            and ($4 <> 'waiting' or inbox.message_id = $7 or
                 ((message.expires_at is null or message.expires_at > $8)
                  and coalesce(message.receipt ->> 'due_at', '9') > $9))
            and ($4 <> 'files' or inbox.message_id = $7 or exists (
                 select 1 from attachment where attachment.message_id = message.id))
            and ($6 = '%%' or lower(message.title) like $6 escape '\\' or lower(message.body) like $6 escape '\\'
                 or lower(message.sender_name) like $6 escape '\\' or exists (
                 select 1 from person where person.id = message.sender_id and person.search like $10 escape '\\'))
          order by inbox.arrived_at desc, inbox.message_id desc limit $5"
        ),
        [
            wanted.person,
            cursor.0,
            cursor.1,
            wanted.tab.word(),
            limit,
            &pattern,
            wanted.open,
            wanted.tab.now(),
            &written(wanted.tab.now()),
            &sound,
            end.0,
            end.1
        ]
    )
}

row! {
    /// Everything that the reader shows.
    #[derive(Debug, Clone)]
    pub struct Letter {
        pub message_id: MessageId,
        pub state: State,
        pub kind: Kind,
        pub title: String,
        pub body: String,
        pub signature: String,
        pub url: Option<String>,
        pub sender_name: String,
        pub sender_department: String,
        pub arrived_at: Timestamp,
        pub read_at: Option<Timestamp>,
        pub read_channel: Option<String>,
        /// in this person's recycle bin since then
        pub deleted_at: Option<Timestamp>,
        /// in its sender's, where nobody else can open it
        pub hidden_at: Option<Timestamp>,
        pub receipt: Option<Json<ReceiptRequest>>,
        pub actions: Json<List<Action>>,
        pub about_approval_id: Option<ApprovalId>,
        /// the hub itself wrote it
        pub is_note: bool,
        pub attributes: Json<serde_json::Value>,
        /// Title and body name their reader.
        pub is_personal: bool,
        pub answer_option: Option<String>,
        pub answer_action: Option<String>,
        pub answer_words: Option<String>,
        pub answer_channel: Option<String>,
        pub answered_at: Option<Timestamp>,
        /// the name of whoever was called in this person's place and answered
        pub answer_proxy: Option<String>,
    }
}

/// One message as its recipient sees it; none when it is not his. Recalled ones come back with
/// their state, for the page that says so.
pub async fn find(tx: &mut Tx, person: PersonId, message: MessageId) -> Result<Option<Letter>> {
    fetch_optional!(
        tx,
        Letter,
        "select inbox.message_id, message.state, message.kind, message.title, message.body, message.signature,
                message.url, message.sender_name, message.sender_department, inbox.arrived_at, inbox.read_at,
                inbox.read_channel, inbox.deleted_at, message.deleted_at as hidden_at, message.receipt, message.actions, message.about_approval_id,
                (message.sender_id is null and message.producer_id is null) as is_note, message.attributes,
                message.is_personal, receipt.option as answer_option, receipt.action_id as answer_action,
                receipt.words as answer_words, receipt.channel as answer_channel, receipt.answered_at,
                proxy.name as answer_proxy
           from inbox
           join message on message.id = inbox.message_id
           left join receipt on receipt.message_id = inbox.message_id and receipt.person_id = inbox.person_id
           left join person as proxy on proxy.id = receipt.answered_by and proxy.id <> inbox.person_id
          where inbox.person_id = $1 and inbox.message_id = $2 and inbox.purged_at is null",
        [person, message]
    )
}

/// The nearest line on either side: `(newer, older)`.
pub async fn neighbours(
    tx: &mut Tx,
    person: PersonId,
    arrived_at: Timestamp,
    message: MessageId,
) -> Result<(Option<MessageId>, Option<MessageId>)> {
    let newer = fetch_optional_value!(
        tx,
        MessageId,
        concat!(
            "select inbox.message_id from inbox
           join message on message.id = inbox.message_id and ",
            is_visible!(),
            "
          where inbox.person_id = $1 and inbox.deleted_at is null
            and (inbox.arrived_at, inbox.message_id) > ($2, $3)
          order by inbox.arrived_at, inbox.message_id limit 1"
        ),
        [person, arrived_at, message]
    )?;
    let older = fetch_optional_value!(
        tx,
        MessageId,
        concat!(
            "select inbox.message_id from inbox
           join message on message.id = inbox.message_id and ",
            is_visible!(),
            "
          where inbox.person_id = $1 and inbox.deleted_at is null
            and (inbox.arrived_at, inbox.message_id) < ($2, $3)
          order by inbox.arrived_at desc, inbox.message_id desc limit 1"
        ),
        [person, arrived_at, message]
    )?;
    Ok((newer, older))
}

/// Those of these messages that lie in this person's inbox, wherever there.
pub async fn list_own(tx: &mut Tx, person: PersonId, messages: &[MessageId]) -> Result<Vec<MessageId>> {
    let messages = Json(messages.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select message_id from inbox where person_id = $1 and purged_at is null and message_id in (",
        "$2",
        ")"
    );
    fetch_values!(tx, MessageId, sql, [person, &messages])
}

/// Sets `read_at` once; a second reading changes nothing, nor does one after the recall.
pub async fn mark_read(
    tx: &mut Tx,
    message: MessageId,
    person: PersonId,
    channel: &str,
    at: Timestamp,
) -> Result<bool> {
    let changed = execute!(
        tx,
        concat!(
            "update inbox set read_at = $4, read_channel = $3
          where message_id = $1 and person_id = $2 and read_at is null
            and exists (select 1 from message where message.id = $1 and ",
            is_visible!(),
            ")"
        ),
        [message, person, channel, at]
    )?;
    Ok(changed == 1)
}

/// Into the recycle bin, or out of it.
pub async fn mark_deleted(tx: &mut Tx, person: PersonId, message: MessageId, at: Option<Timestamp>) -> Result<bool> {
    let changed = execute!(
        tx,
        "update inbox set deleted_at = $3
          where person_id = $1 and message_id = $2 and purged_at is null and (deleted_at is null) = ($3 is not null)",
        [person, message, at]
    )?;
    Ok(changed == 1)
}

/// For good; the row stays as proof that it had arrived.
pub async fn mark_purged(tx: &mut Tx, person: PersonId, message: MessageId, at: Timestamp) -> Result<bool> {
    let changed = execute!(
        tx,
        "update inbox set purged_at = $3, deleted_at = coalesce(deleted_at, $3)
          where person_id = $1 and message_id = $2 and purged_at is null",
        [person, message, at]
    )?;
    Ok(changed == 1)
}

row! {
    /// 共 N 条, 其中 M 条未读, K 条待回执: those whose answer still helps.
    #[derive(Debug, Clone, Default)]
    pub struct Counts {
        /// counted to [`COUNTED`]
        pub total: i64,
        /// of those that were counted
        pub unread: i64,
        /// counted to a hundred, as badges are
        pub unanswered: i64,
    }
}

/// No more lines of an inbox are counted, the newest.
pub const COUNTED: i64 = 10_000;

/// Answered by indexes; more is read only of messages that ask for something.
pub async fn count(tx: &mut Tx, person: PersonId, now: Timestamp) -> Result<Counts> {
    fetch_one!(
        tx,
        Counts,
        concat!(
            "select count(*) as total,
                (select count(*) from (
                    select 1 from inbox
                     where inbox.person_id = $1 and inbox.read_at is null and inbox.deleted_at is null and ",
            is_open!("inbox.message_id"),
            " limit $4) as fresh) as unread,
                (select count(*) from (
                    select 1 from inbox
                      join message on message.id = inbox.message_id
                       and (message.receipt is not null or message.actions <> '{\"list\":[]}')
                     where inbox.person_id = $1 and inbox.deleted_at is null
                       and (message.expires_at is null or message.expires_at > $2)
                       and coalesce(message.receipt ->> 'due_at', '9') > $3
                       and not exists (select 1 from receipt where receipt.message_id = message.id
                                                               and receipt.person_id = inbox.person_id)
                       and ",
            is_open!("inbox.message_id"),
            " limit 100) as asked) as unanswered
           from (select 1 from inbox
                  where inbox.person_id = $1 and inbox.deleted_at is null and ",
            is_open!("inbox.message_id"),
            " order by inbox.arrived_at desc, inbox.message_id desc limit $4) as line"
        ),
        [person, now, &written(now), COUNTED]
    )
}

//! Table `message`: what is said, and where it stands.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, MessageId, PersonId, ProducerId,
        message::{Action, Audience, Kind, ReceiptRequest, State},
        send_rule::Round,
        wording::{Link, Said},
    },
};

/// Lists inside one JSON column: objects, never bare arrays of scalars or scalars.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct List<T> {
    pub list: Vec<T>,
}

row! {
    /// A whole message.
    #[derive(Debug, Clone)]
    pub struct Message {
        pub id: MessageId,
        pub sender_id: Option<PersonId>,
        pub producer_id: Option<ProducerId>,
        pub sender_name: String,
        pub sender_department: String,
        pub kind: Kind,
        pub title: String,
        pub body: String,
        pub signature: String,
        pub url: Option<String>,
        pub category: String,
        pub rule_name: String,
        pub rounds: Json<List<Round>>,
        pub receipt: Option<Json<ReceiptRequest>>,
        pub actions: Json<List<Action>>,
        pub attributes: Json<serde_json::Value>,
        pub audience: Json<Audience>,
        pub about_approval_id: Option<ApprovalId>,
        pub state: State,
        pub version: i64,
        pub content_hash: Vec<u8>,
        pub snapshot_hash: Vec<u8>,
        pub recipients: i64,
        pub created_at: Timestamp,
        pub send_at: Option<Timestamp>,
        pub expires_at: Option<Timestamp>,
        pub sent_at: Option<Timestamp>,
        pub finished_at: Option<Timestamp>,
        pub recalled_at: Option<Timestamp>,
        /// in its sender's recycle bin since then
        pub deleted_at: Option<Timestamp>,
        /// gone from there
        pub purged_at: Option<Timestamp>,
        /// the rejected, returned or recalled one that this was written anew from
        pub replaces_id: Option<MessageId>,
    }
}

impl Message {
    /// What its channels say, with its link at the end of a text message.
    pub fn said<'a>(&'a self, public_url: &'a str) -> Said<'a> {
        let Self { sender_name, title, body, signature, .. } = self;
        Said { sender_name, title, body, signature, link: Some(Link { public_url, message: self.id }) }
    }
}

macro_rules! columns {
    () => {
        "id, sender_id, producer_id, sender_name, sender_department, kind, title, body, signature, url, category,
         rule_name, rounds, receipt, actions, attributes, audience, about_approval_id, state, version, content_hash,
         snapshot_hash, recipients, created_at, send_at, expires_at, sent_at, finished_at, recalled_at,
         deleted_at, purged_at, replaces_id"
    };
}

pub async fn insert(tx: &mut Tx, message: &Message) -> Result<u64> {
    execute!(
        tx,
        concat!(
            "insert into message (",
            columns!(),
            ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                       $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)"
        ),
        [
            message.id,
            message.sender_id,
            message.producer_id,
            &message.sender_name,
            &message.sender_department,
            message.kind,
            &message.title,
            &message.body,
            &message.signature,
            &message.url,
            &message.category,
            &message.rule_name,
            &message.rounds,
            &message.receipt,
            &message.actions,
            &message.attributes,
            &message.audience,
            message.about_approval_id,
            message.state,
            message.version,
            &message.content_hash,
            &message.snapshot_hash,
            message.recipients,
            message.created_at,
            message.send_at,
            message.expires_at,
            message.sent_at,
            message.finished_at,
            message.recalled_at,
            message.deleted_at,
            message.purged_at,
            message.replaces_id
        ]
    )
}

pub async fn find(tx: &mut Tx, id: MessageId) -> Result<Option<Message>> {
    fetch_optional!(tx, Message, concat!("select ", columns!(), " from message where id = $1"), [id])
}

/// What its sender wrote anew from it and handed in, the latest, with its version; neither a draft nor what
/// he has deleted.
pub async fn find_successor(tx: &mut Tx, id: MessageId) -> Result<Option<(MessageId, i64)>> {
    fetch_optional!(
        tx,
        (MessageId, i64),
        "select id, version from message
          where replaces_id = $1 and state <> 'draft' and deleted_at is null
          order by created_at desc, id desc limit 1",
        [id]
    )
}

/// A message whose fate nobody else changes until this transaction ends.
pub async fn lock(tx: &mut Tx, id: MessageId) -> Result<Option<Message>> {
    debug_assert!(tx.keeps_locks());
    // SQLite has one writer, which this transaction is.
    let sql = dialect!(
        tx,
        sqlite: concat!("select ", columns!(), " from message where id = $1"),
        postgres: concat!("select ", columns!(), " from message where id = $1 for update"),
    );
    fetch_optional!(tx, Message, sql, [id])
}

/// Its text names its reader.
pub async fn mark_personal(tx: &mut Tx, id: MessageId) -> Result<u64> {
    execute!(tx, "update message set is_personal = true where id = $1", [id])
}

/// It shows somebody what he would send himself.
pub async fn mark_preview(tx: &mut Tx, id: MessageId, of: PersonId) -> Result<u64> {
    execute!(tx, "update message set preview_of_id = $2 where id = $1", [id, of])
}

/// How many previews somebody had since then.
pub async fn count_previews(tx: &mut Tx, of: PersonId, since: Timestamp) -> Result<i64> {
    fetch_value!(tx, i64, "select count(*) from message where preview_of_id = $1 and created_at > $2", [of, since])
}

/// When a draft of this person's was saved last; none where it is no draft of his, or lies in the
/// recycle bin.
pub async fn find_draft(tx: &mut Tx, id: MessageId, sender: PersonId) -> Result<Option<Timestamp>> {
    fetch_optional_value!(
        tx,
        Timestamp,
        "select created_at from message
          where id = $1 and sender_id = $2 and state = 'draft' and deleted_at is null",
        [id, sender]
    )
}

/// Takes a draft away; false when it is none, or not this sender's.
pub async fn remove_draft(tx: &mut Tx, id: MessageId, sender: PersonId) -> Result<bool> {
    let removed =
        execute!(tx, "delete from message where id = $1 and sender_id = $2 and state = 'draft'", [id, sender])?;
    Ok(removed == 1)
}

/// Takes a draft away as it was saved at this moment; false when it was saved again since.
pub async fn remove_saving(tx: &mut Tx, id: MessageId, sender: PersonId, saved_at: Timestamp) -> Result<bool> {
    let removed = execute!(
        tx,
        "delete from message where id = $1 and sender_id = $2 and state = 'draft' and created_at = $3",
        [id, sender, saved_at]
    )?;
    Ok(removed == 1)
}

/// Moves a message on if it is still in `from`; whoever comes second gets `false`.
pub async fn transition(tx: &mut Tx, id: MessageId, from: State, to: State) -> Result<bool> {
    debug_assert!(from.may_become(to), "{from} may not become {to}");
    let moved = execute!(tx, "update message set state = $3 where id = $1 and state = $2", [id, from, to])?;
    Ok(moved == 1)
}

/// It starts to go out.
pub async fn mark_sending(tx: &mut Tx, id: MessageId, from: State, at: Timestamp) -> Result<bool> {
    let moved = execute!(
        tx,
        "update message set state = 'sending', sent_at = $3 where id = $1 and state = $2",
        [id, from, at]
    )?;
    Ok(moved == 1)
}

pub async fn mark_recalled(tx: &mut Tx, id: MessageId, at: Timestamp) -> Result<bool> {
    let moved = execute!(
        tx,
        "update message set state = 'recalled', recalled_at = $2
          where id = $1 and state in ('pending_approval', 'held', 'scheduled', 'sending', 'sent')",
        [id, at]
    )?;
    Ok(moved == 1)
}

/// Messages whose fan-out is through and whose first round has come to an end everywhere, from
/// behind `after` on, with when they began to go out.
pub async fn list_finished(
    tx: &mut Tx,
    after: (Timestamp, MessageId),
    limit: i64,
) -> Result<Vec<(Timestamp, MessageId)>> {
    fetch_all!(
        tx,
        (Timestamp, MessageId),
        "select sent_at, id from message
          where state = 'sending' and (sent_at, id) > ($1, $2)
            and not exists (select 1 from wave where wave.message_id = message.id and wave.round = 0)
            and not exists (select 1 from ticket where ticket.message_id = message.id and ticket.round = 0)
          order by sent_at, id limit $3",
        [after.0, after.1, limit]
    )
}

pub async fn mark_sent(tx: &mut Tx, id: MessageId, at: Timestamp) -> Result<bool> {
    let moved = execute!(
        tx,
        "update message set state = 'sent', finished_at = $2 where id = $1 and state = 'sending'",
        [id, at]
    )?;
    Ok(moved == 1)
}

/// Scheduled messages whose time has come, from behind `after` on, with their time.
pub async fn list_due(
    tx: &mut Tx,
    now: Timestamp,
    after: (Timestamp, MessageId),
    limit: i64,
) -> Result<Vec<(Timestamp, MessageId)>> {
    fetch_all!(
        tx,
        (Timestamp, MessageId),
        "select send_at, id from message
          where state = 'scheduled' and send_at <= $1 and (send_at, id) > ($2, $3)
          order by send_at, id limit $4",
        [now, after.0, after.1, limit]
    )
}

/// What a sender wrote next and last before it, of what he has not deleted: `(newer, older)`.
pub async fn neighbours(
    tx: &mut Tx,
    sender: PersonId,
    created_at: Timestamp,
    message: MessageId,
) -> Result<(Option<MessageId>, Option<MessageId>)> {
    fetch_one!(
        tx,
        (Option<MessageId>, Option<MessageId>),
        concat!(
            "select (select id from message
                      where sender_id = $1 and deleted_at is null and (created_at, id) > ($2, $3) and ",
            is_no_addition!(),
            " order by created_at, id limit 1) as newer,
                    (select id from message
                      where sender_id = $1 and deleted_at is null and (created_at, id) < ($2, $3) and ",
            is_no_addition!(),
            " order by created_at desc, id desc limit 1) as older"
        ),
        [sender, created_at, message]
    )
}

row! {
    /// A message as somebody sees it who is nobody to it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ForeignLine {
        pub id: MessageId,
        pub title: String,
        pub sender_name: String,
        pub sender_department: String,
        pub state: State,
        pub recipients: i64,
        pub created_at: Timestamp,
        pub sent_at: Option<Timestamp>,
    }
}

/// What people and modules have sent or are about to send and can still take back, newest first,
/// from before `cursor` on. What the hub itself writes is nobody's to recall.
pub async fn list_foreign(
    tx: &mut Tx,
    search: &str,
    cursor: (Timestamp, MessageId),
    limit: i64,
) -> Result<Vec<ForeignLine>> {
    fetch_all!(
        tx,
        ForeignLine,
        "select id, title, sender_name, sender_department, state, recipients, created_at, sent_at from message
          where (created_at, id) < ($1, $2) and (sender_id is not null or producer_id is not null)
            and state in ('pending_approval', 'scheduled', 'held', 'sending', 'sent')
            and (lower(title) like $4 escape '\\' or lower(sender_name) like $4 escape '\\')
          order by created_at desc, id desc limit $3",
        [cursor.0, cursor.1, limit, super::containing(search)]
    )
}

/// How many messages of a sender are in each state.
pub async fn count_of_sender(tx: &mut Tx, sender: PersonId) -> Result<Vec<(State, i64)>> {
    fetch_all!(
        tx,
        (State, i64),
        concat!(
            "select state, count(*) from message where sender_id = $1 and deleted_at is null and ",
            is_no_addition!(),
            " group by state order by state"
        ),
        [sender]
    )
}

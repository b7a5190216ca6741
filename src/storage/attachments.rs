//! Table `attachment`: which files a message carries.

use super::{Json, Result, Tx};
use crate::domain::{AttachmentId, MessageId};

row! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Attachment {
        pub id: AttachmentId,
        pub name: String,
        pub media_type: String,
        pub size_bytes: i64,
        pub content_hash: Vec<u8>,
        pub position: i64,
    }
}

impl Attachment {
    /// The same file under another message.
    pub fn again(self) -> Self {
        Self { id: AttachmentId::new(), ..self }
    }
}

pub async fn insert(tx: &mut Tx, message: MessageId, file: &Attachment) -> Result<u64> {
    execute!(
        tx,
        "insert into attachment (id, message_id, name, media_type, size_bytes, content_hash, position)
         values ($1, $2, $3, $4, $5, $6, $7)",
        [file.id, message, &file.name, &file.media_type, file.size_bytes, &file.content_hash, file.position]
    )
}

pub async fn list(tx: &mut Tx, message: MessageId) -> Result<Vec<Attachment>> {
    fetch_all!(
        tx,
        Attachment,
        "select id, name, media_type, size_bytes, content_hash, position from attachment
          where message_id = $1 order by position, id limit 20",
        [message]
    )
}

/// Takes all others away from a message.
pub async fn keep_only(tx: &mut Tx, message: MessageId, files: &[AttachmentId]) -> Result<u64> {
    let files = Json(files.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(tx, "delete from attachment where message_id = $1 and id not in (", "$2", ")");
    execute!(tx, sql, [message, &files])
}

/// One file of one message: an id of another message finds nothing.
pub async fn find(tx: &mut Tx, message: MessageId, id: AttachmentId) -> Result<Option<Attachment>> {
    fetch_optional!(
        tx,
        Attachment,
        "select id, name, media_type, size_bytes, content_hash, position from attachment
          where message_id = $1 and id = $2",
        [message, id]
    )
}

/// What the attachments hold, each once, from behind `after` on.
pub async fn list_hashes(tx: &mut Tx, after: &[u8], limit: i64) -> Result<Vec<Vec<u8>>> {
    fetch_values!(
        tx,
        Vec<u8>,
        "select distinct content_hash from attachment where content_hash > $1 order by content_hash limit $2",
        [after, limit]
    )
}

/// Nobody adds one until this transaction ends. On SQLite it is the only one that writes.
pub async fn lock(tx: &mut Tx) -> Result<()> {
    debug_assert!(tx.keeps_locks());
    if let Tx::Postgres(tx) = tx {
        sqlx::query("lock table attachment in share mode").execute(&mut **tx).await?;
    }
    Ok(())
}

/// Whether any attachment is of this content.
pub async fn is_named(tx: &mut Tx, content_hash: &[u8]) -> Result<bool> {
    let named = fetch_value!(tx, i64, "select count(*) from attachment where content_hash = $1", [content_hash])?;
    Ok(named > 0)
}

//! 草稿: a message that is still being written. Only its lengths are checked before it is sent.
//!
//! A draft is saved every few seconds while somebody writes, by each of his windows. One that was
//! saved elsewhere meanwhile is not overwritten: what comes later becomes a draft of its own. Its first
//! saving and its end are in the audit; what lies between nobody else ever sees.

use serde_json::json;

use super::{
    files,
    origin::{Origin, is_again, replaced},
};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId, Problem,
        command::text,
        message::{AttachedFile, Audience, Kind, ReceiptRequest, State},
    },
    hub::{
        Hub, Result, Source,
        policy::{self, Action, Facts},
    },
    storage::{
        Json, Tx, attachments, audit,
        messages::{self, List, Message},
        people,
    },
};

/// Drafts that one person may have at a time.
const MOST: i64 = 200;

/// What has been written so far.
#[derive(Debug, Clone)]
pub struct Writing {
    pub kind: Kind,
    pub title: String,
    pub body: String,
    pub signature: String,
    pub url: Option<String>,
    pub audience: Audience,
    pub send_rule: String,
    /// empty: the usual one
    pub category: String,
    pub receipt: Option<ReceiptRequest>,
    pub send_at: Option<Timestamp>,
    /// What else its page wants to see again.
    pub attributes: serde_json::Value,
}

/// A draft that was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: MessageId,
    pub saved_at: Timestamp,
    /// Another window had saved, sent or thrown it away meanwhile, so that this is a draft of its own.
    pub is_apart: bool,
}

impl Hub {
    /// Keeps a draft in place of the one it comes from, or as a new one where that is none of this
    /// person's drafts or was saved elsewhere since; `added` are attached to it.
    ///
    /// # Errors
    /// `DRAFTS` when there are too many; what [`text::fits`] says of texts that are too long;
    /// `FILE_COUNT` and `FILE_SIZE` when there are too many files.
    pub async fn keep_draft(
        &self,
        who: PersonId,
        origin: &Origin,
        writing: Writing,
        added: &[AttachedFile],
    ) -> Result<Kept> {
        let source = Source::Person(who);
        policy::require(&source, Action::Send, &Facts::OWN)?;
        text::fits(&writing.title, &writing.body, &writing.signature, writing.url.as_deref().unwrap_or_default())?;
        let added = self.keep_files(added).await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = match origin.message {
            Some(id) => messages::find_draft(&mut tx, id, who).await?,
            None => None,
        };
        // Written once more from what was recalled or sent back, it becomes a draft of its own as a matter
        // of course.
        let is_begun = is_again(&mut tx, who, origin).await?;
        let replaces = replaced(&mut tx, who, origin).await?;
        let shown = before.filter(|at| origin.saved_at.is_none_or(|seen| seen == *at));
        // Another window may save it between this transaction's reading and its writing.
        let in_place = match (origin.message, shown) {
            (Some(id), Some(at)) if messages::remove_saving(&mut tx, id, who, at).await? => Some(id),
            _ => None,
        };
        match in_place {
            Some(id) => _ = attachments::keep_only(&mut tx, id, &origin.files).await?,
            None => refuse_many(&mut tx, who).await?,
        }
        let (sender_name, sender_department) = self.sender(&mut tx, &source).await?;
        let id = in_place.unwrap_or_else(MessageId::new);
        let message = Message {
            sender_name,
            sender_department,
            replaces_id: replaces.map(|replaces| replaces.id),
            version: replaces.map_or(1, |replaces| replaces.version + 1),
            ..unfinished(id, who, writing, now)
        };
        messages::insert(&mut tx, &message).await?;
        if in_place.is_none() {
            files::carry(&mut tx, who, origin, id).await?;
            let (actor, object) = (format!("person:{who}"), format!("message:{id}"));
            audit::insert(&mut tx, now, &actor, "message.draft", &object, json!({})).await?;
        }
        self.attach(&mut tx, id, &added).await?;
        tx.commit().await?;
        let is_apart = origin.message.is_some() && in_place.is_none() && !is_begun;
        Ok(Kept { id, saved_at: now, is_apart })
    }

    /// Throws a draft away; false when it is none of this person's.
    pub async fn drop_draft(&self, who: PersonId, id: MessageId) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let dropped = self.end_draft(&mut tx, who, id).await?;
        tx.commit().await?;
        Ok(dropped)
    }

    /// What was written on is sent: its draft is gone with the same commit, once.
    ///
    /// # Errors
    /// `DRAFT_GONE`, `DRAFT_NEWER`
    pub(super) async fn end_written(&self, tx: &mut Tx, who: PersonId, id: MessageId, origin: &Origin) -> Result<()> {
        // From here on no other window saves it.
        messages::lock(tx, id).await?;
        if let (Some(seen), Some(saved)) = (origin.saved_at, messages::find_draft(tx, id, who).await?)
            && seen != saved
        {
            return Err(draft_newer().into());
        }
        if self.end_draft(tx, who, id).await? {
            return Ok(());
        }
        match messages::find(tx, id).await?.filter(|message| message.sender_id == Some(who)) {
            // Written once more from what was recalled or sent back, which stays.
            Some(_) => Ok(()),
            None => Err(draft_gone().into()),
        }
    }

    pub(super) async fn end_draft(&self, tx: &mut Tx, who: PersonId, id: MessageId) -> Result<bool> {
        let dropped = messages::remove_draft(tx, id, who).await?;
        if dropped {
            attachments::keep_only(tx, id, &[]).await?;
            let (actor, object) = (format!("person:{who}"), format!("message:{id}"));
            audit::insert(tx, self.clock.now(), &actor, "message.discard", &object, json!({})).await?;
        }
        Ok(dropped)
    }
}

/// It was changed in another window: neither are its words lost, nor do older ones go out by mistake.
fn draft_newer() -> Problem {
    Problem::conflict(
        "DRAFT_NEWER",
        "这份草稿在另一个窗口改过，没有发送。此页的内容已另存为一份草稿；请核对两份，再发送其中一份",
    )
    .in_english(
        "this draft was changed in another window, and nothing was sent; what stands here is kept as a draft of its \
         own: look at both, then send one of them",
    )
}

/// The same where there is no room for another draft.
pub fn draft_newer_and_full() -> Problem {
    Problem::conflict(
        "DRAFT_NEWER",
        format!(
            "这份草稿在另一个窗口改过，没有发送；草稿已有 {MOST} 条，此页的内容没有另存，还在此页。请在另一个窗口删除一些草稿，再保存或发送"
        ),
    )
    .in_english(format!(
        "this draft was changed in another window, and nothing was sent; there are {MOST} drafts already, so what \
         stands here is not kept, only shown: delete some in another window, then save or send it"
    ))
}

/// It was sent or thrown away in another window.
fn draft_gone() -> Problem {
    Problem::conflict(
        "DRAFT_GONE",
        "这份草稿已在另一个窗口发出或删除，没有再次发送。您写的内容还在此页；如确需再发一条，请补上附件后重新发送",
    )
    .in_english(
        "this draft was sent or thrown away in another window, and nothing was sent now; what you wrote is still \
         here: attach its files once more and send it if it is to go out twice",
    )
}

async fn refuse_many(tx: &mut Tx, who: PersonId) -> Result<()> {
    people::lock(tx, who).await?;
    let counts = messages::count_of_sender(tx, who).await?;
    if counts.iter().any(|(state, count)| *state == State::Draft && *count >= MOST) {
        return Err(Problem::conflict("DRAFTS", format!("草稿最多 {MOST} 条，请先删除或发送一些"))
            .in_english(format!("at most {MOST} drafts, send or delete some first"))
            .into());
    }
    Ok(())
}

/// As a row; who writes it is still to be named.
fn unfinished(id: MessageId, who: PersonId, writing: Writing, now: Timestamp) -> Message {
    Message {
        id,
        sender_id: Some(who),
        producer_id: None,
        sender_name: String::new(),
        sender_department: String::new(),
        kind: writing.kind,
        title: writing.title,
        body: writing.body,
        signature: writing.signature,
        url: writing.url,
        category: match writing.category {
            none if none.is_empty() => super::intake::DEFAULT_CATEGORY.to_owned(),
            category => category,
        },
        rule_name: writing.send_rule,
        rounds: Json(List { list: Vec::new() }),
        receipt: writing.receipt.map(Json),
        actions: Json(List { list: Vec::new() }),
        attributes: Json(writing.attributes),
        audience: Json(writing.audience),
        about_approval_id: None,
        state: State::Draft,
        version: 1,
        content_hash: Vec::new(),
        snapshot_hash: Vec::new(),
        recipients: 0,
        created_at: now,
        send_at: writing.send_at,
        expires_at: None,
        sent_at: None,
        finished_at: None,
        recalled_at: None,
        deleted_at: None,
        purged_at: None,
        replaces_id: None,
    }
}

//! 草稿: a message that is still being written. Only its lengths are checked before it is sent.

use serde_json::json;

use super::{
    Hub, Result, Source,
    policy::{self, Action, Facts},
};
use crate::{
    domain::{
        MessageId, PersonId, Problem,
        command::text,
        message::{Audience, Kind, ReceiptRequest, State},
    },
    storage::{
        Json, audit,
        messages::{self, List, Message},
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
    pub receipt: Option<ReceiptRequest>,
    pub send_at: Option<crate::clock::Timestamp>,
}

impl Hub {
    /// Keeps a draft in place of the one named `id`, or as a new one where that is none of this
    /// person's drafts.
    ///
    /// # Errors
    /// `DRAFTS` when there are too many; what [`text::fits`] says of texts that are too long.
    pub async fn keep_draft(&self, who: PersonId, id: Option<MessageId>, writing: Writing) -> Result<MessageId> {
        let source = Source::Person(who);
        policy::require(&source, Action::Send, &Facts::OWN)?;
        text::fits(&writing.title, &writing.body, &writing.signature, writing.url.as_deref().unwrap_or_default())?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let kept = match id {
            Some(id) if messages::remove_draft(&mut tx, id, who).await? => Some(id),
            _ => None,
        };
        let counts = messages::count_of_sender(&mut tx, who).await?;
        if counts.iter().any(|(state, count)| *state == State::Draft && *count >= MOST) {
            return Err(Problem::conflict("DRAFTS", format!("草稿最多 {MOST} 条，请先删除或发送一些"))
                .in_english(format!("at most {MOST} drafts, send or delete some first"))
                .into());
        }
        let (sender_name, sender_department) = self.sender(&mut tx, &source).await?;
        let id = kept.unwrap_or_else(MessageId::new);
        let message = Message {
            id,
            sender_id: Some(who),
            producer_id: None,
            sender_name,
            sender_department,
            kind: writing.kind,
            title: writing.title,
            body: writing.body,
            signature: writing.signature,
            url: writing.url,
            category: super::intake::DEFAULT_CATEGORY.to_owned(),
            rule_name: writing.send_rule,
            rounds: Json(List { list: Vec::new() }),
            receipt: writing.receipt.map(Json),
            actions: Json(List { list: Vec::new() }),
            attributes: Json(json!({})),
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
        };
        messages::insert(&mut tx, &message).await?;
        audit::insert(&mut tx, now, &format!("person:{who}"), "message.draft", &format!("message:{id}"), json!({}))
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Throws a draft away; false when it is none of this person's.
    pub async fn drop_draft(&self, who: PersonId, id: MessageId) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let dropped = messages::remove_draft(&mut tx, id, who).await?;
        if dropped {
            let (actor, object) = (format!("person:{who}"), format!("message:{id}"));
            audit::insert(&mut tx, self.clock.now(), &actor, "message.discard", &object, json!({})).await?;
        }
        tx.commit().await?;
        Ok(dropped)
    }
}

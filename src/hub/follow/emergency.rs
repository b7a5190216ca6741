//! 紧急撤回: the organisation's administrator takes back what somebody else sent, with a reason and
//! a fresh proof of who he is. He sees titles and senders, never what a message says.

use serde_json::json;

use super::recall::{RecallOutcome, honest};
use crate::{
    clock::Timestamp,
    domain::{MessageId, Problem, command::text, message::State},
    hub::{
        Hub, Result,
        people::sign_in::SignedIn,
        policy::{self, Action, Facts},
        send::note::Note,
    },
    storage::{
        Tx,
        messages::{self, ForeignLine, Message},
        series,
    },
};

/// In characters, as of an opinion on an approval.
const LONGEST_REASON: usize = 500;

impl Hub {
    /// What went out or is about to, newest first, from before `cursor` on.
    ///
    /// # Errors
    /// `NOT_FOUND` for everybody but an administrator who has proved who he is.
    pub async fn list_foreign(
        &self,
        who: &SignedIn,
        search: &str,
        cursor: (Timestamp, MessageId),
        limit: i64,
    ) -> Result<Vec<ForeignLine>> {
        policy::require(who, Action::FindForeign, &Facts { is_proved: who.is_proved, ..Facts::STRANGER })?;
        let mut tx = self.db.read().await?;
        Ok(messages::list_foreign(&mut tx, search, cursor, limit).await?)
    }

    /// Takes a message back for good and tells its sender why.
    ///
    /// # Errors
    /// `NOT_FOUND`, `STATE`, `RECALL_REASON`
    pub async fn recall_foreign(&self, who: &SignedIn, id: MessageId, reason: &str) -> Result<RecallOutcome> {
        let mut tx = self.db.begin().await?;
        series::lock_of(&mut tx, &[id]).await?;
        let message = messages::lock(&mut tx, id).await?.filter(may_be_known).ok_or_else(Problem::not_found)?;
        let facts = Facts { is_proved: who.is_proved, ..Facts::owned(message.sender_id == Some(who.person)) };
        policy::require(who, Action::Recall, &facts)?;
        let reason = check_reason(reason)?;
        let detail = json!({"from": message.state, "emergency": true, "reason": reason});
        self.take_back(&mut tx, &who.actor(), &message, detail).await?;
        let waiting = self.stop_with(&mut tx, &who.actor(), id).await?;
        self.tell_recalled(&mut tx, who, &message, &reason).await?;
        tx.commit().await?;
        self.recalled(id);
        if let Some(run) = waiting {
            self.recalled(run);
        }
        Ok(honest(id, self.ask_back(id).await))
    }

    /// A module hears of it by its event.
    async fn tell_recalled(&self, tx: &mut Tx, who: &SignedIn, message: &Message, reason: &str) -> Result<()> {
        let Some(sender) = message.sender_id else { return Ok(()) };
        let title = format!("消息被紧急撤回：{}", message.title);
        let body = format!("您发送的《{}》已被管理员{}撤回。原因：{reason}", message.title, who.name);
        let note = Note { to: sender, title: &title, body: &body, about: Some(message.id) };
        self.note(tx, note, self.clock.now()).await?;
        Ok(())
    }
}

/// What nobody has sent yet is its writer's alone, and the hub's own notes are told, not sent.
fn may_be_known(message: &Message) -> bool {
    message.state != State::Draft && (message.sender_id.is_some() || message.producer_id.is_some())
}

fn check_reason(reason: &str) -> Result<String, Problem> {
    let reason = text::paragraphs(reason, "/reason")?.trim().to_owned();
    let length = reason.chars().count();
    if (1..=LONGEST_REASON).contains(&length) {
        return Ok(reason);
    }
    Err(Problem::invalid("RECALL_REASON", "/reason", format!("请填写撤回原因（最多 {LONGEST_REASON} 字）"))
        .in_english(format!("say why you recall it (at most {LONGEST_REASON} characters)")))
}

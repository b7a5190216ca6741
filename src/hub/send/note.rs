//! What the hub itself writes to people: short messages from nobody, into their inboxes.

use serde_json::json;

use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId,
        message::{Audience, Draft},
    },
    hub::{Answer, Hub, Result, Source},
    storage::{Tx, accounts},
};

/// The attribute of a note of the hub that names the message which it tells its sender of. It counts
/// on what the hub itself wrote, and for that sender.
pub const ABOUT: &str = "about_message";

/// What the hub tells one person.
pub(in crate::hub) struct Note<'a> {
    pub to: PersonId,
    pub title: &'a str,
    pub body: &'a str,
    /// a message of his own, to which the note has a link
    pub about: Option<MessageId>,
}

impl Hub {
    /// A few words of the hub to one person's inbox; nothing for somebody who has left.
    pub(in crate::hub) async fn note(&self, tx: &mut Tx, note: Note<'_>, now: Timestamp) -> Result<Option<Answer>> {
        let accounts = accounts::accounts_of(tx, &[note.to]).await?;
        if accounts.is_empty() {
            return Ok(None);
        }
        let mut draft = note_to(accounts, note.title, note.body);
        if let Some(about) = note.about {
            draft.attributes.insert(ABOUT.to_owned(), json!(about));
        }
        Box::pin(self.write(tx, &Source::Hub, MessageId::new(), draft, now)).await.map(Some)
    }
}

/// A draft of the hub's own.
pub(in crate::hub) fn note_to(accounts: Vec<String>, title: &str, body: &str) -> Draft {
    let title: String = title.chars().take(200).collect();
    Draft::content(title, body, Audience { people: accounts, ..Audience::default() })
}

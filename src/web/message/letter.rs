//! A message as its readers see it, from what is stored; its files are fetched below its own page.

use crate::{
    domain::{MessageId, PersonId, command::attachment},
    hub::{
        Source,
        policy::{self, Action},
        send::note::ABOUT,
    },
    storage::{
        Tx, attachments, inbox,
        messages::{self, Message},
    },
    web::{
        frame::page_error::PageError,
        views::{
            Moment,
            letter::{Attachment, Letter, file_size, paragraphs},
        },
    },
};

/// `page` is the address of the page that shows it: `/inbox/{id}`.
pub fn of_inbox(letter: &inbox::Letter, files: &[attachments::Attachment], page: &str) -> Letter {
    Letter {
        title: letter.title.clone(),
        sender: letter.sender_name.clone(),
        department: text(&letter.sender_department),
        at: letter.arrived_at,
        body: paragraphs(&letter.body),
        signature: text(&letter.signature),
        url: letter.url.clone(),
        attachments: files_at(files, page),
        is_open: false,
    }
}

/// As its readers will see it, or have seen it.
pub fn of_message(message: &Message, files: &[attachments::Attachment], page: &str) -> Letter {
    let at: Moment = message.sent_at.or(message.send_at).unwrap_or(message.created_at);
    Letter {
        title: message.title.clone(),
        sender: message.sender_name.clone(),
        department: text(&message.sender_department),
        at,
        body: paragraphs(&message.body),
        signature: text(&message.signature),
        url: message.url.clone(),
        attachments: files_at(files, page),
        is_open: true,
    }
}

/// The page of the message that a note of the hub is about, for whoever sent that: what a program
/// writes into its own attributes leads nowhere.
pub async fn about(tx: &mut Tx, letter: &inbox::Letter, reader: PersonId) -> Result<Option<String>, PageError> {
    let told = letter.attributes.0.get(ABOUT).filter(|_| letter.is_note);
    let Some(id) = told.and_then(|id| id.as_str()).and_then(|id| id.parse::<MessageId>().ok()) else { return Ok(None) };
    let message = messages::find(tx, id).await?.filter(|message| {
        let source = Source::Person(reader);
        policy::may(&source, Action::SeeDeliveries, &source.facts(message))
    });
    Ok(message.map(|message| format!("/outbox/{}", message.id)))
}

fn files_at(files: &[attachments::Attachment], page: &str) -> Vec<Attachment> {
    let line = |file: &attachments::Attachment| Attachment {
        name: file.name.clone(),
        size: file_size(u64::try_from(file.size_bytes).unwrap_or(0)),
        href: format!("{page}/files/{}", file.id),
        is_picture: file.media_type.starts_with("image/") && attachment::is_known(&file.media_type),
    };
    files.iter().map(line).collect()
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

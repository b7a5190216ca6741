//! From a notification to a mail: headers that nobody can inject into, and plain text.

use lettre::{
    Message,
    address::Address,
    message::{
        Mailbox,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use crate::{BoxError, Outgoing, SendError};

/// A display name longer than this is cut, in characters.
const MOST_NAME: usize = 100;
/// A subject longer than this is cut, in characters.
const MOST_SUBJECT: usize = 200;

/// The sender as the settings name it.
pub fn sender(from: &str) -> Result<Mailbox, BoxError> {
    let mailbox: Mailbox = from.trim().parse()?;
    Ok(Mailbox::new(mailbox.name.and_then(|name| one_line(&name, MOST_NAME)), mailbox.email))
}

/// Refuses what is no e-mail address.
pub fn compose(from: &Mailbox, outgoing: &Outgoing) -> Result<Message, SendError> {
    let address: Address =
        outgoing.address.trim().parse().map_err(|_| SendError::refused("address", "not an e-mail address"))?;
    let to = Mailbox::new(one_line(&outgoing.name, MOST_NAME), address);
    let message_id = format!("<{}@{}>", outgoing.idempotency_key, from.email.domain());
    // So that holiday replies and the like do not come back (RFC 3834).
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(one_line(&outgoing.title, MOST_SUBJECT).unwrap_or_default())
        .message_id(Some(message_id))
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN)
        .header(ContentTransferEncoding::Base64)
        .body(text(outgoing))
        .map_err(|error| SendError::refused("unwritable", error.to_string()))
}

fn text(outgoing: &Outgoing) -> String {
    match &outgoing.link {
        Some(link) if !outgoing.text.contains(link.as_str()) => {
            format!("{}\n\n{link}\n", outgoing.text)
        }
        _ => outgoing.text.clone(),
    }
}

/// Line breaks, other control characters and marks that turn the writing direction
/// become single spaces; `None` when nothing is left.
fn one_line(text: &str, most: usize) -> Option<String> {
    let breaks = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let words: Vec<_> = text.split(breaks).filter(|word| !word.is_empty()).collect();
    let line: String = words.join(" ").chars().take(most).collect();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(name: &str, title: &str) -> Outgoing {
        Outgoing {
            idempotency_key: "d-1".to_owned(),
            address: "lilei@example.com".to_owned(),
            name: name.to_owned(),
            title: title.to_owned(),
            text: "正文".to_owned(),
            link: Some("https://hub/m/1".to_owned()),
            buttons: Vec::new(),
        }
    }

    fn compose(outgoing: &Outgoing) -> Result<Message, SendError> {
        super::compose(&sender("知会 <hub@example.edu.cn>").unwrap(), outgoing)
    }

    #[test]
    fn names_and_titles_from_a_spreadsheet_stay_on_one_line() {
        for name in ["李\r\n雷", "李\n雷", "李\u{b}雷\0", "\r\nBcc: x@example.com", "", "\u{202e}\r", "\"<>,;@(\\"]
        {
            let message = compose(&outgoing(name, "题\r\nBcc: x@example.com\r\n\r\n身")).unwrap();
            let text = String::from_utf8(message.formatted()).unwrap();
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
            assert_eq!(message.envelope().to().len(), 1);
        }
        assert_eq!(one_line("李\r\n\t 雷 ", 9).as_deref(), Some("李 雷"));
        assert_eq!(one_line("一二三四", 3).as_deref(), Some("一二三"));
    }

    #[test]
    fn the_message_id_is_the_same_on_every_retry_and_lies_in_our_domain() {
        let headers = |message: Message| message.headers().get_raw("Message-ID").unwrap().to_owned();
        let first = headers(compose(&outgoing("李雷", "题")).unwrap());
        let again = headers(compose(&outgoing("李雷", "题")).unwrap());
        assert_eq!(first, "<d-1@example.edu.cn>");
        assert_eq!(first, again);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for address in ["", "a", "a@b@c", "a@x.com\r\nBcc: b@x.com", "a b@x.com", "<a@x.com>"] {
            let outgoing = Outgoing { address: address.to_owned(), ..outgoing("李雷", "题") };
            let refused = compose(&outgoing);
            assert!(matches!(refused, Err(SendError::Refused { .. })), "{address}");
        }
    }
}

//! A message as its readers see it: the same in the inbox, before an approver, in the outbox.

use serde::Serialize;

use super::Moment;

/// The letter itself.
#[derive(Debug, Clone, Serialize)]
pub struct Letter {
    pub title: String,
    /// Whose name it carries: a person, an office, a module.
    pub sender: String,
    /// Where the sender belongs; `None` for modules.
    pub department: Option<String>,
    /// Sent, or handed in when it is not sent yet.
    pub at: Moment,
    /// Plain text, one item a paragraph: use [`paragraphs`].
    pub body: Vec<String>,
    /// 落款, right-aligned over the date.
    pub signature: Option<String>,
    /// A message of the kind `link`: http or https only, then body and signature are empty.
    pub url: Option<String>,
    pub attachments: Vec<Attachment>,
    /// It is seen by whoever sends or approves it: what names the reader is still open.
    pub is_open: bool,
}

/// A file that may be fetched.
#[derive(Debug, Clone, Serialize)]
pub struct Attachment {
    pub name: String,
    /// For people: `248 KB`; use [`file_size`].
    pub size: String,
    /// Path on this server.
    pub href: String,
    /// It is shown in its place: a browser decodes a picture and carries nothing out.
    pub is_picture: bool,
}

/// A plain text as paragraphs: lines, without empty ones.
pub fn paragraphs(body: &str) -> Vec<String> {
    body.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Bytes as people read them.
pub fn file_size(bytes: u64) -> String {
    const KB: u64 = 1024;
    match bytes {
        0..KB => format!("{bytes} B"),
        KB..1_048_576 => format!("{} KB", bytes / KB),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_are_no_paragraphs() {
        assert_eq!(paragraphs("  甲\r\n\r\n乙 \n"), ["甲", "乙"]);
    }

    #[test]
    fn sizes_are_short() {
        let read = [17, 254_000, 1_258_291, 5 * 1_048_576].map(file_size);
        assert_eq!(read, ["17 B", "248 KB", "1.1 MB", "5.0 MB"]);
    }
}

//! `GET …/files/{file}`: an attached file, for whoever may see its message.
//!
//! It is saved, never shown as a page: a file of somebody else must not become one of ours (security
//! 7.9). Pictures are shown inside a letter, where a browser only decodes them.

use axum::{
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    response::IntoResponse,
};

use crate::{
    domain::{ApprovalId, AttachmentId, MessageId, Problem, command::attachment},
    storage::attachments::{self, Attachment},
    web::{
        Web, approvals,
        door::session::Me,
        frame::{page::Answer, path::Path},
        inbox,
    },
};

/// `GET /inbox/{id}/files/{file}`
pub async fn of_inbox(me: Me, Path((id, file)): Path<(String, String)>) -> Answer {
    let letter = inbox::one::find(&me, &id).await?;
    answer(&me.web, letter.message_id, &file).await
}

/// `GET /approvals/{id}/files/{file}`
pub async fn of_approval(me: Me, Path((id, file)): Path<(String, String)>) -> Answer {
    let id: ApprovalId = id.parse().map_err(|_| Problem::not_found())?;
    let asked = approvals::one::find(&me, id).await?;
    answer(&me.web, asked.message.id, &file).await
}

/// `GET /outbox/{id}/files/{file}`
pub async fn of_outbox(me: Me, Path((id, file)): Path<(String, String)>) -> Answer {
    let message = me.own(id.parse().map_err(|_| Problem::not_found())?).await?;
    answer(&me.web, message.id, &file).await
}

async fn answer(web: &Web, message: MessageId, file: &str) -> Answer {
    let id: AttachmentId = file.parse().map_err(|_| Problem::not_found())?;
    let mut tx = web.hub.db.read().await?;
    let file = attachments::find(&mut tx, message, id).await?.ok_or_else(Problem::not_found)?;
    drop(tx);
    let bytes = web.hub.read_file(&file).await?;
    let headers = [
        (CONTENT_TYPE, media_type(&file)),
        (CONTENT_DISPOSITION, disposition(&file.name)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, bytes).into_response())
}

/// What we found the file to be when it came, never what its sender called it; bare bytes where that is
/// nothing that could have come.
fn media_type(file: &Attachment) -> HeaderValue {
    let known = Some(&file.media_type).filter(|media_type| attachment::is_known(media_type));
    known
        .and_then(|known| HeaderValue::from_str(known).ok())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// The name as RFC 6266 and RFC 8187 write it, and one in ASCII for programs that know neither.
pub fn disposition(name: &str) -> HeaderValue {
    let mut encoded = String::with_capacity(name.len() * 3);
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-._ ".contains(c) { c } else { '_' }).collect();
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .expect("both names are plain ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(
            disposition("议程\" 1.pdf\r\nX: y"),
            "attachment; filename=\"___ 1.pdf__X_ y\"; filename*=UTF-8''%E8%AE%AE%E7%A8%8B%22%201.pdf%0D%0AX%3A%20y"
        );
    }
}

//! What the gateway reports afterwards: a JSON array of `{"ref", "msgid", "status", "reason"}`, where
//! `ref` is the one it was given, `status` is `delivered` or `undelivered`, and the rest may lack.

use serde::Deserialize;

use crate::{CallbackError, Report, Status};

/// A reason is for people; a longer one is cut.
const REASON: usize = 200;

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "ref")]
    key: String,
    #[serde(default)]
    msgid: Option<String>,
    status: Word,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Delivered,
    Undelivered,
}

/// # Errors
/// When it is anything else, or one of its lines is.
pub fn read(body: &[u8]) -> Result<Vec<Report>, CallbackError> {
    let lines: Vec<Line> = serde_json::from_slice(body).map_err(|_| CallbackError::Malformed)?;
    let report = |line: Line| Report {
        key: line.key,
        reference: line.msgid,
        status: match line.status {
            Word::Delivered => Status::Delivered,
            Word::Undelivered => Status::Undelivered,
        },
        detail: line.reason.chars().take(REASON).collect(),
        pressed: None,
    };
    Ok(lines.into_iter().map(report).collect())
}

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
    status: String,
    #[serde(default)]
    reason: String,
}

/// # Errors
/// When it is anything else. A line whose status is none of the two costs no other line.
pub fn read(body: &[u8]) -> Result<Vec<Report>, CallbackError> {
    let lines: Vec<Line> = serde_json::from_slice(body).map_err(|_| CallbackError::Malformed)?;
    let report = |line: Line| {
        let status = match line.status.as_str() {
            "delivered" => Status::Delivered,
            "undelivered" => Status::Undelivered,
            other => {
                tracing::warn!(
                    status = other,
                    "the gateway reports a status that is not known, its line is passed over"
                );
                return None;
            }
        };
        let detail = line.reason.chars().take(REASON).collect();
        Some(Report { key: line.key, reference: line.msgid, status, detail, pressed: None })
    };
    Ok(lines.into_iter().filter_map(report).collect())
}

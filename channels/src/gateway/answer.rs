//! What an answer of the gateway means for the message.
//!
//! | answer | means |
//! |---|---|
//! | 2xx with `code` 0 | accepted |
//! | 2xx with another `code` | refused; `code` 429 or 503: temporary |
//! | 2xx without a readable `code` | ambiguous: somebody answered, maybe not the gateway |
//! | 408, 425, 429, 503, and 3xx | temporary, with `Retry-After` |
//! | 401, 407; 404, 405 without a `code` | temporary: our settings are wrong, not the message |
//! | other 4xx | refused |
//! | other 5xx with a `code` | temporary: the gateway says that it did not take it |
//! | other 5xx | ambiguous: a proxy may have lost the gateway's answer |

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use crate::{Accepted, SendError};

/// Longest piece of a gateway's words that is kept, in characters.
const MOST_WORDS: usize = 200;

pub struct Answer<'a> {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    /// `None` when it did not arrive whole.
    pub body: Option<&'a [u8]>,
}

/// What the gateway itself says.
struct Word {
    /// "0" is success.
    code: String,
    reference: Option<String>,
    reason: String,
}

impl Answer<'_> {
    pub fn judge(&self) -> Result<Accepted, SendError> {
        let word = self.body.and_then(Word::read);
        let code = word.as_ref().map(|word| word.code.as_str());
        match (self.status.as_u16(), code) {
            (200..=299, Some("0")) => Ok(Accepted { reference: word.and_then(|word| word.reference) }),
            (200..=299, Some("429" | "503")) => self.temporary(word),
            (200..=299, Some(_)) => self.refused(word),
            (300..=399 | 401 | 407 | 408 | 425 | 429 | 503, _) => self.temporary(word),
            (404 | 405, None) => self.temporary(word),
            (400..=499, _) => self.refused(word),
            (500..=599, Some(code)) if code != "0" => self.temporary(word),
            _ => Err(SendError::Ambiguous(format!("HTTP {}: {}", self.status, self.words()).into())),
        }
    }

    fn temporary(&self, word: Option<Word>) -> Result<Accepted, SendError> {
        let words = word.map_or_else(|| self.words(), |word| format!("{} {}", word.code, word.reason));
        Err(SendError::Temporary {
            source: format!("HTTP {}: {words}", self.status.as_u16()).into(),
            retry_after: self.retry_after,
        })
    }

    fn refused(&self, word: Option<Word>) -> Result<Accepted, SendError> {
        Err(match word {
            Some(word) => SendError::refused(word.code, word.reason),
            None => SendError::refused(format!("HTTP {}", self.status.as_u16()), self.words()),
        })
    }

    /// What stands in a body that is not the gateway's JSON.
    fn words(&self) -> String {
        let Some(body) = self.body else {
            return "the answer was cut".to_owned();
        };
        let text = String::from_utf8_lossy(body);
        match text.trim() {
            "" => "no words".to_owned(),
            page if page.starts_with('<') => "a web page".to_owned(),
            text => shorten(text),
        }
    }
}

impl Word {
    fn read(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let text = |name: &str| match body.get(name)? {
            Value::String(text) => Some(shorten(text)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Some(Self {
            code: text("code")?,
            reference: text("msgid"),
            reason: text("msg").or_else(|| text("message")).unwrap_or_default(),
        })
    }
}

/// Without control characters, which would break a log line.
fn shorten(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MOST_WORDS).collect()
}

/// Seconds, or a date, which is compared with the answer's own date: so neither
/// our clock nor its being wrong matters.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, body: &str) -> String {
        let answer =
            Answer { status: StatusCode::from_u16(status).unwrap(), retry_after: None, body: Some(body.as_bytes()) };
        match answer.judge() {
            Ok(accepted) => format!("accepted {}", accepted.reference.unwrap_or_default()),
            Err(SendError::Temporary { source, .. }) => format!("temporary {source}"),
            Err(SendError::Refused { code, reason }) => format!("refused {code} {reason}"),
            Err(SendError::Ambiguous(source)) => format!("ambiguous {source}"),
        }
    }

    #[test]
    fn success_is_code_zero_and_nothing_else() {
        assert_eq!(judge(200, r#"{"code":0,"msgid":"m1"}"#), "accepted m1");
        assert_eq!(judge(202, r#"{"code":"0","msgid":7}"#), "accepted 7");
        assert_eq!(judge(200, r#"{"code":0}"#), "accepted ");
        assert_eq!(judge(200, r#"{"code":17,"msg":"号码无效"}"#), "refused 17 号码无效");
        assert_eq!(judge(200, r#"{"code":429,"msg":"slow down"}"#), "temporary HTTP 200: 429 slow down");
    }

    #[test]
    fn an_answer_that_is_not_the_gateways_proves_nothing() {
        assert_eq!(judge(200, "<html>login</html>"), "ambiguous HTTP 200 OK: a web page");
        assert_eq!(judge(200, r#"{"ok":true}"#), r#"ambiguous HTTP 200 OK: {"ok":true}"#);
        assert_eq!(judge(200, r#"["code"]"#), r#"ambiguous HTTP 200 OK: ["code"]"#);
        assert_eq!(judge(204, ""), "ambiguous HTTP 204 No Content: no words");
        assert_eq!(judge(502, "<h1>Bad Gateway"), "ambiguous HTTP 502 Bad Gateway: a web page");
        assert!(judge(500, r#"{"code":0,"msgid":"m1"}"#).starts_with("ambiguous"));
        let cut = Answer { status: StatusCode::OK, retry_after: None, body: None };
        assert!(matches!(cut.judge(), Err(SendError::Ambiguous(_))));
    }

    #[test]
    fn busy_and_wrong_settings_are_temporary_and_a_bad_message_is_refused() {
        assert_eq!(judge(503, ""), "temporary HTTP 503: no words");
        assert_eq!(judge(429, r#"{"code":9,"msg":"busy"}"#), "temporary HTTP 429: 9 busy");
        assert_eq!(judge(500, r#"{"code":1,"msg":"busy"}"#), "temporary HTTP 500: 1 busy");
        assert_eq!(judge(301, ""), "temporary HTTP 301: no words");
        assert_eq!(judge(401, r#"{"code":3,"msg":"who"}"#), "temporary HTTP 401: 3 who");
        assert_eq!(judge(404, "<html>"), "temporary HTTP 404: a web page");
        assert_eq!(judge(404, r#"{"code":20404,"msg":"空号"}"#), "refused 20404 空号");
        assert_eq!(judge(400, r#"{"code":"isv.X","message":"模板"}"#), "refused isv.X 模板");
        assert_eq!(judge(422, "too\nlong"), "refused HTTP 422 toolong");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_beside_the_answers_own() {
        let headers = |retry: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            retry_after(&headers).map(|time| time.as_secs())
        };
        let date = Some("Sat, 21 Nov 2026 09:00:00 GMT");
        assert_eq!(headers("120", None), Some(120));
        assert_eq!(headers("Sat, 21 Nov 2026 09:01:30 GMT", date), Some(90));
        assert_eq!(headers("Sat, 21 Nov 2026 08:00:00 GMT", date), Some(0));
        assert_eq!(headers("Sat, 21 Nov 2026 09:01:30 GMT", None), None);
        assert_eq!(headers("soon", date), None);
        assert_eq!(headers("-1", date), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}

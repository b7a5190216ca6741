//! From an envelope to a command: plain, or a CloudEvent in structured or binary mode.
//!
//! The official AMQP binding of CloudEvents is for AMQP 1.0, whose attributes become headers with
//! the prefix `cloudEvents:` (or `cloudEvents_`); structured mode needs no binding at all.

use serde_json::Value;

use crate::{
    broker::Envelope,
    domain::{
        Problem,
        command::{self, Name},
        problem::Class,
        seal::{hex, sha256},
    },
};

/// Most that a command may weigh, in bytes (reliability, security 18).
pub const LARGEST: usize = 256 * 1024;
/// The only version of the commands so far.
const VERSION: &str = "1";
/// Longest idempotency key, in bytes.
const KEY: usize = 255;

/// A command that could be read; who sent it is the broker's word.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// The broker account.
    pub user: String,
    pub key: String,
    pub name: Name,
    pub value: Value,
    pub fingerprint: [u8; 32],
}

/// # Errors
/// `PRODUCER_UNVERIFIED`, `NOT_PERSISTENT`, `TOO_LARGE`, `CONTENT_TYPE`, `IDEM_MISSING`, `VERSION_UNSUPPORTED`,
/// `COMMAND_UNKNOWN`, `EVENT_INVALID`, and all that strict JSON knows.
pub fn decode(envelope: &Envelope) -> Result<Incoming, Problem> {
    let user = envelope.user_id.as_deref().filter(|user| !user.is_empty()).ok_or_else(unverified)?;
    if !envelope.persistent {
        return Err(Problem::invalid(
            "NOT_PERSISTENT",
            "",
            "命令须以持久消息发布（delivery_mode=2），否则消息队列重启时会丢失",
        )
        .in_english(
            "a command must be published as persistent (delivery_mode 2), or a restart of the broker loses it",
        ));
    }
    let size = envelope.body.len();
    if size > LARGEST {
        let (limit, found) = (LARGEST / 1024, size.div_ceil(1024));
        return Err(Problem::new(Class::TooLarge, "TOO_LARGE", "", format!("命令不超过 {limit} KB，当前 {found} KB"))
            .in_english(format!("a command has at most {limit} KB, this one has {found} KB")));
    }
    let body = Body::read(envelope)?;
    let (name, version) = name_and_version(&body.kind);
    check_version(version.or_else(|| envelope.headers.get("version").map(String::as_str)))?;
    let name = command::name(name)?;
    let key = checked_key(body.key)?;
    let fingerprint = command::fingerprint(name, &body.value);
    Ok(Incoming { user: user.to_owned(), key, name, value: body.value, fingerprint })
}

/// Nobody that the hub knows stands behind the command.
pub fn unverified() -> Problem {
    Problem::new(
        Class::Unauthenticated,
        "PRODUCER_UNVERIFIED",
        "",
        "命令须带有经消息队列校验的 user_id，且对应已登记的模块",
    )
    .in_english("a command needs a user_id that the broker has validated and that is a registered producer's")
}

/// The three ways of writing, brought to one.
struct Body {
    kind: String,
    key: Option<String>,
    value: Value,
}

impl Body {
    fn read(envelope: &Envelope) -> Result<Self, Problem> {
        let media_type = envelope.content_type.as_deref().unwrap_or("application/json");
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media_type == "application/cloudevents+json" {
            return structured(command::parse(&envelope.body)?);
        }
        if media_type != "application/json" {
            return Err(Problem::new(
                Class::WrongType,
                "CONTENT_TYPE",
                "",
                format!("不支持的内容类型“{media_type}”，应为 application/json"),
            )
            .in_english(format!("the content type “{media_type}” is not supported, use application/json")));
        }
        let attribute = |name: &str| {
            ["cloudEvents:", "cloudEvents_"].iter().find_map(|prefix| envelope.headers.get(&format!("{prefix}{name}")))
        };
        let value = command::parse(&envelope.body)?;
        if attribute("specversion").is_some() || attribute("type").is_some() {
            let text = |name: &str| attribute(name).map(String::as_str);
            return event(text, value);
        }
        let kind = envelope.kind.as_deref().filter(|kind| !kind.is_empty()).unwrap_or(&envelope.routing_key);
        Ok(Self { kind: kind.to_owned(), key: envelope.message_id.clone(), value })
    }
}

fn structured(mut value: Value) -> Result<Body, Problem> {
    let data = match value.get_mut("data") {
        Some(data) => data.take(),
        None => return Err(invalid_event("/data", "缺少 data", "data is missing")),
    };
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if let Some(other) = text("datacontenttype").filter(|other| !other.starts_with("application/json")) {
        return Err(invalid_event(
            "/datacontenttype",
            &format!("不支持的 datacontenttype“{other}”"),
            "datacontenttype must be application/json",
        ));
    }
    event(text, data)
}

/// `source` and `id` together name an event for ever: they are its idempotency key.
fn event<'a>(text: impl Fn(&str) -> Option<&'a str>, value: Value) -> Result<Body, Problem> {
    let required = |name: &str| {
        let found = text(name).filter(|found| !found.is_empty());
        found.ok_or_else(|| invalid_event(&format!("/{name}"), &format!("缺少 {name}"), &format!("{name} is missing")))
    };
    let version = required("specversion")?;
    if version != "1.0" {
        return Err(invalid_event(
            "/specversion",
            &format!("不支持 CloudEvents {version}，请用 1.0"),
            "only CloudEvents 1.0 is supported",
        ));
    }
    let (source, id, kind) = (required("source")?, required("id")?, required("type")?);
    // A URI has no blanks: with one, two events would have the same key.
    if source.contains(char::is_whitespace) {
        return Err(invalid_event("/source", "source 须是不含空白的 URI", "source must be a URI without blanks"));
    }
    let key = format!("{source} {id}");
    let key = if key.len() > KEY { format!("sha256:{}", hex(&sha256(key.as_bytes()))) } else { key };
    Ok(Body { kind: kind.to_owned(), key: Some(key), value })
}

fn invalid_event(at: &str, why: &str, english: &str) -> Problem {
    Problem::new(Class::Unreadable, "EVENT_INVALID", at, format!("CloudEvents 事件不完整：{why}"))
        .in_english(format!("not a complete CloudEvent: {english}"))
}

/// `cn.example.message.send.v1` → `message.send`, `1`. Producers may put their own domain in front.
fn name_and_version(kind: &str) -> (&str, Option<&str>) {
    let versioned = kind
        .rsplit_once(".v")
        .filter(|(_, version)| !version.is_empty() && version.bytes().all(|c| c.is_ascii_digit()));
    let (kind, version) = versioned.map_or((kind, None), |(kind, version)| (kind, Some(version)));
    let known = Name::ALL.iter().map(|name| name.as_str());
    let own = known.into_iter().find(|name| kind.strip_suffix(name).is_some_and(|domain| domain.ends_with('.')));
    (own.unwrap_or(kind), version)
}

fn check_version(version: Option<&str>) -> Result<(), Problem> {
    match version.map(|version| version.trim_start_matches('v')) {
        None | Some(VERSION) => Ok(()),
        Some(other) => Err(Problem::invalid(
            "VERSION_UNSUPPORTED",
            "",
            format!("不支持命令版本 {}，支持 {VERSION}", other.escape_debug()),
        )
        .in_english(format!("command version {} is not supported, {VERSION} is", other.escape_debug()))),
    }
}

/// An idempotency key as HTTP and the queue take it: 1 to 255 bytes, none of them a control character.
///
/// # Errors
/// `IDEM_MISSING`
pub fn checked_key(key: Option<String>) -> Result<String, Problem> {
    let missing = |detail: String, english: &str| {
        Err(Problem::new(Class::Unreadable, "IDEM_MISSING", "", detail).in_english(english))
    };
    let Some(key) = key.filter(|key| !key.trim().is_empty()) else {
        return missing(
            "缺少幂等键（HTTP 的 Idempotency-Key，队列的 message_id）".to_owned(),
            "the idempotency key is missing (Idempotency-Key over HTTP, message_id on the queue)",
        );
    };
    let found = key.len();
    if found > KEY {
        return missing(
            format!("幂等键最多 {KEY} 字节，当前 {found} 字节，请换一个更短的"),
            &format!("an idempotency key has at most {KEY} bytes, this one has {found}"),
        );
    }
    if key.chars().any(char::is_control) {
        return missing("幂等键不能含有控制字符".to_owned(), "an idempotency key holds no control characters");
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(body: impl ToString) -> Envelope {
        Envelope {
            user_id: Some("meeting".to_owned()),
            message_id: Some("k1".to_owned()),
            ..Envelope::keyed("message.recall", body.to_string())
        }
    }

    fn event() -> Value {
        json!({"specversion": "1.0", "id": "7", "source": "/meeting", "type": "message.recall", "data": {"id": "x"}})
    }

    fn structured(event: &Value) -> Envelope {
        Envelope {
            content_type: Some("application/cloudevents+json; charset=utf-8".to_owned()),
            message_id: None,
            ..plain(event)
        }
    }

    fn code(envelope: &Envelope) -> &'static str {
        decode(envelope).expect_err("must be refused").code
    }

    #[test]
    fn the_three_ways_of_writing_mean_the_same() {
        let data = json!({"id": "x"});
        let by_key = decode(&plain(&data)).expect("plain");
        assert_eq!((by_key.name, by_key.key.as_str(), by_key.user.as_str()), (Name::MessageRecall, "k1", "meeting"));
        let by_type =
            decode(&Envelope { kind: Some("message.recall".to_owned()), routing_key: "x".to_owned(), ..plain(&data) });
        assert_eq!(by_type, Ok(by_key.clone()));
        let in_event = Incoming { key: "/meeting 7".to_owned(), ..by_key };
        assert_eq!(decode(&structured(&event())), Ok(in_event.clone()));
        for prefix in ["cloudEvents:", "cloudEvents_"] {
            let event = event();
            let attributes = event.as_object().expect("an object").iter();
            let headers = attributes
                .filter_map(|(name, value)| value.as_str().map(|value| (format!("{prefix}{name}"), value.to_owned())));
            let binary = Envelope { headers: headers.collect(), message_id: None, ..plain(&data) };
            assert_eq!(decode(&binary), Ok(in_event.clone()));
        }
    }

    #[test]
    fn a_type_may_carry_a_domain_and_a_version() {
        assert_eq!(name_and_version("message.send"), ("message.send", None));
        assert_eq!(name_and_version("cn.example.message.send.v1"), ("message.send", Some("1")));
        assert_eq!(name_and_version("xmessage.send"), ("xmessage.send", None));
    }

    #[test]
    fn what_cannot_be_read_has_its_reason() {
        let good = json!({"id": "x"});
        assert_eq!(code(&Envelope { user_id: None, ..plain(&good) }), "PRODUCER_UNVERIFIED");
        assert_eq!(code(&Envelope { persistent: false, ..plain(&good) }), "NOT_PERSISTENT");
        assert_eq!(code(&Envelope { message_id: None, ..plain(&good) }), "IDEM_MISSING");
        assert_eq!(code(&Envelope { message_id: Some("k".repeat(300)), ..plain(&good) }), "IDEM_MISSING");
        assert_eq!(code(&plain("x".repeat(LARGEST + 1))), "TOO_LARGE");
        assert_eq!(code(&plain("{")), "JSON_SYNTAX");
        assert_eq!(code(&Envelope { body: vec![0xFF], ..plain("") }), "BODY_ENCODING");
        assert_eq!(code(&Envelope { kind: Some("message.send.v2".to_owned()), ..plain(&good) }), "VERSION_UNSUPPORTED");
        let version = [("version".to_owned(), "9".to_owned())].into();
        assert_eq!(code(&Envelope { headers: version, ..plain(&good) }), "VERSION_UNSUPPORTED");
        assert_eq!(code(&Envelope { kind: Some("message.burn".to_owned()), ..plain(&good) }), "COMMAND_UNKNOWN");
        assert_eq!(code(&Envelope { content_type: Some("text/xml".to_owned()), ..plain(&good) }), "CONTENT_TYPE");
        for (name, value) in [
            ("specversion", json!("0.3")),
            ("id", json!("")),
            ("source", json!(null)),
            ("source", json!("/x y")),
            ("type", json!(1)),
        ] {
            let mut event = event();
            event[name] = value;
            assert_eq!(code(&structured(&event)), "EVENT_INVALID", "{name}");
        }
    }
}

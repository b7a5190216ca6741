//! `message.recall`, `message.remind` and `message.release`: what may be asked about a message.

use serde_json::Value;

use super::{audience, fields, fields::Fields};
use crate::domain::{MessageId, Problem, evidence::Kind, message::Audience};

/// Who is reminded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemindTo {
    /// 发送失败
    Failed,
    /// 未查看
    Unread,
    /// 未回执
    NoReceipt,
    /// These of the recipients, by account.
    Accounts(Vec<String>),
}

/// To whom a message goes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResendTo {
    All,
    Some(RemindTo),
}

/// `{"to": …}`: as for a reminder, or `all`.
pub fn read_resend_to(value: &Value) -> Result<ResendTo, Problem> {
    resend_to(&Fields::of(value, "", &["to"])?)
}

/// `{"kind": …}` of what is to be written about a message.
pub fn read_export(value: &Value) -> Result<Kind, Problem> {
    let fields = Fields::of(value, "", &["kind"])?;
    let word = fields.required_text("kind")?;
    word.parse().map_err(|_| fields::unknown_word("/kind", word, &["sheet", "evidence"]))
}

/// `{"id": …, "to": …}`
pub fn read_resend(value: &Value) -> Result<(MessageId, ResendTo), Problem> {
    let fields = Fields::of(value, "", &["id", "to"])?;
    Ok((message_id(&fields)?, resend_to(&fields)?))
}

/// `{"id": …, "audience": …}`
pub fn read_add(value: &Value) -> Result<(MessageId, Audience), Problem> {
    let fields = Fields::of(value, "", &["id", "audience"])?;
    Ok((message_id(&fields)?, added(&fields)?))
}

/// `{"audience": …}`, where the address already names the message.
pub fn read_added(value: &Value) -> Result<Audience, Problem> {
    added(&Fields::of(value, "", &["audience"])?)
}

fn added(fields: &Fields<'_>) -> Result<Audience, Problem> {
    audience::read(fields.get("audience").ok_or_else(|| fields::missing("/audience"))?, "/audience")
}

fn resend_to(fields: &Fields<'_>) -> Result<ResendTo, Problem> {
    match fields.get("to") {
        Some(Value::String(word)) if word == "all" => Ok(ResendTo::All),
        Some(Value::String(word)) if !["failed", "unread", "no_receipt"].contains(&word.as_str()) => {
            Err(fields::unknown_word("/to", word, &["all", "failed", "unread", "no_receipt"]))
        }
        _ => remind_to(fields).map(ResendTo::Some),
    }
}

/// `{"id": …}`
pub fn read_id(value: &Value) -> Result<MessageId, Problem> {
    message_id(&Fields::of(value, "", &["id"])?)
}

/// `{"id": …, "to": …}`
pub fn read_remind(value: &Value) -> Result<(MessageId, RemindTo), Problem> {
    let fields = Fields::of(value, "", &["id", "to"])?;
    Ok((message_id(&fields)?, remind_to(&fields)?))
}

/// `{"to": …}`, where the address already names the message.
pub fn read_remind_to(value: &Value) -> Result<RemindTo, Problem> {
    remind_to(&Fields::of(value, "", &["to"])?)
}

fn remind_to(fields: &Fields<'_>) -> Result<RemindTo, Problem> {
    match fields.get("to") {
        None => Err(fields::missing("/to")),
        Some(Value::String(word)) => match word.as_str() {
            "failed" => Ok(RemindTo::Failed),
            "unread" => Ok(RemindTo::Unread),
            "no_receipt" => Ok(RemindTo::NoReceipt),
            other => Err(fields::unknown_word("/to", other, &["failed", "unread", "no_receipt"])),
        },
        Some(Value::Array(accounts)) if accounts.is_empty() => {
            Err(Problem::invalid("RCPT_NONE", "/to", "没有可接收的人：没有选择任何人").in_english("nobody was chosen"))
        }
        Some(Value::Array(_)) => fields.names("to").map(RemindTo::Accounts),
        Some(_) => Err(fields::wrong_type("/to", "字符串或账号数组", "a string or a list of accounts")),
    }
}

/// An id that is none is an id that is not there.
fn message_id(fields: &Fields<'_>) -> Result<MessageId, Problem> {
    fields.required_text("id")?.parse().map_err(|_| Problem { field: "/id".to_owned(), ..Problem::not_found() })
}

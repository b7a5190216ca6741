//! 回执: the answers asked for, and the buttons.

use serde_json::Value;

use super::{fields::Fields, text};
use crate::{
    clock::Timestamp,
    domain::{
        Problem,
        message::{Action, OTHER, ReceiptRequest, limits},
    },
};

/// Longest option and longest label: they stand on buttons.
const LABEL: usize = 20;
/// As many as the phone has keys.
const ACTIONS: usize = 9;

pub fn read(value: &Value, now: Timestamp, at: &str) -> Result<ReceiptRequest, Problem> {
    let fields = Fields::of(value, at, &["options", "due_at"])?;
    let mut options = Vec::new();
    for (at, value) in fields.items("options")? {
        let option = option(super::fields::text(value, &at)?, &at)?;
        if options.contains(&option) {
            return Err(refused(
                &at,
                format!("回执选项重复：“{option}”"),
                format!("the option “{option}” stands twice"),
            ));
        }
        options.push(option);
    }
    // The hub adds it at the end, for everybody; naming it is harmless.
    options.retain(|option| option != OTHER);
    let (count, limit) = (options.len(), limits::RECEIPT_OPTIONS);
    if count == 0 {
        return Err(refused(
            &fields.at("options"),
            "请至少填写 1 个回执选项".to_owned(),
            "at least one option is needed".to_owned(),
        ));
    }
    if count > limit {
        return Err(refused(
            &fields.at("options"),
            format!("回执选项最多 {limit} 个，当前 {count} 个"),
            format!("at most {limit} options, these are {count}"),
        ));
    }
    let due = fields.text("due_at")?;
    let due_at = due.map(|raw| super::time::future(raw, now, &fields.at("due_at"), "回执截止时间")).transpose()?;
    Ok(ReceiptRequest { options, due_at })
}

fn option(raw: &str, at: &str) -> Result<String, Problem> {
    let option = text::line(raw, at)?;
    let count = text::count(&option);
    if text::is_blank(&option) {
        return Err(refused(at, "回执选项不能为空".to_owned(), "an option is empty".to_owned()));
    }
    if count > LABEL {
        let english = format!("an option has at most {LABEL} characters, this one has {count}");
        return Err(refused(at, format!("回执选项最多 {LABEL} 字，当前 {count} 字"), english));
    }
    Ok(option)
}

fn refused(at: &str, detail: String, english: String) -> Problem {
    Problem::invalid("RECEIPT_OPT", at, detail).in_english(english)
}

/// The buttons of a message.
pub fn actions(fields: &Fields<'_>) -> Result<Vec<Action>, Problem> {
    let mut actions: Vec<Action> = Vec::new();
    for (at, value) in fields.items("actions")? {
        let action = action(value, &at)?;
        if actions.iter().any(|known| known.id == action.id) {
            let id = &action.id;
            return Err(wrong_action(&at, format!("按钮标识重复：{id}"), format!("the id {id} stands twice")));
        }
        actions.push(action);
    }
    let count = actions.len();
    if count > ACTIONS {
        let english = format!("at most {ACTIONS} buttons, these are {count}");
        return Err(wrong_action(&fields.at("actions"), format!("按钮最多 {ACTIONS} 个，当前 {count} 个"), english));
    }
    Ok(actions)
}

fn action(value: &Value, at: &str) -> Result<Action, Problem> {
    let fields = Fields::of(value, at, &["id", "label"])?;
    let id = fields.required_text("id")?;
    let is_id = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_');
    if !(1..=32).contains(&id.len()) || !id.bytes().all(is_id) {
        let detail = "按钮标识只能用小写字母、数字、- 和 _，1–32 个字符".to_owned();
        return Err(wrong_action(&fields.at("id"), detail, "an id is 1 to 32 of a-z, 0-9, - and _".to_owned()));
    }
    let label_at = fields.at("label");
    let label = text::line(fields.required_text("label")?, &label_at)?;
    let count = text::count(&label);
    if text::is_blank(&label) || count > LABEL {
        let english = format!("a label has 1 to {LABEL} characters, this one has {count}");
        return Err(wrong_action(&label_at, format!("按钮文字应为 1–{LABEL} 字，当前 {count} 字"), english));
    }
    Ok(Action { id: id.to_owned(), label })
}

fn wrong_action(at: &str, detail: String, english: String) -> Problem {
    Problem::invalid("ACTION", at, detail).in_english(english)
}

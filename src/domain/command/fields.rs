//! One JSON object, read field by field; every complaint says where it is.
//!
//! An unknown field is refused by name: a mistyped `send_at` must not send at once. `null` is the
//! same as leaving the field out.

use serde_json::{Map, Value};

use crate::domain::Problem;

/// An object and its place in the input.
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    at: String,
}

impl<'a> Fields<'a> {
    /// `at` is the JSON pointer of `value`, `known` every field that it may have.
    pub fn of(value: &'a Value, at: &str, known: &[&str]) -> Result<Self, Problem> {
        let Value::Object(map) = value else {
            return Err(wrong_type(at, "对象", "an object"));
        };
        if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
            let known = known.join("、");
            return Err(Problem::invalid(
                "FIELD_UNKNOWN",
                child(at, name),
                format!("未知字段 {name}，可用字段：{known}"),
            )
            .in_english(format!("unknown field {name}")));
        }
        Ok(Self { map, at: at.to_owned() })
    }

    /// The JSON pointer of a field.
    pub fn at(&self, name: &str) -> String {
        child(&self.at, name)
    }

    /// None when it is left out or null.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Problem> {
        self.get(name).map(|value| text(value, &self.at(name))).transpose()
    }

    pub fn required_text(&self, name: &str) -> Result<&'a str, Problem> {
        self.text(name)?.ok_or_else(|| missing(&self.at(name)))
    }

    /// False when left out.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(wrong_type(&self.at(name), " true 或 false", "true or false")),
        }
    }

    /// Empty when left out.
    pub fn list(&self, name: &str) -> Result<&'a [Value], Problem> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(wrong_type(&self.at(name), "数组", "a list")),
        }
    }

    /// A list with the pointer of each item.
    pub fn items(&self, name: &str) -> Result<impl Iterator<Item = (String, &'a Value)>, Problem> {
        let at = self.at(name);
        Ok(self.list(name)?.iter().enumerate().map(move |(nth, value)| (format!("{at}/{nth}"), value)))
    }

    /// A list of names or ids: each a text that is not blank.
    pub fn names(&self, name: &str) -> Result<Vec<String>, Problem> {
        self.items(name)?.map(|(at, value)| self::name(text(value, &at)?, &at)).collect()
    }

    pub fn map(&self, name: &str) -> Result<Map<String, Value>, Problem> {
        match self.get(name) {
            None => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map.clone()),
            Some(_) => Err(wrong_type(&self.at(name), "对象", "an object")),
        }
    }
}

/// Longest name of anything that is looked up: accounts, codes, categories, rules.
const NAME: usize = 100;

/// A name to look something up by.
pub fn name(raw: &str, at: &str) -> Result<String, Problem> {
    let name = super::text::line(raw, at)?;
    let count = super::text::count(&name);
    if super::text::is_blank(&name) {
        return Err(Problem::invalid("FIELD_EMPTY", at, format!("{at} 不能为空")).in_english(format!("{at} is empty")));
    }
    if count > NAME {
        return Err(Problem::invalid("FIELD_LEN", at, format!("{at} 最多 {NAME} 字，当前 {count} 字"))
            .in_english(format!("{at} has {count} characters, at most {NAME} are allowed")));
    }
    Ok(name)
}

pub fn text<'a>(value: &'a Value, at: &str) -> Result<&'a str, Problem> {
    value.as_str().ok_or_else(|| wrong_type(at, "字符串", "a string"))
}

pub fn missing(at: &str) -> Problem {
    Problem::invalid("FIELD_MISSING", at, format!("缺少必填字段 {at}")).in_english(format!("{at} is required"))
}

pub fn wrong_type(at: &str, wanted: &str, english: &str) -> Problem {
    let shown = if at.is_empty() { "请求体" } else { at };
    let named = if at.is_empty() { "the body" } else { at };
    Problem::invalid("FIELD_TYPE", at, format!("{shown} 应为{wanted}")).in_english(format!("{named} must be {english}"))
}

/// A word out of a fixed few.
pub fn unknown_word(at: &str, value: &str, known: &[&str]) -> Problem {
    let allowed = known.join("、");
    Problem::invalid("FIELD_VALUE", at, format!("{at} 的值“{value}”无效，可用：{allowed}"))
        .in_english(format!("“{value}” is not a value of {at}, allowed: {}", known.join(", ")))
}

fn child(at: &str, name: &str) -> String {
    format!("{at}{}", step(name))
}

/// One step of a JSON pointer, RFC 6901.
pub fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

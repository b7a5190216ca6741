//! JSON as it is taken from strangers: strictly.
//!
//! Beyond the grammar: UTF-8, no key twice in one object (two readers could see two things), no
//! number that cannot be held, nothing behind the end, at most [`DEPTH`] levels and [`VALUES`] values:
//! two bytes of text become a hundred in memory.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::problem::{Class, Problem};

/// How deep objects and lists may lie in each other (reliability, security 18).
pub const DEPTH: usize = 16;
/// How many values one text may hold: 100,000 accounts and as many exceptions, twice over.
pub const VALUES: usize = 500_000;

/// At least as many values as the text will become, without reading it.
pub fn most_values(bytes: &[u8]) -> usize {
    1 + bytes.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count()
}

/// Reads one JSON text.
///
/// # Errors
/// `BODY_ENCODING`, `JSON_SYNTAX`, `JSON_NUMBER`, `JSON_DEPTH`, `JSON_DUPLICATE`, all of the class
/// [`Class::Unreadable`], and `JSON_VALUES`, [`Class::TooLarge`].
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to() + 1;
        unreadable("BODY_ENCODING", "", "请求体不是有效的 UTF-8")
            .in_english(format!("the body is not valid UTF-8 (byte {at})"))
    })?;
    // Some systems put a byte order mark before every file that they write.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let place = Place::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { place: &place, depth: 0 }.deserialize(&mut reader);
    match value.and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) => Err(place.found.take().unwrap_or_else(|| syntax(&error, text.trim().is_empty()))),
    }
}

fn unreadable(code: &'static str, field: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Class::Unreadable, code, field, detail)
}

fn syntax(error: &serde_json::Error, is_empty: bool) -> Problem {
    let (line, column) = (error.line(), error.column());
    if is_empty {
        unreadable("JSON_SYNTAX", "", "请求体是空的，应为 JSON").in_english("the body is empty, JSON is expected")
    } else if error.to_string().starts_with("number out of range") {
        unreadable("JSON_NUMBER", "", format!("第 {line} 行第 {column} 列的数字超出范围"))
            .in_english(format!("the number at line {line} column {column} is out of range"))
    } else {
        unreadable("JSON_SYNTAX", "", format!("请求体不是有效的 JSON：第 {line} 行第 {column} 列有误"))
            .in_english(format!("the body is not valid JSON: see line {line} column {column}"))
    }
}

/// Where the reader stands, and what it stopped at.
#[derive(Default)]
struct Place {
    pointer: RefCell<String>,
    values: Cell<usize>,
    found: RefCell<Option<Problem>>,
}

impl Place {
    /// Runs `read` one step further down.
    fn within<T>(&self, step: &str, read: impl FnOnce() -> T) -> T {
        let length = self.pointer.borrow().len();
        self.pointer.borrow_mut().push_str(&super::fields::step(step));
        let result = read();
        self.pointer.borrow_mut().truncate(length);
        result
    }

    /// One value more.
    fn count<E: de::Error>(&self) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        if self.values.get() <= VALUES {
            return Ok(());
        }
        let detail = format!("JSON 中的值超过 {VALUES} 个，请分成几次提交");
        let problem = Problem::new(Class::TooLarge, "JSON_VALUES", "", detail)
            .in_english(format!("the JSON holds more than {VALUES} values, send it in several parts"));
        Err(self.stop(problem))
    }

    fn stop<E: de::Error>(&self, problem: Problem) -> E {
        *self.found.borrow_mut() = Some(problem);
        E::custom("refused")
    }
}

#[derive(Clone, Copy)]
struct Strict<'p> {
    place: &'p Place,
    depth: usize,
}

impl Strict<'_> {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH {
            let pointer = self.place.pointer.borrow().clone();
            let problem = unreadable("JSON_DEPTH", &pointer, format!("JSON 嵌套超过 {DEPTH} 层"))
                .in_english(format!("the JSON is nested deeper than {DEPTH} levels"));
            return Err(self.place.stop(problem));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.place.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = self.place.within(&list.len().to_string(), || items.next_element_seed(inner))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = self.place.within(&key, || {
                if map.contains_key(&key) {
                    let problem =
                        unreadable("JSON_DUPLICATE", &self.place.pointer.borrow(), format!("字段 {key} 出现了两次"))
                            .in_english(format!("the field {key} stands twice"));
                    return Err(self.place.stop(problem));
                }
                entries.next_value_seed(inner)
            })?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> (&'static str, String) {
        let problem = parse(bytes).expect_err("must be refused");
        assert_eq!(problem.class, Class::Unreadable);
        assert!(!problem.english.is_empty());
        (problem.code, problem.field)
    }

    #[test]
    fn what_is_not_one_strict_json_text_is_refused() {
        let deep = [b"[".repeat(1000), b"]".repeat(1000)].concat();
        let cases: [(&[u8], &str, &str); 10] = [
            (b"\xff{}", "BODY_ENCODING", ""),
            (b"", "JSON_SYNTAX", ""),
            (b"hello", "JSON_SYNTAX", ""),
            (b"{\"a\":1", "JSON_SYNTAX", ""),
            (b"{} x", "JSON_SYNTAX", ""),
            (b"{\"a\":\"\\ud800\"}", "JSON_SYNTAX", ""),
            (b"{\"a\":1e400}", "JSON_NUMBER", ""),
            (b"{\"a\":{\"b\":1,\"b\":2}}", "JSON_DUPLICATE", "/a/b"),
            (b"[{\"a/b\":1,\"a/b\":2}]", "JSON_DUPLICATE", "/0/a~1b"),
            (&deep, "JSON_DEPTH", "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0"),
        ];
        for (bytes, code, field) in cases {
            assert_eq!(
                refused(bytes),
                (code, field.to_owned()),
                "{:?}",
                String::from_utf8_lossy(&bytes[..20.min(bytes.len())])
            );
        }
    }

    #[test]
    fn so_many_values_are_read_and_no_more() {
        let list = |zeros: usize| [&b"[0"[..], &b",0".repeat(zeros - 1), b"]"].concat();
        assert!(parse(&list(VALUES - 1)).is_ok(), "the list itself is one");
        let problem = parse(&list(VALUES)).expect_err("too many");
        assert_eq!((problem.class, problem.code), (Class::TooLarge, "JSON_VALUES"));
        assert_eq!(problem.detail, "JSON 中的值超过 500000 个，请分成几次提交");
        for text in ["0", "[]", "[{}]", "[1,[2,3],{\"a\":4,\"b\":[5]}]"] {
            fn count(value: &Value) -> usize {
                1 + match value {
                    Value::Array(list) => list.iter().map(count).sum(),
                    Value::Object(map) => map.values().map(count).sum(),
                    _ => 0,
                }
            }
            assert!(most_values(text.as_bytes()) >= count(&parse(text.as_bytes()).unwrap()), "{text}");
        }
    }

    #[test]
    fn sixteen_levels_and_every_kind_of_value_are_fine() {
        assert!(parse(&[b"[".repeat(16), b"]".repeat(16)].concat()).is_ok());
        assert_eq!(parse("\u{FEFF}{}".as_bytes()), Ok(Value::Object(Map::new())));
        let text = r#"{"a":[1,-2,1.5,true,null,"字"],"b":{}}"#;
        assert_eq!(parse(text.as_bytes()).map(|value| value.to_string()).as_deref(), Ok(text));
    }
}

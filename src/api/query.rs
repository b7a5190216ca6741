//! What follows the `?` of a list: known names, a page of 10 to 100, a cursor of ours.

use crate::{
    clock::Timestamp,
    domain::{DeadLetterId, Problem},
};

const PAGE: i64 = 50;

/// The parameters of a list.
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Refuses unknown parameters: a mistyped filter must not show everything.
    pub fn of(pairs: Vec<(String, String)>, known: &[&str]) -> Result<Self, Problem> {
        match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(Self { pairs }),
            Some((name, _)) => {
                let known = known.join("、");
                Err(Problem::invalid("FIELD_UNKNOWN", format!("/{name}"), format!("未知参数 {name}，可用：{known}"))
                    .in_english(format!("unknown parameter {name}")))
            }
        }
    }

    /// None when it is left out or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// # Errors
    /// `PAGE_SIZE`
    pub fn limit(&self) -> Result<i64, Problem> {
        let Some(raw) = self.get("limit") else { return Ok(PAGE) };
        let limit = raw.parse().ok().filter(|limit| (10..=100).contains(limit));
        limit.ok_or_else(|| {
            Problem::invalid("PAGE_SIZE", "/limit", "每页 10–100 条").in_english("a page has 10 to 100 items")
        })
    }

    /// Where the page begins, by the reader of its kind of cursor.
    ///
    /// # Errors
    /// `CURSOR`
    pub fn cursor<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        let Some(raw) = self.get("cursor") else { return Ok(None) };
        let cursor = read(raw).ok_or_else(|| {
            Problem::invalid("CURSOR", "/cursor", "翻页游标无效，请从第一页重新开始")
                .in_english("the cursor is not one of ours, begin with the first page")
        })?;
        Ok(Some(cursor))
    }
}

/// A place in a list by time: microseconds since 1970 and an id.
pub fn write_place(at: Timestamp, id: DeadLetterId) -> String {
    format!("{}.{id}", at.timestamp_micros())
}

pub fn read_place(text: &str) -> Option<(Timestamp, DeadLetterId)> {
    let (micros, id) = text.split_once('.')?;
    Some((Timestamp::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
}

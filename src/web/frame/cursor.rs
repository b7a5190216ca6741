//! Where the next page of a list begins: the time and id of the last line, as one word in the
//! address.

use std::str::FromStr;

use chrono::DateTime;
use url::form_urlencoded;
use uuid::Uuid;

use crate::{clock::Timestamp, domain::Problem};

/// Lists are cut after so many lines.
pub const PAGE: i64 = 30;

/// The last line that was shown; the next page begins below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub at: Timestamp,
    pub id: Uuid,
}

impl Cursor {
    /// Above every line.
    pub const TOP: Self = Self {
        at: match DateTime::from_timestamp(253_402_300_799, 0) {
            Some(end_of_9999) => end_of_9999,
            None => DateTime::UNIX_EPOCH,
        },
        id: Uuid::max(),
    };

    /// From `?cursor=`; empty is the top.
    pub fn read(text: &str) -> Result<Self, Problem> {
        if text.is_empty() {
            return Ok(Self::TOP);
        }
        text.parse().map_err(|()| {
            Problem::invalid("CURSOR", "/cursor", "页码无效，请从第一页重新打开")
                .in_english("this is not a page of the list; start from the first")
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.timestamp_micros(), self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        let at = at.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or(())?;
        // What is far off makes no list and no database could read it.
        if at < DateTime::UNIX_EPOCH || at > Self::TOP.at {
            return Err(());
        }
        Ok(Self { at, id: id.parse().map_err(|_| ())? })
    }
}

/// The address of the next page of a list: its path, what narrows it, and where it goes on.
pub fn older(path: &str, narrowed: &[(&str, &str)], last: Cursor) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(narrowed.iter().filter(|(_, value)| !value.is_empty()));
    query.append_pair("cursor", &last.to_string());
    format!("{path}?{}", query.finish())
}

/// The `limit` lines of one page out of one more than fit, and the last of them when there are more.
pub fn cut<T>(mut lines: Vec<T>, limit: i64, at: impl Fn(&T) -> Cursor) -> (Vec<T>, Option<Cursor>) {
    let fits = usize::try_from(limit).unwrap_or(usize::MAX);
    if lines.len() <= fits {
        return (lines, None);
    }
    lines.truncate(fits);
    let last = lines.last().map(at);
    (lines, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_as_it_was_written_and_nothing_else_is_one() {
        let cursor = Cursor { at: DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap(), id: Uuid::now_v7() };
        assert_eq!(Cursor::read(&cursor.to_string()), Ok(cursor));
        assert_eq!(Cursor::read(""), Ok(Cursor::TOP));
        for wrong in ["1", ".", "1.2", "x.00000000000000000000000000000000", "-1.00000000000000000000000000000000"] {
            assert_eq!(Cursor::read(wrong).unwrap_err().code, "CURSOR", "{wrong}");
        }
    }
}

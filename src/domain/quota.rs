//! 短信配额: how many SMS pieces a department or a module may use in a month.
//!
//! What a message may cost at most is held when it is accepted, and settled by what went out once
//! nothing of it is left to do.

use chrono_tz::Tz;

use super::{Problem, words::words};
use crate::clock::Timestamp;

/// The largest quota; more means a slip of the finger.
pub const LARGEST: i64 = 100_000_000;

words! {
    /// What becomes of what goes beyond a quota.
    pub enum Mode {
        /// It is refused.
        Strict => "strict",
        /// It goes out all the same, and is only shown.
        Lenient => "lenient",
        /// The quota is passed over, for that of the nearest department above.
        Off => "off",
    }
}

/// The month in which something counts, where this installation lives: `2026-11`.
pub fn month_of(at: Timestamp, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m").to_string()
}

/// A quota in one month, before what is asked for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// of the department or of the module
    pub name: String,
    /// `2026-11`
    pub month: String,
    /// pieces in a month; none: as many as it wants
    pub pieces: Option<i64>,
    /// held or used in the month
    pub used: i64,
    pub mode: Mode,
}

impl Standing {
    /// What is left; none where there is no end to it. Below zero once it was passed.
    pub fn left(&self) -> Option<i64> {
        self.pieces.map(|pieces| pieces - self.used)
    }

    /// So many of `wanted` would go beyond.
    pub fn beyond(&self, wanted: i64) -> i64 {
        self.left().map_or(0, |left| (wanted - left.max(0)).max(0))
    }

    /// # Errors
    /// `QUOTA_SHORT` where `wanted` would go beyond, and that is refused.
    pub fn refuse(&self, wanted: i64) -> Result<(), Problem> {
        if self.mode != Mode::Strict || self.beyond(wanted) == 0 {
            return Ok(());
        }
        let (name, month, left) = (&self.name, &self.month, self.left().unwrap_or(0).max(0));
        Err(Problem::invalid(
            "QUOTA_SHORT",
            "/send_rule",
            format!(
                "“{name}” {month} 的短信配额还剩 {left} 条，本次最多需要 {wanted} 条。请换用不含短信的发送规则、减少接收人，\
                 或请管理员增加配额"
            ),
        )
        .in_english(format!(
            "{left} SMS pieces are left to {name} in {month}, and this may take {wanted}; choose a send rule without \
             SMS or fewer recipients, or ask an administrator for more"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(pieces: Option<i64>, used: i64, mode: Mode) -> Standing {
        Standing { name: "教务处".to_owned(), month: "2026-11".to_owned(), pieces, used, mode }
    }

    #[test]
    fn a_month_begins_where_the_installation_lives() {
        let at = "2026-10-31T16:30:00Z".parse().expect("a time");
        assert_eq!(month_of(at, chrono_tz::Asia::Shanghai), "2026-11");
        assert_eq!(month_of(at, chrono_tz::UTC), "2026-10");
    }

    #[test]
    fn only_a_strict_quota_refuses_and_only_what_goes_beyond() {
        assert_eq!(standing(Some(100), 60, Mode::Strict).refuse(40), Ok(()));
        let refused = standing(Some(100), 60, Mode::Strict).refuse(41).expect_err("one too many");
        assert_eq!((refused.code, refused.field.as_str()), ("QUOTA_SHORT", "/send_rule"));
        assert!(refused.detail.contains("还剩 40 条") && refused.detail.contains("41 条"), "{}", refused.detail);
        assert_eq!(standing(Some(100), 60, Mode::Lenient).refuse(1_000), Ok(()));
        assert_eq!(standing(None, 1_000_000, Mode::Strict).refuse(1_000), Ok(()));
    }

    #[test]
    fn a_quota_that_was_lowered_below_its_use_has_nothing_left() {
        let passed = standing(Some(10), 25, Mode::Strict);
        assert_eq!((passed.left(), passed.beyond(5)), (Some(-15), 5));
        assert!(passed.refuse(1).expect_err("nothing is left").detail.contains("还剩 0 条"));
    }
}

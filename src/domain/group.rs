//! 群分组: what a group, a folder and a note on a member may be called, and how many there may be.

use super::{
    Problem,
    command::text::{self, Length},
};

/// Unicode characters of the name of a group or a folder (bad-input catalogue, 27).
pub const NAME: usize = 50;
/// Unicode characters of a note on a member.
pub const NOTE: usize = 100;
/// What one person or module keeps at most.
pub const GROUPS: i64 = 500;
pub const FOLDERS: i64 = 100;
/// People listed in one group.
pub const MEMBERS: i64 = 10_000;
/// People whom one group is shared with.
pub const SHARES: usize = 200;

/// # Errors
/// `GROUP_NAME`, `TEXT_CONTROL`
pub fn name(raw: &str, at: &str) -> Result<String, Problem> {
    let name = text::line(raw, at)?;
    if text::is_blank(&name) {
        return Err(Problem::invalid("GROUP_NAME", at, "请填写名称（空格和不可见字符不算内容）")
            .in_english("the name is empty (spaces and invisible characters do not count)"));
    }
    Length { code: "GROUP_NAME", what: "名称", english: "name", limit: NAME }.check(&name, at)?;
    Ok(name)
}

/// # Errors
/// `NOTE_LEN`, `TEXT_CONTROL`
pub fn note(raw: &str, at: &str) -> Result<String, Problem> {
    let note = text::line(raw, at)?;
    Length { code: "NOTE_LEN", what: "备注", english: "note", limit: NOTE }.check(&note, at)?;
    Ok(if text::is_blank(&note) { String::new() } else { note })
}

/// # Errors
/// `GROUP_LIMIT`
pub fn is_within(found: i64, limit: i64, what: &str, english: &str) -> Result<(), Problem> {
    if found <= limit {
        return Ok(());
    }
    Err(Problem::invalid("GROUP_LIMIT", "", format!("{what}最多 {limit} 个，当前 {found} 个"))
        .in_english(format!("at most {limit} {english}, these are {found}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_to_fifty_characters_on_one_line() {
        assert_eq!(name(" 班子成员 ", "/name").as_deref(), Ok("班子成员"));
        assert_eq!(name(&"组".repeat(50), "/name").map(|name| name.chars().count()), Ok(50));
        for wrong in ["", " \u{3000}", "\u{200B}", &"组".repeat(51)] {
            assert_eq!(name(wrong, "/name").unwrap_err().code, "GROUP_NAME", "{wrong:?}");
        }
        assert_eq!(name(&"组".repeat(51), "/name").unwrap_err().detail, "名称最多 50 字，当前 51 字，请删去 1 字");
        assert_eq!(name("班子\n成员", "/name").unwrap_err().code, "TEXT_CONTROL");
    }

    #[test]
    fn a_note_may_be_empty_and_not_long() {
        assert_eq!(note(" \u{200B} ", "/note").as_deref(), Ok(""));
        assert_eq!(note(&"注".repeat(101), "/note").unwrap_err().code, "NOTE_LEN");
    }
}

//! 姓名: what may be somebody's name, and how a text from a spreadsheet becomes one.

use super::Problem;

/// Lengths in Unicode characters.
const SHORTEST: usize = 2;
const LONGEST: usize = 60;

/// Line breaks, tabs and runs of blanks become one space; what cannot be seen goes. Full-width
/// blanks count as blanks.
pub fn clean(text: &str) -> String {
    let seen: String =
        text.chars().filter(|c| !is_invisible(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name as a form takes it: not cleaned, only trimmed.
pub fn check(text: &str) -> Result<String, Problem> {
    let name = text.trim();
    let length = name.chars().count();
    let wrong = if name.chars().any(|c| c.is_control() || is_invisible(c)) {
        Some("姓名中有换行、制表符或不可见字符，请删除".to_owned())
    } else if !(SHORTEST..=LONGEST).contains(&length) {
        Some(format!("姓名应为 {SHORTEST} 到 {LONGEST} 个字，当前 {length} 个字"))
    } else if !name.chars().any(char::is_alphabetic) {
        Some("姓名不能只有数字或符号".to_owned())
    } else {
        None
    };
    match wrong {
        None => Ok(name.to_owned()),
        Some(detail) => Err(Problem::invalid("NAME", "/name", detail)
            .in_english("a name has 2 to 60 characters, letters among them, and no line breaks")),
    }
}

/// Zero-width characters, byte order marks and direction controls.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{AD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_with_a_line_break_becomes_a_name() {
        assert_eq!(clean(" 欧阳\n娜娜\u{200B}\t"), "欧阳 娜娜");
        assert_eq!(check(&clean("欧阳\n娜娜")).as_deref(), Ok("欧阳 娜娜"));
    }

    #[test]
    fn a_form_refuses_what_is_no_name() {
        for text in ["", "张", "张\n三", "12345", "张三\u{202E}", &"长".repeat(61)] {
            assert_eq!(check(text).unwrap_err().code, "NAME", "{text:?}");
        }
        for text in ["张三", " 张三 ", "𠮷野家", "Anna-Lena O’Neil", "买买提·艾力"] {
            assert!(check(text).is_ok(), "{text:?}");
        }
    }
}

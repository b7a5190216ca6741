//! Texts that people will read: counted, cleaned, and refused where they would deceive.
//!
//! Lengths count Unicode characters (scalar values, as `[...text].length` does in a browser), and
//! nothing is ever cut: a text that is too long is refused with its count.

use crate::domain::{Problem, message::limits};

/// Characters as the catalogue counts them.
pub fn count(text: &str) -> usize {
    text.chars().count()
}

/// Nothing that a reader could see.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c) || is_bidi(c))
}

/// Takes up no ink: zero-width, fillers, variation selectors, the braille blank.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Turns the direction of what follows: `gpj.exe` can be shown as `exe.jpg`.
pub fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// One line: no control characters; direction overrides are dropped, blanks around it too.
pub fn line(raw: &str, at: &str) -> Result<String, Problem> {
    refuse_control(raw, at, |_| false)?;
    Ok(neutral(raw).trim().to_owned())
}

/// Several lines: line breaks are `\n` whatever the sender's system writes; tabs stay.
pub fn paragraphs(raw: &str, at: &str) -> Result<String, Problem> {
    let unix = raw.replace("\r\n", "\n").replace('\r', "\n");
    refuse_control(&unix, at, |c| matches!(c, '\n' | '\t'))?;
    Ok(neutral(&unix).trim_end().to_owned())
}

fn neutral(text: &str) -> String {
    text.chars().filter(|c| !is_bidi(*c)).collect()
}

fn refuse_control(text: &str, at: &str, allowed: impl Fn(char) -> bool) -> Result<(), Problem> {
    match text.chars().position(|c| c.is_control() && !allowed(c)) {
        None => Ok(()),
        Some(before) => Err(control_character(before, at)),
    }
}

/// There is one that nobody can see, after so many characters.
pub fn control_character(before: usize, at: &str) -> Problem {
    let nth = before + 1;
    Problem::invalid("TEXT_CONTROL", at, format!("第 {nth} 个字符是不可见控制字符，请删除"))
        .in_english(format!("character {nth} is an invisible control character, remove it"))
}

pub fn title(raw: &str, at: &str) -> Result<String, Problem> {
    let title = line(raw, at)?;
    if is_blank(&title) {
        return Err(Problem::invalid("MSG_TITLE_EMPTY", at, "标题不能为空（空格和不可见字符不算内容）")
            .in_english("the title is empty (spaces and invisible characters do not count)"));
    }
    TITLE.check(&title, at)?;
    Ok(title)
}

pub fn body(raw: &str, at: &str) -> Result<String, Problem> {
    let body = paragraphs(raw, at)?;
    BODY.check(&body, at)?;
    Ok(body)
}

/// 落款
pub fn signature(raw: &str, at: &str) -> Result<String, Problem> {
    let signature = line(raw, at)?;
    SIGNATURE.check(&signature, at)?;
    Ok(signature)
}

const TITLE: Length = Length { code: "MSG_TITLE_LEN", what: "标题", english: "title", limit: limits::TITLE };
const BODY: Length = Length { code: "MSG_BODY_LEN", what: "内容", english: "body", limit: limits::BODY };
const SIGNATURE: Length =
    Length { code: "MSG_SIGN_LEN", what: "落款", english: "signature", limit: limits::SIGNATURE };
const LINK: Length = Length { code: "LINK_INVALID", what: "链接地址", english: "link", limit: limits::URL };

/// What is still being written may be empty or wrong, but not longer than what can be sent.
///
/// # Errors
/// `MSG_TITLE_LEN`, `MSG_BODY_LEN`, `MSG_SIGN_LEN`, `LINK_INVALID`
pub fn fits(title: &str, body: &str, signature: &str, url: &str) -> Result<(), Problem> {
    TITLE.check(title, "/title")?;
    BODY.check(body, "/body")?;
    SIGNATURE.check(signature, "/signature")?;
    LINK.check(url, "/url")
}

/// A limit and the words to say it with.
pub struct Length {
    pub code: &'static str,
    pub what: &'static str,
    pub english: &'static str,
    pub limit: usize,
}

impl Length {
    pub fn check(&self, text: &str, at: &str) -> Result<(), Problem> {
        let Self { code, what, english, limit } = self;
        let count = count(text);
        let Some(over) = count.checked_sub(*limit).filter(|over| *over > 0) else {
            return Ok(());
        };
        Err(Problem::invalid(code, at, format!("{what}最多 {limit} 字，当前 {count} 字，请删去 {over} 字"))
            .in_english(format!("the {english} has {count} characters, at most {limit} are allowed")))
    }
}

//! Placeholders in texts: `{{字段}}`, filled from what the sender gives and nothing else.
//!
//! Not handlebars: a text that people can edit must not be able to loop, include or call.

use super::{
    Problem,
    personal::{self, Trait},
};

/// Most that a filled text may grow to, in characters.
const LONGEST: usize = 10_000;

/// Names that a refusal lists.
const LISTED: usize = 10;

/// Fills every placeholder from `value`, and leaves those that name the reader for later; an unknown or
/// empty one blocks sending (`TPL_UNFILLED`), anything else in double braces is refused (`TPL_SYNTAX`) with
/// the `names` that there are, and so is what names the reader in other braces.
pub fn fill(
    text: &str,
    field: &str,
    names: &[&str],
    value: impl Fn(&str) -> Option<String>,
) -> Result<String, Problem> {
    if let Some((written, of)) = personal::in_other_braces(text) {
        return Err(braces(field, written, &personal::placeholder(of)));
    }
    let mut filled = String::with_capacity(text.len());
    let mut missing: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let inner = &from[2..];
        let Some(end) = inner.find("}}").filter(|_| is_plain(inner)) else {
            return Err(syntax(field, from, names));
        };
        let name = inner[..end].trim();
        let given = value(name).filter(|value| !value.trim().is_empty());
        match given.or_else(|| Trait::of(name).map(personal::placeholder)) {
            Some(value) => filled.push_str(&value),
            None => missing.push(&from[..end + 4]),
        }
        rest = &inner[end + 2..];
    }
    filled.push_str(rest);
    if missing.is_empty() {
        if filled.chars().count() > LONGEST {
            return Err(Problem::invalid("MSG_BODY_LEN", field, format!("填写后的内容超过 {LONGEST} 字"))
                .in_english(format!("the filled text is longer than {LONGEST} characters")));
        }
        return Ok(filled);
    }
    let list = missing.join("、");
    Err(Problem::invalid("TPL_UNFILLED", field, format!("还有 {} 处未填写：{list}，未发送", missing.len()))
        .in_english(format!("{} placeholders are not filled: {list}; nothing was sent", missing.len())))
}

/// What names the reader is written in other braces.
fn braces(field: &str, written: &str, right: &str) -> Problem {
    Problem::invalid("TPL_SYNTAX", field, format!("{written} 应写成 {right}"))
        .in_english(format!("{written} must be written {right}"))
}

/// A name follows, not the syntax of a template language.
fn is_plain(inner: &str) -> bool {
    !inner.starts_with(['#', '/', '>', '{', '!', '&', '^', '~', '@', '*'])
}

fn syntax(field: &str, from: &str, names: &[&str]) -> Problem {
    let shown: String = from.chars().take(12).collect();
    let names: Vec<&str> = names.iter().copied().chain(Trait::WORDS).collect();
    let more = if names.len() > LISTED { "…" } else { "" };
    let list = names[..names.len().min(LISTED)].join("、");
    Problem::invalid("TPL_SYNTAX", field, format!("不支持的模板写法“{shown}”，可用字段：{list}{more}"))
        .in_english(format!("“{shown}” is not supported; the fields are: {list}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, &'static str> {
        let room = |name: &str| (name == "会议室").then(|| "第五会议室".to_owned());
        fill(text, "/body", &["会议室"], room).map_err(|problem| problem.code)
    }

    #[test]
    fn what_is_given_is_filled_and_the_rest_blocks_sending() {
        assert_eq!(filled("请到{{会议室}}。"), Ok("请到第五会议室。".to_owned()));
        assert_eq!(filled("请到{{ 会议地点 }}。"), Err("TPL_UNFILLED"));
        assert_eq!(
            filled("{{ 姓名 }}请到{{会议室}}"),
            Ok("{{姓名}}请到第五会议室".to_owned()),
            "for each reader, later"
        );
        assert_eq!(filled("没有占位符 {单个}"), Ok("没有占位符 {单个}".to_owned()));
    }

    #[test]
    fn a_template_language_is_refused() {
        for text in ["{{#each x}}", "{{> x}}", "{{{x}}}", "{{x"] {
            assert_eq!(filled(text), Err("TPL_SYNTAX"), "{text}");
        }
        let detail = |names: &[&str]| fill("{{#each x}}", "/body", names, |_| None).expect_err("no such syntax").detail;
        assert_eq!(detail(&["会议室"]), "不支持的模板写法“{{#each x}}”，可用字段：会议室、姓名、部门、工号、职务");
        assert!(detail(&["字段"; 11]).ends_with("、字段…"), "{}", detail(&["字段"; 11]));
    }
}

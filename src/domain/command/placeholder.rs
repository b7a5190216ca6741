//! `{{字段名}}` is the only thing that may stand in double braces, and only where a template fills
//! it in: what is left unfilled is never sent.

use crate::domain::Problem;

/// Refuses blocks, partials, raw output; and any placeholder unless `is_template`.
pub fn check(texts: &[(&str, String)], is_template: bool, fields: &[&str]) -> Result<(), Problem> {
    let mut unfilled = Vec::new();
    for (text, at) in texts {
        for placeholder in find(text) {
            match placeholder {
                Placeholder::Unsupported(opening) => return Err(unsupported(opening, at, fields)),
                Placeholder::Field(name) => unfilled.push((name, at)),
            }
        }
    }
    match unfilled.first() {
        Some((name, at)) if !is_template => {
            let count = unfilled.len();
            Err(Problem::invalid("TPL_UNFILLED", at.as_str(), format!("还有 {count} 处未填写：{{{{{name}}}}}，未发送"))
                .in_english(format!("{count} placeholders are not filled in, the first is {{{{{name}}}}}; not sent")))
        }
        _ => Ok(()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Placeholder<'a> {
    Field(&'a str),
    /// The opening braces with the word that follows.
    Unsupported(&'a str),
}

fn find(text: &str) -> Vec<Placeholder<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let inside = &rest[start + 2..];
        let end = inside.find("}}");
        if inside.starts_with(['{', '#', '>', '/', '&', '^', '!', '~', '*', '@']) {
            let stop = inside.find(|c: char| c.is_whitespace() || c == '}').unwrap_or(inside.len());
            found.push(Placeholder::Unsupported(&rest[start..start + 2 + stop]));
        } else if let Some(end) = end {
            found.push(Placeholder::Field(inside[..end].trim()));
        }
        // Braces that are never closed are just braces.
        rest = end.map_or("", |end| &inside[end + 2..]);
    }
    found
}

fn unsupported(opening: &str, at: &str, fields: &[&str]) -> Problem {
    let allowed = if fields.is_empty() {
        "只能写 {{字段名}}".to_owned()
    } else {
        format!("可用字段：{}", fields.join("、"))
    };
    Problem::invalid("TPL_SYNTAX", at, format!("不支持的模板写法“{opening}”，{allowed}"))
        .in_english(format!("“{opening}” is not supported, only {{{{name}}}} is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_fields_are_placeholders() {
        assert_eq!(find("在{{ 会议地点 }}和{{时间}}"), [Placeholder::Field("会议地点"), Placeholder::Field("时间")]);
        assert_eq!(find("{{#each people}}x"), [Placeholder::Unsupported("{{#each")]);
        assert_eq!(find("{{>x}}"), [Placeholder::Unsupported("{{>x")]);
        assert_eq!(find("{{{x}}}"), [Placeholder::Unsupported("{{{x")]);
        assert_eq!(find("if (a) {{ b"), []);
    }
}

//! Templates, locales and scripts: nothing unescaped, every text in both languages, and only syntax
//! that the oldest browser in the promise (Chromium 69, ES2018) can parse.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{files, read};

#[test]
fn templates_escape_everything() {
    let mut raw = Vec::new();
    for file in files(&["hbs"]) {
        for (index, line) in read(&file).lines().enumerate() {
            if line.contains("{{{") || line.contains("{{&") || has_bare_attribute(line) {
                raw.push(format!("{}:{}: {}", file.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(raw.is_empty(), "escape it, and quote attributes: {raw:#?}");
}

#[test]
fn both_languages_have_the_same_texts() {
    let locales: Vec<_> = files(&["json"])
        .into_iter()
        .filter(|file| file.starts_with("templates/locales"))
        .map(|file| {
            let texts: Value = serde_json::from_str(&read(&file)).unwrap();
            let mut keys = BTreeSet::new();
            gather(&texts, "", &mut keys);
            (file, keys)
        })
        .collect();
    for pair in locales.windows(2) {
        let different: Vec<_> = pair[0].1.symmetric_difference(&pair[1].1).collect();
        assert!(different.is_empty(), "{:?} and {:?} differ: {different:#?}", pair[0].0, pair[1].0);
    }
}

#[test]
fn scripts_are_es2018() {
    let mut newer = Vec::new();
    for file in files(&["js"]) {
        for (line, what) in newer_syntax(&read(&file)) {
            newer.push(format!("{}:{line}: {what}", file.display()));
        }
    }
    assert!(newer.is_empty(), "Chromium 69 cannot parse {newer:#?}");
}

/// An attribute whose value is not in quotes: `class={{x}}`, but not `"?page={{x}}"`.
fn has_bare_attribute(line: &str) -> bool {
    line.match_indices("={{").any(|(at, _)| {
        let before = &line[..at];
        let name = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "-_:".contains(c));
        name.len() < before.len() && name.ends_with(char::is_whitespace)
    })
}

fn gather(texts: &Value, above: &str, keys: &mut BTreeSet<String>) {
    match texts {
        Value::Object(inner) => inner.iter().for_each(|(key, text)| gather(text, &format!("{above}/{key}"), keys)),
        // English has a form for one thing; Chinese needs none.
        _ => _ = keys.insert(above.trim_end_matches(".one").to_owned()),
    }
}

/// Line and name of each piece of syntax from after ES2018.
fn newer_syntax(script: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (index, line) in bare(script).lines().enumerate() {
        let mut note = |what| found.push((index + 1, what));
        for (at, _) in line.match_indices("?.") {
            if !line[at + 2..].starts_with(|c: char| c.is_ascii_digit()) {
                note("?.");
            }
        }
        for what in ["??", "||=", "&&=", "import(", "import.meta", "static {", "export * as"] {
            if line.contains(what) {
                note(what);
            }
        }
        if line.replace(' ', "").contains("catch{") {
            note("catch without a name");
        }
        let marks: Vec<char> = line.chars().collect();
        for three in marks.windows(3) {
            let digits = three[0].is_ascii_digit() && three[2].is_ascii_digit();
            if digits && three[1] == '_' {
                note("_ in a number");
            }
            let starts = !(three[0].is_alphanumeric() || "_$#&".contains(three[0]));
            if starts && three[1] == '#' && three[2].is_alphabetic() {
                note("#private");
            }
            if !three[2].is_alphanumeric() && three[1] == 'n' && three[0].is_ascii_digit() {
                note("big integer");
            }
        }
    }
    found
}

/// The script with its comments, texts and regular expressions blanked, line by line as before;
/// what stands in `${…}` stays.
fn bare(script: &str) -> String {
    let marks: Vec<char> = script.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    // Braces open inside each `${` that is being read.
    let mut inner: Vec<usize> = Vec::new();
    while at < marks.len() {
        let end = match (marks[at], marks.get(at + 1)) {
            ('/', Some('/')) => until(&marks, at, |rest| rest.starts_with(&['\n'])),
            ('/', Some('*')) => until(&marks, at + 2, |rest| rest.starts_with(&['*', '/'])) + 2,
            ('/', _) if starts_expression(&out) => quoted(&marks, at, '/').0,
            (quote @ ('"' | '\''), _) => quoted(&marks, at, quote).0,
            ('`', _) => template(&marks, at, &mut inner),
            ('}', _) if inner.last() == Some(&0) => {
                inner.pop();
                template(&marks, at, &mut inner)
            }
            (mark, _) => {
                match (mark, inner.last_mut()) {
                    ('{', Some(open)) => *open += 1,
                    ('}', Some(open)) => *open -= 1,
                    _ => {}
                }
                out.push(mark);
                at += 1;
                continue;
            }
        };
        let end = end.min(marks.len());
        out.extend(marks[at..end].iter().map(|mark| if *mark == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

fn until(marks: &[char], from: usize, found: impl Fn(&[char]) -> bool) -> usize {
    (from..marks.len()).find(|at| found(&marks[*at..])).unwrap_or(marks.len())
}

/// Just after the mark that closes what opens at `from`, and whether it was closed by `${`.
fn quoted(marks: &[char], from: usize, quote: char) -> (usize, bool) {
    let (mut at, mut in_class) = (from + 1, false);
    while at < marks.len() {
        match marks[at] {
            '\\' => at += 1,
            '[' if quote == '/' => in_class = true,
            ']' if quote == '/' => in_class = false,
            '$' if quote == '`' && marks.get(at + 1) == Some(&'{') => return (at + 2, true),
            mark if mark == quote && !in_class => return (at + 1, false),
            _ => {}
        }
        at += 1;
    }
    (at, false)
}

fn template(marks: &[char], from: usize, inner: &mut Vec<usize>) -> usize {
    let (end, is_open) = quoted(marks, from, '`');
    if is_open {
        inner.push(0);
    }
    end
}

/// Whether a slash here opens a regular expression rather than dividing.
fn starts_expression(before: &str) -> bool {
    let before = before.trim_end();
    let keyword = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    ["return", "typeof", "case", "of", "in"].contains(&keyword)
        || before.is_empty()
        || before.ends_with(|c: char| "(,=:[!&|?{};><+-*%".contains(c))
}

#[test]
fn the_script_rules_themselves() {
    let found = |script: &str| newer_syntax(script).into_iter().map(|(_, what)| what).collect::<Vec<_>>();
    let old = "a ? .5 : b; 'a?.b'; // c?.d\n/x??[/]#y/.test(z); `${a ? `?.` : b}`; a / b; \"1_0\"; try {} catch (e) {}";
    assert_eq!(found(old), [] as [&str; 0]);
    assert_eq!(found("a?.b"), ["?."]);
    assert_eq!(newer_syntax("/* \n */ `x ${a ?? b} ?.`"), [(2, "??")]);
    assert_eq!(found("a ||= 1_000; try {} catch { }"), ["||=", "catch without a name", "_ in a number"]);
    assert_eq!(found("class A { #x = 1n; }"), ["#private", "big integer"]);
    assert!(has_bare_attribute("<p class={{x}}>") && !has_bare_attribute("<a href=\"?a={{x}}\">"));
}

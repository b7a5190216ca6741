//! A small, strict reader of HTML: finds what a browser would forgive.

use std::collections::{BTreeMap, BTreeSet};

/// Elements without an end, in HTML and in the drawings we use.
const VOID: [&str; 6] = ["meta", "link", "img", "br", "input", "hr"];
/// Attributes whose value is the id of another element (or several).
const REFERENCES: [&str; 4] = ["for", "aria-labelledby", "aria-describedby", "aria-controls"];

struct Tag<'a> {
    name: &'a str,
    attributes: BTreeMap<&'a str, &'a str>,
    closing: bool,
    /// `/>`
    single: bool,
}

/// Everything that is wrong with a page, or with a part of one.
pub fn faults(text: &str, whole: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let tags = read(text, &mut faults);
    balance(&tags, &mut faults);
    policy(&tags, &mut faults);
    references(&tags, whole, &mut faults);
    forms(&tags, &mut faults);
    if whole {
        let headings = tags.iter().filter(|tag| tag.name == "h1" && !tag.closing).count();
        if headings != 1 {
            faults.push(format!("{headings} h1"));
        }
    }
    faults
}

fn read<'a>(text: &'a str, faults: &mut Vec<String>) -> Vec<Tag<'a>> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('!') {
            rest = after;
            continue;
        }
        match tag(rest) {
            Ok((found, after)) => {
                tags.push(found);
                rest = after;
            }
            Err(fault) => faults.push(format!("{fault}: <{}", rest.chars().take(60).collect::<String>())),
        }
    }
    tags
}

fn tag(text: &str) -> Result<(Tag<'_>, &str), &'static str> {
    let (closing, text) = match text.strip_prefix('/') {
        Some(after) => (true, after),
        None => (false, text),
    };
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).ok_or("a tag without end")?;
    let mut tag = Tag { name: &text[..end], attributes: BTreeMap::new(), closing, single: false };
    let mut rest = text[end..].trim_start();
    loop {
        if let Some(after) = rest.strip_prefix('>') {
            return Ok((tag, after));
        }
        if let Some(after) = rest.strip_prefix("/>") {
            tag.single = true;
            return Ok((tag, after));
        }
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-:".contains(c)))
            .filter(|end| *end > 0)
            .ok_or("not an attribute")?;
        let name = &rest[..end];
        rest = &rest[end..];
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.strip_prefix('"').ok_or("an attribute without quotes")?;
            let (inside, after) = after.split_once('"').ok_or("an attribute without end")?;
            value = inside;
            rest = after;
        }
        if tag.attributes.insert(name, value).is_some() {
            return Err("an attribute twice");
        }
        if !rest.starts_with(['>', '/', ' ', '\n']) {
            return Err("no space between attributes");
        }
        rest = rest.trim_start();
    }
}

fn balance(tags: &[Tag], faults: &mut Vec<String>) {
    let mut open: Vec<&str> = Vec::new();
    for tag in tags.iter().filter(|tag| !tag.single && !VOID.contains(&tag.name)) {
        if !tag.closing {
            open.push(tag.name);
        } else if open.pop() != Some(tag.name) {
            faults.push(format!("</{}> closes something else", tag.name));
            return;
        }
    }
    if let Some(name) = open.last() {
        faults.push(format!("<{name}> is never closed"));
    }
}

/// What `default-src 'self'` and `form-action 'self'` forbid, and what leaks the address of a page.
fn policy(tags: &[Tag], faults: &mut Vec<String>) {
    for tag in tags {
        let get = |name: &str| tag.attributes.get(name).copied();
        for name in tag.attributes.keys() {
            if *name == "style" || name.starts_with("on") {
                faults.push(format!("<{} {name}>", tag.name));
            }
        }
        let fetches = ["src", "action"].iter().filter_map(|name| get(name));
        for address in fetches.chain(get("href").filter(|_| tag.name != "a")) {
            if !(address.starts_with('/') && !address.starts_with("//") || address.starts_with('#')) {
                faults.push(format!("<{}> fetches {address}", tag.name));
            }
        }
        match tag.name {
            "script" if !tag.closing && get("src").is_none() => faults.push("a script in the page".into()),
            "style" => faults.push("a style in the page".into()),
            "img" if get("alt").is_none() => faults.push("a picture without words".into()),
            "a" if get("target").is_some() && get("rel") != Some("noopener noreferrer") => {
                faults.push("a link that hands itself over".into());
            }
            "a" if get("href").is_some_and(|href| href.contains("javascript:")) => {
                faults.push("a link that is a script".into());
            }
            _ => {}
        }
    }
}

fn references(tags: &[Tag], whole: bool, faults: &mut Vec<String>) {
    let mut ids = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| tag.attributes.get("id")) {
        if !ids.insert(*id) {
            faults.push(format!("id {id} twice"));
        }
    }
    if !whole {
        return;
    }
    for tag in tags {
        for name in REFERENCES {
            for id in tag.attributes.get(name).into_iter().flat_map(|ids| ids.split(' ')) {
                if !ids.contains(id) {
                    faults.push(format!("{name} points at {id}, which is not there"));
                }
            }
        }
        for name in ["data-swap", "data-open", "data-fill", "data-shows", "data-add"] {
            if let Some(id) = tag.attributes.get(name).and_then(|id| id.strip_prefix('#'))
                && !ids.contains(id)
            {
                faults.push(format!("{name} points at {id}, which is not there"));
            }
        }
    }
}

/// Every form that changes something carries the session's token.
fn forms(tags: &[Tag], faults: &mut Vec<String>) {
    let mut without_token = false;
    for tag in tags {
        match (tag.name, tag.closing) {
            ("form", false) => without_token = tag.attributes.get("method") == Some(&"post"),
            ("form", true) if without_token => faults.push("a form without csrf".into()),
            ("input", _) if tag.attributes.get("name") == Some(&"csrf") => without_token = false,
            _ => {}
        }
    }
}

#[test]
fn the_reader_finds_what_it_should() {
    let found = |text| faults(text, false);
    assert!(found("<p>ok<br><a href=\"/x\">y</a></p>").is_empty());
    assert!(found("<a href=/x>y</a>")[0].contains("without quotes"));
    assert!(found("<p><b></p></b>")[0].contains("closes something else"));
    assert!(found("<p style=\"x\"></p>")[0].contains("style"));
    assert!(found("<form method=\"post\"></form>")[0].contains("csrf"));
    assert!(found("<img src=\"https://x/y.png\" alt=\"\">")[0].contains("fetches"));
    assert!(found("<script>1</script>")[0].contains("script"));
}

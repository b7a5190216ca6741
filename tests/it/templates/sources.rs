//! Rules for the sources of pages: templates, words, styles, scripts.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use zhihui::web::words::text::{Lang, Words};

use crate::tidy;

pub fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
}

fn files(extension: &str) -> Vec<(String, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![templates()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(templates()).unwrap().display().to_string();
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no .{extension} under templates/");
    found
}

/// Page templates; notices for channels are plain text and have rules of their own.
fn pages() -> impl Iterator<Item = (String, String)> {
    files("hbs").into_iter().filter(|(name, _)| !name.starts_with("notices"))
}

fn is_chinese(c: char) -> bool {
    ('\u{3000}'..='\u{9fff}').contains(&c) || ('\u{ff00}'..='\u{ffef}').contains(&c)
}

#[test]
fn templates_keep_to_the_content_security_policy() {
    for (name, text) in pages() {
        for forbidden in ["style=", "<style", "javascript:", " onclick"] {
            assert!(!text.contains(forbidden), "{name} has {forbidden}");
        }
    }
}

#[test]
fn templates_speak_only_through_the_files_of_words() {
    for (name, text) in pages() {
        // the name of the other language is written in that language
        let text = text.replace(">中文<", "><");
        assert!(!text.contains(is_chinese), "{name} has words of its own");
    }
}

#[test]
fn a_word_takes_the_same_values_in_both_languages() {
    let words = Words::load().unwrap();
    for key in words.keys(Lang::Chinese) {
        let [chinese, english] = Lang::ALL.map(|lang| names(&words.say(lang, key, &[]).unwrap()));
        // the name of a month is a word in English and a number in Chinese
        if !["time.day", "time.date"].contains(&key) {
            assert_eq!(chinese, english, "{key}");
        }
    }
}

fn names(text: &str) -> BTreeSet<String> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn no_word_is_left_over() {
    let mut used = String::new();
    for (_, text) in pages() {
        used.push_str(&text);
    }
    for file in
        tidy::files(&["rs"]).iter().filter(|file| file.starts_with("src/web") && !file.starts_with("src/web/views"))
    {
        used.push_str(&tidy::read(file));
    }
    let words = Words::load().unwrap();
    let left: Vec<_> = words.keys(Lang::Chinese).filter(|key| !is_used(key, &used)).collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// Whole, or as the beginning of a key that is put together: `{{t "channel." name}}`.
fn is_used(key: &str, text: &str) -> bool {
    let ends = key.match_indices('.').map(|(at, _)| at + 1);
    text.contains(&format!("\"{key}\""))
        || ends
            .into_iter()
            .any(|end| text.contains(&format!("\"{}\"", &key[..end])) || text.contains(&format!("\"{}{{", &key[..end])))
}

/// Syntax is the business of the tidy tests; these came to browsers after Chromium 69.
#[test]
fn scripts_use_what_chromium_69_knows() {
    for (name, text) in files("js") {
        for newer in [".at(", "replaceAll", ".flat(", "fromEntries", "matchAll", "allSettled", "structuredClone"] {
            assert!(!text.contains(newer), "{name} uses {newer}");
        }
        assert!(text.lines().count() <= 250, "{name} is too long");
        assert!(!text.contains(is_chinese), "{name} has words of its own");
    }
}

#[test]
fn styles_work_on_chromium_69() {
    for (name, text) in files("css") {
        let forbidden =
            ["inset:", "aspect-ratio", "min(", "max(", "clamp(", ":is(", ":where(", ":has(", "dvh", "color-mix"];
        for forbidden in forbidden {
            let text = text.replace("minmax(", "");
            assert!(!text.contains(forbidden), "{name} has {forbidden}");
        }
        assert!(!text.contains("url("), "{name} fetches a picture that no hash would follow");
        assert!(text.lines().count() <= 400, "{name} is too long");
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{name} is not balanced");
    }
}

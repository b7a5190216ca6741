//! The Rust source: layers, modules, and what only one place may do.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{code, files, read, root};

/// From the bottom to the top: a layer may use those before it. Two in one row never name each
/// other. `config` stands beside them all: it names none, and only the top two name it.
const LAYERS: [&[&str]; 8] = [
    &["clock", "failpoint"],
    &["domain"],
    &["storage", "broker"],
    &["hub"],
    &["producers"],
    &["web", "api"],
    &["app"],
    &["cli"],
];
const SEE_CONFIG: [&str; 2] = ["app", "cli"];

#[test]
fn layers_only_look_down() {
    let mut wrong = Vec::new();
    for file in under("src") {
        let own = module_of(&file);
        for used in crate_paths(&read(&file)) {
            if !may_use(&own, &used) {
                wrong.push(format!("{} ({own}) uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_has_its_layer() {
    let homeless: BTreeSet<_> = under("src")
        .iter()
        .map(|file| module_of(file))
        .filter(|own| level(own).is_none() && !["lib", "main", "config"].contains(&own.as_str()))
        .collect();
    assert!(homeless.is_empty(), "give these a layer here and in src/lib.rs: {homeless:?}");
}

#[test]
fn sql_stays_in_storage() {
    let sql = ["sqlx::query", "sqlx::raw_sql", "\"select ", "\"insert into ", "\"delete from "];
    let outside = holding(&sql, |file| !file.starts_with("src/storage"));
    assert!(outside.is_empty(), "{outside:#?}");
}

#[test]
fn only_the_clock_asks_for_the_time() {
    let asking = ["Utc::now(", "Local::now(", "SystemTime::now("];
    let outside = holding(&asking, |file| file != Path::new("src/clock.rs"));
    assert!(outside.is_empty(), "{outside:#?}");
}

#[test]
fn the_product_never_unwraps() {
    let unwrapping = holding(&[".unwrap()"], |_| true);
    assert!(unwrapping.is_empty(), "say with expect() why it cannot fail: {unwrapping:#?}");
}

#[test]
fn nothing_is_left_for_later() {
    let later = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[", "ignore")];
    let mut found = Vec::new();
    for file in files(&["rs", "js", "css", "hbs"]) {
        for (index, line) in read(&file).lines().enumerate() {
            if later.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}", file.display(), index + 1));
            }
        }
    }
    assert!(found.is_empty(), "an issue, or nothing: {found:#?}");
}

#[test]
fn every_file_says_what_it_is_and_is_reached() {
    let mut reached = BTreeSet::new();
    let rust = files(&["rs"]);
    for file in &rust {
        let is_root = ["src/lib.rs", "src/main.rs", "channels/src/lib.rs"].map(Path::new).contains(&file.as_path());
        let is_test = file.starts_with("tests") && file.ends_with("main.rs");
        if is_root || is_test {
            reach(file, &mut reached);
        }
    }
    let silent: Vec<_> = rust.iter().filter(|file| !read(file).starts_with("//!")).collect();
    assert!(silent.is_empty(), "open with `//!` and what the file is: {silent:#?}");
    let dead: Vec<_> = rust.iter().filter(|file| !reached.contains(*file)).collect();
    assert!(dead.is_empty(), "no `mod` line reaches {dead:#?}");
}

fn under(folder: &str) -> Vec<PathBuf> {
    let mut found = files(&["rs"]);
    found.retain(|file| file.starts_with(folder));
    found
}

/// Lines of the product's code, tests aside, that hold one of `texts`, in the files that `applies`
/// picks.
fn holding(texts: &[&str], applies: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in under("src").into_iter().filter(|file| applies(file) && !is_test(file)) {
        for (number, line) in code(product(&read(&file))) {
            if texts.iter().any(|text| line.contains(text)) {
                found.push(format!("{}:{number}: {}", file.display(), line.trim()));
            }
        }
    }
    found
}

/// The file without the test module at its end.
fn product(text: &str) -> &str {
    match text.find("#[cfg(test)]\nmod tests {") {
        Some(end) => &text[..end],
        None => text,
    }
}

fn is_test(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| stem == "tests") || file.iter().any(|part| part == "tests")
}

fn module_of(file: &Path) -> String {
    let first = file.iter().nth(1).expect("src/ holds it").to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn level(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

fn may_use(own: &str, used: &str) -> bool {
    if used == "config" {
        return own == used || SEE_CONFIG.contains(&own);
    }
    match (level(own), level(used)) {
        (Some(own_level), Some(used_level)) => own == used || used_level < own_level,
        (None, Some(_)) => own != "config",
        (_, None) => true,
    }
}

/// First segments named after `crate::`, in `crate::a::b` and in `crate::{a::b, c}`.
fn crate_paths(text: &str) -> BTreeSet<String> {
    let lines: Vec<_> = code(text).map(|(_, line)| line).collect();
    let text = lines.join("\n");
    let mut found = BTreeSet::new();
    for (at, start) in text.match_indices("crate::") {
        let rest = &text[at + start.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group_heads(group)),
            None => _ = found.insert(word(rest)),
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first segment of each member of a `use` group, up to its closing brace.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut at_head) = (1, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' => at_head |= depth == 1,
            c if at_head && c.is_alphabetic() => {
                heads.push(word(&group[at..]));
                at_head = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads
}

fn reach(file: &Path, reached: &mut BTreeSet<PathBuf>) {
    if !reached.insert(file.to_owned()) {
        return;
    }
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let folder = file.parent().unwrap();
    let base = if ["mod", "lib", "main"].contains(&stem) { folder.to_owned() } else { folder.join(stem) };
    let mut elsewhere = None;
    for (_, line) in code(&read(file)) {
        if let Some(path) = line.trim().strip_prefix("#[path = \"../") {
            elsewhere = path.strip_suffix("\"]").map(|path| folder.parent().unwrap().join(path));
            continue;
        }
        let Some((before, name)) = line.trim().strip_suffix(';').and_then(|line| line.rsplit_once("mod ")) else {
            continue;
        };
        if !(before.is_empty() || before.starts_with("pub")) {
            continue;
        }
        let beside = [base.join(format!("{name}.rs")), base.join(name).join("mod.rs")];
        for path in beside.into_iter().chain(elsewhere.take()) {
            if root().join(&path).exists() {
                reach(&path, reached);
            }
        }
    }
}

#[test]
fn the_layer_rules_themselves() {
    assert!(may_use("hub", "storage") && may_use("hub", "hub") && may_use("cli", "config"));
    assert!(!may_use("hub", "web") && !may_use("web", "api") && !may_use("storage", "broker"));
    assert!(!may_use("hub", "config") && !may_use("config", "domain"));
    assert!(may_use("config", "config") && may_use("lib", "web") && may_use("hub", "Error"));
    let text = "use crate::{\n    hub::{Hub, intake},\n    web,\n};\nlet a = crate::storage::b;\n// crate::cli";
    assert_eq!(crate_paths(text), ["hub", "storage", "web"].map(str::to_owned).into());
}

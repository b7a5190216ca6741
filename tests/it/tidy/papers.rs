//! What the papers name is there: paths in ARCHITECTURE.md and CONTRIBUTING.md, links everywhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{files, read, root};

/// The first part of every path that is looked for.
const TOPS: [&str; 8] = ["src", "channels", "templates", "migrations", "tests", "docker", "docs", ".ci"];

#[test]
fn named_paths_exist() {
    let mut missing = Vec::new();
    for paper in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let Ok(text) = fs::read_to_string(root().join(paper)) else { continue };
        for path in named_paths(&text) {
            if !root().join(&path).exists() {
                missing.push(format!("{paper} names {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Rooms and files of the hub in comments, which no compiler follows.
#[test]
fn named_parts_of_the_hub_exist() {
    let mut missing = Vec::new();
    for file in files(&["rs", "sql"]) {
        let text = read(&file);
        let comments =
            text.lines().filter(|line| ["//", "--"].iter().any(|start| line.trim_start().starts_with(start)));
        for path in comments.flat_map(hub_paths).filter(|path| !is_in_the_hub(path)) {
            missing.push(format!("{} names hub::{}", file.display(), path.join("::")));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What follows each `hub::`, as far as it names modules and functions.
fn hub_paths(line: &str) -> impl Iterator<Item = Vec<&str>> {
    line.split("hub::").skip(1).map(|rest| {
        let path = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').next().unwrap_or_default();
        path.split("::").take_while(|part| part.starts_with(|c: char| c.is_ascii_lowercase())).collect()
    })
}

/// The last part may be a function in the file of the others.
fn is_in_the_hub(path: &[&str]) -> bool {
    let text = |path: &[&str]| {
        let module = format!("src/hub/{}", path.join("/"));
        let files = [format!("{module}.rs"), format!("{module}/mod.rs")];
        files.iter().find_map(|file| fs::read_to_string(root().join(file)).ok())
    };
    let Some((last, before)) = path.split_last() else { return true };
    text(path).is_some() || text(before).is_some_and(|text| text.contains(&format!("fn {last}")))
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for paper in papers() {
        let text = fs::read_to_string(&paper).unwrap();
        for link in links(&text) {
            if !paper.parent().unwrap().join(&link).exists() {
                broken.push(format!("{}: {link}", paper.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_operating_guide_says_in_chinese_what_it_says_in_english() {
    let [english, chinese] = ["docs/operating.md", "docs/operating.zh-CN.md"].map(|paper| {
        let text = fs::read_to_string(root().join(paper)).unwrap();
        shape(&text)
    });
    assert_eq!(english, chinese);
}

/// From the first heading on: what each line is, and the commands themselves.
fn shape(text: &str) -> Vec<String> {
    let mut is_code = false;
    let lines = text.lines().skip_while(|line| !line.starts_with("## ")).filter(|line| !line.is_empty());
    let kind = |line: &str| {
        if line.starts_with("```") {
            is_code = !is_code;
        }
        match line.split(' ').next().unwrap_or_default() {
            _ if is_code || line.starts_with("```") => return line.replace("密码", "PASSWORD"),
            mark @ ("|" | "##" | "###") => mark,
            number if number.ends_with('.') && number.starts_with(|c: char| c.is_ascii_digit()) => number,
            _ => "paragraph",
        }
        .to_owned()
    };
    lines.map(kind).collect()
}

/// Words in backticks that are paths of this repository; patterns such as `src/<x>/*.rs` are not.
fn named_paths(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let words = quoted.filter(|word| !word.is_empty() && !word.contains(|c: char| " *<>{}…\n".contains(c)));
    let ours = words.filter(|word| match word.split_once('/') {
        Some((top, _)) => TOPS.contains(&top),
        None => word.ends_with(".md") || word.ends_with(".toml"),
    });
    ours.map(str::to_owned).collect()
}

/// Targets of links to other files, without what follows `#`.
fn links(text: &str) -> Vec<String> {
    let starts = text.match_indices("](").map(|(at, start)| &text[at + start.len()..]);
    let targets = starts.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files = targets.filter(|target| !target.contains(':') && !target.starts_with('#') && !target.contains(' '));
    files.map(|target| target.split('#').next().unwrap_or(target).to_owned()).collect()
}

/// Every Markdown file at the root and in the folders of papers.
fn papers() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("docs"), root().join("docker")];
    let mut look = |folder: &Path, deeper: Option<&mut Vec<PathBuf>>| {
        let mut inner = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                inner.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                found.push(path);
            }
        }
        if let Some(deeper) = deeper {
            deeper.extend(inner);
        }
    };
    look(root(), None);
    while let Some(folder) = folders.pop() {
        look(&folder, Some(&mut folders));
    }
    found
}

#[test]
fn the_path_rules_themselves() {
    let text = "`src/clock.rs` and `application/json`, `src/hub/*.rs`, `deny.toml`, `/api/v1`, [a](docs/a.md#b)";
    assert_eq!(named_paths(text), ["src/clock.rs", "deny.toml"]);
    assert_eq!(links(text), ["docs/a.md"]);
    let comment = "// see hub::policy, [`crate::hub::follow::tallies::Tally`] and hub::policy::require.";
    let named: Vec<_> = hub_paths(comment).collect();
    assert_eq!(named, [vec!["policy"], vec!["follow", "tallies"], vec!["policy", "require"]]);
    assert!(named.iter().all(|path| is_in_the_hub(path)));
    assert!(!is_in_the_hub(&["tallies"]) && !is_in_the_hub(&["policy", "forbid"]));
}

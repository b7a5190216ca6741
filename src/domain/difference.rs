//! What is different between two texts, line by line.

/// One line of the comparison, oldest wording first where lines took each other's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Same(String),
    Removed(String),
    Added(String),
    /// So many lines that are the same, left out.
    Skipped(usize),
}

/// Lines around a change that are shown although they are the same.
const AROUND: usize = 2;
/// Comparisons of lines that are worth their time; beyond them everything between the first and the
/// last change counts as written anew.
const MOST: usize = 1_000_000;

/// The lines of both texts in one list; empty when they say the same.
pub fn between(before: &str, after: &str) -> Vec<Line> {
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    if before == after {
        return Vec::new();
    }
    let start = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let (old, new) = (&before[start..], &after[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let same = |lines: &[&str]| lines.iter().map(|line| Line::Same((*line).to_owned())).collect::<Vec<_>>();
    let mut all = same(&before[..start]);
    all.extend(middle(&old[..old.len() - end], &new[..new.len() - end]));
    all.extend(same(&old[old.len() - end..]));
    shortened(all)
}

/// By the longest common subsequence.
fn middle(old: &[&str], new: &[&str]) -> Vec<Line> {
    let removed = |line: &&str| Line::Removed((*line).to_owned());
    let added = |line: &&str| Line::Added((*line).to_owned());
    if old.len() * new.len() > MOST {
        return old.iter().map(removed).chain(new.iter().map(added)).collect();
    }
    let width = new.len() + 1;
    // How many lines from each pair of places on have a partner.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for at in (0..old.len()).rev() {
        for to in (0..new.len()).rev() {
            common[at * width + to] = if old[at] == new[to] {
                common[(at + 1) * width + to + 1] + 1
            } else {
                common[(at + 1) * width + to].max(common[at * width + to + 1])
            };
        }
    }
    let (mut at, mut to, mut lines) = (0, 0, Vec::with_capacity(old.len() + new.len()));
    while at < old.len() && to < new.len() {
        if old[at] == new[to] {
            lines.push(Line::Same(old[at].to_owned()));
            (at, to) = (at + 1, to + 1);
        } else if common[(at + 1) * width + to] >= common[at * width + to + 1] {
            lines.push(removed(&old[at]));
            at += 1;
        } else {
            lines.push(added(&new[to]));
            to += 1;
        }
    }
    lines.extend(old[at..].iter().map(removed));
    lines.extend(new[to..].iter().map(added));
    lines
}

/// Long stretches that are the same shrink to how many lines they are.
fn shortened(lines: Vec<Line>) -> Vec<Line> {
    let changed: Vec<_> =
        (0..).zip(&lines).filter(|(_, line)| !matches!(line, Line::Same(_))).map(|(at, _)| at).collect();
    let is_near = |at: usize| {
        let next = changed.partition_point(|changed| *changed < at);
        let close = |place: Option<&usize>| place.is_some_and(|place| place.abs_diff(at) <= AROUND);
        close(changed.get(next)) || close(next.checked_sub(1).and_then(|before| changed.get(before)))
    };
    let mut short = Vec::with_capacity(lines.len());
    for (at, line) in lines.into_iter().enumerate() {
        match short.last_mut() {
            _ if is_near(at) => short.push(line),
            Some(Line::Skipped(count)) => *count += 1,
            _ => short.push(Line::Skipped(1)),
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `-`, `+` and blank before each line, `…` for what is left out.
    fn shown(before: &str, after: &str) -> Vec<String> {
        let line = |line: Line| match line {
            Line::Same(text) => format!(" {text}"),
            Line::Removed(text) => format!("-{text}"),
            Line::Added(text) => format!("+{text}"),
            Line::Skipped(count) => format!("…{count}"),
        };
        between(before, after).into_iter().map(line).collect()
    }

    #[test]
    fn what_says_the_same_has_no_difference() {
        assert!(shown("甲\n乙", "甲\n乙").is_empty());
        assert!(shown("甲\r\n乙", "甲\n乙").is_empty(), "however its lines end");
    }

    #[test]
    fn lines_are_added_removed_and_take_each_others_place() {
        assert_eq!(shown("甲\n乙\n丙", "甲\n丁\n丙"), [" 甲", "-乙", "+丁", " 丙"]);
        assert_eq!(shown("", "甲"), ["+甲"]);
        assert_eq!(shown("甲\n乙", "乙"), ["-甲", " 乙"]);
        assert_eq!(shown("1\n2\n3\n4", "2\n3\n5\n4"), ["-1", " 2", " 3", "+5", " 4"]);
    }

    #[test]
    fn far_from_any_change_lines_are_only_counted() {
        let before = (0..20).map(|line| line.to_string()).collect::<Vec<_>>().join("\n");
        let after = before.replace("10\n", "ten\n");
        assert_eq!(shown(&before, &after), ["…8", " 8", " 9", "-10", "+ten", " 11", " 12", "…7"]);
    }

    #[test]
    fn texts_of_very_many_lines_are_compared_all_the_same() {
        let (before, after) = ("a\nb\n".repeat(5_000), "b\nc\n".repeat(5_000));
        let lines = between(&before, &after);
        let count = |wanted: fn(&Line) -> bool| lines.iter().filter(|line| wanted(line)).count();
        assert_eq!(count(|line| matches!(line, Line::Removed(_))), 10_000);
        assert_eq!(count(|line| matches!(line, Line::Added(_))), 10_000);
    }
}

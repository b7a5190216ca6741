//! 类别 and 性别: one word for programs, one for people.
//!
//! Organisations have kinds of their own; those known here are the ones that audiences are
//! usually filtered by.

use super::person::EXTERNAL;

/// The word kept, the word shown, and other words that people write.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("staff", "教职工", &["职工", "教工", "教师", "老师", "员工", "干部", "工作人员", "在编", "teacher", "employee"]),
    ("student", "学生", &["本科生", "研究生", "硕士生", "博士生"]),
    ("retired", "离退休", &["退休", "离休", "离退休人员"]),
];
/// Never given to somebody of the organisation.
const OUTSIDE: [&str; 4] = [EXTERNAL, "外部", "校外", "访客"];

/// What is kept for a word that somebody wrote. None: it means people outside the organisation.
/// A word that is not known is kept as it is.
pub fn from_words(text: &str) -> Option<&str> {
    if OUTSIDE.contains(&text) {
        return None;
    }
    let known = KINDS.iter().find(|(kind, label, others)| *kind == text || *label == text || others.contains(&text));
    Some(known.map_or(text, |(kind, ..)| kind))
}

/// One of those that audiences are usually filtered by.
pub fn is_known(kind: &str) -> bool {
    KINDS.iter().any(|(known, ..)| *known == kind)
}

/// For people.
pub fn label(kind: &str) -> &str {
    KINDS.iter().find(|(known, ..)| *known == kind).map_or(kind, |(_, label, _)| label)
}

/// `male` or `female`; None for any other word.
pub fn gender_from_words(text: &str) -> Option<&'static str> {
    match text {
        "男" | "男性" | "male" | "M" | "m" => Some("male"),
        "女" | "女性" | "female" | "F" | "f" => Some("female"),
        _ => None,
    }
}

/// For people.
pub fn gender_label(gender: &str) -> &str {
    match gender {
        "male" => "男",
        "female" => "女",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_reads_back_as_what_is_kept() {
        for (kind, ..) in KINDS {
            assert_eq!(from_words(label(kind)), Some(*kind));
        }
        assert_eq!(from_words("教师"), Some("staff"));
        assert_eq!(from_words("外聘专家"), Some("外聘专家"));
        assert_eq!(from_words("external"), None);
        assert_eq!(gender_from_words(gender_label("female")), Some("female"));
    }
}

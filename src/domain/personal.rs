//! Texts that name their reader: `{{姓名}}`, `{{部门}}` … in title and body, filled for each person when
//! it is shown or sent. The list is short on purpose: whatever stands in it every recipient may see of
//! himself, and nobody of others.

/// What of its reader a text can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trait {
    Name,
    Department,
    Account,
    Title,
}

impl Trait {
    pub const ALL: [Self; 4] = [Self::Name, Self::Department, Self::Account, Self::Title];
    /// The same as people write them.
    pub const WORDS: [&'static str; 4] = ["姓名", "部门", "工号", "职务"];

    /// As it stands between the braces.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "姓名",
            Self::Department => "部门",
            Self::Account => "工号",
            Self::Title => "职务",
        }
    }

    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// One reader. Empty for what he has not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reader {
    pub name: String,
    pub department: String,
    pub account: String,
    pub title: String,
}

impl Reader {
    fn value(&self, of: Trait) -> &str {
        match of {
            Trait::Name => &self.name,
            Trait::Department => &self.department,
            Trait::Account => &self.account,
            Trait::Title => &self.title,
        }
    }
}

/// Which of them a text names.
pub fn named(text: &str) -> Vec<Trait> {
    Trait::ALL.into_iter().filter(|one| text.contains(&placeholder(*one))).collect()
}

/// The first of them in other braces than `{{…}}`, such as `{姓名}` and `｛｛姓名｝｝`, as it was written: it
/// would go out literally.
pub fn in_other_braces(text: &str) -> Option<(&str, Trait)> {
    const OPEN: [char; 2] = ['{', '｛'];
    const CLOSE: [char; 2] = ['}', '｝'];
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        let from = &rest[at..];
        let inner = from.trim_start_matches(OPEN);
        let word = inner.trim_start();
        let named = Trait::ALL.into_iter().find_map(|one| Some((one, word.strip_prefix(one.word())?.trim_start())));
        if let Some((one, end)) = named.filter(|(_, end)| end.starts_with(CLOSE)) {
            let behind = end.trim_start_matches(CLOSE);
            let (open, close) = (&from[..from.len() - inner.len()], &end[..end.len() - behind.len()]);
            if (open, close) != ("{{", "}}") {
                return Some((&from[..from.len() - behind.len()], one));
            }
        }
        rest = inner;
    }
    None
}

/// As it stands in a text.
pub fn placeholder(of: Trait) -> String {
    format!("{{{{{}}}}}", of.word())
}

/// The text before it has a reader, as people see it: 〔姓名〕.
pub fn shown(text: &str) -> String {
    let sign = |text: String, one: &Trait| text.replace(&placeholder(*one), &bracketed(*one));
    Trait::ALL.iter().fold(text.to_owned(), sign)
}

/// In the brackets that stand for it on pages.
pub fn bracketed(of: Trait) -> String {
    format!("〔{}〕", of.word())
}

/// The text for one reader. What a value holds is never filled again.
pub fn fill(text: &str, reader: &Reader) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = Trait::ALL.into_iter().find(|one| rest.starts_with(&placeholder(*one)));
        match known {
            Some(one) => {
                filled.push_str(reader.value(one));
                rest = &rest[placeholder(one).len()..];
            }
            None => {
                filled.push_str("{{");
                rest = &rest[2..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_its_reader_and_nothing_that_a_name_holds_is_filled_again() {
        let reader = Reader { name: "{{部门}}王".into(), department: "教务处".into(), ..Reader::default() };
        assert_eq!(fill("{{部门}}{{姓名}}您好{{会议}}", &reader), "教务处{{部门}}王您好{{会议}}");
        assert_eq!(fill("{{姓名", &reader), "{{姓名");
        assert_eq!(shown("{{部门}}{{姓名}}您好{{会议}}"), "〔部门〕〔姓名〕您好{{会议}}");
        assert_eq!(named("{{职务}}，{{姓名}}"), [Trait::Name, Trait::Title]);
        assert_eq!(Trait::ALL.map(Trait::word), Trait::WORDS);
        assert_eq!(Trait::of("手机号"), None, "whatever is not in the list stays out");
    }

    #[test]
    fn braces_of_another_kind_are_found_around_its_words_alone() {
        for wrong in ["{姓名}", "｛姓名｝", "｛｛姓名｝｝", "{ 部门 }", "{{姓名}", "{工号}}", "{{{职务}}}", "{｛姓名}}"]
        {
            let text = format!("{{{{姓名}}}}{{{{会议}}}}：{wrong}老师");
            assert_eq!(in_other_braces(&text).map(|(written, _)| written), Some(wrong));
        }
        assert_eq!(in_other_braces("尊敬的{部门}").map(|(_, one)| one), Some(Trait::Department));
        for right in ["{{姓名}}", "{{ 姓名 }}您好", "{姓名与部门}", "{单个}", "{姓名", "姓名}", "{{姓名}}{", "｛｝{}"]
        {
            assert_eq!(in_other_braces(right), None, "{right}");
        }
    }
}

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

/// As it stands in a text.
pub fn placeholder(of: Trait) -> String {
    format!("{{{{{}}}}}", of.word())
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
        assert_eq!(named("{{职务}}，{{姓名}}"), [Trait::Name, Trait::Title]);
        assert_eq!(Trait::ALL.map(Trait::word), Trait::WORDS);
        assert_eq!(Trait::of("手机号"), None, "whatever is not in the list stays out");
    }
}

//! The words on the pages: two languages, flat keys, compiled in.
//!
//! Invariant: both languages have the same keys (a test), so that a page never shows a key. English
//! may add `<key>.one` for a count of one; Chinese has no use for it.

use std::collections::HashMap;

use serde::Serialize;

use super::assets::Files;

/// The language of a page: a cookie decides, Chinese comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Lang {
    #[default]
    #[serde(rename = "zh-CN")]
    Chinese,
    #[serde(rename = "en")]
    English,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// From the value of the cookie `lang`; anything unknown is Chinese.
    pub fn from_cookie(value: &str) -> Self {
        match value {
            "en" => Self::English,
            _ => Self::Chinese,
        }
    }

    /// The tag for the `lang` attribute (BCP 47), which is also the name of the file of words.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

/// A file of words cannot be used; only a broken build gets here.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    #[error("templates/locales/{0}.json is not compiled in")]
    Missing(&'static str),
    #[error("templates/locales/{lang}.json is not a flat object of strings")]
    Unreadable {
        lang: &'static str,
        #[source]
        source: serde_json::Error,
    },
}

/// All words in all languages.
#[derive(Debug, Clone)]
pub struct Words {
    chinese: HashMap<String, String>,
    english: HashMap<String, String>,
}

impl Words {
    /// Reads what is compiled in.
    pub fn load() -> Result<Self, WordsError> {
        Ok(Self { chinese: read(Lang::Chinese)?, english: read(Lang::English)? })
    }

    /// The words of a key with `{name}` replaced by the named values; `None` for an unknown key.
    /// A value named `count` that is 1 chooses `<key>.one` where there is one.
    pub fn say(&self, lang: Lang, key: &str, values: &[(&str, String)]) -> Option<String> {
        let words = self.of(lang);
        let single = values.iter().any(|(name, value)| *name == "count" && value == "1");
        let text = single.then(|| words.get(&format!("{key}.one"))).flatten();
        let text = text.or_else(|| words.get(key))?;
        Some(fill(text, values))
    }

    /// Every key of a language, in no order.
    pub fn keys(&self, lang: Lang) -> impl Iterator<Item = &str> {
        self.of(lang).keys().map(String::as_str)
    }

    fn of(&self, lang: Lang) -> &HashMap<String, String> {
        match lang {
            Lang::Chinese => &self.chinese,
            Lang::English => &self.english,
        }
    }
}

fn read(lang: Lang) -> Result<HashMap<String, String>, WordsError> {
    let tag = lang.tag();
    let file = Files::get(&format!("locales/{tag}.json")).ok_or(WordsError::Missing(tag))?;
    serde_json::from_slice(&file.data).map_err(|source| WordsError::Unreadable { lang: tag, source })
}

/// One pass, so that a brace inside a value is never taken for a name.
fn fill(text: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(value),
            None => filled.extend(["{", name, "}"]),
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_once_and_never_read_again() {
        let values = [("name", "{total}".to_owned()), ("total", "3".to_owned())];
        assert_eq!(fill("{name}：{total} 条 {other} {", &values), "{total}：3 条 {other} {");
    }

    #[test]
    fn english_has_a_form_for_one() {
        let words = Words::load().unwrap();
        let say = |lang, n: &str| words.say(lang, "time.minutes_ago", &[("count", n.to_owned())]).unwrap();
        assert_eq!(say(Lang::English, "1"), "1 minute ago");
        assert_eq!(say(Lang::English, "2"), "2 minutes ago");
        assert_eq!(say(Lang::Chinese, "1"), "1 分钟前");
    }
}

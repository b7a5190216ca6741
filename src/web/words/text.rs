//! The words on the pages: two languages, flat keys, compiled in.
//!
//! Invariant: both languages have the same keys (a test), so that a page never shows a key. English
//! may add `<key>.one` for a count of one; Chinese has no use for it.

use std::collections::HashMap;

use serde::Serialize;

use crate::web::frame::assets::Files;

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

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub struct Tongue<'a> {
    pub words: &'a Words,
    pub lang: Lang,
}

impl Tongue<'_> {
    /// See [`Words::say`]; empty for a key that is none.
    pub fn say(self, key: &str, values: &[(&str, String)]) -> String {
        self.words.say(self.lang, key, values).unwrap_or_default()
    }

    /// An answer as it is kept; 其他 is the hub's own word among what senders wrote.
    pub fn choice(self, option: &str) -> String {
        self.words.translated(self.lang, "receipt.other", option)
    }

    /// What became of a delivery, by its code where that is the hub's own: providers say it in words
    /// of theirs.
    pub fn reason(self, detail: &str) -> String {
        let code = detail.split(' ').next().unwrap_or_default();
        self.words.say(self.lang, &format!("delivery.code.{code}"), &[]).unwrap_or_else(|| detail.to_owned())
    }
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

    /// What the product itself named or wrote in Chinese, in another language: `text` is looked for
    /// among the Chinese words whose keys begin with `family`. What somebody else wrote stays.
    pub fn translated(&self, lang: Lang, family: &str, text: &str) -> String {
        if lang == Lang::Chinese {
            return text.to_owned();
        }
        let own = self.chinese.iter().filter(|(key, _)| key.starts_with(family));
        let found = own.filter_map(|(key, words)| Some((words.len(), key, values(words, text)?))).max();
        let Some((_, key, mut values)) = found else { return text.to_owned() };
        // a name inside a sentence is one of the family that its place is called after
        for (name, value) in &mut values {
            *value = self.translated(lang, &format!("{name}."), value);
        }
        self.say(lang, key, &values).unwrap_or_else(|| text.to_owned())
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

/// What stands in the places of `words` when they make up `text`; none when they do not.
fn values<'a>(words: &'a str, text: &str) -> Option<Vec<(&'a str, String)>> {
    let (before, mut words) = words.split_once('{').unwrap_or((words, ""));
    let mut rest = text.strip_prefix(before)?;
    let mut values = Vec::new();
    while let Some((name, after)) = words.split_once('}') {
        let (fixed, next) = after.split_once('{').unwrap_or((after, ""));
        let end = if fixed.is_empty() { rest.len() } else { rest.find(fixed)? };
        values.push((name, rest[..end].to_owned()));
        rest = &rest[end + fixed.len()..];
        words = next;
    }
    rest.is_empty().then_some(values)
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
    fn what_the_product_named_is_translated_and_what_people_named_is_not() {
        let words = Words::load().unwrap();
        let english = |family, text| words.translated(Lang::English, family, text);
        assert_eq!(english("rule.", "紧急"), "Urgent");
        assert_eq!(english("rule.", "校庆专用"), "校庆专用");
        assert_eq!(english("notice.", "待审批：元旦放假{安排}"), "For your approval: 元旦放假{安排}");
        assert_eq!(words.translated(Lang::Chinese, "rule.", "紧急"), "紧急");
    }

    #[test]
    fn places_are_found_again() {
        let found = |words, text| values(words, text);
        assert_eq!(found("甲{a}乙{b}", "甲1乙2"), Some(vec![("a", "1".to_owned()), ("b", "2".to_owned())]));
        assert_eq!(found("甲", "甲"), Some(Vec::new()));
        assert_eq!(found("甲", "甲乙"), None);
        assert_eq!(found("{a}乙", "甲"), None);
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

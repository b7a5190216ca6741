//! What a name is found by: itself, its pinyin and its initials, in every reading.
//!
//! The first key is the likeliest full pinyin, so that sorting by the keys sorts by sound.

use pinyin::{ToPinyin, ToPinyinMulti};

use super::width::half_width;

/// Surnames that are read otherwise than the character is elsewhere.
const SURNAMES: &[(&str, &[&str])] = &[
    ("尉迟", &["yu", "chi"]),
    ("长孙", &["zhang", "sun"]),
    ("万俟", &["mo", "qi"]),
    ("澹台", &["tan", "tai"]),
    ("单于", &["chan", "yu"]),
    ("单", &["shan"]),
    ("曾", &["zeng"]),
    ("解", &["xie"]),
    ("仇", &["qiu"]),
    ("区", &["ou"]),
    ("查", &["zha"]),
    ("朴", &["piao"]),
    ("任", &["ren"]),
    ("盖", &["ge"]),
    ("冼", &["xian"]),
    ("洗", &["xian"]),
    ("乐", &["yue"]),
    ("员", &["yun"]),
    ("燕", &["yan"]),
    ("种", &["chong"]),
    ("秘", &["bi"]),
    ("繁", &["po"]),
    ("翟", &["zhai"]),
    ("缪", &["miao"]),
    ("折", &["she"]),
    ("逄", &["pang"]),
    ("隗", &["wei"]),
    ("宓", &["mi"]),
    ("召", &["shao"]),
    ("覃", &["qin"]),
    ("黑", &["he"]),
    ("晁", &["chao"]),
    ("呙", &["guo"]),
    ("祭", &["zhai"]),
    ("那", &["na"]),
    ("哈", &["ha"]),
    ("华", &["hua"]),
    ("宁", &["ning"]),
    ("纪", &["ji"]),
    ("过", &["guo"]),
    ("葛", &["ge"]),
    ("应", &["ying"]),
    ("令狐", &["ling", "hu"]),
    ("夏侯", &["xia", "hou"]),
    ("尹", &["yin"]),
    ("贾", &["jia"]),
    ("沈", &["shen"]),
    ("石", &["shi"]),
    ("车", &["che"]),
    ("重", &["chong"]),
];

/// Bytes of all keys together: they are indexed, and PostgreSQL takes 2,700 in an index.
const LONGEST: usize = 1_000;

/// What `person.search` holds: keys apart by blanks, lower case.
pub fn search_text(name: &str) -> String {
    let readings = readings(name);
    let likeliest: Vec<&str> = readings.iter().map(|each| each[0].as_str()).collect();
    let mut keys: Vec<String> = Vec::new();
    // A variant differs from the likeliest reading in one character: that covers every reading of
    // every character without multiplying them.
    let mut variants = vec![likeliest.clone()];
    for (at, others) in readings.iter().enumerate() {
        for other in &others[1..] {
            let mut variant = likeliest.clone();
            variant[at] = other;
            variants.push(variant);
        }
    }
    let full = variants.iter().map(|variant| variant.concat());
    let initials = variants.iter().map(|variant| variant.iter().filter_map(|part| part.chars().next()).collect());
    let mut room = LONGEST;
    // The sorting key, the name and its initials have room in any case; rare readings come last.
    let mut sounds = full.zip(initials);
    let first: Option<(String, String)> = sounds.next();
    let own = first.into_iter().flat_map(|(full, initials)| [full, query(name), initials]);
    for key in own.chain(sounds.flat_map(|(full, initials)| [full, initials])) {
        if !key.is_empty() && key.len() < room && !keys.contains(&key) {
            room -= key.len() + 1;
            keys.push(key);
        }
    }
    keys.join(" ")
}

/// What somebody types, made comparable with the keys: no blanks, half width, lower case, at most
/// 50 characters.
pub fn query(text: &str) -> String {
    text.chars()
        .map(half_width)
        .filter(|c| !c.is_whitespace() && !c.is_control() && *c != '·')
        .flat_map(char::to_lowercase)
        .take(50)
        .collect()
}

/// The likeliest initials alone, for short codes: 教务处 is `jwc`.
pub fn initials(text: &str) -> String {
    readings(text).iter().filter_map(|each| each[0].chars().next()).filter(char::is_ascii_alphanumeric).collect()
}

/// For each character that sounds, its readings, the likeliest first. A run of letters is one part.
fn readings(name: &str) -> Vec<Vec<String>> {
    let name: String = name.chars().map(half_width).collect();
    let surname = SURNAMES.iter().find(|(surname, _)| name.starts_with(surname)).map_or(&[][..], |(_, read)| read);
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut word = String::new();
    for (at, c) in name.chars().enumerate() {
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
            continue;
        }
        if !word.is_empty() {
            parts.push(vec![std::mem::take(&mut word)]);
        }
        let mut all: Vec<String> = surname.get(at).map(|read| (*read).to_owned()).into_iter().collect();
        let usual = c.to_pinyin().map(|one| one.plain());
        let multi = c.to_pinyin_multi().into_iter().flatten().map(|one| one.plain());
        for plain in usual.into_iter().chain(multi).map(|plain| plain.replace('ü', "v")) {
            if !all.contains(&plain) {
                all.push(plain);
            }
        }
        if !all.is_empty() {
            parts.push(all);
        }
    }
    if !word.is_empty() {
        parts.push(vec![word]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(name: &str) -> Vec<String> {
        search_text(name).split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_surname_is_read_as_a_surname_first_and_otherwise_too() {
        assert_eq!(keys("单田芳")[0], "shantianfang");
        assert!(keys("单田芳").contains(&"dantianfang".to_owned()));
        for (name, sound) in [("曾巩", "zenggong"), ("解缙", "xiejin"), ("仇英", "qiuying"), ("尉迟恭", "yuchigong")]
        {
            assert_eq!(keys(name)[0], sound);
        }
    }

    #[test]
    fn initials_and_the_name_itself_are_keys() {
        let keys = keys("张三");
        assert!(keys.contains(&"zs".to_owned()) && keys.contains(&"张三".to_owned()), "{keys:?}");
    }

    #[test]
    fn what_is_typed_meets_the_keys() {
        assert_eq!(query(" Ｚhang　San "), "zhangsan");
        assert_eq!(keys("吕布")[0], "lvbu");
        assert_eq!(keys("Anna Lee"), ["annalee", "al"]);
        assert_eq!(initials("教务处"), "jwc");
    }

    #[test]
    fn the_longest_name_stays_small() {
        assert!(search_text(&"单".repeat(60)).len() <= LONGEST);
    }
}

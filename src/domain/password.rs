//! 密码: which ones are too easy to guess.
//!
//! No composition rule and no expiry (OWASP ASVS 5.0 V6.2): a password is long enough, and enough
//! of it is left when everything that a guesser tries first is taken away: the account, the
//! organisation's name, well-known words, years, runs along the alphabet or the keyboard.

use super::{Problem, pinyin_keys, problem::Class};

/// In Unicode characters.
pub const SHORTEST: usize = 10;
/// In bytes: hashing longer ones only costs time.
pub const LONGEST_BYTES: usize = 1024;
/// Different characters that must be left, and characters in all.
const LEFT: usize = 5;

/// What everybody tries first; longer words stand before the words inside them.
const COMMON: &[&str] = &[
    "administrator",
    "tongxunlu",
    "woaizhongguo",
    "zhongguo",
    "woaini",
    "wodemima",
    "mima",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qazwsxedc",
    "qazwsx",
    "1qaz2wsx",
    "1q2w3e4r5t",
    "1q2w3e4r",
    "1q2w3e",
    "q1w2e3r4",
    "zaq12wsx",
    "password",
    "passwort",
    "passw0rd",
    "passwd",
    "qwerty",
    "iloveyou",
    "welcome",
    "letmein",
    "changeme",
    "secret",
    "monkey",
    "dragon",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "batman",
    "starwars",
    "shadow",
    "master",
    "michael",
    "jordan",
    "internet",
    "computer",
    "samsung",
    "trustno1",
    "whatever",
    "freedom",
    "nothing",
    "default",
    "example",
    "service",
    "system",
    "admin",
    "login",
    "guest",
    "hello",
    "pass",
    "root",
    "test",
    "user",
    "demo",
    "temp",
    "love",
    "5201314",
    "1314520",
    "520",
    "zhihui",
    "notice",
    "huiyi",
    "xuexiao",
    "daxue",
    "xueyuan",
    "university",
    "college",
    "school",
    "company",
    "beijing",
    "shanghai",
    "xian",
    "hangzhou",
    "zhejiang",
    "china",
    "dingtalk",
    "wechat",
    "weixin",
    "alibaba",
    "huawei",
    "tencent",
    "laoshi",
    "xuesheng",
    "jiaoshi",
    "gongsi",
];
/// Runs are looked for along these, in both directions.
const RUNS: [&str; 6] =
    ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "!@#$%^&*()_+"];
/// So many in a row make a run.
const RUN: usize = 3;

/// What belongs to the person and the place, and is therefore no secret.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub account: &'a str,
    pub name: &'a str,
    pub organisation: &'a str,
}

/// # Errors
/// `PWD_WEAK`, and `PWD_LONG` above a kilobyte.
pub fn check(password: &str, known: &Known<'_>) -> Result<(), Problem> {
    let weak =
        |detail: String, english: &str| Err(Problem::invalid("PWD_WEAK", "/password", detail).in_english(english));
    if password.len() > LONGEST_BYTES {
        return Err(too_long());
    }
    let length = password.chars().count();
    if length < SHORTEST {
        return weak(format!("密码至少 {SHORTEST} 位，当前 {length} 位"), "a password has at least 10 characters");
    }
    if has_known_word(password, known) || left(password, known) < LEFT {
        return weak(
            "该密码过于常见或包含单位名称、账号，请换一个不容易猜到的".to_owned(),
            "this password is too common, or holds the account or the organisation's name",
        );
    }
    Ok(())
}

/// What is too long to be anybody's password is not hashed.
pub fn too_long() -> Problem {
    Problem::new(Class::TooLarge, "PWD_LONG", "/password", format!("密码最多 {LONGEST_BYTES} 字节"))
        .in_english("a password has at most 1,024 bytes")
}

/// The whole name of the organisation or the whole account, wherever it stands.
fn has_known_word(password: &str, known: &Known<'_>) -> bool {
    let password = password.to_lowercase();
    words(known).iter().any(|word| word.chars().count() >= 4 && password.contains(word))
}

fn words(known: &Known<'_>) -> Vec<String> {
    let sounds = |text| pinyin_keys::search_text(text).split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut words = sounds(known.organisation);
    words.push(known.account.to_lowercase());
    words.retain(|word| !word.is_empty());
    words
}

/// Different characters left when what is known is taken away.
fn left(password: &str, known: &Known<'_>) -> usize {
    let mut rest = password.to_lowercase();
    let mut all = words(known);
    all.extend(pinyin_keys::search_text(known.name).split(' ').map(str::to_owned));
    all.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let easy = all.iter().map(String::as_str).filter(|word| word.len() >= 2).chain(COMMON.iter().copied());
    for word in easy {
        rest = rest.replace(word, " ");
        rest = replace_leet(&rest, word);
    }
    let mut different: Vec<char> = without_runs(&rest).chars().filter(|c| !c.is_whitespace()).collect();
    different.sort_unstable();
    different.dedup();
    different.len()
}

/// `p@55w0rd` is `password`.
fn replace_leet(text: &str, word: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '@' | '4' => 'a',
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '5' | '$' => 's',
            '7' => 't',
            _ => c,
        })
        .collect();
    let (from, length) = match plain.find(word) {
        Some(byte) => (plain[..byte].chars().count(), word.chars().count()),
        None => return text.to_owned(),
    };
    text.chars().enumerate().map(|(at, c)| if (from..from + length).contains(&at) { ' ' } else { c }).collect()
}

/// Without years, runs (`1234`, `fdsa`) and repetitions (`aaa`).
fn without_runs(text: &str) -> String {
    let marks: Vec<char> = text.chars().collect();
    let mut kept = String::new();
    let mut at = 0;
    while at < marks.len() {
        let run = run_at(&marks[at..]);
        if run >= RUN {
            at += run;
        } else if is_year(&marks[at..]) {
            at += 4;
        } else {
            kept.push(marks[at]);
            at += 1;
        }
    }
    kept
}

fn is_year(marks: &[char]) -> bool {
    matches!(marks, ['1', '9', a, b, ..] | ['2', '0', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit())
}

/// How many characters from the start go on as they began.
fn run_at(marks: &[char]) -> usize {
    let same = marks.iter().take_while(|mark| **mark == marks[0]).count();
    let along = RUNS.iter().flat_map(|run| {
        let forth: Vec<char> = run.chars().collect();
        let back: Vec<char> = run.chars().rev().collect();
        [forth, back]
    });
    let longest = along
        .filter_map(|run| {
            let start = run.iter().position(|mark| *mark == marks[0])?;
            Some(run[start..].iter().zip(marks).take_while(|(a, b)| a == b).count())
        })
        .max();
    same.max(longest.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known<'_> = Known { account: "20160899", name: "韩梅梅", organisation: "滨海大学" };

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for password in [
            "",
            "short",
            "20160899",
            "my20160899x!",
            "1234567890",
            "qwertyuiop",
            "tongxunlu123",
            "P@ssw0rd2026",
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabc",
            "滨海大学的密码很长很长",
            "BinHaiDaXue!7z",
            "hanmeimei1998",
            "Zhihui@2026!",
            "admin123456",
            "woaini1314520",
        ] {
            assert_eq!(check(password, &KNOWN).unwrap_err().code, "PWD_WEAK", "{password}");
        }
    }

    #[test]
    fn a_sentence_or_a_random_word_is_fine_at_any_length() {
        for password in
            ["correct horse battery staple", "vX9#kq2Lw8", "春眠不觉晓处处闻啼鸟", &"四面边声连角起 ".repeat(8)]
        {
            assert!(check(password, &KNOWN).is_ok(), "{password}");
        }
    }

    #[test]
    fn a_megabyte_is_nobodys_password() {
        assert_eq!(check(&"x".repeat(1_000_000), &KNOWN).unwrap_err().class, Class::TooLarge);
    }
}

//! Mobile numbers of the mainland: eleven digits, however they were written.

use super::{Problem, width::half_width};

/// Prefixes of operators without a network of their own; carriers' SMS and calls are not promised
/// to arrive there (bad-input catalogue, 29).
const VIRTUAL: [&str; 5] = ["162", "165", "167", "170", "171"];

/// `+86 138 0013 8000`, `１３８…`, `138-0013-8000` → `13800138000`. `at` is the field complained of.
///
/// # Errors
/// `PHONE` where it is no mobile number, `PHONE_MOBILE` where it is another kind of number.
pub fn mobile(raw: &str, at: &str) -> Result<String, Problem> {
    let narrow: String = raw.chars().map(half_width).filter(|c| !is_filler(*c)).collect();
    let (is_foreign, digits) = without_country(&narrow);
    if is_foreign {
        return Err(Problem::invalid("PHONE", at, format!("仅支持中国大陆手机号，当前以 {} 开头", head(&narrow, 4)))
            .in_english("only mobile numbers of mainland China are supported"));
    }
    if digits.is_empty() {
        return Err(Problem::invalid("PHONE", at, "请填写 11 位手机号")
            .in_english("a mobile number has 11 digits, none was given"));
    }
    if let Some(nth) = digits.chars().position(|c| !c.is_ascii_digit()) {
        let found = digits.chars().nth(nth).unwrap_or_default();
        return Err(Problem::invalid("PHONE", at, format!("手机号应为 11 位数字，含有“{}”", found.escape_debug()))
            .in_english("a mobile number has 11 digits and nothing else"));
    }
    let count = digits.len();
    if digits.starts_with('0') && (10..=12).contains(&count) {
        let shown = raw.trim();
        return Err(Problem::invalid("PHONE_MOBILE", at, format!("{shown} 是固定电话，请填在“座机号”"))
            .in_english(format!("{shown} is a landline number, a mobile number is wanted")));
    }
    if count != 11 {
        return Err(Problem::invalid("PHONE", at, format!("手机号应为 11 位数字，当前 {count} 位"))
            .in_english(format!("a mobile number has 11 digits, this one has {count}")));
    }
    let prefix = &digits[..3];
    if !digits.starts_with('1') || matches!(digits.as_bytes()[1], b'0'..=b'2') {
        return Err(Problem::invalid("PHONE", at, format!("手机号应以 13–19 开头，当前以 {} 开头", &digits[..2]))
            .in_english("a mobile number begins with 13 to 19"));
    }
    if VIRTUAL.contains(&prefix) {
        return Err(Problem::invalid(
            "PHONE_MOBILE",
            at,
            format!("{prefix} 是虚拟号段，可能收不到短信和电话，请换一个手机号"),
        )
        .in_english(format!("{prefix} belongs to a virtual operator, use another number")));
    }
    Ok(digits.to_owned())
}

/// What people and address books put between and around digits.
fn is_filler(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{00AD}' | '\u{200B}'..='\u{200F}')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn without_country(text: &str) -> (bool, &str) {
    if let Some(rest) = text.strip_prefix('+') {
        return rest.strip_prefix("86").map_or((true, rest), |rest| (false, rest));
    }
    let longer = |rest: &&str| rest.len() == 11;
    let rest = text.strip_prefix("0086").or_else(|| text.strip_prefix("86").filter(longer));
    (false, rest.unwrap_or(text))
}

fn head(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unambiguous_is_normalised() {
        for raw in [
            "13800138000",
            "13800138000 ",
            "+86 138 0013 8000",
            "0086-138-0013-8000",
            "8613800138000",
            "１３８００１３８０００",
            "＋８６　１３８－００１３－８０００",
            "\u{202A}138 0013 8000\u{202C}",
        ] {
            assert_eq!(mobile(raw, "").as_deref(), Ok("13800138000"), "{raw}");
        }
    }

    #[test]
    fn what_is_not_a_mobile_number_says_why() {
        for (raw, code, detail) in [
            ("1380000", "PHONE", "手机号应为 11 位数字，当前 7 位"),
            ("138001380001", "PHONE", "手机号应为 11 位数字，当前 12 位"),
            ("", "PHONE", "请填写 11 位手机号"),
            ("1.38E+10", "PHONE", "手机号应为 11 位数字，含有“.”"),
            ("12800138000", "PHONE", "手机号应以 13–19 开头，当前以 12 开头"),
            ("+852 5123 4567", "PHONE", "仅支持中国大陆手机号，当前以 +852 开头"),
            ("010-88880000", "PHONE_MOBILE", "010-88880000 是固定电话，请填在“座机号”"),
            ("17012345678", "PHONE_MOBILE", "170 是虚拟号段，可能收不到短信和电话，请换一个手机号"),
        ] {
            let problem = mobile(raw, "/phone").expect_err(raw);
            assert_eq!((problem.code, problem.detail.as_str(), problem.field.as_str()), (code, detail, "/phone"));
        }
    }
}

//! Letters, digits and marks of a Chinese keyboard, which are twice as wide as those that are meant.

/// `Ａ` becomes `A`, `１` becomes `1`; the ideographic blank a blank.
pub fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_narrow_form_changes() {
        let narrow: String = "Ｗａｎｇ０９　！～王ｱ¥".chars().map(half_width).collect();
        assert_eq!(narrow, "Wang09 !~王ｱ¥");
    }
}

//! 账号: letters and digits, for ever (checklist DIR-24).

use super::Problem;

const LONGEST: usize = 64;

/// # Errors
/// `ACCOUNT`
pub fn check(account: &str) -> Result<(), Problem> {
    let fits = (1..=LONGEST).contains(&account.len()) && account.chars().all(|c| c.is_ascii_alphanumeric());
    if fits {
        return Ok(());
    }
    Err(Problem::invalid("ACCOUNT", "/account", format!("账号只能由 1 到 {LONGEST} 个英文字母和数字组成"))
        .in_english("an account is 1 to 64 letters and digits"))
}

//! 登录: how long a session lives, and how long somebody who guesses has to wait.

use chrono::Duration;

use super::{person::Role, words::words};

words! {
    pub enum LinkPurpose {
        /// Once: leads to the page where a password is set.
        Setup => "setup",
        /// Until it expires: signs in at once. Made by the demonstration alone.
        Demo => "demo",
    }
}

/// However busy, a session ends after this.
pub const SESSION: Duration = Duration::hours(12);
/// So long after the password was asked for again somebody may do what asks for it.
pub const PROOF: Duration = Duration::minutes(10);
/// A set-up link may travel on paper.
pub const SETUP_LINK: Duration = Duration::hours(72);

/// Somebody who does nothing for so long is signed out; sooner, who could do more harm.
pub fn idle(roles: &[Role]) -> Duration {
    let is_admin = roles.iter().any(|role| match role {
        Role::OrgAdmin | Role::SystemAdmin | Role::AuditAdmin => true,
        Role::Approver => false,
    });
    Duration::minutes(if is_admin { 15 } else { 30 })
}

/// After the fifth wrong password in a row the account waits, twice as long after each further
/// one, a quarter of an hour at most.
pub fn lock_after(failures: i64) -> Option<Duration> {
    let beyond = u32::try_from(failures - 5).ok()?;
    Some(Duration::minutes(2_i64.saturating_pow(beyond).min(15)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_begins_at_the_fifth_failure_and_grows_to_a_quarter_of_an_hour() {
        let minutes: Vec<_> = [0, 4, 5, 6, 7, 8, 9, 90].map(|n| lock_after(n).map(|wait| wait.num_minutes())).into();
        assert_eq!(minutes, [None, None, Some(1), Some(2), Some(4), Some(8), Some(15), Some(15)]);
    }

    #[test]
    fn administrators_are_signed_out_sooner() {
        assert_eq!(idle(&[Role::Approver]), Duration::minutes(30));
        assert_eq!(idle(&[Role::Approver, Role::AuditAdmin]), Duration::minutes(15));
    }
}

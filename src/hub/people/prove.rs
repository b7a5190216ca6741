//! 二次验证: the password once more before what could do much harm (security 7.1, 6), and before it
//! is changed. The session remembers the proof for ten minutes. Wrong ones count as at the door:
//! whoever found an open browser guesses no faster there.

use serde_json::json;

use super::{
    hash,
    sign_in::{SignedIn, refuse},
};
use crate::{
    domain::{PersonId, Problem, password, problem::Class, seal},
    hub::{Hub, Result},
    storage::{access, audit, sessions},
};

impl Hub {
    /// The session with this token is proved, for [`crate::domain::sign_in::PROOF`].
    ///
    /// # Errors
    /// `PWD_WRONG`, `PWD_WAIT` after too many wrong ones; `PWD_LONG`, `LOGIN_BUSY`.
    pub async fn prove(&self, who: &SignedIn, token: &str, password: &str) -> Result<()> {
        self.check_present(who.person, password, "/password").await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if sessions::mark_proved(&mut tx, &seal::sha256(token.as_bytes()), now).await? {
            audit::insert(&mut tx, now, &who.actor(), "session.prove", &who.actor(), json!({})).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether this is the person's password now, and what it hashes to; `field` is where it was typed.
    pub(super) async fn check_present(&self, person: PersonId, typed: &str, field: &'static str) -> Result<String> {
        if typed.len() > password::LONGEST_BYTES {
            return Err(password::too_long().into());
        }
        let mut tx = self.db.read().await?;
        let kept = access::find_credential(&mut tx, person).await?.map(|kept| kept.password_hash);
        drop(tx);
        let fits = hash::verify(typed.to_owned(), kept.clone()).await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        // It may have been changed or locked while it was being checked.
        let credential = access::find_credential(&mut tx, person).await?;
        let waits = credential.as_ref().and_then(|kept| kept.locked_until).filter(|until| *until > now);
        let is_same = credential.map(|kept| kept.password_hash) == kept;
        let right = kept.filter(|_| fits && waits.is_none() && is_same);
        if right.is_some() {
            access::clear_failures(&mut tx, person).await?;
        } else {
            refuse(&mut tx, Some(person), now).await?;
        }
        tx.commit().await?;
        Ok(right.ok_or_else(|| match waits {
            Some(until) => too_often((until - now).num_seconds()),
            None => wrong(field),
        })?)
    }
}

pub(super) fn wrong(field: &'static str) -> Problem {
    Problem::invalid("PWD_WRONG", field, "当前密码不正确").in_english("the present password is not right")
}

fn too_often(seconds: i64) -> Problem {
    let detail = format!("密码输错次数太多，请 {} 秒后再试", seconds.max(1));
    let mut problem = Problem::new(Class::TooMany, "PWD_WAIT", "", detail)
        .in_english(format!("too many wrong passwords, try again in {} seconds", seconds.max(1)));
    problem.retry_after = u64::try_from(seconds.max(1)).ok();
    problem
}

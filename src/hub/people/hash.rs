//! Hashing and checking passwords: argon2id at 19 MiB, two passes, one lane (ASVS 5.0 V6, and the
//! defaults of the `argon2` crate), away from the threads that serve pages.
//!
//! Two at once in the whole process: a flood of sign-ins takes 38 MiB and two threads, no more.

use std::sync::OnceLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::{
    domain::{Problem, problem::Class},
    hub::Result,
};

static RUNNING: Semaphore = Semaphore::const_new(2);
/// Running and waiting ones; whoever comes when it is full is sent away rather than kept.
static ROOM: Semaphore = Semaphore::const_new(64);

/// In PHC form, with a salt of its own.
pub(super) async fn hash(password: String) -> Result<String> {
    apart(move || hash_now(&password)).await
}

/// Takes the same time whether there is a hash to compare with or not.
pub(super) async fn verify(password: String, kept: Option<String>) -> Result<bool> {
    apart(move || {
        let against = kept.as_deref().unwrap_or_else(|| nobodys());
        let parsed = PasswordHash::new(against).ok();
        let fits = parsed.is_some_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        fits && kept.is_some()
    })
    .await
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _place = ROOM.try_acquire().map_err(|_| busy())?;
    let permit = RUNNING.acquire().await.expect("this semaphore is never closed");
    let done = tokio::task::spawn_blocking(move || {
        // Held until the work ends, even if nobody waits for it any more.
        let _permit = permit;
        work()
    });
    Ok(done.await.expect("hashing does not panic"))
}

fn hash_now(password: &str) -> String {
    Argon2::default().hash_password(password.as_bytes()).expect("the parameters are the crate's own").to_string()
}

/// Of no password in particular: what an unknown account is compared with.
fn nobodys() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_now("nobody's"))
}

fn busy() -> Problem {
    let mut problem = Problem::new(Class::TooMany, "LOGIN_BUSY", "", "登录的人太多，请稍后再试")
        .in_english("too many people are signing in, try again in a moment");
    problem.retry_after = Some(5);
    problem
}

//! Named crash points for the fault harness: nothing at all unless built with `failpoints`.
//!
//! `ZHIHUI_FAILPOINT=deliver.after_claim` kills the process (as `kill -9` does) when it first
//! passes there; `…=deliver.after_claim:3` at the third time.

/// `failpoint!("name")`: dies here when asked to.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        crate::failpoint::hit($name);
    };
}

/// Counts a passage and dies at the one that was asked for.
#[cfg(feature = "failpoints")]
pub fn hit(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = std::env::var("ZHIHUI_FAILPOINT") else { return };
    let (point, nth) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if point != name || PASSED.fetch_add(1, Ordering::SeqCst) + 1 != nth.parse().unwrap_or(1) {
        return;
    }
    let pid = std::process::id().to_string();
    let _ = std::process::Command::new("kill").args(["-9", &pid]).status();
    loop {
        std::thread::park();
    }
}

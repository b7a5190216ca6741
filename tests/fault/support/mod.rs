//! What the fault tests share: installations with children, providers that remember, servers of
//! their own, and the table at the end.

mod child;
mod clients;
mod installation;
mod provider;
pub mod servers;
mod table;

pub use child::Child;
pub use clients::notice;
pub use installation::{HEADS, Installation, Set, fresh_database, variable};
pub use provider::Provider;
pub use table::Outcome;

use std::time::{Duration, Instant};

/// Few faults or many: `ZHIHUI_FAULT=short` chooses the first.
pub fn times(short: usize, full: usize) -> usize {
    if std::env::var("ZHIHUI_FAULT").is_ok_and(|set| set == "short") { short } else { full }
}

/// A wait somewhere below `most`, different at each call.
pub fn moment(most: Duration) -> Duration {
    most.mul_f64(f64::from(getrandom::u32().unwrap()) / f64::from(u32::MAX))
}

/// Asks again and again until the answer is yes; false when it is still no after `most`.
pub async fn until<F: Future<Output = bool>>(most: Duration, mut ask: impl FnMut() -> F) -> bool {
    let begun = Instant::now();
    while !ask().await {
        if begun.elapsed() > most {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    true
}

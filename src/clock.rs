//! The only source of the time: everything else is handed a `Clock`.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Duration, Utc};

pub type Timestamp = DateTime<Utc>;

/// The end of the year 9999: later than anything that is kept, where lists that go backwards begin.
pub const END_OF_TIME: Timestamp = DateTime::from_timestamp(253_402_300_799, 0).expect("inside chrono's range");

#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Microseconds since 1970; moves only when told to.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.timestamp_micros())))
    }

    /// Whole microseconds: PostgreSQL keeps no more, and a time must read back equal.
    pub fn now(&self) -> Timestamp {
        let micros = match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one source of the time")]
            Self::System => Utc::now().timestamp_micros(),
            Self::Manual(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).expect("a clock stays inside chrono's range")
    }

    /// Moves a manual clock; does nothing to the system's.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(micros) = self {
            micros.fetch_add(by.num_microseconds().unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

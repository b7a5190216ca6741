//! Saying that something does not work: at once, then at most once a minute, and once when it
//! works again, however often it is tried in between.

use std::sync::{Mutex, PoisonError};

use chrono::Duration;

use crate::clock::Timestamp;

const PAUSE: Duration = Duration::minutes(1);

/// One thing that may be broken, for the log of this process.
#[derive(Default)]
pub struct Complaint(Mutex<Option<Timestamp>>);

impl Complaint {
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// It failed: is that worth a line?
    pub fn is_due(&self, now: Timestamp) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told.is_none_or(|at| now - at >= PAUSE);
        if due {
            *told = Some(now);
        }
        due
    }

    /// It worked: had it been complained of?
    pub fn is_over(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_when_it_begins_every_minute_and_when_it_ends() {
        let complaint = Complaint::new();
        assert!(!complaint.is_over(), "nothing was wrong");
        let start: Timestamp = "2026-11-21T02:00:00Z".parse().expect("a time");
        let told = (0..150).filter(|second| complaint.is_due(start + Duration::seconds(*second)));
        assert_eq!(told.collect::<Vec<_>>(), [0, 60, 120]);
        assert!(complaint.is_over());
        assert!(!complaint.is_over());
        assert!(complaint.is_due(start), "the next outage is news");
    }
}

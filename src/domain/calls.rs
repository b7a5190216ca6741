//! 电话: how often one person may be called, whoever calls and about what.

use chrono::Duration;

use crate::clock::Timestamp;

/// The channel that rings.
pub const CHANNEL: &str = "voice";

/// At most so many calls to one person within so long: one below what the carriers allow, which are
/// 3 in 8 minutes and 5 in an hour (spec/vocabulary §2.4).
pub const LIMITS: [(usize, Duration); 2] = [(2, Duration::minutes(8)), (4, Duration::hours(1))];

/// Calls from longer ago do not count.
pub const LOOKS_BACK: Duration = Duration::hours(1);

/// When somebody who was called at these times may be called again; none: at once.
pub fn wait_until(calls: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    let mut calls = calls.to_vec();
    calls.sort_unstable_by(|one, other| other.cmp(one));
    let free = LIMITS.iter().filter_map(|(most, within)| calls.get(most - 1).map(|at| *at + *within));
    free.max().filter(|at| *at > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::minutes(minute)
    }

    fn wait(calls: &[i64], now: i64) -> Option<i64> {
        let calls: Vec<_> = calls.iter().copied().map(minute).collect();
        wait_until(&calls, minute(now)).map(|at| (at - minute(0)).num_minutes())
    }

    #[test]
    fn five_ten_and_twenty_minutes_fit() {
        assert_eq!([wait(&[], 5), wait(&[5], 10), wait(&[5, 10], 20)], [None, None, None]);
    }

    #[test]
    fn a_third_call_within_eight_minutes_waits() {
        assert_eq!(wait(&[5, 6], 7), Some(13));
        assert_eq!(wait(&[6, 5], 13), None);
    }

    #[test]
    fn a_fifth_call_within_an_hour_waits() {
        assert_eq!(wait(&[0, 10, 20, 30], 40), Some(60));
        assert_eq!(wait(&[0, 10, 20, 30], 60), None);
    }
}

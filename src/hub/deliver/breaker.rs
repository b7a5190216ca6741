//! When a provider is left alone, over time: closed, open for a while, then one probe.
//!
//! Twenty failures in a row, or more than half of the last fifty, open it; so does a provider that
//! asks for a pause. After the rest a single message is tried before the next hundred follow.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

const IN_A_ROW: u32 = 20;
const RECENT: usize = 50;
const REST: Duration = Duration::from_secs(30);
/// What a provider asks for is kept within these: nothing may stand still for an hour on its word.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub struct Breaker {
    in_a_row: u32,
    recent: VecDeque<bool>,
    /// Set from the first rest until a probe went well.
    open_until: Option<Instant>,
}

impl Breaker {
    /// How long the provider is still to be left alone.
    pub fn resting(&self, now: Instant) -> Option<Duration> {
        self.open_until.and_then(|until| until.checked_duration_since(now)).filter(|rest| !rest.is_zero())
    }

    /// The rest is over, and nobody knows yet whether it helped.
    pub fn is_probing(&self, now: Instant) -> bool {
        self.open_until.is_some_and(|until| until <= now)
    }

    /// The provider took something. What was on its way when a rest began does not end the rest.
    pub fn went_well(&mut self, now: Instant) {
        self.in_a_row = 0;
        self.note(true);
        if self.is_probing(now) {
            *self = Self::default();
        }
    }

    /// The provider was busy or away; `asked` is how long it wants to be left alone.
    pub fn went_wrong(&mut self, asked: Option<Duration>, now: Instant) {
        self.in_a_row += 1;
        self.note(false);
        let wrong = self.recent.iter().filter(|well| !**well).count();
        let is_bad = self.in_a_row >= IN_A_ROW || wrong * 2 > RECENT || self.is_probing(now);
        let rest = asked.map(|asked| asked.clamp(SHORTEST, LONGEST)).or(is_bad.then_some(REST));
        if let Some(until) = rest.map(|rest| now + rest) {
            self.open_until = self.open_until.max(Some(until));
            self.recent.clear();
        }
    }

    fn note(&mut self, well: bool) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(well);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..IN_A_ROW {
            assert_eq!(breaker.resting(now), None);
            breaker.went_wrong(None, now);
        }
        breaker
    }

    #[test]
    fn twenty_in_a_row_open_it_and_one_probe_closes_it() {
        let now = Instant::now();
        let mut breaker = opened(now);
        assert_eq!(breaker.resting(now), Some(REST));
        assert!(!breaker.is_probing(now));
        let later = now + REST;
        assert_eq!(breaker.resting(later), None);
        assert!(breaker.is_probing(later));
        breaker.went_well(later);
        assert!(!breaker.is_probing(later));
    }

    #[test]
    fn a_probe_that_fails_begins_the_rest_again() {
        let now = Instant::now();
        let mut breaker = opened(now);
        breaker.went_wrong(None, now + REST);
        assert_eq!(breaker.resting(now + REST), Some(REST));
    }

    #[test]
    fn more_than_half_of_the_last_fifty_open_it_too() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..25 {
            breaker.went_wrong(None, now);
            breaker.went_well(now);
        }
        assert_eq!(breaker.resting(now), None);
        breaker.went_wrong(None, now);
        breaker.went_wrong(None, now);
        assert_eq!(breaker.resting(now), Some(REST));
    }

    #[test]
    fn a_pause_that_was_asked_for_outlives_what_was_on_its_way() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        breaker.went_wrong(Some(Duration::from_secs(20)), now);
        breaker.went_well(now);
        assert_eq!(breaker.resting(now), Some(Duration::from_secs(20)));
        breaker.went_wrong(Some(Duration::from_secs(3600)), now);
        assert_eq!(breaker.resting(now), Some(LONGEST));
    }
}

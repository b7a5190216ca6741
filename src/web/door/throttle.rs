//! Slows down whoever tries passwords from one address: 30 failures in 10 minutes (security 7.1, 4).
//!
//! Only failures count: a whole campus may come from one address, and its people sign in at eight.
//! Each account has its own delay in the hub.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::Duration;

use crate::{
    clock::Timestamp,
    domain::{Problem, problem::Class},
};

const FAILURES: u32 = 30;
const WINDOW: Duration = Duration::minutes(10);
/// Addresses remembered before those that are quiet again are forgotten.
const REMEMBERED: usize = 10_000;

/// Failures by address since the first of them.
#[derive(Default)]
pub struct Throttle {
    failed: Mutex<HashMap<IpAddr, (Timestamp, u32)>>,
}

impl Throttle {
    /// Refuses an address that has failed too often.
    pub fn check(&self, from: IpAddr, now: Timestamp) -> Result<(), Problem> {
        match self.failed().get(&network(from)) {
            Some((since, failures)) if *failures >= FAILURES && now - *since < WINDOW => {
                let wait = (WINDOW - (now - *since)).num_seconds().max(1);
                let mut problem = Problem::new(Class::TooMany, "LOGIN_RATE", "", "尝试次数太多，请稍后再试")
                    .in_english("too many attempts, try again later");
                problem.retry_after = u64::try_from(wait).ok();
                Err(problem)
            }
            _ => Ok(()),
        }
    }

    /// Notes one more failure.
    pub fn note(&self, from: IpAddr, now: Timestamp) {
        let mut failed = self.failed();
        if failed.len() >= REMEMBERED {
            failed.retain(|_, (since, _)| now - *since < WINDOW);
        }
        let entry = failed.entry(network(from)).or_insert((now, 0));
        if now - entry.0 >= WINDOW {
            *entry = (now, 0);
        }
        entry.1 += 1;
    }

    fn failed(&self) -> MutexGuard<'_, HashMap<IpAddr, (Timestamp, u32)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody with IPv6 has a whole /64 to come from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thirty_first_try_waits_until_the_window_is_over() {
        let throttle = Throttle::default();
        let start = Timestamp::UNIX_EPOCH;
        let [one, neighbour, other] = ["2001:db8::1", "2001:db8::2", "10.0.0.1"].map(|ip| ip.parse().unwrap());
        for _ in 0..30 {
            assert!(throttle.check(one, start).is_ok());
            throttle.note(one, start);
        }
        assert_eq!(throttle.check(neighbour, start).unwrap_err().retry_after, Some(600));
        assert!(throttle.check(other, start).is_ok());
        assert!(throttle.check(one, start + WINDOW).is_ok());
    }
}

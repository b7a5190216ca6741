//! A delivery: one try to reach one person, for one message, in one round, over one channel.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;

use super::{MessageId, PersonId, words::words};
use crate::clock::Timestamp;

words! {
    /// reliability: ready → sending → accepted | refused | unknown → delivered | undelivered.
    pub enum State {
        Ready => "ready",
        /// `fired_at` is committed: from here on the provider may have it.
        Sending => "sending",
        Accepted => "accepted",
        Delivered => "delivered",
        Undelivered => "undelivered",
        Refused => "refused",
        /// The answer was lost; it may or may not have gone out.
        Unknown => "unknown",
        Cancelled => "cancelled",
        Expired => "expired",
    }
}

words! {
    /// A part of a message's recipients, by what became of them.
    pub enum Bucket {
        All => "all",
        /// have it in their inbox, or a provider took it
        Sent => "sent",
        /// no channel reached them
        Failed => "failed",
        Read => "read",
        Unread => "unread",
        Receipt => "receipt",
        NoReceipt => "no_receipt",
    }
}

impl State {
    /// A later word of the provider moves a delivery only upwards, so that reports may come twice,
    /// late or in any order.
    pub fn rank(self) -> i64 {
        match self {
            Self::Ready => 0,
            Self::Sending => 1,
            Self::Unknown => 2,
            Self::Accepted => 3,
            Self::Undelivered => 4,
            Self::Delivered => 5,
            Self::Refused | Self::Cancelled | Self::Expired => 6,
        }
    }

    /// Nothing more is going to be tried.
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Ready | Self::Sending)
    }
}

/// Waits before the second, third, … attempt; after the last one a delivery is given up.
const RETRY_AFTER: [Duration; 6] = [
    Duration::seconds(5),
    Duration::seconds(30),
    Duration::minutes(2),
    Duration::minutes(10),
    Duration::minutes(30),
    Duration::hours(2),
];

/// When to try again after `attempts` have failed, or `None` to give up. `jitter` is from 0 to 1;
/// a provider's own wish is heard between once and twice the schedule.
pub fn retry_at(attempts: i64, now: Timestamp, asked: Option<Duration>, jitter: f64) -> Option<Timestamp> {
    let nth = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let base = *RETRY_AFTER.get(nth)?;
    let wait = asked.map_or(base, |asked| asked.clamp(base, base * 2));
    #[expect(clippy::cast_possible_truncation, reason = "a fifth of two hours in milliseconds is small")]
    let spread = Duration::milliseconds((wait.num_milliseconds() as f64 * 0.2 * jitter) as i64);
    Some(now + wait + spread)
}

/// What a delivery is called outside: the same on every retry, and enough to find the row again
/// when the provider calls back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub message: MessageId,
    pub person: PersonId,
    pub channel: String,
    pub round: i64,
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut ids = [0; 32];
        ids[..16].copy_from_slice(self.message.0.as_bytes());
        ids[16..].copy_from_slice(self.person.0.as_bytes());
        write!(f, "{}-{}-{}", self.channel, self.round, URL_SAFE_NO_PAD.encode(ids))
    }
}

impl std::str::FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut parts = text.splitn(3, '-');
        let (Some(channel), Some(round), Some(ids)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotAKey);
        };
        let ids = URL_SAFE_NO_PAD.decode(ids).map_err(|_| NotAKey)?;
        let id = |range: std::ops::Range<usize>| {
            ids.get(range).and_then(|bytes| uuid::Uuid::from_slice(bytes).ok()).ok_or(NotAKey)
        };
        if ids.len() != 32 {
            return Err(NotAKey);
        }
        Ok(Self {
            message: MessageId(id(0..16)?),
            person: PersonId(id(16..32)?),
            channel: channel.to_owned(),
            round: round.parse().map_err(|_| NotAKey)?,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a delivery")]
pub struct NotAKey;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_given_up_after_seven_attempts() {
        let now = Timestamp::UNIX_EPOCH;
        let waits: Vec<_> =
            (1..).map_while(|nth| retry_at(nth, now, None, 0.0)).map(|at| (at - now).num_seconds()).collect();
        assert_eq!(waits, [5, 30, 120, 600, 1800, 7200]);
    }

    #[test]
    fn a_provider_may_ask_for_at_most_twice_the_wait() {
        let now = Timestamp::UNIX_EPOCH;
        let at = retry_at(1, now, Some(Duration::hours(1)), 0.0).expect("first retry");
        assert_eq!((at - now).num_seconds(), 10);
    }

    #[test]
    fn a_key_finds_its_row_again() {
        let key = Key { message: MessageId::new(), person: PersonId::new(), channel: "voice".into(), round: 3 };
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert!(key.to_string().len() <= 64);
        assert_eq!("voice-3-zzz".parse::<Key>(), Err(NotAKey));
    }
}

//! DingTalk, SMS and voice for the demo and for tests: channels that do all a
//! real provider does except leave the machine. The [`Carrier`] behind them has
//! phones, which a page shows and a visitor answers; its reports come back to
//! the hub as real, signed HTTP callbacks.
//!
//! Callback: `POST {base}/callbacks/{channel}` with `X-Timestamp` (Unix seconds),
//! `X-Signature` = hex HMAC-SHA256(secret, timestamp + "." + body) and a JSON array
//! of `{"key", "ref", "event", "pressed"}`.

mod carrier;
mod phone;
mod post;
mod shelf;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

pub use carrier::{Carrier, Fault, LogLine};
pub use phone::{ActError, Item, ItemState, Key, Medium, Phone, PhoneSummary};
pub use post::sign;

use crate::{Accepted, CallbackError, Channel, Outgoing, Recalled, Repeat, Report, SendError, Supports};

/// One of the simulated carrier's channels.
pub struct Simulated {
    carrier: Arc<Carrier>,
    medium: Medium,
}

impl Simulated {
    pub fn new(carrier: Arc<Carrier>, medium: Medium) -> Self {
        Self { carrier, medium }
    }

    async fn send_one(&self, outgoing: &Outgoing) -> Result<Accepted, SendError> {
        let mut reports = 1;
        match self.carrier.next_fault(&outgoing.address) {
            Fault::Ok => {}
            Fault::Busy429 { retry_after } => {
                let source = "429 too many requests".into();
                return Err(SendError::Temporary { source, retry_after });
            }
            Fault::Error500 => return Err(SendError::temporary("500 internal error")),
            Fault::Refuse { code } => return Err(SendError::refused(code, "模拟运营商拒绝")),
            Fault::TakeThenCut => {
                self.carrier.take(self.medium, outgoing, reports);
                return Err(SendError::Ambiguous("the connection was cut".into()));
            }
            Fault::Slow(time) => tokio::time::sleep(time.min(LONGEST)).await,
            Fault::NoReport => reports = 0,
            Fault::ReportTwice => reports = 2,
        }
        let reference = self.carrier.take(self.medium, outgoing, reports);
        Ok(Accepted { reference: Some(reference) })
    }
}

/// No fault makes a send slower than a real provider's time limit would.
const LONGEST: Duration = Duration::from_secs(60);

#[async_trait]
impl Channel for Simulated {
    fn name(&self) -> &'static str {
        self.medium.name()
    }

    fn supports(&self) -> Supports {
        let (batch, concurrency) = match self.medium {
            Medium::DingTalk | Medium::Sms => (100, 8),
            Medium::Voice => (1, 1),
        };
        Supports {
            batch,
            concurrency,
            repeat: match self.medium {
                Medium::DingTalk => Repeat::Safe,
                Medium::Sms | Medium::Voice => Repeat::Unsafe,
            },
            callbacks: true,
            query: true,
            recall: self.medium == Medium::DingTalk,
        }
    }

    async fn send(&self, batch: &[Outgoing]) -> Vec<Result<Accepted, SendError>> {
        let mut answers = Vec::with_capacity(batch.len());
        for outgoing in batch {
            answers.push(self.send_one(outgoing).await);
        }
        answers
    }

    async fn query(&self, keys: &[String]) -> Vec<Option<Report>> {
        let ask = |key: &String| self.carrier.report(self.medium, key);
        keys.iter().map(ask).collect()
    }

    async fn recall(&self, references: &[String]) -> Vec<Recalled> {
        let recall = |reference: &String| {
            let reason = match self.medium {
                Medium::DingTalk if self.carrier.recall(self.medium, reference) => {
                    return Recalled::Done;
                }
                Medium::DingTalk => "消息已不在对方手机上",
                Medium::Sms | Medium::Voice => "已发出的短信和电话不能撤回",
            };
            Recalled::NotPossible { reason: reason.to_owned() }
        };
        references.iter().map(recall).collect()
    }

    fn callback(&self, headers: &[(String, String)], body: &[u8], now_unix: i64) -> Result<Vec<Report>, CallbackError> {
        self.carrier.callback(headers, body, now_unix)
    }

    async fn check(&self) -> Result<(), SendError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;

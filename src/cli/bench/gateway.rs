//! The child that plays the SMS gateway: answers at once, counts who was reached and how often.

use channels::fake::{Gateway, GatewayOptions};
use serde::{Deserialize, Serialize};

use super::child::{Question, answer, question};

/// What has arrived since the program began.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Seen {
    pub distinct: u64,
    pub duplicates: u64,
}

pub async fn run() -> anyhow::Result<()> {
    let gateway = Gateway::start(GatewayOptions::default()).await;
    while let Some(question) = question().await? {
        match question {
            Question::Prepare { .. } => answer(&gateway.url)?,
            Question::Stats => {
                let stats = gateway.stats();
                answer(&Seen { distinct: stats.distinct, duplicates: stats.duplicates })?;
            }
            other => anyhow::bail!("a gateway cannot do {other:?}"),
        }
    }
    Ok(())
}

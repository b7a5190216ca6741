//! What the product does: each room an occasion, each file one verb. Here is what all of them need: who
//! sends (`source`), who may do what (`policy`), what other modules hear (`tell`).
//!
//! Every verb that changes something opens one transaction and passes it down; no transaction is open
//! while a provider or the broker is called. The reconcilers (`schedule`, `fan_out`, `relay`, …) take no input but the
//! tables, may run at any time, twice, or on two machines, and always move the tables towards what
//! they should be; the broker and [`Wake`] only make them run sooner.

pub mod approve;
pub mod check;
pub mod command;
pub mod deliver;
pub mod engine;
pub mod follow;
pub mod groups;
pub mod people;
pub mod policy;
pub mod quota;
pub mod send;
mod source;
mod tell;

use std::{path::PathBuf, sync::Arc};

pub use deliver::lanes::Channels;
pub use deliver::rounds::chase_again;
pub use engine::in_hand::InHand;
pub use engine::live::{Change, Live};
pub use engine::once::Once;
pub use engine::wake::Wake;
pub use follow::kept_tallies::Tallies;
pub use source::{Answer, ApprovalNeeded, Source, missing};

use crate::{
    broker::Broker,
    clock::Clock,
    domain::{MessageId, Problem, ReplicaId, seal::Sealer, wording::Link},
    storage::{self, Db},
};

/// Everything a verb needs; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    pub db: Db,
    pub broker: Broker,
    pub channels: Channels,
    pub clock: Clock,
    pub sealer: Sealer,
    pub place: Arc<Place>,
    /// This process, as the owner of leases.
    pub replica: ReplicaId,
    pub in_hand: InHand,
    pub wake: Wake,
    pub live: Live,
    pub tallies: Tallies,
}

/// Where this installation lives.
#[derive(Debug, Clone)]
pub struct Place {
    /// Without a slash at the end; links in messages start with it.
    pub public_url: String,
    pub timezone: chrono_tz::Tz,
    pub data_dir: PathBuf,
    /// The organisation's name on every page.
    pub organisation: String,
    /// So long what was deleted stays in the recycle bin.
    pub recycle_days: i64,
    /// So long what a person sends from the page waits, so that it can be taken back.
    pub undo: chrono::Duration,
}

impl Place {
    /// Where a reader opens a message.
    pub fn link(&self, message: MessageId) -> String {
        Link { public_url: &self.public_url, message }.to_string()
    }

    /// Reached from this machine alone.
    pub fn is_local(&self) -> bool {
        let url = url::Url::parse(&self.public_url).ok();
        let host = url.as_ref().and_then(url::Url::host_str).unwrap_or_default();
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// Why a verb did not happen. The web and the API turn each into an answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Problem(#[from] Problem),
    #[error("storage failed")]
    Storage(#[from] storage::Error),
    #[error("a file could not be read or written")]
    File(#[from] std::io::Error),
    #[error("what was shared with others broke off")]
    BrokenOff,
    #[error("a sealed value could not be opened")]
    Sealed(#[from] crate::domain::seal::CannotOpen),
}

impl Error {
    /// The whole storage is away, and whatever comes next would fare no better.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Storage(error) if storage::is_outage(error))
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

//! What the product does. Each file is one verb.
//!
//! Every verb opens one transaction and passes it down; no transaction is open while a provider or
//! the broker is called. The reconcilers (`schedule`, `fan_out`, `relay`, …) take no input but the
//! tables, may run at any time, twice, or on two machines, and always move the tables towards what
//! they should be; the broker and [`Wake`] only make them run sooner.

pub mod add_recipients;
pub mod administer;
pub mod approval_rules;
pub mod approve;
mod ask;
pub mod audience;
mod breaker;
pub mod command;
pub mod complaint;
pub mod deliver;
pub mod draft;
pub mod emergency;
mod escalate;
pub mod evidence;
pub mod export;
mod fan_out;
pub mod files;
pub mod forget;
pub mod groups;
mod hash;
mod in_hand;
pub mod intake;
pub mod invariants;
pub mod lanes;
mod live;
mod once;
pub mod policy;
pub mod preview;
mod prove;
pub mod queue;
pub mod recall;
pub mod receive;
pub mod record;
pub mod recycle;
pub mod refuse;
pub mod register;
pub mod relay;
pub mod release;
pub mod remind;
pub mod report;
pub mod resend;
pub mod resolve;
pub mod room;
pub mod run;
pub mod schedule;
pub mod seal;
pub mod series;
mod set_password;
mod setup;
pub mod sign_in;
mod source;
mod spare;
pub mod status;
pub mod sweep;
pub mod tallies;
mod tell;
pub mod templates;
mod together;
pub mod transfer;
mod wake;
pub mod witness;

use std::{path::PathBuf, sync::Arc};

pub use fan_out::chase_again;
pub use in_hand::InHand;
pub use lanes::Channels;
pub use live::{Change, Live};
pub use once::Once;
pub use source::{Answer, ApprovalNeeded, Source, missing};
pub use tallies::Tallies;
pub use wake::Wake;

use crate::{
    broker::Broker,
    clock::Clock,
    domain::{Problem, ReplicaId, seal::Sealer},
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
    fn is_away(&self) -> bool {
        matches!(self, Self::Storage(error) if storage::is_outage(error))
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

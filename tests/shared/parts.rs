//! The hub that tests of every kind look through: the same key, place and name everywhere; what
//! differs comes from outside.

use std::{path::Path, sync::Arc};

use zhihui::{
    broker::Broker,
    clock::Clock,
    domain::{ReplicaId, seal::Sealer},
    hub::{Channels, Hub, InHand, Live, Place, Tallies, Wake},
    storage::Db,
};

pub struct Parts<'a> {
    /// Its address; migrated when it is opened.
    pub database: &'a str,
    pub broker: Broker,
    pub channels: Channels,
    pub clock: Clock,
    pub public_url: &'a str,
    pub data_dir: &'a Path,
}

/// Set up, with nothing running.
pub async fn open(parts: Parts<'_>) -> Hub {
    let db = Db::open(parts.database).await.unwrap();
    db.migrate().await.unwrap();
    let hub = Hub {
        db,
        broker: parts.broker,
        channels: parts.channels,
        clock: parts.clock,
        sealer: Sealer::new(&[7; 32]),
        place: Arc::new(Place {
            public_url: parts.public_url.to_owned(),
            timezone: chrono_tz::Asia::Shanghai,
            data_dir: parts.data_dir.to_owned(),
            organisation: "青溪大学".to_owned(),
            recycle_days: 30,
            undo: chrono::Duration::zero(),
        }),
        replica: ReplicaId::new(),
        in_hand: InHand::default(),
        wake: Wake::default(),
        live: Live::default(),
        tallies: Tallies::default(),
    };
    hub.set_up().await.unwrap();
    hub
}

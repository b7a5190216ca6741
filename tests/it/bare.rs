//! A migrated database of its own for each test: SQLite, or a schema of the PostgreSQL that
//! `ZHIHUI_TEST_DATABASE` names; and a hub on it whose clock the test moves.

use std::sync::Arc;

use chrono::{TimeZone, Utc};
use zhihui::{
    broker::Broker,
    clock::Clock,
    domain::{ReplicaId, seal::Sealer},
    hub::{Channels, Hub, Live, Place, Wake},
    storage::Db,
};

pub struct Bare {
    pub hub: Hub,
    _dir: tempfile::TempDir,
}

impl std::ops::Deref for Bare {
    type Target = Hub;
    fn deref(&self) -> &Hub {
        &self.hub
    }
}

/// 2026-11-21 10:00 in Shanghai, a Saturday.
pub async fn hub() -> Bare {
    let dir = tempfile::tempdir().unwrap();
    let url = match std::env::var("ZHIHUI_TEST_DATABASE") {
        Ok(url) => fresh_schema(&url).await,
        Err(_) => format!("sqlite://{}/zhihui.db", dir.path().display()),
    };
    let db = Db::open(&url).await.unwrap();
    db.migrate().await.unwrap();
    let place = Place {
        public_url: "http://127.0.0.1:8080".to_owned(),
        timezone: chrono_tz::Asia::Shanghai,
        data_dir: dir.path().to_owned(),
        organisation: "滨海大学".to_owned(),
    };
    let hub = Hub {
        db,
        broker: Broker::connect("memory:", "zhihui", &[]).await.unwrap(),
        channels: Channels::new(Vec::new()),
        clock: Clock::manual(Utc.with_ymd_and_hms(2026, 11, 21, 2, 0, 0).unwrap()),
        sealer: Sealer::new(&[7; 32]),
        place: Arc::new(place),
        replica: ReplicaId::new(),
        wake: Wake::default(),
        live: Live::default(),
    };
    Bare { hub, _dir: dir }
}

async fn fresh_schema(url: &str) -> String {
    let schema = format!("test_{}", uuid::Uuid::now_v7().simple());
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create schema {schema}"))).execute(&pool).await.unwrap();
    pool.close().await;
    format!("{url}?options=-c%20search_path%3D{schema}")
}

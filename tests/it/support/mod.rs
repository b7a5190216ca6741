//! A whole hub in one process, on a clock that the test moves, with carriers that remember.
//!
//! `ZHIHUI_TEST_DATABASE` and `ZHIHUI_TEST_BROKER` choose the set; without them it is SQLite and
//! the queue in the process. Each test has a file or schema and queue names of its own.

pub mod people;

use std::{collections::BTreeMap, sync::Arc};

use channels::{
    Channel,
    simulated::{Carrier, LogLine, Medium, Simulated},
};
use chrono::{DateTime, Duration, TimeZone, Utc};
use tokio_util::sync::CancellationToken;
use zhihui::{
    broker::{Broker, Consumer, Queue},
    clock::Clock,
    domain::ReplicaId,
    hub::{
        Channels, Hub, InHand, Live, Wake,
        check::{
            invariants,
            witness::{self, Seen},
        },
    },
    storage::{Db, tickets::Due},
};

use crate::{
    parts::{self, Parts},
    schema,
};

/// What the tests sign callbacks with.
pub const CARRIER_SECRET: &str = "the carrier's secret";

pub struct TestHub {
    pub hub: Hub,
    pub carrier: Arc<Carrier>,
    queues: BTreeMap<&'static str, Consumer>,
    seen: usize,
    pub dir: tempfile::TempDir,
    /// Where its database is.
    url: String,
    /// What its queues begin with, until they are deleted.
    prefix: Option<String>,
}

/// A test that fails, or that has nothing to look at in the end, leaves no queues behind either: a
/// broker has room for some three hundred.
impl Drop for TestHub {
    fn drop(&mut self) {
        if let (Some(prefix), Ok(url)) = (self.prefix.take(), std::env::var("ZHIHUI_TEST_BROKER")) {
            // This test's own runtime may be ending.
            let sweep = async move { Broker::connect(&url, &prefix, &CHANNELS).await.unwrap().purge_topology().await };
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let _ = std::thread::spawn(move || runtime.block_on(sweep)).join();
        }
    }
}

impl std::ops::Deref for TestHub {
    type Target = Hub;
    fn deref(&self) -> &Hub {
        &self.hub
    }
}

const CHANNELS: [&str; 3] = ["dingtalk", "sms", "voice"];
const PRIORITY: &str = "priority";

/// 2026-11-20 10:00 in Shanghai, a Friday.
pub fn morning() -> zhihui::clock::Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 20, 2, 0, 0).unwrap()
}

impl TestHub {
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = database_url(&dir).await;
        Self::open(dir, &url, &format!("test-{}", uuid::Uuid::now_v7().simple())).await
    }

    async fn open(dir: tempfile::TempDir, database: &str, prefix: &str) -> Self {
        let carrier = Carrier::new();
        carrier.tick(morning().timestamp_micros());
        let simulated = |medium| Arc::new(Simulated::new(carrier.clone(), medium)) as Arc<dyn Channel>;
        let channels = Channels::new(
            [Medium::DingTalk, Medium::Sms, Medium::Voice].map(|medium| (simulated(medium), None)).into(),
        );
        let url = std::env::var("ZHIHUI_TEST_BROKER").unwrap_or_else(|_| "memory:".to_owned());
        let broker = Broker::connect(&url, prefix, &CHANNELS).await.unwrap();
        let parts = Parts {
            database,
            broker,
            channels,
            clock: Clock::manual(morning()),
            public_url: "http://127.0.0.1:8080",
            data_dir: dir.path(),
        };
        let hub = parts::open(parts).await;
        let mut queues: BTreeMap<_, _> =
            CHANNELS.iter().map(|name| (*name, hub.broker.consume(Queue::Work((*name).to_owned()), 20))).collect();
        queues.insert(PRIORITY, hub.broker.consume(Queue::Priority, 20));
        for queue in queues.values_mut() {
            queue.ready().await;
        }
        Self { hub, carrier, queues, seen: 0, dir, url: database.to_owned(), prefix: Some(prefix.to_owned()) }
    }

    /// Lets everything that is due happen, until nothing is.
    pub async fn settle(&mut self) {
        loop {
            let mut done =
                self.send_due().await.unwrap() + self.repeat().await.unwrap() + self.fan_out().await.unwrap();
            let queued = self.queue_tickets().await.unwrap();
            done += queued.len();
            for ticket in &queued {
                self.work_one(ticket).await;
            }
            done += self.finish().await.unwrap()
                + self.settle_quotas().await.unwrap()
                + self.relay().await.unwrap()
                + self.seal_audit().await.unwrap();
            if done == 0 {
                return;
            }
        }
    }

    /// Works one message of the queue that `ticket` went to.
    pub async fn work_one(&mut self, ticket: &Due) {
        let name = self.queue_of(ticket);
        let delivered = self.queues.get_mut(name).unwrap().next().await.unwrap();
        self.hub.work_ticket(delivered, &CancellationToken::new()).await;
    }

    fn queue_of(&self, ticket: &Due) -> &'static str {
        let own = CHANNELS.into_iter().find(|name| *name == ticket.channel);
        own.filter(|_| !ticket.is_priority).unwrap_or(PRIORITY)
    }

    /// What is due goes on the queue, and the queue loses it.
    pub async fn forgets_its_queue(&mut self) {
        let queued = self.queue_tickets().await.unwrap();
        self.loses(&queued).await;
    }

    /// These tickets lie on the queue, and nothing comes of it.
    pub async fn loses(&mut self, queued: &[Due]) {
        for ticket in queued {
            let name = self.queue_of(ticket);
            self.queues.get_mut(name).unwrap().next().await.unwrap().ack().await;
        }
    }

    /// Moves the clock and lets everything that is due happen.
    pub async fn after_minutes(&mut self, minutes: i64) {
        self.after(Duration::minutes(minutes)).await;
    }

    pub async fn after(&mut self, time: Duration) {
        self.clock.advance(time);
        self.carrier.tick(self.clock.now().timestamp_micros());
        self.settle().await;
    }

    /// What left the hub since the last look: `sms 13800000001`.
    pub fn sent(&mut self) -> Vec<String> {
        let log = self.carrier.log();
        let mut lines: Vec<_> =
            log[self.seen..].iter().map(|line| format!("{} {}", line.channel, line.address)).collect();
        self.seen = log.len();
        lines.sort();
        lines
    }

    /// Another replica on the same database and broker, with the same clock and carriers.
    pub async fn replica(&self) -> Hub {
        let db = Db::open(&self.url).await.unwrap();
        Hub {
            db,
            replica: ReplicaId::new(),
            in_hand: InHand::default(),
            wake: Wake::default(),
            live: Live::default(),
            ..self.hub.clone()
        }
    }

    /// Everything that left the hub, as the carriers noted it.
    pub fn witnessed(&self) -> Vec<Seen> {
        let at = |micros| DateTime::from_timestamp_micros(micros).unwrap();
        let seen = |line: LogLine| Seen { channel: line.channel.to_owned(), key: line.key, at: at(line.at) };
        self.carrier.log().into_iter().map(seen).collect()
    }

    /// Every story ends so: what is due is done, and no promise was broken on the way.
    pub async fn end(mut self) {
        self.settle().await;
        let mut found = invariants::check_quiet(&self.hub).await.unwrap();
        found.extend(witness::check_provider(&self.hub, &self.witnessed()).await.unwrap());
        assert_eq!(found, []);
        self.close().await;
    }

    /// Closes everything, whatever was done to it; the queues of this test are deleted.
    pub async fn close(mut self) {
        self.hub.broker.purge_topology().await;
        self.prefix = None;
        self.hub.db.close().await;
    }
}

/// A migrated database of its own: a SQLite file, or a schema of PostgreSQL.
pub async fn database_url(dir: &tempfile::TempDir) -> String {
    match std::env::var("ZHIHUI_TEST_DATABASE") {
        Ok(url) => schema::fresh(&url, "test").await,
        Err(_) => format!("sqlite://{}/zhihui.db", dir.path().display()),
    }
}

/// The number that a question to the database is answered with.
pub async fn count(db: &Db, sql: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_one(read).await.unwrap(),
        Db::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
    }
}

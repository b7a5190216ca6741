//! One installation: a database, a broker, a provider, people, and as many children as wanted. The
//! test itself has a hub on the same database, which looks and asks and does no work.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use channels::{Channel, gateway::Gateway};
use serde_json::{Value, json};
use zhihui::{
    broker::Broker,
    clock::Clock,
    domain::{MessageId, PersonId, delivery, seal},
    hub::{
        Channels, Hub,
        check::{
            invariants::{self, Violation},
            witness::{self, Told},
        },
        people::register::Registration,
    },
    storage::{
        Db, Json,
        producers::{ProducerAudience, ProducerCategories},
        settings::{self, SendRuleRow, Steps},
    },
};

use crate::{
    parts::{self, Parts},
    schema, staff,
};

use super::{Child, Outcome, Provider, until};

/// Who may approve for the others.
pub const HEADS: usize = 8;
pub const SECRET: &str = "a secret of the tests";
/// Seven, thirty-two times, in base64.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
/// After the last fault everything has come to rest within this.
const REST: Duration = Duration::from_secs(300);

/// What an installation stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Set {
    /// SQLite and queues in the process.
    Embedded,
    /// PostgreSQL and RabbitMQ, those of the machine.
    Production,
    /// Servers of one's own: their addresses.
    Own { database: String, broker: String },
}

pub struct Installation {
    pub hub: Hub,
    pub provider: Provider,
    /// The [`HEADS`] heads first; everybody is in the department `all`.
    pub people: Vec<PersonId>,
    pub prefix: String,
    pub broker: String,
    database: String,
    pub(super) token: String,
    dir: tempfile::TempDir,
    pub client: reqwest::Client,
    /// What clients and providers were told.
    ledger: Mutex<Vec<Told>>,
}

impl Installation {
    pub async fn start(set: &Set, people: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (database, broker) = match set {
            Set::Embedded => (format!("sqlite://{}/zhihui.db", dir.path().display()), "memory:".to_owned()),
            Set::Production => (fresh_database().await, variable("ZHIHUI_TEST_BROKER")),
            Set::Own { database, broker } => (database.clone(), broker.clone()),
        };
        let provider = Provider::start(Duration::from_millis(20)).await;
        let hub = hub(&database, &provider, &dir).await;
        let people = populate(&hub, people).await;
        let registration = Registration {
            name: "tests".to_owned(),
            label: None,
            audience: ProducerAudience { everyone: true, departments: Vec::new() },
            categories: ProducerCategories { any: true, names: Vec::new() },
            is_trusted: true,
        };
        // On RabbitMQ a command comes in the name of the connection's own user.
        if let Some(user) = user_of(&broker) {
            hub.register_producer(Registration { name: user, ..registration.clone() }).await.unwrap();
        }
        let token = hub.register_producer(registration).await.unwrap().token;
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none());
        Self {
            client: client.build().unwrap(),
            prefix: format!("fault-{}", uuid::Uuid::now_v7().simple()),
            ledger: Mutex::default(),
            hub,
            provider,
            people,
            broker,
            database,
            token,
            dir,
        }
    }

    /// A hub at work; `fault` is where it is to die.
    pub async fn child(&self, fault: Option<&str>) -> Child {
        let mut settings = vec![
            ("ZHIHUI_DATABASE_URL", self.database.clone()),
            ("ZHIHUI_BROKER_URL", self.broker.clone()),
            ("ZHIHUI_BROKER_PREFIX", self.prefix.clone()),
            ("ZHIHUI_LISTEN", "127.0.0.1:0".to_owned()),
            ("ZHIHUI_DATA_DIR", self.dir.path().display().to_string()),
            ("ZHIHUI_SECRET_KEY", KEY.to_owned()),
            ("ZHIHUI_SMS_URL", self.provider.url()),
            ("ZHIHUI_SMS_SECRET", SECRET.to_owned()),
            ("ZHIHUI_SMS_RATE_PER_SECOND", "5000".to_owned()),
        ];
        settings.extend(fault.map(|fault| ("ZHIHUI_FAILPOINT", fault.to_owned())));
        let dir = self.dir.path().to_owned();
        tokio::task::spawn_blocking(move || Child::serve(&dir, &settings)).await.unwrap()
    }

    /// This test itself as the one at work, with settings of its own.
    pub fn again(&self, test: &str, own: &[(&str, String)], fault: Option<&str>) -> Child {
        let mut settings = vec![
            ("ZHIHUI_DATABASE_URL", self.database.clone()),
            ("ZHIHUI_BROKER_URL", self.broker.clone()),
            ("ZHIHUI_BROKER_PREFIX", self.prefix.clone()),
            ("ZHIHUI_DATA_DIR", self.dir.path().display().to_string()),
        ];
        settings.extend_from_slice(own);
        settings.extend(fault.map(|fault| ("ZHIHUI_FAILPOINT", fault.to_owned())));
        Child::again(self.dir.path(), test, &settings)
    }

    /// Something that a client or a provider was answered with a 2xx.
    pub fn told(&self, one: Told) {
        let mut ledger = self.ledger.lock().unwrap();
        if !ledger.contains(&one) {
            ledger.push(one);
        }
    }

    /// Something that a client saw accepted.
    pub fn note(&self, id: MessageId) {
        self.told(Told::Accepted(id));
    }

    /// Waits until nothing is left to do; what is then still wrong.
    pub async fn rest(&self) -> Vec<Violation> {
        let found = Mutex::new(Vec::new());
        let rested = until(REST, || async {
            // First what may still begin: the last of it leaves events and audit rows behind. Runs of a
            // series are a day apart.
            let soon = (self.hub.clock.now() + chrono::Duration::hours(1)).to_rfc3339();
            let begins = self.value("select count(*) from ticket").await
                + self.value("select count(*) from message where state = 'sending'").await
                + self
                    .value(&format!("select count(*) from message where state = 'scheduled' and send_at < '{soon}'"))
                    .await;
            let now = invariants::check_quiet(&self.hub).await;
            let is_quiet = begins == 0 && now.as_ref().is_ok_and(Vec::is_empty);
            *found.lock().unwrap() = now.unwrap_or_default();
            is_quiet
        })
        .await;
        let found = found.into_inner().unwrap();
        assert!(rested || !found.is_empty(), "still at work after {REST:?}\n{}", self.last_words());
        found
    }

    /// Lets everything come to rest, then holds it against the promise.
    pub async fn judge(&self, fault: &str, kills: usize) -> Outcome {
        let begun = Instant::now();
        let mut found = self.rest().await;
        let mut outcome = Outcome { fault: fault.to_owned(), kills, quiet: begun.elapsed(), ..Outcome::default() };
        let log = self.provider.log();
        let ledger = self.ledger.lock().unwrap().clone();
        found.extend(witness::check_provider(&self.hub, &log).await.unwrap());
        found.extend(witness::check_told(&self.hub, &ledger).await.unwrap());
        assert!(found.is_empty(), "{fault}: {found:#?}\n{}", self.last_words());
        outcome.accepted = ledger.iter().filter(|one| matches!(one, Told::Accepted(_))).count();
        outcome.compare(&self.wanted().await, log.into_iter().map(|seen| seen.key));
        outcome.print();
        assert_eq!((outcome.lost, outcome.unexpected, outcome.duplicated), (0, 0, 0), "{}", self.last_words());
        outcome
    }

    /// Every text message that was to go out, and whether it is called unknown.
    async fn wanted(&self) -> BTreeMap<String, bool> {
        let sql = "select message_id, person_id, round, state = 'unknown' from delivery
                    where state in ('accepted', 'delivered', 'undelivered', 'unknown')";
        type Row = (MessageId, PersonId, i64, bool);
        let rows: Vec<Row> = match &self.hub.db {
            Db::Sqlite { read, .. } => sqlx::query_as(sql).fetch_all(read).await.unwrap(),
            Db::Postgres(pool) => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
        };
        let key = |(message, person, round, is_unknown): Row| {
            (delivery::Key { message, person, channel: "sms".to_owned(), round }.to_string(), is_unknown)
        };
        rows.into_iter().map(key).collect()
    }

    /// How many deliveries there are in these states; a list for SQL.
    pub async fn count(&self, states: &str) -> i64 {
        self.value(&format!("select count(*) from delivery where state in ({states})")).await
    }

    /// One number out of the database; -1 while it does not answer.
    pub async fn value(&self, sql: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        let found = match &self.hub.db {
            Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_one(read).await,
            Db::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
        };
        found.unwrap_or(-1)
    }

    /// Changes rows behind the hub's back.
    pub async fn run(&self, sql: &str) {
        schema::run(&self.hub.db, sql).await;
    }

    /// Another hub of the test on the same database.
    pub async fn second(&self) -> Hub {
        hub(&self.database, &self.provider, &self.dir).await
    }

    /// The names of the files that attachments are kept in; each is whole, or the test fails.
    pub fn files(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.dir.path().join("attachments")).unwrap();
        let whole = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().unwrap();
            assert_eq!(seal::hex(&seal::sha256(&std::fs::read(entry.path()).unwrap())), name);
            name
        };
        folder.map(|entry| whole(entry.unwrap())).collect()
    }

    /// The end of what the children wrote.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.dir.path().join("hub.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Lets go of the queues on a broker that others use.
    pub async fn end(self) {
        if self.broker.starts_with("amqp")
            && let Ok(broker) = Broker::connect(&self.broker, &self.prefix, &["sms", "voice"]).await
        {
            broker.purge_topology().await;
        }
        self.hub.db.close().await;
    }
}

async fn hub(database: &str, provider: &Provider, dir: &tempfile::TempDir) -> Hub {
    let gateway = Gateway::new("sms", &provider.url(), Some(SECRET.to_owned())).unwrap();
    let parts = Parts {
        database,
        broker: Broker::connect("memory:", "eyes", &["sms"]).await.unwrap(),
        channels: Channels::new(vec![(Arc::new(gateway) as Arc<dyn Channel>, None)]),
        clock: Clock::System,
        public_url: "http://127.0.0.1:8080",
        data_dir: dir.path(),
    };
    parts::open(parts).await
}

/// A department `all` with heads and members, and a rule that texts at once and again later.
async fn populate(hub: &Hub, number: usize) -> Vec<PersonId> {
    let department = staff::department(hub, "all", "全校", None).await;
    let accounts: Vec<_> = (0..number).map(|nth| format!("a{nth}")).collect();
    let names: Vec<_> = accounts.iter().map(|account| (account.as_str(), "李雷")).collect();
    let (heads, others) = names.split_at(HEADS);
    let people =
        [staff::join(hub, heads, department, true).await, staff::join(hub, others, department, false).await].concat();
    let step = |after: i64| json!({"channels": ["sms"], "after": after, "unless": (after > 0).then_some("read")});
    let rule = |name: &str, steps: Value| SendRuleRow {
        name: name.to_owned(),
        label: name.to_owned(),
        definition: Json(Steps { steps: serde_json::from_value(steps).unwrap() }),
        is_offered: true,
    };
    let mut tx = hub.db.begin().await.unwrap();
    settings::insert_send_rule(&mut tx, &rule("text", json!([step(0)])), 90).await.unwrap();
    settings::insert_send_rule(&mut tx, &rule("text_twice", json!([step(0), step(60)])), 91).await.unwrap();
    tx.commit().await.unwrap();
    people.into_iter().map(|person| person.id).collect()
}

/// A schema of its own in the database that the tests were given.
pub async fn fresh_database() -> String {
    schema::fresh(&variable("ZHIHUI_TEST_DATABASE"), "fault").await
}

pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the faults with `tests/run fault`"))
}

fn user_of(broker: &str) -> Option<String> {
    let (_, rest) = broker.split_once("amqp://")?;
    Some(rest.split([':', '@']).next().unwrap().to_owned())
}

//! Where the benchmark works: a schema or file, queue names and a folder of its own, on the
//! database and broker that are configured, never in what they hold.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use clap::ValueEnum;
use tokio::time::timeout;

use super::{child::Part, process};
use crate::{
    broker::{Broker, Names, Queue},
    config::Config,
    storage::{Db, scratch::Schema},
};

/// The ticket queue of the bare pipeline.
const BARE: &str = "bare";
const NAMES: [&str; 2] = ["sms", BARE];
/// How long a broker may take to answer.
const BROKER: Duration = Duration::from_secs(20);

pub struct Scratch {
    name: String,
    dir: PathBuf,
    database: String,
    db: Option<(Db, Schema)>,
    broker: Broker,
    /// Processes of a broker on this machine.
    broker_pids: Vec<u32>,
}

impl Scratch {
    pub async fn create(config: &Config) -> anyhow::Result<Self> {
        let name = format!("zhihui-bench-{}", uuid::Uuid::now_v7().simple());
        let broker = Broker::connect(config.broker.url.expose(), &name, &NAMES).await?;
        // First of all: while it is away nothing has been made that would have to be deleted.
        let ready = timeout(BROKER, broker.ready()).await;
        anyhow::ensure!(ready == Ok(true), "the broker does not answer");
        let dir = std::path::absolute(config.data_dir.join(&name))?;
        std::fs::create_dir_all(&dir)?;
        let database = config.database.url.expose().to_owned();
        let db = match config.database.is_sqlite() {
            true => None,
            false => {
                let db = Db::open(&database).await?;
                Schema::create(&db).await?.map(|schema| (db, schema))
            }
        };
        let local = ["@localhost", "@127.0.0.1", "@[::1]", "//localhost", "//127.0.0.1", "//[::1]"];
        let is_local = !config.broker.is_memory() && local.iter().any(|host| config.broker.url.expose().contains(host));
        let broker_pids = if is_local { process::named("beam.smp") } else { Vec::new() };
        Ok(Self { name, dir, database, db, broker, broker_pids })
    }

    /// The settings that put a part into this place.
    pub fn environment(&self, part: Part) -> BTreeMap<String, String> {
        let database = match &self.db {
            Some((_, schema)) => schema.url(&self.database, &self.application(part)),
            None => format!("sqlite:{}", self.dir.join("zhihui.db").display()),
        };
        let log = std::env::var("ZHIHUI_LOG").unwrap_or_else(|_| "error".to_owned());
        [
            ("ZHIHUI_DATABASE_URL", database),
            ("ZHIHUI_BROKER_PREFIX", self.name.clone()),
            ("ZHIHUI_DATA_DIR", self.dir.display().to_string()),
            ("ZHIHUI_LOG", log),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn application(&self, part: Part) -> String {
        format!("{}-{}", self.name, part.word())
    }

    /// Seconds of CPU that the database has used for a part, of its processes that still are.
    pub async fn database_cpu(&self, part: Part) -> anyhow::Result<f64> {
        let Some((_, schema)) = &self.db else { return Ok(0.0) };
        let pids = schema.backends(&self.application(part)).await?;
        let own = pids.into_iter().filter(|pid| process::is_named(*pid, "postgres"));
        Ok(own.filter_map(process::cpu_seconds).sum())
    }

    /// Seconds of CPU that the broker has used, for whomever.
    pub fn broker_cpu(&self) -> f64 {
        self.broker_pids.iter().filter_map(|pid| process::cpu_seconds(*pid)).sum()
    }

    /// Leaves nothing behind.
    pub async fn remove(self) -> anyhow::Result<()> {
        self.broker.purge_topology().await;
        if let Some((db, schema)) = &self.db {
            for part in Part::value_variants() {
                schema.end_backends(&self.application(*part)).await?;
            }
            schema.remove().await?;
            db.close().await;
        }
        std::fs::remove_dir_all(&self.dir)?;
        Ok(())
    }
}

/// The queue on which the bare pipeline's tickets travel.
pub fn bare_queue(prefix: &str) -> String {
    Names::new(prefix).queue(&Queue::Work(BARE.to_owned()))
}

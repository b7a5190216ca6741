//! Puts the parts together from the settings; starts, drains and stops them.

mod hear_out;
mod listen;

use std::{
    fs::{File, TryLockError},
    future::Future,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use channels::{Channel, gateway::Gateway, smtp::Smtp};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::{
        self,
        operation::{self, Operation},
    },
    broker::Broker,
    clock::Clock,
    config::Config,
    domain::{ReplicaId, seal::Sealer},
    hub::{Channels, Hub, InHand, Live, Place, Tallies, Wake},
    storage::Db,
    web::{self, Web},
};

/// After a stop is asked for, what is in hand has so long; the process is gone within 30 s.
const DRAIN: Duration = Duration::from_secs(20);
/// Open pages are given so long to finish an answer.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// What one process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    Web,
    Work,
    All,
}

impl Role {
    fn serves(self) -> bool {
        self != Self::Work
    }

    fn works(self) -> bool {
        self != Self::Web
    }
}

/// A channel and its rate in messages a second; none is unlimited.
pub type Rated = (Arc<dyn Channel>, Option<u32>);

/// The channels that the settings name.
pub fn channels(config: &Config) -> anyhow::Result<Vec<Rated>> {
    let mut channels: Vec<Rated> = Vec::new();
    if let Some(smtp) = &config.smtp {
        channels.push((Arc::new(Smtp::new(smtp.url.expose(), &smtp.from)?), None));
    }
    if let Some(sms) = &config.sms {
        let secret = Some(sms.secret.expose().to_owned());
        channels.push((Arc::new(Gateway::new("sms", sms.url.expose(), secret)?), Some(sms.rate_per_second)));
    }
    Ok(channels)
}

/// A hub on its database and broker, migrated and set up, with nothing running yet.
pub async fn hub(config: &Config, channels: Vec<Rated>) -> anyhow::Result<Hub> {
    config.make_data_dir()?;
    let channels = Channels::new(channels);
    let db = Db::open(config.database.url.expose()).await?;
    db.migrate().await?;
    let broker = Broker::connect(config.broker.url.expose(), &config.broker.prefix, &channels.names()).await?;
    let hub = Hub {
        db,
        broker,
        channels,
        clock: Clock::System,
        sealer: Sealer::new(config.secret_key()?.expose()),
        place: Arc::new(Place {
            public_url: config.web.origin(),
            timezone: config.timezone,
            data_dir: config.data_dir.clone(),
            organisation: config.organisation.clone(),
            recycle_days: config.recycle.days,
            undo: chrono::Duration::seconds(config.sending.undo_seconds),
        }),
        replica: ReplicaId::new(),
        in_hand: InHand::default(),
        wake: Wake::default(),
        live: Live::default(),
        tallies: Tallies::default(),
    };
    hub.set_up().await?;
    Ok(hub)
}

/// A process at work.
pub struct App {
    hub: Hub,
    tasks: TaskTracker,
    stop: CancellationToken,
    server: Option<tokio::task::JoinHandle<()>>,
    _alone: Option<File>,
    pub address: SocketAddr,
}

impl App {
    /// Starts what `role` says. Also a worker answers `/healthz`, `/readyz` and `/metrics`.
    ///
    /// # Errors
    /// When another process works on the same SQLite database, or the database cannot be written.
    pub async fn start(hub: Hub, role: Role, web: Web, listener: TcpListener) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let alone = if role.works() { alone(&hub)? } else { None };
        if alone.is_some() {
            hub.end_leases().await?;
        }
        let tasks = TaskTracker::new();
        let stop = CancellationToken::new();
        if role.works() {
            hub.work(&tasks, &stop);
            let (hub, commands, stop) = (hub.clone(), tasks.clone(), stop.clone());
            tasks.spawn(async move { hub.consume_commands(&commands, &stop).await });
        }
        if role.serves() {
            let (hub, stop) = (hub.clone(), stop.clone());
            tasks.spawn(async move {
                let listener = hub.broker.listen();
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = hub.hear(listener) => {}
                }
            });
        }
        let routes = operation::router(Operation::new(hub.clone(), stop.clone()));
        let routes =
            if role.serves() { routes.merge(api::router(hub.clone())).merge(web::router(web.clone())) } else { routes };
        if role.serves() {
            tasks.spawn(web.clone().work(stop.clone()));
        }
        let ended = stop.clone();
        tasks.spawn(async move {
            ended.cancelled().await;
            web.close();
        });
        let server = tokio::spawn(listen::serve(listener, routes, listen::PATIENCE, stop.clone()));
        Ok(Self { hub, tasks, stop, server: Some(server), _alone: alone, address })
    }

    /// Runs until `asked` and drains: nothing new is claimed, what is in hand is recorded.
    pub async fn run_until(mut self, asked: impl Future<Output = ()>) -> anyhow::Result<()> {
        let mut server = self.server.take().expect("an app is started with its server");
        tokio::select! {
            () = asked => {}
            ended = &mut server => {
                ended?;
                anyhow::bail!("the web server ended by itself");
            }
        }
        tracing::info!("stopping: what is in hand is finished, nothing new is begun");
        failpoint!("shutdown.draining");
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("some work did not end in time; its leases run out and another replica goes on");
        }
        if tokio::time::timeout(LAST_ANSWERS, &mut server).await.is_err() {
            server.abort();
        }
        self.hub.broker.close().await;
        self.hub.db.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// On SQLite one process works. The lock belongs to the database's file, whatever else the processes
/// share, and goes with the process, however it ends.
fn alone(hub: &Hub) -> anyhow::Result<Option<File>> {
    let Some(database) = hub.db.file()? else { return Ok(None) };
    let mut path = database.clone().into_os_string();
    path.push(".lock");
    let file = File::create(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "another zhihui works on {}: stop it first, or give this one a database of its own \
             (several processes need PostgreSQL and RabbitMQ)",
            database.display()
        ),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Returns when the operating system asks the process to end; a second time ends it at once.
pub async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("a process may handle SIGTERM");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a process may handle SIGINT");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(1);
    });
}

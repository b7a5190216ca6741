//! A whole hub on a port of its own: workers, pages, API, and carriers whose reports come back over
//! HTTP. Its clock stands still until the test moves it.

use std::sync::Arc;

use channels::{
    Channel,
    simulated::{Carrier, Medium, Simulated},
};
use chrono::{Duration, TimeZone, Utc};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use zhihui::{
    app::{App, Role},
    broker::Broker,
    cli::demo,
    clock::Clock,
    domain::{seal, sign_in::LinkPurpose},
    hub::{Channels, Hub},
    storage::{people, sessions},
    web::{DemoLink, Web},
};

use crate::{
    parts::{self, Parts},
    people::Person,
};

const CARRIER_SECRET: &str = "the carrier's secret";
const LINK: Duration = Duration::hours(1);
const CHANNELS: [Medium; 3] = [Medium::DingTalk, Medium::Sms, Medium::Voice];

pub struct Site {
    pub hub: Hub,
    pub carrier: Arc<Carrier>,
    /// One-click links, where there is a demonstration.
    pub links: Vec<DemoLink>,
    /// `http://127.0.0.1:…`
    pub origin: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<anyhow::Result<()>>,
    _dir: tempfile::TempDir,
}

impl Site {
    /// An empty one. It is 2026-11-20 10:00 in Shanghai, a Friday.
    pub async fn start() -> Self {
        Self::begin(false).await
    }

    /// The university of the demonstration, with something in every state.
    pub async fn demonstration() -> Self {
        Self::begin(true).await
    }

    async fn begin(is_demonstration: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let carrier = Carrier::new();
        let hub = open(&dir, &origin, &carrier).await;
        carrier.tick(hub.clock.now().timestamp_micros());
        carrier.set_callback(&origin, CARRIER_SECRET).unwrap();
        let mut links = Vec::new();
        if is_demonstration {
            demo::found(&hub, &carrier, demo::PEOPLE).await.unwrap();
            links = demo::open(&hub, &carrier, demo::PEOPLE).await.unwrap().links;
        }
        let demo = demo::pages(&carrier, &links);
        let web = Web::open(hub.clone(), Some(demo), Vec::new()).unwrap();
        let app = App::start(hub.clone(), Role::All, web, listener).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(app.run_until(ended(stopped)));
        Self { hub, carrier, links, origin, stop, running, _dir: dir }
    }

    /// Lets time pass, for the hub and for the phones.
    pub fn after_minutes(&self, minutes: i64) {
        self.hub.clock.advance(Duration::minutes(minutes));
        self.carrier.tick(self.hub.clock.now().timestamp_micros());
    }

    /// Who has this role in the demonstration.
    pub async fn actor(&self, role: &str) -> Person {
        let link = self.links.iter().find(|link| link.role == role).unwrap();
        let session = self.hub.sign_in_by_link(&link.token).await.unwrap();
        let mut tx = self.hub.db.read().await.unwrap();
        let person = people::find(&mut tx, session.person).await.unwrap().unwrap();
        let phone = person.phone(&self.hub.sealer).unwrap().expect("the actors have phones");
        Person { id: person.id, account: person.account.unwrap(), phone }
    }

    /// What a one-time link of this purpose ends with.
    async fn link(&self, person: &Person, purpose: LinkPurpose) -> String {
        let (token, hash) = seal::token();
        let mut tx = self.hub.db.begin().await.unwrap();
        sessions::insert_link(&mut tx, &hash, person.id, purpose, self.hub.clock.now() + LINK).await.unwrap();
        tx.commit().await.unwrap();
        token
    }

    /// For signing in with one click.
    pub async fn link_for(&self, person: &Person) -> String {
        self.link(person, LinkPurpose::Demo).await
    }

    /// For setting the first password.
    pub async fn invitation_of(&self, person: &Person) -> String {
        self.link(person, LinkPurpose::Setup).await
    }

    /// Stops as an operator would, with pages still open.
    pub async fn end(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

async fn open(dir: &tempfile::TempDir, origin: &str, carrier: &Arc<Carrier>) -> Hub {
    let channels = Channels::new(
        CHANNELS.map(|medium| (Arc::new(Simulated::new(carrier.clone(), medium)) as Arc<dyn Channel>, None)).into(),
    );
    let parts = Parts {
        database: &format!("sqlite://{}/zhihui.db", dir.path().display()),
        broker: Broker::connect("memory:", "browser", &channels.names()).await.unwrap(),
        channels,
        clock: Clock::manual(Utc.with_ymd_and_hms(2026, 11, 20, 2, 0, 0).unwrap()),
        public_url: origin,
        data_dir: dir.path(),
    };
    parts::open(parts).await
}

/// A test that failed drops the sender: then the hub goes with its runtime.
async fn ended(stopped: oneshot::Receiver<()>) {
    if stopped.await.is_err() {
        std::future::pending::<()>().await;
    }
}

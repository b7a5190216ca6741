//! The child that does the same job with the parts alone: no lanes, no leases, no retries, no
//! proof. What it reaches is the mark for the hub; it also measures each part for itself.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use futures_util::StreamExt;
use lapin::{
    Acker, BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
        QueuePurgeOptions,
    },
    types::FieldTable,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc};

use super::{
    child::{Question, answer, question},
    scratch,
};
use crate::{
    clock::Clock,
    config::Config,
    domain::MessageId,
    storage::{Db, bare},
};

/// Recipients of one ticket.
const TICKET: usize = 100;
const PREFETCH: u16 = 20;
/// Requests to the gateway at once.
const AT_ONCE: usize = 64;
/// Publishes that may wait for their confirmation.
const WINDOW: usize = 1_000;
/// Results that one commit carries, or what comes in within so much time of the first.
const RESULTS: usize = 1_000;
const GATHER: Duration = Duration::from_millis(5);
/// Results that may wait for their commit before posting does.
const UNRECORDED: usize = 20_000;
/// Messages that the limit of publishing is measured with, and their size.
const PUBLISHES: usize = 10_000;
const BODY: usize = 1_024;
/// Requests that the limit of the gateway is measured with, at most.
const POSTS: i64 = 20_000;

/// What the parts do alone, a second.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Limits {
    /// rows of one `insert … select` into the hub's own inbox table
    pub inbox_rows: f64,
    /// persistent, confirmed, 1 kB, into a quorum queue; none without a broker
    pub publishes: Option<f64>,
    pub posts: f64,
}

/// Recipients with their phones, as they travel.
type Ticket = Vec<(i64, String)>;
/// Person, HTTP status, the gateway's reference, and what to settle once that is recorded.
type Done = (i64, i64, String, Arc<Settlement>);

/// Acknowledges a ticket with its last result.
struct Settlement {
    open: AtomicUsize,
    /// The channel has to stay open for it; none in the process.
    acker: Option<(Acker, Channel)>,
}

impl Settlement {
    fn new(ticket: &Ticket, acker: Option<(Acker, Channel)>) -> Arc<Self> {
        Arc::new(Self { open: AtomicUsize::new(ticket.len()), acker })
    }

    async fn one_recorded(&self) -> lapin::Result<()> {
        match &self.acker {
            Some((acker, _)) if self.open.fetch_sub(1, Ordering::AcqRel) == 1 => {
                acker.ack(BasicAckOptions::default()).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

pub async fn run(config: &Config) -> anyhow::Result<()> {
    let Some(Question::Prepare { recipients, gateway }) = question().await? else { return Ok(()) };
    let db = Db::open(config.database.url.expose()).await?;
    let mut tx = db.begin().await?;
    bare::create(&mut tx, recipients).await?;
    tx.commit().await?;
    // An error means that it is set already. Nothing here is encrypted, but a client must know how.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().pool_max_idle_per_host(AT_ONCE).no_proxy().tls_certs_only([]).build()?;
    let queue = match config.broker.is_memory() {
        true => None,
        false => Some(Queue::open(config).await?),
    };
    let mut bench = Bench { db, queue, poster: Poster { client, url: gateway.into() }, recipients, rounds: 0 };
    answer(&())?;
    while let Some(question) = question().await? {
        match question {
            Question::Round => answer(&bench.round().await?)?,
            Question::Limits => answer(&bench.limits().await?)?,
            other => anyhow::bail!("the bare pipeline cannot do {other:?}"),
        }
    }
    bench.db.close().await;
    Ok(())
}

struct Bench {
    db: Db,
    queue: Option<Queue>,
    poster: Poster,
    recipients: i64,
    rounds: i64,
}

impl Bench {
    /// Seconds for one message to everybody.
    async fn round(&mut self) -> anyhow::Result<f64> {
        self.rounds += 1;
        let message = self.rounds;
        let begun = Instant::now();
        let mut tx = self.db.begin().await?;
        bare::fan_out(&mut tx, message, Clock::System.now()).await?;
        tx.commit().await?;
        let mut tx = self.db.read().await?;
        let targets = bare::list_ready(&mut tx, message).await?;
        drop(tx);
        let tickets: Vec<Ticket> = targets.chunks(TICKET).map(<[_]>::to_vec).collect();
        drop(targets);
        let (done, mut results) = mpsc::channel(UNRECORDED);
        let worker = self.poster.clone();
        let (count, queue) = (tickets.len(), self.queue.clone());
        let work = tokio::spawn(async move {
            match queue {
                Some(queue) => {
                    let publish = queue.publish(&tickets);
                    let (published, consumed) = tokio::join!(publish, queue.consume(count, &worker, message, &done));
                    published.and(consumed)
                }
                None => {
                    for ticket in tickets {
                        let settlement = Settlement::new(&ticket, None);
                        worker.post_all(ticket, message, settlement, &done).await;
                    }
                    Ok(())
                }
            }
        });
        self.record(message, &mut results).await?;
        work.await??;
        let seconds = begun.elapsed().as_secs_f64();
        let mut tx = self.db.read().await?;
        let accepted = bare::count_accepted(&mut tx, message).await?;
        ensure!(accepted == self.recipients, "the gateway took {accepted}");
        Ok(seconds)
    }

    /// Writes results as they come, many a commit, until all senders are gone.
    async fn record(&self, message: i64, results: &mut mpsc::Receiver<Done>) -> anyhow::Result<()> {
        let mut batch: Vec<Done> = Vec::with_capacity(RESULTS);
        while results.recv_many(&mut batch, RESULTS).await > 0 {
            let until = tokio::time::Instant::now() + GATHER;
            while batch.len() < RESULTS {
                let room = RESULTS - batch.len();
                match tokio::time::timeout_at(until, results.recv_many(&mut batch, room)).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
            let (rows, settlements): (Vec<_>, Vec<_>) =
                batch.drain(..).map(|(person, code, reference, ticket)| ((person, code, reference), ticket)).unzip();
            let mut tx = self.db.begin().await?;
            bare::record(&mut tx, message, &rows, Clock::System.now()).await?;
            tx.commit().await?;
            for settlement in settlements {
                settlement.one_recorded().await?;
            }
        }
        Ok(())
    }

    async fn limits(&self) -> anyhow::Result<Limits> {
        let begun = Instant::now();
        let mut tx = self.db.begin().await?;
        let rows = bare::write_inbox(&mut tx, MessageId::new(), Clock::System.now()).await?;
        tx.commit().await?;
        let inbox_rows = rows as f64 / begun.elapsed().as_secs_f64();
        let publishes = match &self.queue {
            Some(queue) => Some(queue.publishes_per_second().await?),
            None => None,
        };
        let posts = self.recipients.min(POSTS);
        let begun = Instant::now();
        let one = |nth: i64| self.poster.post(nth, "13800000000".to_owned(), 0);
        let refused = futures_util::stream::iter(0..posts)
            .map(one)
            .buffer_unordered(AT_ONCE)
            .filter(|(code, _)| std::future::ready(*code != 200))
            .count()
            .await;
        ensure!(refused == 0, "the gateway refused {refused}");
        Ok(Limits { inbox_rows, publishes, posts: posts as f64 / begun.elapsed().as_secs_f64() })
    }
}

#[derive(Clone)]
struct Poster {
    client: reqwest::Client,
    url: Arc<str>,
}

impl Poster {
    /// Posts a ticket's recipients, as many at once as all tickets together may.
    async fn post_all(&self, ticket: Ticket, message: i64, settlement: Arc<Settlement>, done: &mpsc::Sender<Done>) {
        static AT_WORK: Semaphore = Semaphore::const_new(AT_ONCE);
        for (person, phone) in ticket {
            let turn = AT_WORK.acquire().await.expect("it is never closed");
            let (poster, done, settlement) = (self.clone(), done.clone(), settlement.clone());
            tokio::spawn(async move {
                let (code, reference) = poster.post(person, phone, message).await;
                drop(turn);
                // Without a receiver the round has failed and says so.
                let _ = done.send((person, code, reference, settlement)).await;
            });
        }
    }

    /// HTTP status (0: no answer) and the gateway's reference.
    async fn post(&self, person: i64, phone: String, message: i64) -> (i64, String) {
        let body =
            json!({"to": phone, "text": "您有一条新消息，请登录查看。", "ref": format!("bare:{message}:{person}")});
        let Ok(response) = self.client.post(&*self.url).json(&body).send().await else { return (0, String::new()) };
        let code = i64::from(response.status().as_u16());
        let answer: serde_json::Value = response.json().await.unwrap_or_default();
        (code, answer["msgid"].as_str().unwrap_or_default().to_owned())
    }
}

/// A quorum queue like the hub's own.
#[derive(Clone)]
struct Queue {
    name: String,
    connection: Arc<Connection>,
}

impl Queue {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        let url = config.broker.url.expose();
        let runtime = async_rs::Runtime::tokio_current();
        let connection = Connection::connect_with_runtime(url, ConnectionProperties::default(), runtime).await?;
        Ok(Self { name: scratch::bare_queue(&config.broker.prefix), connection: Arc::new(connection) })
    }

    async fn publish(&self, tickets: &[Ticket]) -> anyhow::Result<()> {
        let bodies = tickets.iter().map(|ticket| serde_json::to_vec(ticket).expect("numbers and texts are JSON"));
        self.publish_all(bodies).await
    }

    /// Confirmed, a window of them at once.
    async fn publish_all(&self, bodies: impl Iterator<Item = Vec<u8>>) -> anyhow::Result<()> {
        let channel = self.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let properties = BasicProperties::default().with_delivery_mode(2);
        let mut open = VecDeque::new();
        for body in bodies {
            let options = BasicPublishOptions::default();
            let name = self.name.as_str().into();
            open.push_back(channel.basic_publish("".into(), name, options, &body, properties.clone()).await?);
            if open.len() >= WINDOW
                && let Some(oldest) = open.pop_front()
            {
                ensure!(oldest.await?.is_ack(), "the broker refused a ticket");
            }
        }
        for confirmation in open {
            ensure!(confirmation.await?.is_ack(), "the broker refused a ticket");
        }
        Ok(())
    }

    async fn consume(
        &self,
        tickets: usize,
        poster: &Poster,
        message: i64,
        done: &mpsc::Sender<Done>,
    ) -> anyhow::Result<()> {
        let channel: Channel = self.connection.create_channel().await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let name = self.name.as_str().into();
        let mut consumer = channel.basic_consume(name, "".into(), options, FieldTable::default()).await?;
        for _ in 0..tickets {
            let delivery = consumer.next().await.context("the queue is gone")??;
            let ticket = serde_json::from_slice(&delivery.data)?;
            let settlement = Settlement::new(&ticket, Some((delivery.acker, channel.clone())));
            poster.post_all(ticket, message, settlement, done).await;
        }
        Ok(())
    }

    async fn publishes_per_second(&self) -> anyhow::Result<f64> {
        let begun = Instant::now();
        self.publish_all(std::iter::repeat_n(vec![b'x'; BODY], PUBLISHES)).await?;
        let seconds = begun.elapsed().as_secs_f64();
        let channel = self.connection.create_channel().await?;
        channel.queue_purge(self.name.as_str().into(), QueuePurgeOptions::default()).await?;
        Ok(PUBLISHES as f64 / seconds)
    }
}

//! What only a broker across a network can do to us: be away, go away, forget, and freeze.
//! Tried when `ZHIHUI_TEST_BROKER` holds the address of a RabbitMQ.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::AMQPUri;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;
use zhihui::broker::{Broker, Envelope, Error, Health, Queue, Target};

use super::broker::{fresh_prefix, told_to_the_end};

fn address() -> Option<AMQPUri> {
    let address = std::env::var("ZHIHUI_TEST_BROKER").ok()?;
    Some(address.parse().expect("ZHIHUI_TEST_BROKER is an AMQP address"))
}

fn sms() -> Queue {
    Queue::Work("sms".into())
}

fn to_sms() -> Target {
    Target::Work("sms".into())
}

#[derive(Clone, Copy, PartialEq)]
enum Line {
    Open,
    /// Bytes go no further, and nobody is told.
    Frozen,
    Cut,
}

/// A line to the broker that can be cut and frozen.
struct Proxy {
    address: AMQPUri,
    line: Arc<watch::Sender<Line>>,
}

impl Proxy {
    /// Where a proxy will be; nothing listens there yet.
    async fn reserve(broker: &AMQPUri) -> (AMQPUri, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut address = broker.clone();
        address.authority.host = "127.0.0.1".into();
        address.authority.port = listener.local_addr().expect("bound").port();
        (address, listener)
    }

    async fn start(broker: &AMQPUri) -> Self {
        let (address, listener) = Self::reserve(broker).await;
        Self::serve(address, listener, broker)
    }

    fn serve(address: AMQPUri, listener: TcpListener, broker: &AMQPUri) -> Self {
        let line = Arc::new(watch::Sender::new(Line::Open));
        let target = (broker.authority.host.clone(), broker.authority.port);
        let switch = line.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(forward(near, target.clone(), switch.subscribe()));
            }
        });
        Self { address, line }
    }

    async fn connect(&self, prefix: &str) -> Broker {
        let broker = Broker::connect(&self.address.to_string(), prefix, &["sms"]).await.expect("a good address");
        assert!(broker.ready().await);
        broker
    }

    /// Every connection ends; later ones are let through.
    fn cut(&self) {
        self.line.send_replace(Line::Cut);
        self.line.send_replace(Line::Open);
    }
}

async fn forward(mut near: TcpStream, target: (String, u16), mut line: watch::Receiver<Line>) {
    let Ok(mut far) = TcpStream::connect(target).await else { return };
    line.mark_unchanged();
    {
        let copied = copy_bidirectional(&mut near, &mut far);
        tokio::select! {
            _ = copied => return,
            _ = line.changed() => {}
        }
    }
    if *line.borrow() == Line::Frozen {
        // The sockets stay open, and nothing is read any more.
        let _ = line.changed().await;
    }
}

/// Tells the story with a prefix of its own, and cleans up after it.
async fn on_rabbitmq(story: impl AsyncFn(&AMQPUri, &str)) {
    let Some(address) = address() else { return };
    let prefix = fresh_prefix();
    told_to_the_end(story(&address, &prefix), async || {
        let sweep = Broker::connect(&address.to_string(), &prefix, &["sms"]).await.expect("a good address");
        sweep.purge_topology().await;
    })
    .await;
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::task::yield_now().await;
    }
}

async fn stranger(address: &AMQPUri) -> lapin::Channel {
    let runtime = async_rs::Runtime::tokio_current();
    let connection = lapin::Connection::connect_uri_with_runtime(address.clone(), Default::default(), runtime);
    connection.await.expect("RabbitMQ is there").create_channel().await.expect("a channel")
}

#[tokio::test]
async fn a_cut_line_costs_nothing_but_a_moment() {
    on_rabbitmq(async |address, prefix| {
        let proxy = Proxy::start(address).await;
        let broker = proxy.connect(prefix).await;
        let mut lost = broker.lost();
        let mut consumer = broker.consume(sms(), 10);
        broker.publish(to_sms(), Envelope::new("one")).await.expect("published");
        let in_hand = consumer.next().await.expect("open");

        proxy.cut();
        let again = consumer.next().await.expect("open");
        assert_eq!((again.envelope.body.as_slice(), again.envelope.redelivered), (b"one".as_slice(), true));
        in_hand.ack().await; // too late, and harmless
        again.ack().await;
        lost.changed().await.expect("open");
        assert!(broker.ready().await);
        broker.publish(to_sms(), Envelope::new("two")).await.expect("published");
        let next = consumer.next().await.expect("open");
        assert_eq!(next.envelope.body, b"two");
        next.ack().await;
        broker.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_queue_is_declared_anew_and_the_loss_is_told() {
    on_rabbitmq(async |address, prefix| {
        let broker = Broker::connect(&address.to_string(), prefix, &["sms"]).await.expect("a good address");
        assert!(broker.ready().await);
        let mut consumer = broker.consume(sms(), 10);
        consumer.ready().await;
        let mut lost = broker.lost();
        let queue = format!("{prefix}.work.sms");
        let channel = stranger(address).await;
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.expect("deleted");

        let publish = async {
            lost.changed().await.expect("open");
            while broker.publish(to_sms(), Envelope::new("after the loss")).await.is_err() {
                assert!(broker.ready().await);
            }
        };
        // A consumer notices while it waits.
        let (delivered, ()) = tokio::join!(consumer.next(), publish);
        let delivered = delivered.expect("open");
        assert_eq!(delivered.envelope.body, b"after the loss");
        delivered.ack().await;
        broker.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_publisher_without_consumers_restores_a_deleted_queue_too() {
    on_rabbitmq(async |address, prefix| {
        let broker = Broker::connect(&address.to_string(), prefix, &["sms"]).await.expect("a good address");
        assert!(broker.ready().await);
        let mut lost = broker.lost();
        let queue = format!("{prefix}.work.sms");
        let channel = stranger(address).await;
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.expect("deleted");

        let failed = broker.publish(to_sms(), Envelope::new("into the void")).await;
        assert_eq!(failed, Err(Error::Unroutable(queue)));
        lost.changed().await.expect("open");
        assert!(broker.ready().await);
        broker.publish(to_sms(), Envelope::new("into the queue")).await.expect("published");
        assert_eq!(broker.depth(sms()).await, Some(1));
        broker.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_is_away_at_the_start_is_waited_for() {
    on_rabbitmq(async |address, prefix| {
        let (away, listener) = Proxy::reserve(address).await;
        drop(listener);
        let broker = Broker::connect(&away.to_string(), prefix, &["sms"]).await.expect("a good address");
        until("a reason", || matches!(broker.health(), Health::Reconnecting { reason, .. } if reason != "connecting"))
            .await;
        let refused = broker.publish(to_sms(), Envelope::new("early")).await;
        assert!(matches!(refused, Err(Error::Disconnected(_))), "{refused:?}");
        let mut consumer = broker.consume(sms(), 1);

        let listener = TcpListener::bind(("127.0.0.1", away.authority.port)).await.expect("still free");
        let _proxy = Proxy::serve(away, listener, address);
        assert!(broker.ready().await);
        broker.publish(to_sms(), Envelope::new("now")).await.expect("published");
        let delivered = consumer.next().await.expect("open");
        assert_eq!(delivered.envelope.body, b"now");
        delivered.ack().await;
        // Each connection finds the broker by itself.
        until("every connection", || broker.health() == Health::Connected { blocked: false }).await;
        broker.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_frozen_broker_fails_a_publish_within_its_time() {
    on_rabbitmq(async |address, prefix| {
        let proxy = Proxy::start(address).await;
        let broker = proxy.connect(prefix).await;
        broker.publish(to_sms(), Envelope::new("before")).await.expect("published");
        proxy.line.send_replace(Line::Frozen);
        let began = Instant::now();
        assert_eq!(broker.publish(to_sms(), Envelope::new("into the ice")).await, Err(Error::Timeout));
        assert!(began.elapsed() < Duration::from_secs(7), "took {:?}", began.elapsed());
        proxy.cut();
        broker.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_with_other_arguments_is_named_in_the_health() {
    on_rabbitmq(async |address, prefix| {
        let queue = format!("{prefix}.work.sms");
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        let channel = stranger(address).await;
        channel.queue_declare(queue.as_str().into(), QueueDeclareOptions::durable(), arguments).await.expect("declared");

        let broker = Broker::connect(&address.to_string(), prefix, &["sms"]).await.expect("a good address");
        let names_it = |health| matches!(health, Health::Reconnecting { reason, .. } if reason.contains(&queue) && reason.contains("other arguments") && !reason.contains('\n'));
        until("the queue's name in the health", || names_it(broker.health())).await;
        channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.expect("deleted");
        assert!(broker.ready().await);
        broker.publish(to_sms(), Envelope::new("well again")).await.expect("published");
        broker.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_told_without_repeating_it() {
    on_rabbitmq(async |address, prefix| {
        let mut wrong = address.clone();
        wrong.authority.userinfo.password = "not-the-password".into();
        let broker = Broker::connect(&wrong.to_string(), prefix, &["sms"]).await.expect("a good address");
        let told = |health| match health {
            Health::Reconnecting { reason, .. } => {
                assert!(!reason.contains("not-the-password"));
                reason.contains("ACCESS_REFUSED") || reason.contains("ACCESS-REFUSED")
            }
            _ => false,
        };
        until("a refusal", || told(broker.health())).await;
        broker.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_command_in_a_foreign_name_is_refused_and_hurts_nobody() {
    on_rabbitmq(async |address, prefix| {
        let broker = Broker::connect(&address.to_string(), prefix, &["sms"]).await.expect("a good address");
        assert!(broker.ready().await);
        let forged = Envelope { user_id: Some("somebody".into()), ..Envelope::keyed("message.send", "{}") };
        assert_eq!(broker.publish(Target::Commands, forged).await, Err(Error::ForeignUser));
        let long = Envelope { correlation_id: Some("x".repeat(300)), ..Envelope::new("{}") };
        assert_eq!(broker.publish(to_sms(), long).await, Err(Error::TooLong("correlation_id")));
        broker.publish(to_sms(), Envelope::new("fine")).await.expect("published");
        broker.close().await;
    })
    .await;
}

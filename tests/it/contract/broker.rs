//! One contract for both brokers. The one in the process is always tried, RabbitMQ when
//! `ZHIHUI_TEST_BROKER` holds its address.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::timeout;
use zhihui::broker::{Broker, Consumer, DELIVERY_LIMIT, Delivered, Envelope, Error, Queue, Target};

/// A story that takes longer hangs; the slowest takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A prefix that no other test has.
pub fn fresh_prefix() -> String {
    format!("zhihui-test-{:016x}", getrandom::u64().expect("the system has random numbers"))
}

/// Tells the story on each broker that is there, each time with names of its own.
async fn on_every_broker(story: impl AsyncFn(&Broker)) {
    let addresses = ["memory:".to_owned()].into_iter().chain(std::env::var("ZHIHUI_TEST_BROKER"));
    for address in addresses {
        let broker = Broker::connect(&address, &fresh_prefix(), &["sms", "email"]).await.expect("a good address");
        let told = async {
            assert!(broker.ready().await);
            story(&broker).await;
        };
        told_to_the_end(told, || broker.purge_topology()).await;
    }
}

/// Cleans up after a story that failed or hung too, and then fails.
pub async fn told_to_the_end<C: Future>(story: impl Future<Output = ()>, clean_up: impl FnOnce() -> C) {
    let told = timeout(PATIENCE, AssertUnwindSafe(story).catch_unwind()).await;
    clean_up().await;
    if let Err(panic) = told.expect("the story hung") {
        resume_unwind(panic);
    }
}

fn sms() -> Queue {
    Queue::Work("sms".into())
}

fn to_sms() -> Target {
    Target::Work("sms".into())
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("ticket {number}")).collect()
}

fn text(delivered: &Delivered) -> String {
    String::from_utf8(delivered.envelope.body.clone()).expect("our own text")
}

async fn next(consumer: &mut Consumer) -> Delivered {
    consumer.next().await.expect("the broker is open")
}

async fn take_and_ack(consumer: &mut Consumer, count: usize) -> Vec<String> {
    let mut taken = Vec::new();
    for _ in 0..count {
        let delivered = next(consumer).await;
        taken.push(text(&delivered));
        delivered.ack().await;
    }
    taken
}

#[tokio::test]
async fn a_command_arrives_as_it_was_sent_and_is_gone_when_acknowledged() {
    on_every_broker(async |broker| {
        let sent = Envelope {
            content_type: Some("application/json".into()),
            kind: Some("message.send".into()),
            message_id: Some("key-1".into()),
            user_id: Some("guest".into()),
            reply_to: Some("meeting.answers".into()),
            correlation_id: Some("42".into()),
            headers: BTreeMap::from([("cloudEvents:source".into(), "会议".into())]),
            ..Envelope::keyed("message.send", r#"{"kind": "content"}"#)
        };
        broker.publish(Target::Commands, sent.clone()).await.expect("published");
        let mut consumer = broker.consume(Queue::Commands, 1);
        let delivered = next(&mut consumer).await;
        assert_eq!(delivered.envelope, sent);
        delivered.ack().await;

        broker.publish(Target::Commands, Envelope::keyed("task.open", "later")).await.expect("published");
        let delivered = next(&mut consumer).await;
        assert_eq!((text(&delivered), delivered.envelope.redelivered), ("later".into(), false));
        delivered.ack().await;
        assert_eq!(broker.depth(Queue::Commands).await, Some(0));
    })
    .await;
}

#[tokio::test]
async fn what_is_dropped_unsettled_or_requeued_comes_back() {
    on_every_broker(async |broker| {
        broker.publish(to_sms(), Envelope::new("ticket")).await.expect("published");
        let mut consumer = broker.consume(sms(), 1);
        drop(next(&mut consumer).await);
        let again = next(&mut consumer).await;
        assert_eq!((text(&again), again.envelope.redelivered), ("ticket".into(), true));
        again.requeue().await;
        let third = next(&mut consumer).await;
        assert!(third.envelope.redelivered);
        third.ack().await;
    })
    .await;
}

#[tokio::test]
async fn a_consumer_that_goes_leaves_its_messages_to_the_next_but_may_finish_the_one_in_hand() {
    on_every_broker(async |broker| {
        let items = texts(10).into_iter().map(|text| (to_sms(), Envelope::new(text))).collect();
        assert!(broker.publish_all(items).await.iter().all(Result::is_ok));
        let mut leaving = broker.consume(sms(), 10);
        let in_hand = next(&mut leaving).await;
        drop(leaving);
        let mut staying = broker.consume(sms(), 10);
        let taken: BTreeSet<String> = take_and_ack(&mut staying, 9).await.into_iter().collect();
        assert_eq!(taken, texts(10).into_iter().skip(1).collect());
        in_hand.ack().await;
        broker.publish(to_sms(), Envelope::new("the end")).await.expect("published");
        assert_eq!(take_and_ack(&mut staying, 1).await, ["the end"]);
    })
    .await;
}

#[tokio::test]
async fn nobody_holds_more_unsettled_messages_than_its_prefetch() {
    on_every_broker(async |broker| {
        let mut greedy = broker.consume(sms(), 2);
        greedy.ready().await;
        let items = texts(3).into_iter().map(|text| (to_sms(), Envelope::new(text))).collect();
        assert!(broker.publish_all(items).await.iter().all(Result::is_ok));
        let (first, second) = (next(&mut greedy).await, next(&mut greedy).await);
        let mut other = broker.consume(sms(), 2);
        assert_eq!(take_and_ack(&mut other, 1).await, ["ticket 2"]);
        assert_eq!([text(&first), text(&second)], ["ticket 0", "ticket 1"]);
        first.ack().await;
        second.ack().await;
    })
    .await;
}

#[tokio::test]
async fn a_rejected_message_lies_with_the_dead_letters_and_says_where_it_was() {
    on_every_broker(async |broker| {
        broker.publish(Target::Commands, Envelope::keyed("message.send", "not JSON")).await.expect("published");
        next(&mut broker.consume(Queue::Commands, 1)).await.reject().await;

        let dead = next(&mut broker.consume(Queue::Dead, 1)).await;
        assert_eq!((text(&dead).as_str(), dead.envelope.routing_key.as_str()), ("not JSON", "message.send"));
        assert!(dead.envelope.headers[Envelope::DEAD_FROM].ends_with(".commands"));
        assert_eq!(dead.envelope.headers[Envelope::DEAD_BECAUSE], "rejected");
        dead.ack().await;
    })
    .await;
}

#[tokio::test]
async fn a_command_put_with_the_dead_letters_keeps_its_producer_only_as_a_claim_or_proven() {
    on_every_broker(async |broker| {
        let letter = Envelope { user_id: Some("meeting".into()), ..Envelope::keyed("message.send", "bad") };
        broker.publish(Target::Dead, letter).await.expect("published");
        let dead = next(&mut broker.consume(Queue::Dead, 1)).await;
        let claimed = dead.envelope.headers.get(Envelope::CLAIMED_USER);
        assert_eq!(dead.envelope.user_id.as_ref().or(claimed).map(String::as_str), Some("meeting"));
        dead.ack().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_keeps_coming_back_ends_with_the_dead_letters() {
    on_every_broker(async |broker| {
        broker.publish(to_sms(), Envelope::new("poison")).await.expect("published");
        let mut consumer = broker.consume(sms(), 1);
        for _ in 0..=DELIVERY_LIMIT {
            next(&mut consumer).await.requeue().await;
        }
        let dead = next(&mut broker.consume(Queue::Dead, 1)).await;
        assert_eq!(dead.envelope.headers[Envelope::DEAD_BECAUSE], "delivery_limit");
        dead.ack().await;
        broker.publish(to_sms(), Envelope::new("healthy")).await.expect("published");
        assert_eq!(take_and_ack(&mut consumer, 1).await, ["healthy"]);
    })
    .await;
}

#[tokio::test]
async fn two_thousand_at_once_arrive_in_order_and_each_is_reported() {
    on_every_broker(async |broker| {
        let items = texts(2000).into_iter().map(|text| (to_sms(), Envelope::new(text))).collect();
        assert_eq!(broker.publish_all(items).await, vec![Ok(()); 2000]);
        let mut consumer = broker.consume(sms(), 100);
        assert_eq!(take_and_ack(&mut consumer, 2000).await, texts(2000));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_fails_alone() {
    on_every_broker(async |broker| {
        let gone = || Target::Reply("zhihui-test-nobody".into());
        let unroutable = || Err(Error::Unroutable("zhihui-test-nobody".into()));
        // Every third of a batch has no queue, and exactly those are reported.
        let target = |number: usize| if number.is_multiple_of(3) { gone() } else { to_sms() };
        let items = texts(600).into_iter().enumerate().map(|(number, text)| (target(number), Envelope::new(text)));
        for (number, result) in broker.publish_all(items.collect()).await.into_iter().enumerate() {
            assert_eq!(result, if number.is_multiple_of(3) { unroutable() } else { Ok(()) }, "number {number}");
        }
        // The same one by one, all at the same time.
        let singles = (0..60).map(|number| broker.publish(target(number), Envelope::new(format!("single {number}"))));
        for (number, result) in futures_util::future::join_all(singles).await.into_iter().enumerate() {
            assert_eq!(result, if number.is_multiple_of(3) { unroutable() } else { Ok(()) }, "single {number}");
        }
        assert_eq!(take_and_ack(&mut broker.consume(sms(), 100), 440).await.len(), 440);
    })
    .await;
}

#[tokio::test]
async fn no_answer_goes_to_a_queue_of_the_hub() {
    on_every_broker(async |broker| {
        let mut consumer = broker.consume(sms(), 1);
        broker.publish(to_sms(), Envelope::new("ours")).await.expect("published");
        let delivered = next(&mut consumer).await;
        let own = delivered.envelope.routing_key.clone();
        delivered.ack().await;
        let forged = broker.publish(Target::Reply(own.clone()), Envelope::new("forged ticket")).await;
        assert_eq!(forged, Err(Error::NotForReplies(own)));
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_was_not_named_has_no_queue() {
    on_every_broker(async |broker| {
        let refused = broker.publish(Target::Work("pigeon".into()), Envelope::new("ticket")).await;
        assert!(matches!(refused, Err(Error::Unroutable(queue)) if queue.ends_with(".work.pigeon")));
        broker.publish(Target::Priority, Envelope::new("code")).await.expect("published");
        assert_eq!(take_and_ack(&mut broker.consume(Queue::Priority, 1), 1).await, ["code"]);
    })
    .await;
}

#[tokio::test]
async fn an_event_reaches_each_module_whose_binding_fits_once() {
    on_every_broker(async |broker| {
        let event = |kind: &str| (Target::Event, Envelope::keyed(kind, kind));
        let mut visitor = broker.subscribe("visitor", "message.*");
        let mut both = broker.subscribe("audit", "message.#");
        let mut same_queue = broker.subscribe("audit", "message.sent");
        for consumer in [&mut visitor, &mut both, &mut same_queue] {
            consumer.ready().await;
        }
        drop(same_queue);
        let kinds = ["task.opened", "message.sent", "message.sent.late", "message.recalled"];
        for result in broker.publish_all(kinds.map(event).into()).await {
            result.expect("an event without listeners is no error");
        }
        assert_eq!(take_and_ack(&mut visitor, 2).await, ["message.sent", "message.recalled"]);
        assert_eq!(take_and_ack(&mut both, 3).await, ["message.sent", "message.sent.late", "message.recalled"]);
    })
    .await;
}

#[tokio::test]
async fn every_listener_hears_every_live_message() {
    on_every_broker(async |broker| {
        broker.publish(Target::Live, Envelope::new("nobody hears")).await.expect("no listener is no error");
        let (mut one, mut other) = (broker.listen(), broker.listen());
        one.ready().await;
        other.ready().await;
        for text in texts(3) {
            broker.publish(Target::Live, Envelope::new(text)).await.expect("published");
        }
        for listener in [&mut one, &mut other] {
            for text in texts(3) {
                assert_eq!(listener.next().await.expect("open").body, text.into_bytes());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_closed_broker_ends_its_consumers_and_takes_nothing() {
    on_every_broker(async |broker| {
        let (mut consumer, mut listener) = (broker.consume(sms(), 1), broker.listen());
        consumer.ready().await;
        broker.close().await;
        assert!(consumer.next().await.is_none());
        assert!(listener.next().await.is_none());
        assert_eq!(broker.publish(to_sms(), Envelope::new("late")).await, Err(Error::Closed));
        assert_eq!(broker.publish_all(vec![(to_sms(), Envelope::new("late"))]).await, [Err(Error::Closed)]);
        assert!(!broker.ready().await);
    })
    .await;
}

#[tokio::test]
async fn waiting_for_a_message_can_be_given_up_without_losing_one() {
    on_every_broker(async |broker| {
        let mut consumer = broker.consume(sms(), 10);
        consumer.ready().await;
        let items = texts(200).into_iter().map(|text| (to_sms(), Envelope::new(text))).collect();
        assert!(broker.publish_all(items).await.iter().all(Result::is_ok));
        let mut taken = Vec::new();
        while taken.len() < 200 {
            tokio::select! {
                biased;
                // Given up at once as often as not.
                () = tokio::task::yield_now() => {}
                delivered = consumer.next() => {
                    let delivered = delivered.expect("the broker is open");
                    taken.push(text(&delivered));
                    delivered.ack().await;
                }
            }
        }
        assert_eq!(taken, texts(200));
    })
    .await;
}

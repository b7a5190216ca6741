//! 短信配额, where two want it at once.

use channels::{Report, Status};
use chrono::Duration;
use zhihui::{
    domain::{message::Draft, quota::Mode},
    hub::{Source, send::origin::Origin},
    storage::quotas,
};

use super::quotas::{all, by, office, start, used};
use crate::support::people::to;

#[tokio::test]
async fn of_two_that_want_the_last_pieces_one_gets_them() {
    let mut test = start().await;
    let (sender, readers, quota) = office(&test, Some(5), Mode::Strict).await;
    let other = test.replica().await;
    let message = |title: &str| by("sms", to(&all(&readers), title));
    let source = Source::Person(sender.id);
    let (one, two) = tokio::join!(
        test.accept(&source, None, [1; 32], message("停水")),
        other.accept(&source, None, [2; 32], message("停电")),
    );
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    assert_eq!(used(&test, quota).await, 3);
    test.settle().await;
    // Settled by two at once it is settled once.
    let last = test.sends(&sender, by("sms", to(&[&readers[0]], "检修"))).await.unwrap().id;
    test.settle().await;
    let key = test.carrier.log().into_iter().last().unwrap().key;
    let report = Report { key, reference: None, status: Status::Undelivered, detail: String::new(), pressed: None };
    test.take_reports("sms", vec![report]).await.unwrap();
    test.clock.advance(Duration::minutes(2));
    let (one, two) = tokio::join!(test.settle_quotas(), other.settle_quotas());
    assert_eq!(one.unwrap() + two.unwrap(), 1, "the entry of {last}");
    assert_eq!(used(&test, quota).await, 3);
    test.end().await;
}

/// Whoever settles holds the entry; a report that comes meanwhile waits, and has it settled once more.
#[tokio::test]
async fn what_is_reported_while_it_is_settled_is_not_forgotten() {
    let mut test = start().await;
    let (sender, readers, quota) = office(&test, Some(5), Mode::Strict).await;
    test.sends(&sender, by("sms", to(&[&readers[0]], "停水"))).await.unwrap();
    test.send_due().await.unwrap();
    test.fan_out().await.unwrap();
    for ticket in test.queue_tickets().await.unwrap() {
        test.work_one(&ticket).await;
    }
    let key = test.carrier.log().into_iter().last().unwrap().key;
    let report = Report { key, reference: None, status: Status::Undelivered, detail: String::new(), pressed: None };
    let other = test.replica().await;
    if test.db.has_many_writers() {
        // It has counted, and is about to commit.
        let mut settling = test.db.begin().await.unwrap();
        assert_eq!(quotas::settle(&mut settling, test.clock.now(), 10).await.unwrap(), 1);
        let reported = tokio::spawn(async move { other.take_reports("sms", vec![report]).await });
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(!reported.is_finished(), "it waits");
        settling.commit().await.unwrap();
        reported.await.unwrap().unwrap();
    } else {
        test.settle_quotas().await.unwrap();
        other.take_reports("sms", vec![report]).await.unwrap();
    }
    assert_eq!(used(&test, quota).await, 1);
    test.after_minutes(1).await;
    assert_eq!(used(&test, quota).await, 0);
    test.end().await;
}

/// Written anew at once for each other's month: neither waits for the other for ever.
#[tokio::test]
async fn two_that_change_places_in_two_months_both_go_through() {
    let test = start().await;
    let (sender, readers, _) = office(&test, Some(6), Mode::Strict).await;
    let other = test.replica().await;
    let source = Source::Person(sender.id);
    let planned = |days: i64, title: &str| {
        let at = Some(test.clock.now() + Duration::days(days));
        Draft { send_at: at, ..by("sms", to(&all(&readers), title)) }
    };
    // In November and in December.
    let mut days = [1, 15];
    let first = test.sends(&sender, planned(days[0], "停水")).await.unwrap().id;
    let mut last = [first, test.sends(&sender, planned(days[1], "停电")).await.unwrap().id];
    for _ in 0..10 {
        days.swap(0, 1);
        let mut origins = Vec::new();
        for id in last {
            test.recall(&source, id).await.unwrap();
            origins.push(Origin { message: Some(id), ..Origin::default() });
        }
        let (one, two) = tokio::join!(
            test.send_written(sender.id, None, [0; 32], planned(days[0], "停水"), &origins[0]),
            other.send_written(sender.id, None, [0; 32], planned(days[1], "停电"), &origins[1]),
        );
        last = [one.unwrap().id, two.unwrap().id];
    }
    test.end().await;
}

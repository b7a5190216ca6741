//! 周期发送: every run is a message of its own, made in time, once, and never again after the end.

use chrono::Duration;
use serde_json::json;
use zhihui::{
    domain::{
        MessageId,
        command::read_send,
        message::{Draft, State},
        person::{self, Role},
    },
    hub::{Error, Source, follow::recycle::Discard, people::sign_in::SignedIn},
    storage::{messages, series},
};

use crate::support::{TestHub, count, people::Actor};

/// Every Monday at eight; the clock begins on a Friday.
fn weekly(reader: &Actor, more: serde_json::Value) -> Draft {
    let mut message = json!({
        "title": "例会", "body": "九点例会", "audience": {"people": [reader.account]},
        "receipt": {"options": ["参加"], "due_at": "2026-11-23T08:30:00+08:00"},
        "recurrence": {"cron": "0 0 8 * * Mon"},
    });
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    read_send(&message, crate::support::morning()).unwrap()
}

async fn office(test: &TestHub) -> (Actor, Actor) {
    let office = test.department("office", None).await;
    (test.member("wang", office).await, test.member("li", office).await)
}

/// The runs of its series: when each is, and how it stands.
async fn runs(test: &TestHub, of: MessageId) -> Vec<String> {
    let mut tx = test.db.read().await.unwrap();
    let series = series::find_of(&mut tx, of).await.unwrap().unwrap();
    let mut runs = series::list_runs(&mut tx, series.id, 100).await.unwrap();
    runs.reverse();
    runs.iter().map(|run| format!("{} {}", test.local(run.send_at.unwrap()), run.state)).collect()
}

#[tokio::test]
async fn every_run_is_a_message_of_its_own_and_is_made_in_time() {
    let mut test = TestHub::start().await;
    let (sender, reader) = office(&test).await;
    let sent = test.sends(&sender, weekly(&reader, json!({}))).await.unwrap();
    let first = sent.id;
    assert_eq!(sent.state, State::Scheduled);
    test.settle().await;
    assert_eq!(runs(&test, first).await, ["2026-11-23 08:00 scheduled"]);
    test.after(Duration::hours(70)).await;
    assert_eq!(runs(&test, first).await, ["2026-11-23 08:00 sent", "2026-11-30 08:00 scheduled"]);
    // Two replicas look at the same moment: one run.
    let other = test.replica().await;
    test.clock.advance(Duration::days(7));
    let (one, two) = tokio::join!(test.repeat(), other.repeat());
    one.unwrap();
    two.unwrap();
    test.settle().await;
    assert_eq!(
        runs(&test, first).await,
        ["2026-11-23 08:00 sent", "2026-11-30 08:00 sent", "2026-12-07 08:00 scheduled"]
    );
    // The deadline of each is as far from it as that of the first.
    let mut tx = test.db.read().await.unwrap();
    let run = series::find_of(&mut tx, first).await.unwrap().unwrap().run_id;
    let due = messages::find(&mut tx, run).await.unwrap().unwrap().receipt.unwrap().0.due_at.unwrap();
    assert_eq!(test.local(due), "2026-12-07 08:30");
    drop(tx);
    // Nothing ran for a month: what waited is held, and what fell in between is not made up for.
    test.after(Duration::days(30)).await;
    let states = runs(&test, first).await;
    assert_eq!(states[2..], ["2026-12-07 08:00 held", "2027-01-04 08:00 scheduled"]);
    test.end().await;
}

#[tokio::test]
async fn a_series_ends_at_its_time_when_it_is_stopped_and_when_it_is_refused() {
    let mut test = TestHub::start().await;
    let (sender, reader) = office(&test).await;
    let until = weekly(&reader, json!({"recurrence": {"cron": "0 0 8 * * Mon", "until": "2026-11-29T00:00:00+08:00"}}));
    let first = test.sends(&sender, until).await.unwrap().id;
    test.after(Duration::days(20)).await;
    assert_eq!(runs(&test, first).await.len(), 1, "the second would be after its end");
    let open = "select count(*) from series where ended_at is null";
    assert_eq!(count(&test.db, open).await, 0);

    // Its end passes between the reading and the taking: it is refused, not sent at once.
    let over = weekly(&reader, json!({"recurrence": {"cron": "0 0 8 * * Mon", "until": "2026-11-29T00:00:00+08:00"}}));
    let Err(Error::Problem(over)) = test.sends(&sender, over).await else { panic!("it went out") };
    assert_eq!((over.code, over.field.as_str()), ("CRON_NEVER", "/recurrence/until"));

    let stranger = Source::Person(reader.id);
    let later = read_send(
        &json!({"title": "t", "body": "b", "audience": {"people": ["li"]}, "recurrence": {"cron": "0 0 8 * * Mon"}}),
        test.clock.now(),
    );
    let first = test.sends(&sender, later.unwrap()).await.unwrap().id;
    assert!(test.stop_series(&stranger, first).await.is_err(), "somebody else's does not exist");
    test.after(Duration::hours(3 * 24 + 22)).await;
    // From any of its runs; the one that waits is recalled, what is out stays.
    test.stop_series(&Source::Person(sender.id), first).await.unwrap();
    let states = runs(&test, first).await;
    assert!(states[0].ends_with("sent") && states[1].ends_with("recalled"), "{states:?}");
    test.after(Duration::days(20)).await;
    assert_eq!(runs(&test, first).await.len(), 2);
    let Err(Error::Problem(again)) = test.stop_series(&Source::Person(sender.id), first).await else { panic!() };
    assert_eq!(again.code, "SERIES_ENDED");
    test.end().await;
}

#[tokio::test]
async fn a_series_that_is_stopped_while_its_next_run_is_made_sends_nothing_more() {
    let test = TestHub::start().await;
    let (sender, reader) = office(&test).await;
    let other = test.replica().await;
    for _ in 0..5 {
        let weekly = json!({"title": "例会", "body": "九点", "audience": {"people": [reader.account]},
                            "recurrence": {"cron": "0 0 8 * * Mon"}});
        let first = test.sends(&sender, read_send(&weekly, test.clock.now()).unwrap()).await.unwrap().id;
        test.clock.advance(Duration::days(7));
        let source = Source::Person(sender.id);
        let (made, stopped) = tokio::join!(other.repeat(), test.stop_series(&source, first));
        made.unwrap();
        stopped.unwrap();
        let states = runs(&test, first).await;
        assert!(states.iter().skip(1).all(|run| run.ends_with("recalled")), "{states:?}");
    }
    test.end().await;
}

/// Stopped from two of its runs, or from one while another goes: on PostgreSQL neither waits for what
/// the other holds.
#[tokio::test]
async fn whoever_ends_a_series_at_the_same_time_waits_for_nobody() {
    let test = TestHub::start().await;
    let (sender, reader) = office(&test).await;
    let admin = proved(&test.member("zhao", test.department("office2", None).await).await);
    let other = test.replica().await;
    let source = Source::Person(sender.id);
    for round in 0..9 {
        let weekly = json!({"title": "例会", "body": "九点", "audience": {"people": [reader.account]},
                           "recurrence": {"cron": "0 0 8 * * Mon"}});
        let first = test.sends(&sender, read_send(&weekly, test.clock.now()).unwrap()).await.unwrap().id;
        test.clock.advance(Duration::days(7));
        test.repeat().await.unwrap();
        let last = series::find_of(&mut test.db.read().await.unwrap(), first).await.unwrap().unwrap().run_id;
        let from_first = other.stop_series(&source, first);
        let codes = match round % 3 {
            0 => both(tokio::join!(from_first, test.stop_series(&source, last))),
            1 => {
                test.recall(&source, last).await.unwrap();
                both(tokio::join!(from_first, test.discard(&source, last, Discard::Purge)))
            }
            _ => both(tokio::join!(from_first, test.recall_foreign(&admin, last, "试一试"))),
        };
        let expected = [["", ""], ["SERIES_ENDED", ""], ["", "SERIES_ENDED"], ["", "STATE"]];
        assert!(expected.contains(&codes), "{round}: {codes:?}");
        let series = series::find_of(&mut test.db.read().await.unwrap(), first).await.unwrap().unwrap();
        assert!(series.ended_at.is_some());
        let last = messages::find(&mut test.db.read().await.unwrap(), last).await.unwrap().unwrap();
        assert_eq!(last.state, State::Recalled);
    }
    test.end().await;
}

/// An administrator who gave the password again.
fn proved(who: &Actor) -> SignedIn {
    SignedIn {
        person: who.id,
        account: who.account.clone(),
        name: "赵".to_owned(),
        department: String::new(),
        roles: vec![Role::OrgAdmin],
        is_head: false,
        is_proved: true,
        csrf: String::new(),
    }
}

/// Why each was refused; whatever else went wrong is no answer.
fn both<A, B>((one, two): (Result<A, Error>, Result<B, Error>)) -> [&'static str; 2] {
    [code(one), code(two)]
}

fn code<T>(done: Result<T, Error>) -> &'static str {
    match done {
        Ok(_) => "",
        Err(Error::Problem(problem)) => problem.code,
        Err(error) => panic!("{error:?}"),
    }
}

/// Nobody could stop what he cannot reach any more.
#[tokio::test]
async fn a_series_ends_with_the_purging_of_its_last_run() {
    let test = TestHub::start().await;
    let (sender, reader) = office(&test).await;
    let first = test.sends(&sender, weekly(&reader, json!({}))).await.unwrap().id;
    let source = Source::Person(sender.id);
    test.recall(&source, first).await.unwrap();
    test.discard(&source, first, Discard::Delete).await.unwrap();
    let open = "select count(*) from series where ended_at is null";
    assert_eq!(count(&test.db, open).await, 1, "one that was deleted can be restored");
    test.discard(&source, first, Discard::Purge).await.unwrap();
    assert_eq!(count(&test.db, open).await, 0);
    test.end().await;
}

#[tokio::test]
async fn each_run_is_approved_by_itself_and_a_refusal_ends_the_series() {
    let mut test = TestHub::start().await;
    let department = test.department("office", None).await;
    let head = test.head("zhang", department).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), department, false).await;
    let draft = weekly(&staff[1], json!({"audience": {"departments": [{"code": "office", "recursive": true}]}}));
    let first = test.sends(&staff[0], draft).await.unwrap().id;
    test.settle().await;
    test.approves(&head).await.unwrap();
    test.after(Duration::hours(70)).await;
    assert_eq!(runs(&test, first).await, ["2026-11-23 08:00 sent", "2026-11-30 08:00 pending_approval"]);
    test.rejects(&head, "不必每周开会").await.unwrap();
    test.after(Duration::days(14)).await;
    assert_eq!(runs(&test, first).await, ["2026-11-23 08:00 sent", "2026-11-30 08:00 rejected"]);
    let told = "select count(*) from message where title = '周期发送已停止：例会'";
    assert_eq!(count(&test.db, told).await, 1);
    test.end().await;
}

#[tokio::test]
async fn a_run_that_cannot_be_made_is_told_and_the_next_one_comes() {
    let mut test = TestHub::start().await;
    let (sender, reader) = office(&test).await;
    let first = test.sends(&sender, weekly(&reader, json!({}))).await.unwrap().id;
    test.becomes(&reader, person::State::Resigned).await;
    test.after(Duration::hours(70)).await;
    // Whoever was in the first one's list still gets that; the second has nobody.
    let told = "select count(*) from message where title = '周期消息未能生成：例会'";
    assert_eq!((runs(&test, first).await.len(), count(&test.db, told).await), (1, 1));
    test.becomes(&reader, person::State::Active).await;
    test.after(Duration::days(7)).await;
    assert_eq!(runs(&test, first).await.len(), 2);
    // A sender who has left sends nothing any more.
    test.becomes(&sender, person::State::Resigned).await;
    test.after(Duration::days(21)).await;
    assert_eq!(runs(&test, first).await.len(), 2);
    assert_eq!(count(&test.db, "select count(*) from series where ended_at is null").await, 0);
    test.end().await;
}

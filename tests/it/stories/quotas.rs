//! 短信配额: what may be used is held when a message is handed in, and settled by what went out.

use std::sync::Arc;

use channels::{Report, Status, simulated::Fault};
use chrono::Duration;
use serde_json::json;
use zhihui::{
    domain::{
        DepartmentId, QuotaId, approval,
        command::{RemindTo, ResendTo, read_send, read_sketch},
        message::{Audience, Draft, State},
        quota::{Mode, month_of},
    },
    hub::{Error, Source, send::origin::Origin},
    producers::meeting,
    storage::quotas::{self, Quota},
};

use crate::{
    schema::run,
    support::{
        TestHub, count,
        people::{Actor, to},
    },
};

/// With links so short that a short text is one piece.
pub(super) async fn start() -> TestHub {
    let mut test = TestHub::start().await;
    Arc::make_mut(&mut test.hub.place).public_url = String::new();
    test
}

pub(super) fn by(rule: &str, draft: Draft) -> Draft {
    Draft { send_rule: Some(rule.to_owned()), ..draft }
}

/// So many pieces a month for a department.
pub async fn allow(test: &TestHub, department: DepartmentId, pieces: impl Into<Option<i64>>, mode: Mode) -> QuotaId {
    let pieces = pieces.into();
    let id = QuotaId::new();
    let quota = Quota { id, department_id: Some(department), producer_id: None, name: String::new(), pieces, mode };
    let mut tx = test.db.begin().await.unwrap();
    assert!(quotas::insert(&mut tx, &quota, test.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
    id
}

pub(super) async fn used(test: &TestHub, quota: QuotaId) -> i64 {
    let month = month_of(test.clock.now(), chrono_tz::Asia::Shanghai);
    quotas::used(&mut test.db.read().await.unwrap(), quota, &month).await.unwrap()
}

/// A sender and three readers in an office that has a quota.
pub(super) async fn office(test: &TestHub, pieces: Option<i64>, mode: Mode) -> (Actor, Vec<Actor>, QuotaId) {
    let office = test.department("office", None).await;
    let people = test.members(&["li", "zhao", "sun"], office, false).await;
    (test.member("wang", office).await, people, allow(test, office, pieces, mode).await)
}

pub(super) fn all(readers: &[Actor]) -> Vec<&Actor> {
    readers.iter().collect()
}

#[track_caller]
fn is_short<T: std::fmt::Debug>(refused: Result<T, Error>, words: &str) {
    let Err(Error::Problem(refused)) = refused else { panic!("it went through: {refused:?}") };
    assert_eq!((refused.code, refused.field.as_str()), ("QUOTA_SHORT", "/send_rule"));
    assert!(refused.detail.contains(words), "{}", refused.detail);
}

#[tokio::test]
async fn the_most_is_held_and_what_was_not_needed_is_given_back() {
    let mut test = start().await;
    let (sender, readers, quota) = office(&test, Some(4), Mode::Strict).await;
    let sent = test.sends(&sender, by("dingtalk_then_sms", to(&all(&readers), "停水"))).await.unwrap().id;
    assert_eq!(used(&test, quota).await, 3, "all three may need one");
    // Whatever else would need more than the one that is left is refused, and nothing of it stays.
    is_short(test.sends(&sender, by("sms", to(&all(&readers), "停电"))).await, "还剩 1 条，本次最多需要 3 条");
    assert_eq!(count(&test.db, "select count(*) from message").await, 1);
    test.sends(&sender, by("dingtalk", to(&all(&readers), "不发短信"))).await.unwrap();
    test.settle().await;
    test.reads(&readers[0], sent).await;
    test.reads(&readers[1], sent).await;
    test.after_minutes(29).await;
    assert_eq!(used(&test, quota).await, 3, "the step with the SMS is still to come");
    test.after_minutes(2).await;
    assert_eq!(used(&test, quota).await, 1, "one had not read it");
    test.sends(&sender, by("sms", to(&all(&readers), "停电"))).await.unwrap();
    test.end().await;
}

#[tokio::test]
async fn what_did_not_go_out_costs_nothing() {
    let mut test = start().await;
    let (sender, readers, quota) = office(&test, Some(10), Mode::Strict).await;
    let source = Source::Person(sender.id);
    // A long title goes out in two pieces; one is refused by the provider.
    test.carrier.script_always(&readers[0].phone, Fault::Refuse { code: "isv.MOBILE_NUMBER_ILLEGAL".to_owned() });
    let long = "关于本周末校园供水管网检修期间各楼宇停水安排及应急用水点设置的紧急通知，请各单位务必转告本单位全体师生并提前做好储水准备工作";
    test.sends(&sender, by("sms", to(&all(&readers), long))).await.unwrap();
    assert_eq!(used(&test, quota).await, 6);
    test.settle().await;
    assert_eq!(used(&test, quota).await, 4);
    // Reported as not delivered, even after it was settled.
    let key = test.carrier.log().into_iter().find(|line| line.address == readers[1].phone).unwrap().key;
    let report = |status| Report { key: key.clone(), reference: None, status, detail: String::new(), pressed: None };
    test.take_reports("sms", vec![report(Status::Undelivered)]).await.unwrap();
    test.settle().await;
    assert_eq!(used(&test, quota).await, 4, "a minute later, with whatever else is reported");
    test.after_minutes(1).await;
    assert_eq!(used(&test, quota).await, 2);
    // And after all it was.
    test.take_reports("sms", vec![report(Status::Delivered)]).await.unwrap();
    test.after_minutes(1).await;
    assert_eq!(used(&test, quota).await, 4);
    // Recalled before its time.
    let at = Some(test.clock.now() + Duration::hours(2));
    let planned = Draft { send_at: at, ..by("sms", to(&all(&readers), "检修")) };
    let planned = test.sends(&sender, planned).await.unwrap().id;
    assert_eq!(used(&test, quota).await, 7);
    test.recall(&source, planned).await.unwrap();
    test.settle().await;
    assert_eq!(used(&test, quota).await, 4);
    test.end().await;
}

#[tokio::test]
async fn what_is_refused_by_an_approver_is_given_back() {
    let mut test = start().await;
    let (sender, readers, quota) = office(&test, Some(10), Mode::Strict).await;
    let chief = test.head("chief", test.department("above", None).await).await;
    test.grants_approver(&chief).await;
    let mut rule = approval::shipped().remove(0);
    rule.condition = approval::Condition::default();
    rule.nodes = vec![approval::Node::of(approval::Approver::ApproverRole)];
    test.rules(vec![rule]).await;
    let asked = test.sends(&sender, by("sms", to(&all(&readers), "停水"))).await.unwrap();
    assert_eq!((asked.state, used(&test, quota).await), (State::PendingApproval, 3));
    test.settle().await;
    assert_eq!(used(&test, quota).await, 3, "it waits");
    test.rejects(&chief, "改天再发").await.unwrap();
    test.settle().await;
    assert_eq!(used(&test, quota).await, 0);
    test.end().await;
}

#[tokio::test]
async fn reminding_sending_again_adding_people_and_looking_at_it_count_too() {
    let mut test = start().await;
    let (sender, readers, quota) = office(&test, Some(8), Mode::Strict).await;
    let source = Source::Person(sender.id);
    let sent = test.sends(&sender, by("sms", to(&[&readers[0], &readers[1]], "停水"))).await.unwrap().id;
    test.settle().await;
    assert_eq!(used(&test, quota).await, 2);
    test.after_minutes(6).await;
    let one = RemindTo::Accounts(vec!["li".to_owned()]);
    assert_eq!(test.remind(&source, None, sent, &one).await.unwrap().people, 1);
    test.after_minutes(6).await;
    assert_eq!(used(&test, quota).await, 3);
    assert_eq!(test.resend(&source, None, sent, &ResendTo::All).await.unwrap().people, 2);
    test.after_minutes(6).await;
    assert_eq!(used(&test, quota).await, 5);
    let more = Audience { people: vec!["sun".to_owned()], ..Audience::default() };
    test.add_recipients(&source, None, sent, more).await.unwrap();
    test.settle().await;
    assert_eq!(used(&test, quota).await, 6);
    test.preview(sender.id, by("sms", to(&[&readers[0]], "草稿")), &Origin::default()).await.unwrap();
    test.settle().await;
    assert_eq!(used(&test, quota).await, 7);
    // One is left: of three, two or a resend nothing goes out.
    is_short(test.resend(&source, None, sent, &ResendTo::All).await, "还剩 1 条");
    is_short(test.remind(&source, None, sent, &RemindTo::Unread).await, "还剩 1 条");
    let people: Vec<_> = test.members(&["qian", "zhou"], test.department("far", None).await, false).await;
    let more = Audience { people: people.iter().map(|one| one.account.clone()).collect(), ..Audience::default() };
    is_short(test.add_recipients(&source, None, sent, more).await, "还剩 1 条");
    assert_eq!(used(&test, quota).await, 7);
    test.end().await;
}

#[tokio::test]
async fn the_nearest_department_pays_and_a_module_pays_for_itself() {
    let test = start().await;
    let school = test.department("school", None).await;
    let college = test.department("college", Some(school)).await;
    let class = test.department("class", Some(college)).await;
    let (tutor, dean) = (test.member("tutor", class).await, test.member("dean", school).await);
    let (of_school, of_college) =
        (allow(&test, school, Some(1), Mode::Strict).await, allow(&test, college, Some(100), Mode::Lenient).await);
    test.sends(&tutor, by("sms", to(&[&dean], "家长会"))).await.unwrap();
    assert_eq!((used(&test, of_school).await, used(&test, of_college).await), (0, 1));
    is_short(
        test.sends(&dean, by("sms", to(&[&dean, &tutor], "校务会"))).await,
        "“school” 2026-11 的短信配额还剩 1 条",
    );
    // Nobody has set one for the module: it sends what it likes, until somebody does.
    meeting::register(&test.hub).await.unwrap();
    let mut tx = test.db.begin().await.unwrap();
    let module = zhihui::storage::producers::list(&mut tx, 10).await.unwrap().remove(0);
    let booked = || by("sms", Draft { category: Some("meeting".to_owned()), ..to(&[&dean, &tutor], "会议室已预订") });
    let source = Source::Producer(module.clone());
    let id = QuotaId::new();
    let quota = Quota {
        id,
        department_id: None,
        producer_id: Some(module.id),
        name: String::new(),
        pieces: Some(3),
        mode: Mode::Strict,
    };
    tx.commit().await.unwrap();
    test.accept(&source, Some("1"), [1; 32], booked()).await.unwrap();
    let mut tx = test.db.begin().await.unwrap();
    assert!(quotas::insert(&mut tx, &quota, test.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
    test.accept(&source, Some("2"), [2; 32], booked()).await.unwrap();
    // The same command again is answered as the first time, and pays nothing.
    assert!(test.accept(&source, Some("2"), [2; 32], booked()).await.unwrap().duplicate);
    assert_eq!(used(&test, id).await, 2);
    is_short(test.accept(&source, Some("3"), [3; 32], booked()).await, "还剩 1 条");
    test.end().await;
}

#[tokio::test]
async fn a_lenient_quota_counts_and_an_unlimited_one_too() {
    let mut test = start().await;
    let (sender, readers, quota) = office(&test, Some(1), Mode::Lenient).await;
    test.sends(&sender, by("sms", to(&all(&readers), "停水"))).await.unwrap();
    assert_eq!(used(&test, quota).await, 3, "beyond it, and out all the same");
    let mut tx = test.db.begin().await.unwrap();
    quotas::update(&mut tx, quota, None, Mode::Strict).await.unwrap();
    tx.commit().await.unwrap();
    test.sends(&sender, by("sms", to(&all(&readers), "停电"))).await.unwrap();
    test.settle().await;
    assert_eq!(used(&test, quota).await, 6);
    test.end().await;
}

#[tokio::test]
async fn what_goes_out_next_month_is_of_next_month() {
    let mut test = start().await;
    let (sender, readers, quota) = office(&test, Some(4), Mode::Strict).await;
    let at = Some(test.clock.now() + Duration::days(12));
    test.sends(&sender, Draft { send_at: at, ..by("sms", to(&all(&readers), "月初例会")) }).await.unwrap();
    assert_eq!(used(&test, quota).await, 0, "on the second of December");
    test.sends(&sender, by("sms", to(&all(&readers), "停水"))).await.unwrap();
    test.settle().await;
    test.after(Duration::days(12)).await;
    assert_eq!(used(&test, quota).await, 3);
    test.end().await;
}

#[tokio::test]
async fn of_what_a_lost_worker_had_in_hand_nobody_without_a_number_costs() {
    let mut test = start().await;
    let (sender, readers, quota) = office(&test, Some(10), Mode::Strict).await;
    run(&test.db, "update person set phone_sealed = null, phone_index = null where account = 'sun'").await;
    test.sends(&sender, by("sms", to(&all(&readers), "停水"))).await.unwrap();
    test.clock.advance(Duration::minutes(1));
    test.fan_out().await.unwrap();
    // It wrote down that they were on their way, and nothing more.
    let now = test.clock.now().to_rfc3339();
    run(&test.db, &format!("update delivery set state = 'sending', attempts = 1, fired_at = '{now}'")).await;
    test.settle().await;
    let ended = "select count(*) from delivery where state = 'unknown' and channel = 'sms'";
    assert_eq!(count(&test.db, ended).await, 2, "the provider knows of none");
    let refused = "select count(*) from delivery where state = 'refused' and detail like 'NO_ADDRESS%'";
    assert_eq!(count(&test.db, refused).await, 1);
    assert_eq!(used(&test, quota).await, 2);
    // Whoever gets a number later changes nothing of that: the end looks at the ledger once more.
    run(&test.db, "update person set phone_sealed = 'x' where account = 'sun'").await;
    test.end().await;
}

#[tokio::test]
async fn a_series_is_foreseen_in_the_month_of_its_first_run() {
    let test = start().await;
    let (sender, readers, _) = office(&test, Some(100), Mode::Strict).await;
    let people: Vec<_> = readers.iter().map(|reader| &reader.account).collect();
    let month = async |times: serde_json::Value| {
        let mut sketch = json!({"audience": {"people": people}, "send_rule": "sms", "title": "例会"});
        sketch.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let sketch = read_sketch(&sketch, test.clock.now()).unwrap();
        let found = test.resolve(&Source::Person(sender.id), &sketch).await.unwrap();
        found.quota.unwrap().standing.month
    };
    // It is the twentieth of November.
    let first_of_month = json!({"recurrence": {"cron": "0 0 8 1 * *"}});
    assert_eq!(month(first_of_month).await, "2026-12");
    assert_eq!(month(json!({"recurrence": {"cron": "0 0 8 25 * *"}})).await, "2026-11");
    // From a day on it begins with the first run that is not before it.
    let later = json!({"recurrence": {"cron": "0 0 8 25 * *"}, "send_at": "2026-11-26T00:00:00+08:00"});
    assert_eq!(month(later).await, "2026-12");
    test.end().await;
}

#[tokio::test]
async fn a_series_that_is_written_anew_does_not_pay_twice_for_its_next_run() {
    let test = start().await;
    let (sender, _, quota) = office(&test, Some(3), Mode::Strict).await;
    let weekly = |title: &str| {
        let message = json!({"title": title, "body": "九点", "send_rule": "sms", "audience": {"people": ["li", "zhao"]},
                             "recurrence": {"cron": "0 0 8 * * Mon"}});
        read_send(&message, test.clock.now()).unwrap()
    };
    let source = Source::Person(sender.id);
    let first = test.send_written(sender.id, None, [1; 32], weekly("例会"), &Origin::default()).await.unwrap().id;
    assert_eq!(used(&test, quota).await, 2);
    test.recall(&source, first).await.unwrap();
    let origin = Origin { message: Some(first), ..Origin::default() };
    test.send_written(sender.id, None, [2; 32], weekly("周例会"), &origin).await.unwrap();
    assert_eq!(used(&test, quota).await, 2);
    test.end().await;
}

#[tokio::test]
async fn a_quota_that_is_turned_off_is_passed_over() {
    let test = start().await;
    let school = test.department("school", None).await;
    let college = test.department("college", Some(school)).await;
    let dean = test.member("dean", college).await;
    let (of_school, of_college) =
        (allow(&test, school, Some(5), Mode::Strict).await, allow(&test, college, Some(0), Mode::Strict).await);
    is_short(test.sends(&dean, by("sms", to(&[&dean], "校务会"))).await, "还剩 0 条");
    let mut tx = test.db.begin().await.unwrap();
    quotas::update(&mut tx, of_college, Some(0), Mode::Off).await.unwrap();
    tx.commit().await.unwrap();
    test.sends(&dean, by("sms", to(&[&dean], "校务会"))).await.unwrap();
    assert_eq!((used(&test, of_school).await, used(&test, of_college).await), (1, 0));
    test.end().await;
}

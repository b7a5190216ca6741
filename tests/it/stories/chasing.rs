//! What others hear of a chase, how often one person is called, and what a reminder goes over.

use channels::{
    Report, Status,
    simulated::{Fault, Medium, Simulated},
};
use chrono::Duration;
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};
use zhihui::{
    domain::{
        command::RemindTo,
        message::{Action, Draft},
    },
    hub::{Channels, Source, follow::remind::Reminded},
    storage::outbox,
};

use super::calls::add_rule;
use crate::support::{
    TestHub, count,
    people::{Actor, to, to_department},
};

fn with_rule(draft: Draft, rule: &str) -> Draft {
    Draft { send_rule: Some(rule.to_owned()), ..draft }
}

fn asks_to_confirm(undertaker: &Actor, title: &str) -> Draft {
    let actions = vec![Action { id: "confirm".to_owned(), label: "确认承接".to_owned() }];
    Draft { actions, ..with_rule(to(&[undertaker], title), "undertaker") }
}

/// What was told of chases since the last look: `step 1`, `satisfied li`, `exhausted`.
async fn told(test: &TestHub) -> Vec<String> {
    let mut tx = test.db.read().await.unwrap();
    let events = outbox::list(&mut tx, 500).await.unwrap();
    drop(tx);
    while test.relay().await.unwrap() > 0 {}
    let line = |event: outbox::Event| {
        let kind = event.kind.strip_prefix("escalation.")?.to_owned();
        let data = &event.event.0;
        let account = data["account"].as_str().map(str::to_owned);
        Some(
            account
                .or_else(|| data["step"].as_i64().map(|step| step.to_string()))
                .map_or(kind.clone(), |what| format!("{kind} {what}")),
        )
    };
    events.into_iter().filter_map(line).collect()
}

/// Lets time pass and everything happen that is due; what was told of chases meanwhile.
async fn after(test: &mut TestHub, time: Duration) -> Vec<String> {
    test.clock.advance(time);
    test.carrier.tick(test.clock.now().timestamp_micros());
    loop {
        let mut done = test.send_due().await.unwrap() + test.fan_out().await.unwrap();
        let queued = test.queue_tickets().await.unwrap();
        done += queued.len();
        for ticket in &queued {
            test.work_one(ticket).await;
        }
        if done + test.finish().await.unwrap() == 0 {
            return told(test).await;
        }
    }
}

async fn after_minutes(test: &mut TestHub, minutes: i64) -> Vec<String> {
    after(test, Duration::minutes(minutes)).await
}

#[tokio::test]
async fn a_step_is_told_when_it_chases_somebody_and_the_end_when_the_last_was_in_vain() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let (quick, slow) = (test.member("li", office).await, test.member("wang", office).await);
    let message = test.sends(&sender, with_rule(to(&[&quick, &slow], "停电通知"), "urgent")).await.unwrap().id;
    assert!(after_minutes(&mut test, 0).await.is_empty());
    test.reads(&quick, message).await;
    assert!(told(&test).await.is_empty(), "nobody had begun to chase him");
    assert_eq!(after_minutes(&mut test, 5).await, ["step 1"]);
    assert_eq!(after_minutes(&mut test, 5).await, ["step 2"]);
    assert!(after_minutes(&mut test, 4).await.is_empty(), "whoever was just called may still read it");
    assert_eq!(after_minutes(&mut test, 1).await, ["exhausted"]);
    assert!(after_minutes(&mut test, 300).await.is_empty(), "once");
    test.end().await;
}

#[tokio::test]
async fn reading_ends_a_chase_that_had_begun_and_later_steps_chase_nobody() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    let message = test.sends(&sender, with_rule(to(&[&reader], "停电通知"), "urgent")).await.unwrap().id;
    assert!(after_minutes(&mut test, 0).await.is_empty());
    assert_eq!(after_minutes(&mut test, 5).await, ["step 1"]);
    test.reads(&reader, message).await;
    test.reads(&reader, message).await;
    assert_eq!(told(&test).await, ["satisfied li"]);
    assert!(after_minutes(&mut test, 300).await.is_empty(), "step 2 had nobody to chase");
    test.end().await;
}

#[tokio::test]
async fn deciding_ends_the_chase_of_an_approver() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (head, sender) = (test.head("chief", office).await, test.member("clerk", office).await);
    let accounts: Vec<_> = (0..60).map(|nth| format!("staff{nth}")).collect();
    test.members(&accounts.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    test.sends(&sender, to_department("jwc", "全体会议")).await.unwrap();
    assert!(after_minutes(&mut test, 0).await.is_empty());
    assert_eq!(after_minutes(&mut test, 30).await, ["step 1"]);
    test.approves(&head).await.unwrap();
    assert_eq!(told(&test).await, ["satisfied chief"]);
    assert!(after_minutes(&mut test, 90).await.is_empty());
    test.end().await;
}

/// The key that is pressed on the last call.
fn pressed(test: &TestHub) -> Report {
    let key = test.carrier.log().last().unwrap().key.clone();
    let pressed = Some("confirm".to_owned());
    Report { key, reference: None, status: Status::Confirmed, detail: String::new(), pressed }
}

#[tokio::test]
async fn a_key_ends_the_chase_once_and_even_the_last_call_can_be_answered() {
    let mut test = TestHub::start().await;
    let office = test.department("hwb", None).await;
    let sender = test.member("zhang", office).await;
    let (undertaker, deputy) = (test.member("li", office).await, test.member("zhao", office).await);
    test.sets_deputy(&undertaker, &deputy).await;
    test.sends(&sender, asks_to_confirm(&undertaker, "请确认承接")).await.unwrap();
    let mut heard = after_minutes(&mut test, 0).await;
    for minutes in [5, 5, 10, 5] {
        heard.extend(after_minutes(&mut test, minutes).await);
    }
    assert_eq!(heard, ["step 1", "step 2", "step 3", "step 4"]);
    let key = pressed(&test);
    test.take_reports("voice", vec![key.clone(), key]).await.unwrap();
    assert_eq!(told(&test).await, ["satisfied li"]);
    assert!(after_minutes(&mut test, 60).await.is_empty());
    test.end().await;
}

#[tokio::test]
async fn a_last_step_that_is_still_tried_is_not_over() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    test.carrier.script_always(&reader.phone, Fault::Busy429 { retry_after: None });
    let rule = with_rule(to(&[&reader], "停电通知"), "dingtalk_then_sms");
    test.sends(&sender, rule).await.unwrap();
    assert!(after_minutes(&mut test, 0).await.is_empty());
    assert_eq!(after_minutes(&mut test, 30).await, ["step 1"]);
    for _ in 0..4 {
        assert!(after_minutes(&mut test, 10).await.is_empty(), "its text message is tried again");
    }
    let mut heard = Vec::new();
    for _ in 0..30 {
        heard.extend(after_minutes(&mut test, 10).await);
    }
    assert_eq!(heard, ["exhausted"]);
    test.end().await;
}

#[tokio::test]
async fn nothing_is_exhausted_while_an_earlier_step_waits_for_working_time() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let steps = json!([
        {"channels": ["inbox"]},
        {"channels": ["sms"], "after": 600, "minutes": "working", "unless": "read"},
        {"channels": ["voice"], "after": 610, "unless": "read"},
    ]);
    add_rule(&test, "mixed", steps).await;
    test.sends(&sender, with_rule(to(&[&reader], "停电通知"), "mixed")).await.unwrap();
    assert!(after_minutes(&mut test, 0).await.is_empty());
    assert_eq!(after_minutes(&mut test, 610).await, ["step 2"], "the evening of a Friday");
    assert!(after_minutes(&mut test, 60).await.is_empty());
    assert_eq!(after(&mut test, Duration::days(4)).await, ["step 1"]);
    assert_eq!(after_minutes(&mut test, 10).await, ["exhausted"]);
    test.end().await;
}

#[tokio::test]
async fn the_end_is_told_when_what_it_waits_for_comes_after_the_last_step() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let (sender, reader) = (test.member("zhang", office).await, test.member("li", office).await);
    let steps = json!([
        {"channels": ["inbox"]},
        {"channels": ["sms"], "after": 600, "minutes": "working", "unless": "read"},
        {"channels": ["voice"], "after": 610},
    ]);
    add_rule(&test, "late", steps).await;
    test.sends(&sender, with_rule(to(&[&reader], "停电通知"), "late")).await.unwrap();
    assert!(after_minutes(&mut test, 0).await.is_empty());
    assert_eq!(after_minutes(&mut test, 610).await, ["step 2"], "the evening of a Friday");
    assert_eq!(after(&mut test, Duration::days(4)).await, ["step 1"]);
    assert_eq!(after_minutes(&mut test, 10).await, ["exhausted"]);
    test.end().await;
}

/// The minutes at which each phone rang.
fn rings(test: &TestHub) -> BTreeMap<String, Vec<i64>> {
    let mut rings: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let begun = crate::support::morning().timestamp_micros();
    for line in test.carrier.log().into_iter().filter(|line| line.channel == "voice") {
        rings.entry(line.address).or_default().push((line.at - begun) / 60_000_000);
    }
    rings
}

#[tokio::test]
async fn nobody_is_called_three_times_in_eight_minutes_or_five_times_in_an_hour() {
    let mut test = TestHub::start().await;
    let office = test.department("hwb", None).await;
    let sender = test.member("zhang", office).await;
    let (undertaker, deputy) = (test.member("li", office).await, test.member("zhao", office).await);
    test.sets_deputy(&undertaker, &deputy).await;
    for nth in 0..3 {
        test.sends(&sender, asks_to_confirm(&undertaker, &format!("第 {nth} 间会议室"))).await.unwrap();
    }
    for _ in 0..150 {
        test.after_minutes(1).await;
    }
    let rings = rings(&test);
    assert_eq!(rings[&undertaker.phone][..4], [5, 5, 13, 13], "as soon as it is allowed");
    assert_eq!(rings[&deputy.phone].len(), 3, "a last step is put off and not dropped");
    for times in rings.values() {
        assert!(times.windows(3).all(|calls| calls[2] - calls[0] >= 8), "{times:?}");
        assert!(times.windows(5).all(|calls| calls[4] - calls[0] >= 60), "{times:?}");
    }
    let overtaken = count(&test.db, "select count(*) from delivery where detail = 'NEXT_STEP'").await;
    assert!(overtaken > 0, "a call that waits ends when the next step begins");
    test.end().await;
}

#[tokio::test]
async fn a_call_is_not_tried_again_beside_the_next_step() {
    let mut test = TestHub::start().await;
    let office = test.department("hwb", None).await;
    let sender = test.member("zhang", office).await;
    let undertaker = test.member("li", office).await;
    test.sends(&sender, asks_to_confirm(&undertaker, "请确认承接")).await.unwrap();
    test.settle().await;
    // The first call and its repeats after 5, 30 and 120 seconds; the next would be at minute 17.
    for _ in 0..4 {
        test.carrier.script(&undertaker.phone, Fault::Busy429 { retry_after: None });
    }
    test.after_minutes(5).await;
    for _ in 0..15 {
        test.after(Duration::seconds(20)).await;
    }
    assert_eq!(rings(&test).get(&undertaker.phone), Some(&vec![10]));
    for _ in 0..10 {
        test.after_minutes(1).await;
    }
    assert_eq!(rings(&test)[&undertaker.phone], [10, 20]);
    test.end().await;
}

/// The reminder of a message to one reader.
async fn reminded(test: &mut TestHub, rule: &str) -> Reminded {
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;
    let message = test.sends(&sender, with_rule(to(&[&reader], "停电通知"), rule)).await.unwrap().id;
    test.settle().await;
    test.sent();
    let source = Source::Person(sender.id);
    let reminded = test.remind(&source, None, message, &RemindTo::Unread).await.unwrap();
    test.settle().await;
    reminded
}

#[tokio::test]
async fn a_reminder_of_the_inbox_alone_goes_over_what_is_there() {
    let mut test = TestHub::start().await;
    let reminder = reminded(&mut test, "inbox").await;
    assert_eq!((reminder.people, reminder.warnings().len()), (1, 0));
    let sent = test.sent();
    assert!(sent.len() == 1 && sent[0].starts_with("dingtalk "), "{sent:?}");
    test.end().await;
}

#[tokio::test]
async fn a_reminder_that_reaches_nobody_says_so() {
    for (rule, word) in [("inbox", "钉钉或邮件"), ("email", "email")] {
        let mut test = TestHub::start().await;
        let sms = Arc::new(Simulated::new(test.carrier.clone(), Medium::Sms));
        test.hub.channels = Channels::new(vec![(sms as Arc<dyn channels::Channel>, None)]);
        let reminder = reminded(&mut test, rule).await;
        let warnings = reminder.warnings();
        assert_eq!((warnings.len(), warnings[0].code), (1, "CHANNEL_MISSING"), "{rule}");
        assert!(warnings[0].detail.contains(word), "{}", warnings[0].detail);
        assert!(test.sent().is_empty());
        let planned = "select count(*) from delivery where round >= 1000 and channel = 'dingtalk'";
        assert_eq!(count(&test.db, planned).await, 0, "no channel is invented");
        test.end().await;
    }
}

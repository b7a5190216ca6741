//! Asking again until somebody has read or confirmed.

use zhihui::domain::message::{Action, Draft};

use crate::support::{TestHub, people::to};

fn with_rule(draft: Draft, rule: &str) -> Draft {
    Draft { send_rule: Some(rule.to_owned()), ..draft }
}

#[tokio::test]
async fn an_urgent_message_that_nobody_reads_ends_in_a_phone_call() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let reader = test.member("li", office).await;

    test.sends(&sender, with_rule(to(&[&reader], "停电通知"), "urgent")).await.unwrap();
    test.settle().await;
    assert_eq!(test.sent(), [format!("dingtalk {}", reader.phone)]);
    test.after_minutes(4).await;
    assert!(test.sent().is_empty());
    test.after_minutes(1).await;
    assert_eq!(test.sent(), [format!("sms {}", reader.phone)]);
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", reader.phone)]);
    test.after_minutes(60).await;
    assert!(test.sent().is_empty(), "the rule has no further step");
    test.end().await;
}

#[tokio::test]
async fn reading_stops_the_chase_for_that_reader_alone() {
    let mut test = TestHub::start().await;
    let office = test.department("jwc", None).await;
    let sender = test.member("zhang", office).await;
    let (quick, slow) = (test.member("li", office).await, test.member("wang", office).await);

    let message = test.sends(&sender, with_rule(to(&[&quick, &slow], "停电通知"), "urgent")).await.unwrap();
    test.settle().await;
    test.reads(&quick, message.id).await;
    test.sent();
    test.after_minutes(60).await;
    assert_eq!(test.sent(), [format!("sms {}", slow.phone), format!("voice {}", slow.phone)]);
    test.end().await;
}

#[tokio::test]
async fn the_undertakers_phone_rings_until_he_confirms_and_then_the_deputys() {
    let mut test = TestHub::start().await;
    let office = test.department("hwb", None).await;
    let sender = test.member("zhang", office).await;
    let (undertaker, deputy) = (test.member("li", office).await, test.member("zhao", office).await);
    test.sets_deputy(&undertaker, &deputy).await;
    let mut request = with_rule(to(&[&undertaker], "请确认承接：第五会议室"), "undertaker");
    request.actions = vec![Action { id: "confirm".to_owned(), label: "确认承接".to_owned() }];

    test.sends(&sender, request).await.unwrap();
    test.settle().await;
    test.sent();
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", undertaker.phone)]);
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", undertaker.phone)]);
    test.after_minutes(10).await;
    assert_eq!(test.sent(), [format!("voice {}", undertaker.phone)]);
    test.after_minutes(5).await;
    assert_eq!(test.sent(), [format!("voice {}", deputy.phone)]);
    test.end().await;
}

//! 经过: every try to reach one person, what providers said, what he did.

use channels::{Report, Status, simulated::Fault};
use zhihui::domain::message::ReceiptRequest;

use super::browser::Site;
use crate::support::{count, people::to};

/// MO-15
#[tokio::test]
async fn every_try_to_reach_somebody_stands_with_its_time_and_the_providers_words() {
    let (mut site, sender, reader) = Site::of_two().await;
    site.test.carrier.script(&reader.phone, Fault::Error500);
    let mut draft = to(&[&reader], "教学工作会议");
    draft.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
    draft.send_rule = Some("dingtalk".into());
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;
    assert_eq!(count(&site.test.db, "select count(*) from attempt").await, 1, "the try that failed");
    site.test.after(chrono::Duration::seconds(10)).await;
    let key = site.test.carrier.log().last().unwrap().key.clone();
    let report = |status| Report { key: key.clone(), status, reference: None, detail: String::new(), pressed: None };
    // It comes twice, and moves it once.
    site.test.take_reports("dingtalk", vec![report(Status::Delivered), report(Status::Delivered)]).await.unwrap();
    assert_eq!(count(&site.test.db, "select count(*) from attempt").await, 2, "and that it was accepted");
    site.test.after_minutes(6).await;
    site.test.answers(&reader, id, "参加", "").await.unwrap();
    site.test.clock.advance(chrono::Duration::seconds(1));
    let mut browser = site.browser_of(&sender).await;
    let page = format!("/outbox/{id}");
    browser.post(&format!("{page}/remind"), &[("to", "chosen"), ("id", "li")]).await.assert(303, &[]);
    site.test.settle().await;
    let shown = browser.get(&page).await.assert(200, &[]);
    assert_eq!(
        story(&shown.body),
        [
            "ok 进入收件箱",
            "bad 钉钉：未送达",
            "ok 钉钉 第 2 次：已提交",
            "ok 钉钉 第 2 次：已送达",
            "ok 已查看（网页）",
            "ok 已回执“参加”（网页）",
            "ok 再次提醒 · 钉钉：已提交",
        ]
    );
    assert!(shown.has("服务商繁忙，稍后再试"), "{}", shown.body);
    browser.post(&format!("{page}/recall"), &[]).await.assert(303, &[]);
    let shown = browser.get(&page).await.assert(200, &[]);
    assert_eq!(story(&shown.body).last().unwrap(), "none 消息被撤回");
    site.test.end().await;
}

/// What is never tried again leaves nothing behind.
#[tokio::test]
async fn what_went_through_at_once_has_no_earlier_tries() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut draft = to(&[&reader], "停水通知");
    draft.send_rule = Some("dingtalk".into());
    site.test.sends(&sender, draft).await.unwrap();
    site.test.settle().await;
    assert_eq!(count(&site.test.db, "select count(*) from attempt").await, 0);
    site.test.end().await;
}

fn story(page: &str) -> Vec<String> {
    let told = page.split("class=\"story\"").nth(1).unwrap().split("</ol>").next().unwrap();
    let line = |item: &str| {
        let tone = item.split('"').next().unwrap();
        let what = item.split("<span>").nth(1).unwrap().split('<').next().unwrap();
        format!("{tone} {what}")
    };
    told.split("<li class=\"").skip(1).map(line).collect()
}

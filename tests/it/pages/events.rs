//! Counts that stay true on an open page.

use axum::http::Method;
use http_body_util::BodyExt;

use super::browser::Site;
use crate::support::people::to;

/// The next event's JSON.
async fn next(body: &mut axum::body::Body) -> serde_json::Value {
    loop {
        let frame = body.frame().await.expect("the stream goes on").unwrap();
        let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
        if let Some(line) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
            return serde_json::from_str(line).unwrap();
        }
    }
}

#[tokio::test]
async fn a_new_message_is_told_and_a_reading_too() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&reader).await;
    let response = browser.open(Method::GET, "/events").await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    assert_eq!(next(&mut body).await, serde_json::json!({"counts": {"inbox": 0, "approvals": 0}}));

    let id = site.test.sends(&sender, to(&[&reader], "通知")).await.unwrap().id;
    site.test.settle().await;
    let told = next(&mut body).await;
    assert_eq!(told["counts"]["inbox"], 1);
    assert_eq!(told["toast"], "您有 1 条未读信息，点击查看");
    assert_eq!(told["href"], "/inbox?tab=unread");

    browser.get(&format!("/inbox/{id}")).await;
    let told = next(&mut body).await;
    assert_eq!(told, serde_json::json!({"counts": {"inbox": 0, "approvals": 0}, "changed": ["inbox"]}));
    browser.get("/events/now").await.assert(200, &["{\"counts\":{\"inbox\":0,\"approvals\":0}}"]);
    site.browser().get("/events").await.assert(401, &[]);
    site.test.end().await;
}

#[tokio::test]
async fn whoever_has_it_hears_of_a_recall_and_its_sender_of_what_becomes_of_it() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&reader).await;
    let id = site.test.sends(&sender, to(&[&reader], "通知")).await.unwrap().id;
    site.test.settle().await;
    let mut readers = browser.open(Method::GET, "/events").await.into_body();
    let mut senders = site.browser_of(&sender).await.open(Method::GET, "/events").await.into_body();
    next(&mut readers).await;
    next(&mut senders).await;
    // Read before: no count changes with the recall.
    browser.get(&format!("/inbox/{id}")).await.assert(200, &[]);
    assert_eq!(next(&mut readers).await["changed"], serde_json::json!(["inbox"]));
    assert_eq!(next(&mut senders).await["changed"], serde_json::json!(["outbox"]));
    site.test.hub.recall(&zhihui::hub::Source::Person(sender.id), id).await.unwrap();
    assert_eq!(next(&mut readers).await["changed"], serde_json::json!(["inbox"]));
    assert_eq!(next(&mut senders).await["changed"], serde_json::json!(["outbox"]));
    let list = browser.get_part("list", &format!("/inbox?open={id}")).await;
    list.assert(200, &["data-gone"]);
    site.test.end().await;
}

#[tokio::test]
async fn a_page_left_open_after_signing_out_hears_nothing_more() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&reader).await;
    let mut body = browser.open(Method::GET, "/events").await.into_body();
    next(&mut body).await;
    browser.post("/logout", &[]).await.assert(303, &[]);
    site.test.sends(&sender, to(&[&reader], "通知")).await.unwrap();
    site.test.settle().await;
    assert!(body.frame().await.is_none(), "the stream ends");
    site.test.end().await;
}

#[tokio::test]
async fn open_pages_let_go_when_the_hub_stops() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let browser = site.browser_of(&site.test.member("li", office).await).await;
    let body = browser.open(Method::GET, "/events").await.into_body();
    site.web.close();
    body.collect().await.unwrap();
    site.test.end().await;
}

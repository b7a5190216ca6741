//! What a page cannot take or do costs nobody what he has written.

use super::browser::Site;
use crate::support::{count, people::to_department};

/// Bad input 6: no browser types it, but something that is pasted may hold it.
const NUL: &str = "会议\0通知";

#[tokio::test]
async fn a_character_that_no_database_keeps_is_named_and_the_form_stays() {
    let (site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let written = |act| [("do", act), ("kind", "content"), ("title", NUL), ("body", "第一段"), ("accounts", "li")];
    let wrong = ["第 3 个字符是不可见控制字符，请删除", "第一段", "会议\u{FFFD}通知"];
    for act in ["send", "preview", "draft", "template"] {
        let page = browser.post("/compose", &written(act)).await.assert(422, &wrong);
        assert!(page.has("id=\"e-title\""), "{act}: beside its field");
    }
    browser.upload("/compose", &written("send"), &[("议程.pdf", b"%PDF-1.7 agenda")]).await.assert(422, &wrong);
    browser.upload_part("compose_files", "/compose", &written("draft"), &[]).await.assert(422, &wrong[..1]);
    browser.post("/compose", &written("check")).await.assert(200, &wrong);
    browser
        .post("/compose", &[("do", "send"), ("body", "第一段"), ("accounts", "li\0")])
        .await
        .assert(422, &["id=\"e-accounts\"", "第一段"]);
    assert_eq!(count(&site.test.db, "select count(*) from message").await, 0);
    // Where no page shows its form again, the words are given back to be copied; a password never is.
    let group = [("do", "add"), ("name", "甲\0"), ("reason", "我写的话")];
    browser.post("/groups", &group).await.assert(422, &["第 2 个字符", "我写的话"]);
    let password = [("present", "geheim\0"), ("password", "geheim"), ("again", "geheim")];
    browser.post("/me/password", &password).await.assert(422, &["TEXT_CONTROL"]).lacks(&["geheim"]);
    site.test.end().await;
}

#[tokio::test]
async fn an_opinion_with_such_a_character_decides_nothing_and_stays() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let asked = site.test.sends(&staff[0], to_department("office", "放假安排")).await.unwrap();
    let asked = asked.approval.unwrap().id;
    let page = format!("/approvals/{asked}");
    let mut browser = site.browser_of(&head).await;
    let shown = browser.get(&page).await;
    let hash = shown.body.split("name=\"hash\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let said = [("do", "approve"), ("hash", hash.as_str()), ("opinion", "同\0意")];
    browser.post(&page, &said).await.assert(422, &["第 2 个字符是不可见控制字符", "同\u{FFFD}意", "放假安排"]);
    let passed_on = [("hash", hash.as_str()), ("opinion", "同\0意"), ("to", "p1")];
    browser.post(&format!("{page}/transfer"), &passed_on).await.assert(422, &["第 2 个字符是不可见控制字符"]);
    assert_eq!(site.test.waiting_for(&head).await, Some(asked));
    site.test.end().await;
}

/// Bad input 15: millions of names cost nothing but the answer.
#[tokio::test]
async fn a_crowd_that_is_pasted_is_refused_before_anything_is_done_for_each() {
    let (site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let crowd = "13800138000 ".repeat(100_001);
    let written =
        |act| [("do", act), ("kind", "content"), ("title", "会议"), ("body", "第一段"), ("accounts", crowd.as_str())];
    let wrong = ["一次最多 100000 人，当前 100001 人", "第一段"];
    for act in ["send", "draft", "preview"] {
        let page = browser.upload("/compose", &written(act), &[]).await.assert(422, &wrong);
        assert!(page.has("id=\"e-accounts\""), "{act}: beside its field");
        assert_eq!(page.body.matches("13800138000").count(), 100_001, "{act}: as it was pasted");
    }
    browser.upload("/compose", &written("check"), &[]).await.assert(200, &wrong);
    assert_eq!(count(&site.test.db, "select count(*) from message").await, 0);
    site.test.end().await;
}

/// The database is away: whoever asks again in a moment may well be answered.
#[tokio::test]
async fn a_page_whose_database_is_away_says_so() {
    let (site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    site.test.db.close().await;
    browser.get("/inbox").await.assert(503, &[]);
    browser.get("/events/now").await.assert(503, &[]);
    browser.post("/compose", &[("do", "send"), ("title", "会议")]).await.assert(503, &[]);
}

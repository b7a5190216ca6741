//! 回收站: both parts, what others still see, and the end of it.

use chrono::Duration;

use super::browser::Site;
use crate::support::{count, people::to};

/// MI-06, MI-07, MR-01, MR-03, MR-04, MR-05
#[tokio::test]
async fn what_a_reader_deletes_lies_in_his_bin_until_he_restores_or_purges_it() {
    let (mut site, sender, reader) = Site::of_two().await;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id.to_string();
    site.test.settle().await;
    let mut browser = site.browser_of(&reader).await;
    browser.get("/recycle").await.assert(200, &["回收站是空的", "30 天"]);
    browser.post("/inbox/bulk", &[("do", "delete"), ("id", &id)]).await.assert(303, &[]);
    browser.get("/inbox").await.assert(200, &[]).lacks(&["停水通知"]);
    let bin = browser.get("/recycle?q=%E5%81%9C").await.assert(200, &["停水通知", "wang", "彻底删除于"]);
    assert!(bin.has(&format!("/inbox/{id}")));
    browser.get("/recycle?q=%25").await.assert(200, &["没有找到相关消息"]);
    let warns = "value=\"purge\" data-confirm=\"彻底删除后无法恢复。确定删除？\"";
    assert!(bin.has(warns), "{}", bin.body);
    browser.get(&format!("/inbox/{id}")).await.assert(200, &["这条消息在回收站中", "value=\"restore\"", warns]);

    let told = browser.post("/recycle", &[("box", "inbox"), ("do", "restore"), ("id", &id)]).await.assert(303, &[]);
    browser.get(told.leads_to()).await.assert(200, &["1 条已还原"]).lacks(&["停水通知"]);
    browser.get("/inbox").await.assert(200, &["停水通知"]);
    browser.get(&format!("/inbox/{id}")).await.assert(200, &[warns]);
    browser.post("/inbox/bulk", &[("do", "delete"), ("id", &id)]).await.assert(303, &[]);
    let told = browser.post("/recycle", &[("box", "inbox"), ("do", "purge"), ("id", &id)]).await.assert(303, &[]);
    browser.get(told.leads_to()).await.assert(200, &["1 条已彻底删除"]).lacks(&["停水通知"]);
    browser.get(&format!("/inbox/{id}")).await.assert(404, &[]);
    // Not even by somebody who knows its number does it come back.
    for (page, part) in [("/recycle", "inbox"), ("/recycle", "outbox"), ("/inbox/bulk", "")] {
        let told = browser.post(page, &[("box", part), ("do", "restore"), ("id", &id)]).await.assert(303, &[]);
        assert!(told.leads_to().ends_with("done=restore&count=0"), "{page}: {}", told.leads_to());
    }
    browser.get(&format!("/inbox/{id}")).await.assert(404, &[]);
    browser.get("/inbox").await.assert(200, &["共 0 条"]).lacks(&["停水通知"]);
    browser.get("/recycle").await.assert(200, &["回收站是空的"]);
    browser.post("/recycle", &[("box", "inbox"), ("do", "restore")]).await.assert(422, &["请先勾选"]);
    site.test.end().await;
}

/// MO-04, MR-01, MR-03 to MR-05
#[tokio::test]
async fn what_a_sender_deletes_nobody_opens_until_he_restores_it() {
    let (mut site, sender, reader) = Site::of_two().await;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    site.test.settle().await;
    let (mut writes, mut reads) = (site.browser_of(&sender).await, site.browser_of(&reader).await);
    let (sent, letter) = (format!("/outbox/{id}"), format!("/inbox/{id}"));
    let discard = format!("{sent}/discard");
    reads.get("/").await.assert(200, &["停水通知"]);
    let told = writes.post(&discard, &[("do", "delete")]).await.assert(303, &[]);
    writes.get(told.leads_to()).await.assert(200, &["1 条已移入回收站"]).lacks(&["停水通知"]);

    reads.get("/inbox").await.assert(200, &["共 0 条"]).lacks(&["停水通知"]);
    reads.get("/").await.assert(200, &[]).lacks(&["停水通知"]);
    reads.get(&letter).await.assert(410, &["消息已被发件人删除"]);
    match site.test.answers(&reader, id, "收到", "").await {
        Err(zhihui::hub::Error::Problem(problem)) => assert_eq!(problem.code, "MSG_DELETED"),
        other => panic!("{other:?}"),
    }
    reads.post("/inbox/bulk", &[("do", "read"), ("id", &id.to_string())]).await.assert(303, &[]);
    assert_eq!(count(&site.test.db, "select count(*) from inbox where read_at is not null").await, 0);

    writes.get("/recycle?box=outbox").await.assert(200, &["停水通知", "已发送", &sent]);
    let bin = writes.get(&sent).await.assert(200, &["这条消息在回收站中", "value=\"restore\""]);
    bin.lacks(&["/recall", "/remind", "value=\"delete\""]);
    writes.post(&format!("{sent}/recall"), &[]).await.assert(409, &["请先还原"]);
    writes.post(&format!("{sent}/remind"), &[("to", "unread")]).await.assert(409, &["请先还原"]);
    let told = writes.post(&discard, &[("do", "restore")]).await.assert(303, &[]);
    writes.get(told.leads_to()).await.assert(200, &["1 条已还原", "/recall"]);
    reads.get(&letter).await.assert(200, &["停水通知"]);

    writes.post(&discard, &[("do", "purge")]).await.assert(303, &[]);
    writes.get(&sent).await.assert(404, &[]);
    writes.post(&discard, &[("do", "restore")]).await.assert(404, &[]);
    reads.get(&letter).await.assert(410, &[]);
    for verb in ["delete", "restore", "purge"] {
        let noted = format!("select count(*) from audit where verb = 'message.{verb}' and object = 'message:{id}'");
        assert_eq!(count(&site.test.db, &noted).await, 1, "{verb}");
    }
    site.test.end().await;
}

/// MO-09
#[tokio::test]
async fn several_are_deleted_at_once_and_what_is_under_way_stays() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut later = to(&[&reader], "明天停水");
    later.send_at = Some(site.test.clock.now() + Duration::hours(1));
    let later = site.test.sends(&sender, later).await.unwrap().id.to_string();
    let mut ids = Vec::new();
    for title in ["停水通知", "停电通知"] {
        ids.push(site.test.sends(&sender, to(&[&reader], title)).await.unwrap().id.to_string());
    }
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    browser.get("/outbox").await.assert(200, &["data-choose", &format!("value=\"{}\" form=\"bulk\"", ids[0])]);
    let chosen: Vec<_> = ids.iter().chain([&later]).map(|id| ("id", id.as_str())).collect();
    let asked = [&[("do", "delete"), ("state", "sent")], chosen.as_slice()].concat();
    let told = browser.post("/outbox/bulk", &asked).await.assert(303, &[]);
    browser.get(told.leads_to()).await.assert(200, &["2 条已移入回收站", "1 条正在审批、等待或发送，请先撤回"]);
    browser.get("/outbox?state=scheduled").await.assert(200, &["明天停水"]);
    browser.post(&format!("/outbox/{later}/discard"), &[("do", "delete")]).await.assert(409, &["请先撤回"]);
    // Another's are left alone.
    let mut other = site.browser_of(&reader).await;
    let told = other.post("/outbox/bulk", &[("do", "purge"), ("id", &ids[0])]).await.assert(303, &[]);
    assert!(told.leads_to().contains("count=0"));

    let both = [("box", "outbox"), ("do", "purge"), ("id", ids[0].as_str()), ("id", ids[1].as_str())];
    let told = browser.post("/recycle", &both).await.assert(303, &[]);
    browser.get(told.leads_to()).await.assert(200, &["2 条已彻底删除", "回收站是空的"]);
    site.test.end().await;
}

/// MR-02
#[tokio::test]
async fn what_lies_there_for_its_time_is_gone() {
    let (mut site, sender, reader) = Site::of_two().await;
    let [hers, his] = ["停水通知", "停电通知"].map(|title| to(&[&reader], title));
    let hers = site.test.sends(&sender, hers).await.unwrap().id;
    let his = site.test.sends(&sender, his).await.unwrap().id;
    site.test.settle().await;
    let (mut writes, mut reads) = (site.browser_of(&sender).await, site.browser_of(&reader).await);
    writes.post(&format!("/outbox/{hers}/discard"), &[("do", "delete")]).await.assert(303, &[]);
    reads.post("/inbox/bulk", &[("do", "delete"), ("id", &his.to_string())]).await.assert(303, &[]);
    let gone = "select (select count(*) from message where purged_at is not null)
                     + (select count(*) from inbox where purged_at is not null)";
    site.test.clock.advance(Duration::days(30) - Duration::minutes(1));
    site.test.forget().await.unwrap();
    assert_eq!(count(&site.test.db, gone).await, 0);
    site.test.clock.advance(Duration::hours(2));
    site.test.forget().await.unwrap();
    assert_eq!(count(&site.test.db, gone).await, 2);
    assert_eq!(
        count(&site.test.db, "select count(*) from audit where verb = 'message.purge' and actor = 'hub'").await,
        1
    );
    site.test.end().await;
}

#[tokio::test]
async fn nobody_is_chased_for_what_its_sender_has_deleted() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut draft = to(&[&reader], "停水通知");
    draft.send_rule = Some("urgent".into());
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;
    assert_eq!(site.test.sent().len(), 1, "DingTalk at once");
    let mut browser = site.browser_of(&sender).await;
    let discard = format!("/outbox/{id}/discard");
    browser.post(&discard, &[("do", "delete")]).await.assert(303, &[]);
    site.test.after_minutes(5).await;
    browser.post(&discard, &[("do", "restore")]).await.assert(303, &[]);
    site.test.after_minutes(5).await;
    assert!(site.test.sent().is_empty());
    site.test.end().await;
}

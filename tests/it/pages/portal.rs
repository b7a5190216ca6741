//! 首页, 系统状态, and the phones of the demonstration.

use channels::simulated::Fault;
use zhihui::{
    domain::{DeadLetterId, person::Role},
    storage::dead_letters::{self, DeadLetter},
};

use super::browser::Site;
use crate::support::people::to;

#[tokio::test]
async fn the_first_page_says_what_waits() {
    let (mut site, sender, reader) = Site::of_two().await;
    site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap();
    site.test.settle().await;
    let page = site.browser_of(&reader).await.get("/").await.assert(200, &["上午好", "停水通知"]);
    assert!(!page.has("/approvals"));
    let english = axum::http::Request::get("/");
    let mut browser = site.browser_of(&reader).await;
    browser.cookies.insert("lang".into(), "en".into());
    browser.send(english, axum::body::Body::empty()).await.assert(200, &["<html lang=\"en\""]);
    site.test.end().await;
}

#[tokio::test]
async fn a_dead_letter_says_which_command_it_was_to_be_and_whether_it_was_tried_again() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let admin = site.test.member("qian", office).await;
    site.grant(&admin, Role::SystemAdmin).await;
    let letter = DeadLetter {
        id: DeadLetterId::new(),
        queue: "zhihui.commands".to_owned(),
        producer: None,
        code: "JSON_SYNTAX".to_owned(),
        reason: "请求体不是有效的 JSON".to_owned(),
        kind: Some("message.send".to_owned()),
        idempotency_key: Some("booking-42".to_owned()),
        body_sealed: site.test.sealer.seal("dead_letter.body", "{"),
        created_at: site.test.clock.now(),
        replayed_at: None,
    };
    let mut tx = site.test.db.begin().await.unwrap();
    dead_letters::insert(&mut tx, &letter).await.unwrap();
    tx.commit().await.unwrap();
    let mut browser = site.browser_of(&admin).await;
    let known = ["JSON_SYNTAX", "message.send", "booking-42", "zhihui.commands", "未知", &letter.id.to_string()];
    browser.get("/admin").await.assert(200, &known).assert(200, &["未重投"]);
    let mut tx = site.test.db.begin().await.unwrap();
    dead_letters::mark_replayed(&mut tx, letter.id, site.test.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    browser.get("/admin").await.assert(200, &known).lacks(&["未重投"]);
    site.test.end().await;
}

#[tokio::test]
async fn an_administrator_sees_whether_every_part_works() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let admin = site.test.member("qian", office).await;
    site.grant(&admin, Role::SystemAdmin).await;
    let mut draft = to(&[&admin], "测试");
    draft.send_rule = Some("dingtalk".into());
    site.test.sends(&admin, draft).await.unwrap();
    site.test.settle().await;
    let database = site.test.db.name();
    let page = site.browser_of(&admin).await.get("/admin").await.assert(200, &[database, "0 批待处理", "钉钉"]);
    assert!(page.body.split("data-th=\"今日成功\">").nth(1).is_some_and(|rest| rest.starts_with('1')), "{}", page.body);
    // the rule “邮件” is offered and nobody has set up e-mail
    assert!(page.has("发送规则“邮件”要用到它") && page.has("未启用"), "{}", page.body);
    assert!(page.has("<code>office</code>"));
    // On the phone, where there is no bar at the side, the menu leads here.
    assert!(page.has("<li class=\"m-only\"><a href=\"/admin\">系统状态</a></li>"), "{}", page.body);
    // tomorrow it was yesterday's
    site.test.after_minutes(60 * 24).await;
    let page = site.browser_of(&admin).await.get("/admin").await.assert(200, &["钉钉"]);
    assert!(page.body.split("data-th=\"今日成功\">").nth(1).is_some_and(|rest| rest.starts_with('0')), "{}", page.body);
    // and what was accepted yesterday and goes out today is today's
    let mut late = to(&[&admin], "明天");
    late.send_rule = Some("dingtalk".into());
    late.send_at = Some(site.test.clock.now() + chrono::Duration::hours(24));
    site.test.sends(&admin, late).await.unwrap();
    site.test.after_minutes(60 * 24 + 1).await;
    let page = site.browser_of(&admin).await.get("/admin").await.assert(200, &["钉钉"]);
    assert!(page.body.split("data-th=\"今日成功\">").nth(1).is_some_and(|rest| rest.starts_with('1')), "{}", page.body);
    site.test.end().await;
}

#[tokio::test]
async fn a_channel_whose_calls_fail_is_not_called_well() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let admin = site.test.member("qian", office).await;
    site.grant(&admin, Role::SystemAdmin).await;
    let busy = Fault::Busy429 { retry_after: None };
    site.test.carrier.script_always(&admin.phone, busy);
    let mut draft = to(&[&admin], "测试");
    draft.send_rule = Some("sms".into());
    site.test.sends(&admin, draft).await.unwrap();
    site.test.settle().await;
    let mut browser = site.browser_of(&admin).await;
    let page = browser.get("/admin").await.assert(200, &["服务商繁忙，稍后再试"]);
    let row = page.body.split("<tr>").find(|row| row.contains("<b>短信</b>")).unwrap().to_owned();
    assert!(row.contains("不可用") && !row.contains("正常"), "{row}");
    // half an hour later, and after it has been given up, nothing recent speaks against it
    site.test.after_minutes(60 * 24).await;
    let page = browser.get("/admin").await;
    assert!(!page.has("服务商繁忙"));
    site.test.close().await;
}

#[tokio::test]
async fn whoever_is_signed_in_keeps_the_way_when_a_page_is_not_there() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let reader = site.test.member("li", office).await;
    let mut browser = site.browser_of(&reader).await;
    let menu = ["href=\"/inbox\"", "<b>li</b>", "NOT_FOUND"];
    browser.get("/inbox/0198f3c2-7d41-7000-8000-000000000000").await.assert(404, &menu);
    let lost = browser.get("/directory").await.assert(404, &menu[..2]);
    assert!(lost.has("<html lang=\"zh-CN\"") && !lost.has("返回上一页"));
    browser.cookies.insert("lang".into(), "en".into());
    let from = axum::http::Request::get("/directory").header("host", "127.0.0.1:8080");
    let from = from.header("referer", "http://127.0.0.1:8080/inbox?tab=unread");
    let lost =
        browser.send(from, axum::body::Body::empty()).await.assert(404, &["Not found", "href=\"/inbox?tab=unread\""]);
    assert!(lost.has("<html lang=\"en\"") && lost.has("name=\"lang\" value=\"zh-CN\""));
    site.browser().get("/nothing").await.assert(404, &["class=\"door\""]);
    for page in ["/inbox/", "/outbox/", "/approvals/", "/compose/"] {
        for id in ["%ff", "%00", "0", "-1", "1e9", "%27%20or%201=1"] {
            browser.get(&format!("{page}{id}")).await.assert(404, &["Not found"]);
        }
    }
    browser.get("/inbox/%ff/files/%ff").await.assert(404, &[]);
    browser.get("/static/%ff").await.assert(404, &[]);
    site.test.end().await;
}

#[tokio::test]
async fn a_phone_of_the_demonstration_shows_what_came_and_is_played() {
    let mut site = Site::start_demo().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let reader = site.test.member("li", office).await;
    let mut draft = to(&[&reader], "停水通知");
    draft.send_rule = Some("dingtalk".into());
    site.test.sends(&sender, draft).await.unwrap();
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    let address = format!("/demo/phone?address={}", reader.phone);
    browser.get("/demo/phone").await.assert(200, &["li", &reader.phone]);
    // what is looked for stays with the phone that is found
    let found = browser.get(&format!("/demo/phone?q={}", &reader.phone[..9])).await.assert(200, &[]);
    assert!(found.has(&format!("address={}&q={}", reader.phone, &reader.phone[..9])), "{}", found.body);
    let name = site.test.carrier.phones()[0].name.clone();
    assert_ne!(name, "");
    let by_name = format!(
        "/demo/phone?q={}",
        url::form_urlencoded::byte_serialize(name.to_uppercase().as_bytes()).collect::<String>()
    );
    browser.get(&by_name).await.assert(200, &[&reader.phone]);
    browser.get("/demo/phone?q=%E8%B0%81").await.assert(200, &["没有这样的人"]).lacks(&[&reader.phone]);
    let part = browser.get_part("phone", &address).await.assert(200, &["停水通知"]);
    assert!(!part.has("<html"));
    let item = site.test.carrier.phone(&reader.phone).unwrap().items[0].id.clone();
    let act = [("address", reader.phone.as_str()), ("item", &item), ("do", "open")];
    let on = browser.post("/demo/phone/act", &act).await.assert(303, &[]);
    assert_eq!(on.leads_to(), address);
    let act = [("address", reader.phone.as_str()), ("item", "nothing"), ("do", "open")];
    browser.post("/demo/phone/act", &act).await.assert(404, &[]);
    // one click signs in, and nothing else does
    let mut outside = site.browser();
    outside.get("/login").await.assert(200, &["demo.link.token", "王芳"]);
    outside.get("/login/demo.link.token").await.assert(410, &["链接已失效"]);
    site.test.end().await;
}

#[tokio::test]
async fn a_room_is_booked_again_and_the_undertakers_phone_rings_again() {
    let mut site = Site::start_demo().await;
    zhihui::producers::meeting::register(&site.test.hub).await.unwrap();
    let office = site.test.department("office", None).await;
    let booker = site.test.member("wang", office).await;
    let mut browser = site.browser_of(&booker).await;
    // a demonstration without its people has nobody to book with
    browser.post("/demo/book", &[]).await.assert(404, &[]);
    let undertaker = site.test.member("li", office).await;
    let on = browser.post("/demo/book", &[]).await.assert(303, &[]);
    browser.get(on.leads_to()).await.assert(200, &["role=\"status\"", "电话几秒后响起", "action=\"/demo/book\""]);
    site.test.settle().await;
    assert_eq!(site.test.sent(), [format!("dingtalk {}", undertaker.phone)]);
    site.test.after(chrono::Duration::seconds(10)).await;
    assert_eq!(site.test.sent(), [format!("voice {}", undertaker.phone)]);

    let page = format!("/demo/phone?address={}", undertaker.phone);
    let ringing = browser.get(&page).await.assert(200, &["in-call", "form class=\"call\""]);
    assert!(!ringing.has("让电话再响"));
    let call = site.test.carrier.phone(&undertaker.phone).unwrap().items[0].id.clone();
    let act = [("address", undertaker.phone.as_str()), ("item", &call), ("do", "ignore")];
    browser.post("/demo/phone/act", &act).await.assert(303, &[]);
    let missed = browser.get(&page).await.assert(200, &["让电话再响"]);
    assert!(!missed.has("in-call") && !missed.has("最多呼叫"));

    // Once more in a moment; then he has been called often enough, and each page says so.
    browser.post("/demo/book", &[]).await.assert(303, &[]);
    site.test.after(chrono::Duration::seconds(10)).await;
    site.test.sent();
    let limit = "8 分钟内最多呼叫 2 次、1 小时内最多 4 次";
    // Called at 10:00:10 and 10:00:20.
    browser.get(&page).await.assert(200, &[limit, "现在预订，约 10:08 再响"]);
    let on = browser.post("/demo/book", &[]).await.assert(303, &[]);
    browser.get(on.leads_to()).await.assert(200, &["role=\"status\"", limit, "约 10:08 再响"]);
    for _ in 0..15 {
        site.test.after(chrono::Duration::seconds(30)).await;
    }
    assert_eq!(site.test.sent().iter().filter(|line| line.starts_with("voice")).count(), 0);
    site.test.after(chrono::Duration::seconds(30)).await;
    assert_eq!(site.test.sent(), [format!("voice {}", undertaker.phone)]);
    site.test.close().await;
}

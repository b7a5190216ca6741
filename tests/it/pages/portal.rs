//! 首页, 系统状态, and the phones of the demonstration.

use zhihui::domain::person::Role;

use super::browser::Site;
use crate::support::people::to;

#[tokio::test]
async fn the_first_page_says_what_waits() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let reader = site.test.member("li", office).await;
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

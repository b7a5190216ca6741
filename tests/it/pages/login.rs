//! Signing in and out, the first password, and what keeps foreign pages from doing it for us.

use axum::{body::Body, http::Request};
use zhihui::domain::person::Role;

use super::browser::Site;

const PASSWORD: &str = "lan tian bai yun 42";

#[tokio::test]
async fn the_first_administrator_sets_a_password_and_signs_in_with_it() {
    let site = Site::start().await;
    let token = site.test.create_administrator("admin1", "韩梅梅", false).await.unwrap();
    let mut browser = site.browser();
    let setup = format!("/setup/{token}");
    browser.get(&setup).await.assert(200, &["韩梅梅", "admin1", "至少 10 个字符"]);
    browser.post(&setup, &[("password", PASSWORD), ("again", "other")]).await.assert(422, &["两次输入的密码不一致"]);
    browser.post(&setup, &[("password", "password12"), ("again", "password12")]).await.assert(422, &["role=\"alert\""]);
    let done = browser.post(&setup, &[("password", PASSWORD), ("again", PASSWORD)]).await.assert(303, &[]);
    assert_eq!(done.leads_to(), "/");
    browser.get("/inbox").await.assert(200, &["韩梅梅"]);
    browser.get("/login").await.assert(303, &[]);

    browser.post("/logout", &[]).await.assert(303, &[]);
    browser.get(&setup).await.assert(410, &["链接已失效"]);
    let asked = browser.get("/inbox?tab=unread").await.assert(303, &[]);
    assert_eq!(asked.leads_to(), "/login?next=%2Finbox%3Ftab%3Dunread");
    browser.get(asked.leads_to()).await.assert(200, &["value=\"/inbox?tab=unread\""]);
    let wrong = [("account", "admin1"), ("password", "wrong"), ("next", "/inbox")];
    browser.post("/login", &wrong).await.assert(401, &["账号或密码不正确", "value=\"admin1\""]);
    let right = [("account", "admin1"), ("password", PASSWORD), ("next", "/inbox?tab=unread")];
    let inside = browser.post("/login", &right).await.assert(303, &[]);
    assert_eq!(inside.leads_to(), "/inbox?tab=unread");
    site.test.end().await;
}

#[tokio::test]
async fn whoever_was_signed_out_reads_why_where_he_signs_in() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let (reader, admin) = (site.test.member("li", office).await, site.test.member("qian", office).await);
    site.grant(&admin, Role::SystemAdmin).await;
    for (person, minutes) in [(&reader, 30), (&admin, 15)] {
        let mut browser = site.browser_of(person).await;
        assert!(!site.browser().get("/login").await.has("没有操作"));
        site.test.after_minutes(minutes).await;
        let on = browser.get("/outbox").await.assert(303, &[]);
        let words = format!("您已 {minutes} 分钟没有操作");
        browser.get(on.leads_to()).await.assert(200, &[&words, "value=\"/outbox\""]);
    }
    // Signed out by another browser, not by this one.
    let mut browser = site.browser_of(&reader).await;
    let mut other = browser.clone();
    other.post("/logout", &[]).await.assert(303, &[]);
    assert!(!other.get("/login").await.has("别处退出"));
    browser.get("/login").await.assert(200, &["您已在别处退出，或密码已更改"]);
    site.test.end().await;
}

#[tokio::test]
async fn a_change_needs_the_token_and_our_own_page() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let mut browser = site.browser_of(&site.test.member("li", office).await).await;
    let token = std::mem::take(&mut browser.csrf);
    browser.post("/lang", &[("lang", "en")]).await.assert(403, &["页面已过期，请刷新后重试", "CSRF"]);
    browser.csrf.clear();
    let typed = [("title", "停水<通知>"), ("body", "明天九点"), ("password", "geheim")];
    let page = browser.post("/compose", &typed).await.assert(403, &["停水&lt;通知&gt;", "明天九点", "已为您保留"]);
    assert!(!page.body.contains("geheim"));
    browser.csrf = token.clone();
    let foreign = Request::post("/lang").header("x-csrf", &token).header("sec-fetch-site", "cross-site");
    browser.send(foreign, Body::empty()).await.assert(403, &[]);
    browser.csrf = token;
    browser.post("/lang", &[("lang", "en")]).await.assert(303, &[]);
    browser.get("/inbox").await.assert(200, &["<html lang=\"en\""]);
    site.test.end().await;
}

#[tokio::test]
async fn a_page_that_looks_again_by_itself_keeps_no_session_alive() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let mut browser = site.browser_of(&site.test.member("li", office).await).await;
    site.test.clock.advance(chrono::Duration::minutes(20));
    let again = Request::get("/inbox").header("x-follow", "1");
    browser.send(again, Body::empty()).await.assert(200, &[]);
    site.test.clock.advance(chrono::Duration::minutes(15));
    browser.get("/inbox").await.assert(303, &[]);
    site.test.end().await;
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do() {
    let site = Site::start().await;
    let mut browser = site.browser();
    let page = browser.get("/login").await.assert(200, &[]);
    let header = |name| page.headers.get(name).map(|value| value.to_str().unwrap());
    assert!(header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(header("cache-control"), Some("no-store"));
    assert_eq!(header("referrer-policy"), Some("same-origin"));
    assert_eq!(header("strict-transport-security"), None);
    assert_eq!(header("x-request-id").unwrap().len(), 32);
    let address = page.body.split("href=\"/static/ui").nth(1).unwrap().split('"').next().unwrap();
    let style = browser.get(&format!("/static/ui{address}")).await.assert(200, &[]);
    assert!(style.headers["cache-control"].to_str().unwrap().contains("immutable"));
    browser.get("/no/such/page").await.assert(404, &["没有找到这个页面"]);
    browser.get("/logout").await.assert(405, &["不支持这样访问"]);
    browser.get("/login?next=%00").await.assert(422, &["TEXT_CONTROL"]);
    browser.get("/login/any-token").await.assert(404, &[]);
    site.test.end().await;
}

#[tokio::test]
async fn an_address_that_fails_too_often_waits() {
    let site = Site::start().await;
    let mut browser = site.browser();
    browser.get("/login").await;
    // each account is locked by itself long before
    for nth in 0..30 {
        let account = format!("nobody{nth}");
        browser.post("/login", &[("account", &account), ("password", "x")]).await.assert(401, &[]);
    }
    let held = browser.post("/login", &[("account", "li"), ("password", "x")]).await.assert(429, &["尝试次数太多"]);
    assert_eq!(held.headers.get("retry-after").map(|v| v.to_str().unwrap()), Some("600"));
    site.test.end().await;
}

//! One's own account: another password, and the password once more before what could do much harm.

use zhihui::{
    clock::END_OF_TIME,
    domain::{MessageId, person::Role},
    storage::{audit, inbox},
};

use super::browser::{Browser, Site};
use crate::support::{
    count,
    people::{Actor, to},
};

pub const PASSWORD: &str = "lan tian bai yun 42";
const NEXT: &str = "qing cao di shang 57";

impl Site {
    /// Somebody with a password, signed in with it.
    pub async fn with_password(&self, person: &Actor) -> Browser {
        let mut browser = self.browser();
        let link = self.invitation_of(person).await;
        browser.get(&format!("/setup/{link}")).await;
        browser.post(&format!("/setup/{link}"), &[("password", PASSWORD), ("again", PASSWORD)]).await.assert(303, &[]);
        browser.get("/inbox").await.assert(200, &[]);
        browser
    }

    async fn verbs(&self, object: &str) -> Vec<String> {
        let mut tx = self.test.db.read().await.unwrap();
        audit::list_of(&mut tx, object, 50).await.unwrap().into_iter().map(|entry| entry.verb).collect()
    }
}

fn typed<'a>(present: &'a str, password: &'a str, again: &'a str) -> [(&'static str, &'a str); 3] {
    [("present", present), ("password", password), ("again", again)]
}

#[tokio::test]
async fn somebody_changes_his_password_and_is_signed_out_everywhere_else() {
    let (site, person, _) = Site::of_two().await;
    let mut here = site.with_password(&person).await;
    let mut elsewhere = site.browser();
    elsewhere.get("/login").await;
    elsewhere.post("/login", &[("account", "wang"), ("password", PASSWORD), ("next", "/")]).await.assert(303, &[]);

    here.get("/inbox").await.assert(200, &["href=\"/me/password\""]);
    let page = "/me/password";
    here.get(page).await.assert(200, &["至少 10 个字符", "autocomplete=\"current-password\""]);
    for (fields, words) in [
        (typed("not it at all", NEXT, NEXT), "当前密码不正确"),
        (typed(PASSWORD, NEXT, "another"), "两次输入的密码不一致"),
        (typed(PASSWORD, "password12", "password12"), "id=\"e-password\""),
        (typed(PASSWORD, PASSWORD, PASSWORD), "新密码不能与当前密码相同"),
    ] {
        here.post(page, &fields).await.assert(422, &[words]).lacks(&[NEXT, PASSWORD]);
    }
    let done = here.post(page, &typed(PASSWORD, NEXT, NEXT)).await.assert(303, &[]);
    here.get(done.leads_to()).await.assert(200, &["密码已修改"]);
    assert_eq!(elsewhere.get("/inbox").await.leads_to(), "/login?next=%2Finbox");
    let verbs = site.verbs(&format!("person:{}", person.id)).await;
    assert_eq!(verbs.iter().filter(|verb| *verb == "password.set").count(), 2, "{verbs:?}");
    assert_eq!(verbs.iter().filter(|verb| *verb == "session.refuse").count(), 1, "{verbs:?}");
    site.test.end().await;
}

#[tokio::test]
async fn an_open_browser_is_no_place_to_guess_a_password() {
    let (site, person, _) = Site::of_two().await;
    let mut browser = site.with_password(&person).await;
    for _ in 0..5 {
        browser.post("/me/prove", &[("password", "a guess"), ("next", "/")]).await.assert(422, &["当前密码不正确"]);
    }
    let right = [("password", PASSWORD), ("next", "/inbox")];
    let waits = browser.post("/me/prove", &right).await.assert(429, &["秒后再试"]);
    assert_eq!(waits.headers["retry-after"], "60");
    browser.post("/me/password", &typed(PASSWORD, NEXT, NEXT)).await.assert(429, &[]);
    site.test.clock.advance(chrono::Duration::minutes(2));
    assert_eq!(browser.post("/me/prove", &right).await.leads_to(), "/inbox");
    site.test.end().await;
}

#[tokio::test]
async fn an_administrator_recalls_a_foreign_message_after_his_password_and_with_a_reason() {
    let (mut site, sender, reader) = Site::of_two().await;
    let office = site.test.department("centre", None).await;
    let admin = site.test.member("admin", office).await;
    site.grant(&admin, Role::OrgAdmin).await;
    let id = site.test.sends(&sender, to(&[&reader], "停课通知")).await.unwrap().id;
    site.test.settle().await;

    let mut browser = site.with_password(&admin).await;
    let (page, recall) = ("/admin/recalls", format!("/admin/recalls/{id}"));
    let reason = [("reason", "日期写错")];
    // signing in is not yet a proof, neither to look nor to act
    let asked = browser.get(page).await.assert(303, &[]);
    assert_eq!(asked.leads_to(), "/me/prove?next=%2Fadmin%2Frecalls");
    assert_eq!(browser.post(&recall, &reason).await.leads_to(), asked.leads_to());
    browser.get(asked.leads_to()).await.assert(200, &["请再次输入登录密码；10 分钟内不再询问"]);
    let proof = [("password", PASSWORD), ("next", page)];
    assert_eq!(browser.post("/me/prove", &proof).await.leads_to(), page);

    let list = browser.get(page).await.assert(200, &["停课通知", "wang"]).lacks(&["请准时参加"]);
    assert!(list.has(&recall), "{}", list.body);
    browser.get(&format!("/outbox/{id}")).await.assert(404, &[]);
    browser.post(&format!("/outbox/{id}/recall"), &[]).await.assert(404, &[]);
    browser.post(&recall, &[("reason", " ")]).await.assert(422, &["请填写撤回原因"]);
    // what it was found by stays with it
    let too_long = "长".repeat(501);
    let found = [("reason", too_long.as_str()), ("q", "停课"), ("cursor", "")];
    let refused = browser.post(&recall, &found).await.assert(422, &["name=\"q\" value=\"停课\"", &too_long]);
    refused.lacks(&["class=\"note bad\""]);
    let elsewhere = [("reason", " "), ("q", "别的消息")];
    browser
        .post(&recall, &elsewhere)
        .await
        .assert(422, &["class=\"note bad\"", "请填写撤回原因", "没有可以撤回的消息"]);
    let done = browser.post(&recall, &reason).await.assert(303, &[]);
    browser.get(done.leads_to()).await.assert(200, &["已撤回，接收人无法再查看", "没有可以撤回的消息"]);
    browser.post(&recall, &reason).await.assert(409, &["不能撤回", "role=\"alert\""]);
    browser.post(&format!("{page}/{}", MessageId::new()), &reason).await.assert(404, &[]);
    // A run of a series takes the series with it: the same words would go out the next time.
    let daily = serde_json::json!({"title": "每日通知", "body": "b", "audience": {"people": ["li"]},
                                   "recurrence": {"cron": "0 50 23 * * *"}});
    let daily = zhihui::domain::command::read_send(&daily, site.test.clock.now()).unwrap();
    let run = site.test.sends(&sender, daily).await.unwrap().id;
    let hidden = [("reason", "日期\u{1}写错")];
    browser.post(&format!("{page}/{run}"), &hidden).await.assert(422, &["不可见控制字符"]);
    browser.post(&format!("{page}/{run}"), &reason).await.assert(303, &[]);
    assert_eq!(count(&site.test.db, "select count(*) from series where ended_at is null").await, 0);

    site.test.settle().await;
    site.browser_of(&reader).await.get(&format!("/inbox/{id}")).await.assert(410, &["消息已被撤回"]);
    let mut sender = site.browser_of(&sender).await;
    sender.get("/inbox").await.assert(200, &["消息被紧急撤回：停课通知"]);
    sender.post("/lang", &[("lang", "en")]).await.assert(303, &[]);
    sender.get("/inbox").await.assert(200, &["Recalled in an emergency: 停课通知"]);
    assert!(site.verbs(&format!("person:{}", admin.id)).await.contains(&"session.prove".to_owned()));
    let mut tx = site.test.db.read().await.unwrap();
    let noted = audit::list_of(&mut tx, &format!("message:{id}"), 50).await.unwrap();
    let noted = noted.iter().find(|entry| entry.verb == "message.recall").unwrap();
    assert_eq!(
        (noted.actor.as_str(), &noted.detail["reason"]),
        (format!("person:{}", admin.id).as_str(), &"日期写错".into())
    );
    drop(tx);

    // ten minutes later it is asked for again
    site.test.clock.advance(chrono::Duration::minutes(10));
    assert_eq!(browser.get(page).await.leads_to(), asked.leads_to());
    site.test.end().await;
}

#[tokio::test]
async fn notes_of_the_hub_and_unsent_drafts_are_no_administrators_business() {
    let (mut site, sender, reader) = Site::of_two().await;
    let office = site.test.department("centre", None).await;
    let admin = site.test.member("admin", office).await;
    site.grant(&admin, Role::OrgAdmin).await;
    let id = site.test.sends(&sender, to(&[&reader], "停课通知")).await.unwrap().id;
    let typed = [("kind", "content"), ("title", "还没写完"), ("body", "写到一半"), ("do", "draft")];
    let mut writer = site.browser_of(&sender).await;
    let kept = writer.post("/compose", &typed).await.assert(303, &[]);
    let list = writer.get(kept.leads_to()).await.assert(200, &["还没写完"]);
    let draft = list.body.split("href=\"/compose/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    site.test.settle().await;
    let mut browser = site.with_password(&admin).await;
    let page = "/admin/recalls";
    browser.post("/me/prove", &[("password", PASSWORD), ("next", page)]).await.assert(303, &[]);
    let reason = [("reason", "日期写错")];
    browser.post(&format!("{page}/{draft}"), &reason).await.assert(404, &[]);
    browser.post(&format!("{page}/{id}"), &reason).await.assert(303, &[]);
    site.test.settle().await;
    // the note that tells the sender of it stays
    let mut tx = site.test.db.read().await.unwrap();
    let newest = (END_OF_TIME, MessageId(uuid::Uuid::max()));
    let wanted = inbox::Wanted { person: sender.id, tab: inbox::Tab::All, search: "", open: None };
    let note = inbox::list(&mut tx, wanted, newest, 50).await.unwrap().remove(0).message_id;
    drop(tx);
    browser.post(&format!("{page}/{note}"), &reason).await.assert(404, &[]);
    site.browser_of(&sender).await.get(&format!("/inbox/{note}")).await.assert(200, &["消息被紧急撤回：停课通知"]);
    site.test.end().await;
}

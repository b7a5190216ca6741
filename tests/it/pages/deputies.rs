//! 转办 and 委派 in the browser: colleagues are found by account or name, refusals stand where they belong,
//! and a box says for whom one decides. What the hub tells a sender leads to his message.

use zhihui::{
    hub::{Source, people::register::Registration},
    storage::producers::{self, ProducerAudience, ProducerCategories},
};

use super::browser::{Browser, Page, Site};
use crate::{
    staff,
    support::people::{Actor, to, to_department},
};

/// A head, sixty of his people of whom the first sends, and another department.
async fn sixty() -> (Site, Actor, Actor) {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    (site, head, staff.into_iter().next().unwrap())
}

/// The page of the newest message whose title says so.
async fn letter(browser: &mut Browser, title: &str) -> Page {
    let list = browser.get("/inbox").await.assert(200, &[title]);
    let row = list.body.split("class=\"row").find(|row| row.contains(title)).unwrap();
    let id = row.split("data-id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.get(&format!("/inbox/{id}")).await.assert(200, &[title])
}

#[tokio::test]
async fn a_colleague_is_named_by_account_or_by_a_name_that_one_alone_has() {
    let (site, head, sender) = sixty().await;
    let library = site.test.department("library", None).await;
    let archive = site.test.department("archive", None).await;
    staff::join(&site.test, &[("gu1", "顾念慈"), ("he1", "何书衡")], library, true).await;
    staff::join(&site.test, &[("gu2", "顾念慈")], archive, true).await;
    // One of this name may approve, the other may not.
    staff::join(&site.test, &[("he2", "何书衡"), ("wen", "温言")], archive, false).await;
    let id = site.test.sends(&sender, to_department("office", "放假安排")).await.unwrap().approval.unwrap().id;
    let mut browser = site.browser_of(&head).await;
    let (page, act) = (format!("/approvals/{id}"), format!("/approvals/{id}/transfer"));
    let shown = browser.get(&page).await.assert(200, &["data-follow=\"approvals\"", "value=\"gu1\">顾念慈 · library<"]);
    let confirm = "data-confirm=\"同意后将立即发送给 61 人。确定同意吗？\"";
    let shown = shown.assert(200, &[confirm]);
    let hash = shown.body.split("name=\"hash\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let give = |to: &'static str| [("to", to), ("hash", hash.as_str())];
    let endless = [("do", "add"), ("to", "gu1"), ("from", ""), ("until", "")];
    browser.post("/approvals/delegations", &endless).await.assert(422, &["请填写委派到什么时候结束", "value=\"gu1\""]);
    for (typed, why) in [
        ("顾念慈", "有几位叫“顾念慈”，请填写账号：gu1（library）、gu2（archive）"),
        ("温言", "对方不是部门负责人"),
        ("nobody", "没有这个账号或姓名"),
        ("p0", "不能转办给发送人本人"),
    ] {
        // Beside the field, which is where typing goes on; and no look at the page takes it away.
        let refused = browser.post(&act, &give(typed)).await.assert(422, &[why]);
        let after = refused.body.split("name=\"to\"").nth(1).unwrap();
        let field = after.split("</label>").next().unwrap();
        assert!(field.contains("aria-invalid=\"true\" aria-describedby=\"e-to\""), "{field}");
        let beside = after.split("</label>").nth(1).unwrap();
        assert!(beside.trim_start().starts_with("<p class=\"field-wrong\" id=\"e-to\" role=\"alert\">"), "{beside}");
        refused.lacks(&["data-follow"]);
    }
    // Whoever looks at the address of the form again is on its page.
    assert_eq!(browser.get(&act).await.assert(303, &[]).leads_to(), page);
    browser.post(&act, &give("何书衡")).await.assert(303, &[]);
    browser.get(&page).await.assert(200, &["转办给 何书衡"]);

    let (change, until) = ("/approvals/delegations", ("until", "2026-11-21T18:00"));
    let refused = browser.post(change, &[("do", "add"), ("to", "何书衡"), until]).await;
    refused.assert(422, &["he1（library）、he2（archive）", "aria-describedby=\"e-to\""]).lacks(&["data-follow"]);
    let refused = browser.post(change, &[("do", "add"), ("to", "温言"), ("until", "2020-01-01T00:00")]).await;
    refused.assert(422, &["aria-describedby=\"e-until\"", "id=\"e-until\" role=\"alert\""]);
    assert_eq!(browser.get(change).await.assert(303, &[]).leads_to(), "/approvals");
    browser.post(change, &[("do", "add"), ("to", "温言"), until]).await.assert(303, &[]);
    browser.get("/approvals").await.assert(200, &["温言代您审批"]);
    site.test.end().await;
}

#[tokio::test]
async fn a_deputys_box_says_for_whom_and_a_head_has_one_before_anybody_asks_him() {
    let (mut site, head, sender) = sixty().await;
    let library = site.test.department("library", None).await;
    let (idle, luo) = (site.test.head("sun", library).await, site.test.member("luo", library).await);
    // Never asked, and yet he may let somebody stand in: so he has the page.
    let mut never_asked = site.browser_of(&idle).await;
    never_asked.get("/").await.assert(200, &["href=\"/approvals\""]);
    never_asked.get("/approvals").await.assert(200, &["没有等您审批的消息", "name=\"until\""]);
    let mut deputy = site.browser_of(&luo).await;
    deputy.get("/").await.lacks(&["href=\"/approvals\""]);
    deputy.get("/approvals").await.assert(404, &[]);

    for title in ["放假安排", "值班安排"] {
        site.test.sends(&sender, to_department("office", title)).await.unwrap();
    }
    let now = site.test.clock.now();
    site.test.delegate(head.id, "luo", now, now + chrono::Duration::hours(9)).await.unwrap();
    deputy.get("/approvals").await.assert(200, &["代zhang审批"]);
    site.test.approves(&luo).await.unwrap();
    site.test.approves(&head).await.unwrap();
    let done = deputy.get("/approvals?state=done").await.assert(200, &["放假安排", "值班安排"]);
    let said = |words: &str| done.body.matches(words).count();
    assert_eq!((said("class=\"behalf\">代zhang审批<"), said("class=\"behalf\">zhang的审批<")), (1, 1));
    let own = site.browser_of(&head).await.get("/approvals?state=done").await;
    own.assert(200, &["放假安排"]).lacks(&["class=\"behalf\""]);
    site.test.settle().await;
    site.test.end().await;
}

#[tokio::test]
async fn what_a_sender_is_told_leads_to_his_message_and_nobody_elses_words_do() {
    let (mut site, head, sender) = sixty().await;
    let id = site.test.sends(&sender, to_department("office", "放假安排")).await.unwrap().id;
    site.test.rejects(&head, "请核对日期").await.unwrap();
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    let link = format!("href=\"/outbox/{id}\"");
    letter(&mut browser, "审批被驳回：放假安排").await.assert(200, &[&link, "查看消息"]);
    browser.get(&format!("/outbox/{id}")).await.assert(200, &["请核对日期"]);

    // A program may write what it likes into its attributes.
    let registration = Registration {
        name: "office-system".into(),
        label: None,
        audience: ProducerAudience { everyone: true, departments: Vec::new() },
        categories: ProducerCategories { any: true, names: Vec::new() },
        is_trusted: true,
    };
    site.test.register_producer(registration).await.unwrap();
    let mut tx = site.test.db.read().await.unwrap();
    let module = producers::find_by_amqp_user(&mut tx, "office-system").await.unwrap().unwrap();
    drop(tx);
    let mut forged = to(&[&sender, &head], "请看这里");
    forged.attributes.insert("about_message".into(), id.to_string().into());
    site.test.accept(&Source::Producer(module), None, [0; 32], forged.clone()).await.unwrap();
    site.test.settle().await;
    letter(&mut browser, "请看这里").await.lacks(&["查看消息", &link]);
    // And what the hub itself says of it is a way for its sender alone.
    forged.title = "来自系统".into();
    site.test.accept(&Source::Hub, None, [1; 32], forged).await.unwrap();
    site.test.settle().await;
    letter(&mut browser, "来自系统").await.assert(200, &["查看消息"]);
    letter(&mut site.browser_of(&head).await, "来自系统").await.lacks(&["查看消息", &link]);
    site.test.end().await;
}

//! `/admin/quotas`, and what a quota says where one writes and where one decides.

use zhihui::{domain::person::Role, storage::audit};

use super::browser::{Browser, Site};
use crate::support::people::Actor;

/// 王 writes in an office with 李 and 赵; an administrator is nobody there.
async fn office() -> (Site, Actor, Browser) {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    site.test.members(&["li", "zhao"], office, false).await;
    let admin = site.test.member("root", site.test.department("it", None).await).await;
    site.grant(&admin, Role::OrgAdmin).await;
    let admin = site.browser_of(&admin).await;
    (site, sender, admin)
}

fn terms<'a>(holder: &'a str, pieces: &'a str, mode: &'a str) -> [(&'a str, &'a str); 4] {
    [("do", "save"), ("holder", holder), ("pieces", pieces), ("mode", mode)]
}

/// The address of the first quota of the list.
async fn first(admin: &mut Browser) -> String {
    let list = admin.get("/admin/quotas").await;
    let id = list.body.split("href=\"/admin/quotas/0").nth(1).expect("a quota").split('"').next().unwrap();
    format!("/admin/quotas/0{id}")
}

#[tokio::test]
async fn an_administrator_sets_a_quota_and_reads_its_ledger() {
    let (mut site, sender, mut admin) = office().await;
    admin.get("/admin/quotas").await.assert(200, &["还没有设置短信配额"]);
    admin.get("/admin/quotas/new").await.assert(200, &["value=\"department:office\"", "value=\"lenient\" >"]);
    let wrong: [([(&str, &str); 4], &str); 5] = [
        (terms("", "100", "strict"), "请选择部门或模块"),
        (terms("department:nowhere", "100", "strict"), "请选择部门或模块"),
        (terms("department:office", "很多", "strict"), "每月条数请填写 0 到 100000000 的整数"),
        (terms("department:office", "-1", "strict"), "每月条数"),
        (terms("department:office", "99999999999999999999", "strict"), "每月条数"),
    ];
    for (fields, words) in wrong {
        let typed = format!("value=\"{}\"", fields[2].1);
        admin.post("/admin/quotas/new", &fields).await.assert(422, &[words, &typed]);
    }
    admin.post("/admin/quotas/new", &terms("department:office", "1,000", "strict")).await.assert(303, &[]);
    let again = admin.post("/admin/quotas/new", &terms("department:office", "5", "lenient")).await;
    again.assert(409, &["“office”已有短信配额", "selected"]);
    admin.get("/admin/quotas?done=added").await.assert(200, &["已新增", "<b>0</b> / 1,000", "用完后不能再发短信"]);
    let address = first(&mut admin).await;

    let mut writer = site.browser_of(&sender).await;
    let send = [("do", "send"), ("kind", "content"), ("title", "停水"), ("body", "明天停水"), ("send_rule", "sms")];
    let to_two = [("person", "li"), ("person", "zhao")];
    writer.post("/compose", &[&send[..], &to_two[..]].concat()).await.assert(303, &[]);
    admin.get("/admin/quotas").await.assert(200, &["<b>4</b> / 1,000", "其中预扣 4 条"]);
    admin.get(&address).await.assert(200, &["value=\"1000\"", "wang", "未结束", "2026-11"]).lacks(&["停水"]);
    site.test.settle().await;
    admin.get(&address).await.assert(200, &["剩余 996 条"]).lacks(&["未结束"]);
    admin.get("/admin/quotas").await.assert(200, &[]).lacks(&["预扣 4 条"]);
    admin.get(&format!("{address}?month=2026-10")).await.assert(200, &["这个月没有使用短信"]);

    admin.post(&address, &terms("", "一千", "strict")).await.assert(422, &["每月条数", "value=\"一千\"", "wang"]);
    admin.post(&address, &terms("", "", "lenient")).await.assert(303, &[]);
    admin.get(&address).await.assert(200, &["2026-11 短信不限条数，只计数", "value=\"lenient\" selected"]);
    let object = address.replace("/admin/quotas/", "quota:");
    let mut tx = site.test.db.read().await.unwrap();
    let noted = audit::list_of(&mut tx, &object, 10).await.unwrap();
    assert_eq!(noted.iter().map(|entry| entry.verb.as_str()).collect::<Vec<_>>(), ["quota.add", "quota.change"]);
    assert_eq!(noted[1].detail.0["before"]["pieces"], 1_000);
    drop(tx);
    site.test.end().await;
}

#[tokio::test]
async fn a_writer_sees_what_is_left_before_he_sends_and_keeps_what_he_wrote_when_it_is_not_enough() {
    let (mut site, sender, mut admin) = office().await;
    admin.post("/admin/quotas/new", &terms("department:office", "6", "strict")).await.assert(303, &[]);
    let mut writer = site.browser_of(&sender).await;
    let message = [("kind", "content"), ("title", "停水"), ("body", "明天停水"), ("send_rule", "sms")];
    let to_two = [("person", "li"), ("person", "zhao")];
    let asked = |what: &'static str| [&[("do", what)][..], &message[..], &to_two[..]].concat();
    let forecast = writer.post("/compose", &asked("check")).await;
    forecast.assert(200, &["2026-11 短信配额 6 条", "本次最多<b>4</b>", "本次之后剩余 2 条"]).lacks(&["超出配额"]);
    writer.post("/compose", &asked("send")).await.assert(303, &[]);
    let forecast = writer.post("/compose", &asked("check")).await;
    forecast.assert(200, &["超出配额 2 条，不能发送", "已用和预扣<b>4</b>"]);
    writer
        .post("/compose", &asked("send"))
        .await
        .assert(422, &["“office” 2026-11 的短信配额还剩 2 条，本次最多需要 4 条", "明天停水", "value=\"li\" checked"]);
    // Next month there is as much as there was.
    let planned = [&asked("check")[..], &[("when", "at"), ("send_at", "2026-12-02T08:00")]].concat();
    writer
        .post("/compose", &planned)
        .await
        .assert(200, &["2026-12 短信配额 6 条", "本次之后剩余 2 条"])
        .lacks(&["超出配额"]);
    // Without SMS nothing is said of it.
    let quiet = [("do", "check"), ("kind", "content"), ("title", "停水"), ("body", "x"), ("send_rule", "inbox")];
    writer.post("/compose", &[&quiet[..], &to_two[..]].concat()).await.assert(200, &[]).lacks(&["本月短信配额"]);
    // More is given; beyond it is only said.
    let address = first(&mut admin).await;
    admin.post(&address, &terms("", "6", "lenient")).await.assert(303, &[]);
    writer.post("/compose", &asked("check")).await.assert(200, &["超出配额 2 条，仍可发送"]);
    writer.post("/compose", &asked("send")).await.assert(303, &[]);
    site.test.settle().await;
    admin.get("/admin/quotas").await.assert(200, &["<b>8</b> / 6", "用完后仍可发送，只提示"]);
    site.test.end().await;
}

#[tokio::test]
async fn an_approver_sees_what_it_takes_from_the_quota() {
    let (site, sender, mut admin) = office().await;
    admin.post("/admin/quotas/new", &terms("department:office", "100", "strict")).await.assert(303, &[]);
    let chief = site.test.head("chief", site.test.department("above", None).await).await;
    site.test.grants_approver(&chief).await;
    let mut rule = zhihui::domain::approval::shipped().remove(0);
    rule.condition = zhihui::domain::approval::Condition::default();
    rule.nodes = vec![zhihui::domain::approval::Node::of(zhihui::domain::approval::Approver::ApproverRole)];
    site.test.rules(vec![rule]).await;
    let mut writer = site.browser_of(&sender).await;
    let send =
        [("do", "send"), ("kind", "content"), ("title", "停水"), ("body", "x"), ("send_rule", "sms"), ("person", "li")];
    writer.post("/compose", &send).await.assert(303, &[]);
    let asked = site.test.waiting_for(&chief).await.unwrap();
    let page = site.browser_of(&chief).await.get(&format!("/approvals/{asked}")).await;
    page.assert(200, &["2026-11 短信配额 100 条", "本次之后剩余 98 条", "本次最多<b>2</b>"]);
    site.test.end().await;
}

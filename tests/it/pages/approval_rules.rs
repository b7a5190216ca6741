//! `/admin/approval-rules`: rules are written, changed, ordered, tried out and taken away in the
//! browser, behind a fresh proof and never unnoticed.

use zhihui::{
    domain::{approval::Approver, message::State, person::Role},
    storage::{approval_rules, audit},
};

use super::{
    account::PASSWORD,
    browser::{Browser, Site},
};
use crate::support::people::{Actor, to_department};

const PAGE: &str = "/admin/approval-rules";

/// An office of sixty with a head, an approver elsewhere, and an administrator who has proved who he is.
async fn office() -> (Site, Browser, [Actor; 3]) {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let library = site.test.department("library", None).await;
    let (approver, admin) = (site.test.member("wei", library).await, site.test.member("admin", library).await);
    site.test.grants_approver(&approver).await;
    site.grant(&admin, Role::OrgAdmin).await;
    let mut browser = site.with_password(&admin).await;
    assert_eq!(browser.get(PAGE).await.leads_to(), "/me/prove?next=%2Fadmin%2Fapproval-rules");
    browser.post("/me/prove", &[("password", PASSWORD), ("next", PAGE)]).await.assert(303, &[]);
    (site, browser, [head, approver, staff[0].clone()])
}

async fn names(site: &Site) -> Vec<String> {
    let mut tx = site.test.db.read().await.unwrap();
    approval_rules::list(&mut tx).await.unwrap().into_iter().map(|row| row.name).collect()
}

/// Where the rule of this name is changed.
async fn address(site: &Site, name: &str) -> String {
    let mut tx = site.test.db.read().await.unwrap();
    let rows = approval_rules::list(&mut tx).await.unwrap();
    format!("{PAGE}/{}", rows.into_iter().find(|row| row.name == name).expect("it is there").id)
}

#[tokio::test]
async fn an_administrator_adds_changes_and_orders_rules_and_each_change_is_in_the_audit() {
    let (site, mut browser, [head, approver, sender]) = office().await;
    browser.get(PAGE).await.assert(200, &["部门群发", "部门负责人", "接收人不少于 50 人"]);
    let rule = [
        ("do", "save"),
        ("name", "两级审批"),
        ("min_recipients", "60"),
        ("by", "people"),
        ("head", "no"),
        ("node.0.approver", "department_head"),
        ("node.0.consent", "all"),
        ("node.1.approver", "people"),
        ("node.1.people", "wei"),
        ("node.1.name", "宣传部审核"),
        ("node.1.consent", "any"),
        ("node.1.sms", "1"),
    ];
    let done = browser.post(&format!("{PAGE}/new"), &rule).await.assert(303, &[]);
    browser.get(done.leads_to()).await.assert(200, &["已保存", "两级审批", "宣传部审核", "会签"]);
    assert_eq!(names(&site).await.last().map(String::as_str), Some("两级审批"));

    let own = address(&site, "两级审批").await;
    browser.get(&own).await.assert(200, &["value=\"60\"", "wei</textarea>", "宣传部审核"]);
    let id = own.rsplit('/').next().unwrap().to_owned();
    for _ in 0..4 {
        browser.post(&format!("{PAGE}/arrange"), &[("do", "up"), ("id", &id)]).await.assert(303, &[]);
    }
    assert_eq!(names(&site).await[0], "两级审批");

    // and it is what decides from now on
    let answer = site.test.sends(&sender, to_department("office", "放假安排")).await.unwrap();
    assert_eq!(answer.approval.unwrap().rule, "两级审批");
    assert_eq!(site.test.approves(&head).await.unwrap(), State::PendingApproval);
    assert_eq!(site.test.approves(&approver).await.unwrap(), State::Sending);

    browser.post(&own, &[("do", "delete")]).await.assert(303, &[]);
    assert!(!names(&site).await.contains(&"两级审批".to_owned()));
    browser.get(&own).await.assert(404, &[]);
    let mut tx = site.test.db.read().await.unwrap();
    let verbs: Vec<_> = audit::list_of(&mut tx, &format!("approval_rule:{id}"), 50)
        .await
        .unwrap()
        .into_iter()
        .map(|each| each.verb)
        .collect();
    assert!(verbs.contains(&"approval_rule.add".to_owned()) && verbs.contains(&"approval_rule.remove".to_owned()));
    let sorted = audit::list_of(&mut tx, "approval_rule:all", 50).await.unwrap();
    assert_eq!(sorted.len(), 4);
    drop(tx);
    let mut site = site;
    site.test.settle().await;
    site.test.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_said_and_what_was_typed_stays() {
    let (site, mut browser, _) = office().await;
    let node = [("node.0.approver", "department_head"), ("node.0.consent", "any")];
    let head = ("node.0.approver", "people");
    let cases: [(&[(&str, &str)], &str); 8] = [
        (&[("name", "")], "规则名称为 1 到 50 字"),
        (&[("name", "部门群发")], "已有同名规则"),
        (&[("name", "甲"), ("min_recipients", "many")], "请填写 1 到 1000000 的整数"),
        (&[("name", "甲"), ("min_recipients", "0")], "请填写 1 到 1000000 的整数"),
        (&[("name", "甲"), ("department", "nowhere")], "没有代码为“nowhere”的部门"),
        (&[("name", "甲"), ("send_rule", "pigeon")], "没有“pigeon”这个发送规则"),
        (&[("name", "甲"), head], "请填写 1 到 20 个账号"),
        (&[("name", "甲"), head, ("node.0.people", "wei\nnobody")], "没有账号“nobody”"),
    ];
    for (typed, wanted) in cases {
        let mut fields = vec![("do", "save"), ("min_cost_units", "77")];
        fields.extend(typed);
        fields.extend(node);
        browser.post(&format!("{PAGE}/new"), &fields).await.assert(422, &[wanted, "value=\"77\"", "role=\"alert\""]);
    }
    let fields = [("do", "add_node"), ("name", "未存"), node[0], node[1]];
    browser.post(&format!("{PAGE}/new"), &fields).await.assert(200, &["value=\"未存\"", "node.1.approver"]);
    browser.post(&format!("{PAGE}/new"), &[("do", "dance")]).await.assert(422, &[]);
    assert_eq!(names(&site).await.len(), 4, "nothing of this was kept");
    site.test.end().await;
}

#[tokio::test]
async fn the_last_rule_that_catches_mass_mail_goes_only_when_that_is_meant() {
    let (site, mut browser, _) = office().await;
    let last = address(&site, "部门群发").await;
    browser.post(&last, &[("do", "delete")]).await.assert(409, &["不再需要任何人审批", "name=\"sure\""]);
    let narrowed = [
        ("do", "save"),
        ("name", "部门群发"),
        ("send_rule", "urgent"),
        ("node.0.approver", "department_head"),
        ("node.0.consent", "any"),
    ];
    browser.post(&last, &narrowed).await.assert(409, &["不再需要任何人审批"]);
    assert_eq!(names(&site).await.len(), 4);
    browser.get(PAGE).await.assert(200, &[]).lacks(&["目前没有规则"]);
    let done = browser.post(&last, &[("do", "delete"), ("sure", "1")]).await.assert(303, &[]);
    browser.get(done.leads_to()).await.assert(200, &["已删除", "目前没有规则能拦住"]);
    site.test.end().await;
}

#[tokio::test]
async fn a_dry_run_says_which_rule_applies_and_who_would_be_asked() {
    let (site, mut browser, [_, _, sender]) = office().await;
    let ask = |rest: &str| format!("{PAGE}?sender={}&{rest}", sender.account);
    browser.get(&ask("department=office")).await.assert(200, &["按“部门群发”规则审批", "zhang", "61 人"]);
    browser.get(&ask("accounts=wei")).await.assert(200, &["无需审批", "1 人"]);
    let dear = browser.get(&ask("department=office&send_rule=urgent&category=safety")).await;
    dear.assert(200, &["部门群发", "短信电话最多 183 条"]);
    browser.get(&ask("accounts=nobody")).await.assert(200, &["不在您的可见范围内"]);
    let unknown = format!("{PAGE}?sender=ghost&everyone=1");
    browser.get(&unknown).await.assert(200, &["没有这个账号"]);
    let mut tx = site.test.db.read().await.unwrap();
    assert_eq!(approval_rules::list(&mut tx).await.unwrap()[3].approver, Approver::DepartmentHead);
    drop(tx);
    assert_eq!(crate::support::count(&site.test.db, "select count(*) from message").await, 0, "it leaves no trace");
    site.test.end().await;
}

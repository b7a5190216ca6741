//! 消息模板: kept by administrators and heads, used by whoever belongs to them.

use zhihui::domain::person::Role;

use super::browser::Site;
use crate::support::count;

fn fields<'a>(label: &'a str, body: &'a str, department: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("do", "save"), ("label", label), ("title", "会议通知"), ("body", body), ("department", department)]
}

#[tokio::test]
async fn a_template_is_kept_by_a_head_used_by_his_people_and_by_nobody_else() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let inner = site.test.department("inner", Some(office)).await;
    let other = site.test.department("other", None).await;
    let head = site.test.head("zhang", office).await;
    let (own, stranger) = (site.test.member("li", inner).await, site.test.member("zhao", other).await);
    let mut keeper = site.browser_of(&head).await;
    keeper.get("/templates").await.assert(200, &["还没有模板", "新建模板"]);
    let ways = |page: &super::browser::Page| page.body.matches("href=\"/templates\"").count();
    assert_eq!(ways(&keeper.get("/").await), 2, "in the navigation, and in the menu of a phone");
    keeper
        .get("/templates/new")
        .await
        .assert(200, &["{{姓名}}", "value=\"office\""])
        .lacks(&["全单位", "value=\"other\""]);
    let body = "{{姓名}}：请到{{会议室}}开会。";
    for (label, body, words) in [("", body, "模板名称应为 1–50 字"), ("会议", "{{#each x}}", "不支持的模板写法")]
    {
        keeper.post("/templates/new", &fields(label, body, "office")).await.assert(422, &[words, "会议通知"]);
    }
    // Not for everybody, and not for another department.
    keeper.post("/templates/new", &fields("会议", body, "")).await.assert(404, &[]);
    keeper.post("/templates/new", &fields("会议", body, "other")).await.assert(404, &[]);
    keeper.post("/templates/new", &fields("会议", body, "office")).await.assert(303, &[]);
    let list = keeper.get("/templates?done=saved").await.assert(200, &["模板已保存", "会议", "office"]);
    let name = list.body.split("/compose?template=").nth(1).unwrap().split('"').next().unwrap().to_owned();

    let mut user = site.browser_of(&own).await;
    assert_eq!(ways(&user.get("/").await), 0, "whoever keeps none finds them where he writes");
    user.get("/templates").await.assert(200, &["会议"]).lacks(&["href=\"/templates/", "新建模板"]);
    user.get(&format!("/templates/{name}")).await.assert(404, &[]);
    user.post(&format!("/templates/{name}"), &fields("x", "y", "office")).await.assert(404, &[]);
    user.post(&format!("/templates/{name}"), &[("do", "delete")]).await.assert(404, &[]);
    user.get(&format!("/compose?template={name}")).await.assert(200, &["会议通知", "请到{{会议室}}开会"]);
    // Into a form that is being written: all else stays.
    let typed = [("do", "template"), ("template", name.as_str()), ("kind", "content"), ("person", "zhang")];
    user.post("/compose", &typed).await.assert(200, &["会议通知", "value=\"zhang\" checked"]);
    // One that is gone since the form was shown takes nothing with it.
    let gone = [("do", "template"), ("template", "gone"), ("kind", "content"), ("title", "我写的标题")];
    user.post("/compose", &gone).await.assert(422, &["这个模板已被删除", "我写的标题"]);
    // What is not filled is not sent; the reader's own name fills itself.
    let send = [("do", "send"), ("kind", "content"), ("title", "会议通知"), ("person", "zhang")];
    let refused = user.post("/compose", &[&send[..], &[("body", body)]].concat()).await;
    refused.assert(422, &["还有 1 处未填写：{{会议室}}，未发送"]);
    user.post("/compose", &[&send[..], &[("body", "{{姓名}}：请到五会开会。")]].concat()).await.assert(303, &[]);
    site.test.settle().await;
    keeper.get("/inbox").await.assert(200, &["zhang：请到五会开会。"]);

    let mut foreign = site.browser_of(&stranger).await;
    foreign.get("/templates").await.assert(200, &["还没有模板"]);
    foreign.get(&format!("/compose?template={name}")).await.assert(404, &[]);
    // An administrator keeps those of everybody.
    site.grant(&stranger, Role::OrgAdmin).await;
    let mut admin = site.browser_of(&stranger).await;
    admin.post("/templates/new", &fields("通用", "内容", "")).await.assert(303, &[]);
    user.get("/templates").await.assert(200, &["通用", "全单位"]);
    admin.post(&format!("/templates/{name}"), &[("do", "delete")]).await.assert(303, &[]);
    user.get("/templates").await.assert(200, &[]).lacks(&["会议通知</small></a><em class=\"tag plain\">office"]);
    let noted = "select count(*) from audit where verb in ('template.save', 'template.remove')";
    assert_eq!(count(&site.test.db, noted).await, 3);
    site.test.end().await;
}

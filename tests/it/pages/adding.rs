//! 新增发送人 and 重新发送 on the data page.

use super::browser::Site;
use crate::support::people::to;

/// MO-13
#[tokio::test]
async fn people_are_added_and_sent_to_again_from_the_data_page() {
    let (mut site, sender, reader) = Site::of_two().await;
    let annex = site.test.department("annex", None).await;
    let other = site.test.member("zhao", annex).await;
    let mut draft = to(&[&reader], "停水通知");
    draft.send_rule = Some("dingtalk".into());
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;
    site.test.sent();
    let mut browser = site.browser_of(&sender).await;
    let (page, add) = (format!("/outbox/{id}"), format!("/outbox/{id}/add"));
    browser.get(&page).await.assert(200, &["新增发送人", "重新发送", "按发送规则从第一步起再发一遍"]);
    browser.get(&add).await.assert(200, &["停水通知", "已有 1 人", "name=\"department\" value=\"annex\""]);
    let kept = browser.post(&add, &[("accounts", "li\nnobody")]).await;
    kept.assert(422, &["nobody", "li\nnobody"]);
    let check = [("do", "check"), ("department", "annex"), ("accounts", "li")];
    let foreseen = browser.upload_part("forecast", &add, &check, &[]).await;
    foreseen.assert(200, &["1 人已有此消息，不会重复收到", "无需审批", "data-total"]).lacks(&["<html"]);
    let most = [&check[..2], &[("accounts", "li nobody")]].concat();
    let counted = browser.upload_part("forecast", &add, &most, &[]).await;
    counted.assert(
        200,
        &["1 人已有此消息", "1<small>人将收到", "没有找到“nobody”", "有 1 个账号或手机号没有找到，暂不能发送"],
    );
    let wrong = [("do", "check"), ("accounts", "nobody")];
    browser
        .upload_part("forecast", &add, &wrong, &[])
        .await
        .assert(200, &["没有找到“nobody”", "data-take-out=\"nobody\""])
        // What cannot be sent leaves the words of the button as they are.
        .lacks(&["button[value=send]"]);
    browser.post(&add, &[("accounts", "li")]).await.assert(422, &["没有可新增的人：所选 1 人都已收到此消息"]);
    let form = [("department", "annex"), ("accounts", "li"), ("key", "k1")];
    let other_deed = [&form[..], &[("do", "draft")]].concat();
    browser.post(&add, &other_deed).await.assert(422, &["FIELD_VALUE"]);
    let told = browser.post(&add, &form).await.assert(303, &[]);
    assert_eq!(browser.post(&add, &form).await.assert(303, &[]).leads_to(), told.leads_to(), "a double click");
    let shown = browser.get(told.leads_to()).await;
    shown.assert(200, &["已发送给新增的 1 人，另有 1 人已收到", "/ 2</small>", "zhao", "class=\"additions\""]);
    site.test.settle().await;
    assert_eq!(site.test.sent(), [format!("dingtalk {}", other.phone)]);
    let list = browser.get("/outbox").await.assert(200, &["2<small>100%</small>"]);
    assert_eq!(list.body.matches("停水通知</strong>").count(), 1, "an addition is no line of its own");

    let told = browser.post(&format!("{page}/resend"), &[("to", "chosen"), ("id", "zhao")]).await.assert(303, &[]);
    browser.get(told.leads_to()).await.assert(200, &["已重新发送给 1 人", "可重新发送"]);
    site.test.settle().await;
    assert_eq!(site.test.sent(), [format!("dingtalk {}", other.phone)]);
    browser.post(&format!("{page}/resend"), &[("to", "x")]).await.assert(422, &["请选择重新发送给哪些人"]);
    let mut reads = site.browser_of(&other).await;
    reads.get("/inbox").await.assert(200, &["停水通知", "共 1 条"]);
    reads.get(&add).await.assert(404, &[]);
    browser.post(&format!("{page}/recall"), &[]).await.assert(303, &[]);
    // Written anew it goes to those too who were added.
    browser
        .get(&format!("/compose/{id}"))
        .await
        .assert(200, &["value=\"annex\" checked", "name=\"person\" value=\"li\""]);
    reads.get("/inbox").await.assert(200, &["共 0 条"]);
    browser.get(&page).await.assert(200, &["停水通知"]).lacks(&["重新发送</h2>", "/add\""]);
    site.test.end().await;
}

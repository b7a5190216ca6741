//! 审批箱: seeing exactly what will go out, deciding once.

use super::browser::Site;
use crate::support::people::to_department;

#[tokio::test]
async fn an_approver_sees_what_goes_out_and_decides() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let first = site.test.sends(&staff[0], to_department("office", "放假安排")).await.unwrap();
    let second = site.test.sends(&staff[0], to_department("office", "值班安排")).await.unwrap();

    let mut outsider = site.browser_of(&staff[1]).await;
    outsider.get("/approvals").await.assert(404, &[]);
    let page = format!("/approvals/{}", first.approval.unwrap().id);
    outsider.get(&page).await.assert(404, &[]);
    outsider.post(&page, &[("do", "approve")]).await.assert(404, &[]);

    let mut browser = site.browser_of(&head).await;
    browser.get("/approvals").await.assert(200, &["放假安排", "值班安排", "61 人"]);
    let shown = browser.get(&page).await.assert(200, &["请准时参加。", "教职工", "部门群发", "name=\"hash\""]);
    let hash = shown.body.split("name=\"hash\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.post(&page, &[("do", "approve"), ("hash", "0123")]).await.assert(409, &["内容已被修改"]);
    browser.post(&page, &[("do", "reject"), ("hash", &hash)]).await.assert(422, &["请填写驳回原因"]);
    browser.post(&page, &[("do", "approve"), ("hash", &hash), ("opinion", "同意")]).await.assert(303, &[]);
    browser.get("/approvals?state=done").await.assert(200, &["放假安排", "已同意"]);
    browser.get(&page).await.assert(200, &["zhang 已于", "意见：同意"]);
    browser.post(&page, &[("do", "approve"), ("hash", &hash)]).await.assert(409, &["zhang 已于"]);

    let page = format!("/approvals/{}", second.approval.unwrap().id);
    let shown = browser.get(&page).await;
    let hash = shown.body.split("name=\"hash\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let why = [("do", "reject"), ("hash", hash.as_str()), ("opinion", "请核对日期")];
    browser.post(&page, &why).await.assert(303, &[]);
    browser.get(&page).await.assert(200, &["请核对日期", "驳回"]);
    site.test.end().await;
}

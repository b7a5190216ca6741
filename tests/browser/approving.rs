//! 审批箱: a head sees what goes out and to how many, consents, and it reaches open pages.

use crate::{
    people::to_department,
    site::Site,
    window::{DESK, PHONE, Window},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_head_consents_and_a_recipients_open_page_learns_of_it() {
    let (site, head, sender, reader) = Site::of_sixty().await;
    let body = "元旦放假时间为 1 月 1 日至 3 日。\n请各科室做好值班安排。";
    site.send(&sender, to_department("jwc", "元旦放假安排", body)).await;

    let open_page = Window::of(&site, PHONE, &reader).await;
    open_page.go("/inbox").await;
    open_page.sees_badge("inbox", "").await;
    open_page.until("document.querySelector('[data-live-state]').classList.contains('on')").await;
    open_page.ask("window.sameLoad = true").await;

    let window = Window::of(&site, DESK, &head).await;
    window.sees_badge("approvals", "1").await;
    window.follow("审批箱").await;
    window.sees("61 人").await;
    window.follow("元旦放假安排").await;
    let shown = "[...document.querySelectorAll('.letter .text p')].map(line => line.textContent).join('\\n')";
    window.until(&format!("{shown} === {}", serde_json::json!(body))).await;
    window.until("document.querySelector('.bignum').firstChild.textContent.trim() === '61'").await;
    window.press("button[value=approve]").await;

    window.until("location.pathname === '/approvals'").await;
    window.sees("没有等您审批的消息").await;
    window.sees_badge("approvals", "").await;
    window.go("/approvals?state=done").await;
    window.sees("已同意").await;

    open_page.sees_badge("inbox", "1").await;
    open_page.sees("您有 1 条未读信息").await;
    open_page.until("window.sameLoad === true").await;
    open_page.close().await;

    window.sign_in(&site, &sender).await;
    window.arrives("/outbox", "已发送").await;
    window.follow("元旦放假安排").await;
    window.sees("61").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_the_letter_has_the_room_and_an_opinion_is_there_when_asked_for() {
    let (site, head, sender, _) = Site::of_sixty().await;
    site.send(&sender, to_department("jwc", "元旦放假安排", "元旦放假时间为 1 月 1 日至 3 日。")).await;
    let window = Window::of(&site, PHONE, &head).await;
    window.go("/approvals").await;
    window.follow("元旦放假安排").await;
    let bar = "document.querySelector('.decide')";
    // One row of buttons, all in sight, above the navigation at the bottom.
    window.until(&format!("{bar}.offsetHeight > 40 && {bar}.offsetHeight < 72")).await;
    let in_sight = "[...document.querySelectorAll('.decide .btn')].every(button => { \
        const at = button.getBoundingClientRect(); \
        return at.left >= 0 && at.right <= innerWidth && at.bottom <= document.querySelector('.tabbar').getBoundingClientRect().top; })";
    window.until(in_sight).await;
    window.until("!document.querySelector('#opinion').offsetParent").await;
    window.press("label[for=say]").await;
    window.press(".decide .quick .chip").await;
    window.until("document.querySelector('#opinion').value === '同意'").await;
    window.until(in_sight).await;
    // Who rejects without a word is asked for it, and finds the field open.
    window.fill("#opinion", " ").await;
    window.press("button[value=reject]").await;
    window.sees("请填写驳回原因").await;
    window.until("document.querySelector('#opinion').offsetParent").await;
    assert!(window.complaints().await.concat().contains("422"));
    window.fill("#opinion", "请核对日期").await;
    window.press("button[value=reject]").await;
    window.sees("已驳回").await;
    window.close().await;
    site.end().await;
}

//! Scripts are an extra: everything can be done without them.

use zhihui::domain::message::ReceiptRequest;

use crate::{
    people::to_department,
    site::Site,
    window::{PHONE, Window},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_head_consents_and_somebody_answers_without_scripts() {
    let (site, head, sender, reader) = Site::of_sixty().await;
    let mut meeting = to_department("jwc", "教学工作会议", "定于下周三下午两点召开教学工作会议。");
    meeting.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
    site.send(&sender, meeting).await;

    let window = Window::open_without_scripts(&site, PHONE).await;
    window.sign_in(&site, &head).await;
    window.until("!document.documentElement.classList.contains('has-js')").await;
    window.follow("审批箱").await;
    window.follow("教学工作会议").await;
    window.press("label[for=say]").await;
    window.fill("textarea[name=opinion]", "同意").await;
    window.press("button[value=approve]").await;
    window.sees("没有等您审批的消息").await;

    window.sign_in(&site, &reader).await;
    window.arrives("/inbox", "教学工作会议").await;
    window.follow("教学工作会议").await;
    window.sees("定于下周三下午两点召开教学工作会议。").await;
    window.press("label:has([data-other])").await;
    window.fill("textarea[name=text]", "外出调研").await;
    window.press("#receipt .primary").await;
    window.sees("已回执：其他").await;
    window.sees("外出调研").await;
    assert_eq!(window.ask("return document.querySelectorAll('form.receipt').length").await, 0);
    window.close().await;
    site.end().await;
}

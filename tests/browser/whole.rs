//! The whole way of one message through the pages: written, sent back, changed, consented to, read on a
//! phone, answered, looked at in numbers, recalled, written anew.

use crate::{
    site::Site,
    window::{DESK, PHONE, Window},
};

/// One white dot.
const PICTURE: &[u8] =
    b"\x89\x50\x4E\x47\x0D\x0A\x1A\x0A\x00\x00\x00\x0D\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\
    \x08\x02\x00\x00\x00\x90\x77\x53\xDE\x00\x00\x00\x0C\x49\x44\x41\x54\x78\x9C\x63\xF8\xFF\xFF\x3F\
    \x00\x05\xFE\x02\xFE\x0D\xEF\x46\xB8\x00\x00\x00\x00\x49\x45\x4E\x44\xAE\x42\x60\x82";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_written_returned_changed_approved_read_answered_counted_and_proved() {
    let (site, head, sender, reader) = Site::of_sixty().await;
    let desk = Window::of(&site, DESK, &sender).await;
    desk.go("/compose").await;
    desk.fill("input[name=title]", "教学工作会议").await;
    desk.fill("textarea[name=body]", "定于下周三召开教学工作会议。").await;
    desk.press_in_the_middle("input[name=department][value=jwc]").await;
    desk.press_in_the_middle("label:has(> input[name=receipt]) span").await;
    desk.fill("input[name=option]", "参加").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.png"), PICTURE).unwrap();
    desk.choose_file("input[type=file]", &folder.path().join("plan.png")).await;
    desk.until("document.querySelector('[name=kept]')").await;
    desk.until("document.querySelector('#forecast .note b')").await;
    desk.sees("发出时间：审批通过后，立即").await;
    desk.press("button[value=send]").await;
    desk.sees("已提交审批").await;

    let phone = Window::of(&site, PHONE, &head).await;
    phone.go("/approvals").await;
    phone.follow("教学工作会议").await;
    phone.press("label[for=say]").await;
    phone.fill("textarea[name=opinion]", "请写明时间和地点").await;
    phone.press("button[value=return]").await;
    phone.sees("没有等您审批的消息").await;

    desk.go("/outbox?state=rejected").await;
    desk.go(&desk.address("a[href^='/compose/']").await).await;
    desk.sees("请写明时间和地点").await;
    desk.fill("textarea[name=body]", "定于下周三下午两点在第五会议室召开教学工作会议。").await;
    desk.press("button[value=send]").await;
    desk.sees("已提交审批").await;

    phone.go("/approvals").await;
    phone.follow("教学工作会议").await;
    phone.sees("第五会议室").await;
    phone.until("document.querySelector('.diff .added')").await;
    phone.agrees().await;
    phone.press("button[value=approve]").await;
    phone.sees("没有等您审批的消息").await;

    phone.sign_in(&site, &reader).await;
    phone.arrives("/inbox", "教学工作会议").await;
    phone.follow("教学工作会议").await;
    phone.sees("第五会议室").await;
    // A picture is shown in the letter itself.
    phone.until("document.querySelector('.files img').naturalWidth === 1").await;
    phone.press("label:has(input[name=option])").await;
    phone.press("#receipt .primary").await;
    phone.sees("已回执：参加").await;

    desk.arrives("/outbox", "已发送").await;
    desk.follow("教学工作会议").await;
    desk.sees("61").await;
    desk.until("document.body.textContent.includes('参加')").await;
    desk.press("form[action$='/export'] button[value=evidence]").await;
    desk.sees("下载证明").await;

    // Taken back and written anew it is another version, and the first is gone from the inbox.
    desk.agrees().await;
    desk.press("form[action$='/recall']:has(input[name=edit]) button").await;
    desk.until("location.pathname.startsWith('/compose/')").await;
    desk.until("document.querySelector('input[name=when]:checked').value === 'now'").await;
    phone.go("/inbox").await;
    phone.until("!document.querySelector('.list').textContent.includes('教学工作会议')").await;
    desk.close().await;
    // The letter that lay open was asked for once more, and is gone.
    assert!(phone.complaints().await.iter().all(|line| line.contains("410 (Gone)")));
    phone.close().await;
    site.end().await;
}

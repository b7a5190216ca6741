//! What is written keeps itself: drafts, files as they go up, and a network that goes away.

use crate::{
    site::Site,
    window::{DESK, PHONE, Window},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_there_when_the_page_is_opened_again() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let window = Window::of(&site, PHONE, &sender).await;
    window.go("/compose").await;
    window.fill("input[name=title]", "值班安排").await;
    window.fill("textarea[name=body]", "写到一半").await;
    window.sees("草稿已自动保存").await;
    window.until("location.pathname.length > '/compose/'.length").await;
    let draft = window.path().await;
    // While the network is away nothing is lost, and it is saved when it is back.
    window
        .ask(
            "window.send = XMLHttpRequest.prototype.send; XMLHttpRequest.prototype.send = function () { \
        setTimeout(() => this.onerror()); }",
        )
        .await;
    window.fill("textarea[name=body]", "写到一半，断网了").await;
    window.sees("还没有保存").await;
    window.ask("XMLHttpRequest.prototype.send = window.send").await;
    window
        .ask("document.querySelector('textarea[name=body]').dispatchEvent(new Event('input', {bubbles: true}))")
        .await;
    window.sees("草稿已自动保存").await;
    // Nothing asks whether to leave, for nothing would be lost.
    window.go("/outbox?state=draft").await;
    window.sees("值班安排").await;
    window.go(&draft).await;
    window.until("document.querySelector('textarea[name=body]').value === '写到一半，断网了'").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_up_when_they_are_chosen_dropped_or_pasted() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    site.member("liwenbo", "李文博", office).await;
    let folder = tempfile::tempdir().unwrap();
    let agenda = folder.path().join("议程.pdf");
    std::fs::write(&agenda, b"%PDF-1.7 agenda").unwrap();
    let program = folder.path().join("程序.pdf");
    std::fs::write(&program, b"MZ program").unwrap();

    let window = Window::of(&site, DESK, &sender).await;
    window.go("/compose").await;
    window.fill("input[name=title]", "会议").await;
    window.fill("textarea[name=body]", "见附件").await;
    window.choose_file("input[name=file]", &agenda).await;
    window.until("document.querySelector('.kept-files').textContent.includes('议程.pdf')").await;
    window.choose_file("input[name=file]", &program).await;
    window.until("document.querySelector('.uploads .refused').textContent.includes('已拒绝')").await;
    assert!(window.complaints().await.concat().contains("422"));
    window.press_in_the_middle(".uploads .refused button").await;
    window.until("!document.querySelector('.uploads li')").await;
    for (event, carrier, name) in [("drop", "dataTransfer", "a.pdf"), ("paste", "clipboardData", "b.pdf")] {
        let script = format!(
            "const files = new DataTransfer(); files.items.add(new File(['%PDF-1.7'], '{name}')); \
             const event = new Event('{event}', {{bubbles: true, cancelable: true}}); \
             Object.defineProperty(event, '{carrier}', {{value: files}}); \
             document.querySelector('textarea[name=body]').dispatchEvent(event)"
        );
        window.ask(&script).await;
        window.until(&format!("document.querySelector('.kept-files').textContent.includes('{name}')")).await;
    }
    // One is taken out; a file too large is refused before it is sent.
    window.press_in_the_middle(".kept-files li:nth-child(2) label").await;
    window
        .ask(
            "const files = new DataTransfer(); files.items.add(new File([new Uint8Array(6 << 20)], 'c.pdf')); \
        const input = document.querySelector('input[name=file]'); input.files = files.files; \
        input.dispatchEvent(new Event('change', {bubbles: true}))",
        )
        .await;
    window.sees("单个附件不超过 5 MB").await;
    window.press_in_the_middle("details:has(textarea[name=accounts]) summary").await;
    window.fill("textarea[name=accounts]", "liwenbo").await;
    window.press("button[value=send]").await;
    window.until("location.pathname.startsWith('/outbox/')").await;
    window.sees("议程.pdf").await;
    window.sees("b.pdf").await;
    window.until("!document.body.innerText.includes('a.pdf')").await;
    window.go("/outbox?state=draft").await;
    window.sees("没有草稿").await;
    window.close().await;
    site.end().await;
}

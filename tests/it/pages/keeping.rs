//! What is written is kept: by hand, by itself, with its files; nothing is lost between two windows.

use zhihui::storage::{attachments, messages};

use super::browser::{Browser, Page, Site};
use crate::support::{count, people::to};

#[tokio::test]
async fn files_go_with_a_message_and_are_what_they_say() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let fields = [("do", "send"), ("kind", "content"), ("title", "议程"), ("body", "见附件"), ("accounts", "li")];
    browser
        .upload("/compose", &fields, &[("议程.pdf", b"MZ a program")])
        .await
        .assert(422, &["id=\"e-attachments\"", "已拒绝", "见附件"]);
    let large = vec![b'x'; 22 * 1024 * 1024];
    browser.upload("/compose", &fields, &[("议程.pdf", &large)]).await.assert(413, &[]);
    let mut stranger = site.browser();
    stranger.get("/login").await;
    stranger.upload("/compose", &fields, &[("议程.pdf", &large[..300_000])]).await.assert(413, &[]);
    let token = std::mem::take(&mut browser.csrf);
    browser.upload("/compose", &fields, &[]).await.assert(403, &["CSRF"]);
    browser.csrf = token;
    let sent = browser.upload("/compose", &fields, &[("", b""), ("议程.pdf", b"%PDF-1.7 agenda")]).await;
    let page = sent.assert(303, &[]).leads_to().to_owned();
    site.test.settle().await;
    browser.get(&page).await.assert(200, &["议程.pdf", "15 B"]);
    let mut browser = site.browser_of(&reader).await;
    let letter = browser.get("/inbox").await.assert(200, &["附件"]);
    let id = letter.body.split("data-id=\"").nth(1).unwrap().split('"').next().unwrap();
    browser.get(&format!("/inbox/{id}")).await.assert(200, &["议程.pdf"]);
    site.test.end().await;
}

/// The value of a hidden field.
fn field<'a>(page: &'a Page, name: &str) -> &'a str {
    let at = format!("name=\"{name}\" value=\"");
    page.body.split(&at).nth(1).unwrap_or_else(|| panic!("no {name}: {}", page.body)).split('"').next().unwrap()
}

/// As the script of the page saves.
async fn saves(browser: &mut Browser, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Page {
    let fields = [&[("do", "draft"), ("kind", "content")], fields].concat();
    browser.upload_part("compose_files", "/compose", &fields, files).await
}

#[tokio::test]
async fn what_is_written_saves_itself_and_two_windows_lose_nothing() {
    let (site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let first = saves(&mut browser, &[("title", "值班"), ("body", "一")], &[]).await.assert(200, &["草稿已自动保存"]);
    let (id, seen) = (field(&first, "id").to_owned(), field(&first, "saved_at").to_owned());
    site.test.clock.advance(chrono::Duration::seconds(3));
    let place = [("id", id.as_str()), ("saved_at", seen.as_str())];
    let second = saves(&mut browser, &[&place[..], &[("title", "值班"), ("body", "一二")]].concat(), &[]).await;
    assert_eq!(field(&second, "id"), id);
    assert_ne!(field(&second, "saved_at"), seen);
    // Another window still shows the first saving: what it holds becomes a draft of its own.
    site.test.clock.advance(chrono::Duration::seconds(3));
    let other = saves(&mut browser, &[&place[..], &[("title", "值班"), ("body", "另一个窗口")]].concat(), &[]).await;
    assert_ne!(field(&other, "id"), id);
    other.assert(200, &["已另存为新的草稿"]);
    browser.get(&format!("/compose/{id}")).await.assert(200, &["一二"]).lacks(&["另一个窗口"]);
    assert_eq!(count(&site.test.db, "select count(*) from message where state = 'draft'").await, 2);
    assert_eq!(count(&site.test.db, "select count(*) from audit where verb = 'message.draft'").await, 2);
    // What could never be sent is not kept, and says why.
    let long = "长".repeat(201);
    saves(&mut browser, &[("title", &long)], &[]).await.assert(422, &["标题最多 200 字"]).lacks(&["<html"]);
    site.test.end().await;
}

/// F39: two windows of one draft, and the button of each is pressed.
#[tokio::test]
async fn a_draft_that_two_windows_send_goes_out_once() {
    let (mut site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let pdf: (&str, &[u8]) = ("议程.pdf", b"%PDF-1.7 agenda");
    let one = saves(&mut browser, &[("title", "值班"), ("body", "b")], &[pdf]).await;
    let (id, agenda) = (field(&one, "id").to_owned(), field(&one, "kept").to_owned());
    let place =
        [("id", id.as_str()), ("kept", agenda.as_str()), ("kind", "content"), ("title", "值班"), ("person", "li")];
    let send = |key, body| [&place[..], &[("do", "send"), ("key", key), ("body", body)]].concat();
    browser.post("/compose", &send("first", "一")).await.assert(303, &[]);
    let second = browser.post("/compose", &send("second", "二")).await;
    second.assert(409, &["已在另一个窗口发出或删除", "二</textarea>"]).lacks(&["议程.pdf"]);
    assert_eq!(count(&site.test.db, "select count(*) from message").await, 1, "nothing went out twice");
    // What its window saves by itself from then on is a draft of its own, and says so.
    saves(&mut browser, &[("id", &id), ("title", "值班"), ("body", "二")], &[])
        .await
        .assert(200, &["已另存为新的草稿"]);
    // On purpose it may go out once more.
    let anew = [("do", "send"), ("kind", "content"), ("title", "值班"), ("body", "二"), ("person", "li")];
    browser.post("/compose", &anew).await.assert(303, &[]);
    site.test.settle().await;
    site.test.end().await;
}

/// An older window neither sends older words by mistake nor throws away what the other one wrote.
#[tokio::test]
async fn an_older_window_sends_nothing_and_loses_nothing() {
    let (site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let pdf: (&str, &[u8]) = ("议程.pdf", b"%PDF-1.7 agenda");
    let one = saves(&mut browser, &[("title", "值班"), ("body", "旧")], &[pdf]).await;
    let (id, seen) = (field(&one, "id").to_owned(), field(&one, "saved_at").to_owned());
    let file = field(&one, "kept").to_owned();
    let place = [("id", id.as_str()), ("saved_at", seen.as_str()), ("kept", file.as_str()), ("title", "值班")];
    site.test.clock.advance(chrono::Duration::seconds(3));
    saves(&mut browser, &[&place[..], &[("body", "新")]].concat(), &[]).await.assert(200, &[]);
    let old = [&place[..], &[("do", "send"), ("kind", "content"), ("body", "旧"), ("person", "li")]].concat();
    let page =
        browser.post("/compose", &old).await.assert(409, &["在另一个窗口改过，没有发送", "旧</textarea>", "议程.pdf"]);
    assert_ne!(field(&page, "id"), id, "it is a draft of its own now");
    assert_eq!(count(&site.test.db, "select count(*) from message where state <> 'draft'").await, 0);
    browser.get(&format!("/compose/{id}")).await.assert(200, &["新</textarea>", "议程.pdf"]);
    site.test.end().await;
}

/// There is no room to keep it apart: it stays where it is, and nothing is sent.
#[tokio::test]
async fn an_older_window_keeps_its_form_where_there_are_too_many_drafts() {
    let (site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let one = saves(&mut browser, &[("title", "值班"), ("body", "旧")], &[]).await;
    let (id, seen) = (field(&one, "id").to_owned(), field(&one, "saved_at").to_owned());
    let place = [("id", id.as_str()), ("saved_at", seen.as_str()), ("title", "值班")];
    site.test.clock.advance(chrono::Duration::seconds(3));
    saves(&mut browser, &[&place[..], &[("body", "新")]].concat(), &[]).await.assert(200, &[]);
    for _ in 0..199 {
        saves(&mut browser, &[("title", "其他")], &[]).await.assert(200, &[]);
    }
    let old = [&place[..], &[("do", "send"), ("kind", "content"), ("body", "旧"), ("person", "li")]].concat();
    let page =
        browser.post("/compose", &old).await.assert(409, &["草稿已有 200 条，此页的内容没有另存", "旧</textarea>"]);
    assert_eq!(field(&page, "id"), id, "and may be sent once there is room");
    assert_eq!(count(&site.test.db, "select count(*) from message where state <> 'draft'").await, 0);
    assert_eq!(count(&site.test.db, "select count(*) from message").await, 200);
    site.test.end().await;
}

/// Without scripts a form carries its files each time that it is sent.
#[tokio::test]
async fn a_double_click_with_a_file_sends_once() {
    let (site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let typed =
        [("do", "send"), ("key", "k1"), ("kind", "content"), ("title", "值班"), ("body", "b"), ("person", "li")];
    let pdf: (&str, &[u8]) = ("议程.pdf", b"%PDF-1.7 agenda");
    let first = browser.upload("/compose", &typed, &[pdf]).await.assert(303, &[]).leads_to().to_owned();
    let second = browser.upload("/compose", &typed, &[pdf]).await.assert(303, &[]).leads_to().to_owned();
    assert_eq!(first, second);
    assert_eq!(count(&site.test.db, "select count(*) from message").await, 1, "no draft is left over either");
    let other: (&str, &[u8]) = ("议程.pdf", b"%PDF-1.7 another");
    browser.upload("/compose", &typed, &[other]).await.assert(422, &["幂等键"]);
    site.test.end().await;
}

#[tokio::test]
async fn files_are_kept_with_a_draft_until_they_are_taken_out() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let pdf: (&str, &[u8]) = ("议程.pdf", b"%PDF-1.7 agenda");
    let one = saves(&mut browser, &[("title", "t"), ("body", "b")], &[pdf]).await.assert(200, &["议程.pdf", "15 B"]);
    let (id, agenda) = (field(&one, "id").to_owned(), field(&one, "kept").to_owned());
    let place = [("title", "t"), ("body", "b"), ("id", id.as_str())];
    // A program is refused by its name, and what was there stays.
    let kept = [&place[..], &[("kept", agenda.as_str())]].concat();
    let refused = saves(&mut browser, &kept, &[("b.pdf", b"MZ program")]).await;
    refused.assert(422, &["已拒绝", "议程.pdf"]).lacks(&["b.pdf"]);
    let two = saves(&mut browser, &kept, &[("b.pdf", b"%PDF-1.7 b")]).await.assert(200, &["议程.pdf", "b.pdf"]);
    let second = two.body.split("name=\"kept\" value=\"").nth(2).unwrap().split('"').next().unwrap().to_owned();
    // More than ten are too many, and nothing of them is kept.
    let nine: Vec<(&str, &[u8])> = (0..9).map(|_| pdf).collect();
    let both = [&kept[..], &[("kept", second.as_str())]].concat();
    saves(&mut browser, &both, &nine).await.assert(422, &["最多 10 个附件，当前 11 个"]);
    // The first is taken out.
    let left = [&place[..], &[("kept", second.as_str())]].concat();
    saves(&mut browser, &left, &[]).await.assert(200, &["b.pdf"]).lacks(&["议程.pdf"]);
    browser.get(&format!("/compose/{id}")).await.assert(200, &["b.pdf"]).lacks(&["议程.pdf"]);

    // Refused for something else, the file need not be chosen once more; then it goes out.
    let nobody = [&left[..], &[("do", "send"), ("kind", "content"), ("accounts", "nobody")]].concat();
    browser.post("/compose", &nobody).await.assert(422, &["没有找到“nobody”", "b.pdf"]);
    let new = [("do", "send"), ("kind", "content"), ("title", "t"), ("body", "b"), ("accounts", "nobody")];
    let page = browser.upload("/compose", &new, &[pdf]).await.assert(422, &["没有找到“nobody”", "议程.pdf"]);
    let again = [("id", field(&page, "id")), ("saved_at", field(&page, "saved_at")), ("kept", field(&page, "kept"))];
    let sent = [&new[..4], &again[..], &[("accounts", "li")]].concat();
    let page = browser.post("/compose", &sent).await.assert(303, &[]).leads_to().to_owned();
    site.test.settle().await;
    browser.get(&page).await.assert(200, &["议程.pdf"]);
    site.browser_of(&reader).await.get("/inbox").await.assert(200, &["附件"]);
    assert_eq!(count(&site.test.db, "select count(*) from message where state = 'draft'").await, 1);

    // Recalled and written once more, the files come along as files of the second message.
    let first: String = page.trim_start_matches("/outbox/").chars().take(36).collect();
    browser.post(&format!("/outbox/{first}/recall"), &[("edit", "1")]).await.assert(303, &[]);
    let form = browser.get(&format!("/compose/{first}")).await.assert(200, &["议程.pdf"]);
    let file = field(&form, "kept").to_owned();
    let second = [&new[..4], &[("id", first.as_str()), ("kept", file.as_str()), ("accounts", "li")]].concat();
    let page = browser.post("/compose", &second).await.assert(303, &[]).leads_to().to_owned();
    site.test.settle().await;
    browser.get(&page).await.assert(200, &["议程.pdf"]);
    assert_eq!(count(&site.test.db, "select count(*) from attachment").await, 3, "b.pdf, and the agenda twice");
    let second = page.trim_start_matches("/outbox/").chars().take(36).collect::<String>().parse().unwrap();
    let message = messages::find(&mut site.test.db.read().await.unwrap(), second).await.unwrap().unwrap();
    assert_eq!((message.version, message.replaces_id.map(|id| id.to_string())), (2, Some(first)));
    site.test.end().await;
}

#[tokio::test]
async fn nobody_takes_a_file_of_somebody_elses_message() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let pdf: (&str, &[u8]) = ("议程.pdf", b"%PDF-1.7 agenda");
    let mine = saves(&mut browser, &[("title", "t"), ("body", "b")], &[pdf]).await.assert(200, &["议程.pdf"]);
    let theirs = [("id", field(&mine, "id")), ("kept", field(&mine, "kept")), ("title", "t"), ("body", "b")];
    let mut thief = site.browser_of(&reader).await;
    saves(&mut thief, &theirs, &[]).await.assert(200, &[]).lacks(&["议程.pdf"]);
    let send = [&theirs[..], &[("do", "send"), ("kind", "content"), ("accounts", "li")]].concat();
    thief.post("/compose", &send).await.assert(409, &["已在另一个窗口发出或删除"]).lacks(&["议程.pdf"]);
    site.test.settle().await;
    let id = field(&mine, "id").parse().unwrap();
    assert_eq!(attachments::list(&mut site.test.db.read().await.unwrap(), id).await.unwrap().len(), 1);
    let sent = site.test.sends(&sender, to(&[&reader], "通知")).await.unwrap().id.to_string();
    let none = [("id", sent.as_str()), ("title", "t"), ("body", "b")];
    let page = saves(&mut browser, &none, &[]).await.assert(200, &[]);
    assert_ne!(field(&page, "id"), sent, "what is out is not written over");
    site.test.end().await;
}

//! F39: what people do by mistake on the page where they write, and what comes of it.

use zhihui::{domain::message::State, storage::messages};

use crate::{
    people::Person,
    site::Site,
    window::{DESK, PHONE, Size, Window},
};

/// Two colleagues, and a window of the first with a message to the second that could be sent.
async fn written(shape: Size) -> (Site, Person, Window) {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    site.member("liwenbo", "李文博", office).await;
    let window = Window::of(&site, shape, &sender).await;
    write(&window, "停水通知", "明日八时至十时停水。").await;
    (site, sender, window)
}

async fn write(window: &Window, title: &str, body: &str) {
    window.go("/compose").await;
    window.fill("input[name=title]", title).await;
    window.fill("textarea[name=body]", body).await;
    window.press_in_the_middle("details:has(textarea[name=accounts]) summary").await;
    window.fill("textarea[name=accounts]", "liwenbo").await;
}

/// How many messages of hers are neither drafts nor rejected.
async fn sent(site: &Site, sender: &Person) -> i64 {
    let mut tx = site.hub.db.read().await.unwrap();
    let counts = messages::count_of_sender(&mut tx, sender.id).await.unwrap();
    counts.into_iter().filter(|(state, _)| *state != State::Draft).map(|(_, count)| count).sum()
}

async fn drafts(site: &Site, sender: &Person) -> i64 {
    let mut tx = site.hub.db.read().await.unwrap();
    let counts = messages::count_of_sender(&mut tx, sender.id).await.unwrap();
    counts.into_iter().filter(|(state, _)| *state == State::Draft).map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placeholder_that_was_not_filled_in_is_not_sent() {
    let (site, sender, window) = written(PHONE).await;
    window.fill("textarea[name=body]", "请到{{会议地点}}开会。").await;
    window.press("button[value=send]").await;
    window.sees("还有 1 处未填写：{{会议地点}}，未发送").await;
    assert_eq!(sent(&site, &sender).await, 0);
    assert!(window.complaints().await.concat().contains("422"));
    // What was written is there, and goes out when it is filled in.
    window.fill("textarea[name=body]", "请到第五会议室开会。").await;
    window.press("button[value=send]").await;
    window.until("location.pathname.startsWith('/outbox/')").await;
    assert_eq!(sent(&site, &sender).await, 1);
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_before_it_was_ever_saved_is_a_draft() {
    let (site, sender, window) = written(PHONE).await;
    // Sent in the same moment, so that nothing saved it by itself before.
    window
        .ask(
            "document.querySelector('textarea[name=body]').value = '{姓名}，明日停水。'; \
             document.querySelector('button[value=send]').click()",
        )
        .await;
    window.sees("{姓名} 应写成 {{姓名}}").await;
    assert!(window.complaints().await.concat().contains("422"));
    window.sees("草稿已自动保存").await;
    assert_eq!((sent(&site, &sender).await, drafts(&site, &sender).await), (0, 1));
    window.go("/outbox?state=draft").await;
    window.sees("停水通知").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pressed_twice_it_is_sent_once() {
    let (site, sender, window) = written(DESK).await;
    window.ask("const button = document.querySelector('button[value=send]'); button.click(); button.click();").await;
    window.until("location.pathname.startsWith('/outbox/')").await;
    window.sees("消息已发送给 1 人").await;
    assert_eq!(sent(&site, &sender).await, 1);

    // Both are on their way at once, each as a request of its own: the key of the form makes them one.
    write(&window, "停电通知", "明日停电。").await;
    let both = "const form = document.querySelector('form.compose'), body = new FormData(form); body.set('do', 'send'); \
                window.answers = []; \
                for (let nth = 0; nth < 2; nth++) fetch('/compose', {method: 'POST', body}) \
                    .then(answer => window.answers.push(answer.url.split('?')[0]))";
    window.ask(both).await;
    window.until("window.answers.length === 2 && window.answers[0] === window.answers[1]").await;
    window.until("window.answers[0].includes('/outbox/')").await;
    assert_eq!(sent(&site, &sender).await, 2);
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_after_sending_sends_nothing_again() {
    for is_draft in [false, true] {
        let (site, sender, window) = written(DESK).await;
        if is_draft {
            window.sees("草稿已自动保存").await;
        }
        window.press("button[value=send]").await;
        window.until("location.pathname.startsWith('/outbox/')").await;
        window.ask("history.back()").await;
        window.until("!location.pathname.startsWith('/outbox/') && document.readyState === 'complete'").await;
        // The form comes back empty, or not at all: what stood there is out.
        let press =
            "const button = document.querySelector('button[value=send]'); if (button) button.click(); return !!button";
        let is_there = window.ask(press).await;
        if is_there == true {
            window
                .until(
                    "location.pathname.startsWith('/outbox/') || document.querySelector('input[name=title]:invalid') \
                        || document.querySelector('.note.bad')",
                )
                .await;
        }
        window.ask("history.forward()").await;
        window.arrives("/outbox", "停水通知").await;
        assert_eq!(sent(&site, &sender).await, 1, "a draft: {is_draft}");
        assert_eq!(drafts(&site, &sender).await, 0);
        let _ = window.complaints().await;
        window.close().await;
        site.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_windows_of_one_draft_lose_nothing() {
    let (site, sender, window) = written(DESK).await;
    window.sees("草稿已自动保存").await;
    window.until("location.pathname.length > '/compose/'.length").await;
    let draft = window.path().await;
    let other = Window::of(&site, PHONE, &sender).await;
    other.go(&draft).await;
    // The clock of the hub stands still, and a saving is known by its time.
    site.after_minutes(1);
    window.fill("textarea[name=body]", "第一个窗口写的。").await;
    let saved = format!("document.querySelector('input[name=saved_at]').value !== '{}'", saved_at(&other).await);
    window.until(&saved).await;
    site.after_minutes(1);
    other.fill("textarea[name=body]", "第二个窗口写的。").await;
    other.sees("已另存为新的草稿").await;
    assert_ne!(other.path().await, draft);
    assert_eq!(drafts(&site, &sender).await, 2);
    // Each sends its own, and both arrive as they were written.
    window.press("button[value=send]").await;
    window.until("location.pathname.startsWith('/outbox/')").await;
    window.sees("第一个窗口写的。").await;
    other.press("button[value=send]").await;
    other.until("location.pathname.startsWith('/outbox/')").await;
    other.sees("第二个窗口写的。").await;
    assert_eq!((sent(&site, &sender).await, drafts(&site, &sender).await), (2, 0));
    other.close().await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_school_by_mistake_is_a_number_before_it_is_a_message() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    site.head("zhouliqun", "周立群", office).await;
    site.crowd(600, office).await;
    for shape in [DESK, PHONE] {
        let window = Window::of(&site, shape, &sender).await;
        let before = sent(&site, &sender).await;
        window.go("/compose").await;
        window.fill("input[name=title]", "停水通知").await;
        window.fill("textarea[name=body]", "明日停水。").await;
        window.press_in_the_middle("input[name=everyone]").await;
        // The number stands there while one writes…
        window.until("document.querySelector('.total').textContent === '将发给 602 人'").await;
        // …and pressing once says it once more, instead of sending.
        window.press("button[value=send]").await;
        window.sees("这条消息将发给 602 人。请核对接收人，确认无误再点一次").await;
        window.until("document.querySelector('textarea[name=body]').value === '明日停水。'").await;
        assert_eq!(sent(&site, &sender).await, before);
        assert!(window.complaints().await.concat().contains("422"));
        // It was a mistake: one office of nobody else is sent at once.
        window.press_in_the_middle("input[name=everyone]").await;
        window.press_in_the_middle("details:has(textarea[name=accounts]) summary").await;
        window.fill("textarea[name=accounts]", "member1").await;
        window.press("button[value=send]").await;
        window.until("location.pathname.startsWith('/outbox/')").await;
        window.sees("消息已发送给 1 人").await;
        // It was meant: the second press does it, once the consent is given that so many need.
        window.go("/compose").await;
        window.fill("input[name=title]", "停电通知").await;
        window.fill("textarea[name=body]", "明日停电。").await;
        window.press_in_the_middle("input[name=everyone]").await;
        window.press("button[value=send]").await;
        window.sees("这条消息将发给 602 人").await;
        window.press("button[value=send]").await;
        window.until("location.pathname.startsWith('/outbox/')").await;
        assert_eq!(sent(&site, &sender).await, before + 2);
        assert!(window.complaints().await.concat().contains("422"));
        window.close().await;
    }
    site.end().await;
}

/// What a window believes to be the last saving of its draft.
async fn saved_at(window: &Window) -> String {
    window.ask("return document.querySelector('input[name=saved_at]').value").await.as_str().unwrap().to_owned()
}

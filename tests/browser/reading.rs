//! 收件箱: from the one-time link to an answer that stays.

use zhihui::domain::message::{Action, ReceiptRequest};

use crate::{
    people::{Person, to},
    site::Site,
    window::{DESK, PHONE, Window},
};

const PASSWORD: &str = "竹外桃花三两枝，春江水暖";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_reads_and_answers_with_words_of_their_own() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let reader = site.member("liwenbo", "李文博", office).await;
    let window = Window::open(&site, DESK).await;

    window.go(&format!("/setup/{}", site.invitation_of(&reader).await)).await;
    window.sees("李文博").await;
    window.fill("input[name=password]", PASSWORD).await;
    window.fill("input[name=again]", PASSWORD).await;
    window.press("form .primary").await;
    window.until("document.querySelector('.menu .who')").await;
    window.press(".menu summary").await;
    window.press("form[action='/logout'] button").await;

    window.until("location.pathname === '/login'").await;
    window.fill("input[name=account]", "liwenbo").await;
    window.fill("input[name=password]", "错误的密码，不是这个").await;
    window.press("form .primary").await;
    window.until("document.querySelector('.wrong[role=alert]')").await;
    assert!(window.complaints().await.concat().contains("401"));
    window.fill("input[name=password]", PASSWORD).await;
    window.press("form .primary").await;
    window.until("document.querySelector('.menu .who')").await;

    window.go("/inbox").await;
    window.sees_badge("inbox", "").await;
    site.send(&sender, to(&reader, "期末考试监考安排", "请各位老师提前十五分钟到达考场。")).await;
    let mut meeting = to(&reader, "教学工作会议", "定于下周三下午两点召开教学工作会议。");
    meeting.receipt = Some(ReceiptRequest { options: vec!["参加".into(), "请假".into()], due_at: None });
    site.send(&sender, meeting).await;
    window.sees_badge("inbox", "2").await;

    window.go("/inbox").await;
    window.sees("共 2 条，其中 2 条未读").await;
    window.follow("教学工作会议").await;
    window.until("document.querySelector('#reader .headline').textContent === '教学工作会议'").await;
    window.sees("定于下周三下午两点召开教学工作会议。").await;
    window.sees_badge("inbox", "1").await;
    window.until("document.title.startsWith('(1) ')").await;
    window.sees("共 2 条，其中 1 条未读").await;

    // The field for words is offered with 其他 alone.
    window.until("!document.querySelector('#receipt textarea').offsetParent").await;
    window.press("label:has([data-other])").await;
    window.fill("#receipt textarea", "外出调研，委托张明代为参加").await;
    window.press("#receipt .primary").await;
    window.sees("已回执：其他").await;
    window.sees("外出调研，委托张明代为参加").await;
    window.until("document.querySelector('.row.on .sign.read-answered')").await;

    window.go(&window.path().await).await;
    window.sees("外出调研，委托张明代为参加").await;
    assert_eq!(window.ask("return document.querySelectorAll('form.receipt, #receipt').length").await, 0);
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_confirms_with_the_button_of_a_message() {
    let site = Site::start().await;
    let office = site.department("hwb", "会务办").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let undertaker = site.member("liwenbo", "李文博", office).await;
    let mut request = to(&undertaker, "请确认承接：第五会议室", "校长办公会，今日十五时，二十人。");
    request.actions = vec![Action { id: "confirm".to_owned(), label: "确认承接".to_owned() }];
    site.send(&sender, request).await;

    let window = Window::of(&site, DESK, &undertaker).await;
    window.arrives("/inbox", "请确认承接：第五会议室").await;
    window.follow("请确认承接：第五会议室").await;
    window.ask("window.sameLoad = true").await;
    window.press("button[name=action][value=confirm]").await;
    window.sees("已回执：确认承接").await;
    window.until("document.querySelector('.row.on .sign.read-answered')").await;
    window.until("window.sameLoad && !document.querySelector('button[name=action]')").await;
    // Whoever may not approve is not sent there by a key either.
    assert_eq!(window.ask("return document.querySelector('#keys').textContent.includes('A')").await, false);
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_counted_signed_and_leafed_through() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    site.member("liwenbo", "李文博", office).await;
    let window = Window::of(&site, DESK, &sender).await;
    for title in ["第一封通知", "第二封"] {
        window.go("/compose").await;
        window.fill("input[name=title]", title).await;
        let counted = format!("{}/200", title.chars().count());
        window
            .until(&format!("document.querySelector('input[name=title] + output').textContent === '{counted}'"))
            .await;
        window.fill("textarea[name=body]", "请查收。").await;
        window.fill("input[name=signature]", "教务处 王晓梅 敬上").await;
        window.until("document.querySelector('textarea[name=body] + output').textContent === '4/10000'").await;
        window.press_in_the_middle("input[name=department][value=jwc]").await;
        window.press("button[value=send]").await;
        window.until("location.pathname.startsWith('/outbox/')").await;
        site.after_minutes(1);
    }
    window.arrives("/inbox", "第二封").await;
    window.until("document.querySelectorAll('.row .sign.unread[title=未读无需回执]').length === 2").await;
    window.follow("第二封").await;
    window.until("document.querySelector('#reader .headline').textContent === '第二封'").await;
    // The signature, as it was typed, stands at the right, under the text.
    window.until("document.querySelector('#reader .text + .sign-off').firstChild.data === '教务处 王晓梅 敬上'").await;
    window.until("getComputedStyle(document.querySelector('#reader .sign-off')).textAlign === 'right'").await;
    window.press("#reader a[rel=next]").await;
    window.until("document.querySelector('#reader .headline').textContent === '第一封通知'").await;
    window.press("#reader a[rel=prev]").await;
    window.until("document.querySelector('#reader .headline').textContent === '第二封'").await;
    window.until("document.querySelectorAll('.row .sign.read[title=已读无需回执]').length === 2").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_delete_what_is_open_and_go_back_to_the_list() {
    let (site, reader) = three_letters().await;
    let window = Window::of(&site, DESK, &reader).await;
    let press = async |key: &str| {
        let event = format!("new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, cancelable: true}})");
        window.ask(&format!("document.activeElement.dispatchEvent({event})")).await;
    };
    window.go("/inbox").await;
    // Nothing is open and nothing ticked: nothing is meant.
    press("e").await;
    window.follow("第二封").await;
    window.until(&is_open("第二封")).await;
    press("e").await;
    window.until(NOTHING_OPEN).await;
    window.until("document.title.endsWith('收件箱 · 知会')").await;
    window.sees("请选择一条消息").await;
    // The next one is one key away, and its question another: nothing is chosen by going there.
    press("j").await;
    window.until(&is_open("第一封")).await;
    press("r").await;
    window.until("document.activeElement.matches('#receipt input[name=option]:not(:checked)')").await;
    // At the end of the list the one before it is next, and what is left at last is nothing.
    press("#").await;
    window.until(NOTHING_OPEN).await;
    press("k").await;
    window.until(&is_open("第三封")).await;
    press("e").await;
    window.until(NOTHING_OPEN).await;
    window.until("[...document.querySelectorAll('.row')].every(row => row.hidden)").await;
    window.press("#toasts .toast:last-child button").await;
    window.follow("第三封").await;
    window.until(&is_open("第三封")).await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_leaves_the_others_unread_on_the_phone_and_on_the_desk() {
    for size in [PHONE, DESK] {
        let (site, reader) = three_letters().await;
        let window = Window::of(&site, size, &reader).await;
        window.go("/inbox").await;
        window.follow("第二封").await;
        window.until(&is_open("第二封")).await;
        window.press("#reader button[value=delete]").await;
        window.until(NOTHING_OPEN).await;
        window.until("document.querySelectorAll('.row.unread').length === 2").await;
        window.follow("第三封").await;
        window.until(&is_open("第三封")).await;
        // The browser asks whether it is meant.
        window.ask("window.confirm = words => { window.asked = words; return false }").await;
        window.press("#reader button[value=purge]").await;
        window.until("window.asked === '彻底删除后无法恢复。确定删除？'").await;
        window.until(&is_open("第三封")).await;
        window.ask("window.confirm = () => true").await;
        window.press("#reader button[value=purge]").await;
        window.until(NOTHING_OPEN).await;
        // What was waiting for 撤销 is done when the page is left; the server says the same.
        window.arrives("/inbox", "共 1 条，其中 1 条未读").await;
        window.until("document.querySelectorAll('.row').length === 1").await;
        window.close().await;
        site.end().await;
    }
}

/// What waits for 撤销 is done before the next page is asked for, whether a link leads there or a button.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_just_deleted_lies_in_the_bin_for_whoever_goes_there_at_once() {
    let (site, reader) = three_letters().await;
    let window = Window::of(&site, DESK, &reader).await;
    let delete = async |title: &str| {
        window.go("/inbox").await;
        window.follow(title).await;
        window.until(&is_open(title)).await;
        window.press("#reader button[value=delete]").await;
        window.until(NOTHING_OPEN).await;
    };
    let shows = async |page: &str, title: &str| {
        window.until(&format!("location.pathname === '{page}' && document.readyState === 'complete'")).await;
        window.ask(&format!("return document.querySelector('main').innerText.includes('{title}')")).await == true
    };
    delete("第二封").await;
    window.press(".side a[href='/recycle']").await;
    assert!(shows("/recycle", "第二封").await);
    // By a key, too, nobody is faster.
    delete("第三封").await;
    for key in ["g", "h"] {
        let event = format!("new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, cancelable: true}})");
        window.ask(&format!("document.activeElement.dispatchEvent({event})")).await;
    }
    assert!(!shows("/", "第三封").await && shows("/", "第一封").await);
    // Nor does signing out lose it.
    delete("第一封").await;
    window.press(".menu summary").await;
    window.press("form[action='/logout'] button").await;
    window.until("location.pathname === '/login'").await;
    window.sign_in(&site, &reader).await;
    window.go("/recycle").await;
    assert!(shows("/recycle", "第一封").await);
    window.close().await;
    site.end().await;
}

const NOTHING_OPEN: &str = "!document.querySelector('#reader .headline') && location.pathname === '/inbox' \
    && !document.querySelector('.row.on, .split.reading')";

fn is_open(title: &str) -> String {
    format!("document.querySelector('#reader .headline')?.textContent === '{title}'")
}

/// 第一封, 第二封 and 第三封, each with a question, unread.
async fn three_letters() -> (Site, Person) {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let reader = site.member("liwenbo", "李文博", office).await;
    for title in ["第一封", "第二封", "第三封"] {
        let mut letter = to(&reader, title, "请查收。");
        letter.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
        let id = site.send(&sender, letter).await;
        site.is_brought(&reader, id).await;
        site.after_minutes(1);
    }
    (site, reader)
}

//! 演示手机: the phone that rings for whoever does not confirm, and the key that answers.

use zhihui::domain::message::Action;

use crate::{
    people::to,
    site::Site,
    window::{DESK, Window},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_undertakers_phone_rings_after_five_minutes_and_a_key_confirms() {
    let site = Site::start().await;
    let office = site.department("hwb", "会务办").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let undertaker = site.member("liwenbo", "李文博", office).await;
    let mut request = to(&undertaker, "请确认承接：第五会议室", "校长办公会，今日十五时，二十人。");
    request.send_rule = Some("undertaker".to_owned());
    request.actions = vec![Action { id: "confirm".to_owned(), label: "确认承接".to_owned() }];
    let id = site.send(&sender, request).await;

    let window = Window::of(&site, DESK, &undertaker).await;
    let phone = format!("/demo/phone?address={}", undertaker.phone);
    window.arrives(&phone, "请确认承接：第五会议室").await;
    assert_eq!(window.ask("return document.querySelectorAll('form.call').length").await, 0);

    // The page is open and nobody touches it: the call comes by itself.
    window.ask("window.sameLoad = true").await;
    site.after_minutes(5);
    window.press("form.call button[value=answer]").await;
    window.sees("确认承接").await;
    window.press(".menu-keys button[value='1']").await;
    window.until("!document.querySelector('form.call')").await;
    window.until("document.querySelector('.bubble.voice .pressed').textContent.trim() === '确认承接'").await;
    window.until("window.sameLoad === true").await;

    window.arrives(&format!("/inbox/{id}"), "已回执：确认承接").await;
    window.sees("经电话").await;
    // Whoever has confirmed is left alone.
    site.after_minutes(20);
    window.go(&phone).await;
    window.until("document.querySelectorAll('.bubble.voice').length === 1").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_look_at_the_phone_does_not_undo_the_answer() {
    let site = Site::start().await;
    let office = site.department("hwb", "会务办").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let undertaker = site.member("liwenbo", "李文博", office).await;
    let mut request = to(&undertaker, "请确认承接：第五会议室", "校长办公会，今日十五时，二十人。");
    request.send_rule = Some("undertaker".to_owned());
    request.actions = vec![Action { id: "confirm".to_owned(), label: "确认承接".to_owned() }];
    let id = site.send(&sender, request).await;
    let window = Window::of(&site, DESK, &undertaker).await;
    window.arrives(&format!("/demo/phone?address={}", undertaker.phone), "请确认承接：第五会议室").await;
    site.after_minutes(5);
    window.until("document.querySelector('form.call button[value=answer]')").await;

    // Something else comes while it rings: the page looks again, and hears the answer late.
    window.ask(HOLD_LOOKS).await;
    let mut notice = to(&undertaker, "停水通知", "明日八时至十时停水。");
    notice.send_rule = Some("dingtalk".to_owned());
    site.send(&sender, notice).await;
    window.until("held.length >= 1").await;
    // In that moment the call is taken: two updates of one phone, the older one last.
    window.press("form.call button[value=answer]").await;
    window.until("document.querySelector('form.call.talking')").await;
    window.ask("window.held.splice(0).forEach(tell => tell())").await;
    window.press(".menu-keys button[value='1']").await;
    window.until("document.querySelector('.bubble.voice .pressed').textContent.trim() === '确认承接'").await;
    assert_eq!(window.ask("return window.rangAgain").await, false);
    assert_eq!(window.ask("return document.querySelectorAll('form.call').length").await, 0);
    window.arrives(&format!("/inbox/{id}"), "已回执：确认承接").await;
    window.close().await;
    site.end().await;
}

/// What the page asks by itself is answered at once, and heard when `held` lets it. Whether the phone
/// rings again for a call that was taken is noted.
const HOLD_LOOKS: &str = "window.held = []; window.rangAgain = false; \
    const ask = window.fetch; \
    window.fetch = function (url, options) { \
        const answer = ask.apply(this, arguments); \
        if (options && options.method === 'POST') return answer; \
        return answer.then(heard => heard.clone().text().then(() => \
            new Promise(tell => window.held.push(() => tell(heard))))); \
    }; \
    new MutationObserver(() => { \
        if (window.taken && document.querySelector('form.call button[value=answer]')) window.rangAgain = true; \
        if (document.querySelector('form.call.talking')) window.taken = true; \
    }).observe(document.querySelector('#phone'), {childList: true});";

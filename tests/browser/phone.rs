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

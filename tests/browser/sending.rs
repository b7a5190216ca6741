//! 写消息 to 发件箱: checked, sent, seen, reminded, recalled; and the language is changed on the way.

use crate::{
    site::Site,
    window::{DESK, PHONE, Window},
};

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_picked_and_taken_out_and_the_number_follows() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let inner = site.department("zhk", "综合科").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    site.member("liwenbo", "李文博", inner).await;
    site.member("zhaoyi", "赵一", inner).await;
    for shape in [DESK, PHONE] {
        let window = Window::of(&site, shape, &sender).await;
        window.go("/compose").await;
        window.sees("还没有选择接收人").await;
        window.fill("input[data-find=q]", "lwb").await;
        window.until("document.querySelectorAll('[data-pick]').length === 1").await;
        window.press_in_the_middle("[data-pick=liwenbo]").await;
        window.until("document.querySelector('.total').textContent === '将发给 1 人'").await;
        // The departments, without one person.
        window.press_in_the_middle("input[name=department][value=jwc]").await;
        window.press_in_the_middle("input[name=department][value=zhk]").await;
        window.until("document.querySelector('.total').textContent === '将发给 3 人'").await;
        window.fill("input[data-find=q]", "zhaoyi").await;
        window.until("document.querySelector('[data-leave=zhaoyi]')").await;
        window.press_in_the_middle("[data-leave=zhaoyi]").await;
        window.until("document.querySelector('.total').textContent === '将发给 2 人'").await;
        let chips = "return Array.from(document.querySelectorAll('#chosen li')).map(li => li.textContent.trim().replace(/ .*/, ''))";
        assert_eq!(
            window.ask(chips).await,
            serde_json::json!(["教务处1", "综合科2", "李文博综合科", "排除赵一综合科"])
        );
        // Taken out again by their chips, and the number follows each of them.
        window.press_in_the_middle("#chosen input[value=zhaoyi] + em").await;
        window.until("document.querySelector('.total').textContent === '将发给 3 人'").await;
        window.press_in_the_middle("[data-untick=\"department=zhk\"]").await;
        window.until("document.querySelector('.total').textContent === '将发给 2 人'").await;
        window.press_in_the_middle("#chosen input[value=liwenbo] + span").await;
        window.until("document.querySelector('.total').textContent === '将发给 1 人'").await;
        window.until("!document.querySelector('input[name=department][value=zhk]').checked").await;
        // Typed too, before the box is left.
        window.press_in_the_middle("details:has(textarea[name=accounts]) summary").await;
        window.fill("textarea[name=accounts]", "zhaoyi liwenbo").await;
        window.until("document.querySelector('.total').textContent === '将发给 3 人'").await;
        window.until("document.activeElement.name === 'accounts'").await;
        window.close().await;
    }
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_list_becomes_chips_once_it_is_counted_and_what_is_nobodys_stays() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    site.member("liwenbo", "李文博", office).await;
    site.member("zhaoyi", "赵一", office).await;
    for shape in [DESK, PHONE] {
        let window = Window::of(&site, shape, &sender).await;
        window.go("/compose").await;
        window.press_in_the_middle("details:has(textarea[name=accounts]) summary").await;
        window.press_in_the_middle("textarea[name=accounts]").await;
        let paste = "const box = document.querySelector('textarea[name=accounts]'); \
            box.value = 'ｌｉｗｅｎｂｏ，nobody、zhaoyi'; \
            box.dispatchEvent(new InputEvent('input', {inputType: 'insertFromPaste', bubbles: true}))";
        window.ask(paste).await;
        window.until("document.querySelector('.total').textContent === '将发给 2 人'").await;
        window.until("document.querySelector('textarea[name=accounts]').value === 'nobody'").await;
        let chips = "return Array.from(document.querySelectorAll('#chosen li span')).map(name => name.textContent)";
        assert_eq!(window.ask(chips).await, serde_json::json!(["李文博", "赵一"]));
        window.until("document.querySelector('#e-unknown').textContent.includes('没有找到“nobody”')").await;
        window.press_in_the_middle("#e-unknown [data-take-out]").await;
        window.until("document.querySelector('textarea[name=accounts]').value === ''").await;
        window.until("!document.querySelector('#e-unknown')").await;
        window.until("document.querySelector('.total').textContent === '将发给 2 人'").await;
        // Typed by hand they stay where they are typed, until the hand is elsewhere.
        window.press_in_the_middle("#chosen input[value=zhaoyi] + span").await;
        window.until("document.querySelector('.total').textContent === '将发给 1 人'").await;
        window.fill("textarea[name=accounts]", "zhaoyi").await;
        window.until("document.querySelector('.total').textContent === '将发给 2 人'").await;
        window.until("document.querySelector('textarea[name=accounts]').value === 'zhaoyi'").await;
        window.press_in_the_middle("input[name=title]").await;
        window.until("document.querySelector('textarea[name=accounts]').value === ''").await;
        assert_eq!(window.ask(chips).await, serde_json::json!(["李文博", "赵一"]));
        window.close().await;
    }
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_checks_the_reach_sends_reminds_and_recalls() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let reader = site.member("liwenbo", "李文博", office).await;
    site.crowd(3, office).await;

    let window = Window::of(&site, DESK, &sender).await;
    window.go("/compose").await;
    // One scroll bar: what is hidden in a choice does not make the window itself longer.
    let longer = "return document.documentElement.scrollHeight > window.innerHeight";
    assert_eq!(window.ask(longer).await, false);
    window.fill("input[name=title]", "期末监考安排").await;
    window.fill("textarea[name=body]", "请各位老师提前十五分钟到达考场。").await;
    window.press_in_the_middle("input[name=department][value=jwc]").await;
    // What sending would do is asked for without leaving the page, and forgotten with another choice.
    window.ask("window.sameLoad = true").await;
    window.press("button[data-check]").await;
    window.until("document.querySelector('#forecast .bignum').firstChild.textContent.trim() === '5'").await;
    window.sees("无需审批").await;
    window.press_in_the_middle("input[name=department][value=jwc]").await;
    window.until("document.querySelector('#forecast').textContent === ''").await;
    window.until("window.sameLoad && document.querySelector('input[name=title]').value === '期末监考安排'").await;
    window.press_in_the_middle("details:has(textarea[name=accounts]) summary").await;
    window.fill("textarea[name=accounts]", "liwenbo").await;
    window.press("button[data-check]").await;
    window.until("document.querySelector('#forecast .bignum').firstChild.textContent.trim() === '1'").await;
    // All that nobody has are named, and typing goes on there.
    window.fill("textarea[name=accounts]", "liwenbo、nobody、nothing").await;
    window.press("button[value=send]").await;
    window.sees("没有找到的共 2 个：nobody、nothing").await;
    window.until("document.activeElement.name === 'accounts'").await;
    assert!(window.complaints().await.concat().contains("422"));
    window.fill("textarea[name=accounts]", "liwenbo").await;
    window.press("button[value=send]").await;
    window.until("location.pathname.startsWith('/outbox/')").await;
    window.sees("消息已发送给 1 人").await;
    // Nobody has to look again to see that it went.
    window.until("document.querySelector('.page .st').textContent === '已发送'").await;
    let page = window.path().await;

    let there = Window::of(&site, PHONE, &reader).await;
    there.arrives("/inbox", "期末监考安排").await;
    site.after_minutes(6);
    window.go(&page).await;
    window.sees("未查看").await;
    // The browser asks whether it is meant.
    window.ask("window.confirm = () => false").await;
    window.press_in_the_middle("button[name=to][value=unread]").await;
    window.ask("window.confirm = () => true").await;
    window.press_in_the_middle("button[name=to][value=unread]").await;
    window.sees("已再次提醒 1 人").await;

    window.press(".menu summary").await;
    window.press("button[name=lang][value=en]").await;
    window.until("document.documentElement.lang === 'en'").await;
    window.sees("Remind again").await;
    window.press(".menu summary").await;
    window.press("button[name=lang][value=zh-CN]").await;
    window.until("document.documentElement.lang === 'zh-CN'").await;

    // The browser asks whether it is meant.
    window.ask("window.confirm = () => true").await;
    window.press_in_the_middle("button.danger[data-confirm]").await;
    window.sees("已撤回").await;
    there.go("/inbox").await;
    there.sees("共 0 条").await;
    there.close().await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_says_what_it_would_do_with_the_choice_as_it_stands() {
    let (site, _, sender, _) = Site::of_sixty().await;
    let window = Window::of(&site, DESK, &sender).await;
    window.go("/compose").await;
    window.fill("input[name=title]", "元旦放假安排").await;
    window.fill("textarea[name=body]", "放假三日。").await;
    let says = |word: &str| format!("document.querySelector('button[value=send]').textContent.trim() === '{word}'");
    let department = "input[name=department][value=jwc]";
    window.press_in_the_middle(department).await;
    window.press("button[data-check]").await;
    window.until(&says("提交审批")).await;
    // What cannot be sent as it stands leaves the button as it was, and the way out is beside the reason.
    window.press_in_the_middle("details:has(textarea[name=accounts]) summary").await;
    window.fill("textarea[name=accounts]", "nobody").await;
    window.press("button[data-check]").await;
    window.until("document.querySelector('#forecast [data-take-out]')").await;
    window.until(&says("提交审批")).await;
    window.press_in_the_middle("#forecast [data-take-out]").await;
    window.until("document.querySelector('#forecast .bignum')").await;
    window.press_in_the_middle(department).await;
    window.until(&says("发送")).await;
    window.fill("textarea[name=accounts]", "liwenbo").await;
    window.press("button[data-check]").await;
    window.sees("无需审批").await;
    window.until(&says("发送")).await;
    // An answer that is on its way while another choice is made says nothing about that one.
    window.ask(HOLD_ANSWERS).await;
    window.press_in_the_middle(department).await;
    window.press("button[data-check]").await;
    window.until("held.length > 0").await;
    window.press_in_the_middle(department).await;
    window.ask("held.splice(0).forEach(answer => answer())").await;
    window.press("button[data-check]").await;
    window.until("held.length > 0").await;
    window.until(&says("发送")).await;
    window.ask("held.splice(0).forEach(answer => answer())").await;
    window.sees("无需审批").await;
    window.until(&says("发送")).await;
    window.close().await;
    site.end().await;
}

/// The server answers at once, and the page hears of it when `held` lets it.
const HOLD_ANSWERS: &str = "window.held = []; \
    const ask = window.fetch; \
    window.fetch = function () { \
        const answer = ask.apply(this, arguments); \
        return answer.then(heard => new Promise(tell => window.held.push(() => tell(heard)))); \
    };";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_comes_back_when_it_is_undone() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let reader = site.member("liwenbo", "李文博", office).await;
    site.send(&sender, crate::people::to(&reader, "停水通知", "明日八时至十时停水。")).await;
    let window = Window::of(&site, DESK, &reader).await;
    window.arrives("/inbox", "停水通知").await;
    window.follow("停水通知").await;
    window.sees("明日八时至十时停水。").await;
    window.press(".rbar button[value=delete]").await;
    window.sees("1 条已删除").await;
    window.press(".toast button").await;
    window.arrives("/inbox", "停水通知").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_templates_the_way_to_them_covers_nothing() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let window = Window::of(&site, DESK, &sender).await;
    for size in [DESK, PHONE] {
        window.resize(size).await;
        window.go("/compose").await;
        let link = "document.querySelector('.sheet a[href=\"/templates\"]').getBoundingClientRect()";
        let label = "document.querySelector('.sheet input[name=title]').closest('label').getBoundingClientRect()";
        window.until(&format!("{link}.height > 15 && {link}.bottom <= {label}.top")).await;
    }
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forecast_follows_when_it_is_to_go_out() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let window = Window::of(&site, DESK, &sender).await;
    window.go("/compose").await;
    window.fill("input[name=title]", "停水通知").await;
    window.fill("textarea[name=body]", "明日停水。").await;
    window.press_in_the_middle("input[name=department][value=jwc]").await;
    window.sees("发出时间：立即").await;
    let set = |name: &str, value: &str| {
        format!(
            "const field = document.querySelector('input[name={name}]'); field.value = '{value}'; \
             field.dispatchEvent(new Event('change', {{bubbles: true}}))"
        )
    };
    window.press_in_the_middle("label:has(input[name=when][value=at])").await;
    let tomorrow = (site.hub.clock.now() + chrono::Duration::hours(32)).format("%Y-%m-%d").to_string();
    window.ask(&set("send_at", &format!("{tomorrow}T10:30"))).await;
    window.sees(&format!("发出时间：{tomorrow} 10:30")).await;
    window.press_in_the_middle("label:has(input[name=when][value=series])").await;
    window.ask(&set("run_at", "08:00")).await;
    window.sees("发出时间：按周期，第一期 ").await;
    window.sees(" 08:00，以后每期单独发出").await;
    window.press_in_the_middle("label:has(input[name=when][value=now])").await;
    window.sees("发出时间：立即").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_added_to_a_message_before_the_button_is_pressed() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let reader = site.member("liwenbo", "李文博", office).await;
    site.member("zhaolei", "赵磊", office).await;
    let id = site.send(&sender, crate::people::to(&reader, "停水通知", "明日停水。")).await;
    let window = Window::of(&site, DESK, &sender).await;
    window.go(&format!("/outbox/{id}/add")).await;
    window
        .ask(
            "window.posted = []; const open = XMLHttpRequest.prototype.open; XMLHttpRequest.prototype.open = \
             function (how, where) { window.posted.push(where); return open.apply(this, arguments); }; \
             window.later = false; setTimeout(() => { window.later = true }, 5000)",
        )
        .await;
    window.press_in_the_middle("details:has(textarea[name=accounts]) summary").await;
    window.fill("textarea[name=accounts]", "zhaolei").await;
    window.press_in_the_middle("h1").await;
    // Longer than the page where messages are written waits before it keeps a draft.
    window.until("window.later").await;
    assert_eq!(window.ask("return window.posted.length").await, 0);
    window.close().await;
    site.end().await;
}

//! Open pages follow what happens elsewhere, and leave alone what somebody has in hand.

use zhihui::{
    domain::{approval::Decision, message::ReceiptRequest},
    hub::Source,
    storage::approvals,
};

use crate::{
    people::{to, to_department},
    site::Site,
    window::{DESK, PHONE, Window},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_open_inbox_takes_in_what_arrives_and_lets_go_of_what_is_taken_back() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let reader = site.member("liwenbo", "李文博", office).await;
    let window = Window::of(&site, DESK, &reader).await;
    window.go("/inbox").await;
    window.sees("新消息到达时会出现在这里").await;
    window.ask("window.sameLoad = true").await;

    site.send(&sender, to(&reader, "停水通知", "明日八时至十时停水。")).await;
    window.sees("共 1 条，其中 1 条未读").await;
    let mut meeting = to(&reader, "教学工作会议", "定于下周三下午两点召开教学工作会议。");
    meeting.receipt = Some(ReceiptRequest { options: vec!["参加".into(), "请假".into()], due_at: None });
    let meeting = site.send(&sender, meeting).await;
    window.sees("共 2 条，其中 2 条未读").await;
    window.until("document.querySelectorAll('.row').length === 2").await;

    // Somebody is about to answer, and has ticked a message.
    window.follow("教学工作会议").await;
    window.until("document.title.includes('教学工作会议')").await;
    window.press("label:has([data-other])").await;
    window.fill("#receipt textarea", "外出调研").await;
    window.ask("document.querySelectorAll('.row input')[1].click()").await;
    window.ask("document.querySelector('#receipt textarea').focus()").await;
    window.sees("共 2 条，其中 1 条未读").await;
    site.send(&sender, to(&reader, "停电通知", "明日停电。")).await;
    window.sees("共 3 条，其中 2 条未读").await;
    window.until("document.querySelector('.row strong').textContent === '停电通知'").await;
    window.until("document.querySelector('.row.picked strong').textContent === '停水通知'").await;
    window.until("document.querySelector('.row.on strong').textContent === '教学工作会议'").await;
    window.until("document.activeElement === document.querySelector('#receipt textarea')").await;
    window.until("document.activeElement.value === '外出调研'").await;
    window.until("document.querySelectorAll('.tabs a')[2].textContent.includes('1')").await;

    site.hub.recall(&Source::Person(sender.id), meeting).await.unwrap();
    window.until("document.querySelector('#reader').textContent.includes('消息已被撤回')").await;
    window.until("!document.querySelector('#receipt') && document.querySelectorAll('.row').length === 2").await;
    window.sees("共 2 条，其中 2 条未读").await;
    window.until("document.querySelector('.row.picked strong').textContent === '停水通知'").await;
    assert!(window.complaints().await.concat().contains("410"));

    // What is deleted stays away although the list is looked at again before it cannot be undone.
    window.follow("停水通知").await;
    window.sees("明日八时至十时停水。").await;
    window.press(".rbar button[value=delete]").await;
    window.sees("1 条已删除").await;
    site.send(&sender, to(&reader, "来电通知", "已经来电。")).await;
    window.until("document.querySelector('.row strong').textContent === '来电通知'").await;
    let shown = "[...document.querySelectorAll('.row')].filter(row => row.offsetParent).length";
    window.until(&format!("{shown} === 2")).await;
    window
        .ask("[...document.querySelectorAll('.toast button')].find(button => button.textContent === '撤销').click()")
        .await;
    window.until(&format!("{shown} === 3 && window.sameLoad")).await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answering_makes_fewer_wait_and_an_unread_message_opened_by_itself_counts_once() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let sender = site.member("wangxiaomei", "王晓梅", office).await;
    let reader = site.member("liwenbo", "李文博", office).await;
    let mut ids = Vec::new();
    for title in ["会议一", "会议二"] {
        let mut meeting = to(&reader, title, "请回执。");
        meeting.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
        ids.push(site.send(&sender, meeting).await);
        site.is_brought(&reader, ids[ids.len() - 1]).await;
    }
    let window = Window::of(&site, DESK, &reader).await;
    window.go(&format!("/inbox/{}", ids[0])).await;
    window.until("document.querySelector('[data-live-state]').classList.contains('on')").await;
    window.sees("共 2 条，其中 1 条未读").await;
    window.until("document.querySelectorAll('.tabs a')[2].textContent.trim() === '待回执 2'").await;
    window.press("label.choice").await;
    window.press("#receipt .primary").await;
    window.sees("已回执：参加").await;
    window.until("document.querySelectorAll('.tabs a')[2].textContent.trim() === '待回执 1'").await;
    window.sees("共 2 条，其中 1 条未读").await;
    window.ask("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'k', bubbles: true}))").await;
    window.until("document.title.includes('会议二')").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_and_the_other_head_see_what_one_head_decides() {
    let (site, head, sender, _) = Site::of_sixty().await;
    let id = site.send(&sender, to_department("jwc", "元旦放假安排", "元旦放假三日。")).await;
    let list = Window::of(&site, DESK, &sender).await;
    list.go("/outbox?state=pending").await;
    list.sees("元旦放假安排").await;
    let detail = Window::of(&site, PHONE, &sender).await;
    detail.go(&format!("/outbox/{id}")).await;
    detail.sees("审批中").await;
    let box_of_head = Window::of(&site, DESK, &head).await;
    box_of_head.go("/approvals").await;
    box_of_head.sees("元旦放假安排").await;
    for window in [&list, &detail, &box_of_head] {
        window.until("document.querySelector('[data-live-state]').classList.contains('on')").await;
        window.ask("window.sameLoad = true").await;
    }

    let mut tx = site.hub.db.read().await.unwrap();
    let asked = approvals::list_of_message(&mut tx, id).await.unwrap().remove(0);
    drop(tx);
    site.hub.decide(head.id, asked.id, Decision::Approve, "").await.unwrap();
    list.sees("没有等待审批的消息").await;
    list.until("document.querySelector('.tabs a').textContent.trim() === '已发送 1'").await;
    detail.until("document.querySelector('.page .st').textContent === '已发送'").await;
    detail
        .until("document.querySelector('.ring b').textContent === '61' && !document.querySelector('.progress')")
        .await;
    box_of_head.sees("没有等您审批的消息").await;
    for window in [list, detail, box_of_head] {
        window.until("window.sameLoad === true").await;
        window.close().await;
    }
    site.end().await;
}

/// Who has not read yet: a choice is enough, and the keyboard stays on it. Without scripts there is a button.
#[tokio::test(flavor = "multi_thread")]
async fn recipients_are_narrowed_by_choosing_and_without_scripts_by_a_button() {
    let (site, _, sender, reader) = Site::of_sixty().await;
    let message = site.send(&sender, to(&reader, "停水通知", "明日停水。")).await;
    site.is_brought(&reader, message).await;
    let page = format!("/outbox/{message}");
    let button = "document.querySelector('#people .filters button')";
    for shape in [DESK, PHONE] {
        let window = Window::of(&site, shape, &sender).await;
        window.go(&page).await;
        window.until(&format!("{button}.offsetParent === null")).await;
        let choose = "const field = document.querySelector('select[name=people]'); field.focus(); field.value = 'read';
                      field.dispatchEvent(new Event('change', {bubbles: true}));";
        window.ask(choose).await;
        window.until("location.search.includes('people=read')").await;
        window.until("document.querySelector('#people tbody') === null").await;
        window.until("document.activeElement.name === 'people' && document.activeElement.value === 'read'").await;
        window.close().await;
    }
    let plain = Window::open_without_scripts(&site, DESK).await;
    plain.sign_in(&site, &sender).await;
    plain.go(&page).await;
    plain.press("#people .filters button").await;
    plain.until("location.search.includes('people=all')").await;
    plain.sees("停水通知").await;
    plain.close().await;
    site.end().await;
}

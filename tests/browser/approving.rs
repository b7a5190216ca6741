//! 审批箱: a head sees what goes out and to how many, consents, and it reaches open pages.

use zhihui::{
    domain::{
        ApprovalRuleId,
        approval::{Approver, Condition, Node, Rule},
        person::Role,
    },
    storage::{
        access,
        approval_rules::{self, RuleRow},
    },
};

use crate::{
    people::to_department,
    site::Site,
    window::{DESK, PHONE, Window},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_head_consents_and_a_recipients_open_page_learns_of_it() {
    let (site, head, sender, reader) = Site::of_sixty().await;
    let body = "元旦放假时间为 1 月 1 日至 3 日。\n请各科室做好值班安排。";
    site.send(&sender, to_department("jwc", "元旦放假安排", body)).await;

    let open_page = Window::of(&site, PHONE, &reader).await;
    open_page.go("/inbox").await;
    open_page.sees_badge("inbox", "").await;
    open_page.until("document.querySelector('[data-live-state]').classList.contains('on')").await;
    open_page.ask("window.sameLoad = true").await;

    let window = Window::of(&site, DESK, &head).await;
    window.sees_badge("approvals", "1").await;
    window.follow("审批箱").await;
    window.sees("61 人").await;
    window.follow("元旦放假安排").await;
    let shown = "[...document.querySelectorAll('.letter .text p')].map(line => line.textContent).join('\\n')";
    window.until(&format!("{shown} === {}", serde_json::json!(body))).await;
    window.until("document.querySelector('.bignum').firstChild.textContent.trim() === '61'").await;
    // One tap does not send to sixty: whoever says no to the question has done nothing.
    window.ask("window.confirm = words => { window.asked = words; return false }").await;
    window.press("button[value=approve]").await;
    window.until("window.asked === '同意后将立即发送给 61 人。确定同意吗？'").await;
    window.ask("window.confirm = () => true").await;
    window.press("button[value=approve]").await;

    window.until("location.pathname === '/approvals'").await;
    window.sees("没有等您审批的消息").await;
    window.sees_badge("approvals", "").await;
    window.go("/approvals?state=done").await;
    window.sees("已同意").await;

    open_page.sees_badge("inbox", "1").await;
    open_page.sees("您有 1 条未读信息").await;
    open_page.until("window.sameLoad === true").await;
    open_page.close().await;

    window.sign_in(&site, &sender).await;
    window.arrives("/outbox", "已发送").await;
    window.follow("元旦放假安排").await;
    window.sees("61").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_the_letter_has_the_room_and_an_opinion_is_there_when_asked_for() {
    let (site, head, sender, _) = Site::of_sixty().await;
    site.send(&sender, to_department("jwc", "元旦放假安排", "元旦放假时间为 1 月 1 日至 3 日。")).await;
    let window = Window::of(&site, PHONE, &head).await;
    window.go("/approvals").await;
    window.follow("元旦放假安排").await;
    let bar = "document.querySelector('.decide')";
    // One row of buttons, all in sight, above the navigation at the bottom.
    window.until(&format!("{bar}.offsetHeight > 40 && {bar}.offsetHeight < 72")).await;
    let in_sight = "[...document.querySelectorAll('.decide .btn')].every(button => { \
        const at = button.getBoundingClientRect(); \
        return at.left >= 0 && at.right <= innerWidth && at.bottom <= document.querySelector('.tabbar').getBoundingClientRect().top; })";
    window.until(in_sight).await;
    window.until("!document.querySelector('#opinion').offsetParent").await;
    window.press("label[for=say]").await;
    window.press(".decide .quick .chip").await;
    window.until("document.querySelector('#opinion').value === '同意'").await;
    window.until(in_sight).await;
    // Who rejects without a word is asked for it, and finds the field open.
    window.fill("#opinion", " ").await;
    window.press("button[value=reject]").await;
    window.sees("请填写驳回原因").await;
    window.until("document.querySelector('#opinion').offsetParent").await;
    assert!(window.complaints().await.concat().contains("422"));
    window.fill("#opinion", "请核对日期").await;
    window.press("button[value=reject]").await;
    window.sees("已驳回").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_a_long_button_has_a_row_of_its_own() {
    let (site, head, sender, _) = Site::of_sixty().await;
    let mut draft = to_department("jwc", "元旦放假安排", "元旦放假时间为 1 月 1 日至 3 日。");
    draft.send_at = Some(site.hub.clock.now() + chrono::Duration::hours(24));
    let id = site.send(&sender, draft).await;
    let window = Window::of(&site, PHONE, &head).await;
    window.go("/approvals").await;
    window.follow("元旦放假安排").await;
    window.sees("同意并按计划发送").await;
    let apart = "(() => { const at = css => document.querySelector(css).getBoundingClientRect(); \
        const first = at('label[for=say]'), last = at('.decide .primary'), back = at('.decide [value=return]'); \
        return last.top < first.bottom \
            || (last.top >= first.bottom + 8 && last.left === first.left && last.right === back.right); })()";
    window.until(apart).await;
    window.sign_in(&site, &sender).await;
    window.go(&format!("/outbox/{id}")).await;
    window.sees("如获同意，将于").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_returned_written_anew_and_passes_two_nodes() {
    let (site, head, sender, reader) = Site::of_sixty().await;
    let library = site.department("xcb", "宣传部").await;
    let second = site.member("guniannian", "顾念慈", library).await;
    let nodes = vec![
        Node::of(Approver::DepartmentHead),
        Node { people: vec![second.account.clone()], ..Node::of(Approver::People) },
    ];
    let rule = Rule { name: "两级审批".into(), condition: Condition::default(), nodes };
    let mut tx = site.hub.db.begin().await.unwrap();
    approval_rules::insert(&mut tx, &RuleRow::of(ApprovalRuleId::new(), &rule), -1).await.unwrap();
    tx.commit().await.unwrap();
    site.send(&sender, to_department("jwc", "元旦放假安排", "元旦放假三天。")).await;

    let first = Window::of(&site, PHONE, &head).await;
    first.go("/approvals").await;
    first.follow("元旦放假安排").await;
    let in_sight = "[...document.querySelectorAll('.decide .btn')].every(button => { \
        const at = button.getBoundingClientRect(); \
        return at.left >= 0 && at.right <= innerWidth && at.height >= 44; })";
    first.until(in_sight).await;
    first.press("label[for=say]").await;
    first.fill("#opinion", "请写明值班电话").await;
    first.press("button[value=return]").await;
    first.sees("已退回，发送人会看到要修改什么").await;

    let window = Window::of(&site, DESK, &sender).await;
    window.go("/outbox?state=rejected").await;
    window.follow("元旦放假安排").await;
    window.fill("textarea[name=body]", "元旦放假三天。\n值班电话 8000。").await;
    window.press("button[value=send]").await;
    window.until("location.pathname.startsWith('/outbox/')").await;
    window.sees("第 2 版").await;
    window.sees("周立群").await;

    first.arrives("/approvals", "元旦放假安排").await;
    first.follow("元旦放假安排").await;
    first.sees("修改了什么").await;
    let added = "[...document.querySelectorAll('.diff ins')].map(line => line.textContent).join()";
    first.until(&format!("{added} === '值班电话 8000。'")).await;
    first.press("button[value=approve]").await;
    first.sees("已同意，还要等其他审批人").await;

    let third = Window::of(&site, DESK, &second).await;
    third.sees_badge("approvals", "1").await;
    third.follow("审批箱").await;
    third.follow("元旦放假安排").await;
    third.sees("指定人员").await;
    third.ask("window.confirm = () => true").await;
    third.press("button[value=approve]").await;
    third.sees("已同意，正在发给 61 人").await;
    third.sign_in(&site, &reader).await;
    third.arrives("/inbox", "元旦放假安排").await;
    for page in [first, window, third] {
        page.close().await;
    }
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approval_rules_are_dragged_and_moved_by_keys() {
    let site = Site::start().await;
    let office = site.department("jwc", "教务处").await;
    let admin = site.member("yezhiqiu", "叶知秋", office).await;
    let mut tx = site.hub.db.begin().await.unwrap();
    access::grant(&mut tx, admin.id, Role::OrgAdmin).await.unwrap();
    tx.commit().await.unwrap();
    let window = Window::open(&site, DESK).await;
    let password = "lan tian bai yun 42";
    window.go(&format!("/setup/{}", site.invitation_of(&admin).await)).await;
    window.fill("input[name=password]", password).await;
    window.fill("input[name=again]", password).await;
    window.press("main button.primary, form button.primary").await;
    window.until("!location.pathname.startsWith('/setup')").await;
    window.go("/admin/approval-rules").await;
    window.fill("input[name=password]", password).await;
    window.press("main form button.primary").await;
    window.sees("部门群发").await;
    let order = "[...document.querySelectorAll('.ruled strong')].map(each => each.textContent)";
    let handle = |name: &str| format!("//li[.//strong[text()='{name}']]//button[contains(@class, 'handle')]");
    window.drag(&handle("部门群发"), &handle("模块群发"), false).await;
    window.until(&format!("{order}[0] === '部门群发'")).await;
    window.until("document.body.innerText.includes('1')").await;
    window.go("/admin/approval-rules").await;
    window.until(&format!("{order}[0] === '部门群发'")).await;
    window.follow("部门群发").await;
    window.press_in_the_middle("button[value=add_node]").await;
    window.sees("第 2 个节点").await;
    window.press_in_the_middle(".dock button[value=save]").await;
    window.sees("已保存").await;
    window.close().await;
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_to_pass_a_request_on_is_in_sight_and_stays() {
    let (site, head, sender, _) = Site::of_sixty().await;
    site.send(&sender, to_department("jwc", "元旦放假安排", &"元旦放假三天。\n".repeat(60))).await;
    let window = Window::of(&site, PHONE, &head).await;
    window.go("/approvals").await;
    window.follow("元旦放假安排").await;
    window.press_in_the_middle(".hand-on summary").await;
    window.fill(".hand-on input[name=to]", "没有这个人").await;
    window.press_in_the_middle(".hand-on .btn").await;
    window.sees("没有这个账号或姓名").await;
    let in_sight = "(() => { const at = document.querySelector('#e-to').getBoundingClientRect(); \
        return at.top >= 0 && at.bottom <= document.querySelector('.decide').getBoundingClientRect().top; })()";
    window.until(in_sight).await;
    window.until("document.activeElement.name === 'to' && document.activeElement.value === '没有这个人'").await;
    // Something new for this page: it does not take the refusal away, and asks for nothing that is not there.
    site.send(&sender, to_department("jwc", "值班安排", "请各科室报名单。")).await;
    window.sees_badge("approvals", "2").await;
    window.until("document.querySelector('#e-to')").await;
    assert!(!window.complaints().await.concat().contains("405"));
    window.go(&window.path().await).await;
    window.until("/^\\/approvals\\/[-0-9a-f]{36}$/.test(location.pathname)").await;
    window.close().await;
    site.end().await;
}

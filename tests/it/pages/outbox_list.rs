//! 发件箱 as a list: its columns and its pages; and how a message spread over time.

use axum::{body::Body, http::Request};
use zhihui::{
    domain::message::{External, Kind, ReceiptRequest},
    hub::{
        Change, Source, Tallies,
        follow::{kept_tallies::Age, tallies::Tally},
    },
    storage::message_tally,
};

use super::browser::{Browser, Page, Site};
use crate::support::{
    TestHub,
    people::{to, to_department},
};

/// Titles in the order in which they stand.
fn titles(page: &Page) -> Vec<String> {
    page.body.split("<strong>").skip(1).map(|rest| rest.split("</strong>").next().unwrap().to_owned()).collect()
}

/// MO-01
#[tokio::test]
async fn each_of_the_six_tabs_has_what_is_in_its_state_and_nothing_else() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let (sender, reader) = (&staff[0], &staff[1]);
    site.test.sends(sender, to_department("office", "驳回的")).await.unwrap();
    site.test.rejects(&head, "请核对日期").await.unwrap();
    site.test.sends(sender, to_department("office", "待批的")).await.unwrap();
    let mut later = to(&[reader], "定时的");
    later.send_at = Some(site.test.clock.now() + chrono::Duration::hours(1));
    site.test.sends(sender, later).await.unwrap();
    site.test.sends(sender, to(&[reader], "发出的")).await.unwrap();
    let recalled = site.test.sends(sender, to(&[reader], "收回的")).await.unwrap().id;
    site.test.settle().await;
    let mut browser = site.browser_of(sender).await;
    browser.post("/compose", &[("do", "draft"), ("kind", "content"), ("title", "没写完的")]).await.assert(303, &[]);
    browser.post(&format!("/outbox/{recalled}/recall"), &[]).await.assert(303, &[]);

    let tabs = [
        ("sent", "已发送", "发出的", "已发送"),
        ("pending", "审批中", "待批的", "审批中"),
        ("scheduled", "定时", "定时的", "定时"),
        ("rejected", "被驳回", "驳回的", "已驳回"),
        ("draft", "草稿", "没写完的", "草稿"),
        ("recalled", "已撤回", "收回的", "已撤回"),
    ];
    let first = browser.get("/outbox").await.assert(200, &[]);
    for (name, label, title, state) in tabs {
        let link = format!("<a href=\"/outbox?state={name}\"");
        let link = first.body.split(&link).nth(1).unwrap_or_else(|| panic!("no {label} in {}", first.body));
        assert_eq!(link.split_once('>').unwrap().1.split("</a>").next().unwrap(), format!("{label} <small>1</small>"));
        let page = browser.get(&format!("/outbox?state={name}")).await.assert(200, &[]);
        assert_eq!(titles(&page), [title], "{label}");
        let open = page.body.split("aria-current=\"true\">").nth(1).unwrap();
        assert!(open.starts_with(label), "{label}");
        let row = page.body.split("<tbody>").nth(1).unwrap();
        let shown = row.split("<span class=\"st ").nth(1).unwrap().split(['>', '<']).nth(1);
        assert_eq!(shown, Some(state));
    }
    assert_eq!(titles(&first), ["发出的"], "what is sent comes first");
    site.test.end().await;
}

/// MO-02
#[tokio::test]
async fn the_outbox_has_its_columns_ten_lines_and_a_jump() {
    let (mut site, sender, reader) = Site::of_two().await;
    for nth in 1..=25 {
        site.test.clock.advance(chrono::Duration::seconds(1));
        site.test.sends(&sender, to(&[&reader], &format!("第{nth:02}号"))).await.unwrap();
    }
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    let first = browser.get("/outbox").await.assert(200, &["共 25 条", "标题", "类型", "发送人数", "成功人数", "操作"]);
    let named =
        |range: std::ops::RangeInclusive<i32>| range.rev().map(|nth| format!("第{nth:02}号")).collect::<Vec<_>>();
    assert_eq!(titles(&first), named(16..=25));
    let second = browser.get(&next(&first)).await.assert(200, &["rel=\"prev\""]);
    assert_eq!(titles(&second), named(6..=15), "by its cursor");
    assert!(next(&first).contains("cursor="));
    assert_eq!(titles(&browser.get("/outbox?page=2").await), named(6..=15), "by its number");
    let last = browser.get("/outbox?page=3").await.lacks(&["rel=\"next\""]);
    assert_eq!(titles(&last), named(1..=5));
    assert_eq!(titles(&browser.get("/outbox?page=99").await), named(1..=5), "behind the last stands the last");
    for wrong in ["0", "-1", "x", "1e9"] {
        browser.get(&format!("/outbox?page={wrong}")).await.assert(422, &["页码应为 1–3 的整数"]);
    }
    let found = browser.get("/outbox?q=%E7%AC%AC1").await.assert(200, &[]);
    assert_eq!(titles(&found), named(10..=19));
    assert!(!found.has("class=\"pager\""), "ten fit");
    browser.get("/outbox?q=%E5%8F%B7&page=3").await.assert(200, &["name=\"q\" value=\"号\""]);
    // What is searched for elsewhere is found there: its tab says how much of it.
    let pending = browser.get("/outbox?state=draft&q=%E7%AC%AC1").await.assert(200, &["没有找到相关消息"]);
    let sent = pending.body.split("href=\"/outbox?state=sent&q=%E7%AC%AC1\"").nth(1).unwrap();
    assert_eq!(sent.split("<small>").nth(1).unwrap().split("</small>").next(), Some("10"));
    let mut other = site.browser_of(&reader).await;
    other.get("/outbox").await.assert(200, &["还没有发送过消息"]);
    site.test.end().await;
}

/// Who had read it is what one wants to know after taking it back; writing it once more is a button.
#[tokio::test]
async fn the_title_of_what_was_recalled_leads_to_what_became_of_it() {
    let (mut site, sender, reader) = Site::of_two().await;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    browser.post(&format!("/outbox/{id}/recall"), &[]).await.assert(303, &[]);
    let (title, edit) = (format!("<a href=\"/outbox/{id}\"><strong>停水通知"), format!("href=\"/compose/{id}\""));
    let list = browser.get("/outbox?state=recalled").await.assert(200, &[title.as_str(), edit.as_str()]);
    assert!(!list.has(&format!("<a href=\"/compose/{id}\"><strong>")));
    site.test.end().await;
}

fn next(page: &Page) -> String {
    let before = page.body.split("rel=\"next\" href=\"").nth(1).expect("a next page");
    before.split('"').next().unwrap().to_owned()
}

/// MC-17
#[tokio::test]
async fn a_list_says_whether_it_was_a_notice_a_text_message_or_a_link() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut text = to(&[&reader], "短消息");
    text.send_rule = Some("sms".into());
    let mut link = to(&[&reader], "填报系统");
    (link.kind, link.url) = (Kind::Link, Some("https://example.edu.cn/".into()));
    (link.body, link.signature) = (String::new(), String::new());
    for draft in [to(&[&reader], "停水"), text, link] {
        site.test.sends(&sender, draft).await.unwrap();
    }
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    let shown = browser.get("/outbox").await;
    let kind = |title: &str| {
        let row = shown.body.split("<tr").find(|row| row.contains(title)).unwrap();
        row.split("class=\"tag plain\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!([kind("停水"), kind("短消息"), kind("填报系统")], ["通知", "短信", "链接"]);
    site.test.end().await;
}

/// MO-10
#[tokio::test]
async fn a_curve_shows_when_it_was_read_and_answered() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let readers = site.test.members(&["li", "zhao", "qian"], office, false).await;
    let mut draft = to(&readers.iter().collect::<Vec<_>>(), "教学工作会议");
    draft.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
    draft.send_rule = Some("sms".into());
    draft.audience.external = vec![External { name: "李雷".into(), phone: Some("13800138000".into()), email: None }];
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    let page = format!("/outbox/{id}");
    assert_eq!(rows(&mut browser, &page).await, [[4, 0, 0]], "everybody has it, outsiders too");
    site.test.after_minutes(30).await;
    site.test.reads(&readers[0], id).await;
    site.test.after_minutes(30).await;
    site.test.answers(&readers[1], id, "参加", "").await.unwrap();
    browser = site.browser_of(&sender).await;
    let table = rows(&mut browser, &page).await;
    assert_eq!((table[0], table[table.len() - 1]), ([4, 0, 0], [4, 2, 1]));
    assert!(table.contains(&[4, 1, 0]), "{table:?}");
    assert!(table.windows(2).all(|pair| (0..3).all(|at| pair[0][at] <= pair[1][at])), "{table:?}");
    let shown = browser.get(&page).await.assert(200, &["<polyline class=\"az\"", "以表格查看", "查看趋势"]);
    let axis = shown.body.split("class=\"axis\"").nth(1).unwrap().split("</p>").next().unwrap();
    let end = axis.rsplit("datetime=\"").next().unwrap().split('"').next().unwrap();
    let end: chrono::DateTime<chrono::Utc> = end.parse().unwrap();
    assert_eq!(end.timestamp(), site.test.clock.now().timestamp(), "nothing is drawn of the future");
    site.test.end().await;
}

/// The table beside the curve: sent, read, answered.
async fn rows(browser: &mut Browser, page: &str) -> Vec<[i64; 3]> {
    let shown = browser.get(page).await.assert(200, &[]);
    let table = shown.body.split("class=\"figures\"").nth(1).unwrap().split("</table>").next().unwrap();
    let rows = table.split("<tbody>").nth(1).unwrap().split("<tr>").skip(1);
    let cells = |row: &str| {
        let numbers = row.split("class=\"num\">").skip(1).map(|cell| cell.split('<').next().unwrap().parse().unwrap());
        numbers.collect::<Vec<i64>>().try_into().unwrap()
    };
    rows.map(cells).collect()
}

/// Of a message to many the last count is shown at once, and the next look has the new one.
#[tokio::test]
async fn a_large_message_is_counted_behind_the_look_at_it() {
    let (mut site, sender, reader) = Site::of_two().await;
    site.test.hub.tallies.large = 1;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    site.test.settle().await;
    let message = site.test.message_status(&Source::Person(sender.id), id).await.unwrap().message;
    assert_eq!(site.test.last_tally(&message, Age::Recent).await.unwrap().totals.read, 0);
    site.test.reads(&reader, id).await;
    let mut told = site.test.live.subscribe();
    assert_eq!(site.test.last_tally(&message, Age::Recent).await.unwrap().totals.read, 0, "it is still new");
    site.test.clock.advance(chrono::Duration::seconds(3));
    assert_eq!(site.test.last_tally(&message, Age::Recent).await.unwrap().totals.read, 0, "the last count, at once");
    assert_eq!(told.recv().await.unwrap(), Change::Sent(id), "and then there is another");
    assert_eq!(site.test.last_tally(&message, Age::Recent).await.unwrap().totals.read, 1);
    assert_eq!(site.test.tally(&message).await.unwrap().totals.read, 1);
    site.test.end().await;
}

/// What was counted before a start is shown after it, until it is counted again.
#[tokio::test]
async fn the_last_count_outlives_a_start() {
    let (mut site, sender, reader) = Site::of_two().await;
    site.test.hub.tallies.large = 1;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    site.test.settle().await;
    let message = site.test.message_status(&Source::Person(sender.id), id).await.unwrap().message;
    let before = site.test.tally(&message).await.unwrap();
    site.test.reads(&reader, id).await;
    site.test.clock.advance(chrono::Duration::seconds(3));
    site.test.count_again(&message, &before).await;
    let counted_at = site.test.clock.now();

    let mut started = site.test.hub.clone();
    started.tallies = Tallies::default();
    started.tallies.large = 1;
    site.test.clock.advance(chrono::Duration::seconds(1));
    let shown = started.last_tally(&message, Age::Recent).await.unwrap();
    assert_eq!((shown.totals.read, shown.counted_at), (1, counted_at), "as it was counted");

    let mut tx = site.test.db.begin().await.unwrap();
    let now = site.test.clock.now();
    message_tally::save(&mut tx, id, now, &serde_json::json!({"people": "many"})).await.unwrap();
    message_tally::save(&mut tx, id, counted_at, &before).await.unwrap();
    tx.commit().await.unwrap();
    started.tallies = Tallies::default();
    started.tallies.large = 1;
    let shown = started.last_tally(&message, Age::Recent).await.unwrap();
    assert_eq!((shown.totals.read, shown.counted_at), (1, now), "of a later program: counted anew");
    site.test.end().await;
}

/// A page opens at once with whatever was counted last, and looks again: buttons go by these numbers.
#[tokio::test]
async fn an_old_count_is_shown_until_the_page_looks_again() {
    let (mut site, sender, reader) = Site::of_two().await;
    site.test.hub.tallies.large = 1;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    site.test.settle().await;
    let message = site.test.message_status(&Source::Person(sender.id), id).await.unwrap().message;
    site.test.count_again(&message, &Tally::default()).await;
    let mut started = site.test.hub.clone();
    started.tallies = Tallies::default();
    started.tallies.large = 1;
    site.test.reads(&reader, id).await;
    let counted_at = site.test.clock.now();
    site.test.clock.advance(chrono::Duration::seconds(61));
    let now = site.test.clock.now();
    for (hub, when) in [(&started, "after a start"), (&site.test.hub, "after a while")] {
        let shown = hub.last_tally(&message, Age::Any).await.unwrap();
        assert_eq!((shown.totals.read, shown.counted_at), (0, counted_at), "{when}");
        let shown = hub.last_tally(&message, Age::Recent).await.unwrap();
        assert_eq!((shown.totals.read, shown.counted_at), (1, now), "{when}");
    }
    site.test.end().await;
}

#[tokio::test]
async fn a_page_of_old_numbers_comes_again_without_scripts_too() {
    let mut test = TestHub::start().await;
    test.hub.tallies.large = 1;
    let (mut site, sender, reader) = Site::of_two_in(test).await;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    let page = format!("/outbox/{id}");
    let again = "http-equiv=\"refresh\"";
    browser.get(&page).await.assert(200, &[]).lacks(&[again]);
    site.test.clock.advance(chrono::Duration::seconds(61));
    browser.get(&page).await.assert(200, &["以上数据统计于", again]);
    let looks_again = Request::get(&page).header("x-follow", "1");
    browser.send(looks_again, Body::empty()).await.assert(200, &[]).lacks(&["以上数据统计于", again]);
    site.test.end().await;
}

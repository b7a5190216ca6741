//! 发件箱 as a list: its columns and its pages; and how a message spread over time.

use zhihui::{
    domain::message::{External, Kind, ReceiptRequest},
    hub::{Change, Source, Tallies, follow::tallies::Tally},
    storage::message_tally,
};

use super::browser::{Browser, Page, Site};
use crate::support::people::to;

/// Titles in the order in which they stand.
fn titles(page: &Page) -> Vec<String> {
    page.body.split("<strong>").skip(1).map(|rest| rest.split("</strong>").next().unwrap().to_owned()).collect()
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
    assert_eq!(site.test.last_tally(&message).await.unwrap().totals.read, 0);
    site.test.reads(&reader, id).await;
    let mut told = site.test.live.subscribe();
    assert_eq!(site.test.last_tally(&message).await.unwrap().totals.read, 0, "it is still new");
    site.test.clock.advance(chrono::Duration::seconds(3));
    assert_eq!(site.test.last_tally(&message).await.unwrap().totals.read, 0, "the last count, at once");
    assert_eq!(told.recv().await.unwrap(), Change::Sent(id), "and then there is another");
    assert_eq!(site.test.last_tally(&message).await.unwrap().totals.read, 1);
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
    let shown = started.last_tally(&message).await.unwrap();
    assert_eq!((shown.totals.read, shown.counted_at), (1, counted_at), "as it was counted");

    let mut tx = site.test.db.begin().await.unwrap();
    let now = site.test.clock.now();
    message_tally::save(&mut tx, id, now, &serde_json::json!({"people": "many"})).await.unwrap();
    message_tally::save(&mut tx, id, counted_at, &before).await.unwrap();
    tx.commit().await.unwrap();
    started.tallies = Tallies::default();
    started.tallies.large = 1;
    let shown = started.last_tally(&message).await.unwrap();
    assert_eq!((shown.totals.read, shown.counted_at), (1, now), "of a later program: counted anew");
    site.test.end().await;
}

/// Buttons go by these numbers, and a page without scripts stays as it is.
#[tokio::test]
async fn nobody_is_shown_an_old_count() {
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
    site.test.clock.advance(chrono::Duration::seconds(61));
    let now = site.test.clock.now();
    for (hub, when) in [(&started, "after a start"), (&site.test.hub, "after a while")] {
        let shown = hub.last_tally(&message).await.unwrap();
        assert_eq!((shown.totals.read, shown.counted_at), (1, now), "{when}");
    }
    site.test.end().await;
}

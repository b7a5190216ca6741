//! 发件箱: what became of a message, and what may still be done about it.

use std::io::Cursor;

use axum::http::Method;
use calamine::{Reader, Xlsx};
use channels::simulated::Fault;
use http_body_util::BodyExt;
use zhihui::{
    domain::{
        evidence::Kind,
        message::{External, ReceiptRequest},
    },
    hub::Source,
};

use super::browser::Site;
use crate::{
    staff,
    support::{count, people::to},
};

#[tokio::test]
async fn a_sender_sees_who_read_and_answered_reminds_and_recalls() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let readers = site.test.members(&["li", "zhao", "qian"], office, false).await;
    let mut draft = to(&readers.iter().collect::<Vec<_>>(), "教学工作会议");
    draft.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
    draft.send_rule = Some("dingtalk".into());
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;
    site.test.reads(&readers[0], id).await;
    site.test.answers(&readers[1], id, "其他", "出差").await.unwrap();

    let mut browser = site.browser_of(&sender).await;
    browser.get("/outbox").await.assert(200, &["教学工作会议", "成功人数", "3<small>100%</small>"]);
    browser.get("/outbox?q=%25").await.assert(200, &["没有找到相关消息"]);
    let page = format!("/outbox/{id}");
    let shown = browser.get(&page).await.assert(200, &["请准时参加。", "出差", "钉钉", "name=\"to\" value=\"unread\""]);
    let mut english = browser.clone();
    english.cookies.insert("lang".into(), "en".into());
    english
        .get(&page)
        .await
        .assert(200, &["<b>Other (其他)</b>", "<span>Other (其他)</span>", "<span>参加</span>", "<q>出差</q>"]);
    assert!(shown.has("li") && shown.has("office") && shown.has("name=\"to\" value=\"no_receipt\""));
    let unread = browser.get_part("people", &format!("{page}?people=unread")).await.assert(200, &["qian"]);
    assert!(!unread.has("zhao") && !unread.has("<html"));
    browser.get_part("people", &format!("{page}?people=all&q=ZHA")).await.assert(200, &["zhao"]);

    let told = browser.post(&format!("{page}/remind"), &[("to", "unread")]).await.assert(303, &[]);
    browser.get(told.leads_to()).await.assert(200, &["已再次提醒 1 人", "disabled"]);
    browser.post(&format!("{page}/remind"), &[("to", "unread")]).await.assert(429, &["秒后再提醒"]);
    site.test.settle().await;
    assert_eq!(site.test.sent().iter().filter(|line| line.starts_with("dingtalk")).count(), 4);
    browser.get(&page).await.assert(200, &["钉钉</span>", "<b>3</b><small>/ 3</small>"]).lacks(&["/ 4"]);

    let told = browser.post(&format!("{page}/recall"), &[]).await.assert(303, &[]);
    browser.get(told.leads_to()).await.assert(200, &["已撤回，接收人无法再查看", "钉钉已收回 4 条。", "/compose/"]);
    browser.get(&format!("{page}?done=recalled&unasked=1")).await.assert(200, &["暂时无法向各渠道查询"]);
    browser.post(&format!("{page}/recall"), &[]).await.assert(409, &["消息处于“已撤回”状态，不能撤回"]);
    site.test.end().await;
}

/// MO-03, MO-12
#[tokio::test]
async fn a_sender_leafs_through_what_he_sent_and_reminds_whom_he_chooses() {
    let (mut site, sender, reader) = Site::of_two().await;
    let office = site.test.department("annex", None).await;
    let other = site.test.member("zhao", office).await;
    let mut draft = to(&[&reader, &other], "停水通知");
    draft.send_rule = Some("dingtalk".into());
    let older = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.clock.advance(chrono::Duration::minutes(1));
    let newer = site.test.sends(&sender, to(&[&reader], "停电通知")).await.unwrap().id;
    site.test.settle().await;
    site.test.sent();
    let mut browser = site.browser_of(&sender).await;
    let (older, newer) = (format!("/outbox/{older}"), format!("/outbox/{newer}"));
    let link = |page: &str, rel: &str| format!("href=\"{page}\" rel=\"{rel}\"");
    browser.get(&older).await.assert(200, &[&link(&newer, "prev"), "form=\"chosen\""]).lacks(&["rel=\"next\""]);
    browser.get(&newer).await.assert(200, &[&link(&older, "next")]).lacks(&["rel=\"prev\""]);
    let remind = format!("{older}/remind");
    browser.post(&remind, &[("to", "chosen")]).await.assert(422, &["请先勾选要提醒的人"]);
    let told = browser.post(&remind, &[("to", "chosen"), ("id", "zhao")]).await.assert(303, &[]);
    browser.get(told.leads_to()).await.assert(200, &["已再次提醒 1 人"]);
    site.test.settle().await;
    assert_eq!(site.test.sent(), [format!("dingtalk {}", other.phone)]);
    site.test.end().await;
}

/// As the newer one leads to its former.
#[tokio::test]
async fn what_was_replaced_leads_to_the_version_that_replaced_it() {
    let (mut site, sender, reader) = Site::of_two().await;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id.to_string();
    site.test.settle().await;
    let page = format!("/outbox/{id}");
    let mut browser = site.browser_of(&sender).await;
    browser.post(&format!("{page}/recall"), &[("edit", "1")]).await.assert(303, &[]);
    let typed = [("kind", "content"), ("title", "停水通知"), ("body", "改到周日"), ("person", "li"), ("id", &id)];
    browser.post("/compose", &[&typed[..], &[("do", "draft")]].concat()).await.assert(303, &[]);
    browser.get(&page).await.assert(200, &["已撤回"]).lacks(&["代替"]);
    let sent = browser.post("/compose", &[&typed[..], &[("do", "send")]].concat()).await.assert(303, &[]);
    let newer = sent.leads_to().split('?').next().unwrap().to_owned();
    site.test.settle().await;
    let leads = format!("href=\"{newer}\">已另写第 2 版</a>");
    browser.get(&page).await.assert(200, &[&leads]);
    browser.get(&newer).await.assert(200, &["第 2 版", &format!("href=\"{page}\"")]).lacks(&["代替"]);
    site.browser_of(&reader).await.get(&format!("/inbox/{id}")).await.assert(410, &[]).lacks(&["代替", &newer[8..]]);
    // What its sender has thrown away replaces nothing.
    browser.post(&format!("{newer}/discard"), &[("do", "delete")]).await.assert(303, &[]);
    browser.get(&page).await.assert(200, &["已撤回"]).lacks(&["代替"]);
    site.test.end().await;
}

/// MO-13, MO-16
#[tokio::test]
async fn a_sender_has_the_recipients_as_a_spreadsheet() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut draft = to(&[&reader], "教学工作会议");
    draft.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
    draft.send_rule = Some("dingtalk".into());
    draft.audience.external = vec![External { name: "=1+1".into(), phone: Some("13800138000".into()), email: None }];
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;
    site.test.answers(&reader, id, "其他", "出差").await.unwrap();
    let mut browser = site.browser_of(&sender).await;
    let (page, export) = (format!("/outbox/{id}"), format!("/outbox/{id}/export"));
    browser.get(&export).await.assert(404, &[]);
    let told = browser.post(&export, &[]).await.assert(303, &[]);
    browser.post(&export, &[]).await.assert(303, &[]);
    browser.get(told.leads_to()).await.assert(200, &["正在导出：0 / 2 人"]);
    assert!(site.web.write_next().await.unwrap());
    assert!(!site.web.write_next().await.unwrap(), "two clicks are one export");
    browser.get(&page).await.assert(200, &["下载表格"]);

    let file = browser.open(Method::GET, &export).await;
    let named = file.headers()["content-disposition"].to_str().unwrap();
    // 教学工作会议-发送数据
    let title =
        "filename*=UTF-8''%E6%95%99%E5%AD%A6%E5%B7%A5%E4%BD%9C%E4%BC%9A%E8%AE%AE-%E5%8F%91%E9%80%81%E6%95%B0%E6%8D%AE-";
    assert!(named.starts_with("attachment") && named.contains(title), "{named}");
    let file = file.into_body().collect().await.unwrap().to_bytes();
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file)).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    let rows: Vec<Vec<String>> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let headings = "学/工号 姓名 组织机构 发送状态 发送详情 阅读状态 阅读时间 阅读渠道 回执内容 回执时间";
    assert_eq!(rows[0].join(" "), headings);
    let of = |name: &str| rows.iter().find(|row| row[1] == name).unwrap_or_else(|| panic!("{name} in {rows:?}"));
    let li = of("li");
    assert_eq!((li[0].as_str(), li[3].as_str(), li[5].as_str()), ("li", "成功", "已查看"));
    assert!(li[4].starts_with("站内 已送达 2026-") && li[4].contains("；钉钉 "), "{li:?}");
    assert_eq!((li[7].as_str(), li[8].as_str()), ("网页", "其他：出差"));
    let outsider = of("=1+1");
    assert_eq!((outsider[0].as_str(), outsider[5].as_str()), ("", "不可统计"));
    assert!(book.worksheet_formula(&book.sheet_names()[0].clone()).unwrap().is_empty(), "a name is no formula");

    let mut other = site.browser_of(&reader).await;
    other.get(&export).await.assert(404, &[]);
    other.post(&export, &[]).await.assert(404, &[]);
    site.test.clock.advance(chrono::Duration::hours(25));
    browser = site.browser_of(&sender).await;
    browser.get(&export).await.assert(404, &[]);
    site.test.forget().await.unwrap();
    assert_eq!(count(&site.test.db, "select count(*) from export").await, 0);
    site.test.end().await;
}

#[tokio::test]
async fn a_spreadsheet_whose_writer_is_lost_is_written_by_another() {
    let (mut site, sender, reader) = Site::of_two().await;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    site.test.settle().await;
    let begun = site.test.begin_export(&Source::Person(sender.id), id, Kind::Sheet, "en").await.unwrap();
    let taken = site.test.take_export().await.unwrap().unwrap();
    assert_eq!((taken.id, taken.total), (begun, 1));
    assert!(!site.web.write_next().await.unwrap(), "somebody is at it");
    site.test.clock.advance(chrono::Duration::minutes(1));
    assert!(site.web.write_next().await.unwrap());
    let export = site.test.exported(&Source::Person(sender.id), id, Kind::Sheet).await.unwrap();
    let file = site.test.export_part(export.id, 0).await.unwrap().unwrap();
    assert!(export.id == begun && file.starts_with(b"PK"));
    site.test.end().await;
}

#[tokio::test]
async fn nobody_owes_an_answer_that_was_not_asked_for() {
    let (mut site, sender, reader) = Site::of_two().await;
    let plain = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    let mut draft = to(&[&reader], "教学工作会议");
    draft.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
    let asking = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    let page = browser.get(&format!("/outbox/{plain}")).await.assert(200, &["title=\"无需回执\">—"]);
    assert!(!page.has("未回执") && !page.has("value=\"no_receipt\""), "{}", page.body);
    let page = browser.get(&format!("/outbox/{asking}")).await.assert(200, &["未回执", "value=\"no_receipt\""]);
    assert!(!page.has("—"));
    site.test.end().await;
}

#[tokio::test]
async fn a_message_that_was_held_goes_out_when_its_sender_says_so() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut draft = to(&[&reader], "早上的会");
    draft.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
    draft.send_at = Some(site.test.clock.now() + chrono::Duration::minutes(5));
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    let waiting = site.browser_of(&sender).await.get(&format!("/outbox/{id}")).await;
    waiting.assert(200, &["将于", "1<small>人将收到", "office", "参加", "其他"]);
    // nobody was there to send it for two hours
    site.test.after_minutes(120).await;
    let mut browser = site.browser_of(&sender).await;
    let page = format!("/outbox/{id}");
    let shown = browser.get(&page).await.assert(200, &["已过发送时间，待您决定", "立即发送", "原定"]);
    assert!(!shown.has("将于"));
    browser.post(&format!("{page}/send"), &[]).await.assert(303, &[]);
    site.test.settle().await;
    browser.get(&page).await.assert(200, &["已发送"]);
    site.browser_of(&reader).await.get("/inbox").await.assert(200, &["早上的会"]);
    site.test.end().await;
}

/// MO-14
#[tokio::test]
async fn a_line_of_the_recipients_has_all_that_the_manual_has_columns_for() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let names = [("20160817", "李文博"), ("20160818", "赵一"), ("20160819", "钱进")];
    let readers = staff::join(&site.test.hub, &names, office, false).await;
    site.test.carrier.script(&readers[1].phone, Fault::Refuse { code: "STOPPED".into() });
    site.test.carrier.script(&readers[2].phone, Fault::TakeThenCut);
    let mut draft = to(&readers.iter().collect::<Vec<_>>(), "教学工作会议");
    draft.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
    draft.send_rule = Some("sms".into());
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;
    site.test.clock.advance(chrono::Duration::minutes(6));
    site.test.reads(&readers[0], id).await;
    site.test.clock.advance(chrono::Duration::minutes(1));
    site.test.answers(&readers[0], id, "其他", "出差").await.unwrap();
    let mut browser = site.browser_of(&sender).await;
    let shown = browser.get(&format!("/outbox/{id}")).await.assert(200, &[]);
    let table = shown.body.split("<table class=\"stacking\">").nth(1).unwrap().split("</table>").next().unwrap();
    let (head, body) = table.split_once("<tbody>").unwrap();
    let headings: Vec<_> = head.split("<th>").skip(1).map(plain).collect();
    assert_eq!(headings, ["选择", "姓名", "部门", "发送情况", "查看", "回执"]);
    let cell = |name: &str, column: &str| {
        let row = body.split("<tr>").find(|row| row.contains(name)).unwrap();
        let at = headings.iter().position(|heading| heading == column).unwrap();
        row.split("<td").nth(at + 1).unwrap().to_owned()
    };
    // The columns of the manual, where each stands, and what it has.
    for (wanted, column, text) in [
        ("姓名", "姓名", "<b>李文博</b>"),
        ("学工号", "姓名", "<small>20160817</small>"),
        ("部门", "部门", ">office<"),
        ("发送状态", "发送情况", "短信 已提交"),
        ("发送详情", "发送情况", "10:00:00</time><span>短信：已提交"),
        ("查看时间", "查看", "10:06</time>"),
        ("查看渠道", "查看", "<small>网页</small>"),
        ("回执内容", "回执", "<b>其他</b><span class=\"said\">出差</span>"),
        ("回执时间", "回执", "10:07</small>"),
        ("操作", "选择", "name=\"id\" value=\"20160817\" form=\"chosen\""),
    ] {
        let cell = cell("李文博", column);
        assert!(cell.contains(text), "{wanted}: no “{text}” in {cell}");
    }
    for (name, state) in [("赵一", "短信 被拒绝"), ("钱进", "短信 结果未知")] {
        let cell = cell(name, "发送情况");
        assert!(cell.contains(state), "no “{state}” in {cell}");
    }
    site.test.end().await;
}

/// What one reads of a piece of a page, to the end of its first line.
fn plain(html: &str) -> String {
    let pieces = html.lines().next().unwrap_or_default().split('<').map(|piece| piece.rsplit('>').next().unwrap());
    pieces.collect::<String>().trim().to_owned()
}

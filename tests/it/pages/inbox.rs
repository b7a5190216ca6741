//! 收件箱: reading, answering once, tidying; never somebody else's.

use zhihui::{
    domain::message::{Action, AttachedFile, ReceiptRequest},
    storage::{
        crowd::{self, Crowd},
        people::{self, Profile},
    },
};

use super::browser::Site;
use crate::{
    staff::{self, Actor},
    support::{morning, people::to},
};

#[tokio::test]
async fn a_message_is_found_by_its_text_its_sender_in_pinyin_and_its_files() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let reader = site.test.member("li", office).await;
    let sender = staff::join(&site.test.hub, &[("20160899", "史嘉磊")], office, false).await.remove(0);
    let mut draft = to(&[&reader], "停水通知");
    draft.body = "请各楼提前储水。".into();
    let bytes = b"%PDF-1.7 agenda".to_vec();
    draft.attachments = vec![AttachedFile { name: "安排.pdf".into(), bytes, media_type: "application/pdf".into() }];
    site.test.sends(&sender, draft).await.unwrap();
    site.test.sends(&reader, to(&[&reader], "放假通知")).await.unwrap();
    site.test.settle().await;
    let mut browser = site.browser_of(&reader).await;
    for typed in ["%E5%82%A8%E6%B0%B4", "shijialei", "SJL", "%E5%8F%B2", "%E5%81%9C%E6%B0%B4"] {
        browser.get(&format!("/inbox?q={typed}")).await.assert(200, &["停水通知"]).lacks(&["放假通知"]);
    }
    browser.get("/inbox?q=zhang").await.assert(200, &["没有找到"]);
    browser.get("/inbox?tab=files").await.assert(200, &["停水通知"]).lacks(&["放假通知"]);
    site.test.end().await;
}

#[tokio::test]
async fn nobody_waits_for_an_answer_whose_time_is_over() {
    let (mut site, sender, reader) = Site::of_two().await;
    for (title, minutes) in [("早会", Some(30)), ("晚会", Some(300)), ("例会", None)] {
        let mut draft = to(&[&reader], title);
        let due_at = minutes.map(|minutes| site.test.clock.now() + chrono::Duration::minutes(minutes));
        draft.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at });
        site.test.sends(&sender, draft).await.unwrap();
    }
    site.test.settle().await;
    let mut browser = site.browser_of(&reader).await;
    browser.get("/inbox?tab=receipt").await.assert(200, &["待回执 <small>3</small>", "早会", "晚会", "例会"]);
    site.test.after_minutes(60).await;
    let mut browser = site.browser_of(&reader).await;
    let listed = browser.get("/inbox?tab=receipt").await.assert(200, &["待回执 <small>2</small>", "晚会", "例会"]);
    assert!(!listed.has("早会"));
    browser.get("/").await.assert(200, &["有 2 条消息等您回执"]);
    browser.get("/inbox").await.assert(200, &["早会"]);
    site.test.end().await;
}

#[tokio::test]
async fn opening_is_reading_and_an_answer_is_given_once() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut draft = to(&[&reader], "教学工作会议");
    draft.receipt = Some(ReceiptRequest { options: vec!["参加".into(), "请假".into()], due_at: None });
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;

    let mut browser = site.browser_of(&reader).await;
    browser.get("/inbox").await.assert(200, &["共 1 条，其中 1 条未读", "教学工作会议", "未读需回执"]);
    let page = format!("/inbox/{id}");
    browser.get(&page).await.assert(200, &["请准时参加。", "value=\"参加\"", "共 1 条，其中 0 条未读"]);
    let part = browser.get_part("reader", &page).await.assert(200, &["请准时参加。"]);
    assert!(!part.has("<html"));

    let receipt = format!("{page}/receipt");
    browser.post(&receipt, &[("option", "其他"), ("text", " ")]).await.assert(422, &["请填写“其他”的说明", "checked"]);
    browser.post(&receipt, &[("option", "也许")]).await.assert(422, &["没有“也许”这个回执选项"]);
    let done = browser.post(&receipt, &[("option", "其他"), ("text", "委托张明")]).await.assert(303, &[]);
    assert_eq!(done.leads_to(), format!("{page}?done=answered"));
    browser.get(done.leads_to()).await.assert(200, &["role=\"status\"", "已提交，发送人可以看到"]);
    assert!(!browser.get(&page).await.has("已提交"));
    browser.get(&page).await.assert(200, &["已回执：其他", "委托张明", "经网页"]);
    browser.post(&receipt, &[("option", "参加")]).await.assert(409, &["已回执：其他"]);
    site.test.end().await;
}

#[tokio::test]
async fn what_is_not_mine_does_not_exist_and_what_was_recalled_is_gone() {
    let (mut site, sender, reader) = Site::of_two().await;
    let id = site.test.sends(&sender, to(&[&reader], "通知")).await.unwrap().id;
    site.test.settle().await;
    let page = format!("/inbox/{id}");
    let mut stranger = site.browser_of(&sender).await;
    stranger.get(&page).await.assert(404, &["NOT_FOUND"]);
    stranger.post(&format!("{page}/receipt"), &[("option", "参加")]).await.assert(404, &[]);
    stranger.get("/inbox/not-an-id").await.assert(404, &[]);

    site.test.recall(&zhihui::hub::Source::Person(sender.id), id).await.unwrap();
    let mut browser = site.browser_of(&reader).await;
    browser.get(&page).await.assert(410, &["消息已被撤回", "href=\"/inbox\""]);
    browser.get("/inbox").await.assert(200, &["共 0 条"]);
    site.test.end().await;
}

#[tokio::test]
async fn many_are_tidied_at_once_and_found_by_words() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let reader = site.test.member("li", office).await;
    let mut ids = Vec::new();
    for nth in 0..33 {
        site.test.clock.advance(chrono::Duration::seconds(1));
        ids.push(site.test.sends(&sender, to(&[&reader], &format!("第{nth}号_通知"))).await.unwrap().id.to_string());
        site.test.settle().await;
    }
    let mut browser = site.browser_of(&reader).await;
    let first = browser.get("/inbox").await.assert(200, &["第32号", "cursor="]);
    assert!(!first.has("第2号"));
    let older = first.body.split("href=\"/inbox?cursor").nth(1).unwrap().split('"').next().unwrap();
    browser.get_part("list", &format!("/inbox?cursor{older}")).await.assert(200, &["第2号", "第0号"]);
    let found = browser.get("/inbox?q=31%E5%8F%B7_").await.assert(200, &["第31号"]);
    assert!(!found.has("第30号"));
    browser.get("/inbox?cursor=nonsense").await.assert(422, &["CURSOR"]);

    browser.post("/inbox/bulk", &[("do", "read"), ("id", &ids[0]), ("id", &ids[1])]).await.assert(303, &[]);
    browser.post("/inbox/bulk", &[("do", "delete"), ("id", &ids[2])]).await.assert(303, &[]);
    browser.post("/inbox/bulk", &[("do", "burn"), ("id", &ids[2])]).await.assert(422, &[]);
    browser.get("/inbox?tab=unread").await.assert(200, &["共 32 条，其中 30 条未读"]);
    browser.post("/inbox/bulk", &[("do", "restore"), ("id", &ids[2])]).await;
    browser.get("/inbox").await.assert(200, &["共 33 条，其中 31 条未读"]);

    // nobody tidies for others, not even beside a message of his own
    let stranger = site.test.member("zhao", office).await;
    let own = site.test.sends(&sender, to(&[&stranger], "自己的")).await.unwrap().id.to_string();
    site.test.settle().await;
    let mut other = site.browser_of(&stranger).await;
    for what in ["read", "delete", "restore", "purge"] {
        other.post("/inbox/bulk", &[("do", what), ("id", &ids[5]), ("id", &own)]).await.assert(303, &[]);
        browser.get("/inbox").await.assert(200, &["共 33 条，其中 31 条未读"]);
    }
    other.get("/inbox").await.assert(200, &["共 0 条"]);
    other.post("/inbox/bulk", &[("do", "read"), ("id", "%ff")]).await.assert(404, &[]);
    site.test.end().await;
}

#[tokio::test]
async fn a_button_is_pressed_once_and_a_link_is_followed() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut draft = to(&[&reader], "会议室承接");
    draft.actions = vec![Action { id: "confirm".into(), label: "确认承接".into() }];
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    let mut link = to(&[&reader], "问卷");
    (link.kind, link.body, link.signature) = (zhihui::domain::message::Kind::Link, String::new(), String::new());
    link.url = Some("https://survey.example.edu.cn/a?b=1".into());
    let link = site.test.sends(&sender, link).await.unwrap().id;
    site.test.settle().await;

    let mut browser = site.browser_of(&reader).await;
    let page = format!("/inbox/{id}");
    browser.get(&page).await.assert(200, &["确认承接"]);
    browser.post(&format!("{page}/action"), &[("action", "other")]).await.assert(422, &["没有“other”"]);
    browser.post(&format!("{page}/action"), &[("action", "confirm")]).await.assert(303, &[]);
    browser.get(&page).await.assert(200, &["已回执：确认承接"]);

    let followed = browser.get(&format!("/inbox/{link}/open")).await.assert(303, &[]);
    assert_eq!(followed.leads_to(), "https://survey.example.edu.cn/a?b=1");
    browser.get("/inbox").await.assert(200, &["其中 0 条未读"]);
    site.test.end().await;
}

#[tokio::test]
async fn no_search_is_a_pattern_or_an_error() {
    let (mut site, sender, reader) = Site::of_two().await;
    site.test.sends(&sender, to(&[&reader], "关于𠮷祥路停水的通知")).await.unwrap();
    site.test.settle().await;
    let mut browser = site.browser_of(&reader).await;
    let long = "停".repeat(1_000);
    for nothing in ["%", "_", "'", "\"", "\\", "%%", "' or 1=1 --", "請", "Ａ", "x", long.as_str()] {
        let query: String = url::form_urlencoded::byte_serialize(nothing.as_bytes()).collect();
        for page in ["/inbox", "/outbox"] {
            let found = browser.get(&format!("{page}?q={query}")).await.assert(200, &[]);
            assert!(!found.has("祥路停水"), "{nothing} found it on {page}");
        }
    }
    browser.get("/inbox?q=%F0%A0%AE%B7%E7%A5%A5").await.assert(200, &["祥路停水"]);
    site.test.end().await;
}

/// Somebody who never tidied: his inbox is counted to ten thousand, and searched a thousand lines at a time.
#[tokio::test]
async fn a_heap_is_counted_so_far_and_searched_bit_by_bit() {
    let site = Site::start().await;
    let crowd = Crowd { readers: 1, people: 1, heap: 10_050, until: morning() };
    let profile =
        |number| Profile { id: crowd::person(number), ..Profile::of(&number.to_string(), "王敏", "student") };
    let mut tx = site.test.db.begin().await.unwrap();
    people::insert_many(&mut tx, &[profile(1), profile(2)], morning()).await.unwrap();
    tx.commit().await.unwrap();
    crowd::fill(&site.test.db, &crowd).await.unwrap();

    let last = Actor { id: crowd::person(crowd.last()), account: "2".to_owned(), phone: String::new() };
    let mut browser = site.browser_of(&last).await;
    let page = browser.get("/inbox").await;
    page.assert(200, &["10,000 条以上，最近 10,000 条中 10,000 条未读", ">99+</small>"]).lacks(&["共 10"]);

    // The nth of the messages has its number in its title; this one is in the second thousand.
    let number = crowd.messages() + 1 + crowd.heap - 1_500;
    let page = browser.get(&format!("/inbox?q=%20{number}")).await;
    let page = page.assert(200, &["没有找到相关消息", "已查找 1,000 条，还有更早的消息没有查找"]);
    assert!(!page.has("data-id="));
    let on = |page: &super::browser::Page| {
        let address = page.body.split("<p class=\"older\"><a class=\"btn\" href=\"").nth(1).unwrap();
        address.split('"').next().unwrap().replace("&amp;", "&")
    };
    let page = browser.get(&on(&page)).await.assert(200, &[&format!(" {number}<"), "data-id="]);
    let page = browser.get(&on(&page)).await.assert(200, &["没有找到相关消息"]);
    assert!(page.has("继续查找更早的"));
    site.test.close().await;
}

/// MI-08
#[tokio::test]
async fn each_of_the_six_signs_says_what_it_means() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut ids = Vec::new();
    for (title, asks, has_file) in [
        ("甲", false, false),
        ("乙", true, false),
        ("丙", true, false),
        ("丁", true, false),
        ("戊", false, false),
        ("己", true, true),
    ] {
        let mut draft = to(&[&reader], title);
        draft.receipt = asks.then(|| ReceiptRequest { options: vec!["参加".into()], due_at: None });
        let bytes = b"%PDF-1.7 agenda".to_vec();
        let file = AttachedFile { name: "安排.pdf".into(), bytes, media_type: "application/pdf".into() };
        draft.attachments.extend(has_file.then_some(file));
        ids.push(site.test.sends(&sender, draft).await.unwrap().id);
    }
    site.test.settle().await;
    let mut browser = site.browser_of(&reader).await;
    browser.post(&format!("/inbox/{}/receipt", ids[2]), &[("option", "参加")]).await.assert(303, &[]);
    for read in [ids[3], ids[4]] {
        browser.get(&format!("/inbox/{read}")).await.assert(200, &[]);
    }
    let list = browser.get("/inbox").await.assert(200, &["共 6 条，其中 3 条未读"]);
    for (title, shown) in [
        ("甲", vec!["unread 未读无需回执"]),
        ("乙", vec!["unread-receipt 未读需回执"]),
        ("丙", vec!["read-answered 已读已回执"]),
        ("丁", vec!["read-unanswered 已读未回执"]),
        ("戊", vec!["read 已读无需回执"]),
        ("己", vec!["clip 附件", "unread-receipt 未读需回执"]),
    ] {
        assert_eq!(signs(&list.body, title), shown, "{title}");
    }
    site.test.end().await;
}

/// The signs of a line of the list: the drawing, and the words when one points at it, which are
/// those that are read aloud.
fn signs(list: &str, title: &str) -> Vec<String> {
    let row = list.split("<li class=\"row").find(|row| row.contains(&format!("<strong>{title}</strong>"))).unwrap();
    let between = |text: &str, before: &str, after: &str| {
        let rest = text.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {text}"));
        rest.split(after).next().unwrap().to_owned()
    };
    let sign = |sign: &str| {
        let words = between(sign, "title=\"", "\"");
        assert_eq!(between(sign, "class=\"sr\">", "<"), words);
        format!("{} {words}", between(sign, "#", "\""))
    };
    row.split("<span class=\"sign").skip(1).map(sign).collect()
}

//! From the form to the recipients: previewed, taken back in time, naming its readers, again and again.

use super::browser::{Page, Site};
use crate::support::count;

#[tokio::test]
async fn a_preview_goes_to_its_writer_over_every_channel_of_the_rule_and_is_no_message_of_his() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let typed = [("kind", "content"), ("title", "停水"), ("body", "明日九点"), ("signature", "后勤处")];
    let typed = [&typed[..], &[("do", "preview"), ("send_rule", "urgent"), ("department", "office")]].concat();
    let page = browser.upload("/compose", &typed, &[("图.pdf", b"%PDF-1.7")]).await;
    // Led away from what was posted, so that going back and reloading preview nothing.
    let draft = page.assert(303, &[]).leads_to().to_owned();
    let page = browser.get(&draft).await;
    page.assert(200, &["预览已发给您本人", "停水", "图.pdf", "value=\"office\" checked"]);
    site.test.settle().await;
    let to_me = ["dingtalk", "sms", "voice"].map(|channel| format!("{channel} {}", sender.phone));
    assert_eq!(site.test.sent(), to_me);
    browser.get("/inbox").await.assert(200, &["共 1 条", "【预览】停水", "wang"]);
    site.browser_of(&reader).await.get("/inbox").await.assert(200, &["共 0 条"]);
    // In the outbox there is the draft, and nothing else.
    browser.get("/outbox").await.assert(200, &[]).lacks(&["停水"]);
    browser.get("/outbox?state=draft").await.assert(200, &["停水"]);
    let counted = "select count(*) from audit where verb = 'message.preview'";
    assert_eq!(count(&site.test.db, counted).await, 1);
    // It costs text messages and calls: not without end.
    for _ in 1..10 {
        browser.post("/compose", &typed).await.assert(303, &[]);
    }
    browser.post("/compose", &typed).await.assert(429, &["10 分钟内最多预览 10 次", "明日九点"]);
    // What could not be sent is not previewed either.
    browser
        .post("/compose", &[("do", "preview"), ("kind", "content"), ("body", "b")])
        .await
        .assert(422, &["id=\"e-title\""]);
    site.test.end().await;
}

#[tokio::test]
async fn what_was_just_sent_is_taken_back_before_anybody_has_it() {
    let (mut site, sender, reader) = Site::with_undo(5).await;
    let mut browser = site.browser_of(&sender).await;
    let typed = [("do", "send"), ("kind", "content"), ("title", "停水"), ("body", "明日九点"), ("person", "li")];
    let sent = browser.post("/compose", &typed).await.assert(303, &[]).leads_to().to_owned();
    site.test.settle().await;
    browser.get(&sent).await.assert(200, &["消息将在 5 秒后发出", "撤销"]);
    let id: String = sent.trim_start_matches("/outbox/").chars().take(36).collect();
    let back = browser.post(&format!("/outbox/{id}/recall"), &[("undo", "1"), ("edit", "1")]).await.assert(303, &[]);
    let again = browser.get(back.leads_to()).await;
    let again =
        again.assert(200, &["已撤销，消息没有发出", "明日九点", "value=\"now\" checked", "value=\"li\" checked"]);
    // It is a draft as before, and nothing was ever recalled from anybody.
    browser.get("/outbox?state=recalled").await.assert(200, &[]).lacks(&["停水"]);
    browser.get("/outbox?state=draft").await.assert(200, &["停水"]);
    browser.get("/recycle").await.assert(200, &[]).lacks(&["停水"]);
    // It can be sent as it stands, and was never a first version.
    let draft = again.body.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_ne!(draft, id);
    let once_more = [&typed[..], &[("id", &draft), ("when", "now")]].concat();
    let sent = browser.post("/compose", &once_more).await.assert(303, &[]).leads_to().to_owned();
    let id: String = sent.trim_start_matches("/outbox/").chars().take(36).collect();
    browser.get(&format!("/outbox/{id}")).await.assert(200, &["停水"]).lacks(&["第 2 版"]);
    browser.post(&format!("/outbox/{id}/recall"), &[("undo", "1")]).await.assert(303, &[]);
    site.test.after(chrono::Duration::seconds(6)).await;
    site.browser_of(&reader).await.get("/inbox").await.assert(200, &["共 0 条"]);

    let sent = browser.post("/compose", &typed).await.assert(303, &[]).leads_to().to_owned();
    site.test.after(chrono::Duration::seconds(6)).await;
    browser.get(&sent).await.assert(200, &["已发送"]).lacks(&["秒后发出"]);
    site.browser_of(&reader).await.get("/inbox").await.assert(200, &["共 1 条", "停水"]);
    // Too late to undo, it is recalled, and that is what is said.
    let id: String = sent.trim_start_matches("/outbox/").chars().take(36).collect();
    let back = browser.post(&format!("/outbox/{id}/recall"), &[("undo", "1"), ("edit", "1")]).await.assert(303, &[]);
    browser.get(back.leads_to()).await.assert(200, &["已撤回，接收人无法再查看"]);
    site.test.end().await;
}

#[tokio::test]
async fn a_text_names_its_reader_in_the_list_the_letter_and_the_bin() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    browser.get("/compose").await.assert(200, &["data-insert=\"{{姓名}}\"", "data-insert=\"{{部门}}\""]);
    let typed = [("do", "send"), ("kind", "content"), ("title", "{{姓名}}，请参加"), ("body", "{{部门}}：九点")];
    let typed = [&typed[..], &[("person", "li"), ("person", "wang")]].concat();
    let page = browser.post("/compose", &typed).await.assert(303, &[]).leads_to().to_owned();
    site.test.settle().await;
    // Its sender sees what he wrote; every reader sees himself.
    let chip = |word| format!("<em class=\"tag plain blank\">〔{word}〕</em>");
    let texts = [format!("<h1>{}，请参加</h1>", chip("姓名")), format!("{}：九点", chip("部门"))];
    browser.get(&page).await.assert(200, &[&texts[0], &texts[1], "<title>〔姓名〕，请参加"]).lacks(&["{{"]);
    browser.get("/outbox").await.assert(200, &["〔姓名〕，请参加"]).lacks(&["{{"]);
    for person in [&sender, &reader] {
        let mut browser = site.browser_of(person).await;
        let named = format!("{}，请参加", person.account);
        let list = browser.get("/inbox").await.assert(200, &[&named, "office：九点"]).lacks(&["{{"]);
        let id = list.body.split("data-id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        browser.get(&format!("/inbox/{id}")).await.assert(200, &[&named, "office：九点"]).lacks(&["{{"]);
        browser.get("/").await.assert(200, &[&named]).lacks(&["{{"]);
        browser.post("/inbox/bulk", &[("do", "delete"), ("id", &id)]).await.assert(303, &[]);
        browser.get("/recycle").await.assert(200, &[&named]).lacks(&["{{"]);
    }
    let wrong = [("do", "send"), ("kind", "content"), ("title", "会议"), ("body", "{{手机号}}"), ("person", "li")];
    browser.post("/compose", &wrong).await.assert(422, &["还有 1 处未填写：{{手机号}}，未发送"]);
    site.test.end().await;
}

#[tokio::test]
async fn a_message_is_sent_again_and_again_until_it_is_stopped() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let weekly = [("when", "series"), ("every", "week"), ("weekday", "Mon"), ("run_at", "08:00"), ("run_until", "")];
    let asked = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(weekly).finish();
    browser
        .get(&format!("/compose/runs?{asked}"))
        .await
        .assert(200, &["2026-11-23 08:00", "2026-11-30 08:00", "2026-12-21 08:00"])
        .lacks(&["2026-12-28", "<html"]);
    browser.get("/compose/runs?every=week&run_at=08:00").await.assert(200, &["请选择每周的哪几天"]);
    let typed = [("kind", "content"), ("title", "例会"), ("body", "九点"), ("person", "li")];
    let wrong = [&typed[..], &weekly[..2], &[("do", "send"), ("run_at", "08:00")]].concat();
    browser.post("/compose", &wrong).await.assert(422, &["请选择每周的哪几天", "value=\"week\" selected", "例会"]);
    // A draft keeps how often.
    let draft = [&typed[..], &weekly, &[("do", "draft")]].concat();
    let kept = browser.post("/compose", &draft).await.assert(303, &[]);
    let list = browser.get(kept.leads_to()).await.assert(200, &[]);
    let address = list.body.split("href=\"/compose/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = browser.get(&format!("/compose/{address}")).await;
    page.assert(
        200,
        &["value=\"Mon\" checked", "value=\"series\" data-shows=\"#repeating\" checked", "value=\"08:00\""],
    );

    let sent = [&typed[..], &weekly, &[("do", "send"), ("id", &address)]].concat();
    let sent = browser.post("/compose", &sent).await.assert(303, &[]).leads_to().to_owned();
    browser.get(&sent).await.assert(200, &["周期发送", "2026-11-23 08:00", "2026-12-21 08:00", "停止周期"]);
    site.test.after(chrono::Duration::hours(70)).await;
    let mut browser = site.browser_of(&sender).await;
    site.browser_of(&reader).await.get("/inbox").await.assert(200, &["共 1 条", "例会"]);
    browser.get("/outbox?state=scheduled").await.assert(200, &["例会"]);
    let id: String = sent.trim_start_matches("/outbox/").chars().take(36).collect();
    let stop = format!("/outbox/{id}/stop");
    site.browser_of(&reader).await.post(&stop, &[]).await.assert(404, &[]);
    let stopped = browser.post(&stop, &[]).await.assert(303, &[]);
    browser.get(stopped.leads_to()).await.assert(200, &["周期已停止", "已停止"]).lacks(&["接下来"]);
    browser.post(&stop, &[]).await.assert(409, &["周期发送已经停止"]);
    browser.get("/outbox?state=scheduled").await.assert(200, &[]).lacks(&["例会"]);
    site.test.end().await;
}

#[tokio::test]
async fn a_run_that_is_written_anew_as_a_series_stands_for_all_to_come() {
    let (mut site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let weekly = [("when", "series"), ("every", "week"), ("weekday", "Mon"), ("run_at", "08:00"), ("run_until", "")];
    let typed = [("do", "send"), ("kind", "content"), ("title", "例会"), ("body", "九点"), ("person", "li")];
    let sent = browser.post("/compose", &[&typed[..], &weekly].concat()).await.assert(303, &[]).leads_to().to_owned();
    assert!(sent.contains("done=scheduled"), "{sent}");
    let first: String = sent.trim_start_matches("/outbox/").chars().take(36).collect();
    site.test.after(chrono::Duration::hours(70)).await;
    let mut browser = site.browser_of(&sender).await;
    browser.post(&format!("/outbox/{first}/recall"), &[]).await.assert(303, &[]);
    let page = browser.get(&format!("/compose/{first}")).await;
    page.assert(200, &[r#"value="Mon" checked"#, r#"value="08:00""#, "代替以后各期", r#"name="run_of""#]);
    let open = "select count(*) from series where ended_at is null";
    // As one message it stands for that run alone.
    let alone = [&typed[..], &[("when", "now"), ("id", &first)]].concat();
    browser.post("/compose", &alone).await.assert(303, &[]);
    assert_eq!(count(&site.test.db, open).await, 1);
    let anew = [&typed[..], &weekly, &[("id", &first)]].concat();
    browser.post("/compose", &anew).await.assert(303, &[]);
    assert_eq!(count(&site.test.db, open).await, 1, "the new one in the place of the old one");
    assert_eq!(count(&site.test.db, "select count(*) from message where state = 'scheduled'").await, 1);
    assert_eq!(count(&site.test.db, "select count(*) from audit where verb = 'series.stop'").await, 1);
    site.test.settle().await;
    site.test.end().await;
}

/// Recalled before anybody had it, kept as a draft in between, opened again, and sent as a series.
#[tokio::test]
async fn a_run_that_nobody_had_yet_is_replaced_with_its_series_too() {
    let (mut site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let weekly = [("when", "series"), ("every", "week"), ("weekday", "Mon"), ("run_at", "08:00"), ("run_until", "")];
    let typed = [("kind", "content"), ("title", "例会"), ("body", "九点"), ("person", "li")];
    let send = [&[("do", "send")], &typed[..], &weekly].concat();
    let sent = browser.post("/compose", &send).await.assert(303, &[]).leads_to().to_owned();
    let first: String = sent.trim_start_matches("/outbox/").chars().take(36).collect();
    browser.post(&format!("/outbox/{first}/recall"), &[("edit", "1")]).await.assert(303, &[]);
    browser.get(&format!("/compose/{first}")).await.assert(200, &["代替以后各期", r#"value="Mon" checked"#]);
    // It saves itself: a draft of its own, as a matter of course.
    let save = [&[("do", "draft"), ("id", first.as_str()), ("run_of", &first)], &typed[..], &weekly].concat();
    let kept = browser.upload_part("compose_files", "/compose", &save, &[]).await.assert(200, &[]).lacks(&["另一窗口"]);
    let draft = kept.body.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let run_of = format!("name=\"run_of\" value=\"{first}\"");
    browser.get(&format!("/compose/{draft}")).await.assert(200, &["代替以后各期", &run_of]);
    let anew = [&[("do", "send"), ("id", draft.as_str()), ("run_of", &first)], &typed[..], &weekly].concat();
    browser.post("/compose", &anew).await.assert(303, &[]);
    let open = "select count(*) from series where ended_at is null";
    assert_eq!(count(&site.test.db, open).await, 1, "the new one in the place of the old one");
    site.test.after(chrono::Duration::days(4)).await;
    assert_eq!(count(&site.test.db, "select count(*) from inbox").await, 1, "on Monday it comes once");
    site.test.end().await;
}

#[tokio::test]
async fn a_link_is_written_waits_for_its_time_and_counts_who_follows_it() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let typed = [
        ("do", "send"),
        ("kind", "link"),
        ("title", "满意度问卷"),
        ("url", "https://survey.example.edu.cn/a"),
        ("body", "链接没有内容"),
        ("signature", "也没有落款"),
        ("receipt", "1"),
        ("option", "收到"),
        ("person", "li"),
        ("when", "at"),
        ("send_at", "2026-11-20T10:30"),
    ];
    let sent = browser.post("/compose", &typed).await.assert(303, &[]).leads_to().to_owned();
    browser.get("/outbox?state=scheduled").await.assert(200, &["满意度问卷"]);
    site.test.after_minutes(29).await;
    site.browser_of(&reader).await.get("/inbox").await.assert(200, &["共 0 条"]);
    site.test.after_minutes(1).await;
    let mut there = site.browser_of(&reader).await;
    let list = there.get("/inbox").await.assert(200, &["满意度问卷", "未读无需回执"]);
    let id = list.body.split("data-id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let followed = there.get(&format!("/inbox/{id}/open")).await.assert(303, &[]);
    assert_eq!(followed.leads_to(), "https://survey.example.edu.cn/a");
    let page = site
        .browser_of(&sender)
        .await
        .get(&sent)
        .await
        .assert(200, &["满意度问卷"])
        .lacks(&["链接没有内容", "也没有落款"]);
    let read = page.body.split("已查看").nth(1).unwrap();
    assert!(read.split("</b>").next().unwrap().ends_with('1'), "{read}");
    site.test.end().await;
}

/// MC-07: on no page on its way is what somebody typed taken for markup, and all of it arrives.
#[tokio::test]
async fn what_is_typed_arrives_as_text_and_never_as_markup() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut writes = site.browser_of(&sender).await;
    let typed = [
        ("kind", "content"),
        ("title", "<b>停水</b>\"><u>明日</u>{{姓名}}"),
        ("body", "<script>alert(1)</script>九点\r\n<img src=\"x\" onerror=\"alert(1)\">**请储水** & 1 < 2"),
        ("signature", "<i>后勤处</i>"),
        ("person", "li"),
    ];
    let markup = ["<b>停水", "<u>明日", "<script>alert", "<img src=\"x\"", "<i>后勤处", "<strong>请储水", "<em>请储水"];
    let title = "&lt;b&gt;停水&lt;/b&gt;&quot;&gt;&lt;u&gt;明日&lt;/u&gt;";
    let first = "&lt;script&gt;alert(1)&lt;/script&gt;九点";
    let second = "&lt;img src=&quot;x&quot; onerror=&quot;alert(1)&quot;&gt;**请储水** & 1 &lt; 2";
    let (first_line, second_line) = (format!("<p>{first}</p>"), format!("<p>{second}</p>"));
    let signature = "<p class=\"sign-off\">&lt;i&gt;后勤处&lt;/i&gt;<br>";

    let kept = writes.post("/compose", &[&typed[..], &[("do", "draft")]].concat()).await.assert(303, &[]);
    let list = writes.get(kept.leads_to()).await.assert(200, &[title]).lacks(&markup);
    let id = list.body.split("href=\"/compose/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = writes.get(&format!("/compose/{id}")).await.assert(200, &[&format!("value=\"{title}"), first, second]);
    form.assert(200, &["value=\"&lt;i&gt;后勤处&lt;/i&gt;\""]).lacks(&markup);
    let sent = [&typed[..], &[("do", "send"), ("id", &id)]].concat();
    let sent = writes.post("/compose", &sent).await.assert(303, &[]).leads_to().to_owned();
    site.test.settle().await;
    let letter = [title, &first_line, &second_line, signature];
    writes.get(&sent).await.assert(200, &letter).lacks(&markup);
    writes.get("/outbox").await.assert(200, &[title]).lacks(&markup);

    let mut reads = site.browser_of(&reader).await;
    reads.get("/").await.assert(200, &[title]).lacks(&markup);
    let list = reads.get("/inbox").await.assert(200, &[&format!("<strong>{title}li</strong>"), first]).lacks(&markup);
    let id = list.body.split("data-id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = format!("/inbox/{id}");
    reads.get(&page).await.assert(200, &letter).lacks(&markup);
    reads.get_part("reader", &page).await.assert(200, &letter).lacks(&markup);
    reads.post("/inbox/bulk", &[("do", "delete"), ("id", &id)]).await.assert(303, &[]);
    reads.get("/recycle").await.assert(200, &[title]).lacks(&markup);
    site.test.end().await;
}

/// MC-08: where it stands is its class; that this is at the right is seen in a browser.
#[tokio::test]
async fn a_free_signature_stands_under_the_letter_and_none_where_none_was_typed() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut writes = site.browser_of(&sender).await;
    for (title, signature) in [("署名的", "青溪大学 后勤处 敬上"), ("不署名的", "")] {
        let typed = [("do", "send"), ("kind", "content"), ("title", title), ("body", "九点"), ("person", "li")];
        writes.post("/compose", &[&typed[..], &[("signature", signature)]].concat()).await.assert(303, &[]);
    }
    site.test.settle().await;
    let mut reads = site.browser_of(&reader).await;
    let list = reads.get("/inbox").await.assert(200, &["共 2 条"]);
    let page = |title: &str| {
        let row = list.body.split("data-id=\"").find(|row| row.contains(&format!("<strong>{title}<"))).unwrap();
        format!("/inbox/{}", row.split('"').next().unwrap())
    };
    let (signed, plain) = (page("署名的"), page("不署名的"));
    reads.get(&signed).await.assert(200, &["九点</p></div>\n<p class=\"sign-off\">青溪大学 后勤处 敬上<br>"]);
    reads.get(&plain).await.assert(200, &["九点"]).lacks(&["sign-off", "office<br>"]);
    site.test.end().await;
}

/// What is charged is what is shown, and what is shown is what arrives.
#[tokio::test]
async fn the_forecast_shows_the_text_message_that_arrives() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let long = "字".repeat(120);
    let mut foreseen = String::new();
    for (title, folded) in [(long.as_str(), true), ("{{ 姓名 }}，停水", false), ("停水", false)] {
        let written = [("do", "check"), ("title", title), ("person", "li"), ("send_rule", "sms")];
        let page = browser.upload_part("forecast", "/compose", &written, &[]).await.assert(200, &[]);
        foreseen = text_message(&page).unwrap_or_else(|| panic!("{}", page.body));
        let units = foreseen.encode_utf16().count();
        let pieces = if units <= 70 { 1 } else { units.div_ceil(67) };
        let said = [format!("每人每次计 {pieces} 条"), format!("短信和电话最多 {pieces} 条次")];
        let page = page.assert(200, &[&said[0], &said[1]]);
        assert_eq!(page.has("<details class=\"more-list\" open>"), !folded, "{title}: {}", page.body);
        assert_eq!(page.has("姓名等按每位接收人填写"), title.contains("姓名"));
        assert_eq!(foreseen.contains("wang：{{姓名}}，停水。"), title.contains("姓名"), "{foreseen}");
    }
    let send = [("do", "send"), ("kind", "content"), ("title", "停水"), ("body", "明日九点"), ("send_rule", "sms")];
    browser.post("/compose", &[&send[..], &[("person", "li")]].concat()).await.assert(303, &[]);
    site.test.settle().await;
    assert_eq!(site.test.sent(), [format!("sms {}", reader.phone)]);
    let arrived = site.test.carrier.phone(&reader.phone).unwrap().items.remove(0);
    let arrived = format!("{} {}", arrived.text, arrived.link.unwrap());
    // Each message has a number of its own.
    assert_eq!(foreseen.rsplit_once('/').unwrap().0, arrived.rsplit_once('/').unwrap().0);
    assert_eq!(foreseen.len(), arrived.len());

    for other in [("send_rule", "inbox"), ("title", "")] {
        let written = [other, ("do", "check"), ("title", "停水"), ("person", "li"), ("send_rule", "sms")];
        let page = browser.upload_part("forecast", "/compose", &written, &[]).await.assert(200, &["人将收到"]);
        assert_eq!(text_message(&page), None, "there is none, or its words are not known yet");
    }
    site.test.end().await;
}

fn text_message(page: &Page) -> Option<String> {
    let text = page.body.split("class=\"sms-text\">").nth(1)?;
    Some(text.split("</p>").next()?.to_owned())
}

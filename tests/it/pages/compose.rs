//! 写消息: one set of rules with the API, everything typed comes back, a double click sends once.

use zhihui::storage::{
    assignments::{self, Assignment},
    audit,
    people::{self, Profile},
};

use super::browser::{Browser, Page, Site};
use crate::support::people::to;

fn key(page: &Page) -> String {
    page.body.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_written_reaches_whom_it_is_for_once() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let library = site.test.department("library", Some(office)).await;
    let sender = site.test.member("wang", office).await;
    let reader = site.test.member("li", library).await;
    let mut browser = site.browser_of(&sender).await;
    let empty = browser.get("/compose").await.assert(200, &["value=\"library\"", "name=\"send_rule\" value=\"inbox\""]);
    assert!(empty.has("name=\"signature\" data-max=\"30\" value=\"office\""), "signed by the sender's department");
    assert!(empty.has("name=\"option\" value=\"\" maxlength=\"20\""), "as long as an option may be");
    let key = key(&empty);
    let typed = |title| {
        vec![
            ("do", "send"),
            ("key", key.as_str()),
            ("kind", "content"),
            ("title", title),
            ("body", "第一段\r\n第二段"),
            ("signature", "教务处"),
            ("accounts", "wang，li"),
            ("department", "library"),
            ("send_rule", "dingtalk"),
            ("receipt", "1"),
            ("option", "参加"),
            ("option", ""),
            ("when", "now"),
        ]
    };
    browser
        .post("/compose", &typed(""))
        .await
        .assert(422, &["第一段", "data-refused", "id=\"e-title\"", "wang，li", "value=\"library\" checked", &key]);
    let mut late = typed("会议");
    late.extend([("when", "now")]);
    late.iter_mut().for_each(|field| {
        if field.0 == "when" {
            field.1 = "at"
        }
    });
    late.push(("send_at", "2020-01-01T08:00"));
    browser.post("/compose", &late).await.assert(422, &["已过，请选择", "value=\"2020-01-01T08:00\""]);

    let wrong = browser.post("/compose", &typed("{姓名}，会议")).await;
    wrong.assert(422, &["{姓名} 应写成 {{姓名}}"]);
    let sent = browser.post("/compose", &typed("会议")).await.assert(303, &[]);
    let twice = browser.post("/compose", &typed("会议")).await.assert(303, &[]);
    assert_eq!(sent.leads_to(), twice.leads_to());
    site.test.settle().await;
    browser.get(sent.leads_to()).await.assert(200, &["消息已发送给 2 人", "第二段"]);
    site.browser_of(&reader).await.get("/inbox").await.assert(200, &["共 1 条", "会议"]);
    let other = browser.post("/compose", &typed("另一条")).await.assert(422, &["该幂等键已用于另一请求"]);
    assert_ne!(self::key(&other), key);
    browser
        .post(
            "/compose",
            &[("do", "send"), ("kind", "link"), ("title", "问卷"), ("url", "javascript:alert(1)"), ("accounts", "li")],
        )
        .await
        .assert(422, &["id=\"e-url\""]);
    site.test.end().await;
}

#[tokio::test]
async fn what_was_recalled_is_written_again_and_what_is_out_is_not() {
    let (mut site, sender, reader) = Site::of_two().await;
    let id = site.test.sends(&sender, to(&[&reader], "通知")).await.unwrap().id;
    site.test.settle().await;
    let mut browser = site.browser_of(&sender).await;
    let again = format!("/compose/{id}");
    browser.get(&again).await.assert(409, &["请先撤回"]);
    let on = browser.post(&format!("/outbox/{id}/recall"), &[("edit", "1")]).await.assert(303, &[]);
    assert_eq!(on.leads_to(), format!("{again}?done=recalled"));
    browser.get(on.leads_to()).await.assert(
        200,
        &["已撤回，接收人无法再查看", "value=\"通知\"", "请准时参加。", "name=\"person\" value=\"li\" checked"],
    );
    site.test.end().await;
}

#[tokio::test]
async fn a_draft_waits_for_its_writer_and_is_gone_when_it_is_sent() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let mut browser = site.browser_of(&sender).await;
    let typed = [("kind", "content"), ("title", ""), ("body", "写到一半"), ("accounts", "li"), ("receipt", "1")];
    browser.post("/compose", &typed).await.assert(422, &[]);
    let draft = [&typed[..], &[("do", "draft"), ("department", "office"), ("option", "参加")]].concat();
    let kept = browser.post("/compose", &draft).await.assert(303, &[]);
    let list = browser.get(kept.leads_to()).await.assert(200, &["草稿已保存", "/compose/"]);
    let address = list.body.split("href=\"/compose/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let again = format!("/compose/{address}");
    browser.get(&again).await.assert(200, &["写到一半", "value=\"office\" checked", "value=\"参加\""]);

    // what could never be sent is not kept either, and stays in the form
    let (title, body) = ("长".repeat(201), "长".repeat(10_001));
    for (name, value, words) in [
        ("title", title.as_str(), "标题最多 200 字，当前 201 字"),
        ("body", body.as_str(), "内容最多 10000 字，当前 10001 字"),
        ("signature", &title[..93], "落款最多 30 字，当前 31 字"),
        ("url", title.as_str(), "链接地址最多 200 字，当前 201 字"),
    ] {
        let long = [("do", "draft"), ("id", address.as_str()), (name, value)];
        browser.post("/compose", &long).await.assert(422, &[words, value]);
    }
    browser.get(&again).await.assert(200, &["写到一半"]);

    // nobody else's, and nothing has gone out
    let stranger = site.test.member("zhao", office).await;
    site.browser_of(&stranger).await.get(&again).await.assert(404, &[]);
    let steal = [&draft[..], &[("id", address.as_str())]].concat();
    site.browser_of(&stranger).await.post("/compose", &steal).await.assert(303, &[]);
    browser.get(&again).await.assert(200, &["写到一半"]);

    let more = [("id", address.as_str()), ("do", "send"), ("kind", "content"), ("title", "值班表"), ("body", "b")];
    let more = [&more[..], &[("accounts", "zhao")]].concat();
    browser.post("/compose", &more).await.assert(303, &[]);
    browser.get(&again).await.assert(404, &[]);
    browser.get("/outbox?state=draft").await.assert(200, &["没有草稿"]);
    let mut tx = site.test.db.read().await.unwrap();
    let noted = audit::list_of(&mut tx, &format!("message:{address}"), 10).await.unwrap();
    let verbs: Vec<_> = noted.iter().map(|entry| entry.verb.as_str()).collect();
    assert_eq!(verbs, ["message.draft", "message.discard"]);
    drop(tx);
    site.test.end().await;
}

#[tokio::test]
async fn whom_it_reaches_and_who_must_consent_is_said_before_it_is_sent() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let mut browser = site.browser_of(&staff[0]).await;
    let typed = [("do", "check"), ("title", "值班安排"), ("body", "写到一半"), ("send_rule", "sms")];
    let few = [&typed[..], &[("accounts", "p1，p2，p1")]].concat();
    let page = browser.post("/compose", &few).await.assert(200, &["写到一半", "value=\"值班安排\"", "p1，p2，p1"]);
    assert!(page.has("2<small>人将收到") && page.has("已去除重复 1 人次") && page.has("最多 4 条次"), "{}", page.body);
    assert!(page.has("无需审批，") && page.has("<span>发送</span>"));

    let many = [&typed[..], &[("department", "office")]].concat();
    let page = browser.post("/compose", &many).await.assert(200, &["61<small>人将收到", "<span>提交审批</span>"]);
    assert!(page.has("按“部门群发”规则，1 人可以审批") && page.has("value=\"office\" checked"), "{}", page.body);
    // nothing to say it about
    browser.post("/compose", &typed).await.assert(200, &["field-wrong", "写到一半"]);

    // a script gets the part alone
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&many).finish();
    let request = axum::http::Request::post("/compose")
        .header("x-fragment", "forecast")
        .header("x-csrf", browser.csrf.clone())
        .header("content-type", "application/x-www-form-urlencoded");
    let part = browser.send(request, form.into()).await.assert(200, &["61<small>人将收到"]);
    assert!(!part.has("<html"));
    // and nothing was written
    let list = browser.get("/outbox?state=draft").await;
    assert!(list.has("没有草稿") && !browser.get("/outbox?state=pending").await.has("值班安排"));
    site.test.end().await;
}

#[tokio::test]
async fn a_rule_that_would_reach_only_the_inbox_is_shown_and_cannot_be_chosen() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let page = site.browser_of(&sender).await.get("/compose").await.assert(200, &["邮件<small>未配置</small>"]);
    let rule = |name: &str| {
        let after = page.body.split(&format!("value=\"{name}\" required")).nth(1).unwrap();
        after.split('>').next().unwrap().trim().to_owned()
    };
    assert_eq!([rule("email"), rule("sms"), rule("inbox")], ["disabled", "", "checked"]);
    site.test.end().await;
}

#[tokio::test]
async fn a_forecast_counts_every_department_and_charges_for_nobody_without_a_phone() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    for nth in 0..60 {
        let unit = site.test.department(&format!("unit{nth}"), Some(office)).await;
        site.test.member(&format!("member{nth}"), unit).await;
    }
    let mut tx = site.test.db.begin().await.unwrap();
    let quiet = Profile::of("quiet", "quiet", "staff");
    people::insert_many(&mut tx, &[quiet], site.test.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let mut browser = site.browser_of(&sender).await;
    let mut asks = async |fields: &[(&str, &str)]| {
        let typed = [&[("do", "check"), ("title", "停水"), ("body", "明日"), ("send_rule", "urgent")], fields].concat();
        browser.post("/compose", &typed).await
    };
    // 61 departments, eight of them by name; an SMS of two pieces and a call for each of 61 people
    let all = asks(&[("department", "office"), ("accounts", "quiet")]).await;
    all.assert(200, &["其余 53 个部门 53 人", "短信和电话最多 183 条次", "1 人没有手机号"]);
    asks(&[("accounts", "quiet")]).await.assert(200, &["1 人没有手机号"]).lacks(&["短信和电话最多"]);
    site.test.end().await;
}

#[tokio::test]
async fn people_are_found_by_name_sound_account_and_phone_and_narrowed_down() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let library = site.test.department("library", Some(office)).await;
    let sender = site.test.member("wang", office).await;
    let mut tx = site.test.db.begin().await.unwrap();
    let student = Profile { grade: Some("2026".into()), ..Profile::of("s1", "叶知秋", "student") };
    let both = [student, Profile::of("t1", "陆安然", "staff")];
    people::insert_many(&mut tx, &both, site.test.clock.now()).await.unwrap();
    let post = |person: &Profile| Assignment {
        person_id: person.id,
        department_id: library,
        is_primary: true,
        is_head: false,
        position: 1,
    };
    assignments::insert_many(&mut tx, &both.each_ref().map(post)).await.unwrap();
    tx.commit().await.unwrap();
    let mut browser = site.browser_of(&sender).await;
    for (query, found, other) in [
        ("q=叶知", "叶知秋", "陆安然"),
        ("q=luan", "陆安然", "叶知秋"),
        ("q=yzq", "叶知秋", "陆安然"),
        ("q=t1", "陆安然", "叶知秋"),
        ("kind=student&grade=2026", "叶知秋", "陆安然"),
        ("department=library&kind=staff", "陆安然", "wang"),
    ] {
        browser.get(&format!("/compose/people?{query}")).await.assert(200, &[found]).lacks(&[other, "<html"]);
    }
    browser.get("/compose/people?department=nowhere").await.assert(404, &[]);
    browser.get("/compose/people?q=%25").await.assert(200, &["没有找到"]);
    site.test.end().await;
}

#[tokio::test]
async fn whom_it_is_for_is_picked_pasted_left_out_and_narrowed() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let library = site.test.department("library", Some(office)).await;
    let sender = site.test.member("wang", office).await;
    let [_, zhao] = [site.test.member("li", library).await, site.test.member("zhao", office).await];
    site.test.member("qian", office).await;
    let phone = zhao.phone.clone();
    let mut browser = site.browser_of(&sender).await;
    let count = async |browser: &mut Browser, fields: &[(&str, &str)]| {
        let typed = [&[("do", "check"), ("title", "停水"), ("body", "明日")], fields].concat();
        let page = browser.post("/compose", &typed).await.assert(200, &[]);
        let shown = page.body.split("bignum\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        (shown, page)
    };
    let (shown, page) = count(&mut browser, &[("person", "li"), ("person", "li"), ("accounts", &phone)]).await;
    assert_eq!(shown, "2", "one is picked twice, one comes by his phone number");
    page.assert(200, &["name=\"person\" value=\"li\" checked", &phone]);
    let all = [("department", "office"), ("except", "qian"), ("except_department", "library")];
    let (shown, page) = count(&mut browser, &all).await;
    assert_eq!(shown, "2", "wang and zhao");
    page.assert(
        200,
        &["name=\"except\" value=\"qian\" checked", "name=\"except_department\" value=\"library\" checked"],
    );
    let outside = [("outside_name", "李雷"), ("outside_phone", "13800138000"), ("outside_email", "")];
    let (shown, page) = count(&mut browser, &[&all[..], &outside].concat()).await;
    assert_eq!(shown, "3");
    page.assert(200, &["value=\"13800138000\""]);
    let narrowed = [&all[..], &[("filter_kind", "student")]].concat();
    let page = browser.post("/compose", &[&[("do", "check"), ("title", "停水")], &narrowed[..]].concat()).await;
    page.assert(200, &["均被筛选条件或排除项去除"]);

    // what could not be found is named whole, and everything stays
    let wrong = [("do", "send"), ("kind", "content"), ("title", "t"), ("body", "b"), ("person", "li")];
    let wrong = [&wrong[..], &[("accounts", "nobody，13900000001，li"), ("except", "qian")]].concat();
    let page = browser.post("/compose", &wrong).await;
    page.assert(422, &["没有找到的共 2 个：nobody、13900000001", "value=\"li\" checked", "value=\"qian\" checked"]);
    let bad = [("do", "send"), ("kind", "content"), ("title", "t"), ("body", "b"), ("outside_name", "李雷")];
    browser.post("/compose", &bad).await.assert(422, &["需填写手机号或邮箱", "value=\"李雷\""]);

    // a draft keeps all of it
    let draft = [&[("do", "draft"), ("title", "t"), ("person", "li"), ("filter_kind", "staff")], &all[..], &outside];
    let kept = browser.post("/compose", &draft.concat()).await.assert(303, &[]);
    let list = browser.get(kept.leads_to()).await.assert(200, &[]);
    let address = list.body.split("href=\"/compose/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = browser.get(&format!("/compose/{address}")).await.assert(200, &["value=\"13800138000\""]);
    for field in [
        "person\" value=\"li",
        "except\" value=\"qian",
        "except_department\" value=\"library",
        "filter_kind\" value=\"staff",
    ] {
        assert!(page.has(&format!("name=\"{field}\" checked")), "{field}: {}", page.body);
    }
    site.test.end().await;
}

/// MC-10
#[tokio::test]
async fn a_rule_shows_its_channels_and_delays_and_the_message_goes_out_by_the_chosen_one() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let form = browser.get("/compose").await.assert(200, &[]);
    let card = |rule: &str| form.body.split(&format!("name=\"send_rule\" value=\"{rule}\"")).nth(1).unwrap();
    let steps = ["站内", "钉钉", "5 分钟后短信", "10 分钟后电话"];
    assert_eq!(steps_in(card("urgent")), steps);
    assert!(card("urgent").split("</b>").next().unwrap().ends_with("<b>紧急"));
    assert_eq!(steps_in(card("dingtalk_then_sms")), ["站内", "钉钉", "30 分钟后短信"]);
    assert_eq!(steps_in(card("inbox")), ["站内"]);

    let typed = [("do", "send"), ("kind", "content"), ("title", "停水"), ("body", "明日九点"), ("person", "li")];
    let sent = browser.post("/compose", &[&typed[..], &[("send_rule", "urgent")]].concat()).await.assert(303, &[]);
    site.test.settle().await;
    let page = browser.get(sent.leads_to()).await.assert(200, &["<span>紧急</span>"]);
    assert_eq!(steps_in(page.body.split("<span>紧急</span>").nth(1).unwrap()), steps);
    for (minutes, channel) in [(0, Some("dingtalk")), (4, None), (1, Some("sms")), (4, None), (1, Some("voice"))] {
        site.test.after_minutes(minutes).await;
        let left: Vec<_> = channel.iter().map(|channel| format!("{channel} {}", reader.phone)).collect();
        assert_eq!(site.test.sent(), left);
    }
    site.test.end().await;
}

/// What is said of the steps of a rule, behind this place of a page.
fn steps_in(html: &str) -> Vec<String> {
    let steps = html.split("class=\"chs\">").nth(1).unwrap();
    let steps = steps.split("</em>").next().unwrap().split("</p>").next().unwrap().split("</span></span>");
    steps.filter_map(|step| step.rsplit_once("<span>")).map(|(_, words)| words.to_owned()).collect()
}

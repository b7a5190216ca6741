//! 审批箱: seeing exactly what will go out, deciding once.

use zhihui::{
    hub::{Source, people::register::Registration},
    storage::producers::{self, ProducerAudience, ProducerCategories},
};

use super::browser::{Browser, Site};
use crate::support::people::to_department;

#[tokio::test]
async fn an_approver_sees_what_goes_out_and_decides() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let first = site.test.sends(&staff[0], to_department("office", "放假安排")).await.unwrap();
    let second = site.test.sends(&staff[0], to_department("office", "值班安排")).await.unwrap();

    let mut outsider = site.browser_of(&staff[1]).await;
    outsider.get("/approvals").await.assert(404, &[]);
    let page = format!("/approvals/{}", first.approval.unwrap().id);
    outsider.get(&page).await.assert(404, &[]);
    outsider.post(&page, &[("do", "approve")]).await.assert(404, &[]);

    let mut browser = site.browser_of(&head).await;
    browser.get("/approvals").await.assert(200, &["放假安排", "值班安排", "61 人"]);
    let shown = browser.get(&page).await.assert(200, &["请准时参加。", "教职工", "部门群发", "name=\"hash\""]);
    let hash = shown.body.split("name=\"hash\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.post(&page, &[("do", "approve"), ("hash", "0123")]).await.assert(409, &["内容已被修改"]);
    browser.post(&page, &[("do", "reject"), ("hash", &hash)]).await.assert(422, &["请填写驳回原因"]);
    let agree = [("do", "approve"), ("hash", hash.as_str()), ("opinion", "同意")];
    let done = browser.post(&page, &agree).await.assert(303, &[]);
    browser.get(done.leads_to()).await.assert(200, &["role=\"status\"", "已同意，正在发给 61 人"]);
    browser.get("/approvals?state=done").await.assert(200, &["放假安排", "已同意"]);
    browser.get(&page).await.assert(200, &["zhang 已于", "意见：同意"]);
    browser.post(&page, &[("do", "approve"), ("hash", &hash)]).await.assert(409, &["zhang 已于"]);

    let page = format!("/approvals/{}", second.approval.unwrap().id);
    let shown = browser.get(&page).await;
    let hash = shown.body.split("name=\"hash\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let why = [("do", "reject"), ("hash", hash.as_str()), ("opinion", "请核对日期")];
    let done = browser.post(&page, &why).await.assert(303, &[]);
    browser.get(done.leads_to()).await.assert(200, &["已驳回，不会发给这 61 人"]);
    browser.get("/approvals?done=%3Cb%3E&count=9").await.assert(200, &["没有等您审批的消息"]);
    browser.get(&page).await.assert(200, &["请核对日期", "驳回"]);
    site.test.end().await;
}

#[tokio::test]
async fn somebody_who_reads_english_reads_what_the_hub_itself_wrote_in_english() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let mut draft = to_department("office", "放假安排");
    draft.send_rule = Some("urgent".into());
    draft.category = Some("safety".into());
    let id = site.test.sends(&staff[0], draft).await.unwrap().id;
    site.test.settle().await;
    let mut browser = site.browser_of(&head).await;
    browser.cookies.insert("lang".into(), "en".into());
    let asked = "For your approval: 放假安排";
    browser.get("/").await.assert(200, &[asked, "Zhihui"]);
    let list = browser.get("/inbox").await.assert(200, &[asked, ">Approval<", "asks to send “放假安排” to 61 people"]);
    let note = list.body.split("data-id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let rule = "by the rule “Mass message within the department” this needs your approval";
    browser.get(&format!("/inbox/{note}")).await.assert(200, &[asked, rule]);

    site.test.approves(&head).await.unwrap();
    site.test.settle().await;
    let mut browser = site.browser_of(&staff[0]).await;
    browser.cookies.insert("lang".into(), "en".into());
    browser.get("/inbox").await.assert(200, &["Approved: 放假安排", "was approved by zhang", ">Safety<"]);
    let page =
        browser.get(&format!("/outbox/{id}")).await.assert(200, &["Urgent", "Mass message within the department"]);
    assert!(!page.has("部门群发") && !page.has("紧急"));
    browser.get("/compose").await.assert(200, &["DingTalk, then SMS if unread"]);
    site.test.end().await;
}

/// Title and text of the newest message, in the language of the browser.
async fn newest(browser: &mut Browser) -> String {
    let list = browser.get("/inbox").await.assert(200, &[]);
    let id =
        list.body.split("href=\"/inbox/").find_map(|rest| rest.split(['"', '?']).next().filter(|id| id.len() == 36));
    let page = browser.get(&format!("/inbox/{}", id.expect("a message"))).await.assert(200, &[]);
    let letter =
        page.body.split("<article class=\"letter\"").nth(1).unwrap().split("</article>").next().unwrap().to_owned();
    for odd in ["（）", "()", "{", "}", "。。", "：。", "《》"] {
        assert!(!letter.contains(odd), "{odd} in {letter}");
    }
    letter
}

#[tokio::test]
async fn what_the_hub_writes_about_approvals_reads_as_somebody_would_say_it() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    site.test.grants_approver(&head).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let mut approver = site.browser_of(&head).await;
    let mut sender = site.browser_of(&staff[0]).await;
    let languages = |browser: &Browser| {
        let mut english = browser.clone();
        english.cookies.insert("lang".into(), "en".into());
        english
    };
    let (mut approver_en, mut sender_en) = (languages(&approver), languages(&sender));

    site.test.sends(&staff[0], to_department("office", "放假安排")).await.unwrap();
    site.test.settle().await;
    let asked = "p0（office）申请向 61 人发送《放假安排》，依据“部门群发”规则需要您审批。";
    assert!(newest(&mut approver).await.contains(asked));
    let asked = "p0 (office) asks to send “放假安排” to 61 people; by the rule “Mass message within the department” this needs your approval.";
    assert!(newest(&mut approver_en).await.contains(asked));
    site.test.approves(&head).await.unwrap();
    site.test.after_minutes(1).await;
    site.browser_of(&staff[1]).await.get("/inbox").await.assert(200, &["放假安排"]);
    let told = |letter: String, words: &str| assert!(letter.contains(words), "no “{words}” in {letter}");
    told(newest_about(&mut sender, "审批已通过：放假安排").await, "您提交的《放假安排》已通过，审批人：zhang。");
    told(newest_about(&mut sender_en, "Approved: 放假安排").await, "“放假安排” was approved by zhang.");

    site.test.sends(&staff[0], to_department("office", "值班安排")).await.unwrap();
    site.test.rejects(&head, "请核对日期。").await.unwrap();
    site.test.after_minutes(1).await;
    told(newest(&mut sender).await, "您提交的《值班安排》被驳回，审批人：zhang。意见：请核对日期。");
    told(newest(&mut sender_en).await, "“值班安排” was rejected by zhang: 请核对日期。");

    // a module belongs to no department
    let registration = Registration {
        name: "office-system".into(),
        label: Some("办公自动化系统".into()),
        audience: ProducerAudience { everyone: true, departments: Vec::new() },
        categories: ProducerCategories { any: true, names: Vec::new() },
        is_trusted: false,
    };
    site.test.register_producer(registration).await.unwrap();
    let mut tx = site.test.db.read().await.unwrap();
    let module = producers::find_by_amqp_user(&mut tx, "office-system").await.unwrap().unwrap();
    drop(tx);
    site.test.accept(&Source::Producer(module), None, [0; 32], to_department("office", "体检安排")).await.unwrap();
    site.test.settle().await;
    approver.get("/approvals").await.assert(200, &["<small>办公自动化系统</small>"]);
    told(newest(&mut approver).await, "办公自动化系统申请向 61 人发送《体检安排》，依据“模块群发”规则需要您审批。");
    told(
        newest(&mut approver_en).await,
        "办公自动化系统 asks to send “体检安排” to 61 people; by the rule “Mass message of a module” this needs your approval.",
    );
    site.test.end().await;
}

/// As [`newest`], of the message with this title.
async fn newest_about(browser: &mut Browser, title: &str) -> String {
    let list = browser.get("/inbox").await.assert(200, &[title]);
    let before = list.body.split(title).next().unwrap();
    let id = before.rsplit("data-id=\"").next().unwrap().split('"').next().unwrap();
    let page = browser.get(&format!("/inbox/{id}")).await.assert(200, &[title]);
    page.body.split("<article class=\"letter\"").nth(1).unwrap().split("</article>").next().unwrap().to_owned()
}

/// The hash that a page of one request sends back.
fn hash_of(page: &super::browser::Page) -> String {
    page.body.split("name=\"hash\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn somebody_stands_in_for_a_while_and_a_request_is_passed_on_in_the_browser() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let library = site.test.department("library", None).await;
    let (wei, luo) = (site.test.member("wei", library).await, site.test.member("luo", library).await);
    site.test.grants_approver(&wei).await;
    let first = site.test.sends(&staff[0], to_department("office", "放假安排")).await.unwrap().approval.unwrap().id;
    let second = site.test.sends(&staff[0], to_department("office", "值班安排")).await.unwrap().approval.unwrap().id;
    let mut browser = site.browser_of(&head).await;
    let mut deputy = site.browser_of(&luo).await;
    deputy.get("/approvals").await.assert(404, &[]);

    let change = "/approvals/delegations";
    browser
        .post(change, &[("do", "add"), ("to", "ghost"), ("until", "2026-11-21T18:00")])
        .await
        .assert(422, &["没有这个账号", "value=\"ghost\"", "value=\"2026-11-21T18:00\""]);
    browser
        .post(change, &[("do", "add"), ("to", "luo"), ("until", "2026-02-30T18:00")])
        .await
        .assert(422, &["不是有效日期"]);
    let added = [("do", "add"), ("to", "luo"), ("until", "2026-11-21T18:00")];
    let done = browser.post(change, &added).await.assert(303, &[]);
    let shown = browser.get(done.leads_to()).await.assert(200, &["已委派", "luo代您审批", "收回"]);
    browser.post(change, &added).await.assert(409, &["这段时间已有委派"]);
    deputy.get("/approvals").await.assert(200, &["您代zhang审批", "放假安排", "值班安排"]);
    let page = format!("/approvals/{first}");
    let asked = deputy.get(&page).await.assert(200, &["您代zhang审批", "请准时参加。"]);
    let agree =
        [("do", "approve"), ("hash", &hash_of(&asked)), ("opinion", "代为同意")].map(|(a, b)| (a, b.to_owned()));
    let agree = agree.each_ref().map(|(name, value)| (*name, value.as_str()));
    deputy.post(&page, &agree).await.assert(303, &[]);
    browser.get(&page).await.assert(200, &["luo（代zhang） 已于", "意见：代为同意"]);
    site.test.settle().await;
    site.browser_of(&staff[0]).await.get("/inbox").await.assert(200, &["审批已通过：放假安排"]);

    let id = shown.body.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let done = browser.post(change, &[("do", "end"), ("id", &id)]).await.assert(303, &[]);
    browser.get(done.leads_to()).await.assert(200, &["已收回委派"]);
    deputy.get(&format!("/approvals/{second}")).await.assert(404, &[]);

    let page = format!("/approvals/{second}");
    let hash = hash_of(&browser.get(&page).await.assert(200, &["转办给其他审批人", "wei"]));
    let give = |to: &'static str| [("to", to), ("hash", hash.as_str()), ("opinion", "请您定")];
    let refused = browser.post(&format!("{page}/transfer"), &give("p0")).await;
    refused.assert(422, &["不能转办给发送人本人", "value=\"p0\""]);
    let done = browser.post(&format!("{page}/transfer"), &give("wei")).await.assert(303, &[]);
    browser.get(done.leads_to()).await.assert(200, &["已转办"]);
    browser.get(&page).await.assert(200, &["转办给 wei", "请您定"]).lacks(&["name=\"do\" value=\"approve\""]);
    site.browser_of(&wei).await.get("/approvals").await.assert(200, &["值班安排"]);
    let mut sender = site.browser_of(&staff[0]).await;
    let list = sender.get("/outbox?state=pending").await.assert(200, &["值班安排"]);
    let own = list.body.split("/outbox/").find(|rest| rest.contains("值班安排")).unwrap()[..36].to_owned();
    sender.get(&format!("/outbox/{own}")).await.assert(200, &["转办给 wei", "起等待"]);
    site.test.end().await;
}

#[tokio::test]
async fn what_comes_back_from_its_sender_shows_what_has_changed_since_it_was_returned() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let library = site.test.department("library", None).await;
    site.test.members(&["wei", "luo"], library, false).await;
    let first = site.test.sends(&staff[0], to_department("office", "放假安排")).await.unwrap();
    let page = format!("/approvals/{}", first.approval.unwrap().id);
    let mut approver = site.browser_of(&head).await;
    let shown = approver.get(&page).await.assert(200, &["退回"]).lacks(&["修改了什么"]);
    let hash = hash_of(&shown);
    approver.post(&page, &[("do", "return"), ("hash", &hash)]).await.assert(422, &["请填写要修改什么"]);
    let back = [("do", "return"), ("hash", hash.as_str()), ("opinion", "请写明地点")];
    let done = approver.post(&page, &back).await.assert(303, &[]);
    approver.get(done.leads_to()).await.assert(200, &["已退回，发送人会看到要修改什么"]);
    approver.get("/approvals?state=done").await.assert(200, &["已退回"]);
    approver.get(&page).await.assert(200, &["zhang 已于", "退回"]);

    site.test.settle().await;
    let mut sender = site.browser_of(&staff[0]).await;
    sender.get("/inbox").await.assert(200, &["审批被退回：放假安排"]);
    sender.get(&format!("/outbox/{}", first.id)).await.assert(200, &["已退回", "请写明地点"]).lacks(&["已驳回<"]);
    sender.get("/outbox?state=rejected").await.assert(200, &["已退回", "放假安排"]).lacks(&["已驳回"]);
    let form = sender.get(&format!("/compose/{}", first.id)).await.assert(200, &["放假安排"]);
    let form = form.assert(200, &["<b>zhang的审批意见：</b> 请写明地点"]);
    let key = form.body.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let id = first.id.to_string();
    let anew = [
        ("do", "send"),
        ("id", id.as_str()),
        ("key", key.as_str()),
        ("kind", "content"),
        ("title", "国庆放假安排"),
        ("body", "请准时参加。\n地点：第一会议室。"),
        ("signature", "教务处"),
        ("department", "office"),
        ("accounts", "wei\nluo"),
        ("send_rule", "dingtalk"),
    ];
    let sent = sender.post("/compose", &anew).await.assert(303, &[]);
    let outbox = sent.leads_to().split('?').next().unwrap().to_owned();
    sender.get(&outbox).await.assert(200, &["第 2 版", &format!("href=\"/outbox/{id}\"")]);

    let list = approver.get("/approvals").await.assert(200, &["国庆放假安排"]);
    let again = list.body.split("/approvals/").find(|rest| rest.contains("国庆放假安排")).unwrap()[..36].to_owned();
    let page = approver.get(&format!("/approvals/{again}")).await;
    let page = page.assert(200, &["修改了什么", "第 2 版", "退回的那一版", "请写明地点", "<ins>+2</ins>"]);
    let page = page.assert(200, &["<del>放假安排</del> <ins>国庆放假安排</ins>", "<ins>地点：第一会议室。</ins>"]);
    page.assert(200, &["<p>请准时参加。</p>", "<del>站内</del> <ins>钉钉提醒</ins>"]).lacks(&["都没有变化"]);
    site.test.end().await;
}

#[tokio::test]
async fn the_box_has_two_tabs_and_is_searched_by_sender_or_title() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    for (sender, title) in [(&staff[7], "放假安排"), (&staff[8], "值班安排"), (&staff[9], "体检通知")] {
        site.test.sends(sender, to_department("office", title)).await.unwrap();
    }
    site.test.rejects(&head, "请核对日期").await.unwrap();
    let mut browser = site.browser_of(&head).await;
    let tabs = ["待审 <small>2</small>", "已审 <small>1</small>"];
    let pending = browser.get("/approvals").await.assert(200, &tabs);
    let pending = pending.assert(200, &["p7", "office", "放假安排", "群发消息", "<time datetime"]);
    pending.lacks(&["体检通知", "class=\"st "]);
    let done = browser.get("/approvals?state=done").await.assert(200, &tabs);
    done.assert(200, &["体检通知", "p9", "已驳回", "群发消息"]).lacks(&["放假安排"]);
    browser.get("/approvals?q=%E6%94%BE%E5%81%87").await.assert(200, &["放假安排"]).lacks(&["值班安排"]);
    browser.get("/approvals?q=P8").await.assert(200, &["值班安排"]).lacks(&["放假安排"]);
    browser.get("/approvals?q=%25").await.assert(200, &["没有找到相关审批"]);
    browser.get("/approvals?state=done&q=p9").await.assert(200, &["体检通知"]);
    site.test.end().await;
}

#[tokio::test]
async fn an_approver_sees_that_a_message_is_one_of_a_series_and_how_often_it_comes() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let typed = [("do", "send"), ("kind", "content"), ("title", "例会"), ("body", "九点"), ("department", "office")];
    let weekly = [("when", "series"), ("every", "week"), ("weekday", "Mon"), ("run_at", "08:00"), ("run_until", "")];
    let mut sender = site.browser_of(&staff[0]).await;
    sender.post("/compose", &[&typed[..], &weekly].concat()).await.assert(303, &[]);
    let page = format!("/approvals/{}", site.test.waiting_for(&head).await.unwrap());
    let mut approver = site.browser_of(&head).await;
    let told = "<dt>周期发送</dt><dd>每周一 08:00<p class=\"hint\">这是其中一期，以后每期另行审批。</p></dd>";
    approver.get(&page).await.assert(200, &["例会", "2026-11-23 08:00", told]);

    let once = site.test.sends(&staff[1], to_department("office", "放假安排")).await.unwrap();
    let page = format!("/approvals/{}", once.approval.unwrap().id);
    approver.get(&page).await.assert(200, &["放假安排"]).lacks(&["周期发送", "每周一", "这是其中一期"]);
    site.test.end().await;
}

//! Accounts and phone numbers that are pasted into the form of a message, as people have them in lists.

use super::browser::{Browser, Page, Site};

/// What a script is told about the message as it stands.
async fn forecast(browser: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let written = [("do", "check"), ("title", "停水"), ("body", "明日八时"), ("send_rule", "sms")];
    browser.upload_part("forecast", "/compose", &[&written[..], fields].concat(), &[]).await
}

#[tokio::test]
async fn one_wrong_account_in_a_list_hides_nothing_of_all_the_others() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let [zhao, _] = [site.test.member("zhao", office).await, site.test.member("li", office).await];
    let mut browser = site.browser_of(&sender).await;
    let list = format!("li\nnobody、{}，13900000001 nobody", zhao.phone);
    let pasted = [("accounts", list.as_str())];
    let shown = forecast(&mut browser, &pasted).await.assert(
        200,
        &[
            "2<small>人将收到",
            "将发给 2 人",
            "短信和电话最多 4 条次",
            "无需审批",
            "有 2 个账号或手机号没有找到，暂不能发送",
        ],
    );
    assert_eq!(shown.body.matches("没有找到的共 2 个：nobody、13900000001。请更正").count(), 1, "{}", shown.body);
    assert_eq!(said(&shown).matches("nobody").count(), 1, "each is named once: {}", shown.body);
    assert!(shown.has("data-take-out=\"nobody 13900000001\""), "{}", shown.body);

    // Without scripts too they are named beside their box.
    let page = browser.post("/compose", &[&[("do", "check"), ("title", "停水")], &pasted[..]].concat()).await;
    let page = page.assert(200, &["2<small>人将收到", "aria-describedby=\"e-unknown\""]);
    assert!(page.body.contains("id=\"e-unknown\""));

    // It is not sent to some of those who are meant.
    let send = [("do", "send"), ("kind", "content"), ("title", "停水"), ("body", "明日八时")];
    let refused = browser.post("/compose", &[&send[..], &pasted[..]].concat()).await;
    let refused = refused.assert(422, &["没有找到的共 2 个：nobody、13900000001。请更正"]).lacks(&["可见范围"]);
    assert_eq!(said(&refused).matches("13900000001").count(), 2, "in its box and beside it: {}", refused.body);
    browser.get("/outbox").await.assert(200, &[]).lacks(&["停水"]);
    let corrected = format!("li，{}", zhao.phone);
    let told = browser.post("/compose", &[&send[..], &[("accounts", corrected.as_str())]].concat()).await;
    assert!(told.assert(303, &[]).leads_to().contains("count=2"));

    // Where nobody else is meant there is nothing to foretell, and one reason is enough.
    let alone = forecast(&mut browser, &[("accounts", "nobody")]).await;
    alone.assert(200, &["没有找到“nobody”", "有 1 个账号或手机号没有找到"]).lacks(&[
        "人将收到",
        "没有可接收的人",
        "将发给",
    ]);
    site.test.end().await;
}

/// Bad input 28: as Chinese keyboards write them.
#[tokio::test]
async fn full_width_letters_and_digits_are_read_as_what_they_mean() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let [zhao, _] = [site.test.member("zhao", office).await, site.test.member("t2016", office).await];
    let wide = |text: &str| text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect::<String>();
    let (phone, account, nobody) = (wide(&zhao.phone), wide("t2016"), wide("t2017"));
    let mut browser = site.browser_of(&sender).await;
    let list = format!("{account}，{phone}　{nobody}；t2016");
    let shown = forecast(&mut browser, &[("accounts", &list)]).await;
    // What is nobody's is named as it stands in the box, where it can be taken out.
    let named = [format!("没有找到“{nobody}”"), format!("data-take-out=\"{nobody}\"")];
    shown.assert(200, &["2<small>人将收到", "已去除重复 1 人次", &named[0], &named[1]]);
    let list = format!("{account}　{phone}");
    let send = [("do", "send"), ("kind", "content"), ("title", "停水"), ("body", "明日八时"), ("accounts", &list)];
    assert!(browser.post("/compose", &send).await.assert(303, &[]).leads_to().contains("count=2"));
    site.test.end().await;
}

/// They come with their names, so that a script makes chips of them; more than that are left as a list.
#[tokio::test]
async fn those_who_were_pasted_are_named_as_those_who_are_picked() {
    let site = Site::start().await;
    let office = site.test.department("office", None).await;
    let sender = site.test.member("wang", office).await;
    let zhao = site.test.member("zhao", office).await;
    let many: Vec<_> = (0..201).map(|nth| format!("staff{nth}")).collect();
    site.test.members(&many.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let mut browser = site.browser_of(&sender).await;
    let list = format!("zhao，nobody，{}", zhao.phone);
    let shown = forecast(&mut browser, &[("accounts", &list)]).await;
    let chip = format!(
        "<li data-typed=\"zhao {}\"><label class=\"person\"><input type=\"checkbox\" name=\"person\" value=\"zhao\"",
        zhao.phone
    );
    let shown = shown.assert(200, &[&chip, "1<small>人将收到"]);
    assert_eq!(shown.body.matches("data-typed").count(), 1, "{}", shown.body);
    forecast(&mut browser, &[("person", "zhao")]).await.assert(200, &[]).lacks(&["data-pasted"]);
    let list = many.join("\n");
    forecast(&mut browser, &[("accounts", &list)]).await.assert(200, &["201<small>人将收到"]).lacks(&["data-pasted"]);
    site.test.end().await;
}

/// The page without what only scripts read.
fn said(page: &Page) -> String {
    page.body
        .split("data-take-out=\"")
        .enumerate()
        .map(|(nth, part)| if nth == 0 { part } else { part.split_once('"').unwrap().1 })
        .collect()
}

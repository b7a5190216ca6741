//! 周期发送 in the lists: which lines are runs, and where a series is found of which none waits.

use super::browser::{Browser, Page, Site};
use crate::support::people::to_department;

const WEEKLY: [(&str, &str); 5] =
    [("when", "series"), ("every", "week"), ("weekday", "Mon"), ("run_at", "08:00"), ("run_until", "")];

/// Writes 例会, which comes every Monday at eight; its first run.
async fn sends_weekly(browser: &mut Browser, to: (&str, &str)) -> String {
    let typed = [("do", "send"), ("kind", "content"), ("title", "例会"), ("body", "九点"), to];
    let sent = browser.post("/compose", &[&typed[..], &WEEKLY].concat()).await.assert(303, &[]);
    sent.leads_to().trim_start_matches("/outbox/").chars().take(36).collect()
}

/// The line of a list with this title.
fn line<'a>(page: &'a Page, title: &str) -> &'a str {
    let title = format!("<strong>{title}</strong>");
    page.body.split(" data-id=\"").find(|line| line.contains(&title)).unwrap_or_else(|| panic!("{}", page.body))
}

#[tokio::test]
async fn lines_of_outbox_and_approvals_say_which_are_runs_of_a_series() {
    let mut site = Site::start().await;
    let office = site.test.department("office", None).await;
    let head = site.test.head("zhang", office).await;
    let names: Vec<_> = (0..60).map(|nth| format!("p{nth}")).collect();
    let staff = site.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let mut sender = site.browser_of(&staff[0]).await;
    let run = sends_weekly(&mut sender, ("department", "office")).await;
    site.test.sends(&staff[0], to_department("office", "放假安排")).await.unwrap();

    let mut approver = site.browser_of(&head).await;
    for tab in ["/approvals", "/approvals?state=done"] {
        let shown = approver.get(tab).await;
        assert!(line(&shown, "例会").contains("title=\"周期发送的一期\" aria-hidden=\"true\">周期</em>"), "{tab}");
        assert!(!line(&shown, "放假安排").contains("周期"), "{tab}");
        if tab == "/approvals" {
            site.test.approves(&head).await.unwrap();
            site.test.approves(&head).await.unwrap();
        }
    }
    let leads = format!("<a class=\"run\" href=\"/outbox/{run}#series\"");
    let planned = sender.get("/outbox?state=scheduled").await.assert(200, &["《例会》的整个周期"]);
    assert!(line(&planned, "例会").contains(&leads));
    site.test.after(chrono::Duration::hours(70)).await;
    let mut sender = site.browser_of(&staff[0]).await;
    let sent = sender.get("/outbox").await;
    assert!(line(&sent, "例会").contains(&leads) && !line(&sent, "放假安排").contains("周期"));
    sender.get(&format!("/outbox/{run}")).await.assert(200, &["id=\"series\"", "停止周期"]);
    site.test.end().await;
}

/// 仅撤回 of the run that waited leaves the series, which nobody would look for among what was recalled.
#[tokio::test]
async fn a_series_that_goes_on_is_named_among_what_is_planned_though_its_run_was_recalled() {
    let (mut site, sender, reader) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    let run = sends_weekly(&mut browser, ("person", "li")).await;
    let (planned, goes_on) = ("/outbox?state=scheduled", "仍在继续的周期");
    browser.get(planned).await.assert(200, &["例会"]).lacks(&[goes_on]);
    browser.post(&format!("/outbox/{run}/recall"), &[]).await.assert(303, &[]);
    let leads = format!("<a href=\"/outbox/{run}#series\"><b>例会</b></a>");
    let named = [goes_on, &leads, "每周一 08:00", "下一期 2026-11-30 08:00", "没有定时消息"];
    browser.get(planned).await.assert(200, &named);
    browser.get("/outbox?state=scheduled&q=%E4%BE%8B").await.assert(200, &[&leads]);
    browser.get("/outbox?state=scheduled&q=%25").await.lacks(&[goes_on]);
    browser.get("/outbox?state=recalled").await.assert(200, &["例会"]).lacks(&[goes_on]);
    site.browser_of(&reader).await.get(planned).await.assert(200, &[]).lacks(&[goes_on]);
    // The next run stands there itself, until it is recalled and deleted; the one before leads on.
    site.test.after(chrono::Duration::hours(70)).await;
    let mut browser = site.browser_of(&sender).await;
    let shown = browser.get(planned).await.lacks(&[goes_on]);
    let next: String = line(&shown, "例会").chars().take(36).collect();
    browser.post(&format!("/outbox/{next}/recall"), &[]).await.assert(303, &[]);
    browser.post(&format!("/outbox/{next}/discard"), &[("do", "delete")]).await.assert(303, &[]);
    browser.get(planned).await.assert(200, &[&leads, "下一期 2026-12-07 08:00"]);
    browser.post(&format!("/outbox/{run}/stop"), &[]).await.assert(303, &[]);
    browser.get(planned).await.assert(200, &["没有定时消息"]).lacks(&[goes_on]);
    site.test.end().await;
}

//! 群分组 at work: kept in step with a department, used by messages, each person once.

use zhihui::{domain::message::Audience, storage::departments};

use super::groups::{Office, id_in};
use crate::support::people::draft;

#[tokio::test]
async fn a_group_follows_a_department_with_who_joins_and_who_leaves() {
    let mut office = Office::open().await;
    let group = office.group("办公室全员").await;
    let follow = format!("{group}/follow");
    office.wang.post(&follow, &[("department", "nowhere")]).await.assert(422, &["不在您的可见范围内"]);
    office.wang.post(&follow, &[("department", "office"), ("all", "1")]).await.assert(303, &[]);
    office.add(&group, &[("outside", "1"), ("name", "陈启航"), ("phone", "13900020001")]).await;
    office.wang.get(&group).await.assert(200, &["跟随office", "含下级部门", "4 人", ">zhao<"]);
    let mut tx = office.site.test.db.read().await.unwrap();
    let above = departments::find_by_code(&mut tx, "office").await.unwrap().unwrap().id;
    drop(tx);
    let annex = office.site.test.department("annex", Some(above)).await;
    office.site.test.member("sun", annex).await;
    office.wang.get(&group).await.assert(200, &["5 人", ">sun<"]);

    let audience = Audience { groups: vec![id_in(&group).to_owned()], ..Audience::default() };
    let sent = office.site.test.sends(&office.people[0], draft("例会", audience)).await.unwrap();
    assert_eq!(sent.recipients, 5, "王, 李, 赵, 孙, and 陈 outside");
    office.site.test.settle().await;
    office.wang.post(&follow, &[("do", "keep")]).await.assert(303, &[]);
    office.wang.get(&group).await.assert(200, &["5 人", "<b>sun</b>"]).lacks(&["跟随office"]);
    office.wang.post(&follow, &[("department", "library")]).await.assert(303, &[]);
    office.wang.post(&follow, &[("do", "stop")]).await.assert(303, &[]);
    office.wang.get(&group).await.assert(200, &["5 人"]).lacks(&["qian"]);
    office.site.test.end().await;
}

#[tokio::test]
async fn a_group_that_a_scheduled_message_uses_stays() {
    let mut office = Office::open().await;
    let group = office.group("评审组").await;
    office.add(&group, &[("who", "li")]).await.assert(303, &[]);
    let audience = Audience { groups: vec![id_in(&group).to_owned()], ..Audience::default() };
    let mut later = draft("明天的会", audience);
    later.send_at = Some(office.site.test.clock.now() + chrono::Duration::minutes(90));
    office.site.test.sends(&office.people[0], later).await.unwrap();
    office.wang.post(&group, &[("do", "delete")]).await.assert(409, &["被 1 条定时消息使用"]);
    office.site.test.after_minutes(95).await;
    // Nobody looked for so long that he signs in again.
    office.wang = office.site.browser_of(&office.people[0]).await;
    office.wang.get(&group).await.assert(200, &["明天的会"]);
    office.wang.post(&group, &[("do", "delete")]).await.assert(303, &[]);
    office.site.test.end().await;
}

#[tokio::test]
async fn somebody_outside_who_is_kept_twice_gets_one_message() {
    let mut office = Office::open().await;
    let [first, second] = [office.group("甲组").await, office.group("乙组").await];
    for (group, name) in [(&first, "陈启航"), (&second, "陈总"), (&second, "陈启航")] {
        office.add(group, &[("outside", "1"), ("name", name), ("phone", "13900020001")]).await.assert(303, &[]);
    }
    office.add(&second, &[("outside", "1"), ("name", "彼得"), ("email", "Peter@example.com")]).await.assert(303, &[]);
    office.add(&first, &[("outside", "1"), ("name", "诺瓦克"), ("email", "peter@example.com")]).await.assert(303, &[]);
    let groups = [&first, &second].map(|group| id_in(group).to_owned()).into();
    let mut letter = draft("评审安排", Audience { groups, ..Audience::default() });
    letter.send_rule = Some("dingtalk_then_sms".into());
    let sent = office.site.test.sends(&office.people[0], letter).await.unwrap();
    assert_eq!(sent.recipients, 2);
    office.site.test.settle().await;
    office.site.test.after_minutes(31).await;
    assert_eq!(office.site.test.sent(), ["sms 13900020001"]);
    office.site.test.end().await;
}

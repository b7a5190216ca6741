//! 群分组 at work: kept in step with a department, used by messages, each person once.

use zhihui::{
    domain::{
        message::{Audience, External},
        person::State,
    },
    storage::{audit, departments, people},
};

use super::groups::{Office, between, id_in};
use crate::support::people::draft;

impl Office {
    /// One of its people may not sign in any more, and gets nothing.
    pub async fn freezes(&self, nth: usize) {
        let mut tx = self.site.test.db.begin().await.unwrap();
        let now = self.site.test.clock.now();
        people::set_state(&mut tx, self.people[nth].id, State::Frozen, now).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn every_change_of_a_group_is_in_the_audit_without_anybodys_name_or_number() {
    let mut office = Office::open().await;
    let [group, other] = [office.group("评审组").await, office.group("别组").await];
    office.wang.post(&group, &[("do", "save"), ("name", "专家组")]).await.assert(303, &[]);
    office.add(&group, &[("who", "li")]).await.assert(303, &[]);
    office.add(&group, &[("outside", "1"), ("name", "陈启航"), ("phone", "13900020001")]).await.assert(303, &[]);
    let li = office.people[1].id.to_string();
    let at = |path: &str| format!("{group}/{path}");
    let (members, member) = (at("members"), at(&format!("members/{li}")));
    office.wang.post(&member, &[("note", "组长")]).await.assert(303, &[]);
    office.wang.post(&members, &[("do", "sort"), ("person", &li)]).await.assert(303, &[]);
    for verb in ["copy", "delete"] {
        let chosen = [("do", verb), ("to", id_in(&other)), ("person", &li)];
        office.wang.post(&members, &chosen).await.assert(303, &[]);
    }
    office.wang.post(&at("follow"), &[("department", "wing")]).await.assert(303, &[]);
    office.wang.post(&at("follow"), &[("do", "keep")]).await.assert(303, &[]);
    office.wang.post(&at("share"), &[("do", "add"), ("account", "li")]).await.assert(303, &[]);
    office.wang.post(&at("share"), &[("do", "remove"), ("person", &li)]).await.assert(303, &[]);
    // What was refused leaves no row.
    office.wang.post(&group, &[("do", "save"), ("name", "别组")]).await.assert(422, &[]);
    office.wang.post(&group, &[("do", "delete")]).await.assert(303, &[]);
    let mut tx = office.site.test.db.read().await.unwrap();
    let rows = audit::list_of(&mut tx, &format!("group:{}", id_in(&group)), 100).await.unwrap();
    drop(tx);
    let verbs: Vec<_> = rows.iter().map(|row| row.verb.as_str()).collect();
    let wanted = [
        "group.create",
        "group.edit",
        "group.members.add",
        "group.members.add",
        "group.members.edit",
        "group.members.sort",
        "group.members.copy",
        "group.members.delete",
        "group.follow",
        "group.unfollow",
        "group.share",
        "group.unshare",
        "group.delete",
    ];
    assert_eq!(verbs, wanted);
    let actor = format!("person:{}", office.people[0].id);
    for row in rows {
        let detail = row.detail.0.to_string();
        assert!(row.actor == actor && !detail.contains("陈启航") && !detail.contains("139"), "{detail}");
    }
    office.site.test.end().await;
}

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
    // And named in the message itself by a third name.
    let external = vec![External { name: "陈老师".into(), phone: Some("13900020001".into()), email: None }];
    let mut letter = draft("评审安排", Audience { groups, external, ..Audience::default() });
    letter.send_rule = Some("dingtalk_then_sms".into());
    let sent = office.site.test.sends(&office.people[0], letter).await.unwrap();
    assert_eq!(sent.recipients, 2);
    office.site.test.settle().await;
    office.site.test.after_minutes(31).await;
    assert_eq!(office.site.test.sent(), ["sms 13900020001"]);
    office.site.test.end().await;
}

#[tokio::test]
async fn a_shared_group_is_used_and_not_edited_until_it_is_taken_back() {
    let mut office = Office::open().await;
    let group = office.group("评审组").await;
    office.add(&group, &[("outside", "1"), ("name", "陈启航"), ("phone", "13900020001")]).await;
    office.add(&group, &[("who", "zhao")]).await.assert(303, &[]);
    let mut li = office.site.browser_of(&office.people[1]).await;
    li.get(&group).await.assert(404, &[]);
    for typed in ["li", "LI"] {
        office.wang.get(&format!("{group}?share={typed}")).await.assert(200, &["value=\"li\"", "新增"]);
    }
    let share = format!("{group}/share");
    office.wang.post(&share, &[("do", "add"), ("account", "wang")]).await.assert(422, &["不能共享给自己"]);
    office.wang.post(&share, &[("do", "add"), ("account", "nobody")]).await.assert(422, &["没有这个账号的人"]);
    office.freezes(3).await;
    office.wang.post(&share, &[("do", "add"), ("account", "qian")]).await.assert(422, &["或该账号已停用"]);
    let told = office.wang.post(&share, &[("do", "add"), ("account", "li")]).await.assert(303, &[]);
    office.wang.get(told.leads_to()).await.assert(200, &["已共享", "取消共享"]);

    li.get("/groups").await.assert(200, &["他人共享给我的", "评审组", "wang共享"]);
    let page = li.get(&group).await.assert(200, &["陈启航", "139****0001", "zhao"]);
    assert!(!page.has("13900020001") && !page.has("设置共享") && !page.has("/add"), "{}", page.body);
    li.post(&share, &[("do", "add"), ("account", "qian")]).await.assert(404, &[]);
    li.post(&group, &[("do", "delete")]).await.assert(404, &[]);
    li.get("/compose").await.assert(200, &["评审组", "wang共享"]);
    let ticked = li.get(&format!("/compose?group={}", id_in(&group))).await;
    assert!(between(&ticked.body, &format!("value=\"{}\"", id_in(&group)), ">").contains("checked"));
    let letter = [
        ("do", "send"),
        ("kind", "content"),
        ("title", "评审安排"),
        ("body", "周五评审"),
        ("group", id_in(&group)),
        ("send_rule", "inbox"),
    ];
    li.post("/compose", &letter).await.assert(303, &[]);
    office.site.test.settle().await;
    li.get(&group).await.assert(200, &["评审安排", "共有 1 条消息"]);
    // The owner hears that it was used, and not what was written.
    office.wang.get(&group).await.assert(200, &["其中 1 条由他人发送"]).lacks(&["评审安排"]);

    let person = office.people[1].id.to_string();
    office.wang.post(&share, &[("do", "remove"), ("person", &person)]).await.assert(303, &[]);
    li.get(&group).await.assert(404, &[]);
    li.post("/compose", &letter).await.assert(422, &["不在您的可见范围内"]);
    office.site.test.end().await;
}

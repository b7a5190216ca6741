//! A text that names its reader: everybody gets his own, on every channel, and nothing goes out with a
//! hole in it.

use zhihui::{
    domain::{MessageId, message::Draft},
    storage::inbox,
};

use crate::support::{
    TestHub,
    people::{Actor, to, to_department},
};

async fn read_by(test: &TestHub, person: &Actor, message: MessageId) -> String {
    let letter = inbox::find(&mut test.db.read().await.unwrap(), person.id, message).await.unwrap().unwrap();
    assert!(letter.is_personal, "the page fills it");
    letter.title
}

#[tokio::test]
async fn everybody_is_named_on_every_channel() {
    let mut test = TestHub::start().await;
    let office = test.department("office", None).await;
    let staff = test.members(&["wang", "li", "zhao"], office, false).await;
    let draft = Draft {
        body: "{{部门}}的{{姓名}}（{{ 工号 }}）：请准时参加。".into(),
        send_rule: Some("urgent".into()),
        ..to_department("office", "{{姓名}}，请参加会议")
    };
    let sent = test.sends(&staff[0], draft).await.unwrap();
    test.settle().await;
    test.after_minutes(15).await;
    for person in &staff {
        let mut items = test.carrier.phone(&person.phone).unwrap().items;
        items.sort_by_key(|item| item.channel.name());
        assert_eq!(items.iter().map(|item| item.channel.name()).collect::<Vec<_>>(), ["dingtalk", "sms", "voice"]);
        let name = &person.account;
        assert!(items[0].text.contains(&format!("office的{name}（{name}）：请准时参加。")), "{}", items[0].text);
        for item in &items {
            assert!(!item.text.contains("{{") && !item.title.contains("{{"), "{} {}", item.title, item.text);
            assert!(format!("{}{}", item.title, item.text).contains(&format!("{name}，请参加会议")));
        }
        assert_eq!(read_by(&test, person, sent.id).await, "{{姓名}}，请参加会议");
    }
    test.end().await;
}

#[tokio::test]
async fn nothing_goes_out_while_somebody_lacks_what_it_names() {
    let mut test = TestHub::start().await;
    let office = test.department("office", None).await;
    let staff = test.members(&["wang", "li"], office, false).await;
    let draft = Draft { body: "尊敬的{{职务}}".into(), ..to(&[&staff[1]], "会议") };
    let refused = test.sends(&staff[0], draft).await.unwrap_err().to_string();
    assert!(refused.contains("有 1 人没有“职务”，无法填写 {{职务}}，未发送"), "{refused}");
    // What the hub itself says of such a message names nobody.
    test.settle().await;
    assert!(test.sent().is_empty());
    test.end().await;
}

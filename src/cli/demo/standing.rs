//! What must be fresh at every start: something that waits for the head and for the approver, and
//! a booking whose phone call is about to come.

use chrono::{Duration, NaiveTime};
use serde_json::json;

use super::{clock_of_its_own, enrol::account, notices::Calendar, settle};
use crate::{
    clock::END_OF_TIME,
    domain::{ApprovalId, PersonId, command},
    hub::{Hub, Result, Source},
    producers::meeting::{self, Booking, Rings},
    storage::{accounts, approval_box, producers},
};

/// The module that posts in the name of the office system.
pub(super) const OFFICE: &str = "oa";
/// What waits for somebody was submitted so long ago.
const SUBMITTED: Duration = Duration::minutes(18);
/// The phone of the undertaker rings so long after the start: time enough to open his phone.
const RINGS_AFTER: Duration = Duration::seconds(75);

/// Brings up to date what a visitor of yesterday has used up. Returns when the undertaker's phone
/// rings for the booking.
pub(super) async fn refresh(hub: &Hub, calendar: Calendar) -> anyhow::Result<Rings> {
    let past = clock_of_its_own(hub, calendar.now - SUBMITTED).await?;
    let (staff, head, approver) =
        (person(hub, "staff").await?, person(hub, "head").await?, person(hub, "approver").await?);
    if !is_asked(hub, head, OPEN_DAY).await? {
        submit(&past, &Source::Person(staff), &open_day(calendar)).await?;
    }
    if !is_asked(hub, approver, HOLIDAY).await? {
        let mut tx = hub.db.read().await?;
        let office = producers::find_by_amqp_user(&mut tx, OFFICE).await?;
        drop(tx);
        if let Some(office) = office {
            submit(&past, &Source::Producer(office), &holiday()).await?;
        }
    }
    settle(&past).await?;
    // Nobody's phone is to ring for yesterday's bookings.
    let undertaker = person(hub, "undertaker").await?;
    meeting::take_back(hub, undertaker).await?;
    let rings = meeting::rings(hub, undertaker, RINGS_AFTER).await?;
    let past = clock_of_its_own(hub, rings.booked_at).await?;
    meeting::book(&past, &soon(calendar)).await?;
    settle(&past).await?;
    Ok(rings)
}

const OPEN_DAY: &str = "关于举办计算机学院实验室开放日的通知";
const HOLIDAY: &str = "关于寒假放假及有关工作安排的通知";

fn open_day(calendar: Calendar) -> serde_json::Value {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).expect("a time of day");
    let due = calendar.day(calendar.now, 3, noon);
    json!({
        "title": OPEN_DAY,
        "body": "全体师生：\n计算机学院将于下周举办实验室开放日，人工智能、网络安全、软件工程三个实验室面向全校开放，\
                 现场安排机器人、智能语音和攻防演练展示。请有意参观的单位和个人通过回执登记，以便安排讲解。",
        "signature": "计算机学院",
        "category": "teaching",
        "audience": {"everyone": true},
        "send_rule": "dingtalk",
        "receipt": {"options": ["参观", "不参观"], "due_at": due},
    })
}

fn holiday() -> serde_json::Value {
    json!({
        "title": HOLIDAY,
        "body": "各单位、全体师生：\n根据校历安排，现将寒假放假及有关工作通知如下。请各单位提前做好值班安排、\
                 安全检查和防火防盗工作；学生离校前须完成宿舍安全自查，留校学生须登记备案。\n\
                 具体放假时间以校历为准，各单位不得擅自提前或延后。",
        "signature": "学校办公室",
        "category": "notice",
        "audience": {"everyone": true},
        "send_rule": "dingtalk_then_sms",
    })
}

/// A meeting of this afternoon, or of the next working day's morning.
fn soon(calendar: Calendar) -> Booking {
    let nine = NaiveTime::from_hms_opt(9, 0, 0).expect("a time of day");
    Booking {
        id: format!("demo-{}", calendar.now.timestamp_millis()),
        room: "第五会议室".to_owned(),
        title: "学位点评估专家反馈会".to_owned(),
        begins_at: calendar.day(calendar.now, 1, nine),
        booker: account("head").to_owned(),
        undertaker: account("undertaker").to_owned(),
    }
}

async fn submit(hub: &Hub, source: &Source, message: &serde_json::Value) -> Result<()> {
    let draft = command::read_send(message, hub.clock.now())?;
    hub.accept(source, None, [0; 32], draft).await?;
    Ok(())
}

/// Does a message of this title wait for this person's decision?
async fn is_asked(hub: &Hub, person: PersonId, title: &str) -> Result<bool> {
    let mut tx = hub.db.read().await?;
    let start = (END_OF_TIME, ApprovalId(uuid::Uuid::max()));
    let wanted = approval_box::Wanted { person, pending: true, search: "", now: hub.clock.now() };
    let waiting = approval_box::list(&mut tx, wanted, start, 100).await?;
    Ok(waiting.iter().any(|line| line.title == title))
}

/// Whoever plays this role.
pub(super) async fn person(hub: &Hub, role: &str) -> Result<PersonId> {
    let mut tx = hub.db.read().await?;
    let found = accounts::id_of(&mut tx, account(role)).await?;
    Ok(found.ok_or_else(crate::domain::Problem::not_found)?)
}

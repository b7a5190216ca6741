//! 会议: a room is booked, whoever runs it has to confirm 承接, and the booker hears of it.
//!
//! The chase is the hub's: rule `undertaker` rings the phone after five minutes without an answer,
//! again after ten and twenty, then the deputy's. This module only asks and listens.

use chrono::Duration;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::door;
use crate::{
    clock::{END_OF_TIME, Timestamp},
    domain::{MessageId, PersonId},
    hub::{Error, Hub, Result, Source, command::Done},
    storage::{inbox, producers},
};

pub const NAME: &str = "meeting";
/// The button that takes a booking on.
pub const CONFIRM: &str = "confirm";

/// Rule `undertaker` calls so long after the booking, and turns to the deputy after this.
const CALLS_AFTER: Duration = Duration::minutes(5);
const DEPUTY_AFTER: Duration = Duration::minutes(25);

/// A room, asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Whatever tells bookings apart; the same is booked once.
    pub id: String,
    pub room: String,
    pub title: String,
    pub begins_at: Timestamp,
    /// accounts
    pub booker: String,
    pub undertaker: String,
}

impl Booking {
    /// What travels with the request and comes back with the answer.
    pub fn attributes(&self, hub: &Hub) -> Value {
        json!({
            "booking": self.id, "booker": self.booker, "room": self.room, "begins": hub.local(self.begins_at),
        })
    }
}

/// Makes the module known to the hub; safe to repeat.
pub async fn register(hub: &Hub) -> Result<()> {
    door::register(hub, (NAME, "会议预订"), "meeting").await
}

/// Asks the undertaker to confirm.
pub async fn book(hub: &Hub, booking: &Booking) -> Result<Done> {
    let begins = hub.local(booking.begins_at);
    let message = json!({
        "title": format!("请确认承接：{} {begins}", booking.room),
        "body": format!(
            "会议：{}\n地点：{}\n时间：{begins}\n\n请确认承接本次会议服务。5 分钟内未确认，系统将电话提醒；仍未确认的，将转由代理人承接。",
            booking.title, booking.room
        ),
        "signature": "会议服务中心",
        "category": "meeting",
        "audience": {"people": [booking.undertaker]},
        "send_rule": "undertaker",
        "actions": [{"id": CONFIRM, "label": "确认承接"}],
        "attributes": booking.attributes(hub),
    });
    door::send(hub, NAME, &format!("booking {}", booking.id), &message).await
}

/// When the phone rings for a booking that has almost waited long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rings {
    pub at: Timestamp,
    /// When to book for it.
    pub booked_at: Timestamp,
    /// He was called often enough: it rings later than it would.
    pub is_late: bool,
    /// So late that the deputy's phone rings first, and his no more.
    pub is_passed_on: bool,
}

impl Rings {
    /// If it were to ring at `due`, and the undertaker may be called again at `free`.
    fn of(now: Timestamp, due: Timestamp, free: Option<Timestamp>) -> Self {
        let at = free.unwrap_or(due);
        // Nothing is booked in the future: the call of a booking of now waits instead.
        let booked_at = (at - CALLS_AFTER).min(now);
        Self { at, booked_at, is_late: free.is_some(), is_passed_on: at >= booked_at + DEPUTY_AFTER }
    }
}

/// When the phone would ring for a booking whose call is due `after` from now.
pub async fn rings(hub: &Hub, undertaker: PersonId, after: Duration) -> Result<Rings> {
    let now = hub.clock.now();
    let due = now + after;
    Ok(Rings::of(now, due, hub.next_call(undertaker, due).await?))
}

/// Takes back what this undertaker has not confirmed: his phone is not to ring for it any more.
pub async fn take_back(hub: &Hub, undertaker: PersonId) -> Result<()> {
    let mut tx = hub.db.read().await?;
    let Some(module) = producers::find_by_amqp_user(&mut tx, NAME).await? else { return Ok(()) };
    let start = (END_OF_TIME, MessageId(uuid::Uuid::max()));
    let wanted = inbox::Wanted { person: undertaker, tab: inbox::Tab::Unanswered, search: "", open: None };
    let open = inbox::list(&mut tx, wanted, start, 50).await?;
    drop(tx);
    let source = Source::Producer(module);
    for line in open {
        match hub.recall(&source, line.message_id).await {
            // Somebody else's message that asks for an answer stays.
            Ok(_) | Err(Error::Problem(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Tells bookers of confirmations until `stop`.
pub async fn hear(hub: Hub, stop: CancellationToken) {
    let act = |hub: Hub, pressed: door::Pressed| async move {
        match pressed.action == CONFIRM {
            true => tell_booker(&hub, &pressed.attributes).await,
            false => Ok(()),
        }
    };
    door::hear(hub, NAME, stop, act).await;
}

/// 承接已确认, to whoever booked; told once however often it is heard. `booking` is what
/// [`Booking::attributes`] gave.
pub async fn tell_booker(hub: &Hub, booking: &Value) -> Result<()> {
    let text = |name: &str| booking[name].as_str().unwrap_or_default().to_owned();
    let (id, booker) = (text("booking"), text("booker"));
    if booker.is_empty() {
        return Ok(());
    }
    let message = json!({
        "title": format!("承接已确认：{} {}", text("room"), text("begins")),
        "body": format!("您预订的{}（{}）已有会议承接人员确认，请按时使用。", text("room"), text("begins")),
        "signature": "会议服务中心",
        "category": "meeting",
        "audience": {"people": [booker]},
        "send_rule": "dingtalk",
        "attributes": {"booking": id},
    });
    door::send(hub, NAME, &format!("confirmed {id}"), &message).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::send_rule;

    #[test]
    fn the_minutes_are_those_of_the_rule() {
        let rule = send_rule::shipped().into_iter().find(|rule| rule.name == "undertaker").expect("shipped");
        let rounds = rule.rounds();
        assert_eq!(Duration::minutes(rounds[1].after), CALLS_AFTER);
        assert_eq!(rounds.last().map(|round| Duration::minutes(round.after)), Some(DEPUTY_AFTER));
    }

    #[test]
    fn it_rings_when_it_is_due_or_when_he_may_be_called_or_at_the_deputys() {
        let minute = |minute| Timestamp::UNIX_EPOCH + Duration::minutes(minute);
        let rings = |free: Option<i64>| {
            let rings = Rings::of(minute(10), minute(11), free.map(minute));
            ((rings.at - minute(0)).num_minutes(), rings.is_late, rings.is_passed_on)
        };
        assert_eq!(rings(None), (11, false, false));
        assert_eq!(rings(Some(14)), (14, true, false));
        assert_eq!(rings(Some(34)), (34, true, false));
        assert_eq!(rings(Some(35)), (35, true, true));
    }
}

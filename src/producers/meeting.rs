//! 会议: a room is booked, whoever runs it has to confirm 承接, and the booker hears of it.
//!
//! The chase is the hub's: rule `undertaker` rings the phone after five minutes without an answer,
//! again after ten and twenty, then the deputy's. This module only asks and listens.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::door;
use crate::{
    clock::Timestamp,
    hub::{Hub, Result, command::Done},
};

pub const NAME: &str = "meeting";
/// The button that takes a booking on.
pub const CONFIRM: &str = "confirm";

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

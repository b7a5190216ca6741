//! 访客: somebody stands at the gate, and the host is asked what to do until he answers.
//!
//! Rule `urgent` does the asking: DingTalk at once, SMS after five minutes, the phone after ten.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::door;
use crate::hub::{Hub, Result, command::Done};

pub const NAME: &str = "visitor";

/// What a host can answer, with the words for the gate.
const ANSWERS: [(&str, &str, &str); 3] = [
    ("welcome", "请进", "受访人同意接待，请引导来访人员登记后入校。"),
    ("wait", "请稍候", "受访人请来访人员在门岗稍候。"),
    ("decline", "不便接待", "受访人不便接待，请婉拒并说明。"),
];

/// Somebody who has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Whatever tells visits apart; the same is announced once.
    pub id: String,
    pub visitor: String,
    pub company: String,
    pub reason: String,
    /// accounts: whom they want to see, and who is at the gate
    pub host: String,
    pub gate: String,
}

impl Visit {
    /// What travels with the question and comes back with the answer.
    pub fn attributes(&self) -> Value {
        json!({"visit": self.id, "gate": self.gate, "visitor": self.visitor})
    }
}

/// Makes the module known to the hub; safe to repeat.
pub async fn register(hub: &Hub) -> Result<()> {
    door::register(hub, (NAME, "访客预约"), "visit").await
}

/// Asks the host.
pub async fn announce(hub: &Hub, visit: &Visit) -> Result<Done> {
    let buttons: Vec<_> = ANSWERS.iter().map(|(id, label, _)| json!({"id": id, "label": label})).collect();
    let message = json!({
        "title": format!("访客到访：{}（{}）", visit.visitor, visit.company),
        "body": format!(
            "{}的{}已到达南门门岗，来访事由：{}。请确认是否接待。",
            visit.company, visit.visitor, visit.reason
        ),
        "signature": "保卫处",
        "category": "visit",
        "audience": {"people": [visit.host]},
        "send_rule": "urgent",
        "actions": buttons,
        "attributes": visit.attributes(),
    });
    door::send(hub, NAME, &format!("visit {}", visit.id), &message).await
}

/// Tells the gate what hosts answer until `stop`.
pub async fn hear(hub: Hub, stop: CancellationToken) {
    let act =
        |hub: Hub, pressed: door::Pressed| async move { tell_gate(&hub, &pressed.attributes, &pressed.action).await };
    door::hear(hub, NAME, stop, act).await;
}

/// What the host has decided, to the gate; told once however often it is heard.
pub async fn tell_gate(hub: &Hub, visit: &Value, action: &str) -> Result<()> {
    let text = |name: &str| visit[name].as_str().unwrap_or_default().to_owned();
    let (id, gate) = (text("visit"), text("gate"));
    let Some((_, label, words)) = ANSWERS.iter().find(|(known, ..)| *known == action) else { return Ok(()) };
    if gate.is_empty() {
        return Ok(());
    }
    let message = json!({
        "title": format!("受访人答复“{label}”：{}", text("visitor")),
        "body": words,
        "signature": "保卫处",
        "category": "visit",
        "audience": {"people": [gate]},
        "send_rule": "dingtalk",
        "attributes": {"visit": id},
    });
    door::send(hub, NAME, &format!("answered {id}"), &message).await?;
    Ok(())
}

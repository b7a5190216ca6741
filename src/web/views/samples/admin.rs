//! The state of a system in which something is wrong.

use super::september;
use crate::{domain::message::State, web::views::admin::*};

impl AdminPage {
    pub fn sample() -> Self {
        let part = |name: &str, health, detail: &str| Part { name: name.into(), health, detail: detail.into() };
        let channel = |channel: &str, health, waiting, sent, failed, detail: Option<&str>| ChannelHealth {
            channel: channel.into(),
            health,
            waiting,
            sent,
            failed,
            detail: detail.map(str::to_owned),
        };
        Self {
            version: "0.1.0".into(),
            started_at: september(12, 7, 58),
            parts: vec![
                part("database", Health::Ok, "PostgreSQL 15.8"),
                part("broker", Health::Slow, "RabbitMQ 3.10.0 · 重连中，第 3 次"),
                part("workers", Health::Ok, "2 / 2"),
            ],
            channels: vec![
                channel("dingtalk", Health::Ok, 12, 3_204, 2, None),
                channel("sms", Health::Down, 318, 41, 7, Some("isv.BUSINESS_LIMIT_CONTROL 触发流控，1 条/分钟")),
                channel("email", Health::Off, 0, 0, 0, None),
            ],
            departments: vec![
                DepartmentLine { code: "qxu".into(), path: "青溪大学".into(), people: 15_107 },
                DepartmentLine { code: "jwc".into(), path: "青溪大学 / 教务处".into(), people: 46 },
            ],
            dead_letters: 1,
            recent: vec![DeadLetter {
                id: "0198f3c2".into(),
                producer: "visitor".into(),
                command: Some("message.send".into()),
                key: Some("booking-42".into()),
                queue: "zhihui.command".into(),
                replayed_at: None,
                reason: "PRODUCER_UNVERIFIED user_id 缺失".into(),
                at: september(14, 9, 41),
            }],
        }
    }

    pub fn sample_well() -> Self {
        let mut page = Self { dead_letters: 0, recent: Vec::new(), ..Self::sample() };
        page.parts.iter_mut().for_each(|part| part.health = Health::Ok);
        page.channels.retain(|channel| channel.health == Health::Ok);
        page
    }
}

impl RecallsPage {
    pub fn sample() -> Self {
        let row = |title: &str, sender: &str, department: &str, state, error: Option<&str>| ForeignRow {
            id: "0198f3c2".into(),
            title: title.into(),
            sender: sender.into(),
            department: department.into(),
            state,
            recipients: 312,
            at: september(14, 9, 41),
            reason: String::new(),
            error: error.map(str::to_owned),
        };
        Self {
            rows: vec![
                row("关于停课的通知", "教务处", "教务处", State::Sent, Some("请填写撤回原因（最多 500 字）")),
                row("访客到访提醒", "访客预约", "", State::Scheduled, None),
            ],
            query: "通知".into(),
            cursor: "1".into(),
            older: Some("/admin/recalls?cursor=1".into()),
            notice: Some("已撤回，接收人无法再查看。".into()),
            problem: None,
        }
    }

    pub fn sample_empty() -> Self {
        let problem = Some("消息处于“已撤回”状态，不能撤回".into());
        Self { rows: Vec::new(), query: String::new(), cursor: String::new(), older: None, notice: None, problem }
    }
}

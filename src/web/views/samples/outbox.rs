//! The outbox, and one message that was sent, is being sent, was rejected.

use super::september;
use crate::{
    domain::{
        delivery,
        evidence::Kind,
        message::{ListedKind, State},
    },
    hub::follow::tallies::{self, STEPS},
    storage::curve::Step,
    web::views::{
        approvals::*,
        curve::{Counted, Curve},
        letter::Letter,
        outbox::*,
        outbox_list::*,
        pager::Paged,
    },
};

impl OutboxPage {
    pub fn sample() -> Self {
        let row = |id: &str, title: &str, kind, state, day, (recipients, reached)| OutboxRow {
            id: id.into(),
            title: title.into(),
            kind,
            state,
            returned: false,
            is_run: kind == ListedKind::Text,
            at: september(day, 8, 30),
            recipients: Some(People { people: recipients }),
            reached: Some(People { people: reached }),
            can_recall: true,
            can_edit: false,
            can_delete: state == State::Sent,
        };
        let (notice, text, link) = (ListedKind::Notice, ListedKind::Text, ListedKind::Link);
        Self {
            tabs: Self::tabs("sent"),
            tab: "sent".into(),
            query: String::new(),
            rows: vec![
                row("1", "关于开展 2026 年网络安全宣传周活动的通知", notice, State::Sent, 14, (1204, 1186)),
                row("2", "信息化周例会改期至周四下午", text, State::Sending, 14, (38, 12)),
                row("3", "统一身份认证密码到期提醒", link, State::Sent, 11, (16_243, 16_102)),
            ],
            resting: Vec::new(),
            pager: Paged { path: "/outbox", narrowed: &[("state", "sent")], total: 93, size: 10, most: 10_000 }
                .at(4, Some("0198f3c2")),
            notice: Some("消息已发送给 38 人".into()),
        }
    }

    pub fn sample_drafts() -> Self {
        let mut page =
            Self { tabs: Self::tabs("draft"), tab: "draft".into(), pager: None, notice: None, ..Self::sample() };
        page.rows.truncate(2);
        for row in &mut page.rows {
            *row = OutboxRow {
                state: State::Draft,
                recipients: None,
                reached: None,
                can_recall: false,
                can_edit: true,
                can_delete: true,
                ..row.clone()
            };
        }
        page
    }

    pub fn sample_empty() -> Self {
        Self { tabs: Self::tabs("recalled"), tab: "recalled".into(), rows: Vec::new(), ..Self::sample_drafts() }
    }

    /// The one run that was planned is recalled, and its series goes on.
    pub fn sample_resting() -> Self {
        let resting = RestingSeries {
            address: "/outbox/4#series".into(),
            title: "信息化周例会".into(),
            how: "每周一 08:00".into(),
            next: september(28, 8, 0),
        };
        Self { tabs: Self::tabs("scheduled"), tab: "scheduled".into(), resting: vec![resting], ..Self::sample_empty() }
    }

    fn tabs(current: &str) -> Vec<OutboxTab> {
        let counts = [23, 1, 2, 1, 4, 0];
        let tabs = OutboxTab::STATES.iter().zip(counts);
        tabs.map(|((name, _), count)| OutboxTab {
            address: format!("/outbox?state={name}"),
            name: (*name).into(),
            count,
            current: *name == current,
        })
        .collect()
    }
}

impl OutboxDetail {
    pub fn sample() -> Self {
        let share = |name: &str, count| Share { name: name.into(), count };
        let channel =
            |channel: &str, total, sent, failed| ChannelTally { channel: channel.into(), total, sent, failed };
        let reminder = |to: &str, count| Reminder { to: to.into(), count };
        let plan = SendPlan::sample();
        Self {
            id: "1".into(),
            letter: Letter::sample(),
            state: State::Sent,
            rule: plan.rule,
            steps: plan.steps,
            send_at: None,
            undo: None,
            series: None,
            missed_at: None,
            reach: None,
            asked: Vec::new(),
            due_at: None,
            tally: Tally { recipients: 1204, sent: 1186, failed: 18, read: 978, answered: 812 },
            asks: true,
            progress: Progress::of(1204, 1204),
            receipts: Receipts {
                shares: vec![share("全员参加", 604), share("部分参加", 151), share("不参加", 36), share("其他", 21)],
                words: vec![OwnWords {
                    name: "沈一鸣".into(),
                    words: "上午有课，下午参加".into(),
                    at: september(14, 10, 12),
                }],
            },
            channels: vec![
                channel("inbox", 1204, 1204, 0),
                channel("dingtalk", 1204, 1158, 46),
                channel("sms", 319, 305, 14),
            ],
            curve: Curve::of(&Self::spread(), true),
            counted: Some(Counted { at: september(14, 10, 47), is_old: false }),
            reminders: vec![reminder("failed", 18), reminder("unread", 226), reminder("no_receipt", 392)],
            resends: vec![reminder("all", 1204), reminder("failed", 18)],
            can_add: true,
            additions: vec![
                AdditionLine { id: "7".into(), state: State::Sent, people: 12, at: september(14, 10, 0) },
                AdditionLine { id: "8".into(), state: State::PendingApproval, people: 3, at: september(14, 10, 30) },
            ],
            adds_to: None,
            remind_from: None,
            returned: false,
            versions: Versions { number: 2, former: Some("/outbox/0198f3c1".into()), successor: None },
            trail: ApprovalPage::sample().trail,
            people: Recipients::sample(),
            can_recall: true,
            can_edit: false,
            can_delete: false,
            gone_at: None,
            exports: Self::sample_exports(),
            previous: None,
            next: Some("/outbox/2".into()),
            can_send: false,
            notice: None,
        }
    }

    fn sample_exports() -> Vec<ExportLine> {
        vec![
            ExportLine {
                kind: Kind::Sheet,
                progress: Progress::of(500, 1204),
                is_ready: false,
                is_failed: false,
                at: september(14, 9, 0),
                key: None,
            },
            ExportLine {
                kind: Kind::Evidence,
                progress: Progress::of(1204, 1204),
                is_ready: true,
                is_failed: false,
                at: september(14, 9, 5),
                key: Some("3f".repeat(32)),
            },
        ]
    }

    fn spread() -> tallies::Tally {
        let step = |what: &str, nth, people| Step { what: what.into(), nth, people };
        let mut steps = vec![step("sent", 0, 1100), step("sent", 1, 86)];
        steps.extend((0..STEPS).map(|nth| step("read", nth, 978 / STEPS + (STEPS / 2 - nth) / 2)));
        steps.extend((4..STEPS).map(|nth| step("answered", nth, 812 / STEPS)));
        let curve = tallies::Curve { from: Some(september(14, 8, 30)), step: 900, steps };
        tallies::Tally { counted_at: september(14, 18, 10), people: 1204, curve, ..tallies::Tally::default() }
    }

    /// Still going out; just reminded.
    pub fn sample_sending() -> Self {
        Self {
            state: State::Sending,
            tally: Tally { recipients: 16_243, sent: 9_310, failed: 4, read: 211, answered: 0 },
            asks: false,
            versions: Versions {
                number: 2,
                former: None,
                successor: Some(Successor { address: "/outbox/0198f3c9".into(), number: 3 }),
            },
            progress: Progress::of(9_314, 16_243),
            receipts: Receipts::default(),
            reminders: vec![Reminder { to: "unread".into(), count: 16_032 }],
            adds_to: Some("/outbox/1".into()),
            additions: Vec::new(),
            remind_from: Some(september(14, 11, 5)),
            trail: Vec::new(),
            notice: Some("已再次提醒 226 人".into()),
            undo: Some(Undo { until: september(14, 10, 48), seconds: 5 }),
            ..Self::sample()
        }
    }

    /// Approved too late: the sender decides.
    /// In the recycle bin.
    pub fn sample_deleted() -> Self {
        Self {
            can_recall: false,
            gone_at: Some(september(30, 18, 0)),
            reminders: Vec::new(),
            resends: Vec::new(),
            can_add: false,
            ..Self::sample()
        }
    }

    pub fn sample_held() -> Self {
        let missed_at = Some(september(14, 8, 0));
        Self {
            state: State::Held,
            missed_at,
            reach: Some(Reach::sample()),
            asked: vec!["全员参加".into(), "其他".into()],
            due_at: Some(september(18, 18, 0)),
            can_recall: true,
            can_edit: false,
            can_delete: false,
            gone_at: None,
            can_send: true,
            ..Self::sample_rejected()
        }
    }

    /// Came back from the approver: nobody has received anything.
    pub fn sample_rejected() -> Self {
        Self {
            state: State::Rejected,
            tally: Tally::default(),
            progress: Progress::of(0, 0),
            receipts: Receipts::default(),
            channels: Vec::new(),
            reminders: Vec::new(),
            resends: Vec::new(),
            can_add: false,
            additions: Vec::new(),
            curve: None,
            counted: None,
            trail: ApprovalPage::sample_decided().trail,
            people: Recipients { rows: Vec::new(), older: None, ..Recipients::sample() },
            can_recall: false,
            can_edit: true,
            series: Some(SeriesNote {
                how: "每周一 08:00".into(),
                next: vec![september(21, 8, 0), september(28, 8, 0)],
                has_ended: false,
                runs: vec![
                    RunLine { id: "r2".into(), at: Some(september(21, 8, 0)), state: State::Scheduled, current: true },
                    RunLine { id: "r1".into(), at: Some(september(14, 8, 0)), state: State::Sent, current: false },
                ],
            }),
            ..Self::sample()
        }
    }
}

impl Recipients {
    pub fn sample() -> Self {
        use delivery::State::{Accepted, Delivered, Ready, Refused};
        let result = |channel: &str, state, detail: Option<&str>| {
            ChannelResult::of(channel.into(), state, Some(september(14, 8, 30)), detail.map(str::to_owned))
        };
        let happening = |hour, minute, tone, what: &str, detail: Option<&str>| Happening {
            at: Some(september(14, hour, minute)),
            tone,
            what: what.into(),
            detail: detail.map(Into::into),
        };
        let row = |account: &str, name: &str, department: &str, channels| RecipientRow {
            account: account.into(),
            name: name.into(),
            department: department.into(),
            channels,
            read_at: None,
            read_channel: None,
            answer: None,
            answer_text: None,
            answered_at: None,
            answered_by: None,
            story: vec![
                happening(8, 30, "ok", "进入收件箱", None),
                happening(8, 30, "bad", "钉钉：未送达", Some("服务商繁忙，稍后再试：503")),
                happening(8, 31, "ok", "钉钉 第 2 次：已提交", None),
                Happening { at: None, ..happening(0, 0, "wait", "短信：待发送", None) },
            ],
        };
        let inbox = || result("inbox", Delivered, None);
        let refused = result("dingtalk", Refused, Some("用户未激活钉钉"));
        Self {
            asks: true,
            can_remind: true,
            can_resend: true,
            message: "1".into(),
            filter: "all".into(),
            query: String::new(),
            rows: vec![
                RecipientRow {
                    read_at: Some(september(14, 8, 41)),
                    read_channel: Some("dingtalk".into()),
                    answer: Some("全员参加".into()),
                    answered_at: Some(september(14, 9, 2)),
                    ..row("20110037", "许怀瑾", "机械工程学院", vec![inbox(), result("dingtalk", Delivered, None)])
                },
                RecipientRow {
                    read_at: Some(september(14, 10, 5)),
                    read_channel: Some("inbox".into()),
                    answer: Some("其他".into()),
                    answer_text: Some("人员出差，周五补报".into()),
                    answered_at: Some(september(14, 10, 7)),
                    answered_by: Some("陆远帆".into()),
                    ..row("20140415", "叶知秋", "计算机学院", vec![inbox(), result("dingtalk", Accepted, None)])
                },
                row("20190233", "顾清和", "文学院", vec![inbox(), refused, result("sms", Ready, None)]),
            ],
            older: Some("/outbox/1?cursor=0198f3c2".into()),
        }
    }
}

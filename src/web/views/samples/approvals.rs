//! The approval box in every state.

use super::september;
use crate::domain::{
    approval::{Consent, State},
    approval_flow::SeatState,
};
use crate::web::views::{approvals::*, letter::Letter};

impl ApprovalsPage {
    /// Four wait.
    pub fn sample() -> Self {
        let row = |id: &str, sender: &str, department: &str, title: &str, kind: &str, reach, at| ApprovalRow {
            id: id.into(),
            sender: sender.into(),
            department: department.into(),
            title: title.into(),
            kind: kind.into(),
            is_run: id == "3",
            reach,
            at,
            outcome: None,
            behalf: None,
        };
        Self {
            tab: ApprovalTab::Pending,
            query: String::new(),
            pending: 4,
            done: 128,
            rows: vec![
                row(
                    "1",
                    "周若溪",
                    "校长办公室",
                    "国庆节放假安排及校园安全提示",
                    "message",
                    15_107,
                    september(14, 10, 29),
                ),
                row(
                    "2",
                    "许怀瑾",
                    "后勤管理处",
                    "关于 9 月 20 日校园停水检修的通知",
                    "announcement",
                    16_243,
                    september(14, 9, 5),
                ),
                row(
                    "3",
                    "苏婉清",
                    "教务处",
                    "2026 年秋季学期期中教学检查安排",
                    "message",
                    1_168,
                    september(13, 17, 40),
                ),
                row(
                    "4",
                    "江予白",
                    "学生工作部",
                    "国家奖学金评审材料补充提交提醒",
                    "message",
                    342,
                    september(12, 11, 2),
                ),
            ],
            older: Some("/approvals?cursor=0198f3c2".into()),
            notice: Some("已同意，正在发给 120 人".into()),
            standing_in: StandingIn::sample(),
        }
    }

    /// Decided ones.
    pub fn sample_done() -> Self {
        let mut page = Self { tab: ApprovalTab::Done, ..Self::sample() };
        let outcomes = [State::Approved, State::Rejected, State::Returned, State::Pending];
        for (row, outcome) in page.rows.iter_mut().zip(outcomes) {
            row.outcome = Some(outcome);
        }
        page
    }

    /// Nothing waits.
    pub fn sample_empty() -> Self {
        Self { pending: 0, rows: Vec::new(), older: None, standing_in: StandingIn::default(), ..Self::sample() }
    }

    /// A delegation that ends before it begins.
    pub fn sample_refused() -> Self {
        let mut page = Self::sample_empty();
        page.standing_in = StandingIn {
            may_add: true,
            to: "20160899".into(),
            from: "2026-09-20T08:00".into(),
            until: "2026-09-19T08:00".into(),
            problem: Some("结束时间要晚于开始时间，也要晚于现在".into()),
            wrong: "until".into(),
            ..StandingIn::default()
        };
        page
    }
}

impl Reach {
    pub fn sample() -> Self {
        let share = |name: &str, count| Share { name: name.into(), count };
        Self {
            people: 15_107,
            kinds: vec![share("本科生", 12_866), share("教职工", 1_168), share("研究生", 1_073)],
            departments: vec![
                share("计算机学院", 2_104),
                share("机械工程学院", 1_986),
                share("经济管理学院", 1_842),
                share("文学院", 1_377),
                share("理学院", 1_240),
                share("外国语学院", 1_102),
                share("土木工程学院", 986),
                share("法学院", 873),
            ],
            rest: Some(Rest { departments: 27, people: 3_597 }),
            without_phone: 18,
            without_dingtalk: 46,
            without_email: 231,
            sms_segments: 0,
            quota: None,
        }
    }
}

impl SendPlan {
    pub fn sample() -> Self {
        let step = |channel: &str, after_minutes| ChannelStep {
            channel: channel.into(),
            after_minutes,
            deputy: false,
            missing: channel == "voice",
        };
        Self {
            rule: "钉钉 + 短信".into(),
            steps: vec![step("inbox", 0), step("dingtalk", 0), step("sms", 30)],
            send_at: Some(september(27, 8, 0)),
            receipt_due_at: Some(september(30, 18, 0)),
        }
    }
}

impl StandingIn {
    /// One later, and one now.
    fn sample() -> Self {
        Self {
            own: vec![DelegationRow {
                id: "9".into(),
                name: "温言".into(),
                from: september(20, 8, 0),
                until: september(27, 18, 0),
                is_now: false,
            }],
            others: vec![DelegationRow {
                id: "10".into(),
                name: "沈一舟".into(),
                from: september(13, 8, 0),
                until: september(16, 18, 0),
                is_now: true,
            }],
            may_add: true,
            candidates: colleagues(),
            ..Self::default()
        }
    }
}

fn colleagues() -> Vec<Colleague> {
    let colleague = |account: &str, name: &str| Colleague {
        account: account.into(),
        name: name.into(),
        department: "宣传部".into(),
    };
    vec![colleague("20110023", "何书衡"), colleague("20150417", "顾念慈")]
}

impl ApprovalPage {
    /// Written anew, after it was returned.
    pub fn sample_anew() -> Self {
        let line = |kind: &str, text: &str, skipped| ChangedLine { kind: kind.into(), text: text.into(), skipped };
        let field = |name: &str, before: &str, after: &str| ChangedField {
            name: name.into(),
            before: before.into(),
            after: after.into(),
        };
        let changes = Changes {
            version: 2,
            state: State::Returned,
            who: Some("林知远".into()),
            at: Some(september(13, 16, 20)),
            opinion: Some("请核对调休日期，并缩小接收范围".into()),
            fields: vec![
                field("title_of", "国庆节放假安排", "国庆节放假安排及校园安全提示"),
                field("send_at", "", "2026-09-27 08:00"),
            ],
            body: vec![
                line("skipped", "", 3),
                line("same", "各单位：", 0),
                line("removed", "9 月 27 日（星期日）上课。", 0),
                line("added", "9 月 20 日（星期日）上课。", 0),
                line("same", "请做好值班安排。", 0),
            ],
            added: 0,
            removed: 1_136,
            files_added: vec!["校历.pdf".into()],
            files_removed: vec!["校历（旧）.pdf".into()],
            is_same: false,
        };
        Self { changes: Some(changes), ..Self::sample() }
    }

    /// It cannot be passed on to this one.
    pub fn sample_not_passed() -> Self {
        let mut page = Self::sample();
        if let Some(form) = &mut page.form {
            form.pass_on.to = "20160899".into();
            form.pass_on.error = Some("不能转办给发送人本人".into());
        }
        page
    }

    /// One waits for me.
    pub fn sample() -> Self {
        let step = |name: &str, who: &str, at, state| TrailStep {
            who: who.into(),
            at,
            ..TrailStep::named(name.into(), state)
        };
        let at = |minute| Some(september(14, 10, minute));
        let said = |who: &str, state, opinion: Option<&str>| Said {
            who: who.into(),
            state,
            given_to: (state == SeatState::Transferred).then(|| "沈一舟".into()),
            opinion: opinion.map(str::to_owned),
            at: at(41),
        };
        Self {
            id: "1".into(),
            kind: "message".into(),
            letter: Letter::sample(),
            receipt_options: vec!["准时参加".into(), "委托他人参加".into(), "其他".into()],
            actions: Vec::new(),
            reach: Reach::sample(),
            send: SendPlan::sample(),
            series: None,
            rule: "接收人超过 50 人，须经部门领导与宣传部审批".into(),
            changes: None,
            trail: vec![
                step("提交申请", "周若溪 · 校长办公室", at(29), StepState::Done),
                TrailStep {
                    said: vec![
                        said("何书衡", SeatState::Transferred, None),
                        said("沈一舟", SeatState::Approved, Some("已核对调休日期，同意。")),
                    ],
                    ..step("部门领导", "", None, StepState::Done)
                },
                TrailStep {
                    since: at(41),
                    chased: 2,
                    consent: Some(Consent::All),
                    said: vec![said("顾念慈（代温言）", SeatState::Approved, None)],
                    ..step("宣传部审核", "林知远", None, StepState::Now)
                },
                step("定时发送", "系统", Some(september(27, 8, 0)), StepState::Later),
            ],
            form: Some(DecisionForm {
                hash: "9f2c61d07be4".into(),
                opinion: String::new(),
                error: None,
                behalf: None,
                is_last: true,
                pass_on: PassOn { candidates: colleagues(), ..PassOn::default() },
            }),
            decided: None,
            frozen: "9f2c 61d0 7be4".into(),
            previous: None,
            next: Some("/approvals/2".into()),
        }
    }

    /// A rejection without a reason.
    pub fn sample_error() -> Self {
        let form = DecisionForm {
            hash: "9f2c61d07be4".into(),
            opinion: "再看看".into(),
            error: Some("请填写驳回原因（最多 500 字）".into()),
            behalf: Some("沈一舟".into()),
            is_last: false,
            pass_on: PassOn::default(),
        };
        Self { form: Some(form), ..Self::sample() }
    }

    /// Somebody has decided.
    pub fn sample_decided() -> Self {
        let mut page = Self { form: None, actions: vec!["确认承接".into()], ..Self::sample() };
        page.decided = Some(Decided {
            outcome: State::Rejected,
            who: "林知远".into(),
            at: september(14, 10, 56),
            opinion: Some("请缩小接收范围".into()),
        });
        if let Some(step) = page.trail.get_mut(2) {
            *step = TrailStep {
                said: vec![Said {
                    who: "林知远".into(),
                    state: SeatState::Rejected,
                    given_to: None,
                    opinion: Some("请缩小接收范围".into()),
                    at: Some(september(14, 10, 56)),
                }],
                ..TrailStep::named(step.name.clone(), StepState::Refused)
            };
        }
        page.trail.truncate(3);
        page
    }
}

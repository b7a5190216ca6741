//! The approval rules of a university, and one that is being written.

use crate::{
    domain::approval::{Approver, Consent},
    web::views::approval_rules::*,
};

fn line(name: &str, people: &[&str], consent: Consent, sms: bool) -> NodeLine {
    NodeLine { name: name.into(), people: people.join("、"), consent, sms }
}

fn choice(name: &str, label: &str, chosen: bool) -> Choice {
    Choice { name: name.into(), label: label.into(), chosen }
}

impl RulesPage {
    /// Tried out, too.
    pub fn sample() -> Self {
        let rule = |id: &str, name: &str, conditions: &[&str], nodes| RuleRow {
            id: id.into(),
            name: name.into(),
            conditions: conditions.join(" · "),
            nodes,
        };
        let head = || line("部门负责人", &[], Consent::Any, false);
        Self {
            rules: vec![
                rule(
                    "1",
                    "全校群发",
                    &["接收人不少于 5000 人", "仅限个人发送"],
                    vec![head(), line("宣传部审核", &["guniannian", "wenyan"], Consent::All, true)],
                ),
                rule("2", "部门群发", &["接收人不少于 50 人"], vec![head()]),
                rule("3", "其他", &[], vec![line("审批人", &[], Consent::Any, false)]),
            ],
            is_safe: true,
            notice: Some("已保存。".into()),
            problem: None,
            trial: Trial {
                outcome: Some(Outcome {
                    recipients: 15_107,
                    cost: 420,
                    rule: Some("全校群发".into()),
                    nodes: vec![
                        line("部门负责人", &["沈一舟"], Consent::Any, false),
                        line("宣传部审核", &["顾念慈", "温言"], Consent::All, true),
                    ],
                    is_stuck: false,
                }),
                ..Trial::sample()
            },
        }
    }

    /// Nothing is caught any more, and what was tried could not be sent.
    pub fn sample_bare() -> Self {
        Self {
            rules: Vec::new(),
            is_safe: false,
            notice: None,
            problem: Some("没有找到，或者您无权查看".into()),
            trial: Trial { problem: Some("没有这个账号，或者已停用".into()), ..Trial::sample() },
        }
    }
}

impl Trial {
    fn sample() -> Self {
        Self {
            sender: "20160899".into(),
            everyone: true,
            accounts: String::new(),
            departments: vec![choice("qxu", "青溪大学", false), choice("jwc", "青溪大学 / 教务处", true)],
            send_rules: vec![choice("inbox", "站内", true), choice("urgent", "紧急", false)],
            categories: vec![choice("notice", "通知", true), choice("safety", "安全", false)],
            outcome: None,
            problem: None,
        }
    }
}

impl RulePage {
    /// Two nodes, one of them with names.
    pub fn sample() -> Self {
        let node = |nth, name: &str, approver, people: &str, consent| NodeForm {
            nth,
            number: nth + 1,
            name: name.into(),
            approver,
            people: people.into(),
            consent,
            sms: consent == Consent::All,
            can_remove: true,
        };
        Self {
            id: "0198f3c2".into(),
            name: "全校群发".into(),
            min_recipients: "5000".into(),
            min_beyond_department: String::new(),
            min_cost_units: String::new(),
            by: "people".into(),
            head: String::new(),
            departments: vec![choice("qxu", "青溪大学", false), choice("jwc", "青溪大学 / 教务处", true)],
            is_narrow: false,
            send_rules: vec![choice("inbox", "站内", false), choice("urgent", "紧急", true)],
            categories: vec![choice("notice", "通知", false)],
            nodes: vec![
                node(0, "", Approver::DepartmentHead, "", Consent::Any),
                node(1, "宣传部审核", Approver::People, "guniannian\nwenyan", Consent::All),
            ],
            can_add: true,
            asks_sure: false,
            problem: None,
        }
    }

    /// What would leave mass mail to nobody.
    pub fn sample_last() -> Self {
        Self {
            asks_sure: true,
            problem: Some("这样改之后，群发消息将不再需要任何人审批。确需如此，请勾选“我已了解”再提交".into()),
            ..Self::sample()
        }
    }

    /// Not yet saved.
    pub fn sample_fresh() -> Self {
        let mut page = Self { id: "new".into(), name: String::new(), can_add: false, ..Self::sample() };
        page.nodes.truncate(1);
        page
    }
}

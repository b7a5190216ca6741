//! Quotas of a month that is nearly over.

use super::september;
use crate::{
    domain::quota::Mode,
    web::views::{approvals::Share, quotas::*},
};

impl QuotaLine {
    pub fn sample() -> Self {
        Self {
            name: "教务处".into(),
            month: "2026-09".into(),
            pieces: Some(5_000),
            used: 3_204,
            asked: 0,
            left: 1_796,
            beyond: 0,
            mode: Mode::Strict,
            shares: vec![Share { name: "已用".into(), count: 3_204 }],
        }
    }

    fn sample_open() -> Self {
        let shares = vec![Share { name: "已用".into(), count: 41 }];
        Self { name: "访客系统".into(), pieces: None, used: 41, left: 0, shares, ..Self::sample() }
    }
}

impl QuotasPage {
    pub fn sample() -> Self {
        let row = |id: &str, is_module, held, line| QuotaRow { id: id.into(), is_module, held, line };
        let over =
            QuotaLine { name: "保卫处".into(), used: 5_120, left: 0, mode: Mode::Lenient, ..QuotaLine::sample() };
        Self {
            rows: vec![
                row("0198f3c2", false, 312, QuotaLine::sample()),
                row("0198f3c3", false, 0, over),
                row("0198f3c4", true, 0, QuotaLine::sample_open()),
            ],
            notice: Some("已保存，从现在起生效；已用的条数不变。".into()),
        }
    }

    pub fn sample_empty() -> Self {
        Self { rows: Vec::new(), notice: None }
    }
}

impl QuotaPage {
    pub fn sample() -> Self {
        let row = |why, people, segments, held, took| LedgerRow {
            sender: "教务处 李敏".into(),
            at: september(14, 17, 58),
            people,
            why,
            segments,
            held,
            took,
        };
        let month = |month: &str, used, is_shown| MonthRow { month: month.into(), used, most: 5_000, is_shown };
        Self {
            id: "0198f3c2".into(),
            name: "教务处".into(),
            holders: Vec::new(),
            pieces: "5000".into(),
            mode: Mode::Strict,
            problem: None,
            ledger: Some(LedgerView {
                month: "2026-09".into(),
                line: QuotaLine::sample(),
                months: vec![month("2026-09", 3_204, true), month("2026-08", 812, false)],
                rows: vec![row("resent", 1_203, 2, 312, None), row("sent", 1_203, 2, 2_390, Some(106))],
                is_cut: true,
            }),
        }
    }

    pub fn sample_fresh() -> Self {
        let choice =
            |value: &str, label: &str, is_chosen| HolderChoice { value: value.into(), label: label.into(), is_chosen };
        Self {
            id: "new".into(),
            name: String::new(),
            holders: vec![
                HolderGroup {
                    kind: "departments",
                    choices: vec![
                        choice("department:qxu", "青溪大学", false),
                        choice("department:jwc", "青溪大学 / 教务处", true),
                    ],
                },
                HolderGroup { kind: "modules", choices: vec![choice("module:visitor", "访客系统", false)] },
            ],
            pieces: "很多".into(),
            problem: Some("每月条数请填写 0 到 100000000 的整数，不限请留空".into()),
            ledger: None,
            ..Self::sample()
        }
    }
}

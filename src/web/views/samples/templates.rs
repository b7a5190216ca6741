//! Templates, and one of them that was refused.

use crate::{
    hub::send::templates::Written,
    web::views::{compose::Placeholder, templates::*},
};

impl TemplatesPage {
    pub fn sample() -> Self {
        let row = |name: &str, label: &str, department: Option<&str>| TemplateRow {
            name: name.into(),
            label: label.into(),
            title: "关于召开{{会议名称}}的通知".into(),
            department: department.map(str::to_owned),
            editable: department.is_some(),
        };
        Self {
            rows: vec![row("t1", "会议通知", None), row("t2", "监考安排", Some("教务处"))],
            can_add: true,
            notice: Some("模板已保存".into()),
        }
    }

    pub fn sample_empty() -> Self {
        Self { rows: Vec::new(), can_add: false, notice: None }
    }
}

impl TemplatePage {
    pub fn sample() -> Self {
        Self {
            name: "t2".into(),
            is_new: false,
            form: Written {
                label: "监考安排".into(),
                title: "{{课程}}监考安排".into(),
                body: "{{姓名}}老师：请提前十五分钟到达考场。".into(),
                signature: "教务处".into(),
                department: "jwc".into(),
            },
            units: vec![Unit { code: "jwc".into(), name: "教务处".into(), chosen: true }],
            for_all: true,
            fields: vec![Placeholder { placeholder: "{{姓名}}".into(), label: "姓名".into() }],
            problem: Some("模板名称应为 1–50 字，当前 0 字".into()),
        }
    }
}

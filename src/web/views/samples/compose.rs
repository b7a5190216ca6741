//! A message being written: half done, and refused with every error at once.

use crate::web::views::{
    approvals::{ChannelStep, Reach},
    compose::*,
};

fn step(channel: &str, after_minutes: i64) -> ChannelStep {
    ChannelStep { channel: channel.into(), after_minutes, deputy: false, missing: channel == "voice" }
}

fn group(id: &str, name: &str, people: i64, folder: Option<&str>, owner: Option<&str>) -> GroupChoice {
    GroupChoice {
        id: id.into(),
        name: name.into(),
        people,
        folder: folder.map(str::to_owned),
        owner: owner.map(str::to_owned),
        chosen: id == "1",
    }
}

impl AddRecipientsPage {
    pub fn sample() -> Self {
        let ComposePage { form, audience, .. } = ComposePage::sample();
        Self {
            id: "1".into(),
            title: "关于开展 2026 年网络安全宣传周活动的通知".into(),
            people: 1204,
            form,
            audience,
            errors: ComposeErrors::default(),
            problem: None,
            forecast: Some(Forecast { already: 2, unknown: Some(Unknown::sample()), ..Forecast::sample() }),
        }
    }

    /// Everybody who was chosen has it.
    pub fn sample_error() -> Self {
        let errors = ComposeErrors {
            audience: Some("没有可新增的人：所选 2 人都已收到此消息".into()),
            ..ComposeErrors::default()
        };
        Self { errors, problem: Some("消息已过有效期".into()), ..Self::sample() }
    }
}

impl ComposePage {
    pub fn sample() -> Self {
        let department = |code: &str, name: &str, people, children: Vec<DepartmentNode>| DepartmentNode {
            code: code.into(),
            name: name.into(),
            people,
            chosen: code == "jwc",
            left_out: code == "jwc-1",
            open: !children.is_empty(),
            children,
        };
        let rule = |name: &str, label: &str, steps| RuleCard {
            name: name.into(),
            label: label.into(),
            steps,
            idle: name == "undertaker",
            chosen: name == "dingtalk_then_sms",
        };
        let offices = vec![
            department("xb", "校长办公室", 24, Vec::new()),
            department("jwc", "教务处", 46, vec![department("jwc-1", "综合科", 9, Vec::new())]),
            department("xxb", "信息化管理中心", 31, Vec::new()),
        ];
        let colleges =
            vec![department("cs", "计算机学院", 2104, Vec::new()), department("me", "机械工程学院", 1986, Vec::new())];
        Self {
            form: ComposeForm::sample(),
            audience: AudienceChoices {
                departments: vec![
                    department("jg", "机关部处", 418, offices),
                    department("xy", "教学学院", 14_689, colleges),
                ],
                ..AudienceChoices::sample()
            },
            categories: vec![
                CategoryChoice { name: "notice".into(), label: "通知".into(), chosen: true },
                CategoryChoice { name: "meeting".into(), label: "会议".into(), chosen: false },
            ],
            rules: vec![
                rule("inbox", "站内", vec![step("inbox", 0)]),
                rule("dingtalk", "钉钉提醒", vec![step("inbox", 0), step("dingtalk", 0)]),
                rule(
                    "dingtalk_then_sms",
                    "钉钉，未读转短信",
                    vec![step("inbox", 0), step("dingtalk", 0), step("sms", 30)],
                ),
                rule("urgent", "紧急", vec![step("dingtalk", 0), step("sms", 5), step("voice", 10)]),
                rule("undertaker", "承接", vec![step("voice", 5), ChannelStep { deputy: true, ..step("voice", 25) }]),
            ],
            kept: ComposeFiles::sample(),
            templates: vec![TemplateChoice { name: "t1".into(), label: "会议通知".into() }],
            weekdays: vec![Weekday { value: "Mon".into(), chosen: true }],
            fields: vec![Placeholder { placeholder: "{{姓名}}".into(), label: "姓名".into() }],
            errors: ComposeErrors::default(),
            wrong: false,
            refusal: Some(Refusal { who: "钱志强".into(), opinion: "请补充联系人电话".into() }),
            notice: Some("已撤回，接收人无法再查看。短信已发出 2 条，无法收回。".into()),
            forecast: Some(Forecast::sample()),
        }
    }

    /// A blank sheet.
    pub fn sample_blank() -> Self {
        Self {
            form: ComposeForm { kind: "content".into(), options: vec![String::new(); 3], ..ComposeForm::default() },
            kept: ComposeFiles::default(),
            audience: AudienceChoices {
                groups: Vec::new(),
                people: Vec::new(),
                without: Vec::new(),
                ..AudienceChoices::sample()
            },
            forecast: None,
            ..Self::sample()
        }
    }

    /// Everything is wrong; what was typed is still there.
    pub fn sample_error() -> Self {
        let mut errors = ComposeErrors::default();
        for (field, text) in [
            ("/audience", "没有可接收的人：所选 3 人均已停用"),
            ("/audience/people/1", "没有这些账号：20110038"),
            ("/audience/external/0/phone", "手机号应为 11 位数字，当前 10 位"),
            ("/title", "标题最多 200 字，当前 201 字，请删去 1 字"),
            ("/body", "内容最多 10000 字，当前 10001 字"),
            ("/signature", "落款最多 30 字"),
            ("/url", "链接只能以 http:// 或 https:// 开头"),
            ("/send_rule", "没有这个发送规则"),
            ("/receipt/options/1", "回执选项重复：“收到”"),
            ("/recurrence", "请选择每周的哪几天"),
            ("/send_at", "定时时间 2026-09-10 08:00 已过，请选择 2026-09-14 11:05 以后的时间"),
            ("/", "页面已过期，请刷新后重试（内容已为您保留）"),
        ] {
            errors.put(field, text.into());
        }
        errors.unknown = Some(Unknown::sample());
        let problem = Some("没有可接收的人：所选 3 人均已停用".into());
        let forecast = Some(Forecast { reach: None, approval: None, problem, ..Forecast::sample() });
        Self { errors, wrong: true, forecast, ..Self::sample() }
    }
}

impl ComposeForm {
    fn sample() -> Self {
        Self {
            kind: "content".into(),
            title: "关于开展 2026 年网络安全宣传周活动的通知".into(),
            body: "各单位：\n\n根据省教育厅统一部署，我校定于 9 月 20 日至 27 日开展网络安全宣传周活动。".into(),
            signature: "信息化管理中心".into(),
            accounts: "20160899\n20110037".into(),
            outsiders: vec![OutsiderRow { name: "李雷".into(), phone: "13800138000".into(), email: String::new() }],
            receipt: true,
            options: vec!["全员参加".into(), "部分参加".into(), "不参加".into()],
            receipt_due_at: "2026-09-25T18:00".into(),
            category: "notice".into(),
            run_of: "r1".into(),
            when: "series".into(),
            send_at: "2026-09-20T08:30".into(),
            repeating: Repeating {
                every: "week".into(),
                weekdays: vec!["Mon".into()],
                monthday: "1".into(),
                at: "08:00".into(),
                until: "2026-12-31".into(),
            },
            ..Self::default()
        }
    }
}

impl AudienceChoices {
    fn sample() -> Self {
        let unit = |code: &str, name: &str, below| Unit { code: code.into(), name: name.into(), below };
        let tick = |value: &str, label: &str, chosen| Tick { value: value.into(), label: label.into(), chosen };
        Self {
            units: vec![unit("jg", "机关部处", false), unit("jwc", "教务处", true)],
            departments: Vec::new(),
            groups: vec![
                group("1", "学院信息员", 34, Some("信息化"), None),
                group("2", "中层干部", 126, None, Some("沈知白")),
            ],
            people: FoundPeople::sample().people,
            without: vec![PersonChip {
                account: "20110037".into(), name: "周若溪".into(), department: String::new()
            }],
            filter: FilterChoices {
                kinds: vec![tick("staff", "教职工", true), tick("student", "学生", false)],
                genders: vec![tick("male", "男", false), tick("female", "女", true)],
                grades: vec![tick("2026", "2026", false)],
                any: true,
            },
        }
    }
}

impl ComposeFiles {
    pub fn sample() -> Self {
        let file = |id: &str, name: &str, size: &str| KeptFile { id: id.into(), name: name.into(), size: size.into() };
        Self {
            id: "d1".into(),
            saved_at: "1".into(),
            files: vec![file("f1", "活动方案.pdf", "612 KB"), file("f2", "自查操作指引.docx", "1.8 MB")],
            problem: Some("文件内容是可执行程序，不是 PDF，已拒绝".into()),
            saved: Some(super::september(14, 14, 32)),
            apart: false,
        }
    }
}

impl Runs {
    pub fn sample() -> Self {
        Self { runs: vec![super::september(21, 8, 0)], problem: Some("请选择每周的哪几天".into()) }
    }
}

impl FoundPeople {
    pub fn sample() -> Self {
        let person = |account: &str, name: &str, department: &str| PersonChip {
            account: account.into(),
            name: name.into(),
            department: department.into(),
        };
        let people = vec![person("20160899", "陆安然", "教务处"), person("20210003", "叶知秋", "")];
        Self { people, more: true }
    }
}

impl Unknown {
    fn sample() -> Self {
        Self { words: "没有找到“20110038”。请更正".into(), count: 1, accounts: "20110038".into() }
    }
}

impl Forecast {
    pub fn sample() -> Self {
        Self {
            reach: Some(Reach { sms_segments: 0, ..Reach::sample() }),
            repeated: 3,
            cost: 240,
            approval: Some("按“跨部门群发”规则，2 人可以审批".into()),
            problem: None,
            unknown: None,
            already: 0,
            out: Some("发出时间：审批通过后，立即".into()),
            sms: Some(TextMessage {
                text: "信息化管理中心：{{姓名}}，请参加网络安全宣传周。详情请登录查看 https://zhihui.example/inbox/1"
                    .into(),
                pieces: 2,
                is_long: false,
                is_personal: true,
            }),
            pasted: FoundPeople::sample()
                .people
                .into_iter()
                .map(|person| PastedPerson { typed: "20160899 13800138000".into(), person })
                .collect(),
        }
    }
}

//! The inbox in every state.

use super::september;
use crate::web::views::{inbox::*, letter::Letter};

impl InboxPage {
    /// A full list with the first message open.
    pub fn sample() -> Self {
        Self { list: InboxList::sample(), reader: Some(Reader::sample()), notice: None }
    }

    /// Nothing is open.
    pub fn sample_closed() -> Self {
        Self { list: InboxList::sample(), reader: None, notice: Some("2 条已标为已读".into()) }
    }

    /// Nobody has written yet.
    pub fn sample_empty() -> Self {
        let list =
            InboxList { groups: Vec::new(), older: None, total: 0, unread: 0, waiting: 0, ..InboxList::sample() };
        Self { list, reader: None, notice: None }
    }

    /// Nothing was found among the newest of very many.
    pub fn sample_searched() -> Self {
        let list = InboxList {
            groups: Vec::new(),
            query: "放假".into(),
            older: Some("/inbox?q=%E6%94%BE%E5%81%87&cursor=1".into()),
            total: 10_000,
            is_more: true,
            unread: 9_900,
            ..InboxList::sample()
        };
        Self { list, reader: None, notice: None }
    }
}

/// Sender, title, beginning, (day, hour, minute), sign.
type Row = (&'static str, &'static str, &'static str, (u32, u32, u32), Sign);

/// At least one of each sign.
const ROWS: [Row; 6] = [
    (
        "教务处",
        "关于召开秋季学期教学工作会议的通知",
        "各学院、有关部门：为总结上学期教学工作，部署本学期重点任务",
        (14, 10, 48),
        Sign::UnreadReceipt,
    ),
    ("审批中心", "您有一条通知公告待审批", "周若溪提交了《国庆节放假安排及校园安全提示》", (14, 10, 29), Sign::Unread),
    ("周若溪", "新版校徽使用规范征求意见", "附件为第三稿，重点请看标准色与留白", (14, 8, 12), Sign::ReadUnanswered),
    (
        "会议预订",
        "第五会议室预订已通过：信息化周例会",
        "9 月 14 日 10:30—11:30，行政楼 3 层，12 人",
        (13, 16, 55),
        Sign::Read,
    ),
    (
        "人事处",
        "关于核对教职工基本信息的通知",
        "请登录人事系统核对学历、职称与联系方式",
        (13, 15, 20),
        Sign::ReadAnswered,
    ),
    ("信息化管理中心", "统一身份认证密码即将到期", "您的密码将在 7 天后到期，请在个人中心修改", (8, 9, 0), Sign::Read),
];

impl InboxList {
    pub fn sample() -> Self {
        let numbered = ROWS.iter().zip(1..);
        let rows = numbered.map(|((sender, title, snippet, (day, hour, minute), sign), id)| {
            InboxRow {
                id: id.to_string(),
                sender: (*sender).into(),
                title: (*title).into(),
                snippet: (*snippet).into(),
                at: september(*day, *hour, *minute),
                sign: *sign,
                unread: false,
                category: (id == 4).then(|| "会议".into()),
                attachment: id % 3 == 1,
                current: id == 1,
            }
            .signed(*sign)
        });
        Self {
            tab: Tab::All,
            address: "/inbox?".into(),
            is_gone: false,
            query: String::new(),
            total: 46,
            is_more: false,
            searched: 1_000,
            unread: 31,
            waiting: 3,
            groups: grouped(rows.collect(), september(14, 11, 0), chrono_tz::Asia::Shanghai),
            older: Some("/inbox?cursor=0198f3c2".into()),
        }
    }
}

impl Reader {
    /// A receipt is asked.
    pub fn sample() -> Self {
        let option = |value: &str, other| ReceiptOption { value: value.into(), other, chosen: false };
        Self {
            id: "1".into(),
            letter: Letter::sample(),
            channel: Some("dingtalk".into()),
            previous: None,
            next: Some("/inbox/2".into()),
            receipt: Some(ReceiptForm {
                options: vec![option("准时参加", false), option("委托他人参加", false), option("其他", true)],
                due_at: Some(september(18, 18, 0)),
                text: String::new(),
                error: None,
            }),
            answered: None,
            actions: Vec::new(),
            approval: None,
            about: None,
            gone_at: None,
            notice: None,
        }
    }

    /// Opened in the recycle bin.
    pub fn sample_deleted() -> Self {
        Self { receipt: None, gone_at: Some(september(30, 18, 0)), ..Self::sample() }
    }

    /// 其他 was chosen and its text left empty.
    pub fn sample_error() -> Self {
        let mut reader = Self::sample();
        if let Some(form) = &mut reader.receipt {
            form.options.iter_mut().for_each(|option| option.chosen = option.other);
            form.error = Some("请说明：选择“其他”时需要填写内容".into());
        }
        reader
    }

    /// A button is asked.
    pub fn sample_action() -> Self {
        Self {
            receipt: None,
            actions: vec![Action { id: "confirm".into(), label: "确认承接".into() }],
            approval: None,
            about: None,
            ..Self::sample()
        }
    }

    /// Everything is answered.
    pub fn sample_answered() -> Self {
        Self {
            receipt: None,
            answered: Some(Answered {
                option: "其他".into(),
                text: Some("因外出调研，委托张明代为参加".into()),
                at: september(14, 10, 58),
                channel: "dingtalk".into(),
                by: None,
            }),
            previous: Some("/inbox/0".into()),
            ..Self::sample()
        }
    }

    /// His deputy picked up the phone.
    pub fn sample_answered_by_deputy() -> Self {
        let answered = Self::sample_answered().answered.expect("the sample above is answered");
        let answered = Answered { option: "确认承接".into(), text: None, by: Some("陆远帆".into()), ..answered };
        Self { answered: Some(answered), ..Self::sample_answered() }
    }

    /// A link is opened instead of read.
    pub fn sample_link() -> Self {
        Self { letter: Letter::sample_link(), receipt: None, next: None, ..Self::sample() }
    }
}

//! Groups, one of them open, and members being added.

use super::september;
use crate::{domain::message::State, web::views::groups::*};

fn row(id: &str, name: &str, people: i64) -> GroupRow {
    GroupRow { id: id.into(), name: name.into(), people, shares: 0, owner: None, follows: None, folder: String::new() }
}

fn folder(id: &str, name: &str, chosen: bool) -> FolderChoice {
    FolderChoice { id: id.into(), name: name.into(), chosen }
}

fn person(id: &str, account: &str, name: &str, department: &str) -> PersonRow {
    PersonRow { id: id.into(), account: account.into(), name: name.into(), department: department.into() }
}

impl GroupsPage {
    pub fn sample() -> Self {
        let view = |id: &str, name: &str, groups| FolderView { id: id.into(), name: name.into(), groups, open: false };
        Self {
            folders: vec![
                view("", "", vec![GroupRow { follows: Some("教务处".into()), ..row("g1", "教务处全员", 38) }]),
                view(
                    "f1",
                    "教学工作",
                    vec![GroupRow { shares: 2, ..row("g2", "软件工程课程组", 21) }, row("g3", "校外实践导师", 4)],
                ),
                view("f2", "党务", Vec::new()),
            ],
            shared: vec![GroupRow { owner: Some("沈知白".into()), ..row("g4", "学院党政班子", 9) }],
            none: false,
            name: String::new(),
            choices: vec![folder("f1", "教学工作", false), folder("f2", "党务", false)],
            wrong: String::new(),
            problem: None,
            notice: Some("已添加分组".into()),
        }
    }

    pub fn sample_error() -> Self {
        Self {
            name: "软件工程课程组".into(),
            wrong: "group".into(),
            problem: Some("已有同名分组".into()),
            notice: None,
            ..Self::sample()
        }
    }

    pub fn sample_empty() -> Self {
        Self {
            folders: vec![FolderView { id: String::new(), name: String::new(), groups: Vec::new(), open: false }],
            shared: Vec::new(),
            none: true,
            choices: Vec::new(),
            notice: None,
            ..Self::sample()
        }
    }
}

impl GroupPage {
    pub fn sample() -> Self {
        let member = |id: &str, account: &str, name: &str, department: &str| MemberRow {
            id: id.into(),
            name: name.into(),
            account: account.into(),
            department: department.into(),
            phone: String::new(),
            email: String::new(),
            note: String::new(),
            outside: account.is_empty(),
            gone: false,
        };
        Self {
            id: "g2".into(),
            name: "软件工程课程组".into(),
            folder: Some("教学工作".into()),
            owner: None,
            people: 21,
            members: vec![
                member("p1", "20110037", "许怀瑾", "软件工程系"),
                MemberRow { gone: true, ..member("p2", "20140415", "叶知秋", "人工智能系") },
                MemberRow {
                    phone: "13900020001".into(),
                    email: "chen@example.com".into(),
                    note: "青溪软件公司".into(),
                    ..member("p3", "", "陈启航", "")
                },
            ],
            query: String::new(),
            older: Some("/groups/g2?after=3.p3".into()),
            whole: true,
            targets: vec![folder("g3", "校外实践导师", false)],
            follows: Some(Followed {
                name: "教务处".into(),
                all: true,
                names: vec!["王芳".into(), "李文博".into()],
                more: true,
            }),
            departments: vec![DepartmentChoice { code: "jwc".into(), path: "青溪大学 / 教务处".into() }],
            choices: vec![folder("f1", "教学工作", true)],
            typed: "软件工程课程组".into(),
            sharers: vec![person("p7", "20080012", "沈知白", "计算机学院")],
            found: Some(Found {
                query: "王".into(), people: vec![person("p8", "20160899", "王晓梅", "教务处")]
            }),
            uses: vec![UseRow {
                id: "m1".into(),
                title: "课程组例会改期".into(),
                state: State::Sent,
                recipients: 21,
                at: september(11, 9, 30),
            }],
            used: 4,
            used_by_others: 1,
            problem: None,
            notice: Some("已添加 2 人".into()),
        }
    }

    /// Of somebody else, to be used.
    pub fn sample_shared() -> Self {
        let mut page = Self {
            owner: Some("沈知白".into()),
            folder: None,
            whole: false,
            targets: Vec::new(),
            departments: Vec::new(),
            choices: Vec::new(),
            sharers: Vec::new(),
            found: None,
            notice: None,
            ..Self::sample()
        };
        page.members[2].phone = "139****0001".into();
        page
    }

    pub fn sample_empty() -> Self {
        Self {
            people: 0,
            members: Vec::new(),
            older: None,
            follows: None,
            sharers: Vec::new(),
            found: Some(Found { query: "无".into(), people: Vec::new() }),
            uses: Vec::new(),
            used: 0,
            used_by_others: 0,
            problem: Some("请先勾选成员".into()),
            notice: None,
            ..Self::sample()
        }
    }
}

impl GroupAddPage {
    pub fn sample() -> Self {
        Self {
            id: "g2".into(),
            name: "软件工程课程组".into(),
            by: "form".into(),
            ways: Self::ways("form"),
            form: MemberForm { who: "王芳".into(), ..MemberForm::default() },
            tree: Vec::new(),
            query: String::new(),
            found: None,
            report: None,
            strict: false,
            problem: Some("有 2 人叫“王芳”，请填写工号".into()),
            notice: None,
        }
    }

    pub fn sample_tree() -> Self {
        let node = |code: &str, name: &str, people, children| GroupNode {
            group: "g2".into(),
            code: code.into(),
            name: name.into(),
            people,
            open: false,
            members: Vec::new(),
            children,
        };
        let open = GroupNode {
            open: true,
            members: GroupPeople::sample().members,
            ..node("jwc-yx", "教学运行科", 2, Vec::new())
        };
        let office = GroupNode { open: true, ..node("jwc", "教务处", 38, vec![open]) };
        let root = node("qx", "青溪大学", 312, vec![office, node("jsj", "计算机学院", 64, Vec::new())]);
        Self {
            by: "tree".into(),
            ways: Self::ways("tree"),
            tree: vec![GroupNode { open: true, ..root }],
            form: MemberForm::default(),
            problem: None,
            ..Self::sample()
        }
    }

    pub fn sample_found() -> Self {
        let people = GroupPeople::sample().members;
        Self { query: "王".into(), found: Some(Found { query: "王".into(), people }), ..Self::sample_tree() }
    }

    pub fn sample_report() -> Self {
        let line = |row, column: &str, value: &str, reason: &str, suggestion: &str| ImportLine {
            row,
            column: column.into(),
            value: value.into(),
            reason: reason.into(),
            suggestion: suggestion.into(),
        };
        Self {
            by: "file".into(),
            ways: Self::ways("file"),
            report: Some(ImportReport {
                added: 12,
                already: 3,
                failed: 1,
                refused: false,
                errors: vec![line(5, "手机号", "1380000", "手机号应为 11 位数字，当前 7 位", "请填写 11 位手机号")],
                warnings: vec![line(6, "姓名", "李\\n雷", "含有换行，已改为“李 雷”", "请核对")],
            }),
            form: MemberForm::default(),
            problem: None,
            ..Self::sample()
        }
    }

    fn ways(current: &str) -> Vec<Way> {
        ["form", "tree", "file"].map(|name| Way { name: name.into(), current: name == current }).into()
    }
}

impl GroupPeople {
    pub fn sample() -> Self {
        Self {
            members: vec![person("p8", "20160899", "王晓梅", "教务处"), person("p9", "20160900", "王芳", "教务处")]
        }
    }
}

impl GroupMemberPage {
    pub fn sample() -> Self {
        Self {
            group: "g2".into(),
            group_name: "软件工程课程组".into(),
            id: "p3".into(),
            account: String::new(),
            department: String::new(),
            form: MemberForm {
                outside: true,
                name: "陈启航".into(),
                phone: "1390002".into(),
                note: "青溪软件公司".into(),
                ..MemberForm::default()
            },
            problem: Some("手机号应为 11 位数字，当前 7 位".into()),
        }
    }

    /// Somebody inside: only the note is the group's.
    pub fn sample_inside() -> Self {
        Self {
            account: "20110037".into(),
            department: "软件工程系".into(),
            form: MemberForm { name: "许怀瑾".into(), note: "课程负责人".into(), ..MemberForm::default() },
            problem: None,
            ..Self::sample()
        }
    }
}

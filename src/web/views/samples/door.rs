//! The doors: signing in, the first password, errors.

use crate::web::views::door::*;

impl LoginPage {
    /// As the demonstration shows it.
    pub fn sample() -> Self {
        let person = |role: &str, name: &str, department: &str| DemoPerson {
            role: role.into(),
            name: name.into(),
            department: department.into(),
            href: format!("/demo/signin/{role}"),
        };
        Self {
            account: String::new(),
            next: "/".into(),
            error: None,
            ended: Some("您已 15 分钟没有操作，为安全起见已退出，请重新登录".into()),
            demo: vec![
                person("staff", "林知远", "信息化管理中心"),
                person("head", "沈一舟", "教务处"),
                person("approver", "周若溪", "校长办公室"),
                person("undertaker", "许怀瑾", "后勤管理处"),
                person("admin", "叶知秋", "信息化管理中心"),
            ],
        }
    }

    /// A wrong password, outside the demonstration.
    pub fn sample_error() -> Self {
        Self {
            account: "20160899".into(), error: Some("账号或密码不正确".into()), demo: Vec::new(), ..Self::sample()
        }
    }
}

impl SetupPage {
    pub fn sample() -> Self {
        Self {
            account: "20160899".into(),
            name: "林知远".into(),
            rule: "至少 10 个字符，不能是常见密码，不能包含单位名称".into(),
            error: None,
        }
    }

    /// Two different passwords.
    pub fn sample_error() -> Self {
        Self { error: Some("两次输入的密码不一致".into()), ..Self::sample() }
    }
}

impl ErrorPage {
    /// A plain error of a status.
    pub fn sample(status: u16) -> Self {
        Self {
            status,
            code: None,
            detail: None,
            request_id: "0198f3c2-7d41".into(),
            back: "/".into(),
            before: None,
            kept: Vec::new(),
        }
    }

    /// The message was recalled.
    pub fn sample_recalled() -> Self {
        Self {
            code: Some("MSG_RECALLED".into()),
            detail: Some("消息已被撤回".into()),
            back: "/inbox".into(),
            before: Some("/inbox?tab=unread".into()),
            ..Self::sample(410)
        }
    }
}

//! Somebody with every right.

use super::september;
use crate::web::{views::shell::*, words::text::Lang};

impl Shell {
    /// Somebody with every right, on the portal.
    pub fn sample() -> Self {
        Self {
            lang: Lang::Chinese,
            theme: Theme::Light,
            size: TextSize::Normal,
            title: None,
            section: Section::Portal,
            csrf: "c2FtcGxlLXRva2Vu".into(),
            organisation: "青溪大学".into(),
            zone: "Asia/Shanghai",
            now: september(14, 11, 0),
            me: Some(Me { name: "林知远".into(), department: "信息化管理中心".into() }),
            counts: Counts { inbox: 31, approvals: 4 },
            is_approver: true,
            is_admin: true,
            is_org_admin: true,
            keeps_templates: true,
            demo: true,
        }
    }
}

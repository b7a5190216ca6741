//! One's own account.

use crate::web::views::me::*;

impl PasswordPage {
    pub fn sample() -> Self {
        Self {
            account: "20160899".into(),
            rule: "至少 10 个字符，不能太容易被猜到".into(),
            is_set: true,
            notice: Some("密码已修改，其他浏览器已退出登录".into()),
            ..Self::default()
        }
    }

    /// Everything wrong at once.
    pub fn sample_error() -> Self {
        Self {
            notice: None,
            present_error: Some("当前密码不正确".into()),
            password_error: Some("密码太容易被猜到".into()),
            again_error: Some("两次输入的密码不一致".into()),
            error: Some("密码输错次数太多，请 60 秒后再试".into()),
            ..Self::sample()
        }
    }

    /// Somebody who signs in otherwise.
    pub fn sample_unset() -> Self {
        Self { is_set: false, notice: None, ..Self::sample() }
    }
}

impl ProvePage {
    pub fn sample() -> Self {
        Self { account: "20160899".into(), next: "/admin/recalls".into(), minutes: 10, is_set: true, error: None }
    }

    pub fn sample_error() -> Self {
        Self { error: Some("当前密码不正确".into()), ..Self::sample() }
    }

    /// Somebody who signs in otherwise.
    pub fn sample_unset() -> Self {
        Self { is_set: false, ..Self::sample() }
    }
}

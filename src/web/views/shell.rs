//! What surrounds every page: who is signed in, in which language and light, what waits where.

use serde::Serialize;

use super::Moment;
use crate::web::words::text::Lang;

/// Light or dark; `Auto` lets the browser decide before the first paint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum Theme {
    #[default]
    #[serde(rename = "")]
    Auto,
    #[serde(rename = "light")]
    Light,
    #[serde(rename = "dark")]
    Dark,
}

impl Theme {
    /// The cookie `theme` wins; without one DingTalk tells it in the user agent, because its
    /// engine on Android knows no `prefers-color-scheme`.
    pub fn choose(cookie: &str, user_agent: &str) -> Self {
        match cookie {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ if user_agent.contains("colorScheme/dark") => Self::Dark,
            _ => Self::Auto,
        }
    }
}

/// Size of type: the cookie `size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TextSize {
    #[default]
    Normal,
    Large,
}

impl TextSize {
    /// From the value of the cookie `size`; anything unknown is normal.
    pub fn from_cookie(value: &str) -> Self {
        if value == "large" { Self::Large } else { Self::Normal }
    }
}

/// The entry of the navigation on which a page stands; words under `nav.<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    Portal,
    Inbox,
    Compose,
    Outbox,
    Approvals,
    Recycle,
    Groups,
    /// 消息模板
    Templates,
    Directory,
    Announcements,
    Tasks,
    Visits,
    Meetings,
    Me,
    Admin,
    /// 紧急撤回
    Recalls,
    /// 审批规则
    Rules,
    /// 短信配额
    Quotas,
    /// The phone of the demonstration.
    Phone,
    /// Something that went wrong for somebody who is signed in.
    Error,
    /// Outside: signing in, first password, an error.
    Door,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Me {
    pub name: String,
    pub department: String,
}

/// What waits; shown in the navigation and kept true by `/events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Unread messages.
    pub inbox: i64,
    /// Messages that wait for this person's decision.
    pub approvals: i64,
}

/// What surrounds a page.
#[derive(Debug, Clone, Serialize)]
pub struct Shell {
    pub lang: Lang,
    pub theme: Theme,
    pub size: TextSize,
    /// What the tab says before the product's name; `None`: the name of the section.
    pub title: Option<String>,
    pub section: Section,
    /// Token of the session for forms and for the header `X-CSRF`.
    pub csrf: String,
    /// The name of the organisation, as beside the mark.
    pub organisation: String,
    /// IANA name of the zone in which times are written.
    pub zone: &'static str,
    /// The moment of the page.
    pub now: Moment,
    /// `None` outside.
    pub me: Option<Me>,
    pub counts: Counts,
    pub is_approver: bool,
    pub is_admin: bool,
    /// May recall what others sent.
    pub is_org_admin: bool,
    /// 消息模板, for everybody or for a department
    pub keeps_templates: bool,
    /// The demonstration: shows the way to its phone.
    pub demo: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_beats_the_user_agent() {
        let dingtalk = "AliApp(DingTalk/7.0.15) colorScheme/dark";
        assert_eq!(Theme::choose("", dingtalk), Theme::Dark);
        assert_eq!(Theme::choose("light", dingtalk), Theme::Light);
        assert_eq!(Theme::choose("purple", ""), Theme::Auto);
    }
}

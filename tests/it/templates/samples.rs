//! The list of everything that is rendered.

use serde::Serialize;
use serde_json::Value;
use zhihui::web::views::{
    admin::{AdminPage, RecallsPage},
    approval_rules::{RulePage, RulesPage},
    approvals::{ApprovalPage, ApprovalsPage},
    compose::{AddRecipientsPage, ComposeFiles, ComposePage, FoundPeople, Runs},
    door::{ErrorPage, LoginPage, SetupPage},
    groups::{GroupAddPage, GroupMemberPage, GroupPage, GroupPeople, GroupsPage},
    inbox::{InboxPage, Reader},
    me::{PasswordPage, ProvePage},
    outbox::{OutboxDetail, Recipients},
    outbox_list::OutboxPage,
    phone::PhonePage,
    portal::PortalPage,
    quotas::{QuotaPage, QuotasPage},
    recycle::RecyclePage,
    shell::Section,
    templates::{TemplatePage, TemplatesPage},
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Page,
    Part,
}

pub struct Sample {
    pub name: String,
    pub kind: Kind,
    pub template: &'static str,
    pub section: Section,
    pub view: Value,
}

fn page(template: &'static str, state: &str, section: Section, view: &impl Serialize) -> Sample {
    let name = if state.is_empty() { template.to_owned() } else { format!("{template}-{state}") };
    Sample { name, kind: Kind::Page, template, section, view: serde_json::to_value(view).unwrap() }
}

fn part(template: &'static str, section: Section, view: &impl Serialize) -> Sample {
    let name = format!("part-{template}");
    Sample { name, kind: Kind::Part, template, section, view: serde_json::to_value(view).unwrap() }
}

pub fn samples() -> Vec<Sample> {
    let open = |reader| InboxPage { reader: Some(reader), ..InboxPage::sample() };
    let mut all = vec![
        page("login", "", Section::Door, &LoginPage::sample()),
        page("login", "error", Section::Door, &LoginPage::sample_error()),
        page("setup", "", Section::Door, &SetupPage::sample()),
        page("setup", "error", Section::Door, &SetupPage::sample_error()),
        page("error", "recalled", Section::Door, &ErrorPage::sample_recalled()),
        page("error_inside", "", Section::Error, &ErrorPage::sample_recalled()),
        page("inbox", "", Section::Inbox, &InboxPage::sample()),
        page("inbox", "closed", Section::Inbox, &InboxPage::sample_closed()),
        page("inbox", "empty", Section::Inbox, &InboxPage::sample_empty()),
        page("inbox", "searched", Section::Inbox, &InboxPage::sample_searched()),
        page("inbox", "error", Section::Inbox, &open(Reader::sample_error())),
        page("inbox", "action", Section::Inbox, &open(Reader::sample_action())),
        page("inbox", "answered", Section::Inbox, &open(Reader::sample_answered())),
        page("inbox", "answered_by_deputy", Section::Inbox, &open(Reader::sample_answered_by_deputy())),
        page("inbox", "deleted", Section::Inbox, &open(Reader::sample_deleted())),
        page("inbox", "link", Section::Inbox, &open(Reader::sample_link())),
        part("list", Section::Inbox, &InboxPage::sample().list),
        part("reader", Section::Inbox, &Reader::sample()),
        page("approvals", "", Section::Approvals, &ApprovalsPage::sample()),
        page("approvals", "done", Section::Approvals, &ApprovalsPage::sample_done()),
        page("approvals", "empty", Section::Approvals, &ApprovalsPage::sample_empty()),
        page("approval", "", Section::Approvals, &ApprovalPage::sample()),
        page("approvals", "refused", Section::Approvals, &ApprovalsPage::sample_refused()),
        page("approval", "anew", Section::Approvals, &ApprovalPage::sample_anew()),
        page("approval", "not_passed", Section::Approvals, &ApprovalPage::sample_not_passed()),
        page("approval", "error", Section::Approvals, &ApprovalPage::sample_error()),
        page("approval", "decided", Section::Approvals, &ApprovalPage::sample_decided()),
        page("portal", "", Section::Portal, &PortalPage::sample()),
        page("portal", "quiet", Section::Portal, &PortalPage::sample_quiet()),
        page("demo_phone", "", Section::Phone, &PhonePage::sample()),
        page("demo_phone", "ringing", Section::Phone, &PhonePage::sample_ringing()),
        page("demo_phone", "talking", Section::Phone, &PhonePage::sample_talking()),
        page("demo_phone", "empty", Section::Phone, &PhonePage::sample_empty()),
        page("demo_phone", "not_found", Section::Phone, &PhonePage::sample_not_found()),
        page("demo_phone", "closed", Section::Phone, &PhonePage::sample_closed()),
        part("phone", Section::Phone, &PhonePage::sample_talking()),
        page("password", "", Section::Me, &PasswordPage::sample()),
        page("password", "error", Section::Me, &PasswordPage::sample_error()),
        page("password", "unset", Section::Me, &PasswordPage::sample_unset()),
        page("prove", "", Section::Me, &ProvePage::sample()),
        page("prove", "error", Section::Me, &ProvePage::sample_error()),
        page("prove", "unset", Section::Me, &ProvePage::sample_unset()),
    ];
    all.extend(of_senders());
    all.extend(groups());
    all.extend(administration());
    for status in ErrorPage::STATUSES {
        all.push(page("error", &status.to_string(), Section::Door, &ErrorPage::sample(status)));
    }
    all
}

/// What is written, sent and deleted.
fn of_senders() -> Vec<Sample> {
    vec![
        page("outbox", "", Section::Outbox, &OutboxPage::sample()),
        page("outbox", "drafts", Section::Outbox, &OutboxPage::sample_drafts()),
        page("outbox", "empty", Section::Outbox, &OutboxPage::sample_empty()),
        page("outbox", "resting", Section::Outbox, &OutboxPage::sample_resting()),
        page("outbox_detail", "", Section::Outbox, &OutboxDetail::sample()),
        page("outbox_detail", "sending", Section::Outbox, &OutboxDetail::sample_sending()),
        page("outbox_detail", "rejected", Section::Outbox, &OutboxDetail::sample_rejected()),
        page("outbox_detail", "held", Section::Outbox, &OutboxDetail::sample_held()),
        page("outbox_detail", "deleted", Section::Outbox, &OutboxDetail::sample_deleted()),
        page("recycle", "", Section::Recycle, &RecyclePage::sample()),
        page("recycle", "outbox", Section::Recycle, &RecyclePage::sample_outbox()),
        page("recycle", "empty", Section::Recycle, &RecyclePage::sample_empty()),
        page("add_recipients", "", Section::Outbox, &AddRecipientsPage::sample()),
        page("add_recipients", "error", Section::Outbox, &AddRecipientsPage::sample_error()),
        part("recipients", Section::Outbox, &Recipients::sample()),
        page("compose", "", Section::Compose, &ComposePage::sample()),
        page("compose", "blank", Section::Compose, &ComposePage::sample_blank()),
        page("compose", "error", Section::Compose, &ComposePage::sample_error()),
        page("templates", "", Section::Compose, &TemplatesPage::sample()),
        page("templates", "empty", Section::Compose, &TemplatesPage::sample_empty()),
        page("template", "", Section::Compose, &TemplatePage::sample()),
        part("forecast", Section::Compose, &ComposePage::sample().forecast),
        part("compose_files", Section::Compose, &ComposeFiles::sample()),
        part("compose_runs", Section::Compose, &Runs::sample()),
        part("compose_found", Section::Compose, &FoundPeople::sample()),
    ]
}

fn groups() -> Vec<Sample> {
    vec![
        page("groups", "", Section::Groups, &GroupsPage::sample()),
        page("groups", "error", Section::Groups, &GroupsPage::sample_error()),
        page("groups", "empty", Section::Groups, &GroupsPage::sample_empty()),
        page("group", "", Section::Groups, &GroupPage::sample()),
        page("group", "shared", Section::Groups, &GroupPage::sample_shared()),
        page("group", "empty", Section::Groups, &GroupPage::sample_empty()),
        page("group_add", "", Section::Groups, &GroupAddPage::sample()),
        page("group_add", "tree", Section::Groups, &GroupAddPage::sample_tree()),
        page("group_add", "found", Section::Groups, &GroupAddPage::sample_found()),
        page("group_add", "report", Section::Groups, &GroupAddPage::sample_report()),
        page("group_member", "", Section::Groups, &GroupMemberPage::sample()),
        page("group_member", "inside", Section::Groups, &GroupMemberPage::sample_inside()),
        part("group_people", Section::Groups, &GroupPeople::sample()),
    ]
}

fn administration() -> Vec<Sample> {
    vec![
        page("admin", "", Section::Admin, &AdminPage::sample()),
        page("admin", "well", Section::Admin, &AdminPage::sample_well()),
        page("recalls", "", Section::Recalls, &RecallsPage::sample()),
        page("recalls", "empty", Section::Recalls, &RecallsPage::sample_empty()),
        page("quotas", "", Section::Quotas, &QuotasPage::sample()),
        page("quotas", "empty", Section::Quotas, &QuotasPage::sample_empty()),
        page("quota", "", Section::Quotas, &QuotaPage::sample()),
        page("quota", "fresh", Section::Quotas, &QuotaPage::sample_fresh()),
        page("approval_rules", "", Section::Rules, &RulesPage::sample()),
        page("approval_rules", "bare", Section::Rules, &RulesPage::sample_bare()),
        page("approval_rule", "", Section::Rules, &RulePage::sample()),
        page("approval_rule", "last", Section::Rules, &RulePage::sample_last()),
        page("approval_rule", "fresh", Section::Rules, &RulePage::sample_fresh()),
    ]
}

/// Sets every field of this name that there is.
pub fn set(view: &mut Value, name: &str, to: bool) {
    match view {
        Value::Array(items) => items.iter_mut().for_each(|item| set(item, name, to)),
        Value::Object(fields) => {
            for (field, value) in fields {
                match field == name {
                    true => *value = to.into(),
                    false => set(value, name, to),
                }
            }
        }
        _ => {}
    }
}

/// Puts markup into every text that people may have written: those with Chinese in them.
pub fn poison(view: &mut Value) {
    match view {
        Value::String(text) if !text.is_ascii() => text.insert_str(0, "<b>x\"'>{{t}}"),
        Value::Array(items) => items.iter_mut().for_each(poison),
        Value::Object(fields) => fields.values_mut().for_each(poison),
        _ => {}
    }
}

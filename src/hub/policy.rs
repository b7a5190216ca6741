//! The one place that says who may do what (security §8). Whatever is not allowed here is refused.
//!
//! Everybody who is signed in is staff; a role adds to that and never takes away. What somebody is
//! to an object (its sender, a recipient, an approver asked to decide) is not a role: the caller
//! looks it up and hands it in.

use super::{Source, people::sign_in::SignedIn};
use crate::domain::{Problem, person::Role};

/// Who wants something.
#[derive(Debug, Clone, Copy)]
pub enum Asker<'a> {
    /// Somebody signed in, with what that adds to being staff.
    Person(&'a [Role]),
    /// A registered module; what it may address and send is said by its registration.
    Producer,
    /// The hub itself.
    Hub,
}

impl<'a> From<&'a SignedIn> for Asker<'a> {
    fn from(who: &'a SignedIn) -> Self {
        Self::Person(&who.roles)
    }
}

/// No verb that takes a source is allowed by a role.
impl From<&Source> for Asker<'_> {
    fn from(source: &Source) -> Self {
        match source {
            Source::Person(_) => Self::Person(&[]),
            Source::Producer(_) => Self::Producer,
            Source::Hub => Self::Hub,
        }
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Open a message in the inbox, answer it, delete it from there.
    ReadInbox,
    /// Open a message that is not out yet.
    ReadUnsent,
    /// 同意 or 驳回
    Approve,
    /// 撤回; of a foreign message in an emergency.
    Recall,
    /// Titles and senders of what everybody sends, to find what must be recalled.
    FindForeign,
    /// 再次提醒
    Remind,
    /// 重新发送
    Resend,
    /// 新增发送人
    AddRecipients,
    /// 立即发送 what was held because its time had passed.
    Release,
    /// 删除, 还原 and 彻底删除 of what one has sent.
    Discard,
    /// Receipts, and who got it how: 发件箱明细.
    SeeDeliveries,
    /// Also to try out whom it would reach.
    Send,
    /// A second try for a command that went to the dead letters.
    ReplayDeadLetter,
    /// 新建 a group or a folder of one's own.
    KeepGroups,
    /// Open a group, and send to it.
    UseGroup,
    /// Change a group, its members, whom it is shared with.
    EditGroup,
    ViewDirectory,
    /// Add, change, import and invite people; freeze and resign them.
    EditDirectory,
    GrantRole(Role),
    /// 消息模板 of everybody, or of a department that one heads.
    KeepTemplates,
    /// Which sends need whose consent.
    EditApprovalRules,
    /// 短信配额 of departments and modules, and their ledger.
    KeepQuotas,
    /// Channels, send rules, modules, dead letters.
    Administer,
    ReadAudit,
}

/// What the person is to the object; nothing by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Wrote or sent it.
    pub is_own: bool,
    /// It went to them.
    pub is_recipient: bool,
    /// Was asked to decide about it.
    pub is_assigned: bool,
    /// Its owner shared it with them.
    pub is_shared: bool,
    /// Gave the password again, a few minutes ago at most.
    pub is_proved: bool,
}

impl Facts {
    pub const STRANGER: Self =
        Self { is_own: false, is_recipient: false, is_assigned: false, is_shared: false, is_proved: false };
    pub const OWN: Self = Self { is_own: true, ..Self::STRANGER };
    pub const RECIPIENT: Self = Self { is_recipient: true, ..Self::STRANGER };
    pub const ASSIGNED: Self = Self { is_assigned: true, ..Self::STRANGER };
    pub const SHARED: Self = Self { is_shared: true, ..Self::STRANGER };
    /// No more than a stranger to it, whose password was asked for again.
    pub const PROVED: Self = Self { is_proved: true, ..Self::STRANGER };

    /// What is known of somebody who is its owner or nobody to it.
    pub fn owned(is_own: bool) -> Self {
        Self { is_own, ..Self::STRANGER }
    }
}

pub fn may<'a>(who: impl Into<Asker<'a>>, action: Action, facts: &Facts) -> bool {
    match who.into() {
        Asker::Person(roles) => person_may(roles, action, facts),
        Asker::Producer => match action {
            Action::Send | Action::KeepGroups => true,
            Action::UseGroup
            | Action::EditGroup
            | Action::Recall
            | Action::Remind
            | Action::Resend
            | Action::AddRecipients
            | Action::Release
            | Action::Discard
            | Action::SeeDeliveries
            | Action::ReadUnsent
            | Action::ReplayDeadLetter => facts.is_own,
            _ => false,
        },
        Asker::Hub => matches!(action, Action::Send | Action::ReplayDeadLetter),
    }
}

fn person_may(roles: &[Role], action: Action, facts: &Facts) -> bool {
    let has = |role: Role| roles.contains(&role);
    match action {
        Action::Send | Action::ViewDirectory | Action::KeepGroups => true,
        Action::UseGroup => facts.is_own || facts.is_shared,
        Action::EditGroup => facts.is_own,
        Action::ReadInbox => facts.is_recipient,
        Action::ReadUnsent | Action::SeeDeliveries => facts.is_own || facts.is_assigned,
        Action::Approve => facts.is_assigned && !facts.is_own,
        Action::Recall => facts.is_own || (has(Role::OrgAdmin) && facts.is_proved),
        Action::FindForeign | Action::EditApprovalRules => has(Role::OrgAdmin) && facts.is_proved,
        Action::Remind | Action::Resend | Action::AddRecipients | Action::Release | Action::Discard => facts.is_own,
        Action::EditDirectory => has(Role::OrgAdmin),
        Action::KeepQuotas => has(Role::OrgAdmin) || has(Role::SystemAdmin),
        Action::KeepTemplates => facts.is_own || has(Role::OrgAdmin) || has(Role::SystemAdmin),
        Action::Administer | Action::ReplayDeadLetter => has(Role::SystemAdmin),
        Action::ReadAudit => has(Role::AuditAdmin),
        Action::GrantRole(role) => match role {
            Role::Approver => has(Role::OrgAdmin) || has(Role::SystemAdmin),
            Role::OrgAdmin | Role::SystemAdmin | Role::AuditAdmin => has(Role::SystemAdmin),
        },
    }
}

/// [`may`] about an object: what somebody may not do with it is not there for them, so that nobody
/// learns what exists.
///
/// # Errors
/// `NOT_FOUND`
pub fn require<'a>(who: impl Into<Asker<'a>>, action: Action, facts: &Facts) -> Result<(), Problem> {
    if may(who, action, facts) { Ok(()) } else { Err(Problem::not_found()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PersonId;

    fn somebody(roles: &[Role], is_head: bool) -> SignedIn {
        SignedIn {
            person: PersonId::new(),
            account: "20160899".to_owned(),
            name: "韩梅梅".to_owned(),
            department: String::new(),
            roles: roles.to_vec(),
            is_head,
            is_proved: false,
            csrf: String::new(),
        }
    }

    /// The columns of the matrix: staff, dept head, approver, org admin, system admin, audit admin.
    fn columns() -> [SignedIn; 6] {
        [
            somebody(&[], false),
            somebody(&[], true),
            somebody(&[Role::Approver], false),
            somebody(&[Role::OrgAdmin], false),
            somebody(&[Role::SystemAdmin], false),
            somebody(&[Role::AuditAdmin], false),
        ]
    }

    const STANDINGS: [Facts; 6] = [
        Facts::STRANGER,
        Facts::RECIPIENT,
        Facts::OWN,
        Facts::ASSIGNED,
        Facts { is_own: true, ..Facts::ASSIGNED },
        Facts::SHARED,
    ];

    #[test]
    fn the_matrix_of_roles_holds() {
        let table: [(Action, &str); 13] = [
            (Action::Send, "✓✓✓✓✓✓"),
            (Action::ViewDirectory, "✓✓✓✓✓✓"),
            (Action::KeepGroups, "✓✓✓✓✓✓"),
            (Action::EditDirectory, "✗✗✗✓✗✗"),
            (Action::KeepTemplates, "✗✗✗✓✓✗"),
            (Action::EditApprovalRules, "✗✗✗✗✗✗"),
            (Action::KeepQuotas, "✗✗✗✓✓✗"),
            (Action::Administer, "✗✗✗✗✓✗"),
            (Action::ReplayDeadLetter, "✗✗✗✗✓✗"),
            (Action::ReadAudit, "✗✗✗✗✗✓"),
            (Action::GrantRole(Role::Approver), "✗✗✗✓✓✗"),
            (Action::GrantRole(Role::SystemAdmin), "✗✗✗✗✓✗"),
            (Action::GrantRole(Role::AuditAdmin), "✗✗✗✗✓✗"),
        ];
        for (action, wanted) in table {
            let row: String =
                columns().iter().map(|who| if may(who, action, &Facts::STRANGER) { '✓' } else { '✗' }).collect();
            assert_eq!(row, wanted, "{action:?}");
        }
    }

    #[test]
    fn what_belongs_to_others_is_nobodys_whatever_the_role() {
        let table: [(Action, [bool; 6]); 11] = [
            //                    stranger recipient own assigned own+assigned shared
            (Action::ReadInbox, [false, true, false, false, false, false]),
            (Action::ReadUnsent, [false, false, true, true, true, false]),
            (Action::Approve, [false, false, false, true, false, false]),
            (Action::Recall, [false, false, true, false, true, false]),
            (Action::Remind, [false, false, true, false, true, false]),
            (Action::Resend, [false, false, true, false, true, false]),
            (Action::AddRecipients, [false, false, true, false, true, false]),
            (Action::Release, [false, false, true, false, true, false]),
            (Action::SeeDeliveries, [false, false, true, true, true, false]),
            (Action::UseGroup, [false, false, true, false, true, true]),
            (Action::EditGroup, [false, false, true, false, true, false]),
        ];
        for who in columns() {
            for (action, wanted) in table {
                let row = STANDINGS.map(|facts| may(&who, action, &facts));
                assert_eq!(row, wanted, "{action:?} {:?}", who.roles);
            }
        }
    }
    #[test]
    fn a_proof_lets_the_organisations_administrator_recall_and_change_rules_and_nothing_else() {
        for who in columns() {
            let is_admin = who.has(Role::OrgAdmin);
            for action in [Action::Recall, Action::FindForeign, Action::EditApprovalRules] {
                assert!(!may(&who, action, &Facts::STRANGER), "{action:?} {:?}", who.roles);
                assert_eq!(may(&who, action, &Facts::PROVED), is_admin, "{action:?} {:?}", who.roles);
            }
            for action in [
                Action::ReadInbox,
                Action::ReadUnsent,
                Action::SeeDeliveries,
                Action::Remind,
                Action::Release,
                Action::UseGroup,
                Action::EditGroup,
            ] {
                assert!(!may(&who, action, &Facts::PROVED), "{action:?} {:?}", who.roles);
            }
        }
        assert!(!may(Asker::Producer, Action::Recall, &Facts::PROVED));
    }

    #[test]
    fn a_module_may_do_what_it_needs_with_what_is_its_own_and_nothing_else() {
        let own = [
            Action::Recall,
            Action::Remind,
            Action::Release,
            Action::SeeDeliveries,
            Action::ReplayDeadLetter,
            Action::UseGroup,
            Action::EditGroup,
        ];
        for action in own {
            assert!(may(Asker::Producer, action, &Facts::OWN), "{action:?}");
            assert!(!may(Asker::Producer, action, &Facts::STRANGER), "{action:?}");
            // Nothing is shared with a module.
            assert!(!may(Asker::Producer, action, &Facts::SHARED), "{action:?}");
        }
        assert!(may(Asker::Producer, Action::Send, &Facts::STRANGER));
        for action in [
            Action::ReadInbox,
            Action::Approve,
            Action::ViewDirectory,
            Action::EditDirectory,
            Action::EditApprovalRules,
        ] {
            assert!(STANDINGS.iter().all(|facts| !may(Asker::Producer, action, facts)), "{action:?}");
        }
        for action in [Action::Administer, Action::ReadAudit, Action::GrantRole(Role::Approver)] {
            assert!(STANDINGS.iter().all(|facts| !may(Asker::Producer, action, facts)), "{action:?}");
        }
    }
}

//! The one place that says who may do what (security §8). Whatever is not allowed here is refused.
//!
//! Everybody who is signed in is staff; a role adds to that and never takes away. What a person is
//! to an object (its sender, a recipient, an approver asked to decide) is not a role: the caller
//! looks it up and hands it in.

use super::sign_in::SignedIn;
use crate::domain::person::Role;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Open a message in the inbox, answer it, delete it from there.
    ReadInbox,
    /// Open a message that is not out yet.
    ReadUnsent,
    /// 同意 or 驳回
    Approve,
    Recall,
    /// Receipts, and who got it how: 发件箱明细.
    SeeDeliveries,
    Send,
    ViewDirectory,
    /// Add, change, import and invite people; freeze and resign them.
    EditDirectory,
    GrantRole(Role),
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
}

pub fn may(who: &SignedIn, action: Action, facts: &Facts) -> bool {
    match action {
        Action::Send | Action::ViewDirectory => true,
        Action::ReadInbox => facts.is_recipient,
        Action::ReadUnsent | Action::SeeDeliveries => facts.is_own || facts.is_assigned,
        Action::Approve => facts.is_assigned && !facts.is_own,
        Action::Recall => facts.is_own,
        Action::EditDirectory => who.has(Role::OrgAdmin),
        Action::Administer => who.has(Role::SystemAdmin),
        Action::ReadAudit => who.has(Role::AuditAdmin),
        Action::GrantRole(role) => match role {
            Role::Approver => who.has(Role::OrgAdmin) || who.has(Role::SystemAdmin),
            Role::OrgAdmin | Role::SystemAdmin | Role::AuditAdmin => who.has(Role::SystemAdmin),
        },
    }
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

    const STRANGER: Facts = Facts { is_own: false, is_recipient: false, is_assigned: false };
    const RECIPIENT: Facts = Facts { is_recipient: true, ..STRANGER };
    const SENDER: Facts = Facts { is_own: true, ..STRANGER };
    const ASSIGNED: Facts = Facts { is_assigned: true, ..STRANGER };
    const OWN_ASSIGNED: Facts = Facts { is_own: true, is_assigned: true, ..STRANGER };

    #[test]
    fn the_matrix_of_roles_holds() {
        let table: [(Action, &str); 8] = [
            (Action::Send, "✓✓✓✓✓✓"),
            (Action::ViewDirectory, "✓✓✓✓✓✓"),
            (Action::EditDirectory, "✗✗✗✓✗✗"),
            (Action::Administer, "✗✗✗✗✓✗"),
            (Action::ReadAudit, "✗✗✗✗✗✓"),
            (Action::GrantRole(Role::Approver), "✗✗✗✓✓✗"),
            (Action::GrantRole(Role::SystemAdmin), "✗✗✗✗✓✗"),
            (Action::GrantRole(Role::AuditAdmin), "✗✗✗✗✓✗"),
        ];
        for (action, wanted) in table {
            let row: String = columns().iter().map(|who| if may(who, action, &STRANGER) { '✓' } else { '✗' }).collect();
            assert_eq!(row, wanted, "{action:?}");
        }
    }

    #[test]
    fn what_belongs_to_others_is_nobodys_whatever_the_role() {
        let table: [(Action, [bool; 5]); 5] = [
            //                    stranger recipient sender assigned own+assigned
            (Action::ReadInbox, [false, true, false, false, false]),
            (Action::ReadUnsent, [false, false, true, true, true]),
            (Action::Approve, [false, false, false, true, false]),
            (Action::Recall, [false, false, true, false, true]),
            (Action::SeeDeliveries, [false, false, true, true, true]),
        ];
        for who in columns() {
            for (action, wanted) in table {
                let row = [STRANGER, RECIPIENT, SENDER, ASSIGNED, OWN_ASSIGNED].map(|facts| may(&who, action, &facts));
                assert_eq!(row, wanted, "{action:?} {:?}", who.roles);
            }
        }
    }
}

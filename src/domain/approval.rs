//! 审批: which sends need somebody's consent, and whose.

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
    pub enum State {
        Pending => "pending",
        Approved => "approved",
        Rejected => "rejected",
        /// The message changed or was withdrawn before anybody decided.
        Void => "void",
    }
}

words! {
    pub enum Decision {
        Approve => "approve",
        Reject => "reject",
    }
}

words! {
    /// Who is asked.
    pub enum Approver {
        /// the head of the sender's department, or of the nearest one above that has another head
        DepartmentHead => "department_head",
        /// everybody with the role `approver`: any one decides
        ApproverRole => "approver_role",
    }
}

/// A rule applies when everything that it names holds. The first rule that applies decides; where
/// none does, nobody needs to be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    /// at least so many recipients
    pub min_recipients: Option<i64>,
    /// at least so many of them outside the sender's own department and those below it
    pub min_beyond_department: Option<i64>,
    /// at least so many chargeable sends (SMS segments and calls of the first rounds)
    pub min_cost_units: Option<i64>,
    /// only sends of modules (true) or of people (false)
    pub by_producer: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    pub condition: Condition,
    pub approver: Approver,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    pub recipients: i64,
    pub beyond_department: i64,
    pub cost_units: i64,
    pub by_producer: bool,
    /// a module whose sends need no consent (`producer create --trusted`)
    pub is_trusted: bool,
}

impl Condition {
    pub fn holds(&self, reach: &Reach) -> bool {
        let at_least = |limit: Option<i64>, value| limit.is_none_or(|limit| value >= limit);
        at_least(self.min_recipients, reach.recipients)
            && at_least(self.min_beyond_department, reach.beyond_department)
            && at_least(self.min_cost_units, reach.cost_units)
            && self.by_producer.is_none_or(|wanted| wanted == reach.by_producer)
    }
}

/// The rule that asks for consent, if any does.
pub fn needed<'a>(rules: &'a [Rule], reach: &Reach) -> Option<&'a Rule> {
    if reach.is_trusted {
        return None;
    }
    rules.iter().find(|rule| rule.condition.holds(reach))
}

/// What an installation starts with: every mass mail is somebody's decision (checklist MA-09).
pub fn shipped() -> Vec<Rule> {
    let rule = |name: &str, condition, approver| Rule { name: name.to_owned(), condition, approver };
    vec![
        rule(
            "模块群发",
            Condition { by_producer: Some(true), min_recipients: Some(50), ..Condition::default() },
            Approver::ApproverRole,
        ),
        rule(
            "短信电话超过 200 条",
            Condition { min_cost_units: Some(200), ..Condition::default() },
            Approver::DepartmentHead,
        ),
        rule(
            "跨部门群发",
            Condition { min_beyond_department: Some(20), by_producer: Some(false), ..Condition::default() },
            Approver::DepartmentHead,
        ),
        rule(
            "部门群发",
            Condition { min_recipients: Some(50), by_producer: Some(false), ..Condition::default() },
            Approver::DepartmentHead,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: Reach =
        Reach { recipients: 3, beyond_department: 3, cost_units: 0, by_producer: false, is_trusted: false };

    #[test]
    fn a_note_to_three_colleagues_needs_nobody() {
        assert_eq!(needed(&shipped(), &NOTE), None);
    }

    #[test]
    fn a_broadcast_beyond_the_department_needs_its_head() {
        let reach = Reach { recipients: 1200, beyond_department: 1180, ..NOTE };
        assert_eq!(needed(&shipped(), &reach).map(|rule| rule.approver), Some(Approver::DepartmentHead));
    }

    #[test]
    fn a_trusted_module_is_not_asked() {
        let reach = Reach { recipients: 1200, by_producer: true, is_trusted: true, ..NOTE };
        assert_eq!(needed(&shipped(), &reach), None);
    }
}

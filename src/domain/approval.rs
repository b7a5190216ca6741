//! 审批: which sends need somebody's consent, and whose.

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
    pub enum State {
        Pending => "pending",
        Approved => "approved",
        Rejected => "rejected",
        /// 退回: over like a rejection, but asks for changes.
        Returned => "returned",
        /// The message changed or was withdrawn before anybody decided.
        Void => "void",
    }
}

words! {
    pub enum Decision {
        Approve => "approve",
        Reject => "reject",
        /// 退回
        Return => "return",
    }
}

words! {
    /// Who is asked.
    pub enum Approver {
        /// the head of the sender's department, or of the nearest one above that has another head
        DepartmentHead => "department_head",
        /// everybody with the role `approver`
        ApproverRole => "approver_role",
        /// those whom the rule names
        People => "people",
    }
}

words! {
    /// How many of those who are asked have to agree.
    pub enum Consent {
        /// 或签
        Any => "any",
        /// 会签
        All => "all",
    }
}

/// 审批节点: who is asked at one step of the way, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// As it is called on the page; empty: by whom it asks.
    #[serde(default)]
    pub name: String,
    pub approver: Approver,
    /// accounts, where the rule names people
    #[serde(default)]
    pub people: Vec<String>,
    #[serde(default = "any")]
    pub consent: Consent,
    /// they are told by SMS at once, not only when they do not decide
    #[serde(default)]
    pub sms: bool,
}

fn any() -> Consent {
    Consent::Any
}

impl Node {
    /// Any one of these decides.
    pub fn of(approver: Approver) -> Self {
        Self { name: String::new(), approver, people: Vec::new(), consent: Consent::Any, sms: false }
    }

    /// How the hub chases those who are asked.
    pub fn send_rule(&self) -> &'static str {
        if self.sms { "approval_sms" } else { "approval" }
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
    /// only of people who are heads of a department (true), or are not (false)
    pub by_head: Option<bool>,
    /// only of people in one of these departments or below; codes, empty: of all
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<String>,
    /// only with one of these send rules; empty: with all
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub send_rules: Vec<String>,
    /// only in one of these categories; empty: in all
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    pub condition: Condition,
    /// 依次审批: asked one after the other; never empty
    pub nodes: Vec<Node>,
}

/// What a rule looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    pub recipients: i64,
    pub beyond_department: i64,
    pub cost_units: i64,
    pub by_producer: bool,
    /// a module whose sends need no consent (`producer create --trusted`)
    pub is_trusted: bool,
    /// a person who is head of a department
    pub is_head: bool,
    /// the departments of the sender and all above them: codes
    pub departments: Vec<String>,
    pub send_rule: String,
    pub category: String,
}

impl Condition {
    pub fn holds(&self, reach: &Reach) -> bool {
        let at_least = |limit: Option<i64>, value| limit.is_none_or(|limit| value >= limit);
        let among = |named: &[String], own: &String| named.is_empty() || named.contains(own);
        at_least(self.min_recipients, reach.recipients)
            && at_least(self.min_beyond_department, reach.beyond_department)
            && at_least(self.min_cost_units, reach.cost_units)
            && self.by_producer.is_none_or(|wanted| wanted == reach.by_producer)
            && self.by_head.is_none_or(|wanted| !reach.by_producer && wanted == reach.is_head)
            && (self.departments.is_empty() || reach.departments.iter().any(|own| self.departments.contains(own)))
            && among(&self.send_rules, &reach.send_rule)
            && among(&self.categories, &reach.category)
    }

    /// Whether it holds for what anybody sends to very many, also within his own department: the last
    /// of these keeps mass mail from going out unseen.
    pub fn catches_mass_mail(&self) -> bool {
        self.holds(&Reach { recipients: MASS, ..Reach::default() })
    }
}

/// So many recipients are many, whatever a rule calls many.
const MASS: i64 = 1_000;

/// The rule that asks for consent, if any does.
pub fn needed<'a>(rules: &'a [Rule], reach: &Reach) -> Option<&'a Rule> {
    if reach.is_trusted {
        return None;
    }
    rules.iter().find(|rule| rule.condition.holds(reach))
}

/// What an installation starts with: every mass mail is somebody's decision (checklist MA-09).
pub fn shipped() -> Vec<Rule> {
    let rule =
        |name: &str, condition, approver| Rule { name: name.to_owned(), condition, nodes: vec![Node::of(approver)] };
    vec![
        rule(
            "模块群发",
            Condition { by_producer: Some(true), min_recipients: Some(50), ..Condition::default() },
            Approver::ApproverRole,
        ),
        rule(
            "短信电话满 200 条",
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

    fn note() -> Reach {
        Reach { recipients: 3, beyond_department: 3, ..Reach::default() }
    }

    #[test]
    fn a_note_to_three_colleagues_needs_nobody() {
        assert_eq!(needed(&shipped(), &note()), None);
    }

    #[test]
    fn a_broadcast_beyond_the_department_needs_its_head() {
        let reach = Reach { recipients: 1200, beyond_department: 1180, ..note() };
        let asked = needed(&shipped(), &reach).map(|rule| rule.nodes.clone());
        assert_eq!(asked, Some(vec![Node::of(Approver::DepartmentHead)]));
    }

    #[test]
    fn a_trusted_module_is_not_asked() {
        let reach = Reach { recipients: 1200, by_producer: true, is_trusted: true, ..note() };
        assert_eq!(needed(&shipped(), &reach), None);
    }

    #[test]
    fn a_condition_holds_for_whom_and_what_it_names_alone() {
        let named = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let reach = Reach {
            departments: named(&["jwc", "school"]),
            send_rule: "urgent".to_owned(),
            category: "notice".to_owned(),
            is_head: true,
            ..note()
        };
        let none = Condition::default;
        for (condition, wanted) in [
            (none(), true),
            (Condition { departments: named(&["school"]), ..none() }, true),
            (Condition { departments: named(&["hospital"]), ..none() }, false),
            (Condition { send_rules: named(&["sms", "urgent"]), ..none() }, true),
            (Condition { send_rules: named(&["sms"]), ..none() }, false),
            (Condition { categories: named(&["party"]), ..none() }, false),
            (Condition { by_head: Some(true), ..none() }, true),
            (Condition { by_head: Some(false), ..none() }, false),
        ] {
            assert_eq!(condition.holds(&reach), wanted, "{condition:?}");
        }
        let module = Reach { by_producer: true, ..reach };
        assert!(!Condition { by_head: Some(false), ..none() }.holds(&module), "a module is no colleague");
    }

    #[test]
    fn mass_mail_is_caught_by_rules_that_hold_for_everybody() {
        let caught: Vec<_> = shipped().iter().map(|rule| rule.condition.catches_mass_mail()).collect();
        assert_eq!(caught, [false, false, false, true]);
        let narrow = Condition { departments: vec!["jwc".to_owned()], ..Condition::default() };
        assert!(!narrow.catches_mass_mail());
    }

    #[test]
    fn what_an_older_version_kept_is_still_read() {
        let kept: Condition = serde_json::from_str(r#"{"min_recipients": 50, "by_producer": false}"#).expect("it is");
        assert_eq!(kept, Condition { min_recipients: Some(50), by_producer: Some(false), ..Condition::default() });
    }
}

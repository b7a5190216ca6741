//! The form of one approval rule: its fields, into the rule that they mean and back onto the page.

use super::overview;
use crate::{
    domain::{
        Problem,
        approval::{Approver, Condition, Consent, Node, Rule},
    },
    storage::{departments, settings},
    web::{
        compose,
        door::session::Me,
        frame::{form::Fields, page_error::PageError},
        views::approval_rules::{Choice, NodeForm, NodeLine, RulePage},
        words::text::Tongue,
    },
};

/// Nodes of one form.
const MOST_NODES: usize = 5;
/// How the fields of a node are called.
const NODE: [&str; MOST_NODES] = ["node.0", "node.1", "node.2", "node.3", "node.4"];

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    name: String,
    /// recipients, beyond the department, cost
    limits: [String; 3],
    by: String,
    head: String,
    departments: Vec<String>,
    send_rules: Vec<String>,
    categories: Vec<String>,
    nodes: Vec<Node>,
}

/// The fields of the form.
pub fn read(fields: &Fields) -> Written {
    let text = |name: &str| fields.get(name).trim().to_owned();
    let all = |name: &str| fields.all(name).map(str::to_owned).collect();
    let node = |at: &&str| {
        let of = |field: &str| format!("{at}.{field}");
        Some(Node {
            name: text(&of("name")),
            approver: fields.get(&of("approver")).parse().ok()?,
            people: compose::accounts(fields.get(&of("people"))).into_iter().map(str::to_owned).collect(),
            consent: fields.get(&of("consent")).parse().unwrap_or(Consent::Any),
            sms: fields.get(&of("sms")) == "1",
        })
    };
    Written {
        name: text("name"),
        limits: ["min_recipients", "min_beyond_department", "min_cost_units"].map(text),
        by: text("by"),
        head: text("head"),
        departments: all("department"),
        send_rules: all("send_rule"),
        categories: all("category"),
        nodes: NODE.iter().map_while(node).collect(),
    }
}

impl Written {
    /// One node that asks the head of the department.
    pub fn empty() -> Self {
        let rule = Rule {
            name: String::new(),
            condition: Condition::default(),
            nodes: vec![Node::of(Approver::DepartmentHead)],
        };
        Self::of(&rule)
    }

    pub fn of(rule: &Rule) -> Self {
        let condition = &rule.condition;
        let limit = |limit: Option<i64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
        let either = |wanted: Option<bool>, yes: &str, no: &str| {
            wanted.map(|wanted| if wanted { yes } else { no }.to_owned()).unwrap_or_default()
        };
        Self {
            name: rule.name.clone(),
            limits: [condition.min_recipients, condition.min_beyond_department, condition.min_cost_units].map(limit),
            by: either(condition.by_producer, "modules", "people"),
            head: either(condition.by_head, "yes", "no"),
            departments: condition.departments.clone(),
            send_rules: condition.send_rules.clone(),
            categories: condition.categories.clone(),
            nodes: rule.nodes.clone(),
        }
    }

    pub fn add_node(&mut self) {
        if self.nodes.len() < MOST_NODES {
            self.nodes.push(Node::of(Approver::ApproverRole));
        }
    }

    /// `remove_node.<nth>`; the last one stays.
    pub fn remove_node(&mut self, step: &str) {
        let nth = step.rsplit('.').next().and_then(|nth| nth.parse::<usize>().ok());
        if let Some(nth) = nth.filter(|nth| *nth < self.nodes.len() && self.nodes.len() > 1) {
            self.nodes.remove(nth);
        }
    }

    /// # Errors
    /// `RULE_LIMIT` for what is no number.
    pub fn rule(&self) -> Result<Rule, Problem> {
        let number = |nth: usize, at: &str| match self.limits[nth].as_str() {
            "" => Ok(None),
            typed => typed.parse().map(Some).map_err(|_| {
                Problem::invalid("RULE_LIMIT", at, "请填写 1 到 1000000 的整数，或留空")
                    .in_english("a whole number from 1 to 1000000, or nothing")
            }),
        };
        let either = |typed: &str, yes: &str, no: &str| match typed {
            typed if typed == yes => Some(true),
            typed if typed == no => Some(false),
            _ => None,
        };
        Ok(Rule {
            name: self.name.clone(),
            condition: Condition {
                min_recipients: number(0, "/min_recipients")?,
                min_beyond_department: number(1, "/min_beyond_department")?,
                min_cost_units: number(2, "/min_cost_units")?,
                by_producer: either(&self.by, "modules", "people"),
                by_head: either(&self.head, "yes", "no"),
                departments: self.departments.clone(),
                send_rules: self.send_rules.clone(),
                categories: self.categories.clone(),
            },
            nodes: self.nodes.iter().cloned().map(tidied).collect(),
        })
    }
}

/// Accounts that were typed before somebody else was chosen are not kept.
fn tidied(node: Node) -> Node {
    match node.approver {
        Approver::People => node,
        Approver::DepartmentHead | Approver::ApproverRole => Node { people: Vec::new(), ..node },
    }
}

/// One node in a line, with whoever is known of it.
pub fn node_line(tongue: Tongue<'_>, node: &Node, people: &[String]) -> NodeLine {
    let whom = tongue.say(&format!("node.{}", node.approver), &[]);
    NodeLine {
        name: if node.name.is_empty() { whom } else { node.name.clone() },
        people: people.join(&tongue.say("list.comma", &[])),
        consent: node.consent,
        sms: node.sms,
    }
}

/// What may be ticked, and what is.
pub struct Lists {
    pub departments: Vec<Choice>,
    pub send_rules: Vec<Choice>,
    pub categories: Vec<Choice>,
}

impl Me {
    pub(super) async fn rule_lists(
        &self,
        departments: &[String],
        send_rules: &[String],
        categories: &[String],
    ) -> Result<Lists, PageError> {
        let mut tx = self.web.hub.db.read().await?;
        let tree = departments::list_tree(&mut tx).await?;
        let rules = settings::list_send_rules(&mut tx).await?;
        let known = settings::list_categories(&mut tx).await?;
        drop(tx);
        let choice =
            |name: String, label: String, chosen: &[String]| Choice { chosen: chosen.contains(&name), name, label };
        let rules = rules.into_iter().filter(|rule| rule.is_offered);
        // Nobody but the hub sends what asks for approval.
        let known = known.into_iter().filter(|each| each.name != "approval");
        Ok(Lists {
            departments: overview::departments(&tree)
                .into_iter()
                .map(|line| choice(line.code, line.path, departments))
                .collect(),
            send_rules: rules
                .map(|rule| choice(rule.name, self.translated("rule.", &rule.label), send_rules))
                .collect(),
            categories: known
                .map(|each| choice(each.name, self.translated("category.", &each.label), categories))
                .collect(),
        })
    }

    pub(super) async fn rule_page(
        &self,
        id: &str,
        written: &Written,
        problem: Option<&Problem>,
    ) -> Result<RulePage, PageError> {
        let lists = self.rule_lists(&written.departments, &written.send_rules, &written.categories).await?;
        let node = |(nth, node): (usize, &Node)| NodeForm {
            nth,
            number: nth + 1,
            name: node.name.clone(),
            approver: node.approver,
            people: node.people.join("\n"),
            consent: node.consent,
            sms: node.sms,
            can_remove: written.nodes.len() > 1,
        };
        let [recipients, beyond, cost] = written.limits.clone();
        Ok(RulePage {
            id: id.to_owned(),
            name: written.name.clone(),
            min_recipients: recipients,
            min_beyond_department: beyond,
            min_cost_units: cost,
            by: written.by.clone(),
            head: written.head.clone(),
            is_narrow: !(written.departments.is_empty()
                && written.send_rules.is_empty()
                && written.categories.is_empty()),
            departments: lists.departments,
            send_rules: lists.send_rules,
            categories: lists.categories,
            nodes: written.nodes.iter().enumerate().map(node).collect(),
            can_add: written.nodes.len() < MOST_NODES,
            asks_sure: problem.is_some_and(|problem| problem.code == "RULE_LAST"),
            problem: problem.map(|problem| self.in_words(problem)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_goes_into_the_form_and_comes_out_the_same() {
        let typed = "name=%E5%85%A8%E6%A0%A1&min_recipients=50&by=people&head=no&department=jwc&send_rule=urgent\
                     &node.0.approver=department_head&node.0.consent=any&node.0.people=left\
                     &node.1.approver=people&node.1.people=a%0D%0Ab&node.1.consent=all&node.1.sms=1&node.1.name=x";
        let written = read(&Fields::parse(typed.as_bytes()).unwrap());
        let rule = written.rule().unwrap();
        assert_eq!(rule.condition.min_recipients, Some(50));
        assert_eq!((rule.condition.by_producer, rule.condition.by_head), (Some(false), Some(false)));
        assert_eq!(rule.nodes[0], Node::of(Approver::DepartmentHead), "what its kind hides is not kept");
        assert_eq!((rule.nodes[1].people.len(), rule.nodes[1].consent, rule.nodes[1].sms), (2, Consent::All, true));
        assert_eq!(Written::of(&rule).rule().unwrap(), rule);
    }

    #[test]
    fn nodes_are_added_and_taken_away_and_one_stays() {
        let mut written = Written::empty();
        (0..9).for_each(|_| written.add_node());
        assert_eq!(written.nodes.len(), MOST_NODES);
        (0..9).for_each(|_| written.remove_node("remove_node.0"));
        assert_eq!(written.nodes.len(), 1);
    }
}

//! 审批规则: administrators say which sends need consent, and whose. Behind a fresh proof, because a
//! rule taken away lets mail out that nobody has seen; each change stands in the audit.

use serde_json::json;

use crate::{
    domain::{
        ApprovalRuleId, Problem,
        approval::{Approver, Rule},
        command::Sketch,
    },
    hub::{
        Hub, Result, Source,
        people::sign_in::SignedIn,
        policy::{self, Action, Facts},
        send::resolve::Resolved,
    },
    storage::{
        Tx, accounts,
        approval_rules::{self, RuleRow},
        audit, recipients, settings,
    },
};

/// Rules of one installation.
const MOST: usize = 50;
const MOST_NODES: usize = 5;
const MOST_PEOPLE: usize = 20;
/// In characters.
const LONGEST_NAME: usize = 50;

impl Hub {
    /// The rules in the order in which they are tried.
    ///
    /// # Errors
    /// `NOT_FOUND` for everybody but an administrator who has proved who he is.
    pub async fn list_approval_rules(&self, who: &SignedIn) -> Result<Vec<(ApprovalRuleId, Rule)>> {
        require(who)?;
        let mut tx = self.db.read().await?;
        let rows = approval_rules::list(&mut tx).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.into_rule())).collect())
    }

    /// Writes a rule: in place of the one with this id, or as the last one.
    ///
    /// # Errors
    /// `RULE_…` for what is wrong with it; `RULE_LAST` unless `is_sure`, when nothing would catch mass
    /// mail any more; `NOT_FOUND`.
    pub async fn save_approval_rule(
        &self,
        who: &SignedIn,
        id: Option<ApprovalRuleId>,
        rule: &Rule,
        is_sure: bool,
    ) -> Result<ApprovalRuleId> {
        require(who)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = approval_rules::list(&mut tx).await?;
        check(&mut tx, rule, id, &before).await?;
        let (verb, row) = match id {
            Some(id) => {
                refuse_last(&before, id, Some(rule), is_sure)?;
                let row = RuleRow::of(id, rule);
                if !approval_rules::update(&mut tx, &row).await? {
                    return Err(Problem::not_found().into());
                }
                ("approval_rule.change", row)
            }
            None => {
                let row = RuleRow::of(ApprovalRuleId::new(), rule);
                approval_rules::insert(&mut tx, &row, 0).await?;
                let order = before.iter().map(|row| row.id).chain([row.id]);
                arrange(&mut tx, order).await?;
                ("approval_rule.add", row)
            }
        };
        let old = before.iter().find(|known| Some(known.id) == id).map(written);
        let detail = json!({"before": old, "after": written(&row)});
        audit::insert(&mut tx, now, &who.actor(), verb, &format!("approval_rule:{}", row.id), detail).await?;
        tx.commit().await?;
        Ok(row.id)
    }

    /// # Errors
    /// `RULE_LAST` unless `is_sure`, when nothing would catch mass mail any more; `NOT_FOUND`.
    pub async fn remove_approval_rule(&self, who: &SignedIn, id: ApprovalRuleId, is_sure: bool) -> Result<()> {
        require(who)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = approval_rules::list(&mut tx).await?;
        let old = before.iter().find(|row| row.id == id).ok_or_else(Problem::not_found)?;
        refuse_last(&before, id, None, is_sure)?;
        approval_rules::remove(&mut tx, id).await?;
        let detail = json!({"before": written(old), "after": null});
        let object = format!("approval_rule:{id}");
        audit::insert(&mut tx, now, &who.actor(), "approval_rule.remove", &object, detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The rules in this order; those that are not named keep theirs, behind them.
    pub async fn arrange_approval_rules(&self, who: &SignedIn, order: &[ApprovalRuleId]) -> Result<()> {
        require(who)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let known: Vec<_> = approval_rules::list(&mut tx).await?.into_iter().map(|row| row.id).collect();
        if order.iter().any(|id| !known.contains(id)) {
            return Err(Problem::not_found().into());
        }
        let rest: Vec<_> = known.iter().filter(|id| !order.contains(id)).collect();
        let order: Vec<_> = order.iter().chain(rest).copied().collect();
        if order == known {
            return Ok(());
        }
        arrange(&mut tx, order.iter().copied()).await?;
        let detail = json!({"before": known, "after": order});
        audit::insert(&mut tx, now, &who.actor(), "approval_rule.arrange", "approval_rule:all", detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Which rule would apply to what somebody would send, and whom it would ask. Leaves no trace.
    ///
    /// # Errors
    /// `NOT_FOUND`, `RCPT_NOT_VISIBLE` for an account that nobody has; the same as sending it.
    pub async fn try_approval_rules(&self, who: &SignedIn, sender: &str, sketch: &Sketch) -> Result<Resolved> {
        require(who)?;
        let mut tx = self.db.read().await?;
        let person = accounts::id_of(&mut tx, sender.trim()).await?;
        drop(tx);
        let Some(person) = person else {
            return Err(Problem::invalid("SENDER_UNKNOWN", "/sender", "没有这个账号，或者已停用")
                .in_english("nobody active has this account")
                .into());
        };
        self.resolve(&Source::Person(person), sketch).await
    }
}

fn require(who: &SignedIn) -> Result<(), Problem> {
    let facts = Facts { is_proved: who.is_proved, ..Facts::STRANGER };
    policy::require(who, Action::EditApprovalRules, &facts)
}

/// Whether these rules let nobody send to very many unseen.
pub fn catch_mass_mail<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> bool {
    rules.into_iter().any(|rule| rule.condition.catches_mass_mail())
}

/// What an administrator might not have meant is done when he says that he does.
fn refuse_last(before: &[RuleRow], id: ApprovalRuleId, then: Option<&Rule>, is_sure: bool) -> Result<(), Problem> {
    let catches = |row: &RuleRow| row.condition.0.catches_mass_mail();
    let others = before.iter().filter(|row| row.id != id).any(catches);
    let is_caught = others || then.is_some_and(|rule| rule.condition.catches_mass_mail());
    if is_sure || is_caught || !before.iter().any(catches) {
        return Ok(());
    }
    let detail = "这样改之后，群发消息将不再需要任何人审批。确需如此，请勾选“我已了解”再提交";
    Err(Problem::conflict("RULE_LAST", detail)
        .in_english("after this, mass mail would need nobody's approval; tick the box if you mean it"))
}

async fn arrange(tx: &mut Tx, order: impl Iterator<Item = ApprovalRuleId>) -> Result<()> {
    for (position, id) in (0..).zip(order) {
        approval_rules::set_position(tx, id, position).await?;
    }
    Ok(())
}

/// As the audit keeps it.
fn written(row: &RuleRow) -> serde_json::Value {
    let nodes = row.nodes.as_ref().map(|nodes| &nodes.list);
    json!({"name": row.name, "condition": row.condition.0, "approver": row.approver, "nodes": nodes})
}

async fn check(tx: &mut Tx, rule: &Rule, id: Option<ApprovalRuleId>, known: &[RuleRow]) -> Result<()> {
    let length = rule.name.chars().count();
    if !(1..=LONGEST_NAME).contains(&length) {
        let detail = format!("规则名称为 1 到 {LONGEST_NAME} 字");
        return Err(wrong("RULE_NAME", "/name", detail, "a rule is named in 1 to 50 characters").into());
    }
    if known.iter().any(|row| row.name == rule.name && Some(row.id) != id) {
        return Err(wrong("RULE_NAME", "/name", "已有同名规则".into(), "there is a rule of this name").into());
    }
    if id.is_none() && known.len() >= MOST {
        let detail = format!("审批规则最多 {MOST} 条");
        return Err(wrong("RULE_LIMIT", "", detail, "there are at most 50 rules").into());
    }
    check_condition(tx, rule).await?;
    if !(1..=MOST_NODES).contains(&rule.nodes.len()) {
        let detail = format!("审批节点为 1 到 {MOST_NODES} 个");
        return Err(wrong("RULE_NODES", "/nodes", detail, "a rule has 1 to 5 nodes").into());
    }
    for (nth, node) in rule.nodes.iter().enumerate() {
        let at = |field: &str| format!("/nodes/{nth}/{field}");
        if node.name.chars().count() > LONGEST_NAME {
            let detail = format!("节点名称最多 {LONGEST_NAME} 字");
            return Err(wrong("RULE_NAME", at("name"), detail, "a node is named in at most 50 characters").into());
        }
        if node.approver != Approver::People {
            continue;
        }
        if !(1..=MOST_PEOPLE).contains(&node.people.len()) {
            let detail = format!("第 {} 个节点：请填写 1 到 {MOST_PEOPLE} 个账号", nth + 1);
            return Err(wrong("RULE_PEOPLE", at("people"), detail, "name 1 to 20 accounts").into());
        }
        if let Some(unknown) = recipients::unknown_accounts(tx, &node.people).await?.first() {
            let detail = format!("第 {} 个节点：没有账号“{unknown}”，或者已停用", nth + 1);
            let english = format!("nobody active has the account {unknown}");
            return Err(wrong("RULE_PEOPLE", at("people"), detail, &english).into());
        }
    }
    Ok(())
}

async fn check_condition(tx: &mut Tx, rule: &Rule) -> Result<()> {
    let condition = &rule.condition;
    let limits = [
        ("min_recipients", condition.min_recipients),
        ("min_beyond_department", condition.min_beyond_department),
        ("min_cost_units", condition.min_cost_units),
    ];
    for (name, limit) in limits {
        if limit.is_some_and(|limit| !(1..=1_000_000).contains(&limit)) {
            let detail = "请填写 1 到 1000000 的整数，或留空".to_owned();
            return Err(wrong("RULE_LIMIT", format!("/{name}"), detail, "a whole number from 1 to 1000000").into());
        }
    }
    if let Some(unknown) = recipients::unknown_departments(tx, &condition.departments).await?.first() {
        let detail = format!("没有代码为“{unknown}”的部门");
        return Err(wrong("RULE_DEPARTMENT", "/departments", detail, "there is no such department").into());
    }
    let rules = settings::list_send_rules(tx).await?;
    if let Some(unknown) = condition.send_rules.iter().find(|name| !rules.iter().any(|rule| rule.name == **name)) {
        let detail = format!("没有“{unknown}”这个发送规则");
        return Err(wrong("RULE_UNKNOWN", "/send_rules", detail, "there is no such send rule").into());
    }
    let categories = settings::list_categories(tx).await?;
    if let Some(unknown) = condition.categories.iter().find(|name| !categories.iter().any(|each| each.name == **name)) {
        let detail = format!("没有“{unknown}”这个类别");
        return Err(wrong("CATEGORY_UNKNOWN", "/categories", detail, "there is no such category").into());
    }
    Ok(())
}

fn wrong(code: &'static str, field: impl Into<String>, detail: String, english: &str) -> Problem {
    Problem::invalid(code, field, detail).in_english(english)
}

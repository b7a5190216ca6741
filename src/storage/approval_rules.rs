//! Table `approval_rule`: the rules in the order in which they are tried.

use super::{Json, Result, Tx, messages::List};
use crate::domain::{
    ApprovalRuleId,
    approval::{Approver, Condition, Node, Rule},
};

row! {
    #[derive(Debug, Clone)]
    pub struct RuleRow {
        pub id: ApprovalRuleId,
        pub name: String,
        pub condition: Json<Condition>,
        /// whom the first node asks
        pub approver: Approver,
        /// none of one that an older version wrote: any one of `approver`
        pub nodes: Option<Json<List<Node>>>,
    }
}

impl RuleRow {
    pub fn of(id: ApprovalRuleId, rule: &Rule) -> Self {
        Self {
            id,
            name: rule.name.clone(),
            condition: Json(rule.condition.clone()),
            approver: rule.nodes.first().map_or(Approver::ApproverRole, |node| node.approver),
            nodes: Some(Json(List { list: rule.nodes.clone() })),
        }
    }

    pub fn into_rule(self) -> Rule {
        let nodes = self.nodes.map(|nodes| nodes.0.list).filter(|nodes| !nodes.is_empty());
        Rule {
            name: self.name,
            condition: self.condition.0,
            nodes: nodes.unwrap_or_else(|| vec![Node::of(self.approver)]),
        }
    }
}

pub async fn list(tx: &mut Tx) -> Result<Vec<RuleRow>> {
    fetch_all!(
        tx,
        RuleRow,
        "select id, name, condition, approver, nodes from approval_rule order by position, id limit 200",
        []
    )
}

pub async fn insert(tx: &mut Tx, row: &RuleRow, position: i64) -> Result<u64> {
    execute!(
        tx,
        "insert into approval_rule (id, name, condition, approver, nodes, position) values ($1, $2, $3, $4, $5, $6)",
        [row.id, &row.name, &row.condition, row.approver, &row.nodes, position]
    )
}

/// False: it is not there.
pub async fn update(tx: &mut Tx, row: &RuleRow) -> Result<bool> {
    let changed = execute!(
        tx,
        "update approval_rule set name = $2, condition = $3, approver = $4, nodes = $5 where id = $1",
        [row.id, &row.name, &row.condition, row.approver, &row.nodes]
    )?;
    Ok(changed == 1)
}

pub async fn set_position(tx: &mut Tx, id: ApprovalRuleId, position: i64) -> Result<u64> {
    execute!(tx, "update approval_rule set position = $2 where id = $1", [id, position])
}

/// False: it is not there.
pub async fn remove(tx: &mut Tx, id: ApprovalRuleId) -> Result<bool> {
    Ok(execute!(tx, "delete from approval_rule where id = $1", [id])? == 1)
}

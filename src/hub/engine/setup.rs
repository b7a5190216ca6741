//! What an installation starts with: categories, send rules, approval rules, and the proof that its
//! key is the one that its data was sealed with.

use serde_json::json;

use crate::{
    domain::{ApprovalRuleId, Problem, approval, send_rule},
    hub::{Hub, Result},
    storage::{
        Json,
        approval_rules::{self, RuleRow},
        settings::{self, SendRuleRow, Steps},
    },
};

const CATEGORIES: [(&str, &str); 8] = [
    ("notice", "通知"),
    ("meeting", "会议"),
    ("visit", "访客"),
    ("approval", "审批"),
    ("teaching", "教学科研"),
    ("personnel", "人事"),
    ("party", "党务"),
    ("safety", "安全"),
];

impl Hub {
    /// Writes what is missing; safe to run at every start and on every replica.
    pub async fn set_up(&self) -> Result<()> {
        let mut tx = self.db.begin().await?;
        self.check_key(&mut tx).await?;
        for (position, (name, label)) in (0..).zip(CATEGORIES) {
            settings::insert_category(&mut tx, name, label, position).await?;
        }
        for (position, rule) in (0..).zip(send_rule::shipped()) {
            let row = SendRuleRow {
                // Nobody chooses how approvers are chased.
                is_offered: !["approval", "approval_sms"].contains(&rule.name.as_str()),
                name: rule.name,
                label: rule.label,
                definition: Json(Steps { steps: rule.steps }),
            };
            settings::insert_send_rule(&mut tx, &row, position).await?;
        }
        if settings::insert(&mut tx, "approval_rules", json!({"shipped": true})).await? {
            for (position, rule) in (0..).zip(approval::shipped()) {
                approval_rules::insert(&mut tx, &RuleRow::of(ApprovalRuleId::new(), &rule), position).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// A wrong key would make every sealed number unreadable: better not to start at all.
    async fn check_key(&self, tx: &mut crate::storage::Tx) -> Result<()> {
        let own = json!({"fingerprint": self.sealer.fingerprint()});
        if settings::insert(tx, "secret_key", own.clone()).await? {
            return Ok(());
        }
        match settings::find(tx, "secret_key").await? {
            Some(kept) if kept == own => Ok(()),
            _ => Err(Problem::conflict("KEY_MISMATCH", "密钥与数据库中的数据不符，请使用原来的密钥文件")
                .in_english("the secret key is not the one that this database was sealed with")
                .into()),
        }
    }
}

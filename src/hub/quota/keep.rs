//! Administrators say how many SMS pieces a department or a module may use in a month, and read the
//! ledger. Titles are not in it: what a message says is for those whom it went to.

use chrono::NaiveDate;
use serde_json::json;

use crate::{
    domain::{
        Problem, QuotaId,
        quota::{LARGEST, Mode, month_of},
    },
    hub::{
        Hub, Result,
        people::sign_in::SignedIn,
        policy::{self, Action, Facts},
    },
    storage::{
        Tx, audit, departments, producers,
        quotas::{self, Line, Quota},
    },
};

/// Quotas of one installation that a page lists.
const MOST: i64 = 500;
/// Entries of the ledger that a page lists.
const LINES: i64 = 200;
/// Months that are looked back to.
const MONTHS: i64 = 24;
/// Modules that are offered.
const MODULES: i64 = 200;

/// Whose quota it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// by code
    Department(String),
    /// by name
    Module(String),
}

/// A quota as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// in a month; none: as many as it wants
    pub pieces: Option<i64>,
    pub mode: Mode,
}

/// A quota and this month's use of it.
#[derive(Debug, Clone)]
pub struct Kept {
    pub quota: Quota,
    /// `2026-11`
    pub month: String,
    /// held or used
    pub used: i64,
    /// of that, by what has not come to its end
    pub held: i64,
}

/// A quota with its ledger of one month.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub quota: Quota,
    /// `2026-11`
    pub month: String,
    /// held or used in that month
    pub used: i64,
    /// with what was used in them, the latest first
    pub months: Vec<(String, i64)>,
    pub lines: Vec<Line>,
    /// there are more than these
    pub is_cut: bool,
}

impl Hub {
    /// All of them with this month's use.
    ///
    /// # Errors
    /// `NOT_FOUND` for everybody but administrators.
    pub async fn list_quotas(&self, who: &SignedIn) -> Result<Vec<Kept>> {
        require(who)?;
        let month = self.this_month();
        let mut tx = self.db.read().await?;
        let listed = quotas::list(&mut tx, MOST).await?;
        let (used, held) = (quotas::list_used(&mut tx, &month).await?, quotas::list_held(&mut tx, &month).await?);
        let of = |list: &[(QuotaId, i64)], id| list.iter().find(|(one, _)| *one == id).map_or(0, |(_, pieces)| *pieces);
        let kept =
            |quota: Quota| Kept { month: month.clone(), used: of(&used, quota.id), held: of(&held, quota.id), quota };
        Ok(listed.into_iter().map(kept).collect())
    }

    /// One of them with its ledger of a month, `2026-11`; of this one where that is none.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn open_ledger(&self, who: &SignedIn, id: QuotaId, month: &str) -> Result<Ledger> {
        require(who)?;
        let mut tx = self.db.read().await?;
        let quota = quotas::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let first = NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d").ok();
        let month = first.map_or_else(|| self.this_month(), |first| first.format("%Y-%m").to_string());
        let used = quotas::used(&mut tx, id, &month).await?;
        let months = quotas::list_months(&mut tx, id, MONTHS).await?;
        let mut lines = quotas::list_lines(&mut tx, id, &month, LINES + 1).await?;
        let most = usize::try_from(LINES).unwrap_or(usize::MAX);
        let is_cut = lines.len() > most;
        lines.truncate(most);
        Ok(Ledger { quota, month, used, months, lines, is_cut })
    }

    /// Sets a quota where there was none.
    ///
    /// # Errors
    /// `NOT_FOUND`, `QUOTA_PIECES`, `QUOTA_HOLDER`, `QUOTA_EXISTS`
    pub async fn add_quota(&self, who: &SignedIn, holder: &Holder, terms: Terms) -> Result<QuotaId> {
        require(who)?;
        check(terms)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let quota = whose(&mut tx, holder, terms).await?;
        if !quotas::insert(&mut tx, &quota, now).await? {
            let detail = format!("“{}”已有短信配额，请在列表中修改", quota.name);
            return Err(Problem::conflict("QUOTA_EXISTS", detail)
                .in_english(format!("{} has a quota already, change that one", quota.name))
                .into());
        }
        let detail = json!({"holder": quota.name, "pieces": terms.pieces, "mode": terms.mode});
        audit::insert(&mut tx, now, &who.actor(), "quota.add", &format!("quota:{}", quota.id), detail).await?;
        tx.commit().await?;
        Ok(quota.id)
    }

    /// Changes how many it may use; what is used stays.
    ///
    /// # Errors
    /// `NOT_FOUND`, `QUOTA_PIECES`
    pub async fn change_quota(&self, who: &SignedIn, id: QuotaId, terms: Terms) -> Result<()> {
        require(who)?;
        check(terms)?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = quotas::find_locked(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        if !quotas::update(&mut tx, id, terms.pieces, terms.mode).await? {
            return Err(Problem::not_found().into());
        }
        let detail = json!({
            "holder": before.name,
            "before": {"pieces": before.pieces, "mode": before.mode},
            "after": {"pieces": terms.pieces, "mode": terms.mode},
        });
        audit::insert(&mut tx, now, &who.actor(), "quota.change", &format!("quota:{id}"), detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Modules that may have a quota: name and label.
    ///
    /// # Errors
    /// `NOT_FOUND` for everybody but administrators.
    pub async fn list_modules(&self, who: &SignedIn) -> Result<Vec<(String, String)>> {
        require(who)?;
        let modules = producers::list(&mut self.db.read().await?, MODULES).await?;
        Ok(modules.into_iter().map(|module| (module.name, module.label)).collect())
    }

    fn this_month(&self) -> String {
        month_of(self.clock.now(), self.place.timezone)
    }
}

fn require(who: &SignedIn) -> Result<(), Problem> {
    policy::require(who, Action::KeepQuotas, &Facts::STRANGER)
}

fn check(terms: Terms) -> Result<(), Problem> {
    if terms.pieces.is_none_or(|pieces| (0..=LARGEST).contains(&pieces)) {
        return Ok(());
    }
    Err(Problem::invalid("QUOTA_PIECES", "/pieces", format!("每月条数请填写 0 到 {LARGEST} 的整数，不限请留空"))
        .in_english(format!("a whole number from 0 to {LARGEST}, or nothing for no limit")))
}

async fn whose(tx: &mut Tx, holder: &Holder, terms: Terms) -> Result<Quota> {
    let Terms { pieces, mode } = terms;
    let quota = Quota { id: QuotaId::new(), department_id: None, producer_id: None, name: String::new(), pieces, mode };
    let found = match holder {
        Holder::Department(code) => departments::find_by_code(tx, code).await?.map(|department| Quota {
            department_id: Some(department.id),
            name: department.name,
            ..quota
        }),
        Holder::Module(name) => producers::list(tx, MODULES)
            .await?
            .into_iter()
            .find(|module| module.name == *name)
            .map(|module| Quota { producer_id: Some(module.id), name: module.label, ..quota }),
    };
    let problem =
        Problem::invalid("QUOTA_HOLDER", "/holder", "请选择部门或模块").in_english("choose a department or a module");
    Ok(found.ok_or(problem)?)
}

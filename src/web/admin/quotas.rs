//! `/admin/quotas`: how many SMS pieces departments and modules may use in a month, and their ledgers.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use super::overview;
use crate::{
    domain::{Problem, QuotaId, quota::Mode, width::half_width},
    hub::{
        chase_again,
        policy::{self, Action, Facts},
        quota::keep::{Holder, Kept, Ledger, Terms},
    },
    storage::{departments, quotas},
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Form, Query, no_such_act},
            page::{Answer, Around},
            page_error::{PageError, status_of},
            path::Path,
        },
        message::plan::quota_line,
        views::{
            quotas::{HolderChoice, HolderGroup, LedgerRow, LedgerView, MonthRow, QuotaPage, QuotaRow, QuotasPage},
            shell::Section,
        },
    },
};

const PAGE: &str = "/admin/quotas";

/// `GET /admin/quotas`
pub async fn list(me: Me, Query(query): Query) -> Answer {
    let rows = me.web.hub.list_quotas(&me.who).await?.into_iter().map(|kept| me.quota_row(kept)).collect();
    let done = ["added", "saved"].into_iter().find(|known| *known == query.get("done"));
    let view = QuotasPage { rows, notice: done.map(|done| me.say(&format!("quotas.done.{done}"), &[])) };
    me.page(Section::Quotas, "quotas", &view).await
}

/// `GET /admin/quotas/{id}` with `month`; `new`: an empty one.
pub async fn open(me: Me, Path(id): Path<String>, Query(query): Query) -> Answer {
    match parse(&id)? {
        None => me.show_new_quota(&Fields::default(), None).await,
        Some(id) => me.show_quota(id, query.get("month"), None).await,
    }
}

/// `POST /admin/quotas/{id}` with `holder` of a new one, `pieces`, `mode` and `do` = `save`.
pub async fn change(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    policy::require(&*me.who, Action::KeepQuotas, &Facts::STRANGER)?;
    let id = parse(&id)?;
    if fields.get("do") != "save" {
        return Err(no_such_act());
    }
    let done = match (id, terms(&fields)) {
        (_, Err(problem)) => Err(problem.into()),
        (None, Ok(terms)) => match holder(&fields) {
            Ok(holder) => me.web.hub.add_quota(&me.who, &holder, terms).await.map(|_| "added"),
            Err(problem) => Err(problem.into()),
        },
        (Some(id), Ok(terms)) => me.web.hub.change_quota(&me.who, id, terms).await.map(|()| "saved"),
    };
    let problem = match done {
        Ok(done) => return Ok(Redirect::to(&format!("{PAGE}?done={done}")).into_response()),
        Err(error) => PageError::from(error).into_problem()?,
    };
    match id {
        _ if problem.code == "NOT_FOUND" => Err(problem.into()),
        None => me.show_new_quota(&fields, Some(problem)).await,
        Some(id) => me.show_quota(id, "", Some((problem, &fields))).await,
    }
}

/// None: one that is not there yet.
fn parse(id: &str) -> Result<Option<QuotaId>, Problem> {
    if id == "new" {
        return Ok(None);
    }
    id.parse().map(Some).map_err(|_| Problem::not_found())
}

/// A number too long for one is one too large, which the hub refuses in its own words. Digits of a Chinese
/// keyboard are digits.
fn terms(fields: &Fields) -> Result<Terms, Problem> {
    let typed: String =
        fields.get("pieces").chars().map(half_width).filter(|c| !c.is_whitespace() && *c != ',').collect();
    let pieces = match typed.as_str() {
        "" => None,
        typed if typed.bytes().all(|byte| byte.is_ascii_digit()) => Some(typed.parse().unwrap_or(i64::MAX)),
        _ => Some(-1),
    };
    Ok(Terms { pieces, mode: mode(fields) })
}

/// Strict, unless something else was chosen.
fn mode(fields: &Fields) -> Mode {
    fields.get("mode").parse().unwrap_or(Mode::Strict)
}

fn holder(fields: &Fields) -> Result<Holder, Problem> {
    match fields.get("holder").split_once(':') {
        Some(("department", code)) => Ok(Holder::Department(code.to_owned())),
        Some(("module", name)) => Ok(Holder::Module(name.to_owned())),
        _ => Err(Problem::invalid("QUOTA_HOLDER", "/holder", "请选择部门或模块")
            .in_english("choose a department or a module")),
    }
}

impl Me {
    fn quota_row(&self, kept: Kept) -> QuotaRow {
        let Kept { quota, month, used, held } = kept;
        let id = quota.id.to_string();
        QuotaRow {
            id,
            is_module: quota.producer_id.is_some(),
            held,
            line: quota_line(self, &quota.standing(&month, used), 0),
        }
    }

    async fn show_new_quota(&self, fields: &Fields, problem: Option<Problem>) -> Answer {
        let modules = self.web.hub.list_modules(&self.who).await?;
        let chosen = fields.get("holder");
        let choice = |value: String, label: String| HolderChoice { is_chosen: value == chosen, value, label };
        let tree = departments::list_tree(&mut self.web.hub.db.read().await?).await?;
        let units = overview::departments(&tree);
        let units = units.into_iter().map(|unit| choice(format!("department:{}", unit.code), unit.path)).collect();
        let modules = modules.into_iter().map(|(name, label)| choice(format!("module:{name}"), label)).collect();
        let view = QuotaPage {
            id: "new".to_owned(),
            name: String::new(),
            holders: vec![
                HolderGroup { kind: "departments", choices: units },
                HolderGroup { kind: "modules", choices: modules },
            ],
            pieces: fields.get("pieces").to_owned(),
            mode: mode(fields),
            problem: problem.as_ref().map(|problem| self.in_words(problem)),
            ledger: None,
        };
        self.quota_page(&view, problem).await
    }

    /// With what was typed where that was refused.
    async fn show_quota(&self, id: QuotaId, month: &str, refused: Option<(Problem, &Fields)>) -> Answer {
        let ledger = self.web.hub.open_ledger(&self.who, id, month).await?;
        let quota = &ledger.quota;
        let kept = quota.pieces.map_or_else(String::new, |pieces| pieces.to_string());
        let view = QuotaPage {
            id: id.to_string(),
            name: quota.name.clone(),
            holders: Vec::new(),
            pieces: refused.as_ref().map_or(kept, |(_, fields)| fields.get("pieces").to_owned()),
            mode: refused.as_ref().map_or(quota.mode, |(_, fields)| mode(fields)),
            problem: refused.as_ref().map(|(problem, _)| self.in_words(problem)),
            ledger: Some(self.ledger(ledger)),
        };
        self.quota_page(&view, refused.map(|(problem, _)| problem)).await
    }

    async fn quota_page(&self, view: &QuotaPage, problem: Option<Problem>) -> Answer {
        let status = problem.map_or(StatusCode::OK, |problem| status_of(problem.class));
        self.page(Around::from(Section::Quotas).status(status), "quota", view).await
    }

    fn ledger(&self, ledger: Ledger) -> LedgerView {
        let Ledger { quota, month, used, months, lines, is_cut } = ledger;
        let most = months.iter().map(|(_, used)| *used).chain(quota.pieces).max().unwrap_or(0);
        let shown = |(name, used): (String, i64)| MonthRow { is_shown: name == month, month: name, used, most };
        let months = months.into_iter().map(shown).collect();
        LedgerView {
            line: quota_line(self, &quota.standing(&month, used), 0),
            month,
            months,
            rows: lines.into_iter().map(ledger_row).collect(),
            is_cut,
        }
    }
}

fn ledger_row(line: quotas::Line) -> LedgerRow {
    LedgerRow {
        sender: line.sender_name,
        at: line.held_at,
        people: line.people,
        why: chase_again(line.first_round).unwrap_or("sent"),
        segments: line.segments,
        held: line.held,
        took: line.settled_at.map(|_| line.pieces),
    }
}

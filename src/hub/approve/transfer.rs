//! 转办 and 委派: one approval is passed on to a colleague, or all of them for a while.
//!
//! A seat that was passed on is its new holder's alone; a deputy's is still the principal's, who may
//! decide as well. Neither is ever for whoever sends the message.

use chrono::Duration;
use serde_json::json;

use super::{
    ask::Question,
    decide::{has_box, stale},
};
use crate::{
    clock::Timestamp,
    domain::{ApprovalId, DelegationId, PersonId, Problem, command::text},
    hub::{
        Change, Hub, Result,
        policy::{self, Action, Asker, Facts},
        send::note::Note,
    },
    storage::{
        Tx, accounts,
        approvers::{self, Colleague},
        audit,
        delegations::{self, Delegation},
        people,
        seats::{self, Asking, Place},
    },
};

/// Longest that somebody may be away at once.
const LONGEST: Duration = Duration::days(366);
/// Delegations that one person has at a time.
const MOST: usize = 20;
const LONGEST_WORDS: usize = 500;

impl Hub {
    /// Passes one's seat on to a colleague who may approve.
    ///
    /// # Errors
    /// Those of deciding; `APPR_TO` when it cannot be given to this one.
    pub async fn transfer(&self, who: PersonId, id: ApprovalId, to: &str, words: &str) -> Result<()> {
        let words = text::paragraphs(words, "/words")?;
        let words = words.trim();
        if words.chars().count() > LONGEST_WORDS {
            return Err(Problem::invalid("APPR_REASON", "/opinion", format!("说明最多 {LONGEST_WORDS} 字"))
                .in_english("at most 500 characters")
                .into());
        }
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let turn = self.seat_of(&mut tx, who, id, now).await?;
        let may_be = |one: &Colleague| {
            one.may_approve && Some(one.id) != turn.message.sender_id && one.id != turn.seat.person_id
        };
        let heir = find_colleague(&mut tx, to, "APPR_TO", may_be).await?;
        if Some(heir) == turn.message.sender_id {
            return Err(to_nobody("不能转办给发送人本人", "not to whoever sent it").into());
        }
        if heir == turn.seat.person_id {
            return Err(to_nobody("请选择另一位审批人", "choose somebody else").into());
        }
        if !approvers::may_approve(&mut tx, heir).await? {
            return Err(to_nobody("对方不是部门负责人，也没有审批人角色，不能审批", "they may not approve").into());
        }
        if !seats::give(&mut tx, turn.place(), heir, (who, words), now).await? {
            return Err(stale().into());
        }
        let question = Question::of(&turn.approval, &turn.message);
        let asking = Asking {
            approval: id,
            node: turn.seat.node,
            people: &[heir],
            is_needed: turn.seat.is_needed,
            is_named: false,
            note: question.note,
            at: now,
        };
        let is_new = !seats::insert(&mut tx, asking).await?.is_empty();
        // Whoever passed it on before may get it back.
        let place = Place { person: heir, ..turn.place() };
        if !is_new && !seats::give_back(&mut tx, place, asking.is_needed, asking.note, now).await? {
            return Err(to_nobody("对方已在这一步的审批人之中", "they are asked at this step already").into());
        }
        let giver = accounts::name_of(&mut tx, who).await?.unwrap_or_default();
        let said = if words.is_empty() { String::new() } else { format!("说明：{words}") };
        let body = format!("{giver}将《{}》转请您审批。{said}", turn.message.title);
        self.tell_asked(&mut tx, &question, &[heir], &body, now).await?;
        let mut detail = json!({"message": turn.message.id, "node": turn.seat.node, "to": heir});
        if let Some(principal) = turn.principal(who) {
            detail["on_behalf_of"] = json!(principal);
        }
        let verb = if is_new { "approval.transfer" } else { "approval.transfer_back" };
        audit::insert(&mut tx, now, &format!("person:{who}"), verb, &format!("approval:{id}"), detail).await?;
        self.tell_decided(&mut tx, id, now).await?;
        tx.commit().await?;
        self.wake.all();
        self.announce(Change::Approval(id));
        Ok(())
    }

    /// Lets a colleague decide in one's place from `from` until `until`, and tells him.
    ///
    /// # Errors
    /// `NOT_FOUND` for whoever has no approvals; `DELEGATE_…`
    pub async fn delegate(&self, who: PersonId, to: &str, from: Timestamp, until: Timestamp) -> Result<DelegationId> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let facts = Facts { is_assigned: has_box(&mut tx, who, now).await?, ..Facts::STRANGER };
        policy::require(Asker::Person(&[]), Action::Approve, &facts)?;
        let from = from.max(now);
        check_period(from, until, now)?;
        let deputy = find_colleague(&mut tx, to, "DELEGATE_TO", |one| one.id != who).await?;
        if deputy == who {
            return Err(Problem::invalid("DELEGATE_TO", "/to", "不能委派给自己").in_english("not to yourself").into());
        }
        people::lock(&mut tx, who).await?;
        let known = delegations::list_of_principal(&mut tx, who, now).await?;
        if known.iter().any(|each| each.from_at < until && each.until_at > from) {
            return Err(Problem::conflict("DELEGATE_TWICE", "这段时间已有委派，请先收回")
                .in_english("somebody stands in for you at that time already, take that back first")
                .into());
        }
        if known.len() >= MOST {
            return Err(Problem::conflict("DELEGATE_MOST", format!("委派最多 {MOST} 项"))
                .in_english("at most 20 at a time")
                .into());
        }
        let delegation = Delegation {
            id: DelegationId::new(),
            person_id: who,
            person_name: accounts::name_of(&mut tx, who).await?.unwrap_or_default(),
            deputy_id: deputy,
            deputy_name: String::new(),
            from_at: from,
            until_at: until,
        };
        delegations::insert(&mut tx, &delegation, now).await?;
        let detail = json!({"deputy": deputy, "from": from, "until": until});
        let (actor, object) = (format!("person:{who}"), format!("delegation:{}", delegation.id));
        audit::insert(&mut tx, now, &actor, "approval.delegate", &object, detail).await?;
        let (name, from, until) = (&delegation.person_name, self.local(from), self.local(until));
        let title = format!("{name}委派您代为审批");
        let body = format!("{name}委派您在 {from} 至 {until} 期间代为审批，届时请到审批箱处理。");
        self.note(&mut tx, Note { to: deputy, title: &title, body: &body, about: None }, now).await?;
        tx.commit().await?;
        self.wake.all();
        self.announce(Change::Person(deputy));
        Ok(delegation.id)
    }

    /// Takes a delegation back before its time.
    ///
    /// # Errors
    /// `NOT_FOUND` for what is over or somebody else's.
    pub async fn end_delegation(&self, who: PersonId, id: DelegationId) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let deputy = delegations::list_of_principal(&mut tx, who, now).await?;
        let deputy = deputy.into_iter().find(|each| each.id == id).ok_or_else(Problem::not_found)?;
        if !delegations::end(&mut tx, id, who, now).await? {
            return Err(Problem::not_found().into());
        }
        let (actor, object) = (format!("person:{who}"), format!("delegation:{id}"));
        audit::insert(&mut tx, now, &actor, "approval.end_delegation", &object, json!({})).await?;
        tx.commit().await?;
        self.announce(Change::Person(deputy.deputy_id));
        Ok(())
    }
}

/// Whom somebody names: by an account, or by a full name that one alone has of those who `may_be`
/// meant. Where nobody may be, whoever has the name is found all the same: it is said why not he.
///
/// # Errors
/// `code` at `/to` for nobody, and for several, with what tells them apart.
async fn find_colleague(
    tx: &mut Tx,
    typed: &str,
    code: &'static str,
    may_be: impl Fn(&Colleague) -> bool,
) -> Result<PersonId> {
    let typed = typed.trim();
    if let Some(found) = accounts::id_of(tx, typed).await? {
        return Ok(found);
    }
    let all = approvers::list_named(tx, typed).await?;
    let meant: Vec<_> = all.iter().filter(|one| may_be(one)).collect();
    match (&meant[..], &all[..]) {
        ([one], _) => Ok(one.id),
        ([], [one, ..]) => Ok(one.id),
        ([], []) => Err(Problem::invalid(code, "/to", "没有这个账号或姓名，或者已停用")
            .in_english("nobody active has this account or name")
            .into()),
        (several, _) => {
            let lines = several.iter().map(|one| match one.department.as_str() {
                "" => one.account.clone(),
                department => format!("{}（{department}）", one.account),
            });
            let lines = lines.collect::<Vec<_>>().join("、");
            Err(Problem::invalid(code, "/to", format!("有几位叫“{typed}”，请填写账号：{lines}"))
                .in_english(format!("several people are called “{typed}”, give an account: {lines}"))
                .into())
        }
    }
}

fn check_period(from: Timestamp, until: Timestamp, now: Timestamp) -> Result<(), Problem> {
    if until <= from {
        return Err(Problem::invalid("DELEGATE_TIME", "/until", "结束时间要晚于开始时间，也要晚于现在")
            .in_english("it has to end after it begins, and after now"));
    }
    if until - now > LONGEST {
        return Err(
            Problem::invalid("DELEGATE_TIME", "/until", "委派最长 366 天").in_english("at most 366 days from now")
        );
    }
    Ok(())
}

fn to_nobody(detail: &str, english: &str) -> Problem {
    Problem::invalid("APPR_TO", "/to", detail).in_english(english)
}

//! `/approvals` and `/approvals/{id}`: what waits for a decision, and what one decides on.

use serde::Serialize;

use super::{Moment, letter::Letter, quotas::QuotaLine};
use crate::domain::{approval, approval_flow::SeatState};

/// `pages/approvals`.
#[derive(Debug, Clone, Serialize)]
pub struct ApprovalsPage {
    pub tab: ApprovalTab,
    /// Sender or title searched for; empty: nothing.
    pub query: String,
    /// 待审
    pub pending: i64,
    /// 已审
    pub done: i64,
    pub rows: Vec<ApprovalRow>,
    /// Address of the next page; `None` at the end.
    pub older: Option<String>,
    /// What was just decided, already in the person's language.
    pub notice: Option<String>,
    pub standing_in: StandingIn,
}

/// 委派: who stands in for whom; `POST /approvals/delegations` with `to`, `from`, `until`, or `end`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StandingIn {
    /// Deputies of this person.
    pub own: Vec<DelegationRow>,
    /// Whose deputy this person is.
    pub others: Vec<DelegationRow>,
    pub may_add: bool,
    /// What was typed: an account or a name, and local times.
    pub to: String,
    pub from: String,
    pub until: String,
    /// Why it was refused; the form is shown open.
    pub problem: Option<String>,
    /// Beside which field that stands: `to`, `from`, `until`, or none.
    pub wrong: String,
    /// Colleagues who may approve, to choose from.
    pub candidates: Vec<Colleague>,
}

/// One delegation.
#[derive(Debug, Clone, Serialize)]
pub struct DelegationRow {
    pub id: String,
    /// The deputy, or the principal.
    pub name: String,
    pub from: Moment,
    pub until: Moment,
    /// It has begun.
    pub is_now: bool,
}

/// Somebody to choose by his account.
#[derive(Debug, Clone, Serialize)]
pub struct Colleague {
    pub account: String,
    pub name: String,
    /// Empty for somebody without one.
    pub department: String,
}

/// 待审 or 已审: `?state=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalTab {
    #[default]
    Pending,
    Done,
}

impl ApprovalTab {
    /// From `?state=`; anything unknown is 待审.
    pub fn from_query(value: &str) -> Self {
        if value == "done" { Self::Done } else { Self::Pending }
    }
}

/// One request in the list.
#[derive(Debug, Clone, Serialize)]
pub struct ApprovalRow {
    pub id: String,
    pub sender: String,
    pub department: String,
    pub title: String,
    /// 消息, 通知公告 …: `message`, `announcement`; words under `approval.kind.<kind>`.
    pub kind: String,
    /// 周期: one of a series.
    pub is_run: bool,
    /// How many people it would reach.
    pub reach: i64,
    /// Handed in, or decided on the tab 已审.
    pub at: Moment,
    /// `None` on the tab 待审.
    /// Words under `approval.outcome.<state>`.
    pub outcome: Option<approval::State>,
    /// For whom, where somebody else was asked.
    pub behalf: Option<String>,
}

/// `pages/approval`: exactly what readers will see, whom it reaches, who has said what.
#[derive(Debug, Clone, Serialize)]
pub struct ApprovalPage {
    pub id: String,
    pub kind: String,
    pub letter: Letter,
    /// The options of the receipt, 其他 included; empty: none is asked.
    pub receipt_options: Vec<String>,
    /// Labels of the buttons.
    pub actions: Vec<String>,
    pub reach: Reach,
    pub send: SendPlan,
    /// How often it comes again; `None`: once.
    pub series: Option<String>,
    /// Why this needs approval, in words: the rule that applied.
    pub rule: String,
    /// What is different from the version that was sent back; `None`: it is the first.
    pub changes: Option<Changes>,
    pub trail: Vec<TrailStep>,
    /// `None`: this person cannot decide (any more).
    pub form: Option<DecisionForm>,
    pub decided: Option<Decided>,
    /// The beginning of the hash of what was frozen: what is approved is what is sent.
    pub frozen: String,
    /// Address of the request before; `None` at the end.
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// A message that was sent back or taken back, written anew.
#[derive(Debug, Clone, Serialize)]
pub struct Changes {
    /// 第 N 版
    pub version: i64,
    /// Rejected or returned; void: its sender took it back. Words under `changes.since.<state>`.
    pub state: approval::State,
    pub who: Option<String>,
    pub at: Option<Moment>,
    /// What was to be changed.
    pub opinion: Option<String>,
    pub fields: Vec<ChangedField>,
    /// Of the text; empty: it says the same.
    pub body: Vec<ChangedLine>,
    /// Recipients more and fewer.
    pub added: i64,
    pub removed: i64,
    pub files_added: Vec<String>,
    pub files_removed: Vec<String>,
    /// Nothing at all is different.
    pub is_same: bool,
}

/// One thing beside the text; words under `changes.<name>`.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedField {
    pub name: String,
    /// Empty: there was none.
    pub before: String,
    pub after: String,
}

/// One line of the text.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedLine {
    /// `same`, `added`, `removed`, `skipped`
    pub kind: String,
    pub text: String,
    /// So many lines are the same.
    pub skipped: i64,
}

/// Whom it reaches.
#[derive(Debug, Clone, Serialize)]
pub struct Reach {
    pub people: i64,
    /// 教职工, 本科生 …
    pub kinds: Vec<Share>,
    /// The eight largest.
    pub departments: Vec<Share>,
    /// The others; `None`: there are none.
    pub rest: Option<Rest>,
    pub without_phone: i64,
    pub without_dingtalk: i64,
    /// 0 as well where this installation sends no mail.
    pub without_email: i64,
    /// What the SMS would be billed as; 0: none is sent.
    pub sms_segments: i64,
    /// Whose quota the SMS count against; `None`: none is sent, or no quota is set.
    pub quota: Option<QuotaLine>,
}

/// A part of the readers.
#[derive(Debug, Clone, Serialize)]
pub struct Share {
    pub name: String,
    pub count: i64,
}

/// The departments after the eight largest.
#[derive(Debug, Clone, Serialize)]
pub struct Rest {
    pub departments: i64,
    pub people: i64,
}

/// When and over what it is sent.
#[derive(Debug, Clone, Serialize)]
pub struct SendPlan {
    /// Name of the send rule.
    pub rule: String,
    pub steps: Vec<ChannelStep>,
    /// `None`: at once after approval.
    pub send_at: Option<Moment>,
    pub receipt_due_at: Option<Moment>,
}

/// One channel of a send rule; words under `channel.<channel>`.
#[derive(Debug, Clone, Serialize)]
pub struct ChannelStep {
    /// `inbox`, `dingtalk`, `sms`, `voice`, `email`, `wecom`.
    pub channel: String,
    /// Minutes after sending; 0: at once.
    pub after_minutes: i64,
    /// It goes to the deputy of whoever has not answered.
    pub deputy: bool,
    /// This installation lacks the channel: nothing goes out over it.
    pub missing: bool,
}

/// One station of the way.
#[derive(Debug, Clone, Serialize)]
pub struct TrailStep {
    /// 提交申请, 部门领导, 定时发送 …, already in the person's language.
    pub name: String,
    /// Who, or whose word is waited for; several with 、 between them.
    pub who: String,
    pub at: Option<Moment>,
    /// Since when somebody is waited for.
    pub since: Option<Moment>,
    /// How often he was reminded.
    pub chased: i64,
    /// 会签: everybody has to agree; `None` where any one decides.
    pub consent: Option<approval::Consent>,
    /// What each has said.
    pub said: Vec<Said>,
    pub state: StepState,
}

impl TrailStep {
    /// Nobody has said anything there.
    pub fn named(name: String, state: StepState) -> Self {
        let nobody = String::new();
        Self { name, who: nobody, at: None, since: None, chased: 0, consent: None, said: Vec::new(), state }
    }
}

/// What one person said at a station.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    /// Also for whom, where he is a deputy.
    pub who: String,
    /// Words under `seat.<state>`.
    pub state: SeatState,
    /// 转办: to whom.
    pub given_to: Option<String>,
    pub opinion: Option<String>,
    pub at: Option<Moment>,
}

/// Where a station stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    Done,
    Refused,
    /// 已退回
    Returned,
    /// 已撤回
    Withdrawn,
    Now,
    Later,
}

/// `POST /approvals/{id}` with `do` = `approve`, `reject` or `return`, `opinion`, `hash`.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionForm {
    /// Sent back so that a decision on changed content is refused (`APPR_STALE`).
    pub hash: String,
    /// What was typed, after an error.
    pub opinion: String,
    pub error: Option<String>,
    /// Whose deputy decides here; `None`: he was asked himself.
    pub behalf: Option<String>,
    /// It goes out when this one agrees; else others are asked.
    pub is_last: bool,
    /// 转办: `POST /approvals/{id}/transfer` with `to`, `opinion`, `hash`.
    pub pass_on: PassOn,
}

/// The form for passing it on.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PassOn {
    /// What was typed, after an error.
    pub to: String,
    pub candidates: Vec<Colleague>,
    pub error: Option<String>,
}

/// The decision.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    pub outcome: approval::State,
    pub who: String,
    pub at: Moment,
    pub opinion: Option<String>,
}

//! People to tell stories about: a small university office.

use zhihui::{
    domain::{
        ApprovalId, DepartmentId, MessageId,
        approval::{Decision, Rule},
        message::{Audience, Draft, State},
        person,
    },
    hub::{Answer, Result, Source},
    storage::{approval_box, people, receipts},
};

use super::TestHub;
use crate::{gate, staff};

pub use crate::staff::Actor;

impl TestHub {
    /// A department below `parent`.
    pub async fn department(&self, code: &str, parent: Option<DepartmentId>) -> DepartmentId {
        staff::department(self, code, code, parent).await
    }

    /// A member of a department, with a phone number that nobody else has.
    pub async fn member(&self, account: &str, department: DepartmentId) -> Actor {
        self.members(&[account], department, false).await.remove(0)
    }

    /// The head of a department.
    pub async fn head(&self, account: &str, department: DepartmentId) -> Actor {
        self.members(&[account], department, true).await.remove(0)
    }

    pub async fn members(&self, accounts: &[&str], department: DepartmentId, is_head: bool) -> Vec<Actor> {
        let names: Vec<_> = accounts.iter().map(|account| (*account, *account)).collect();
        staff::join(self, &names, department, is_head).await
    }

    pub async fn sets_deputy(&self, person: &Actor, deputy: &Actor) {
        let mut tx = self.db.begin().await.unwrap();
        people::set_deputy(&mut tx, person.id, Some(deputy.id), self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// 在职, 停用 or 离职.
    pub async fn becomes(&self, person: &Actor, state: person::State) {
        gate::set_state(self, person.id, state, self.clock.now()).await;
    }

    /// Gives somebody the role of an approver.
    pub async fn grants_approver(&self, person: &Actor) {
        gate::grant_approver(self, person.id).await;
    }

    /// These approval rules and no others.
    pub async fn rules(&self, rules: Vec<Rule>) {
        gate::set_rules(self, &rules).await;
    }

    pub async fn sends(&self, sender: &Actor, draft: Draft) -> Result<Answer> {
        self.accept(&Source::Person(sender.id), None, [0; 32], draft).await
    }

    /// The approval that waits for `approver`, if there is one.
    pub async fn waiting_for(&self, approver: &Actor) -> Option<ApprovalId> {
        let mut tx = self.db.read().await.unwrap();
        let all = (zhihui::clock::END_OF_TIME, ApprovalId(uuid::Uuid::max()));
        let wanted = approval_box::Wanted { person: approver.id, pending: true, search: "", now: self.clock.now() };
        let lines = approval_box::list(&mut tx, wanted, all, 10).await.unwrap();
        lines.first().map(|line| line.id)
    }

    pub async fn approves(&self, approver: &Actor) -> Result<State> {
        let id = self.waiting_for(approver).await.expect("an approval waits");
        self.decide(approver.id, id, Decision::Approve, "").await
    }

    pub async fn rejects(&self, approver: &Actor, why: &str) -> Result<State> {
        let id = self.waiting_for(approver).await.expect("an approval waits");
        self.decide(approver.id, id, Decision::Reject, why).await
    }

    pub async fn reads(&self, person: &Actor, message: MessageId) {
        self.read(person.id, message, "web").await.unwrap();
    }

    pub async fn answers(&self, person: &Actor, message: MessageId, option: &str, words: &str) -> Result<()> {
        let answer = receipts::Reply {
            option: Some(option.to_owned()),
            action_id: None,
            words: words.to_owned(),
            channel: "web".to_owned(),
        };
        self.answer(person.id, message, answer).await.map(|_| ())
    }
}

/// A message to these accounts.
pub fn to(people: &[&Actor], title: &str) -> Draft {
    let people = people.iter().map(|person| person.account.clone()).collect();
    draft(title, Audience { people, ..Audience::default() })
}

/// A message to a department and all below it.
pub fn to_department(code: &str, title: &str) -> Draft {
    let choice = zhihui::domain::message::DepartmentChoice { code: code.to_owned(), recursive: true };
    draft(title, Audience { departments: vec![choice], ..Audience::default() })
}

pub fn draft(title: &str, audience: Audience) -> Draft {
    Draft { signature: "教务处".to_owned(), ..Draft::content(title, "请准时参加。", audience) }
}

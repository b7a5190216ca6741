//! People to tell stories about: a small university office.

use zhihui::{
    domain::{
        ApprovalId, DepartmentId, MessageId, PersonId,
        approval::Decision,
        contact::Contact,
        message::{Audience, Draft, Kind, State},
        person::Role,
    },
    hub::{Answer, Result, Source},
    storage::{
        access, approvals,
        assignments::{self, Assignment},
        departments::{self, Department},
        people::{self, Profile},
        receipts,
    },
};

use super::TestHub;

/// Somebody who can act in a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub id: PersonId,
    pub account: String,
    pub phone: String,
}

impl TestHub {
    /// A department below `parent`.
    pub async fn department(&self, code: &str, parent: Option<DepartmentId>) -> DepartmentId {
        let id = DepartmentId::new();
        let row = Department { id, code: code.to_owned(), name: code.to_owned(), parent_id: parent, position: 0 };
        let mut tx = self.db.begin().await.unwrap();
        departments::insert_many(&mut tx, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        id
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
        let mut tx = self.db.begin().await.unwrap();
        let known = people::count_active(&mut tx).await.unwrap();
        let mut profiles = Vec::new();
        let mut posts = Vec::new();
        let mut actors = Vec::new();
        for (nth, account) in (1..).zip(accounts) {
            let phone = format!("138{:08}", known + nth);
            let profile = Profile {
                phone: Some(Contact::phone(&self.sealer, &phone)),
                dingtalk_id: Some(phone.clone()),
                ..Profile::of(account, account, "staff")
            };
            posts.push(Assignment {
                person_id: profile.id,
                department_id: department,
                is_primary: true,
                is_head,
                position: nth,
            });
            actors.push(Actor { id: profile.id, account: (*account).to_owned(), phone });
            profiles.push(profile);
        }
        people::insert_many(&mut tx, &profiles, self.clock.now()).await.unwrap();
        assignments::insert_many(&mut tx, &posts).await.unwrap();
        tx.commit().await.unwrap();
        actors
    }

    pub async fn sets_deputy(&self, person: &Actor, deputy: &Actor) {
        let mut tx = self.db.begin().await.unwrap();
        people::set_deputy(&mut tx, person.id, Some(deputy.id), self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Gives somebody the role of an approver.
    pub async fn grants_approver(&self, person: &Actor) {
        let mut tx = self.db.begin().await.unwrap();
        access::grant(&mut tx, person.id, Role::Approver).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn sends(&self, sender: &Actor, draft: Draft) -> Result<Answer> {
        self.accept(&Source::Person(sender.id), None, [0; 32], draft).await
    }

    /// The approval that waits for `approver`, if there is one.
    pub async fn waiting_for(&self, approver: &Actor) -> Option<ApprovalId> {
        let mut tx = self.db.read().await.unwrap();
        let all = (zhihui::clock::END_OF_TIME, ApprovalId(uuid::Uuid::max()));
        let wanted = approvals::Wanted { person: approver.id, pending: true, search: "" };
        let lines = approvals::list(&mut tx, wanted, all, 10).await.unwrap();
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
    Draft {
        kind: Kind::Content,
        title: title.to_owned(),
        body: "请准时参加。".to_owned(),
        signature: "教务处".to_owned(),
        url: None,
        category: None,
        audience,
        send_rule: None,
        receipt: None,
        actions: Vec::new(),
        send_at: None,
        expires_at: None,
        recurrence: None,
        template: None,
        attachments: Vec::new(),
        attributes: serde_json::Map::new(),
        about_approval: None,
    }
}

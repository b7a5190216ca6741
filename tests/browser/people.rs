//! The people of a small university office, and what they write to each other.

use zhihui::{
    domain::{
        DepartmentId, MessageId, PersonId,
        contact::Contact,
        message::{Audience, DepartmentChoice, Draft, Kind},
    },
    hub::Source,
    storage::{
        assignments::{self, Assignment},
        departments::{self, Department},
        inbox,
        people::{self, Profile},
    },
};

use crate::{site::Site, window::PATIENCE};

/// Somebody in a story.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: PersonId,
    pub account: String,
    pub phone: String,
}

impl Site {
    pub async fn department(&self, code: &str, name: &str) -> DepartmentId {
        let id = DepartmentId::new();
        let row = Department { id, code: code.to_owned(), name: name.to_owned(), parent_id: None, position: 0 };
        let mut tx = self.hub.db.begin().await.unwrap();
        departments::insert_many(&mut tx, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn member(&self, account: &str, name: &str, department: DepartmentId) -> Person {
        self.join(&[(account, name)], department, false).await.remove(0)
    }

    pub async fn head(&self, account: &str, name: &str, department: DepartmentId) -> Person {
        self.join(&[(account, name)], department, true).await.remove(0)
    }

    /// So many members who have no part in the story.
    pub async fn crowd(&self, count: usize, department: DepartmentId) {
        let names: Vec<_> = (1..=count).map(|nth| (format!("member{nth}"), format!("职员{nth}"))).collect();
        let names: Vec<_> = names.iter().map(|(account, name)| (account.as_str(), name.as_str())).collect();
        self.join(&names, department, false).await;
    }

    async fn join(&self, names: &[(&str, &str)], department: DepartmentId, is_head: bool) -> Vec<Person> {
        let mut tx = self.hub.db.begin().await.unwrap();
        let known = people::count_active(&mut tx).await.unwrap();
        let (mut profiles, mut posts, mut persons) = (Vec::new(), Vec::new(), Vec::new());
        for (nth, (account, name)) in (1..).zip(names) {
            let phone = format!("138{:08}", known + nth);
            let profile = Profile {
                phone: Some(Contact::phone(&self.hub.sealer, &phone)),
                dingtalk_id: Some(phone.clone()),
                ..Profile::of(account, name, "staff")
            };
            posts.push(Assignment {
                person_id: profile.id,
                department_id: department,
                is_primary: true,
                is_head,
                position: nth,
            });
            persons.push(Person { id: profile.id, account: (*account).to_owned(), phone });
            profiles.push(profile);
        }
        people::insert_many(&mut tx, &profiles, self.hub.clock.now()).await.unwrap();
        assignments::insert_many(&mut tx, &posts).await.unwrap();
        tx.commit().await.unwrap();
        persons
    }

    /// Returns as soon as it is accepted; workers bring it.
    pub async fn send(&self, sender: &Person, draft: Draft) -> MessageId {
        self.hub.accept(&Source::Person(sender.id), None, [0; 32], draft).await.unwrap().id
    }
}

impl Site {
    /// Waits until workers have brought a message.
    pub async fn is_brought(&self, person: &Person, message: MessageId) {
        let mut changes = self.hub.live.subscribe();
        let looking = async {
            loop {
                let mut tx = self.hub.db.read().await.unwrap();
                if inbox::find(&mut tx, person.id, message).await.unwrap().is_some() {
                    return;
                }
                drop(tx);
                changes.recv().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("a message is brought at once");
    }
}

/// A message to one person.
pub fn to(person: &Person, title: &str, body: &str) -> Draft {
    letter(title, body, Audience { people: vec![person.account.clone()], ..Audience::default() })
}

/// A message to a department and all below it.
pub fn to_department(code: &str, title: &str, body: &str) -> Draft {
    let choice = DepartmentChoice { code: code.to_owned(), recursive: true };
    letter(title, body, Audience { departments: vec![choice], ..Audience::default() })
}

fn letter(title: &str, body: &str, audience: Audience) -> Draft {
    Draft {
        kind: Kind::Content,
        title: title.to_owned(),
        body: body.to_owned(),
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

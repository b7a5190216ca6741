//! Departments and the people in them, straight into the tables.

use zhihui::{
    domain::{DepartmentId, PersonId, contact::Contact},
    hub::Hub,
    storage::{
        assignments::{self, Assignment},
        departments::{self, Department},
        people::{self, Profile},
    },
};

/// Somebody who can act in a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub id: PersonId,
    pub account: String,
    pub phone: String,
}

pub async fn department(hub: &Hub, code: &str, name: &str, parent: Option<DepartmentId>) -> DepartmentId {
    let id = DepartmentId::new();
    let row = Department { id, code: code.to_owned(), name: name.to_owned(), parent_id: parent, position: 0 };
    let mut tx = hub.db.begin().await.unwrap();
    departments::insert_many(&mut tx, &[row]).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Accounts and names join a department as its members or its heads, each with a phone number that
/// nobody else has.
pub async fn join(hub: &Hub, names: &[(&str, &str)], department: DepartmentId, is_head: bool) -> Vec<Actor> {
    let mut tx = hub.db.begin().await.unwrap();
    let known = people::count_active(&mut tx).await.unwrap();
    let (mut profiles, mut posts, mut actors) = (Vec::new(), Vec::new(), Vec::new());
    for (nth, (account, name)) in (1..).zip(names) {
        let phone = format!("138{:08}", known + nth);
        let profile = Profile {
            phone: Some(Contact::phone(&hub.sealer, &phone)),
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
        actors.push(Actor { id: profile.id, account: (*account).to_owned(), phone });
        profiles.push(profile);
    }
    people::insert_many(&mut tx, &profiles, hub.clock.now()).await.unwrap();
    assignments::insert_many(&mut tx, &posts).await.unwrap();
    tx.commit().await.unwrap();
    actors
}

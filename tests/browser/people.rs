//! The people of a small university office, and what they write to each other.

use zhihui::{
    domain::{
        DepartmentId, MessageId,
        message::{Audience, DepartmentChoice, Draft},
    },
    hub::Source,
    storage::inbox,
};

use crate::{site::Site, staff, window::PATIENCE};

pub use crate::staff::Actor as Person;

impl Site {
    /// 周 the head, 王 and 李, and 58 more: so many that a message to all of them needs his consent.
    pub async fn of_sixty() -> (Self, Person, Person, Person) {
        let site = Self::start().await;
        let office = site.department("jwc", "教务处").await;
        let head = site.head("zhouliqun", "周立群", office).await;
        let sender = site.member("wangxiaomei", "王晓梅", office).await;
        let reader = site.member("liwenbo", "李文博", office).await;
        site.crowd(58, office).await;
        (site, head, sender, reader)
    }

    pub async fn department(&self, code: &str, name: &str) -> DepartmentId {
        staff::department(&self.hub, code, name, None).await
    }

    pub async fn member(&self, account: &str, name: &str, department: DepartmentId) -> Person {
        staff::join(&self.hub, &[(account, name)], department, false).await.remove(0)
    }

    pub async fn head(&self, account: &str, name: &str, department: DepartmentId) -> Person {
        staff::join(&self.hub, &[(account, name)], department, true).await.remove(0)
    }

    /// So many members who have no part in the story.
    pub async fn crowd(&self, count: usize, department: DepartmentId) {
        let names: Vec<_> = (1..=count).map(|nth| (format!("member{nth}"), format!("职员{nth}"))).collect();
        let names: Vec<_> = names.iter().map(|(account, name)| (account.as_str(), name.as_str())).collect();
        staff::join(&self.hub, &names, department, false).await;
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
    Draft { signature: "教务处".to_owned(), ..Draft::content(title, body, audience) }
}

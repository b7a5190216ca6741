//! Who takes part: a department of recipients with a phone each, somebody who may approve, a
//! module that sends, and a send rule that goes to the phones at once.

use anyhow::Context;

use crate::{
    domain::{
        DepartmentId, PersonId, ProducerId,
        contact::Contact,
        person::Role,
        send_rule::{Minutes, Mode, Step, To},
    },
    hub::Hub,
    storage::{
        Json, access, assignments,
        assignments::Assignment,
        bare,
        departments::{self, Department},
        people::{self, Profile},
        producers::{self, Producer, ProducerAudience, ProducerCategories},
        settings::{self, SendRuleRow, Steps},
    },
};

/// Code of the department, name of the send rule.
pub const BENCH: &str = "bench";
/// People who are written at once.
const BATCH: i64 = 1_000;

/// The account of the nth recipient, from 0.
pub fn account(nth: i64) -> String {
    format!("bench{nth:07}")
}

/// Writes them all; returns who approves. `sender` is the account that the broker vouches for.
pub async fn write(hub: &Hub, recipients: i64, sender: &str) -> anyhow::Result<PersonId> {
    let department = Department {
        id: DepartmentId::new(),
        code: BENCH.to_owned(),
        name: BENCH.to_owned(),
        parent_id: None,
        position: 0,
    };
    let mut tx = hub.db.begin().await?;
    departments::insert_many(&mut tx, std::slice::from_ref(&department)).await.context("the department")?;
    let approver = Profile::of("approver", "approver", "staff");
    people::insert_many(&mut tx, std::slice::from_ref(&approver), hub.clock.now()).await?;
    access::grant(&mut tx, approver.id, Role::Approver).await?;
    producers::insert(&mut tx, &producer(sender), &[0; 32], hub.clock.now()).await?;
    settings::insert_send_rule(&mut tx, &at_once(), 100).await?;
    tx.commit().await?;
    for first in (0..recipients).step_by(BATCH as usize) {
        write_batch(hub, department.id, first..recipients.min(first + BATCH)).await?;
    }
    let mut tx = hub.db.begin().await?;
    bare::analyze_people(&mut tx).await?;
    tx.commit().await?;
    Ok(approver.id)
}

async fn write_batch(hub: &Hub, department_id: DepartmentId, range: std::ops::Range<i64>) -> anyhow::Result<()> {
    let person = |nth: i64| {
        let account = account(nth);
        let phone = Some(Contact::phone(&hub.sealer, &format!("138{nth:08}")));
        Profile { phone, ..Profile::of(&account, "测试", "staff") }
    };
    let profiles: Vec<_> = range.clone().map(person).collect();
    let posts: Vec<_> = range
        .zip(&profiles)
        .map(|(position, profile)| Assignment {
            person_id: profile.id,
            department_id,
            is_primary: true,
            is_head: false,
            position,
        })
        .collect();
    let mut tx = hub.db.begin().await?;
    people::insert_many(&mut tx, &profiles, hub.clock.now()).await?;
    assignments::insert_many(&mut tx, &posts).await?;
    tx.commit().await?;
    Ok(())
}

/// A module like any other: what it sends to many needs approval.
fn producer(account: &str) -> Producer {
    Producer {
        id: ProducerId::new(),
        name: BENCH.to_owned(),
        label: "bench".to_owned(),
        amqp_user: account.to_owned(),
        audience: Json(ProducerAudience { everyone: true, departments: Vec::new() }),
        categories: Json(ProducerCategories { any: true, names: Vec::new() }),
        is_trusted: false,
    }
}

fn at_once() -> SendRuleRow {
    let step = Step {
        channels: vec!["inbox".to_owned(), "sms".to_owned()],
        mode: Mode::Together,
        after: 0,
        minutes: Minutes::Real,
        unless: None,
        repeat: None,
        to: To::Recipient,
    };
    SendRuleRow {
        name: BENCH.to_owned(),
        label: BENCH.to_owned(),
        definition: Json(Steps { steps: vec![step] }),
        is_offered: true,
    }
}

//! Table `person_group_share`: with whom a group is shared, to use and not to edit; and table
//! `message_group`: what was sent to it.

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{GroupId, MessageId, PersonId, message::State},
};

row! {
    /// Somebody who may use a group.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Sharer {
        pub id: PersonId,
        pub account: String,
        pub name: String,
        /// The name of the primary department.
        pub department: Option<String>,
    }
}

/// False: it was shared with them before.
pub async fn add(tx: &mut Tx, group: GroupId, person: PersonId) -> Result<bool> {
    let added = execute!(
        tx,
        "insert into person_group_share (group_id, person_id, position)
         select $1, $2, (select coalesce(max(position), 0) + 1 from person_group_share where person_id = $2)
          where true on conflict do nothing",
        [group, person]
    )?;
    Ok(added == 1)
}

/// False: it was not shared with them.
pub async fn remove(tx: &mut Tx, group: GroupId, person: PersonId) -> Result<bool> {
    let removed =
        execute!(tx, "delete from person_group_share where group_id = $1 and person_id = $2", [group, person])?;
    Ok(removed == 1)
}

/// The place of a group among those that are shared with somebody.
pub async fn place(tx: &mut Tx, group: GroupId, person: PersonId, position: i64) -> Result<u64> {
    execute!(
        tx,
        "update person_group_share set position = $3 where group_id = $1 and person_id = $2",
        [group, person, position]
    )
}

/// By the sound of their names.
pub async fn list(tx: &mut Tx, group: GroupId) -> Result<Vec<Sharer>> {
    fetch_all!(
        tx,
        Sharer,
        "select person.id, coalesce(account, '') as account, person.name,
                (select department.name from assignment
                   join department on department.id = assignment.department_id
                  where assignment.person_id = person.id
                  order by is_primary desc, assignment.position, department.id limit 1) as department
           from person_group_share share join person on person.id = share.person_id
          where share.group_id = $1 order by person.search, person.id limit 1000",
        [group]
    )
}

row! {
    /// A message that went to a group.
    #[derive(Debug, Clone)]
    pub struct Use {
        pub id: MessageId,
        pub title: String,
        pub state: State,
        pub recipients: i64,
        pub created_at: Timestamp,
    }
}

/// What `sender` wrote to a group and has not deleted, newest first.
pub async fn list_uses(tx: &mut Tx, group: GroupId, sender: PersonId, limit: i64) -> Result<Vec<Use>> {
    fetch_all!(
        tx,
        Use,
        "select message.id, title, state, recipients, message.created_at from message_group used
           join message on message.id = used.message_id
          where used.group_id = $1 and message.sender_id = $2 and message.deleted_at is null
          order by message.created_at desc, message.id desc limit $3",
        [group, sender, limit]
    )
}

row! {
    /// How often a group was used.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Uses {
        pub messages: i64,
        /// of them those that wait for their time
        pub scheduled: i64,
    }
}

/// By anybody, in any state.
pub async fn count_uses(tx: &mut Tx, group: GroupId) -> Result<Uses> {
    fetch_one!(
        tx,
        Uses,
        "select count(*) as messages,
                count(*) filter (where state = 'scheduled' or (state in ('pending_approval', 'held')
                                       and send_at is not null)) as scheduled
           from message_group used join message on message.id = used.message_id where used.group_id = $1",
        [group]
    )
}

/// How many of them `sender` wrote.
pub async fn count_uses_by(tx: &mut Tx, group: GroupId, sender: PersonId) -> Result<i64> {
    fetch_value!(
        tx,
        i64,
        "select count(*) from message_group used join message on message.id = used.message_id
          where used.group_id = $1 and message.sender_id = $2",
        [group, sender]
    )
}

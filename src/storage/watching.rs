//! Who has something of a message before him: its recipients, its sender, whoever decides on it.

use super::{Json, Result, Tx};
use crate::domain::{ApprovalId, MessageId, PersonId};

/// Those of `people` in whose inboxes some of `messages` lie, and whether they still may be read there.
pub async fn list_lines(
    tx: &mut Tx,
    messages: &[MessageId],
    people: &[PersonId],
) -> Result<Vec<(PersonId, MessageId, bool)>> {
    let messages = Json(messages.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = dialect!(
        tx,
        sqlite: concat!("select inbox.person_id, inbox.message_id, ", is_visible!(), " from inbox
                   join message on message.id = inbox.message_id
                  where inbox.message_id in (select unhex(value) from json_each($1))
                    and inbox.person_id in (select unhex(value) from json_each($2))"),
        postgres: concat!("select inbox.person_id, inbox.message_id, ", is_visible!(), " from inbox
                     join message on message.id = inbox.message_id
                    where inbox.message_id in
                          (select value::uuid from jsonb_array_elements_text($1::jsonb) as each (value))
                      and inbox.person_id in
                          (select value::uuid from jsonb_array_elements_text($2::jsonb) as each (value))"),
    );
    fetch_all!(tx, (PersonId, MessageId, bool), sql, [&messages, &people])
}

pub async fn list_senders(tx: &mut Tx, messages: &[MessageId]) -> Result<Vec<PersonId>> {
    let messages = Json(messages.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(tx, "select sender_id from message where sender_id is not null and id in (", "$1", ")");
    fetch_values!(tx, PersonId, sql, [&messages])
}

/// The end of a question that begins with `with seat (person_id) as (…`: those who have these seats,
/// and their deputies.
macro_rules! with_deputies {
    () => {
        ")) select person_id from seat
            union
           select approval_delegation.deputy_id from approval_delegation
             join seat on seat.person_id = approval_delegation.person_id
            where approval_delegation.ended_at is null"
    };
}

/// Those who were asked about any of these messages, or still are, and their deputies.
pub async fn list_approvers_of_messages(tx: &mut Tx, messages: &[MessageId]) -> Result<Vec<PersonId>> {
    let messages = Json(messages.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "with seat (person_id) as (
             select approval_seat.person_id from approval
               join approval_seat on approval_seat.approval_id = approval.id
              where approval.message_id in (",
        "$1",
        with_deputies!()
    );
    fetch_values!(tx, PersonId, sql, [&messages])
}

pub async fn list_approvers(tx: &mut Tx, approvals: &[ApprovalId]) -> Result<Vec<PersonId>> {
    let approvals = Json(approvals.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "with seat (person_id) as (select person_id from approval_seat where approval_id in (",
        "$1",
        with_deputies!()
    );
    fetch_values!(tx, PersonId, sql, [&approvals])
}

/// The senders of what was asked about.
pub async fn list_askers(tx: &mut Tx, approvals: &[ApprovalId]) -> Result<Vec<PersonId>> {
    let approvals = Json(approvals.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "select message.sender_id from approval
           join message on message.id = approval.message_id and message.sender_id is not null
          where approval.id in (",
        "$1",
        ")"
    );
    fetch_values!(tx, PersonId, sql, [&approvals])
}

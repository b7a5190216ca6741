//! What waits for whom: the counts in the navigation, for many people in one question.

use super::{Json, Result, Tx};
use crate::{clock::Timestamp, domain::PersonId};

row! {
    /// Counted to a hundred: more is not shown.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Badge {
        pub person_id: PersonId,
        /// 未读
        pub unread: i64,
        /// 待审
        pub pending: i64,
    }
}

/// One for each of `people`, in the order of their ids.
pub async fn list(tx: &mut Tx, people: &[PersonId], now: Timestamp) -> Result<Vec<Badge>> {
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        concat!(
            "select person.id as person_id,
                (select count(*) from (
                    select 1 from inbox
                     where inbox.person_id = person.id and inbox.read_at is null and inbox.deleted_at is null and ",
            is_open!("inbox.message_id"),
            " limit 100) as few) as unread,
                (select count(*) from (
                    select distinct approval_seat.approval_id from approval_seat
                      join approval on approval.id = approval_seat.approval_id and approval.state = 'pending'
                      join message on message.id = approval.message_id
                     where approval_seat.state = 'waiting'
                       and (message.sender_id is null or message.sender_id <> person.id) and ",
            acts_for!("person.id", "$1"),
            " and ",
            is_held!(),
            " limit 100) as few) as pending
           from person where person.id in ("
        ),
        "$2",
        ") order by person.id"
    );
    fetch_all!(tx, Badge, sql, [now, &people])
}

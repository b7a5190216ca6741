//! What waits for whom: the counts in the navigation, for many people in one question.

use super::{Json, Result, Tx};
use crate::domain::PersonId;

row! {
    /// Counted to a hundred: more is not shown.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Badge {
        pub person_id: PersonId,
        /// 未读
        pub unread: i64,
        /// 待审
        pub pending: i64,
        /// Was ever asked to decide something.
        pub was_asked: bool,
    }
}

/// One for each of `people`, in the order of their ids.
pub async fn list(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<Badge>> {
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        concat!(
            "select person.id as person_id,
                (select count(*) from (
                    select 1 from inbox
                      join message on message.id = inbox.message_id and ",
            is_visible!(),
            "
                     where inbox.person_id = person.id and inbox.read_at is null
                       and inbox.deleted_at is null and inbox.purged_at is null limit 100) as few) as unread,
                (select count(*) from (
                    select 1 from approval_approver
                      join approval on approval.id = approval_approver.approval_id and approval.state = 'pending'
                     where approval_approver.person_id = person.id and ",
            may_approve!("person.id"),
            " limit 100) as few) as pending,
                exists (select 1 from approval_approver where approval_approver.person_id = person.id) as was_asked
           from person where person.id in ("
        ),
        "$1",
        ") order by person.id"
    );
    fetch_all!(tx, Badge, sql, [&people])
}

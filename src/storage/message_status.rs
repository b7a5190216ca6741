//! What became of a message, in totals and of its approvals; person by person is in [`super::reached`].
//! Nothing here knows a phone number.

use serde::{Deserialize, Serialize};

use super::{Result, Tx};
use crate::{clock::Timestamp, domain::MessageId};

row! {
    /// Totals in people, not in sends.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Totals {
        /// have it in their inbox
        pub arrived: i64,
        pub read: i64,
        /// without an inbox, and a provider took it
        pub sent_outside: i64,
        /// without an inbox, and a provider says that it arrived
        pub delivered_outside: i64,
        /// have deliveries that failed, and none that went through or may have; what was not needed any more
        /// has not failed
        pub failed: i64,
        /// have it, and more is on its way to them
        pub busy: i64,
        pub answered: i64,
    }
}

pub async fn count(tx: &mut Tx, message: MessageId) -> Result<Totals> {
    fetch_one!(
        tx,
        Totals,
        concat!(
            "with reached (person_id, sent, delivered, open, unknown, failed) as (
             select person_id, count(*) filter (where state in ('accepted', 'delivered')),
                    count(*) filter (where state = 'delivered'), count(*) filter (where state in ('ready', 'sending')),
                    count(*) filter (where state = 'unknown'),
                    count(*) filter (where state in ",
            failed!(),
            ")
               from delivery where message_id = $1 group by person_id),
         outside (person_id, sent, delivered) as (
             select person_id, sent, delivered from reached
              where sent > 0 and not exists (
                  select 1 from inbox where inbox.message_id = $1 and inbox.person_id = reached.person_id))
         select (select count(*) from inbox where message_id = $1) as arrived,
                (select count(*) from inbox where message_id = $1 and read_at is not null) as read,
                (select count(*) from outside) as sent_outside,
                (select count(*) from outside where delivered > 0) as delivered_outside,
                (select count(*) from reached where sent = 0 and open = 0 and unknown = 0 and failed > 0) as failed,
                (select count(*) from reached
                  where open > 0 and (sent > 0 or exists (
                      select 1 from inbox where inbox.message_id = $1 and inbox.person_id = reached.person_id))) as busy,
                (select count(*) from receipt where message_id = $1) as answered"
        ),
        [message]
    )
}

row! {
    /// What one channel did, in people: whoever was tried twice counts once.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ChannelPeople {
        pub channel: String,
        /// to be reached over it
        pub people: i64,
        /// a try went through
        pub sent: i64,
        /// a try failed, and none went through or goes on
        pub failed: i64,
    }
}

pub async fn count_by_channel(tx: &mut Tx, message: MessageId) -> Result<Vec<ChannelPeople>> {
    fetch_all!(
        tx,
        ChannelPeople,
        concat!(
            "with tried (channel, person_id, sent, failed, open) as (
             select channel, person_id, count(*) filter (where state in ('accepted', 'delivered')),
                    count(*) filter (where state in ",
            failed!(),
            "),
                    count(*) filter (where state in ('ready', 'sending'))
               from delivery where message_id = $1 group by channel, person_id)
         select channel, count(*) as people, count(*) filter (where sent > 0) as sent,
                count(*) filter (where sent = 0 and open = 0 and failed > 0) as failed
           from tried group by channel order by channel limit 100"
        ),
        [message]
    )
}

row! {
    /// One approval that was asked for.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Asked {
        pub rule_name: String,
        pub state: crate::domain::approval::State,
        pub created_at: Timestamp,
        pub decided_at: Option<Timestamp>,
        /// the decider's account
        pub decided_by: Option<String>,
        pub opinion: String,
        pub id: crate::domain::ApprovalId,
        /// which node is asked, and the last one
        pub node: i64,
        pub last_node: i64,
    }
}

row! {
    /// Somebody who was asked at a node.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Seat {
        pub approval_id: crate::domain::ApprovalId,
        pub node: i64,
        /// accounts of whoever was asked, of who decided, and of who has the seat now
        pub account: Option<String>,
        pub decided_by: Option<String>,
        pub given_to: Option<String>,
        pub state: crate::domain::approval_flow::SeatState,
        pub asked_at: Timestamp,
        pub decided_at: Option<Timestamp>,
        pub opinion: String,
    }
}

/// Everybody who was asked about a message, node by node.
pub async fn list_seats(tx: &mut Tx, message: MessageId) -> Result<Vec<Seat>> {
    fetch_all!(
        tx,
        Seat,
        "select approval_seat.approval_id, approval_seat.node, person.account, decider.account as decided_by,
                keeper.account as given_to, approval_seat.state, approval_seat.asked_at, approval_seat.decided_at,
                approval_seat.opinion
           from approval
           join approval_seat on approval_seat.approval_id = approval.id
           join person on person.id = approval_seat.person_id
           left join person as decider on decider.id = approval_seat.decided_by
           left join person as keeper on keeper.id = approval_seat.given_to
          where approval.message_id = $1
          order by approval.created_at, approval.id, approval_seat.node, approval_seat.asked_at, person.account
          limit 1000",
        [message]
    )
}

/// The approval trail, oldest first.
pub async fn list_approvals(tx: &mut Tx, message: MessageId) -> Result<Vec<Asked>> {
    fetch_all!(
        tx,
        Asked,
        "select approval.rule_name, case when approval.is_returned then 'returned' else approval.state end as state,
                approval.created_at, approval.decided_at, person.account as decided_by, approval.opinion, approval.id,
                approval.node, approval.last_node
           from approval left join person on person.id = approval.decided_by
          where approval.message_id = $1 order by approval.created_at, approval.id limit 50",
        [message]
    )
}

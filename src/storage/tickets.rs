//! Table `ticket`: the right to work on a range of one message's deliveries.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{ClaimId, MessageId, PersonId, TicketId},
};

row! {
    #[derive(Debug, Clone)]
    pub struct Ticket {
        pub id: TicketId,
        pub message_id: MessageId,
        pub channel: String,
        pub round: i64,
        pub first_person: PersonId,
        pub last_person: PersonId,
        /// Deliveries that it was made for; by the time it is worked some may be moot.
        pub size: i64,
        pub is_priority: bool,
    }
}

pub async fn insert(tx: &mut Tx, ticket: &Ticket, due_at: Timestamp) -> Result<()> {
    insert_many(tx, std::slice::from_ref(ticket), due_at).await
}

/// Many at once.
pub async fn insert_many(tx: &mut Tx, tickets: &[Ticket], due_at: Timestamp) -> Result<()> {
    for batch in tickets.chunks(super::BATCH) {
        let row = |ticket: &Ticket| {
            serde_json::json!({
                "id": ticket.id.simple(), "message_id": ticket.message_id.simple(), "channel": ticket.channel,
                "round": ticket.round, "first_person": ticket.first_person.simple(),
                "last_person": ticket.last_person.simple(), "size": ticket.size, "is_priority": ticket.is_priority,
            })
        };
        let rows = Json(batch.iter().map(row).collect::<Vec<_>>());
        let sql = each_row!(
            tx,
            "insert into ticket (id, message_id, channel, round, first_person, last_person, size, is_priority,
                                 due_at, times_queued)
             select id, message_id, channel, round, first_person, last_person, size, is_priority, $2, 0 from ",
            "$1",
            {
                id: uuid, message_id: uuid, channel: text, round: bigint, first_person: uuid, last_person: uuid,
                size: bigint, is_priority: boolean
            },
            ""
        );
        execute!(tx, sql, [&rows, due_at])?;
    }
    Ok(())
}

row! {
    /// What goes on the queue: enough to wait for a turn before the ticket is claimed.
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    pub struct Due {
        pub id: TicketId,
        pub channel: String,
        pub size: i64,
        pub is_priority: bool,
    }
}

/// Marks due tickets as queued and returns them, priority first. Each time a ticket is queued
/// again the queue is trusted with it twice as long: one minute, two, four, up to an hour.
pub async fn claim_due(tx: &mut Tx, now: Timestamp, trust: [Timestamp; 7], limit: i64) -> Result<Vec<Due>> {
    let sql = skip_locked!(
        tx,
        "update ticket set times_queued = times_queued + 1,
                queued_until = case times_queued when 0 then $2 when 1 then $3 when 2 then $4 when 3 then $5
                                                 when 4 then $6 when 5 then $7 else $8 end
          where id in (select id from ticket
                        where due_at <= $1 and (queued_until is null or queued_until <= $1)
                          and (lease_until is null or lease_until <= $1)
                        order by is_priority desc, due_at, id limit $9",
        ") returning id, channel, size, is_priority"
    );
    fetch_all!(tx, Due, sql, [now, trust[0], trust[1], trust[2], trust[3], trust[4], trust[5], trust[6], limit])
}

/// The queue may have lost what it held: nothing is trusted any more.
pub async fn distrust_queue(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    // Two replicas that lose a queue at the same moment do not wait for each other.
    let sql = skip_locked!(
        tx,
        "update ticket set queued_until = null, times_queued = 0
          where id in (select id from ticket
                        where queued_until > $1 and (lease_until is null or lease_until <= $1)",
        ")"
    );
    execute!(tx, sql, [now])
}

/// These could not be put on the queue after all.
pub async fn unqueue(tx: &mut Tx, ids: &[TicketId]) -> Result<u64> {
    let ids = Json(ids.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(tx, "update ticket set queued_until = null, times_queued = 0 where id in (", "$1", ")");
    execute!(tx, sql, [&ids])
}

/// Takes a ticket until `until`; none when it is done, not due, or somebody works on it. Its copy
/// on the queue is used up, so that after the lease nothing is waited for.
pub async fn claim(
    tx: &mut Tx,
    id: TicketId,
    claim: ClaimId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Ticket>> {
    fetch_optional!(
        tx,
        Ticket,
        "update ticket set claim_id = $2, lease_until = $4, queued_until = null, times_queued = 0
          where id = $1 and due_at <= $3 and (lease_until is null or lease_until <= $3)
         returning id, message_id, channel, round, first_person, last_person, size, is_priority",
        [id, claim, now, until]
    )
}

/// The workers of these claims are alive: they have their tickets until `until`. A row that is
/// locked is just being recorded or taken, and needs no more time.
pub async fn renew(tx: &mut Tx, claims: &[ClaimId], until: Timestamp) -> Result<u64> {
    let claims = Json(claims.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = dialect!(
        tx,
        sqlite: "update ticket set lease_until = $2
          where lease_until is not null and claim_id in (select unhex(value) from json_each($1))",
        postgres: "update ticket set lease_until = $2
          where id in (select id from ticket
                        where lease_until is not null
                          and claim_id in (select value::uuid from jsonb_array_elements_text($1::jsonb) as each (value))
                        for update skip locked)",
    );
    execute!(tx, sql, [&claims, until])
}

/// Is it still to be worked, and by nobody at this moment?
pub async fn is_open(tx: &mut Tx, id: TicketId, now: Timestamp) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        TicketId,
        "select id from ticket where id = $1 and due_at <= $2 and (lease_until is null or lease_until <= $2)",
        [id, now]
    )?;
    Ok(found.is_some())
}

/// Nobody works on anything: the only process that did has ended.
pub async fn end_leases(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    execute!(tx, "update ticket set lease_until = $1 where lease_until > $1", [now])
}

/// Does somebody else work on people of this ticket at this moment? A step that was taken early for
/// one person has a ticket of its own beside the one for everybody.
pub async fn is_shared(tx: &mut Tx, ticket: &Ticket, now: Timestamp) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        TicketId,
        "select id from ticket
          where message_id = $1 and channel = $2 and round = $3 and first_person <= $5 and last_person >= $4
            and id <> $6 and lease_until > $7 limit 1",
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person, ticket.id, now]
    )?;
    Ok(found.is_some())
}

/// Lets go of a ticket until `due_at`. The queue has brought it: it is trusted anew as at first, so that a
/// channel that rests again and again does not lengthen how long a lost ticket is waited for.
pub async fn postpone(tx: &mut Tx, id: TicketId, due_at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "update ticket set claim_id = null, lease_until = null, queued_until = null, times_queued = 0, due_at = $2
          where id = $1",
        [id, due_at]
    )
}

/// Takes a ticket that nobody works on off the queue until `due_at`.
pub async fn put_off(tx: &mut Tx, id: TicketId, now: Timestamp, due_at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "update ticket set queued_until = null, times_queued = 0, due_at = $3
          where id = $1 and due_at <= $2 and (lease_until is null or lease_until <= $2)",
        [id, now, due_at]
    )
}

/// Ends a ticket; false when it has been taken by somebody else meanwhile.
pub async fn remove(tx: &mut Tx, id: TicketId, claim: ClaimId) -> Result<bool> {
    let removed = execute!(tx, "delete from ticket where id = $1 and claim_id = $2", [id, claim])?;
    Ok(removed == 1)
}

/// Those that nobody works on at this moment. One that is being taken just now is left to its
/// worker, who finds the message recalled: a recall never waits for a worker, nor a worker for it.
pub async fn remove_idle(tx: &mut Tx, message: MessageId, now: Timestamp) -> Result<u64> {
    let sql = skip_locked!(
        tx,
        "delete from ticket where id in (
            select id from ticket where message_id = $1 and (lease_until is null or lease_until <= $2)",
        ")"
    );
    execute!(tx, sql, [message, now])
}

/// When the next ticket is due, and how many wait.
pub async fn waiting(tx: &mut Tx) -> Result<(Option<Timestamp>, i64)> {
    let next = fetch_optional_value!(tx, Timestamp, "select due_at from ticket order by due_at, id limit 1", [])?;
    let count = fetch_value!(tx, i64, "select count(*) from ticket", [])?;
    Ok((next, count))
}

//! Table `delivery`: one try to reach one person. The guarded move to `sending` is the last word on
//! whether something may still go out.

use super::{Json, Result, Tx, tickets::Ticket};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId, delivery::Key, delivery::State, message::Action, message::Kind},
};

/// Ends what a ticket finds in `sending`: the worker before died and nobody knows how far it came.
/// Where a repeat is safe they are sent again, otherwise they stay unknown.
pub async fn release_orphans(tx: &mut Tx, ticket: &Ticket, to: State, now: Timestamp) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        "update delivery set state = $6, done_at = case when $6 = 'unknown' then $7 else done_at end,
                detail = case when $6 = 'unknown' then 'WORKER_LOST' else detail end
          where message_id = $1 and channel = $2 and round = $3 and person_id >= $4 and person_id <= $5
            and state = 'sending'
         returning person_id",
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person, to, now]
    )
}

/// What a ticket finds in `sending` for somebody who had no address on its channel when it was claimed goes
/// back to `ready`, as if it had never been taken: it was not handed to the provider, and the next worker
/// says why. Whoever was changed since may have had one, and stays.
pub async fn free_without_address(tx: &mut Tx, ticket: &Ticket) -> Result<u64> {
    execute!(
        tx,
        "update delivery set state = 'ready', attempts = attempts - 1,
                fired_at = case when attempts = 1 then null else fired_at end
          where message_id = $1 and channel = $2 and round = $3 and person_id >= $4 and person_id <= $5
            and state = 'sending'
            and not exists (select 1 from person where person.id = delivery.callee_id
                               and (person.updated_at >= delivery.fired_at
                                 or (person.state = 'active'
                                     and case $2 when 'email' then person.email_sealed is not null
                                                 when 'dingtalk' then person.dingtalk_id is not null
                                                 else person.phone_sealed is not null end)))",
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person]
    )
}

/// Ends what of a ticket need not or may not go out any more: recalled, expired, answered.
///
/// Two statements, this one and [`mark_sending`]: as one, PostgreSQL judged each row once for every
/// column that it changed. What is looked up about people stays within the ticket's range, so that
/// nobody's hundred thousand readers are gathered for fifty deliveries; `coalesce`, because what is
/// neither true nor false has the other half of an `and` looked up for nothing.
pub async fn end_moot(tx: &mut Tx, ticket: &Ticket, now: Timestamp) -> Result<u64> {
    execute!(
        tx,
        concat!(
            "update delivery set done_at = $6,
                state = case when exists (select 1 from message where message.id = $1 and message.expires_at <= $6)
                             then 'expired' else 'cancelled' end
          where message_id = $1 and channel = $2 and round = $3 and person_id >= $4 and person_id <= $5
            and state = 'ready'
            and (not exists (select 1 from message where message.id = $1 and ",
            is_visible!(),
            "
                                and (message.expires_at is null or message.expires_at > $6))
                 or not exists (select 1 from person where person.id = delivery.person_id and person.state = 'active')
                 or (coalesce(delivery.unless, '') = 'read' and exists (
                     select 1 from inbox where inbox.message_id = $1 and inbox.person_id >= $4
                        and inbox.person_id <= $5 and inbox.person_id = delivery.person_id
                        and inbox.read_at is not null))
                 or (coalesce(delivery.unless, '') in ('receipt', 'confirmed') and exists (
                     select 1 from receipt where receipt.message_id = $1 and receipt.person_id >= $4
                        and receipt.person_id <= $5 and receipt.person_id = delivery.person_id))
                 or (coalesce(delivery.unless, '') = 'decided' and not ",
            is_undecided!("$1", "delivery.person_id"),
            "))"
        ),
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person, now]
    )
}

/// Commits that what is left of a ticket is about to go out; nothing of a message that was recalled
/// since [`end_moot`] looked. Returns whom this has taken: somebody else may have taken others of the
/// ticket's range at the same moment.
pub async fn mark_sending(tx: &mut Tx, ticket: &Ticket, now: Timestamp) -> Result<Vec<PersonId>> {
    fetch_values!(
        tx,
        PersonId,
        concat!(
            "update delivery set state = 'sending', fired_at = $6, attempts = attempts + 1
          where message_id = $1 and channel = $2 and round = $3 and person_id >= $4 and person_id <= $5
            and state = 'ready'
            and exists (select 1 from message where message.id = $1 and ",
            is_visible!(),
            ")
         returning person_id"
        ),
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person, now]
    )
}

row! {
    /// Whom to reach, and where.
    #[derive(Debug, Clone)]
    pub struct Address {
        pub person_id: PersonId,
        pub attempts: i64,
        pub name: Option<String>,
        /// The mail address for e-mail, otherwise the phone number.
        pub sealed: Option<Vec<u8>>,
        pub dingtalk_id: Option<String>,
    }
}

/// Whether anything of a ticket is in `sending`.
pub async fn any_sending(tx: &mut Tx, ticket: &Ticket) -> Result<bool> {
    let found = fetch_optional_value!(
        tx,
        PersonId,
        "select person_id from delivery
          where message_id = $1 and channel = $2 and round = $3 and person_id >= $4 and person_id <= $5
            and state = 'sending' limit 1",
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person]
    )?;
    Ok(found.is_some())
}

/// What of a ticket is in `sending`, with where each is reached.
pub async fn list_sending(tx: &mut Tx, ticket: &Ticket) -> Result<Vec<Address>> {
    fetch_all!(
        tx,
        Address,
        "select delivery.person_id, delivery.attempts, person.name,
                case when $2 = 'email' then person.email_sealed else person.phone_sealed end as sealed,
                case when $2 = 'dingtalk' then person.dingtalk_id end as dingtalk_id
           from delivery left join person on person.id = delivery.callee_id and person.state = 'active'
          where delivery.message_id = $1 and delivery.channel = $2 and delivery.round = $3
            and delivery.person_id >= $4 and delivery.person_id <= $5 and delivery.state = 'sending'
          order by delivery.person_id limit 1000",
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person]
    )
}

row! {
    /// What is said to everybody of a message.
    #[derive(Debug, Clone)]
    pub struct Text {
        pub kind: Kind,
        pub title: String,
        pub body: String,
        pub signature: String,
        pub sender_name: String,
        pub actions: Json<super::messages::List<Action>>,
        /// It names its reader.
        pub is_personal: bool,
    }
}

pub async fn find_text(tx: &mut Tx, message: MessageId) -> Result<Option<Text>> {
    fetch_optional!(
        tx,
        Text,
        "select kind, title, body, signature, sender_name, actions, is_personal from message where id = $1",
        [message]
    )
}

/// The provider took these; `references` maps a person's id (without hyphens) to its own reference.
/// Of those whose report was faster the reference alone is noted.
pub async fn mark_accepted(
    tx: &mut Tx,
    ticket: &Ticket,
    references: &serde_json::Map<String, serde_json::Value>,
    now: Timestamp,
) -> Result<u64> {
    let references = Json(references);
    let sql = dialect!(
        tx,
        sqlite: "update delivery set state = case state when 'sending' then 'accepted' else state end,
                done_at = case state when 'sending' then $6 else done_at end,
                provider_ref = $7 ->> lower(hex(person_id))
          where message_id = $1 and channel = $2 and round = $3 and person_id >= $4 and person_id <= $5
            and state in ('sending', 'delivered', 'undelivered') and ($7 ->> lower(hex(person_id))) is not null",
        // A join, where a look into the list for each row would cost PostgreSQL twice as much.
        postgres: "update delivery set state = case state when 'sending' then 'accepted' else state end,
                done_at = case state when 'sending' then $6 else done_at end, provider_ref = each.reference
           from (select key::uuid as person_id, value as reference from jsonb_each_text($7)) as each
          where delivery.message_id = $1 and channel = $2 and round = $3
            and delivery.person_id >= $4 and delivery.person_id <= $5
            and delivery.person_id = each.person_id and state in ('sending', 'delivered', 'undelivered')",
    );
    execute!(
        tx,
        sql,
        [ticket.message_id, &ticket.channel, ticket.round, ticket.first_person, ticket.last_person, now, &references]
    )
}

/// Not handed to the provider after all: as if it had never been taken, its attempt not counted.
pub async fn put_back(tx: &mut Tx, ticket: &Ticket, people: &[PersonId]) -> Result<u64> {
    let people = Json(people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "update delivery set state = 'ready', attempts = attempts - 1,
                fired_at = case when attempts = 1 then null else fired_at end
          where message_id = $1 and channel = $2 and round = $3 and state = 'sending' and person_id in (",
        "$4",
        ")"
    );
    execute!(tx, sql, [ticket.message_id, &ticket.channel, ticket.round, &people])
}

/// One that did not simply go through: waits again (`ready`), is refused, or is unknown.
pub async fn mark_one(
    tx: &mut Tx,
    ticket: &Ticket,
    person: PersonId,
    to: State,
    detail: &str,
    now: Timestamp,
) -> Result<u64> {
    execute!(
        tx,
        "update delivery set state = $5, detail = $6, done_at = case when $5 = 'ready' then null else $7 end
          where message_id = $1 and person_id = $2 and channel = $3 and round = $4 and state = 'sending'",
        [ticket.message_id, person, &ticket.channel, ticket.round, to, detail, now]
    )
}

/// Plans a delivery for one person: the next channel of `first_that_works`, a reminder.
pub async fn plan_one(tx: &mut Tx, key: &Key, callee: PersonId, unless: Option<&str>) -> Result<bool> {
    let planned = execute!(
        tx,
        "insert into delivery (message_id, person_id, channel, round, callee_id, unless, state, attempts)
         values ($1, $2, $3, $4, $5, $6, 'ready', 0)
         on conflict (message_id, person_id, channel, round) do nothing",
        [key.message, key.person, &key.channel, key.round, callee, unless]
    )?;
    Ok(planned == 1)
}

row! {
    #[derive(Debug, Clone)]
    pub struct Delivery {
        pub state: State,
        pub callee_id: Option<PersonId>,
        pub unless: Option<String>,
        pub attempts: i64,
    }
}

macro_rules! delivery {
    ($end:literal) => {
        concat!(
            "select state, callee_id, unless, attempts from delivery
              where message_id = $1 and person_id = $2 and channel = $3 and round = $4",
            $end
        )
    };
}

pub async fn find(tx: &mut Tx, key: &Key) -> Result<Option<Delivery>> {
    fetch_optional!(tx, Delivery, delivery!(""), [key.message, key.person, &key.channel, key.round])
}

/// [`find`], and nobody else changes it until this transaction ends.
pub async fn lock(tx: &mut Tx, key: &Key) -> Result<Option<Delivery>> {
    let sql = dialect!(tx, sqlite: delivery!(""), postgres: delivery!(" for update"));
    fetch_optional!(tx, Delivery, sql, [key.message, key.person, &key.channel, key.round])
}

/// A report of the provider: moves only to what ranks higher. Its own reference is kept where none
/// is known yet: the answer to the send may have been lost.
pub async fn mark_reported(
    tx: &mut Tx,
    key: &Key,
    (to, detail): (State, &str),
    reference: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let moved = execute!(
        tx,
        "update delivery set state = $5, detail = $6, done_at = $7,
                provider_ref = case when coalesce(provider_ref, '') = '' then $9 else provider_ref end
          where message_id = $1 and person_id = $2 and channel = $3 and round = $4
            and (case state when 'sending' then 1 when 'unknown' then 2 when 'accepted' then 3
                            when 'undelivered' then 4 when 'delivered' then 5 when 'ready' then 0 else 6 end) < $8
            and state <> 'ready'",
        [key.message, key.person, &key.channel, key.round, to, detail, now, to.rank(), reference]
    )?;
    Ok(moved == 1)
}

/// What has not begun to go out never will: the message was recalled. What a worker is taking at
/// this moment is its own to judge.
pub async fn cancel_ready(tx: &mut Tx, message: MessageId, now: Timestamp) -> Result<u64> {
    let sql = skip_locked!(
        tx,
        "update delivery set state = 'cancelled', done_at = $2
          where message_id = $1 and state = 'ready' and (person_id, channel, round) in (
            select person_id, channel, round from delivery where message_id = $1 and state = 'ready'",
        ")"
    );
    execute!(tx, sql, [message, now])
}

/// How many of a message's deliveries are where, by channel.
pub async fn count_by_state(tx: &mut Tx, message: MessageId) -> Result<Vec<(String, State, i64)>> {
    fetch_all!(
        tx,
        (String, State, i64),
        "select channel, state, count(*) from delivery where message_id = $1
          group by channel, state order by channel, state",
        [message]
    )
}

/// The provider's own references of what it has of a message.
pub async fn list_references(tx: &mut Tx, message: MessageId, channel: &str, limit: i64) -> Result<Vec<String>> {
    fetch_values!(
        tx,
        String,
        "select provider_ref from delivery
          where message_id = $1 and channel = $2 and state in ('accepted', 'delivered') and provider_ref <> ''
          order by person_id, round limit $3",
        [message, channel, limit]
    )
}

row! {
    /// Deliveries that were tried lately and ended, or wait, in the same way.
    #[derive(Debug, Clone)]
    pub struct Recent {
        pub channel: String,
        pub state: State,
        pub detail: Option<String>,
        pub count: i64,
    }
}

/// What became of all that was tried since `from`, of messages accepted since `first`; the latest
/// first.
pub async fn list_recent(tx: &mut Tx, first: MessageId, from: Timestamp) -> Result<Vec<Recent>> {
    fetch_all!(
        tx,
        Recent,
        "select channel, state, detail, count(*) as count from delivery
          where message_id >= $1 and fired_at >= $2 and state <> 'sending'
          group by channel, state, detail order by max(fired_at) desc, channel, state, detail limit 500",
        [first, from]
    )
}

/// How many deliveries over each channel wait, or ended with a try since `from`, of messages accepted
/// since `first` (ids grow with time).
pub async fn count_by_state_since(tx: &mut Tx, first: MessageId, from: Timestamp) -> Result<Vec<(String, State, i64)>> {
    fetch_all!(
        tx,
        (String, State, i64),
        "select channel, state, count(*) from delivery
          where message_id >= $1 and (state in ('ready', 'sending') or coalesce(fired_at, done_at) >= $2)
          group by channel, state order by channel, state",
        [first, from]
    )
}

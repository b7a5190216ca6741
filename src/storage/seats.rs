//! Table `approval_seat`: who is asked at which node of an approval, and what he said.

use super::{Json, Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{ApprovalId, MessageId, PersonId, approval_flow::SeatState},
};

row! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Seat {
        pub node: i64,
        pub person_id: PersonId,
        pub name: String,
        pub state: SeatState,
        pub is_needed: bool,
        pub is_named: bool,
        /// whoever has it may still decide
        pub is_held: bool,
        pub asked_at: Timestamp,
        pub decided_at: Option<Timestamp>,
        pub decided_by: Option<PersonId>,
        /// of whoever decided
        pub decider: Option<String>,
        pub opinion: String,
        /// who has it now
        pub given_to: Option<String>,
        /// how often the hub has reached out to him for it after the first time
        pub chased: i64,
    }
}

impl Seat {
    /// Somebody else decided in this one's place.
    pub fn deputy(&self) -> Option<&str> {
        self.decider.as_deref().filter(|_| self.decided_by != Some(self.person_id))
    }
}

macro_rules! seats {
    ($where:expr) => {
        concat!(
            "select approval_seat.node, approval_seat.person_id, person.name, approval_seat.state,
                    approval_seat.is_needed, approval_seat.is_named, (",
            is_held!(),
            ") as is_held, approval_seat.asked_at, approval_seat.decided_at, approval_seat.decided_by,
                    decider.name as decider, approval_seat.opinion, keeper.name as given_to,
                    (select count(distinct delivery.round) from delivery
                      where delivery.message_id = approval_seat.note_id
                        and delivery.person_id = approval_seat.person_id and delivery.round > 0
                        and delivery.fired_at is not null) as chased
               from approval_seat
               join person on person.id = approval_seat.person_id
               left join person as decider on decider.id = approval_seat.decided_by
               left join person as keeper on keeper.id = approval_seat.given_to
              where ",
            $where,
            " order by approval_seat.node, approval_seat.asked_at, person.name, person.id limit 500"
        )
    };
}

/// Everybody who was ever asked, node by node.
pub async fn list(tx: &mut Tx, approval: ApprovalId) -> Result<Vec<Seat>> {
    fetch_all!(tx, Seat, seats!("approval_seat.approval_id = $1"), [approval])
}

pub async fn list_of_node(tx: &mut Tx, approval: ApprovalId, node: i64) -> Result<Vec<Seat>> {
    fetch_all!(tx, Seat, seats!("approval_seat.approval_id = $1 and approval_seat.node = $2"), [approval, node])
}

/// The seats that a person may look at as his: his own, those of whom he is the deputy, and what he
/// decided as one.
pub async fn list_of_person(tx: &mut Tx, approval: ApprovalId, person: PersonId, now: Timestamp) -> Result<Vec<Seat>> {
    fetch_all!(
        tx,
        Seat,
        seats!(concat!(
            "approval_seat.approval_id = $1 and (approval_seat.decided_by = $2 or ",
            acts_for!("$2", "$3"),
            ")"
        )),
        [approval, person, now]
    )
}

/// Who is asked, how, and by which note.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub approval: ApprovalId,
    pub node: i64,
    pub people: &'a [PersonId],
    pub is_needed: bool,
    pub is_named: bool,
    pub note: MessageId,
    pub at: Timestamp,
}

/// Asks people; returns whom that were not asked at this node before.
pub async fn insert(tx: &mut Tx, asking: Asking<'_>) -> Result<Vec<PersonId>> {
    let people = Json(asking.people.iter().map(|id| id.simple()).collect::<Vec<_>>());
    let sql = each_id!(
        tx,
        "insert into approval_seat (approval_id, node, person_id, state, is_needed, is_named, asked_at, note_id, opinion)
         select $1, $2, id, 'waiting', $3, $4, $5, $6, '' from person where id in (",
        "$7",
        ") on conflict (approval_id, node, person_id) do nothing returning person_id"
    );
    fetch_values!(
        tx,
        PersonId,
        sql,
        [asking.approval, asking.node, asking.is_needed, asking.is_named, asking.at, asking.note, &people]
    )
}

/// The seat of `person` at a node.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub approval: ApprovalId,
    pub node: i64,
    pub person: PersonId,
}

/// What `by` said on this seat; false when it is not waiting for it any more.
pub async fn decide(
    tx: &mut Tx,
    place: Place,
    to: SeatState,
    (by, opinion): (PersonId, &str),
    at: Timestamp,
) -> Result<bool> {
    let decided = execute!(
        tx,
        "update approval_seat set state = $4, decided_by = $5, opinion = $6, decided_at = $7
          where approval_id = $1 and node = $2 and person_id = $3 and state = 'waiting'",
        [place.approval, place.node, place.person, to, by, opinion, at]
    )?;
    Ok(decided == 1)
}

/// Passed on by `by` with a word; false when it is not waiting any more.
pub async fn give(
    tx: &mut Tx,
    place: Place,
    heir: PersonId,
    (by, words): (PersonId, &str),
    at: Timestamp,
) -> Result<bool> {
    let given = execute!(
        tx,
        "update approval_seat set state = 'transferred', given_to = $4, decided_by = $5, opinion = $6, decided_at = $7
          where approval_id = $1 and node = $2 and person_id = $3 and state = 'waiting'",
        [place.approval, place.node, place.person, heir, by, words, at]
    )?;
    Ok(given == 1)
}

/// Asks somebody once more who had passed his seat at this node on; false when he had not.
pub async fn give_back(tx: &mut Tx, place: Place, is_needed: bool, note: MessageId, at: Timestamp) -> Result<bool> {
    let asked = execute!(
        tx,
        "update approval_seat set state = 'waiting', is_needed = $4, note_id = $5, asked_at = $6,
                given_to = null, decided_by = null, decided_at = null, opinion = ''
          where approval_id = $1 and node = $2 and person_id = $3 and state = 'transferred'",
        [place.approval, place.node, place.person, is_needed, note, at]
    )?;
    Ok(asked == 1)
}

/// Nobody else is waited for at any node.
pub async fn spare(tx: &mut Tx, approval: ApprovalId, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "update approval_seat set state = 'spared', decided_at = $2 where approval_id = $1 and state = 'waiting'",
        [approval, at]
    )
}

/// A node has passed: nobody else is waited for. Whoever had to agree and is still asked cannot any more,
/// or it would not have passed; who that is may change while this is written.
pub async fn pass_by(tx: &mut Tx, approval: ApprovalId, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "update approval_seat set decided_at = $2, state = case when is_needed then 'lapsed' else 'spared' end
          where approval_id = $1 and state = 'waiting'",
        [approval, at]
    )
}

/// Nobody is waited for who could not decide any more.
pub async fn lapse(tx: &mut Tx, approval: ApprovalId, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        concat!(
            "update approval_seat set state = 'lapsed', decided_at = $2
          where approval_id = $1 and state = 'waiting' and not (",
            is_held!(),
            ")"
        ),
        [approval, at]
    )
}

/// Pending approvals at whose node somebody is waited for who may not decide any more, or nobody is.
pub async fn list_forsaken(tx: &mut Tx) -> Result<Vec<(ApprovalId, MessageId)>> {
    fetch_all!(
        tx,
        (ApprovalId, MessageId),
        concat!(
            "select approval.id, approval.message_id from approval
              where approval.state = 'pending'
                and (exists (select 1 from approval_seat
                              where approval_seat.approval_id = approval.id and approval_seat.node = approval.node
                                and approval_seat.state = 'waiting' and approval_seat.is_needed and not (",
            is_held!(),
            ")) or not exists (select 1 from approval_seat
                              where approval_seat.approval_id = approval.id and approval_seat.node = approval.node
                                and approval_seat.state = 'waiting' and ",
            is_held!(),
            ")) order by approval.id limit 100"
        ),
        []
    )
}

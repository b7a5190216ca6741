//! Tables `session` and `sign_in_link`. Only hashes of tokens are kept.

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{PersonId, person::Role, sign_in::LinkPurpose},
};

row! {
    /// A live session of an active person.
    #[derive(Debug, Clone)]
    pub struct Session {
        pub person_id: PersonId,
        pub csrf: String,
        pub seen_at: Timestamp,
        /// when the password was last asked for again
        pub proved_at: Option<Timestamp>,
        pub account: String,
        pub name: String,
        /// of the primary department
        pub department: Option<String>,
        pub is_head: bool,
        /// of one row: [`find`] gathers them
        pub one_role: Option<Role>,
    }
}

/// What a session is opened with.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    pub token_hash: &'a [u8],
    pub person: PersonId,
    pub csrf: &'a str,
    pub at: Timestamp,
    /// No session lives longer, however busy.
    pub expires_at: Timestamp,
}

pub async fn insert(tx: &mut Tx, opening: &Opening<'_>) -> Result<()> {
    execute!(
        tx,
        "insert into session (token_hash, person_id, csrf, created_at, seen_at, expires_at)
         values ($1, $2, $3, $4, $4, $5)",
        [opening.token_hash, opening.person, opening.csrf, opening.at, opening.expires_at]
    )?;
    Ok(())
}

/// With all roles of its person. None: no such session, ended, expired, or its person is no longer active.
pub async fn find(tx: &mut Tx, token_hash: &[u8], now: Timestamp) -> Result<Option<(Session, Vec<Role>)>> {
    let mut rows = fetch_all!(
        tx,
        Session,
        "select session.person_id, csrf, seen_at, proved_at, account, person.name,
                (select department.name from assignment
                   join department on department.id = assignment.department_id
                  where assignment.person_id = person.id
                  order by is_primary desc, assignment.position, department.id limit 1) as department,
                exists (select 1 from assignment where assignment.person_id = person.id and is_head) as is_head,
                person_role.role as one_role
           from session join person on person.id = session.person_id
           left join person_role on person_role.person_id = person.id
          where token_hash = $1 and ended_at is null and expires_at > $2
            and person.state = 'active' and account is not null
          order by person_role.role",
        [token_hash, now]
    )?;
    let roles = rows.iter().filter_map(|row| row.one_role).collect();
    Ok(rows.pop().map(|session| (session, roles)))
}

row! {
    /// What is kept of a session, whether or not it still serves.
    #[derive(Debug, Clone)]
    pub struct Past {
        pub person_id: PersonId,
        pub seen_at: Timestamp,
        pub expires_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

/// None: unknown or long forgotten, or its person is no longer active.
pub async fn find_past(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<Past>> {
    fetch_optional!(
        tx,
        Past,
        "select person_id, seen_at, expires_at, ended_at
           from session join person on person.id = session.person_id
          where token_hash = $1 and person.state = 'active'",
        [token_hash]
    )
}

pub async fn mark_seen(tx: &mut Tx, token_hash: &[u8], at: Timestamp) -> Result<u64> {
    execute!(tx, "update session set seen_at = $2 where token_hash = $1 and seen_at < $2", [token_hash, at])
}

/// The password was asked for again, and was right.
pub async fn mark_proved(tx: &mut Tx, token_hash: &[u8], at: Timestamp) -> Result<bool> {
    let proved =
        execute!(tx, "update session set proved_at = $2 where token_hash = $1 and ended_at is null", [token_hash, at])?;
    Ok(proved == 1)
}

/// False: it had ended before.
pub async fn end(tx: &mut Tx, token_hash: &[u8], at: Timestamp) -> Result<bool> {
    let ended =
        execute!(tx, "update session set ended_at = $2 where token_hash = $1 and ended_at is null", [token_hash, at])?;
    Ok(ended == 1)
}

/// Signs this person out everywhere.
pub async fn end_all_of(tx: &mut Tx, person: PersonId, at: Timestamp) -> Result<u64> {
    execute!(tx, "update session set ended_at = $2 where person_id = $1 and ended_at is null", [person, at])
}

/// Forgets sessions that nobody can use any more, so many at a time.
pub async fn remove_expired(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64> {
    execute!(
        tx,
        "delete from session where token_hash in (
            select token_hash from session where expires_at < $1 order by expires_at, token_hash limit $2)",
        [before, limit]
    )
}

/// The same of links: there are few.
pub async fn remove_expired_links(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    execute!(tx, "delete from sign_in_link where expires_at < $1", [before])
}

row! {
    #[derive(Debug, Clone)]
    pub struct Link {
        pub person_id: PersonId,
        pub account: String,
        pub name: String,
        pub purpose: LinkPurpose,
    }
}

pub async fn insert_link(
    tx: &mut Tx,
    token_hash: &[u8],
    person: PersonId,
    purpose: LinkPurpose,
    expires_at: Timestamp,
) -> Result<()> {
    execute!(
        tx,
        "insert into sign_in_link (token_hash, person_id, purpose, expires_at) values ($1, $2, $3, $4)",
        [token_hash, person, purpose, expires_at]
    )?;
    Ok(())
}

/// None: no such link, used up, expired, or its person is no longer active.
pub async fn find_link(tx: &mut Tx, token_hash: &[u8], now: Timestamp) -> Result<Option<Link>> {
    fetch_optional!(
        tx,
        Link,
        "select person_id, account, person.name, purpose
           from sign_in_link join person on person.id = sign_in_link.person_id
          where token_hash = $1 and expires_at > $2 and (purpose = 'demo' or used_at is null)
            and person.state = 'active' and account is not null",
        [token_hash, now]
    )
}

/// False: somebody was faster.
pub async fn use_link(tx: &mut Tx, token_hash: &[u8], at: Timestamp) -> Result<bool> {
    let used = execute!(
        tx,
        "update sign_in_link set used_at = $2 where token_hash = $1 and used_at is null",
        [token_hash, at]
    )?;
    Ok(used == 1)
}

/// Set-up links that are still open end: the newest alone counts.
pub async fn end_setup_links_of(tx: &mut Tx, person: PersonId, at: Timestamp) -> Result<u64> {
    execute!(
        tx,
        "update sign_in_link set used_at = $2 where person_id = $1 and purpose = 'setup' and used_at is null",
        [person, at]
    )
}

//! Table `receipt`: one answer for one person, never changed.

use super::{Result, Tx};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId},
};

/// 回执内容: what somebody answered, by whatever way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// one of the choices, 其他 among them
    pub option: Option<String>,
    /// or the action that was pressed
    pub action_id: Option<String>,
    /// what 其他 says
    pub words: String,
    /// the channel that it came over
    pub channel: String,
}

/// Whose answer it is, and who gave it: the same person, or whoever was called in his place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answering {
    pub person: PersonId,
    pub by: PersonId,
}

impl From<PersonId> for Answering {
    fn from(person: PersonId) -> Self {
        Self { person, by: person }
    }
}

/// Keeps the first answer; false when there already is one.
pub async fn insert(tx: &mut Tx, message: MessageId, who: Answering, reply: &Reply, at: Timestamp) -> Result<bool> {
    let kept = execute!(
        tx,
        "insert into receipt (message_id, person_id, option, action_id, words, channel, answered_by, answered_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (message_id, person_id) do nothing",
        [message, who.person, &reply.option, &reply.action_id, &reply.words, &reply.channel, who.by, at]
    )?;
    Ok(kept == 1)
}

/// Who answered for a person, and when.
pub async fn find_answering(
    tx: &mut Tx,
    message: MessageId,
    person: PersonId,
) -> Result<Option<(PersonId, Timestamp)>> {
    fetch_optional!(
        tx,
        (PersonId, Timestamp),
        "select answered_by, answered_at from receipt where message_id = $1 and person_id = $2",
        [message, person]
    )
}

/// Answers by option or action; any words under 其他 count as 其他.
pub async fn count_by_choice(tx: &mut Tx, message: MessageId) -> Result<Vec<(String, i64)>> {
    fetch_all!(
        tx,
        (String, i64),
        "select coalesce(option, action_id, ''), count(*) from receipt where message_id = $1
          group by coalesce(option, action_id, '') order by 2 desc, 1 limit 50",
        [message]
    )
}

row! {
    /// What somebody answered in words of their own.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct OwnWords {
        pub name: String,
        pub words: String,
        pub answered_at: Timestamp,
    }
}

/// What people wrote under 其他, the latest first.
pub async fn list_words(tx: &mut Tx, message: MessageId, limit: i64) -> Result<Vec<OwnWords>> {
    fetch_all!(
        tx,
        OwnWords,
        "select person.name, receipt.words, receipt.answered_at
           from receipt join person on person.id = receipt.person_id
          where receipt.message_id = $1 and receipt.words <> ''
          order by receipt.answered_at desc limit $2",
        [message, limit]
    )
}

//! Table `producer`: the modules that may post, and how far each reaches.

use serde::{Deserialize, Serialize};

use super::{Json, Result, Tx};
use crate::{clock::Timestamp, domain::ProducerId};

/// Whom a producer may address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProducerAudience {
    pub everyone: bool,
    /// codes; each with all that is below it
    pub departments: Vec<String>,
}

/// Which categories a producer may send.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProducerCategories {
    pub any: bool,
    pub names: Vec<String>,
}

row! {
    #[derive(Debug, Clone)]
    pub struct Producer {
        pub id: ProducerId,
        pub name: String,
        /// How it is named as the sender of its messages.
        pub label: String,
        /// the broker account that it publishes with
        pub amqp_user: String,
        pub audience: Json<ProducerAudience>,
        pub categories: Json<ProducerCategories>,
        /// its sends need no approval
        pub is_trusted: bool,
    }
}

/// False when its name, token or broker account is taken.
pub async fn insert(tx: &mut Tx, producer: &Producer, token_hash: &[u8], at: Timestamp) -> Result<bool> {
    let inserted = execute!(
        tx,
        "insert into producer (id, name, label, token_hash, amqp_user, audience, categories, is_trusted, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
        [
            producer.id,
            &producer.name,
            &producer.label,
            token_hash,
            &producer.amqp_user,
            &producer.audience,
            &producer.categories,
            producer.is_trusted,
            at
        ]
    )?;
    Ok(inserted == 1)
}

/// A module that is not disabled.
pub async fn find(tx: &mut Tx, id: ProducerId) -> Result<Option<Producer>> {
    fetch_optional!(
        tx,
        Producer,
        "select id, name, label, amqp_user, audience, categories, is_trusted from producer
          where id = $1 and disabled_at is null",
        [id]
    )
}

/// Is this the broker account of a module, be it disabled?
pub async fn has_amqp_user(tx: &mut Tx, user: &str) -> Result<bool> {
    fetch_value!(tx, bool, "select exists (select 1 from producer where amqp_user = $1)", [user])
}

/// By the SHA-256 of its token; none when it was disabled.
pub async fn find_by_token(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<Producer>> {
    fetch_optional!(
        tx,
        Producer,
        "select id, name, label, amqp_user, audience, categories, is_trusted from producer
          where token_hash = $1 and disabled_at is null",
        [token_hash]
    )
}

/// By the account that the broker vouches for; none when it was disabled.
pub async fn find_by_amqp_user(tx: &mut Tx, amqp_user: &str) -> Result<Option<Producer>> {
    fetch_optional!(
        tx,
        Producer,
        "select id, name, label, amqp_user, audience, categories, is_trusted from producer
          where amqp_user = $1 and disabled_at is null",
        [amqp_user]
    )
}

/// Those that are not disabled, by name.
pub async fn list(tx: &mut Tx, limit: i64) -> Result<Vec<Producer>> {
    fetch_all!(
        tx,
        Producer,
        "select id, name, label, amqp_user, audience, categories, is_trusted from producer
          where disabled_at is null order by name, id limit $1",
        [limit]
    )
}

/// From its commit on neither token nor broker account is good for anything.
pub async fn mark_disabled(tx: &mut Tx, name: &str, at: Timestamp) -> Result<bool> {
    let changed =
        execute!(tx, "update producer set disabled_at = $2 where name = $1 and disabled_at is null", [name, at])?;
    Ok(changed == 1)
}

/// Replaces the token of one that is not disabled, and says which broker account it has.
pub async fn set_token(tx: &mut Tx, name: &str, token_hash: &[u8]) -> Result<Option<String>> {
    fetch_optional_value!(
        tx,
        String,
        "update producer set token_hash = $2 where name = $1 and disabled_at is null returning amqp_user",
        [name, token_hash]
    )
}

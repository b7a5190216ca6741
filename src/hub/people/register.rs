//! A module gets its credentials: a token for HTTP, shown once, and the broker account to expect;
//! and how they end.

use serde_json::json;

use crate::{
    domain::{Problem, ProducerId, seal},
    hub::{Hub, Result},
    storage::{
        Json, audit, departments,
        producers::{self, Producer, ProducerAudience, ProducerCategories},
    },
};

/// The account that RabbitMQ ships: good for trying things out on one machine, nobody's anywhere else.
const GUEST: &str = "guest";

/// What a module is to be allowed.
#[derive(Debug, Clone)]
pub struct Registration {
    /// 2 to 32 of `[a-z0-9_-]`; also the name of its broker account
    pub name: String,
    /// how it is named as a sender; without one its name
    pub label: Option<String>,
    pub audience: ProducerAudience,
    pub categories: ProducerCategories,
    pub is_trusted: bool,
}

/// The module's credentials. `Debug` shows nothing of the token.
#[derive(Clone)]
pub struct Registered {
    pub name: String,
    /// Shown now and never again; the table holds its SHA-256.
    pub token: String,
    pub amqp_user: String,
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registered").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Hub {
    /// # Errors
    /// `PRODUCER_NAME`, `PRODUCER_EXISTS`, `DEPT_UNKNOWN`
    pub async fn register_producer(&self, registration: Registration) -> Result<Registered> {
        check_name(&registration.name)?;
        if registration.name == GUEST && !self.place.is_local() {
            return Err(Problem::invalid("PRODUCER_NAME", "/name", "guest 是消息队列人人可用的账号，不能作为模块名")
                .in_english("anybody may be the broker's account guest, so no producer can be")
                .into());
        }
        let Registration { name, label, audience, categories, is_trusted } = registration;
        let (token, token_hash) = seal::token();
        let producer = Producer {
            id: ProducerId::new(),
            amqp_user: name.clone(),
            label: label.unwrap_or_else(|| name.clone()),
            name,
            audience: Json(audience),
            categories: Json(categories),
            is_trusted,
        };
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        for code in &producer.audience.departments {
            if departments::find_by_code(&mut tx, code).await?.is_none() {
                return Err(Problem::invalid("DEPT_UNKNOWN", "/audience", format!("没有编号为“{code}”的部门"))
                    .in_english(format!("there is no department “{code}”"))
                    .into());
            }
        }
        if !producers::insert(&mut tx, &producer, &token_hash, now).await? {
            let name = &producer.name;
            return Err(Problem::conflict("PRODUCER_EXISTS", format!("已有名为“{name}”的模块"))
                .in_english(format!("there is a producer “{name}” already"))
                .into());
        }
        let detail = json!({
            "audience": producer.audience.0,
            "categories": producer.categories.0,
            "trusted": producer.is_trusted,
        });
        audit::insert(&mut tx, now, "hub", "producer.create", &format!("producer:{}", producer.name), detail).await?;
        tx.commit().await?;
        Ok(Registered { name: producer.name, token, amqp_user: producer.amqp_user })
    }
}

impl Hub {
    /// From now on neither its token nor its broker account is good for anything. Its name stays
    /// taken, so that nobody can pass for it.
    ///
    /// # Errors
    /// `PRODUCER_UNKNOWN`
    pub async fn disable_producer(&self, name: &str) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if !producers::mark_disabled(&mut tx, name, now).await? {
            return Err(unknown(name).into());
        }
        audit::insert(&mut tx, now, "hub", "producer.disable", &format!("producer:{name}"), json!({})).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A token in place of the one before, which is good for nothing from now on.
    ///
    /// # Errors
    /// `PRODUCER_UNKNOWN`
    pub async fn renew_token(&self, name: &str) -> Result<Registered> {
        let (token, token_hash) = seal::token();
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let amqp_user = producers::set_token(&mut tx, name, &token_hash).await?.ok_or_else(|| unknown(name))?;
        audit::insert(&mut tx, now, "hub", "producer.renew", &format!("producer:{name}"), json!({})).await?;
        tx.commit().await?;
        Ok(Registered { name: name.to_owned(), token, amqp_user })
    }
}

fn unknown(name: &str) -> Problem {
    Problem::invalid("PRODUCER_UNKNOWN", "/name", format!("没有名为“{name}”的模块，或已停用"))
        .in_english(format!("there is no producer “{name}”, or it was disabled"))
}

fn check_name(name: &str) -> Result<(), Problem> {
    let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_');
    if (2..=32).contains(&name.len()) && name.bytes().all(is_plain) {
        return Ok(());
    }
    Err(Problem::invalid("PRODUCER_NAME", "/name", "模块名只能用小写字母、数字、- 和 _，2–32 个字符")
        .in_english("a producer's name is 2 to 32 of a-z, 0-9, - and _"))
}

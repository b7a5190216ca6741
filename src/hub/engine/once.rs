//! One deed for each key of a source: the key is taken and the answer kept in the transaction of the
//! deed itself, so that whoever asks again, after a crash too, gets the same answer and no second deed.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    domain::{MessageId, Problem},
    hub::{Hub, Result, Source},
    storage::{
        self, Tx,
        intake::{self, Earlier},
    },
};

/// The key that a request came under, and the fingerprint of all that it asks for.
#[derive(Debug, Clone, Copy)]
pub struct Once<'a> {
    pub key: &'a str,
    pub fingerprint: &'a [u8; 32],
}

/// What became of a deed under a key.
pub(in crate::hub) enum Keyed<T> {
    /// It was done now, and is committed.
    Done(T),
    /// The same key came before; this is the answer of then, and nothing was done.
    Earlier(T),
}

impl Hub {
    /// Does it in one transaction, once for each key; without a key each time.
    ///
    /// # Errors
    /// Those of the deed, `IDEM_MISMATCH`, `IDEM_BUSY`: nothing is done then, and the key is free.
    pub(in crate::hub) async fn do_once<T: Serialize + DeserializeOwned>(
        &self,
        source: &Source,
        once: Option<Once<'_>>,
        message: MessageId,
        deed: impl AsyncFnOnce(&mut Tx) -> Result<T>,
    ) -> Result<Keyed<T>> {
        let mut tx = self.db.begin().await?;
        if let Some(once) = once
            && let Some(earlier) = self.take_key(&mut tx, source, once, message).await?
        {
            return Ok(Keyed::Earlier(earlier));
        }
        let done = deed(&mut tx).await?;
        if let Some(once) = once {
            keep_answer(&mut tx, source, once, &done).await?;
        }
        tx.commit().await?;
        Ok(Keyed::Done(done))
    }

    /// What this key was answered before. Asked before a command is even checked: what was good then
    /// need not be good now, since its time may have come.
    ///
    /// # Errors
    /// `IDEM_MISMATCH`, `IDEM_BUSY`
    pub async fn answered<T: DeserializeOwned>(
        &self,
        source: &Source,
        key: &str,
        fingerprint: [u8; 32],
    ) -> Result<Option<T>> {
        let mut tx = self.db.read().await?;
        let Some(found) = intake::find(&mut tx, &source.key(), key).await? else { return Ok(None) };
        read(self.same(found, &fingerprint)?).map(Some)
    }

    /// Takes the key for a deed about `message`; what it was answered before when it is taken already.
    /// Waits for whoever is using it at this moment.
    pub(in crate::hub) async fn take_key<T: DeserializeOwned>(
        &self,
        tx: &mut Tx,
        source: &Source,
        once: Once<'_>,
        message: MessageId,
    ) -> Result<Option<T>> {
        let (source, now) = (source.key(), self.clock.now());
        match intake::take(tx, &source, once.key, once.fingerprint, message, now).await {
            Ok(true) => Ok(None),
            Ok(false) => {
                let found = intake::find(tx, &source, once.key).await?.ok_or_else(busy)?;
                read(self.same(found, once.fingerprint)?).map(Some)
            }
            Err(error) if storage::is_lock_timeout(&error) => Err(busy().into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The earlier answer, if it was an answer to the same.
    fn same(&self, found: Earlier, fingerprint: &[u8; 32]) -> Result<Value> {
        if found.body_hash == fingerprint {
            return Ok(found.answer.0);
        }
        let id = found.message_id.map_or_else(String::new, |id| id.to_string());
        let at = found.created_at.with_timezone(&self.place.timezone).format("%H:%M");
        Err(Problem::invalid("IDEM_MISMATCH", "", format!("该幂等键已用于另一请求（{at}，消息 {id}）"))
            .in_english(format!("this key was used for another request (message {id})"))
            .into())
    }
}

/// Keeps what the holder of a key is answered.
pub(in crate::hub) async fn keep_answer(
    tx: &mut Tx,
    source: &Source,
    once: Once<'_>,
    answer: &impl Serialize,
) -> Result<()> {
    let answer = serde_json::to_value(answer).expect("an answer is plain data");
    intake::answer(tx, &source.key(), once.key, answer).await?;
    Ok(())
}

fn read<T: DeserializeOwned>(answer: Value) -> Result<T> {
    Ok(serde_json::from_value(answer).map_err(|_| busy())?)
}

fn busy() -> Problem {
    Problem::conflict("IDEM_BUSY", "同一幂等键的请求正在处理，请稍后重试")
        .in_english("a request with this key is being worked on; try again shortly")
}

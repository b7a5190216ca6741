//! 送达证明 of one message: what it said and its hash, who consented, to whom it went, every try to reach
//! each of them with the provider's own reference, who read and answered, what was done about it, and
//! where the audit's chain stands. Written a part at a time, so that nobody needs room for the whole.

use ring::digest::{Context, SHA256};
use serde_json::{Value, json};

use super::status::Reached;
use crate::{
    domain::{
        MessageId, PersonId, Problem,
        delivery::Bucket,
        evidence::{FORMAT, HEAD, Signer, canonical},
        seal::hex,
    },
    hub::{Hub, Result},
    storage::{
        Tx, additions, attachments, audit,
        exports::Export,
        message_status,
        messages::{self, Message},
        reached::{Try, Wanted},
        reminders, resends, settings,
    },
};

/// People whose rows are in memory at a time.
const PART: i64 = 500;
/// The setting that keeps the key, and the place that its seal is bound to.
const KEY: &str = "evidence_key";

impl Hub {
    /// The key that evidence is signed with; made when it is first asked for.
    pub async fn evidence_signer(&self) -> Result<Signer> {
        let mut tx = self.db.read().await?;
        let mut kept = settings::find(&mut tx, KEY).await?;
        drop(tx);
        if kept.is_none() {
            let mut tx = self.db.begin().await?;
            let made = Signer::generate().map_err(std::io::Error::other)?;
            let sealed = hex(&self.sealer.seal(KEY, made));
            settings::insert(&mut tx, KEY, json!({"sealed": sealed})).await?;
            kept = settings::find(&mut tx, KEY).await?;
            tx.commit().await?;
        }
        let sealed = kept.as_ref().and_then(|kept| kept["sealed"].as_str()).unwrap_or_default();
        let bytes: Vec<u8> =
            (0..sealed.len() / 2).filter_map(|at| u8::from_str_radix(&sealed[at * 2..at * 2 + 2], 16).ok()).collect();
        let opened = self.sealer.open_bytes(KEY, &bytes)?;
        Ok(Signer::open(&opened).map_err(std::io::Error::other)?)
    }

    /// Writes the file of an export, part by part.
    pub async fn write_evidence(&self, export: &Export) -> Result<()> {
        let signer = self.evidence_signer().await?;
        let mut file = Parts { hub: self, export, hash: Context::new(&SHA256), open: Vec::new(), nth: 0 };
        let (before, after) = self.frame(export.message_id).await?;
        file.open.extend(HEAD.as_bytes());
        file.signed(&before).await?;
        let (mut from, mut done) = (PersonId(uuid::Uuid::nil()), 0);
        loop {
            let wanted = Wanted { bucket: Bucket::All, search: "", after: from };
            let (people, last) = self.list_reached(export.message_id, wanted, PART).await?;
            let mut text = String::new();
            for reached in &people {
                let comma = if done > 0 { "," } else { "" };
                text.push_str(comma);
                text.push_str(&canonical(&person(reached)));
                done += 1;
            }
            file.signed(&text).await?;
            self.advance_export(export, done).await?;
            failpoint!("export.mid");
            match last {
                Some(last) => from = last,
                None => break,
            }
        }
        file.signed(&after).await?;
        let digest = std::mem::replace(&mut file.hash, Context::new(&SHA256)).finish();
        let hash: [u8; 32] = digest.as_ref().try_into().expect("SHA-256 has 32 bytes");
        file.open.extend(signer.end(&hash).as_bytes());
        file.flush().await
    }

    /// Everything around the list of people, which stands in its place in the order of the keys.
    async fn frame(&self, id: MessageId) -> Result<(String, String)> {
        let mut tx = self.db.read_one_moment().await?;
        let message = messages::find(&mut tx, id).await?.filter(|message| message.purged_at.is_none());
        let message = message.ok_or_else(Problem::not_found)?;
        let additions = self.additions_of(&mut tx, id).await?;
        let (reminded, resent) = chased(&mut tx, &message).await?;
        let audit = audit_of(&mut tx, id).await?;
        let before = json!({
            "additions": additions,
            "approvals": approvals_of(&mut tx, id).await?,
            "audit": audit,
            "format": FORMAT,
            "made_at": self.clock.now(),
            "message": words_of(&mut tx, &message).await?,
            "organisation": self.place.organisation,
        });
        let after = json!({"recalled_at": message.recalled_at, "reminders": reminded, "resends": resent, "url": self.place.public_url});
        let (before, after) = (canonical(&before), canonical(&after));
        let before = format!("{},\"people\":[", before.strip_suffix('}').unwrap_or(&before));
        Ok((before, format!("],{}", after.strip_prefix('{').unwrap_or(&after))))
    }

    async fn additions_of(&self, tx: &mut Tx, id: MessageId) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        for addition in additions::list(tx, id).await? {
            let Some(message) = messages::find(tx, addition.message_id).await? else { continue };
            let (reminded, resent) = chased(tx, &message).await?;
            all.push(json!({
                "id": message.id, "state": message.state, "recipients": message.recipients,
                "content_hash": hex(&message.content_hash), "snapshot_hash": hex(&message.snapshot_hash),
                "created_at": message.created_at, "sent_at": message.sent_at, "recalled_at": message.recalled_at,
                "approvals": approvals_of(tx, message.id).await?, "audit": rows_of(tx, message.id).await?,
                "reminders": reminded, "resends": resent,
            }));
        }
        Ok(all)
    }
}

/// The file as it grows: what is signed is hashed as it is written.
struct Parts<'a> {
    hub: &'a Hub,
    export: &'a Export,
    hash: Context,
    open: Vec<u8>,
    nth: i64,
}

/// A part is closed when it is as long.
const LENGTH: usize = 1024 * 1024;

impl Parts<'_> {
    async fn signed(&mut self, text: &str) -> Result<()> {
        self.hash.update(text.as_bytes());
        self.open.extend(text.as_bytes());
        if self.open.len() >= LENGTH { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<()> {
        let part = std::mem::take(&mut self.open);
        self.hub.keep_part(self.export, self.nth, part).await?;
        self.nth += 1;
        Ok(())
    }
}

async fn words_of(tx: &mut Tx, message: &Message) -> Result<Value> {
    let files = attachments::list(tx, message.id).await?;
    let files: Vec<_> = files
        .iter()
        .map(|file| json!({"name": file.name, "bytes": file.size_bytes, "sha256": hex(&file.content_hash)}))
        .collect();
    Ok(json!({
        "id": message.id, "version": message.version, "state": message.state, "kind": message.kind,
        "title": message.title, "body": message.body, "signature": message.signature, "url": message.url,
        "category": message.category, "sender": message.sender_name, "department": message.sender_department,
        "receipt": message.receipt.as_ref().map(|receipt| &receipt.0), "actions": message.actions.0.list,
        "send_rule": message.rule_name, "rounds": message.rounds.0.list, "attachments": files,
        "recipients": message.recipients, "content_hash": hex(&message.content_hash),
        "snapshot_hash": hex(&message.snapshot_hash), "created_at": message.created_at, "send_at": message.send_at,
        "expires_at": message.expires_at, "sent_at": message.sent_at, "finished_at": message.finished_at,
        "deleted_at": message.deleted_at,
    }))
}

async fn approvals_of(tx: &mut Tx, id: MessageId) -> Result<Vec<Value>> {
    let asked = message_status::list_approvals(tx, id).await?;
    let line = |asked: &message_status::Asked| {
        json!({"rule": asked.rule_name, "state": asked.state, "asked_at": asked.created_at,
               "decided_at": asked.decided_at, "decided_by": asked.decided_by, "opinion": asked.opinion})
    };
    Ok(asked.iter().map(line).collect())
}

/// The last reminder and the last time that it was sent again say how many there were.
async fn chased(tx: &mut Tx, message: &Message) -> Result<(Value, Value)> {
    let reminded = reminders::find_last(tx, message.id).await?;
    let resent = resends::find_last(tx, message.id).await?;
    let line = |nth: i64, at, people| json!({"times": nth + 1, "last_at": at, "last_people": people});
    Ok((
        reminded.map_or(Value::Null, |last| line(last.nth, last.at, last.people)),
        resent.map_or(Value::Null, |last| line(last.nth, last.at, last.people)),
    ))
}

/// What was done to it, and where the chain stood that proves the order of it all.
async fn audit_of(tx: &mut Tx, id: MessageId) -> Result<Value> {
    let head = audit::last_sealed(tx).await?;
    let head = head.map(|(seal_no, hash)| json!({"seal_no": seal_no, "hash": hex(&hash)}));
    Ok(json!({"head": head, "rows": rows_of(tx, id).await?}))
}

async fn rows_of(tx: &mut Tx, id: MessageId) -> Result<Vec<Value>> {
    let rows = audit::list_of_object(tx, &format!("message:{id}"), 1000).await?;
    let row = |entry: &audit::Entry| {
        json!({"at": entry.at, "actor": entry.actor, "verb": entry.verb, "detail": entry.detail.0,
               "seal_no": entry.seal_no, "hash": entry.hash.as_deref().map(hex)})
    };
    Ok(rows.iter().map(row).collect())
}

fn person(reached: &Reached) -> Value {
    let person = &reached.person;
    let last = |each: &Try| {
        json!({"channel": each.channel, "round": each.round, "attempt": each.attempts, "state": each.state,
               "fired_at": each.fired_at, "at": each.done_at, "detail": each.detail, "reference": each.provider_ref})
    };
    let earlier = reached.earlier.iter().map(|each| {
        json!({"channel": each.channel, "round": each.round, "attempt": each.nth, "state": each.state,
               "fired_at": each.fired_at, "at": each.at, "detail": each.detail})
    });
    let receipt = person.answered_at.map(|at| {
        json!({"option": person.option.as_ref().or(person.action_id.as_ref()), "text": person.words, "at": at,
               "channel": person.answer_channel, "by": person.proxy_account.as_ref().or(person.account.as_ref())})
    });
    json!({
        "account": person.account, "name": person.name, "department": person.department, "message": reached.part,
        "inbox_at": person.arrived_at, "read_at": person.read_at, "read_channel": person.read_channel,
        "receipt": receipt, "deliveries": reached.tries.iter().map(last).collect::<Vec<_>>(),
        "earlier": earlier.collect::<Vec<_>>(),
    })
}

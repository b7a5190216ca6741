//! 查看 and 回执: a person reads, answers, tidies his inbox.

use serde_json::json;

use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId, Problem,
        command::text,
        message::{OTHER, State},
        problem::Class,
        send_rule::Unless,
    },
    hub::{
        Change, Hub, Result,
        policy::{self, Action, Asker, Facts},
    },
    storage::{
        Tx, accounts, audit, inbox,
        messages::{self, Message},
        receipts::{self, Answering, Reply},
        recipients,
    },
};

const LONGEST_WORDS: usize = 200;

impl Hub {
    /// Notes the first reading; later ones change nothing.
    pub async fn read(&self, person: PersonId, id: MessageId, channel: &str) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if inbox::mark_read(&mut tx, id, person, channel, now).await? {
            self.tell_read(&mut tx, id, person, channel, now).await?;
            tx.commit().await?;
            self.announce(Change::Line { person, message: id });
        }
        Ok(())
    }

    pub(super) async fn tell_read(
        &self,
        tx: &mut Tx,
        id: MessageId,
        person: PersonId,
        channel: &str,
        now: Timestamp,
    ) -> Result<()> {
        let Some(message) = messages::find(tx, id).await? else { return Ok(()) };
        let account = accounts::accounts_of(tx, &[person]).await?.pop();
        self.tell(tx, now, "delivery.read", &message, json!({"account": account, "channel": channel})).await?;
        self.tell_satisfied(tx, &message, person, &[Unless::Read], now).await
    }

    /// Keeps a person's only answer; a later one is refused. His own counts as having read. What
    /// somebody else answers who was called in his place stands under that one's name, and says
    /// nothing of his inbox.
    pub async fn answer(&self, who: impl Into<Answering>, id: MessageId, reply: Reply) -> Result<Timestamp> {
        let Answering { person, by } = who.into();
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let message = messages::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let facts = Facts { is_recipient: recipients::contains(&mut tx, id, person).await?, ..Facts::STRANGER };
        policy::require(Asker::Person(&[]), Action::ReadInbox, &facts)?;
        let reply = check(&message, reply)?;
        if !receipts::insert(&mut tx, id, Answering { person, by }, &reply, now).await? {
            return Err(self.answered_before(&mut tx, id, person).await?.into());
        }
        if by == person && inbox::mark_read(&mut tx, id, person, &reply.channel, now).await? {
            self.tell_read(&mut tx, id, person, &reply.channel, now).await?;
        }
        let account = accounts::accounts_of(&mut tx, &[person]).await?.pop();
        let answered_by = accounts::accounts_of(&mut tx, &[by]).await?.pop();
        let given = json!({"account": account, "answered_by": answered_by, "option": reply.option,
                           "action": reply.action_id, "channel": reply.channel, "at": now});
        let detail = if by == person { json!({}) } else { json!({"in_place_of": person}) };
        audit::insert(&mut tx, now, &format!("person:{by}"), "receipt.submit", &format!("message:{id}"), detail)
            .await?;
        self.tell(&mut tx, now, "receipt.submitted", &message, given).await?;
        self.tell_satisfied(&mut tx, &message, person, &[Unless::Receipt, Unless::Confirmed], now).await?;
        tx.commit().await?;
        tracing::info!(message.id = %id, channel = reply.channel, "an answer to message {id} came in");
        self.announce(Change::Line { person, message: id });
        Ok(now)
    }

    async fn answered_before(&self, tx: &mut Tx, id: MessageId, person: PersonId) -> Result<Problem> {
        let found = receipts::find_answering(tx, id, person).await?;
        let at = found.map(|(_, at)| self.local(at)).unwrap_or_default();
        let other = match found.filter(|(by, _)| *by != person) {
            Some((by, _)) => accounts::name_of(tx, by).await?,
            None => None,
        };
        Ok(match other {
            None => Problem::conflict("RECEIPT_DONE", format!("您已于 {at} 提交回执，不能修改"))
                .in_english(format!("you answered at {at}; an answer cannot be changed")),
            Some(name) => Problem::conflict("RECEIPT_DONE", format!("{name}已于 {at} 代为答复，不能修改"))
                .in_english(format!("{name} answered in your place at {at}; an answer cannot be changed")),
        })
    }

    /// Marks many as read; returns how many were unread.
    pub async fn read_many(&self, person: PersonId, ids: &[MessageId]) -> Result<usize> {
        self.each(person, ids, Tidy::Read).await
    }

    /// Into the recycle bin.
    pub async fn delete_many(&self, person: PersonId, ids: &[MessageId]) -> Result<usize> {
        self.each(person, ids, Tidy::Delete).await
    }

    /// Back out of it.
    pub async fn restore_many(&self, person: PersonId, ids: &[MessageId]) -> Result<usize> {
        self.each(person, ids, Tidy::Restore).await
    }

    /// For good.
    pub async fn purge_many(&self, person: PersonId, ids: &[MessageId]) -> Result<usize> {
        self.each(person, ids, Tidy::Purge).await
    }

    async fn each(&self, person: PersonId, ids: &[MessageId], what: Tidy) -> Result<usize> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let own = inbox::list_own(&mut tx, person, ids).await?;
        let may_tidy = |id: &&MessageId| {
            let facts = Facts { is_recipient: own.contains(id), ..Facts::STRANGER };
            policy::may(Asker::Person(&[]), Action::ReadInbox, &facts)
        };
        let (mut changed, mut read) = (0, Vec::new());
        // What is another's is not there for him, and hinders nothing that is his own.
        for id in ids.iter().filter(may_tidy) {
            let done = match what {
                Tidy::Read => {
                    let first = inbox::mark_read(&mut tx, *id, person, "web", now).await?;
                    if first {
                        self.tell_read(&mut tx, *id, person, "web", now).await?;
                        read.push(*id);
                    }
                    first
                }
                Tidy::Delete => inbox::mark_deleted(&mut tx, person, *id, Some(now)).await?,
                Tidy::Restore => inbox::mark_deleted(&mut tx, person, *id, None).await?,
                Tidy::Purge => inbox::mark_purged(&mut tx, person, *id, now).await?,
            };
            changed += usize::from(done);
        }
        tx.commit().await?;
        if changed > 0 {
            self.announce(Change::Person(person));
        }
        for id in read {
            self.announce(Change::Sent(id));
        }
        Ok(changed)
    }
}

#[derive(Clone, Copy)]
enum Tidy {
    Read,
    Delete,
    Restore,
    Purge,
}

/// The answer must be one that was asked for; only 其他 has words.
fn check(message: &Message, mut reply: Reply) -> Result<Reply, Problem> {
    if message.state.is_out() && message.deleted_at.is_some() {
        return Err(Problem::new(Class::Gone, "MSG_DELETED", "", "消息已被发件人删除")
            .in_english("the sender deleted this message"));
    }
    if message.state == State::Recalled || !message.state.is_out() {
        return Err(
            Problem::new(Class::Gone, "MSG_RECALLED", "", "消息已被撤回").in_english("the message was recalled")
        );
    }
    if let Some(action) = &reply.action_id {
        if message.actions.0.list.iter().any(|known| known.id == *action) {
            return Ok(reply);
        }
        return Err(not_offered(action));
    }
    let chosen = reply.option.clone().unwrap_or_default();
    let Some(receipt) = &message.receipt else {
        return Err(Problem::conflict("RECEIPT_NONE", "此消息不需要回执").in_english("this message asks for no answer"));
    };
    if !receipt.0.choices().any(|choice| choice == chosen) {
        return Err(not_offered(&chosen));
    }
    reply.words = text::paragraphs(&reply.words, "/words")?.trim().to_owned();
    let length = reply.words.chars().count();
    if chosen == OTHER && reply.words.is_empty() {
        return Err(
            Problem::invalid("RECEIPT_OPT", "/words", "请填写“其他”的说明").in_english("say what “Other (其他)” means")
        );
    }
    if length > LONGEST_WORDS {
        let detail = format!("说明最多 {LONGEST_WORDS} 字，当前 {length} 字");
        return Err(Problem::invalid("RECEIPT_OPT", "/words", detail)
            .in_english(format!("at most {LONGEST_WORDS} characters, these are {length}")));
    }
    if chosen != OTHER {
        reply.words.clear();
    }
    Ok(reply)
}

fn not_offered(what: &str) -> Problem {
    Problem::invalid("RECEIPT_OPT", "/option", format!("没有“{what}”这个回执选项"))
        .in_english(format!("“{what}” is not one of the answers"))
}

//! 短信配额: what a department or a module may send in a month. What a message may take at most is held
//! in the transaction that accepts it, and settled once nothing of it is left to do
//! (docs/decisions/0015).

pub mod keep;

use std::collections::BTreeSet;

use crate::{
    clock::Timestamp,
    domain::{
        MessageId,
        quota::{self, Standing},
        send_rule::Round,
        wording::Said,
    },
    hub::{Hub, Place, Result, Source, deliver::rounds::RECKONING, send::audience::sms_pieces},
    storage::{
        Tx,
        messages::Message,
        quotas::{self, Hold, Quota},
        recipients::{self, Unreachable},
    },
};

/// Entries that are settled in one transaction.
const AT_ONCE: i64 = 200;

/// What a part of a message would send, and whose quota that counts against.
pub(super) struct Spending<'a> {
    pub payer: &'a Source,
    pub message: MessageId,
    /// the steps that go out
    pub steps: &'a [Round],
    pub said: Said<'a>,
    pub people: i64,
    /// of them; none: those of the message's recipients
    pub gaps: Option<&'a Unreachable>,
    /// how these steps are numbered: first and last
    pub rounds: (i64, i64),
}

impl<'a> Spending<'a> {
    /// All the steps of a message, to all its recipients.
    pub fn of(payer: &'a Source, message: &'a Message, place: &'a Place) -> Self {
        Self {
            payer,
            message: message.id,
            steps: &message.rounds.0.list,
            said: message.said(&place.public_url),
            people: message.recipients,
            gaps: None,
            // Before the reckoning at the end of an escalation, which sends nothing.
            rounds: (0, RECKONING - 1),
        }
    }
}

/// What a quota says about something that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// before it
    pub standing: Standing,
    /// SMS pieces at most
    pub pieces: i64,
}

impl Hub {
    /// Takes what it may cost from the quota of whoever pays; nothing where it sends no SMS, or nobody has
    /// set a quota.
    ///
    /// # Errors
    /// `QUOTA_SHORT`
    pub(super) async fn hold_quota(&self, tx: &mut Tx, spending: &Spending<'_>, at: Timestamp) -> Result<()> {
        self.hold_instead(tx, spending, at, &[]).await
    }

    /// [`Hub::hold_quota`] for all the steps of a message that is handed in, in the month in which it is to
    /// go out; what those held that it takes the place of is free.
    pub(super) async fn hold_for(
        &self,
        tx: &mut Tx,
        payer: &Source,
        message: &Message,
        instead_of: &[MessageId],
    ) -> Result<()> {
        let spending = Spending::of(payer, message, &self.place);
        let now = self.clock.now();
        self.hold_instead(tx, &spending, message.send_at.map_or(now, |at| at.max(now)), instead_of).await
    }

    async fn hold_instead(
        &self,
        tx: &mut Tx,
        spending: &Spending<'_>,
        at: Timestamp,
        instead_of: &[MessageId],
    ) -> Result<()> {
        let owed = self.owed(tx, spending).await?;
        let month = quota::month_of(at, self.place.timezone);
        let freed = if instead_of.is_empty() { Vec::new() } else { quotas::lock_entries(tx, instead_of).await? };
        // All months in one order, as whoever settles takes them: two messages may change places in two months.
        let mut months: BTreeSet<_> = freed.iter().map(|(quota, month, _)| (*quota, month.as_str())).collect();
        months.extend(owed.iter().map(|(quota, _)| (quota.id, month.as_str())));
        for (quota, month) in months {
            quotas::lock(tx, quota, month).await?;
        }
        if !freed.is_empty() {
            quotas::give_back(tx, instead_of, &freed, self.clock.now()).await?;
        }
        let Some((quota, pieces)) = owed else { return Ok(()) };
        let used = quotas::used(tx, quota.id, &month).await?;
        let (id, segments) = (quota.id, spending.said.sms_segments());
        quota.standing(&month, used).refuse(pieces)?;
        let hold = Hold {
            message: spending.message,
            rounds: spending.rounds,
            quota: id,
            month: &month,
            people: spending.people,
            segments,
            pieces,
        };
        Ok(quotas::hold(tx, &hold, self.clock.now()).await?)
    }

    /// What holding it would say, without holding anything.
    pub(super) async fn foresee_quota(
        &self,
        tx: &mut Tx,
        spending: &Spending<'_>,
        at: Timestamp,
    ) -> Result<Option<Charge>> {
        let Some((quota, pieces)) = self.owed(tx, spending).await? else { return Ok(None) };
        let month = quota::month_of(at, self.place.timezone);
        let used = quotas::used(tx, quota.id, &month).await?;
        Ok(Some(Charge { standing: quota.standing(&month, used), pieces }))
    }

    /// What a message that was handed in has taken, and how its quota stands without it.
    pub async fn charge_of(&self, tx: &mut Tx, message: MessageId) -> Result<Option<Charge>> {
        let Some((id, month, pieces)) = quotas::find_charge(tx, message).await? else { return Ok(None) };
        let Some(quota) = quotas::find(tx, id).await? else { return Ok(None) };
        let used = quotas::used(tx, id, &month).await?;
        Ok(Some(Charge { standing: quota.standing(&month, used - pieces), pieces }))
    }

    /// Whose quota it counts against, and how many pieces at most.
    async fn owed(&self, tx: &mut Tx, spending: &Spending<'_>) -> Result<Option<(Quota, i64)>> {
        let Spending { steps, said, people, .. } = *spending;
        // Most messages send no SMS, and then nothing is looked up.
        if self.channels.get("sms").is_none() || sms_pieces(steps, said, people, &Unreachable::default()) == 0 {
            return Ok(None);
        }
        let quota = match spending.payer {
            Source::Person(person) => quotas::find_for_person(tx, *person).await?,
            Source::Producer(producer) => quotas::find_for_producer(tx, producer.id).await?,
            Source::Hub => None,
        };
        let Some(quota) = quota else { return Ok(None) };
        let pieces = match spending.gaps {
            Some(gaps) => sms_pieces(steps, said, people, gaps),
            None => sms_pieces(steps, said, people, &recipients::count_unreachable(tx, spending.message).await?),
        };
        // An entry also where nobody has a number yet: somebody may get one before it goes out.
        Ok(Some((quota, pieces)))
    }

    /// Settles what has come to its end; returns how many entries.
    pub async fn settle_quotas(&self) -> Result<usize> {
        let now = self.clock.now();
        if !quotas::any_at_rest(&mut self.db.read().await?, now).await? {
            return Ok(0);
        }
        let mut tx = self.db.begin().await?;
        let settled = quotas::settle(&mut tx, now, AT_ONCE).await?;
        tx.commit().await?;
        Ok(settled)
    }
}

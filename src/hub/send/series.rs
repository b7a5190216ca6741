//! 周期发送: a message that comes again and again. Each run is a message of its own: it stands in the
//! outbox as planned, asks for consent, and can be recalled alone. The next one is made when the time of
//! the last has come, with the same words for whoever belongs to the audience then. Runs that fell into
//! a time when nothing ran are not made up for.

use serde_json::json;

use super::files;
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, Problem, SeriesId,
        message::{Draft, ReceiptRequest, Recurrence, State},
    },
    hub::{
        Answer, Change, Error, Hub, Result, Source,
        engine::complaint::Complaint,
        follow::refuse::refuse_deleted,
        policy::{self, Action},
        send::note::Note,
    },
    storage::{
        Json, Tx, audit,
        messages::{self, Message},
        producers,
        series::{self, Series},
    },
};

/// So many in one pass: more than will ever be stuck at a time, so that no other waits behind them.
const BATCH: i64 = 50;

static STUCK: Complaint = Complaint::new();

impl Hub {
    /// Begins a series with this message as its first run.
    pub(super) async fn begin_series(
        &self,
        tx: &mut Tx,
        message: &Message,
        recurrence: Option<Recurrence>,
        now: Timestamp,
    ) -> Result<()> {
        let (Some(recurrence), Some(run_at)) = (recurrence, message.send_at) else { return Ok(()) };
        let series =
            Series { id: SeriesId::new(), recurrence: Json(recurrence), run_id: message.id, run_at, ended_at: None };
        series::insert(tx, &series, now).await?;
        series::add_run(tx, series.id, message.id).await?;
        Ok(())
    }

    /// Makes the next run of every series whose last one has had its time; returns how many were moved
    /// on.
    pub async fn repeat(&self) -> Result<usize> {
        let now = self.clock.now();
        let due = series::list_due(&mut self.db.read().await?, now, BATCH).await?;
        let (mut moved, mut stuck) = (0, None);
        for series in &due {
            match self.move_on(series, now).await {
                Ok(is_ours) => moved += usize::from(is_ours),
                Err(error) if error.is_away() => return Err(error),
                Err(error) => stuck = Some((series.id, error)),
            }
        }
        match &stuck {
            Some((id, error)) if STUCK.is_due(now) => {
                tracing::error!(series.id = %id, error = error as &dyn std::error::Error, "series {id} cannot be moved on");
            }
            None if STUCK.is_over() => tracing::info!("every series is moved on again"),
            _ => {}
        }
        Ok(moved)
    }

    /// False when another replica was faster.
    async fn move_on(&self, series: &Series, now: Timestamp) -> Result<bool> {
        match self.run_again(series, now).await {
            Err(Error::Problem(problem)) => self.pass_over(series, &problem, now).await,
            done => done,
        }
    }

    async fn run_again(&self, series: &Series, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let last = messages::find(&mut tx, series.run_id).await?.ok_or_else(Problem::not_found)?;
        let next = series.recurrence.0.next_after(now.max(series.run_at));
        let source = source_of(&mut tx, &last).await?;
        let (Some(next), Some(source), false) = (next, source, last.state == State::Rejected) else {
            let is_ours = self.end_series(&mut tx, series, &last, now).await?;
            tx.commit().await?;
            return Ok(is_ours);
        };
        let id = MessageId::new();
        if !series::advance(&mut tx, series.id, series.run_at, id, next).await? {
            return Ok(false);
        }
        files::copy(&mut tx, last.id, id).await?;
        let answer = Box::pin(self.write(&mut tx, &source, id, again(&last, next), now)).await?;
        series::add_run(&mut tx, series.id, id).await?;
        failpoint!("series.before_commit");
        tx.commit().await?;
        failpoint!("series.after_commit");
        tracing::info!(message.id = %id, series.id = %series.id, "made run {id} of series {}", series.id);
        self.made(&answer);
        Ok(true)
    }

    fn made(&self, answer: &Answer) {
        self.announce(Change::Sent(answer.id));
        if let Some(approval) = &answer.approval {
            self.announce(Change::Approval(approval.id));
        }
    }

    /// This once it could not be made, and its sender hears why; the next time may be better.
    async fn pass_over(&self, series: &Series, why: &Problem, now: Timestamp) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        let last = messages::find(&mut tx, series.run_id).await?;
        let is_ours = match series.recurrence.0.next_after(now.max(series.run_at)) {
            Some(next) => series::advance(&mut tx, series.id, series.run_at, series.run_id, next).await?,
            None => series::end(&mut tx, series.id, now).await?.is_some(),
        };
        if !is_ours {
            return Ok(false);
        }
        let detail = json!({"series": series.id, "code": why.code});
        audit::insert(&mut tx, now, "hub", "series.pass_over", &format!("message:{}", series.run_id), detail).await?;
        if let Some((last, sender)) = last.and_then(|last| last.sender_id.map(|sender| (last, sender))) {
            let title = format!("周期消息未能生成：{}", last.title);
            let body = format!("《{}》的下一期没有生成，原因：{}。系统将在下一个周期再试。", last.title, why.detail);
            let note = Note { to: sender, title: &title, body: &body, about: Some(last.id) };
            self.note(&mut tx, note, now).await?;
        }
        tx.commit().await?;
        tracing::warn!(series.id = %series.id, code = why.code, "a run of series {} could not be made", series.id);
        Ok(true)
    }

    /// It has run its time, was refused, or its sender is no longer there.
    async fn end_series(&self, tx: &mut Tx, series: &Series, last: &Message, now: Timestamp) -> Result<bool> {
        if series::end(tx, series.id, now).await?.is_none() {
            return Ok(false);
        }
        let detail = json!({"series": series.id, "state": last.state});
        audit::insert(tx, now, "hub", "series.end", &format!("message:{}", last.id), detail).await?;
        if let (State::Rejected, Some(sender)) = (last.state, last.sender_id) {
            let title = format!("周期发送已停止：{}", last.title);
            let body =
                format!("《{}》的最近一期没有通过审批，不再生成以后各期。如仍需要，请修改后重新提交。", last.title);
            let note = Note { to: sender, title: &title, body: &body, about: Some(last.id) };
            self.note(tx, note, now).await?;
        }
        Ok(true)
    }

    /// The series of which a message of one's own is a run.
    ///
    /// # Errors
    /// `NOT_FOUND`
    pub async fn series_of(&self, source: &Source, message: &Message) -> Result<Option<Series>> {
        policy::require(source, Action::SeeDeliveries, &source.facts(message))?;
        Ok(series::find_of(&mut self.db.read().await?, message.id).await?)
    }

    /// No more runs are made, and the one that waits is recalled. Only its sender stops a series.
    ///
    /// # Errors
    /// `NOT_FOUND`, `SERIES_NONE`, `SERIES_ENDED`
    pub async fn stop_series(&self, source: &Source, id: MessageId) -> Result<()> {
        let mut tx = self.db.begin().await?;
        // Not locked: a series is locked before its runs, and nothing is done to this one.
        let message = messages::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        policy::require(source, Action::Recall, &source.facts(&message))?;
        refuse_deleted(&message)?;
        let series = series::find_of(&mut tx, id).await?.ok_or_else(|| {
            Problem::conflict("SERIES_NONE", "这条消息不是周期发送的").in_english("this message belongs to no series")
        })?;
        let Stopped::Now { waiting } = self.stop(&mut tx, &source.actor(), id, series.id).await? else {
            return Err(Problem::conflict("SERIES_ENDED", "周期发送已经停止")
                .in_english("this series has ended already")
                .into());
        };
        tx.commit().await?;
        self.announce(Change::Sent(id));
        if let Some(run) = waiting {
            self.recalled(run);
        }
        Ok(())
    }

    /// The series of which this message is a run, if it goes on, comes to its end with it; returns the
    /// run that waited, and is taken back. Whoever has locked the message locked its series before.
    pub(in crate::hub) async fn stop_with(
        &self,
        tx: &mut Tx,
        actor: &str,
        run: MessageId,
    ) -> Result<Option<MessageId>> {
        let Some(series) = series::find_of(tx, run).await? else { return Ok(None) };
        Ok(match self.stop(tx, actor, run, series.id).await? {
            Stopped::Now { waiting } => waiting,
            Stopped::Before => None,
        })
    }

    /// Nobody can reach a series any more whose last run was purged: it comes to its end with it. Its
    /// row was locked before the run's.
    pub(in crate::hub) async fn stop_purged(&self, tx: &mut Tx, actor: &str, run: MessageId) -> Result<()> {
        let last = series::find_of(tx, run).await?.filter(|series| series.run_id == run);
        if let Some(series) = last {
            self.stop(tx, actor, run, series.id).await?;
        }
        Ok(())
    }

    /// `run`: any of its runs, which the audit names.
    async fn stop(&self, tx: &mut Tx, actor: &str, run: MessageId, series: SeriesId) -> Result<Stopped> {
        let now = self.clock.now();
        // The run that is made at this very moment is the one that is taken back.
        let Some(last) = series::end(tx, series, now).await? else { return Ok(Stopped::Before) };
        audit::insert(tx, now, actor, "series.stop", &format!("message:{run}"), json!({"series": series})).await?;
        let last = messages::lock(tx, last).await?;
        let waiting = last.filter(|run| {
            matches!(run.state, State::Scheduled | State::PendingApproval | State::Held) && run.deleted_at.is_none()
        });
        if let Some(run) = &waiting {
            self.take_back(tx, actor, run, json!({"from": run.state})).await?;
        }
        Ok(Stopped::Now { waiting: waiting.map(|run| run.id) })
    }
}

/// What came of stopping a series.
enum Stopped {
    /// With the run that was still to go out.
    Now { waiting: Option<MessageId> },
    /// Somebody else was faster, or it had run its time.
    Before,
}

/// Whoever sent it, if he still may.
async fn source_of(tx: &mut Tx, message: &Message) -> Result<Option<Source>> {
    if let Some(person) = message.sender_id {
        let is_there = crate::storage::accounts::signature_of(tx, person).await?.is_some();
        return Ok(is_there.then_some(Source::Person(person)));
    }
    match message.producer_id {
        Some(producer) => Ok(producers::find(tx, producer).await?.map(Source::Producer)),
        None => Ok(None),
    }
}

/// The same once more, at another time; its deadlines are as far from it as they were.
fn again(last: &Message, send_at: Timestamp) -> Draft {
    let shift = last.send_at.map_or_else(chrono::Duration::zero, |before| send_at - before);
    let receipt = last.receipt.as_ref().map(|receipt| &receipt.0);
    Draft {
        kind: last.kind,
        signature: last.signature.clone(),
        url: last.url.clone(),
        category: Some(last.category.clone()),
        send_rule: Some(last.rule_name.clone()),
        receipt: receipt.map(|receipt| ReceiptRequest {
            options: receipt.options.clone(),
            due_at: receipt.due_at.map(|due| due + shift),
        }),
        actions: last.actions.0.list.clone(),
        attributes: last.attributes.0.as_object().cloned().unwrap_or_default(),
        send_at: Some(send_at),
        expires_at: last.expires_at.map(|until| until + shift),
        ..Draft::content(last.title.clone(), last.body.clone(), last.audience.0.clone())
    }
}

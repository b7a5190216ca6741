//! The last days of the university, lived through: everything happens by the hub's own verbs, on a
//! clock of its own that runs from event to event, before the real one takes over.
//!
//! Invariant: nothing is dated after the moment at which the demonstration starts.

use std::collections::BTreeMap;

use chrono::{Duration, Timelike};
use serde_json::{Value, json};

use super::{
    dice::Dice,
    enrol::account,
    notices::{Calendar, Notice, Verdict},
    phones::Phones,
    settle,
    university::{ACTORS, University},
};
use crate::{
    clock::Timestamp,
    domain::{
        ApprovalId, GroupId, MessageId, PersonId, approval::Decision, approval_flow::SeatState, command::read_send,
        message::Draft,
    },
    hub::{
        Hub, Result, Source,
        send::{draft::Writing, origin::Origin},
    },
    storage::{approvals, inbox, messages, receipts::Reply, recipients, seats, waves::NOBODY},
};

/// Of a message to very many so many are played.
const READERS: i64 = 400;
/// Actors leave what came in so short a time for the visitor.
const UNREAD: Duration = Duration::hours(20);

/// What happens at a moment.
pub(super) enum Event {
    /// the nth notice
    Submit(usize),
    Decide(ApprovalId, usize),
    Recall(PersonId, MessageId),
    Read {
        person: PersonId,
        message: MessageId,
        notice: usize,
    },
    /// the nth booking of `bookings`
    Book(usize),
    Confirm(MessageId, usize),
    Visit,
    /// Whatever is due by now happens.
    Pass,
}

pub(super) struct Days<'a> {
    /// The hub on a clock of its own.
    pub hub: Hub,
    pub university: &'a University,
    pub groups: BTreeMap<&'static str, GroupId>,
    pub phones: Phones<'a>,
    pub(super) calendar: Calendar,
    notices: Vec<Notice>,
    agenda: BTreeMap<(Timestamp, usize), Event>,
    entered: usize,
}

impl<'a> Days<'a> {
    pub fn new(hub: Hub, university: &'a University, phones: Phones<'a>, calendar: Calendar) -> Self {
        Self {
            hub,
            university,
            groups: BTreeMap::new(),
            phones,
            calendar,
            notices: Vec::new(),
            agenda: BTreeMap::new(),
            entered: 0,
        }
    }

    /// Lives through these notices, up to now.
    pub async fn live(&mut self, notices: Vec<Notice>) -> anyhow::Result<()> {
        for (nth, notice) in notices.iter().enumerate() {
            self.enter(notice.at(self.calendar), Event::Submit(nth));
        }
        self.notices = notices;
        self.enter_modules();
        while let Some(((at, _), event)) = self.agenda.pop_first() {
            self.go_to(at);
            self.happen(event).await?;
        }
        self.go_to(self.calendar.now);
        self.settle().await?;
        self.tidy_actors().await?;
        while self.hub.relay().await? > 0 {}
        Ok(())
    }

    /// Moves the clock forward, never back.
    pub fn go_to(&self, at: Timestamp) {
        let ahead = at - self.hub.clock.now();
        if ahead > Duration::zero() {
            self.hub.clock.advance(ahead);
        }
        self.phones.tick(self.hub.clock.now());
    }

    pub(super) async fn settle(&mut self) -> Result<()> {
        loop {
            settle(&self.hub).await?;
            // What people do with their phones may give the hub more to do.
            if !self.phones.report(&self.hub).await? {
                return Ok(());
            }
        }
    }

    /// Notes what is to happen, unless that is later than now.
    pub(super) fn enter(&mut self, at: Timestamp, event: Event) {
        if at < self.calendar.now {
            self.entered += 1;
            self.agenda.insert((at, self.entered), event);
        }
    }

    async fn happen(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Submit(nth) => self.submit(nth).await?,
            Event::Decide(approval, nth) => self.decide(approval, nth).await?,
            Event::Recall(sender, message) => {
                self.hub.recall(&Source::Person(sender), message).await?;
            }
            Event::Read { person, message, notice } => self.read(person, message, notice).await?,
            Event::Book(nth) => self.book(nth).await?,
            Event::Confirm(message, nth) => self.confirm(message, nth).await?,
            Event::Visit => self.visit().await?,
            Event::Pass => self.settle().await?,
        }
        Ok(())
    }

    async fn submit(&mut self, nth: usize) -> anyhow::Result<()> {
        let notice = self.notices[nth].clone();
        let sender = self.person(&notice.from);
        let command = notice.command(&self.audience(&notice), self.calendar)?;
        let draft = read_send(&command, self.hub.clock.now()).map_err(crate::hub::Error::from)?;
        if notice.draft {
            self.hub.keep_draft(sender, &Origin::default(), writing(draft), &[]).await?;
            return Ok(());
        }
        let answer = self.hub.accept(&Source::Person(sender), None, [0; 32], draft).await?;
        let now = self.hub.clock.now();
        self.settle().await?;
        match answer.approval {
            Some(approval) => {
                self.pass_later(now, &[30, 60]);
                if notice.verdict() != Verdict::Wait {
                    self.enter(now + notice.decided_after(), Event::Decide(approval.id, nth));
                }
            }
            None => self.goes_out(answer.id, nth).await?,
        }
        Ok(())
    }

    async fn decide(&mut self, id: ApprovalId, nth: usize) -> anyhow::Result<()> {
        let mut tx = self.hub.db.read().await?;
        let waiting = seats::list(&mut tx, id).await?.into_iter().find(|seat| seat.state == SeatState::Waiting);
        let approval = approvals::find(&mut tx, id).await?;
        drop(tx);
        let (Some(seat), Some(approval)) = (waiting, approval) else { return Ok(()) };
        let who = seat.person_id;
        let (decision, opinion) = match self.notices[nth].verdict() {
            Verdict::Reject(why) => (Decision::Reject, why),
            _ => (Decision::Approve, String::new()),
        };
        self.hub.decide(who, id, decision, &opinion).await?;
        self.settle().await?;
        self.read_approvals(who).await?;
        self.goes_out(approval.message_id, nth).await
    }

    /// Whoever has decided has seen what asked him to.
    async fn read_approvals(&self, who: PersonId) -> Result<()> {
        let mut tx = self.hub.db.read().await?;
        let start = (crate::clock::END_OF_TIME, MessageId(uuid::Uuid::max()));
        let lines = inbox::list(&mut tx, unread(who), start, 20).await?;
        drop(tx);
        let asked: Vec<_> =
            lines.iter().filter(|line| line.category == "approval").map(|line| line.message_id).collect();
        self.hub.read_many(who, &asked).await?;
        Ok(())
    }

    /// If it is out: plans who opens it when, and the steps of its rule.
    async fn goes_out(&mut self, id: MessageId, nth: usize) -> anyhow::Result<()> {
        let mut tx = self.hub.db.read().await?;
        let message = messages::find(&mut tx, id).await?;
        let Some(message) = message.filter(|message| message.state.is_out()) else { return Ok(()) };
        let readers = recipients::list(&mut tx, id, NOBODY, READERS).await?;
        drop(tx);
        let now = self.hub.clock.now();
        let steps: Vec<_> = message.rounds.0.list.iter().map(|round| round.after).collect();
        self.pass_later(now, &steps);
        let notice = self.notices[nth].clone();
        if let (Some(after), Some(sender)) = (notice.recalled_after(), message.sender_id) {
            self.enter(now + after, Event::Recall(sender, id));
        }
        for person in readers {
            if let Some(at) = self.opened_at(person, &notice, nth) {
                self.enter(at, Event::Read { person, message: id, notice: nth });
            }
        }
        Ok(())
    }

    pub(super) fn pass_later(&mut self, now: Timestamp, minutes: &[i64]) {
        for after in minutes.iter().filter(|after| **after > 0) {
            // A breath later, so that what is due then is due.
            self.enter(now + Duration::minutes(*after) + Duration::seconds(1), Event::Pass);
        }
    }

    /// When this person opens a message that is out since now: soon, or in a few hours, and not at
    /// night. None: not at all.
    fn opened_at(&self, person: PersonId, notice: &Notice, nth: usize) -> Option<Timestamp> {
        let place = self.university.place(person)?;
        let mut dice = Dice::between(u64::try_from(place).ok()?, u64::try_from(nth).ok()?);
        let now = self.hub.clock.now();
        if !dice.percent(notice.read) || (self.is_actor(person) && now > self.calendar.now - UNREAD) {
            return None;
        }
        let mut minutes = 1 + i64::try_from(dice.below(if notice.quick { 14 } else { 90 })).ok()?;
        // A third takes longer.
        if !notice.quick && dice.percent(33) {
            minutes += i64::try_from(dice.below(20 * 60)).ok()?;
        }
        let at = now + Duration::minutes(minutes) + Duration::seconds(i64::try_from(dice.below(60)).ok()?);
        let local = at.with_timezone(&self.calendar.zone);
        let is_night = (0..7).contains(&local.hour());
        Some(if is_night { at + Duration::hours(7) } else { at })
    }

    async fn read(&self, person: PersonId, message: MessageId, nth: usize) -> anyhow::Result<()> {
        let notice = &self.notices[nth];
        let place = u64::try_from(self.university.place(person).unwrap_or(0))?;
        let mut dice = Dice::between(place, 1_000 + u64::try_from(nth)?);
        let channel = if notice.is_on_phones() && dice.percent(60) { "dingtalk" } else { "web" };
        if channel == "dingtalk" {
            self.phones.open(person, message);
        }
        let options = notice.options();
        if options.is_empty() || !dice.percent(notice.answer) {
            self.hub.read(person, message, channel).await?;
            return Ok(());
        }
        // Most choose the first.
        let (option, words) = match (&notice.other, dice.below(100)) {
            (Some(words), 96..) => ("其他", words.clone()),
            (_, 0..74) => (options[0].as_str(), String::new()),
            _ => (dice.pick(options).as_str(), String::new()),
        };
        let answer = Reply { option: Some(option.to_owned()), action_id: None, words, channel: channel.to_owned() };
        match self.hub.answer(person, message, answer).await {
            // Recalled in the meantime.
            Err(crate::hub::Error::Problem(_)) | Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The actors have read most of what is not of today.
    async fn tidy_actors(&self) -> Result<()> {
        let before = self.calendar.now - UNREAD;
        for actor in &ACTORS {
            let person = self.person(actor.role);
            let mut tx = self.hub.db.read().await?;
            let start = (before, MessageId(uuid::Uuid::max()));
            let lines = inbox::list(&mut tx, unread(person), start, 100).await?;
            drop(tx);
            let most = lines.iter().enumerate().filter(|(nth, _)| nth % 6 != 5);
            self.hub.read_many(person, &most.map(|(_, line)| line.message_id).collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    fn is_actor(&self, person: PersonId) -> bool {
        ACTORS.iter().any(|actor| self.person(actor.role) == person)
    }

    /// `staff`, or `jwc/2`: the third of a department.
    pub(super) fn account(&self, whom: &str) -> String {
        match whom.split_once('/') {
            Some((code, nth)) => {
                let nth: usize = nth.parse().expect("a place such as jwc/2; the demonstration's test reads them all");
                self.university.members(code)[nth].clone()
            }
            None => account(whom).to_owned(),
        }
    }

    pub(super) fn person(&self, whom: &str) -> PersonId {
        self.university.find(&self.account(whom)).expect("the accounts are the university's own").id
    }

    fn audience(&self, notice: &Notice) -> Value {
        let mut everyone = false;
        let (mut people, mut departments, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for to in &notice.to {
            match (to.as_str(), to.strip_prefix("group:"), to.strip_suffix('+')) {
                ("everyone", ..) => everyone = true,
                ("@heads", ..) => people.extend(self.university.heads()),
                (_, Some(name), _) => groups.push(self.groups[name].to_string()),
                (_, _, Some(code)) => departments.push(json!({"code": code, "recursive": true})),
                (to, ..) if to.contains('/') || ACTORS.iter().any(|actor| actor.role == to) => {
                    people.push(self.account(to));
                }
                (code, ..) => departments.push(json!({"code": code})),
            }
        }
        json!({"everyone": everyone, "people": people, "departments": departments, "groups": groups,
               "filter": {"kind": notice.kinds}, "except": {"people": [self.account(&notice.from)]}})
    }
}

/// As it stands in the form of somebody who has not sent it.
fn writing(draft: Draft) -> Writing {
    Writing {
        kind: draft.kind,
        title: draft.title,
        body: draft.body,
        signature: draft.signature,
        url: draft.url,
        audience: draft.audience,
        category: String::new(),
        send_rule: draft.send_rule.unwrap_or_else(|| "inbox".to_owned()),
        receipt: draft.receipt,
        attributes: serde_json::json!({}),
        send_at: draft.send_at,
    }
}

fn unread<'a>(person: PersonId) -> inbox::Wanted<'a> {
    inbox::Wanted { person, tab: inbox::Tab::Unread, search: "", open: None }
}

//! Accepting a message: one transaction for the message, its frozen recipients, the approval it
//! needs, the event, the audit row and, where it goes out at once, the first inboxes. Once that is
//! committed it cannot be lost.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    audience::Plan,
    files,
    origin::{Origin, former, replaced},
};
use crate::{
    clock::Timestamp,
    domain::{
        MessageId, PersonId, Problem, approval, command,
        message::{Draft, Recurrence, State, limits},
        personal,
        problem::Class,
        seal::hex,
        send_rule::{Round, SendRule},
    },
    hub::{
        Answer, ApprovalNeeded, Change, Hub, Once, Result, Source,
        engine::once::Keyed,
        policy::{self, Action, Facts},
    },
    storage::{
        Json, Tx,
        attachments::{self, Attachment},
        audit, groups,
        messages::{self, List, Message},
        readers, settings,
    },
};

/// The category of what names none.
pub const DEFAULT_CATEGORY: &str = "notice";
/// What the hub asks approvers with.
pub const OWN_CATEGORY: &str = "approval";
pub(super) const DEFAULT_RULE: &str = "inbox";

impl Hub {
    /// Accepts `draft` once for each `key` of a source: the same key and body get the same answer,
    /// another body is refused (`IDEM_MISMATCH`).
    pub async fn accept(
        &self,
        source: &Source,
        key: Option<&str>,
        body_hash: [u8; 32],
        draft: Draft,
    ) -> Result<Answer> {
        self.accept_from(source, key, body_hash, draft, &Origin::default()).await
    }

    /// [`Hub::accept`] of what a person has written: its files come along, and the draft that it was is
    /// gone with the same commit. What nobody has to approve and nothing plans for later waits for the
    /// time in which it can be taken back.
    pub async fn send_written(
        &self,
        who: PersonId,
        key: Option<&str>,
        body_hash: [u8; 32],
        mut draft: Draft,
        origin: &Origin,
    ) -> Result<Answer> {
        draft.undo_until = Some(self.place.undo).filter(|undo| !undo.is_zero()).map(|undo| self.clock.now() + undo);
        self.accept_from(&Source::Person(who), key, body_hash, draft, origin).await
    }

    async fn accept_from(
        &self,
        source: &Source,
        key: Option<&str>,
        body_hash: [u8; 32],
        mut draft: Draft,
        origin: &Origin,
    ) -> Result<Answer> {
        policy::require(source, Action::Send, &Facts::STRANGER)?;
        let added = self.keep_files(&draft.attachments).await?;
        let now = self.clock.now();
        let id = MessageId::new();
        let once = key.map(|key| Once { key, fingerprint: &body_hash });
        let mut stopped = None;
        let write = async |tx: &mut Tx| {
            if let Source::Person(who) = source {
                files::carry(tx, *who, origin, id).await?;
                draft.replaces = replaced(tx, *who, origin).await?;
                if let Some(former) = former(tx, *who, origin, draft.replaces).await? {
                    // Before the new one: the series is locked before the quota that both count against.
                    if draft.recurrence.is_some() {
                        stopped = self.stop_with(tx, &source.actor(), former.id).await?;
                    }
                    draft
                        .instead_of
                        .extend(Some(former).filter(|former| former.sent_at.is_none()).map(|former| former.id));
                    draft.instead_of.extend(stopped);
                }
            }
            self.attach(tx, id, &added).await?;
            let answer = self.write(tx, source, id, draft, now).await?;
            if let (Source::Person(who), Some(written)) = (source, origin.message) {
                self.end_written(tx, *who, written, origin).await?;
            }
            Ok(answer)
        };
        let answer = match self.do_once(source, once, id, write).await? {
            Keyed::Done(answer) => answer,
            Keyed::Earlier(earlier) => return Ok(Answer { duplicate: true, ..earlier }),
        };
        failpoint!("accept.after_commit");
        tracing::info!(message.id = %id, message.state = %answer.state, recipients = answer.recipients, "accepted message {id}");
        if let Some(run) = stopped {
            self.recalled(run);
        }
        self.wake.all();
        self.announce(match answer.state {
            State::Sending => Change::Message(id),
            _ => Change::Sent(id),
        });
        if let Some(approval) = &answer.approval {
            self.announce(Change::Approval(approval.id));
        }
        Ok(answer)
    }

    /// Everything of an accepted message, its files being kept already; also how the hub writes its own.
    pub(in crate::hub) async fn write(
        &self,
        tx: &mut Tx,
        source: &Source,
        id: MessageId,
        draft: Draft,
        now: Timestamp,
    ) -> Result<Answer> {
        let recurrence = draft.recurrence.clone();
        let (undo_until, confirmed, instead_of) = (draft.undo_until, draft.confirmed, draft.instead_of.clone());
        let is_verbatim = matches!(source, Source::Hub) && draft.preview_of.is_none();
        // A preview costs whoever looks at it.
        let payer = draft.preview_of.map_or_else(|| source.clone(), Source::Person);
        let mut message = self.compose(tx, source, id, draft, now).await?;
        message.content_hash = content_hash(&message, &attachments::list(tx, id).await?).to_vec();
        let snapshot = self.freeze(tx, id, &message.audience.0, source).await?;
        failpoint!("accept.after_insert");
        refuse_unconfirmed(snapshot.recipients, confirmed)?;
        message.recipients = snapshot.recipients;
        message.snapshot_hash = snapshot.hash;
        let rule = self.rule_for(tx, source, &message).await?;
        message.state = match (&rule, message.send_at) {
            (Some(_), _) => State::PendingApproval,
            (None, Some(_)) => State::Scheduled,
            (None, None) => State::Sending,
        };
        if message.state == State::Sending && undo_until.is_some() {
            (message.state, message.send_at) = (State::Scheduled, undo_until);
            message.content_hash = content_hash(&message, &attachments::list(tx, id).await?).to_vec();
        }
        message.sent_at = (message.state == State::Sending).then_some(now);
        let approval = self.submit(tx, source, &message, (rule, is_verbatim), now).await?;
        // Last: a whole department shares the row that this locks.
        self.hold_for(tx, &payer, &message, &instead_of).await?;
        self.begin_series(tx, &message, recurrence, now).await?;
        Ok(Answer {
            duplicate: false,
            id,
            state: message.state,
            recipients: snapshot.recipients,
            repeated: snapshot.repeated,
            approval,
            missing_channels: self.channels.missing(&message.rounds.0.list),
        })
    }

    /// A text that names its reader is for people who have what it names.
    async fn name_readers(&self, tx: &mut Tx, message: &Message) -> Result<()> {
        let mut traits = personal::named(&message.title);
        traits.extend(personal::named(&message.body));
        traits.sort_unstable();
        traits.dedup();
        for one in &traits {
            let lacking = readers::count_lacking(tx, message.id, *one).await?;
            if lacking > 0 {
                let (field, word) = (personal::placeholder(*one), one.word());
                let at = if message.title.contains(&field) { "/title" } else { "/body" };
                return Err(Problem::invalid(
                    "TPL_UNFILLED",
                    at,
                    format!("有 {lacking} 人没有“{word}”，无法填写 {field}，未发送"),
                )
                .in_english(format!("{lacking} recipients lack what {field} stands for; nothing was sent"))
                .into());
            }
        }
        if !traits.is_empty() {
            messages::mark_personal(tx, message.id).await?;
        }
        Ok(())
    }

    /// Keeps a message that is whole, and asks, plans or starts what its state says.
    pub(in crate::hub) async fn submit(
        &self,
        tx: &mut Tx,
        source: &Source,
        message: &Message,
        (rule, is_verbatim): (Option<approval::Rule>, bool),
        now: Timestamp,
    ) -> Result<Option<ApprovalNeeded>> {
        messages::insert(tx, message).await?;
        if !is_verbatim {
            self.name_readers(tx, message).await?;
        }
        if !message.audience.0.groups.is_empty() {
            groups::record_use(tx, message.id, &message.audience.0.groups).await?;
        }
        let detail = json!({"state": message.state, "recipients": message.recipients, "rule": message.rule_name});
        audit::insert(tx, now, &source.actor(), "message.submit", &format!("message:{}", message.id), detail).await?;
        self.tell(tx, now, "message.submitted", message, json!({})).await?;
        let approval = match rule {
            Some(rule) => Some(self.ask(tx, source, message, &rule, now).await?),
            None => None,
        };
        match message.state {
            State::Sending => self.start(tx, message, now).await?,
            State::Scheduled => self.tell(tx, now, "message.scheduled", message, json!({})).await?,
            _ => {}
        }
        Ok(approval)
    }

    /// The rule by which a message needs approval; what the hub itself says, such as that something is
    /// to be approved, needs none.
    async fn rule_for(&self, tx: &mut Tx, source: &Source, message: &Message) -> Result<Option<approval::Rule>> {
        if matches!(source, Source::Hub) {
            return Ok(None);
        }
        let reach = self.reach(tx, message.id, source, message.recipients, Plan::of(message, &self.place)).await?;
        Ok(approval::needed(&self.approval_rules(tx).await?, &reach).cloned())
    }

    /// A draft as a row: template filled, rule spread out, sender named; recipients still open.
    async fn compose(
        &self,
        tx: &mut Tx,
        source: &Source,
        id: MessageId,
        draft: Draft,
        now: Timestamp,
    ) -> Result<Message> {
        let (title, body) = match source {
            // What people wrote stands in its words: none of it is a placeholder.
            Source::Hub if draft.preview_of.is_none() => (draft.title.clone(), draft.body.clone()),
            _ => super::templates::fill(tx, &draft).await?,
        };
        let writer = draft.preview_of.map(Source::Person);
        let (sender_name, sender_department) = self.sender(tx, writer.as_ref().unwrap_or(source)).await?;
        let category = self.category(tx, source, draft.category.as_deref()).await?;
        let rule = find_rule(tx, source, draft.send_rule.as_deref().unwrap_or(DEFAULT_RULE)).await?;
        let message = Message {
            id,
            sender_id: source.person(),
            producer_id: match source {
                Source::Producer(producer) => Some(producer.id),
                Source::Person(_) | Source::Hub => None,
            },
            sender_name,
            sender_department,
            kind: draft.kind,
            title,
            body,
            signature: draft.signature,
            url: draft.url,
            category,
            rounds: Json(List { list: if writer.is_some() { rule.all_at_once() } else { rule.rounds() } }),
            rule_name: rule.name,
            receipt: draft.receipt.map(Json),
            actions: Json(List { list: draft.actions }),
            attributes: Json(serde_json::Value::Object(draft.attributes)),
            audience: Json(draft.audience),
            about_approval_id: draft.about_approval,
            state: State::Draft,
            version: draft.replaces.map_or(1, |replaces| replaces.version + 1),
            content_hash: Vec::new(),
            snapshot_hash: Vec::new(),
            recipients: 0,
            created_at: now,
            send_at: first_run(draft.recurrence.as_ref(), draft.send_at, now)?,
            expires_at: draft.expires_at,
            sent_at: None,
            finished_at: None,
            recalled_at: None,
            deleted_at: None,
            purged_at: None,
            replaces_id: draft.replaces.map(|replaces| replaces.id),
        };
        Ok(message)
    }

    pub(super) async fn category(&self, tx: &mut Tx, source: &Source, wanted: Option<&str>) -> Result<String> {
        let name = wanted.unwrap_or(DEFAULT_CATEGORY);
        let known = settings::list_categories(tx).await?;
        if !known.iter().any(|category| category.name == name) {
            let list = known.iter().map(|category| category.name.as_str()).collect::<Vec<_>>().join("、");
            return Err(Problem::invalid(
                "CATEGORY_UNKNOWN",
                "/category",
                format!("没有“{name}”这个类别，可用：{list}"),
            )
            .in_english(format!("there is no category “{name}”; there are {list}"))
            .into());
        }
        if name == OWN_CATEGORY && !matches!(source, Source::Hub) {
            return Err(Problem::new(Class::Forbidden, "CATEGORY_FORBIDDEN", "/category", "“审批”类消息只由系统发送")
                .in_english("only the hub itself sends messages of this category")
                .into());
        }
        if let Source::Producer(producer) = source
            && !producer.categories.any
            && !producer.categories.names.iter().any(|allowed| allowed == name)
        {
            return Err(Problem::new(
                Class::Forbidden,
                "CATEGORY_FORBIDDEN",
                "/category",
                format!("该模块不能发送“{name}”类消息"),
            )
            .in_english(format!("this producer may not send category “{name}”"))
            .into());
        }
        Ok(name.to_owned())
    }
}

/// Whoever writes to very many on a page has seen how many they are: 全校 is ticked as easily as an office.
fn refuse_unconfirmed(recipients: i64, confirmed: Option<i64>) -> Result<(), Problem> {
    if recipients < limits::CONFIRMED || confirmed.is_none_or(|confirmed| confirmed >= recipients) {
        return Ok(());
    }
    Err(Problem::invalid("RCPT_MANY", "", format!("这条消息将发给 {recipients} 人。请核对接收人，确认无误再点一次"))
        .in_english(format!(
            "this message goes to {recipients} people; check them, and press once more if that is meant"
        )))
}

/// When it goes out: the first run of a series is not before the time that its sender names.
///
/// # Errors
/// `CRON_NEVER` when the series ended between its reading and now.
pub(super) fn first_run(
    recurrence: Option<&Recurrence>,
    send_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Problem> {
    let Some(recurrence) = recurrence else { return Ok(send_at) };
    // What is later than the second before may be at that time.
    let from = send_at.map_or(now, |at| at - chrono::Duration::seconds(1));
    let first = recurrence.next_after(from);
    first.map(Some).ok_or_else(|| command::over_before_it_began("/recurrence/until"))
}

/// A rule that this source may choose: how approvers are chased is nobody's choice.
pub(super) async fn find_rule(tx: &mut Tx, source: &Source, name: &str) -> Result<SendRule> {
    let row = settings::find_send_rule(tx, name).await?;
    let Some(row) = row.filter(|row| row.is_offered || matches!(source, Source::Hub)) else {
        let offered = settings::list_send_rules(tx).await?;
        let list =
            offered.iter().filter(|rule| rule.is_offered).map(|rule| rule.name.as_str()).collect::<Vec<_>>().join("、");
        return Err(Problem::invalid("RULE_UNKNOWN", "/send_rule", format!("没有“{name}”这个发送规则，可用：{list}"))
            .in_english(format!("there is no send rule “{name}”; there are {list}"))
            .into());
    };
    Ok(SendRule { name: row.name, label: row.label, steps: row.definition.0.steps })
}

/// SHA-256 over all that a recipient or an approver sees, and when it is to go out.
pub fn content_hash(message: &Message, files: &[Attachment]) -> [u8; 32] {
    let files: Vec<_> = files.iter().map(|file| (&file.name, file.size_bytes, hex(&file.content_hash))).collect();
    let rounds: &[Round] = &message.rounds.0.list;
    let content = json!([
        message.kind,
        message.title,
        message.body,
        message.signature,
        message.url,
        message.category,
        message.sender_name,
        rounds,
        message.receipt.as_ref().map(|receipt| &receipt.0),
        message.actions.0.list,
        message.send_at,
        message.expires_at,
        files,
    ]);
    Sha256::digest(content.to_string()).into()
}

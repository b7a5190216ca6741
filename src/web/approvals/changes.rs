//! What has changed since an approver last sent a message back: the same message written anew, held
//! against what it replaces.

use crate::{
    clock::Timestamp,
    domain::{
        MessageId,
        approval::State,
        difference::{self, Line},
        message::ReceiptRequest,
    },
    storage::{
        Tx, accounts,
        approvals::{self, Approval},
        attachments,
        messages::{self, Message},
        snapshot,
    },
    web::{
        door::session::Me,
        frame::page_error::PageError,
        message::plan,
        views::approvals::{ChangedField, ChangedLine, Changes},
    },
};

/// Versions that are looked through for the last decision.
const BACK: usize = 20;

/// None for what was never sent back or taken back.
pub async fn of(tx: &mut Tx, message: &Message, me: &Me) -> Result<Option<Changes>, PageError> {
    let Some((former, decision)) = former(tx, message).await? else { return Ok(None) };
    let (added, removed) = snapshot::compare(tx, former.id, message.id).await?;
    let (was, is) = (attachments::list(tx, former.id).await?, attachments::list(tx, message.id).await?);
    let missing = |from: &[attachments::Attachment], of: &[attachments::Attachment]| {
        let left = of.iter().filter(|file| {
            !from.iter().any(|known| known.name == file.name && known.content_hash == file.content_hash)
        });
        left.map(|file| file.name.clone()).collect::<Vec<_>>()
    };
    let who = match decision.as_ref().and_then(|decision| decision.decided_by) {
        Some(person) => accounts::name_of(tx, person).await?,
        None => None,
    };
    let fields = fields(tx, &former, message, me).await?;
    let body = difference::between(&former.body, &message.body).into_iter().map(line).collect::<Vec<_>>();
    let changes = Changes {
        version: message.version,
        state: decision.as_ref().map_or(State::Void, |decision| decision.state),
        at: decision.as_ref().and_then(|decision| decision.decided_at).or(former.recalled_at),
        opinion: decision.map(|decision| decision.opinion).filter(|opinion| !opinion.is_empty()),
        who,
        added,
        removed,
        files_added: missing(&was, &is),
        files_removed: missing(&is, &was),
        fields,
        body,
        is_same: false,
    };
    let is_same = changes.fields.is_empty()
        && changes.body.is_empty()
        && (added, removed) == (0, 0)
        && changes.files_added.is_empty()
        && changes.files_removed.is_empty();
    Ok(Some(Changes { is_same, ..changes }))
}

/// The last version that was rejected or returned, with that decision; where none was, the one before.
async fn former(tx: &mut Tx, message: &Message) -> Result<Option<(Message, Option<Approval>)>, PageError> {
    let (mut next, mut nearest): (Option<MessageId>, Option<Message>) = (message.replaces_id, None);
    for _ in 0..BACK {
        let Some(id) = next else { break };
        let Some(found) = messages::find(tx, id).await? else { break };
        let decisions = approvals::list_of_message(tx, id).await?;
        let refusal = decisions.into_iter().rev().find(|each| matches!(each.state, State::Rejected | State::Returned));
        if refusal.is_some() {
            return Ok(Some((found, refusal)));
        }
        next = found.replaces_id;
        nearest.get_or_insert(found);
    }
    Ok(nearest.map(|message| (message, None)))
}

/// Everything beside the text that reads differently.
async fn fields(tx: &mut Tx, was: &Message, is: &Message, me: &Me) -> Result<Vec<ChangedField>, PageError> {
    let rules = [plan::send(tx, was, me).await?.rule, plan::send(tx, is, me).await?.rule];
    let receipts = [was, is].map(|message| message.receipt.as_ref().map(|receipt| &receipt.0));
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let pairs = [
        ("title_of", was.title.clone(), is.title.clone()),
        ("signature", was.signature.clone(), is.signature.clone()),
        ("url", text(&was.url), text(&is.url)),
        ("send_rule", rules[0].clone(), rules[1].clone()),
        ("send_at", me.moment(was.send_at), me.moment(is.send_at)),
        ("expires_at", me.moment(was.expires_at), me.moment(is.expires_at)),
        ("receipt", me.options(receipts[0]), me.options(receipts[1])),
        (
            "due_at",
            me.moment(receipts[0].and_then(|receipt| receipt.due_at)),
            me.moment(receipts[1].and_then(|receipt| receipt.due_at)),
        ),
    ];
    let changed = pairs.into_iter().filter(|(_, before, after)| before != after);
    Ok(changed.map(|(name, before, after)| ChangedField { name: name.to_owned(), before, after }).collect())
}

impl Me {
    /// In words; empty: none.
    fn moment(&self, at: Option<Timestamp>) -> String {
        at.map(|at| self.web.hub.local(at)).unwrap_or_default()
    }

    fn options(&self, receipt: Option<&ReceiptRequest>) -> String {
        let choices = receipt.iter().flat_map(|receipt| receipt.choices()).map(|choice| self.choice(choice));
        choices.collect::<Vec<_>>().join(&self.say("list.comma", &[]))
    }
}

fn line(line: Line) -> ChangedLine {
    let (kind, text, skipped) = match line {
        Line::Same(text) => ("same", text, 0),
        Line::Removed(text) => ("removed", text, 0),
        Line::Added(text) => ("added", text, 0),
        Line::Skipped(count) => ("skipped", String::new(), i64::try_from(count).unwrap_or(i64::MAX)),
    };
    ChangedLine { kind: kind.to_owned(), text, skipped }
}

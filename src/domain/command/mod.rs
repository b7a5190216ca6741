//! Commands: what modules ask of the hub, over HTTP and over the queue, read and checked.
//!
//! Reading looks nothing up: everything that can be said about an input by itself is said here,
//! in the words of the bad-input catalogue, before any table is touched.

pub mod attachment;
mod audience;
mod fields;
mod follow_up;
mod groups;
mod json;
mod link;
mod receipt;
mod recurrence;
mod send;
mod sketch;
pub mod text;
pub mod time;

#[cfg(test)]
mod catalogue;

use serde_json::Value;

pub use audience::{external as read_external, read as read_audience, refuse_crowd};
pub use follow_up::{
    RemindTo, ResendTo, read_add, read_added, read_export, read_id, read_remind, read_remind_to, read_resend,
    read_resend_to,
};
pub use groups::{
    ChosenGroup, ChosenMembers, read_chosen, read_copy, read_follow, read_group, read_group_order, read_member,
    read_members, read_name,
};
pub use json::{most_values, parse};
pub use recurrence::{over_before_it_began, read_alone as read_recurrence, schedule};
pub use send::read_send;
pub use sketch::{Sketch, read_sketch};

use super::{
    MessageId, Problem,
    message::{Audience, Draft},
    seal::sha256,
    words::words,
};
use crate::clock::Timestamp;

words! {
    /// Every command there is (spec/interfaces §3).
    pub enum Name {
        MessageSend => "message.send",
        MessageRecall => "message.recall",
        MessageRemind => "message.remind",
        MessageRelease => "message.release",
        MessageResend => "message.resend",
        MessageAddRecipients => "message.add_recipients",
        TaskOpen => "task.open",
        TaskClose => "task.close",
        AnnouncementSubmit => "announcement.submit",
        DepartmentUpsert => "directory.department.upsert",
        PersonUpsert => "directory.person.upsert",
        PersonResign => "directory.person.resign",
    }
}

/// A command that has been understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Send(Box<Draft>),
    Recall(MessageId),
    Release(MessageId),
    Remind { id: MessageId, to: RemindTo },
    Resend { id: MessageId, to: ResendTo },
    AddRecipients { id: MessageId, audience: Box<Audience> },
}

/// The command's name.
///
/// # Errors
/// `COMMAND_UNKNOWN`, with what there is.
pub fn name(kind: &str) -> Result<Name, Problem> {
    kind.parse().map_err(|_| {
        let known = Name::ALL.iter().map(|name| name.as_str()).collect::<Vec<_>>().join("、");
        Problem::invalid("COMMAND_UNKNOWN", "", format!("未知命令“{}”，可用：{known}", kind.escape_debug()))
            .in_english(format!("unknown command “{}”", kind.escape_debug()))
    })
}

/// What tells one request from another under the same idempotency key. Blanks and the way it came
/// do not count: a module may repeat over HTTP what it first put on the queue.
pub fn fingerprint(name: Name, value: &Value) -> [u8; 32] {
    sha256(format!("{name}\n{value}").as_bytes())
}

/// Reads the command of this name out of its JSON.
///
/// # Errors
/// Everything that is wrong with the value; `COMMAND_UNAVAILABLE` for commands that this version
/// knows of and does not carry out.
pub fn read(name: Name, value: &Value, now: Timestamp) -> Result<Command, Problem> {
    match name {
        Name::MessageSend => read_send(value, now).map(|draft| Command::Send(Box::new(draft))),
        Name::MessageRecall => read_id(value).map(Command::Recall),
        Name::MessageRelease => read_id(value).map(Command::Release),
        Name::MessageRemind => read_remind(value).map(|(id, to)| Command::Remind { id, to }),
        Name::MessageResend => read_resend(value).map(|(id, to)| Command::Resend { id, to }),
        Name::MessageAddRecipients => {
            read_add(value).map(|(id, audience)| Command::AddRecipients { id, audience: Box::new(audience) })
        }
        other => Err(Problem::invalid("COMMAND_UNAVAILABLE", "", format!("命令 {other} 此版本尚未提供"))
            .in_english(format!("the command {other} is not part of this version"))),
    }
}

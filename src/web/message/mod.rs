//! One message, wherever it is shown: in an inbox, before an approver, in the outbox of its sender.

pub(super) mod attachments;
pub(super) mod letter;
pub(super) mod plan;
pub(super) mod recurring;
pub(super) mod trail;

//! The nouns of the product and the rules that need nothing but their data.

pub mod account;
pub mod approval;
pub mod approval_flow;
mod archive;
pub mod calendar;
pub mod calls;
pub mod chase;
pub mod command;
mod compound;
pub mod contact;
pub mod delivery;
pub mod difference;
pub mod email;
pub mod evidence;
pub mod export;
pub mod group;
mod ids;
pub mod kind;
pub mod message;
pub mod name;
mod office;
pub mod password;
pub mod person;
pub mod personal;
pub mod phone;
mod picture;
pub mod pinyin_keys;
pub mod problem;
pub mod quota;
mod rar;
pub mod seal;
pub mod send_rule;
pub mod sign_in;
pub mod template;
pub mod width;
pub mod wording;
pub mod words;

pub use ids::{
    ApprovalId, ApprovalRuleId, AttachmentId, AuditId, ClaimId, DeadLetterId, DelegationId, DepartmentId, EventId,
    ExportId, FolderId, GroupId, MessageId, PersonId, ProducerId, QuotaId, ReplicaId, SeriesId, TicketId,
};
pub use problem::Problem;

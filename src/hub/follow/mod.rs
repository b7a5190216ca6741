//! What a sender does about a message that he has sent, and what he learns of it.

pub mod add_recipients;
pub mod again;
pub mod emergency;
pub mod evidence;
pub mod export;
pub mod kept_tallies;
pub mod recall;
pub mod recycle;
pub mod refuse;
pub mod remind;
pub mod resend;
pub mod status;
pub mod tallies;
pub mod undo;

//! From a message that may go out to the people it is for, and back: rounds, tickets, channels, what
//! providers report and what readers answer.

pub(super) mod breaker;
pub(super) mod escalate;
pub(super) mod fan_out;
pub mod lanes;
pub mod queue;
pub mod receive;
pub mod record;
pub mod report;
pub(super) mod rounds;
pub(super) mod spare;
pub mod work;

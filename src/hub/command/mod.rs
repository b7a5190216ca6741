//! Commands from the queue: plain or as CloudEvents, carried out once, answered, never lost.
//!
//! Invariants: a command is acknowledged only after its result is committed, be it the message or
//! a dead letter; what cannot be read never stands in the way of the next; a database that is away
//! delays commands and loses none.

mod bury;
mod consume;
mod decode;
mod execute;

pub use decode::{Incoming, LARGEST, checked_key, decode};
pub use execute::Done;

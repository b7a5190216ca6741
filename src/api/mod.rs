//! JSON for other modules, provider callbacks, and what an operator watches.

pub mod operation;

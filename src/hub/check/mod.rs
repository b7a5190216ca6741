//! Whether the promise was kept, asked of the database and of what others saw.

pub mod invariants;
pub mod witness;

//! What moves on open pages by itself: counts, and that there is something new.

pub(super) mod counters;
pub(super) mod events;

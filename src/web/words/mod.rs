//! How things are said: the texts in both languages, times, and the smallest pieces of markup.

pub(super) mod language;
pub(super) mod marks;
pub mod text;
pub(super) mod times;

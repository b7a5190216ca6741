//! Pages for people: views, templates, words, and what browsers fetch beside them.

pub mod assets;
mod marks;
pub mod render;
pub mod text;
mod times;
pub mod views;

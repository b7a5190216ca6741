//! The tests that run in one process: stories, contracts, pages, access and the shape of the tree.

mod templates;
mod tidy;

//! The tests that run in one process: stories, contracts, pages, access and the shape of the tree.

mod contract;
mod stories;
mod support;
mod templates;
mod tidy;

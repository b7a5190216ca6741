//! The tests that run in one process: stories, contracts, pages, access and the shape of the tree.

mod bare;
mod contract;
mod stories;
mod templates;
mod tidy;

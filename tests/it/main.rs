//! The tests that run in one process: stories, contracts, pages, access and the shape of the tree.

mod access;
mod api;
mod bad_input;
mod contract;
mod pages;
mod stories;
mod support;
mod templates;
mod tidy;

//! 知会: people and modules post; the hub gates, schedules, fans out, delivers, keeps asking until
//! somebody has read or answered, and can prove it.
//!
//! Each layer may use those above it in this table, never those below; two in one line never name
//! each other.
//!
//! | layer                 | what it holds                                                     |
//! |-----------------------|-------------------------------------------------------------------|
//! | `clock`               | the only source of the time                                       |
//! | `domain`              | the nouns and their rules; no I/O                                 |
//! | `storage` · `broker`  | every line of SQL · queues, in the process or RabbitMQ            |
//! | `hub`                 | what the product does, one verb a file                            |
//! | `producers`           | modules that post: directory, visitors, meetings                  |
//! | `web` · `api`         | pages for people · JSON and callbacks for programs                |
//! | `app`, `cli`          | put the parts together; only they see `config`                    |

#[macro_use]
mod failpoint;

pub mod api;
pub mod app;
pub mod broker;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod hub;
pub mod producers;
pub mod storage;
pub mod web;

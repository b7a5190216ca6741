//! Faults on purpose, against real processes of the built program: each test breaks something, lets
//! the hub come to rest and holds what became of everything against the promise.
//!
//! `tests/run fault` runs all of it; with `ZHIHUI_FAULT=short` each fault comes a few times only.
//! The production set needs `ZHIHUI_TEST_DATABASE` and `ZHIHUI_TEST_BROKER`.

#[path = "../shared/gate.rs"]
mod gate;
#[path = "../shared/parts.rs"]
mod parts;
#[path = "../shared/schema.rs"]
mod schema;
#[path = "../shared/staff.rs"]
mod staff;

mod broadcast;
mod broker;
mod crash;
mod database;
mod deciders;
mod phone;
mod recalls;
mod replicas;
mod series;
mod stop;
mod support;
mod uploads;

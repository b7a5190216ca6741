//! The pages as people meet them: a real hub on a real port, and headless Chromium in front of it.
//!
//! Each test has a hub and browsers of its own. `ZHIHUI_TEST_CHROMIUM` and
//! `ZHIHUI_TEST_CHROMEDRIVER` name the programs where they have other names than in Debian.

#[path = "../shared/parts.rs"]
mod parts;
#[path = "../shared/staff.rs"]
mod staff;

mod accessible;
mod approving;
mod driver;
mod faults;
mod following;
mod grouping;
mod harm;
mod keeping;
mod mistakes;
mod people;
mod phone;
mod plain;
mod reading;
mod screenshots;
mod sending;
mod site;
mod tour;
mod whole;
mod window;

//! Providers on loopback that record what they were given, for the tests and
//! benchmarks of whoever sends. Each lives as long as its value.

mod gateway;
pub mod http;
mod smtp;

pub use gateway::{Gateway, GatewayOptions, Stats};
pub use smtp::{Mail, MailFault, Smtp, SmtpOptions};

//! What every backend of one kind must do alike: every storage function on both databases,
//! every promise of the broker in this process and over AMQP.

mod amqp;
mod broker;
mod dead_letters;
mod people;
mod producers;

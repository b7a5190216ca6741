//! Every storage function does the same on both databases.

mod dead_letters;
mod people;
//! What every backend of one kind must do alike.

mod amqp;
mod broker;
mod producers;
//! What every backend of one kind must do alike: every storage function on both databases,
//! every promise of the broker in this process and over AMQP.

mod amqp;
mod broker;
mod people;

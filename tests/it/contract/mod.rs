//! Every storage function does the same on both databases.

mod dead_letters;
mod people;
//! What every backend of one kind must do alike.

mod amqp;
mod broker;
mod producers;

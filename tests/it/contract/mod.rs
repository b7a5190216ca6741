//! What every backend of one kind must do alike, and every storage function on both databases.

mod amqp;
mod bare;
mod broker;
mod command;
mod crowd;
mod dead_letters;
mod people;
mod producers;
mod storage;
mod upgrade;
mod versions;

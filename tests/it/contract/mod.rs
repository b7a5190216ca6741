//! Every storage function does the same on both databases.

mod people;

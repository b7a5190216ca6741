//! What people do with the hub, told as they would tell it.

mod sign_in;

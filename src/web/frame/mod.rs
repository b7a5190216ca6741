//! What every page stands in, whatever it is about: the request as it comes in, the answer as it goes
//! out, what browsers fetch beside it. Nothing here knows an inbox from an outbox.

pub mod assets;
pub(super) mod cursor;
pub(super) mod form;
pub(super) mod headers;
pub(super) mod page;
pub(super) mod page_error;
pub(super) mod path;
pub mod render;
pub(super) mod request;
pub(super) mod static_files;

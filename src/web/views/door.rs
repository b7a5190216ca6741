//! Pages outside: `/login`, the first password (`/setup/{token}`), and every error.

use serde::Serialize;

/// `pages/login`: `POST /login` with `account`, `password`, `next`.
#[derive(Debug, Clone, Serialize)]
pub struct LoginPage {
    /// What was typed, after an error; the password is never sent back.
    pub account: String,
    /// Where to go afterwards: a path of this server, checked by the handler.
    pub next: String,
    /// Words for the person, already in the person's language.
    pub error: Option<String>,
    /// Why the session that the browser came with has ended, in the same words.
    pub ended: Option<String>,
    /// One-click ways in, only in the demonstration.
    pub demo: Vec<DemoPerson>,
}

/// One way in of the demonstration.
#[derive(Debug, Clone, Serialize)]
pub struct DemoPerson {
    /// `staff`, `head`, `approver`, `undertaker`, `admin`; words under `demo.role.<role>`.
    pub role: String,
    pub name: String,
    pub department: String,
    /// The address that signs in.
    pub href: String,
}

/// `pages/setup`: `POST` to the same address with `password`, `again`.
#[derive(Debug, Clone, Serialize)]
pub struct SetupPage {
    pub account: String,
    pub name: String,
    /// The rule for passwords in words of the organisation's profile.
    pub rule: String,
    pub error: Option<String>,
}

/// `pages/error`, and `pages/error_inside` with the navigation around it: what happened and what to
/// do.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorPage {
    /// One of [`ErrorPage::STATUSES`]; words under `error.<status>.…`.
    pub status: u16,
    /// Stable code as in the API, such as `MSG_RECALLED`; `None` for plain addresses.
    pub code: Option<String>,
    /// What happened, when the handler knows better than the words of the status.
    pub detail: Option<String>,
    pub request_id: String,
    /// Where the way on leads: `/inbox` beside a recalled message, otherwise `/`.
    pub back: String,
    /// The page that led here, when it is one of ours.
    pub before: Option<String>,
    /// What somebody had written in a form that could not be taken, to be copied.
    pub kept: Vec<String>,
}

impl ErrorPage {
    /// The statuses that have words of their own.
    pub const STATUSES: [u16; 13] = [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503];
}

//! `/me/…`: one's own account.

use serde::Serialize;

/// `pages/password`: `POST /me/password` with `present`, `password`, `again`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PasswordPage {
    pub account: String,
    /// The rule for passwords in words.
    pub rule: String,
    /// There is a present one to be changed.
    pub is_set: bool,
    /// What was just done, already in the person's language.
    pub notice: Option<String>,
    /// Beside the fields, already in the person's language.
    pub present_error: Option<String>,
    pub password_error: Option<String>,
    pub again_error: Option<String>,
    /// What belongs to no field.
    pub error: Option<String>,
}

impl PasswordPage {
    /// Puts an error beside its field, named by a JSON pointer as in the API.
    pub fn put(&mut self, pointer: &str, text: String) {
        let place = match pointer {
            "/present" => &mut self.present_error,
            "/password" => &mut self.password_error,
            "/again" => &mut self.again_error,
            _ => &mut self.error,
        };
        *place = Some(text);
    }
}

/// `pages/prove`: `POST /me/prove` with `password`, `next`.
#[derive(Debug, Clone, Serialize)]
pub struct ProvePage {
    pub account: String,
    /// Where to go afterwards: a path of this server, checked by the handler.
    pub next: String,
    /// So long it is not asked for again.
    pub minutes: i64,
    /// There is a password to be asked for.
    pub is_set: bool,
    pub error: Option<String>,
}

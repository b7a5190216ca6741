//! A message that is only thought of: whom it would reach and what it would take.

use serde_json::Value;

use super::{audience, fields, fields::Fields, text};
use crate::domain::{Problem, message::Audience};

/// Enough of a message to say whom it would reach and who would have to approve.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    pub audience: Audience,
    pub send_rule: Option<String>,
    /// Empty when it is not known yet; it decides how many SMS pieces there are.
    pub title: String,
}

/// `{"audience": …, "send_rule": …, "title": …}`; only the audience is required.
pub fn read_sketch(value: &Value) -> Result<Sketch, Problem> {
    let fields = Fields::of(value, "", &["audience", "send_rule", "title"])?;
    let audience = fields.get("audience").ok_or_else(|| fields::missing("/audience"))?;
    let name = |raw: &str| fields::name(raw, "/send_rule");
    Ok(Sketch {
        audience: audience::read(audience, "/audience")?,
        send_rule: fields.text("send_rule")?.map(name).transpose()?,
        title: fields.text("title")?.map(|raw| text::title(raw, "/title")).transpose()?.unwrap_or_default(),
    })
}

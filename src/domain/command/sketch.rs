//! A message that is only thought of: whom it would reach and what it would take.

use serde_json::Value;

use super::{audience, fields, fields::Fields, read_recurrence, text, time};
use crate::{
    clock::Timestamp,
    domain::{
        Problem,
        message::{Audience, Recurrence},
    },
};

/// Enough of a message to say whom it would reach and who would have to approve.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    pub audience: Audience,
    pub send_rule: Option<String>,
    /// Empty when it is not known yet; it decides how many SMS pieces there are.
    pub title: String,
    /// It may decide who has to approve.
    pub category: Option<String>,
    /// In which month its SMS count; none: now.
    pub send_at: Option<Timestamp>,
    /// That of its first run, in a series.
    pub recurrence: Option<Recurrence>,
}

/// As in `message.send`: `audience`, which is required, `send_rule`, `title`, `category`, `send_at`, `recurrence`.
pub fn read_sketch(value: &Value, now: Timestamp) -> Result<Sketch, Problem> {
    let fields = Fields::of(value, "", &["audience", "send_rule", "title", "category", "send_at", "recurrence"])?;
    let audience = fields.get("audience").ok_or_else(|| fields::missing("/audience"))?;
    let name = |at: &str| fields.text(at)?.map(|raw| fields::name(raw, &fields.at(at))).transpose();
    Ok(Sketch {
        audience: audience::read(audience, "/audience")?,
        send_rule: name("send_rule")?,
        category: name("category")?,
        send_at: fields
            .text("send_at")?
            .map(|raw| time::moment(raw, &fields.at("send_at")))
            .transpose()?
            .map(|at| at.to_utc()),
        recurrence: fields.get("recurrence").map(|value| read_recurrence(value, now)).transpose()?,
        title: fields.text("title")?.map(|raw| text::title(raw, "/title")).transpose()?.unwrap_or_default(),
    })
}

//! Turns a view into HTML: handlebars in strict mode over templates that are compiled in.
//!
//! Invariants: a missing name is an error, also inside `if`; everything a view brings is escaped;
//! a template sees the shell and its own view, nothing else.
//!
//! A page says what stands around it: `{{#> layout}}…{{/layout}}`. The engine would copy the whole view for
//! that, and again for each list in it, so the page is rendered first and then what is around it.

use std::{collections::HashMap, sync::Arc};

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason as Reason,
    Renderable, ScopedJson,
};
use serde::Serialize;
use serde_json::Value;

use super::assets::{Assets, Files};
use crate::web::{
    views::Shell,
    words::{
        marks,
        text::{Lang, Words, WordsError},
        times,
    },
};

/// The templates cannot be used at all; only a broken build gets here.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("a template cannot be read")]
    Template(#[from] Box<handlebars::TemplateError>),
    #[error("the words cannot be read")]
    Words(#[from] WordsError),
}

/// A page could not be made. Its source names the template, the line and what was missing.
#[derive(Debug, thiserror::Error)]
#[error("template {template} cannot be rendered")]
pub struct RenderError {
    pub template: String,
    #[source]
    source: Box<handlebars::RenderError>,
}

/// All templates, ready to render.
pub struct Templates {
    engine: Handlebars<'static>,
    words: Arc<Words>,
    /// what stands around a page, by the page
    frames: HashMap<String, String>,
}

/// What a template sees: `shell`, and the fields of its view beside it.
#[derive(Serialize)]
struct Whole<'a, V> {
    shell: &'a Shell,
    #[serde(flatten)]
    view: &'a V,
}

/// What the template around a page sees.
#[derive(Serialize)]
struct Framed<'a> {
    shell: &'a Shell,
    /// The page, as HTML.
    page: String,
}

/// Where a frame has its page, as the engine writes it and as it is filled here.
const PLACE: (&str, &str) = ("{{> @partial-block}}", "{{{page}}}");

/// A page without its frame, and the frame's name.
fn unframed(source: &str) -> Option<(&str, &str)> {
    let (frame, rest) = source.trim_start().strip_prefix("{{#> ")?.split_once("}}")?;
    let page = rest.trim_end().strip_suffix("}}")?.strip_suffix(frame)?.strip_suffix("{{/")?;
    Some((page, frame))
}

impl Templates {
    /// Compiles every template; done once at start.
    pub fn load(assets: &Assets) -> Result<Self, LoadError> {
        let words = Arc::new(Words::load()?);
        let mut engine = Handlebars::new();
        engine.set_strict_mode(true);
        engine.set_prevent_indent(true);
        let mut frames = HashMap::new();
        for path in Files::iter() {
            let Some(name) = path.strip_suffix(".hbs") else { continue };
            let file = Files::get(&path).expect("a listed file can be read");
            let source = String::from_utf8_lossy(&file.data).replace(PLACE.0, PLACE.1);
            let source = match unframed(&source) {
                Some((page, frame)) => {
                    frames.insert(name.to_owned(), frame.to_owned());
                    page
                }
                None => &source,
            };
            engine.register_template_string(name, source).map_err(Box::new)?;
        }
        engine.register_helper("if", Box::new(StrictIf { positive: true }));
        engine.register_helper("unless", Box::new(StrictIf { positive: false }));
        engine.register_helper("t", Box::new(Say(words.clone())));
        times::register(&mut engine, &words);
        marks::register(&mut engine, assets, &words);
        Ok(Self { engine, words, frames })
    }

    /// A whole page: `templates/pages/<template>.hbs`.
    pub fn render(&self, template: &str, shell: &Shell, view: &impl Serialize) -> Result<String, RenderError> {
        let name = format!("pages/{template}");
        let page = self.run(&name, &Whole { shell, view })?;
        match self.frames.get(&name) {
            Some(frame) => self.run(frame, &Framed { shell, page }),
            None => Ok(page),
        }
    }

    /// A piece that a script puts into an open page: `templates/parts/<template>.hbs`.
    pub fn fragment(&self, template: &str, shell: &Shell, view: &impl Serialize) -> Result<String, RenderError> {
        self.run(&format!("parts/{template}"), &Whole { shell, view })
    }

    /// The words, for titles and messages that a handler puts together.
    pub fn words(&self) -> &Words {
        &self.words
    }

    fn run(&self, template: &str, data: &impl Serialize) -> Result<String, RenderError> {
        let failed = |source| RenderError { template: template.to_owned(), source: Box::new(source) };
        self.engine.render(template, data).map_err(failed)
    }
}

/// The language of the page that is being rendered.
pub(in crate::web) fn lang_of(context: &Context) -> Lang {
    let tag = context.data().pointer("/shell/lang").and_then(Value::as_str);
    Lang::from_cookie(tag.unwrap_or_default())
}

/// `{{t "inbox.count" total=12}}`. Several words before the values are joined into one key:
/// `{{t "channel." name}}`. The result is escaped like any other value.
struct Say(Arc<Words>);

impl HelperDef for Say {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        call: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, handlebars::RenderError> {
        let mut key = String::new();
        for part in call.params() {
            key.push_str(&part.value().render_plain());
        }
        let values: Vec<(&str, String)> =
            call.hash().iter().map(|(name, value)| (*name, value.value().render_plain())).collect();
        match self.0.say(lang_of(context), &key, &values) {
            Some(text) => Ok(ScopedJson::Derived(Value::String(text))),
            None => Err(Reason::Other(format!("no words for {key}")).into()),
        }
    }
}

/// `if` and `unless` that refuse a name which does not exist; the engine's own take it for false.
struct StrictIf {
    positive: bool,
}

impl HelperDef for StrictIf {
    fn call<'reg: 'rc, 'rc>(
        &self,
        call: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let param = call.param(0).ok_or(Reason::ParamNotFoundForIndex("if", 0))?;
        if param.is_value_missing() {
            return Err(Reason::MissingVariable(param.relative_path().cloned()).into());
        }
        let chosen = if is_something(param.value()) == self.positive { call.template() } else { call.inverse() };
        chosen.map_or(Ok(()), |template| template.render(engine, context, state, out))
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(_) => true,
    }
}

/// How a value is written into a text: numbers in groups of three.
pub(super) trait RenderPlain {
    fn render_plain(&self) -> String;
}

impl RenderPlain for Value {
    fn render_plain(&self) -> String {
        match self {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.as_i64().map_or_else(|| number.to_string(), grouped),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }
}

/// 12866 → `12,866`.
pub(in crate::web) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Escapes for text and for quoted attributes, for leaf markup that is written in Rust.
pub(in crate::web) fn escaped(text: &str) -> String {
    handlebars::html_escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups_of_three() {
        assert_eq!([0, 999, 1000, -12_866_001].map(grouped), ["0", "999", "1,000", "-12,866,001"]);
    }
}

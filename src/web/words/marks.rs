//! The smallest pieces of markup, written by Rust: icons, faces, counts, bars, rings.
//!
//! They occur dozens of times on a page, and a partial with named values copies the whole context
//! each time: written here a page takes half the time (measured on the prototype).

use std::sync::Arc;

use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason as Reason};
use serde_json::Value;

use super::text::Words;
use crate::{
    domain::personal,
    web::frame::{
        assets::Assets,
        render::{escaped, grouped, lang_of},
    },
};

/// Makes the pieces known to the templates.
pub(in crate::web) fn register(engine: &mut Handlebars<'static>, assets: &Assets, words: &Arc<Words>) {
    register_assets(engine, assets);
    engine.register_helper("ava", leaf(|call, _| Ok(face(&text(call, 0)?, &text_or(call, 1)))));
    engine.register_helper("few", leaf(|call, _| Ok(few(number(call, 0)?))));
    engine.register_helper("blanks", leaf(|call, _| Ok(blanks(&text(call, 0)?))));
    engine.register_helper("num", leaf(|call, _| Ok(grouped(number(call, 0)?))));
    engine.register_helper("percent", leaf(|call, _| Ok(percent(number(call, 0)?, number(call, 1)?))));
    engine.register_helper(
        "bar",
        leaf(|call, _| {
            let tone = text_or(call, 2);
            Ok(bars(&[(number(call, 0)?, tone.as_str())], number(call, 1)?))
        }),
    );
    engine.register_helper("mix", leaf(|call, _| mix(call)));
    engine.register_helper("ring", leaf(|call, _| Ok(ring(number(call, 0)?, number(call, 1)?, &text(call, 2)?))));
    engine.register_helper("csrf", leaf(|_, context| Ok(csrf(context))));
    engine.register_helper("here", leaf(|call, context| Ok(here(&text(call, 0)?, context))));
    let words = words.clone();
    engine.register_helper("badge", leaf(move |call, context| Ok(badge(&text(call, 0)?, context, &words))));
}

type Rendered = Result<String, handlebars::RenderError>;

fn leaf<F>(make: F) -> Box<dyn handlebars::HelperDef + Send + Sync>
where
    F: Fn(&Helper<'_>, &Context) -> Rendered + Send + Sync + 'static,
{
    Box::new(
        move |call: &Helper<'_>,
              _: &Handlebars<'_>,
              context: &Context,
              _: &mut RenderContext<'_, '_>,
              out: &mut dyn Output|
              -> HelperResult {
            out.write(&make(call, context)?)?;
            Ok(())
        },
    )
}

fn register_assets(engine: &mut Handlebars<'static>, assets: &Assets) {
    let icons = assets.address("icons.svg").unwrap_or_default().to_owned();
    engine.register_helper(
        "ic",
        leaf(move |call, _| {
            let name = escaped(&text(call, 0)?);
            let class = escaped(&text_or(call, 1));
            let gap = if class.is_empty() { "" } else { " " };
            Ok(format!(
                "<svg class=\"i{gap}{class}\" viewBox=\"0 0 20 20\" aria-hidden=\"true\" \
                 focusable=\"false\"><use href=\"{icons}#{name}\"/></svg>"
            ))
        }),
    );
    let assets = assets.clone();
    engine.register_helper(
        "asset",
        leaf(move |call, _| {
            let name = text(call, 0)?;
            let address = assets.address(&name).map(str::to_owned);
            address.ok_or_else(|| Reason::Other(format!("no asset {name}")).into())
        }),
    );
}

fn text(call: &Helper<'_>, at: usize) -> Rendered {
    let value = call.param(at).and_then(|param| param.value().as_str());
    value.map(str::to_owned).ok_or_else(|| Reason::Other(format!("{} needs a text", call.name())).into())
}

fn text_or(call: &Helper<'_>, at: usize) -> String {
    call.param(at).and_then(|param| param.value().as_str()).unwrap_or_default().to_owned()
}

fn number(call: &Helper<'_>, at: usize) -> Result<i64, handlebars::RenderError> {
    let value = call.param(at).and_then(|param| param.value().as_i64());
    value.ok_or_else(|| Reason::Other(format!("{} needs a whole number", call.name())).into())
}

/// A text before it has a reader: what names him stands as a chip.
fn blanks(text: &str) -> String {
    let mut html = escaped(text);
    for named in personal::named(text) {
        let chip = format!("<em class=\"tag plain blank\">{}</em>", personal::bracketed(named));
        html = html.replace(&personal::placeholder(named), &chip);
    }
    html
}

/// A round tile with the first character of a name, coloured by the name, never by chance.
fn face(name: &str, class: &str) -> String {
    let initial: String = name.chars().take(1).collect();
    let hue = name.chars().map(u32::from).fold(0, u32::wrapping_add) % 6 + 1;
    let gap = if class.is_empty() { "" } else { " " };
    format!(
        "<span class=\"ava{gap}{}\" data-h=\"{hue}\" aria-hidden=\"true\">{}</span>",
        escaped(class),
        escaped(&initial)
    )
}

fn csrf(context: &Context) -> String {
    let token = context.data().pointer("/shell/csrf").and_then(Value::as_str).unwrap_or_default();
    format!("<input type=\"hidden\" name=\"csrf\" value=\"{}\">", escaped(token))
}

/// Marks the entry of the navigation on which the page stands.
fn here(section: &str, context: &Context) -> String {
    let current = context.data().pointer("/shell/section").and_then(Value::as_str);
    if current == Some(section) { "aria-current=\"page\"".to_owned() } else { String::new() }
}

/// What is counted to a hundred, as the script shows it too.
fn few(count: i64) -> String {
    if count > 99 { "99+".to_owned() } else { count.to_string() }
}

/// A count beside an entry of the navigation; a script keeps it true, so zero is hidden, not absent.
fn badge(kind: &str, context: &Context, words: &Words) -> String {
    let counts = context.data().pointer("/shell/counts").and_then(|counts| counts.get(kind));
    let count = counts.and_then(Value::as_i64).unwrap_or_default();
    let hidden = if count == 0 { " hidden" } else { "" };
    let hot = if kind == "inbox" { "" } else { " hot" };
    let shown = few(count);
    let unit = words.say(lang_of(context), &format!("count.{kind}"), &[]).unwrap_or_default();
    format!(
        "<em class=\"n{hot}\"{hidden}><span data-live=\"{}\">{shown}</span><span class=\"sr\"> {}</span></em>",
        escaped(kind),
        escaped(&unit)
    )
}

/// Per mille of a whole, never over it; nothing of nothing is nothing.
fn per_mille(part: i64, whole: i64) -> i64 {
    if whole <= 0 { 0 } else { (part.clamp(0, whole) * 1000 + whole / 2) / whole }
}

/// `82.5%`; rounding never turns almost all into all, nor something into nothing.
fn percent(part: i64, whole: i64) -> String {
    let rounded = per_mille(part, whole);
    let shown = match rounded {
        1000 if part < whole => 999,
        0 if part > 0 && whole > 0 => 1,
        other => other,
    };
    match (shown / 10, shown % 10) {
        (whole, 0) => format!("{whole}%"),
        (whole, tenth) => format!("{whole}.{tenth}%"),
    }
}

/// Pieces of one bar, left to right. Widths are attributes of the drawing: the page's policy
/// forbids styles in the markup.
fn bars(pieces: &[(i64, &str)], whole: i64) -> String {
    let mut drawn = String::from(
        "<svg class=\"bar-line\" viewBox=\"0 0 1000 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    let mut from = 0;
    for (part, tone) in pieces {
        let width = per_mille(*part, whole);
        drawn.push_str(&format!("<rect class=\"{}\" x=\"{from}\" width=\"{width}\" height=\"8\"/>", escaped(tone)));
        from += width;
    }
    drawn.push_str("</svg>");
    drawn
}

/// The colours of the pieces of a whole, in order; the legend beside it uses the same.
const TONES: [&str; 5] = ["az", "az2", "gb", "ok", "gr"];

/// `{{mix shares}}`: a list of objects with a `count`, as one bar; `{{mix shares whole}}`: as parts of a
/// whole, what is left of it being empty.
fn mix(call: &Helper<'_>) -> Rendered {
    let shares = call.param(0).and_then(|param| param.value().as_array());
    let shares = shares.ok_or(Reason::Other("mix needs a list".to_owned()))?;
    let counts = shares.iter().map(|share| share.get("count").and_then(Value::as_i64).unwrap_or(0));
    let pieces: Vec<_> = counts.zip(TONES.iter().copied().cycle()).collect();
    let all: i64 = pieces.iter().map(|(count, _)| count).sum();
    let whole = call.param(1).and_then(|param| param.value().as_i64()).map_or(all, |whole| whole.max(all));
    Ok(bars(&pieces, whole))
}

/// A ring of circumference 100 with the percentage in its middle.
fn ring(part: i64, whole: i64, tone: &str) -> String {
    let rounded = per_mille(part, whole);
    let (whole_part, tenth) = (rounded / 10, rounded % 10);
    let shown = percent(part, whole);
    format!(
        "<svg class=\"ring-mark\" viewBox=\"0 0 36 36\" aria-hidden=\"true\">\
         <circle class=\"track\" cx=\"18\" cy=\"18\" r=\"15.915\"/>\
         <circle class=\"{}\" cx=\"18\" cy=\"18\" r=\"15.915\" \
         stroke-dasharray=\"{whole_part}.{tenth} 100\" transform=\"rotate(-90 18 18)\"/>\
         <text x=\"18\" y=\"20.6\">{shown}</text></svg>",
        escaped(tone)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn almost_all_is_not_all_and_a_little_is_not_nothing() {
        let shown = [(0, 0), (1, 3), (99_999, 100_000), (1, 100_000), (5, 5)];
        let shown = shown.map(|(part, whole)| percent(part, whole));
        assert_eq!(shown, ["0%", "33.3%", "99.9%", "0.1%", "100%"]);
    }

    #[test]
    fn a_face_is_escaped_and_the_same_each_time() {
        assert_eq!(face("<script>", ""), face("<script>", ""));
        assert!(face("<b>", "").contains("&lt;</span>"));
    }
}

//! `GET /api/docs`: the OpenAPI document as a page for people. No script, and nothing from
//! anywhere else: many of the networks that this runs in reach nothing else.

use std::{fmt::Write, sync::LazyLock};

use axum::{
    http::{HeaderName, header},
    response::Html,
};
use serde_json::Value;

use super::documents::OPENAPI;

/// The product's colours and sizes, and what this page adds.
const STYLE: &str = concat!(include_str!("../../templates/static/css/tokens.css"), include_str!("reference.css"));
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(OPENAPI).expect("a test reads the document");
    page(&document)
});

pub async fn show() -> Html<&'static str> {
    Html(PAGE.as_str())
}

pub async fn style() -> ([(HeaderName, &'static str); 2], &'static str) {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=300")], STYLE)
}

fn page(document: &Value) -> String {
    let (mut index, mut body) = (String::new(), String::new());
    for (path, method, operation) in operations(document) {
        let id = text(operation, "operationId");
        let summary = text(operation, "summary");
        let mark = format!("<code class=\"{method}\">{}</code>", method.to_uppercase());
        add(&mut index, format_args!("<li><a href=\"#{id}\">{mark} {}</a></li>", escape(summary)));
        add(
            &mut body,
            format_args!(
                "<section id=\"{id}\"><h2>{}</h2><p class=\"at\">{mark} <code>{}</code></p>{}{}{}{}</section>",
                escape(summary),
                escape(path),
                paragraphs(text(operation, "description")),
                parameters(operation),
                request(document, operation),
                responses(document, operation)
            ),
        );
    }
    let about = &document["info"];
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body><main><header><h1>{title}</h1>{about}\
         <p><a href=\"/openapi.json\">openapi.json</a> · <a href=\"/asyncapi.json\">asyncapi.json</a></p></header>\
         <nav aria-label=\"目录\"><ol>{index}</ol></nav>{body}</main></body></html>",
        title = escape(text(about, "title")),
        about = paragraphs(text(about, "description")),
    )
}

/// Every call of the document, in its order.
fn operations(document: &Value) -> impl Iterator<Item = (&String, &'static str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| item.get(method).map(|operation| (path, method, operation)))
    })
}

fn parameters(operation: &Value) -> String {
    let mut rows = String::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let (name, place) = (text(parameter, "name"), text(parameter, "in"));
        let must = if parameter["required"] == true { "必填" } else { "" };
        add(
            &mut rows,
            format_args!(
                "<tr><td><code>{}</code></td><td>{}</td><td>{must}</td><td>{}</td></tr>",
                escape(name),
                escape(place),
                escape(text(parameter, "description"))
            ),
        );
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<h3>参数</h3><table><thead><tr><th>名称</th><th>位置</th><th></th><th>说明</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn request(document: &Value, operation: &Value) -> String {
    let content = &operation["requestBody"]["content"]["application/json"];
    let example = example(document, content);
    if example.is_empty() { example } else { format!("<h3>请求体</h3>{example}") }
}

fn responses(document: &Value, operation: &Value) -> String {
    let mut items = String::new();
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let response = resolve(document, response);
        let content = response["content"].as_object().and_then(|content| content.values().next());
        let example = content.map(|content| example(document, content)).unwrap_or_default();
        let description = escape(text(response, "description"));
        add(&mut items, format_args!("<dt><code>{}</code> {description}</dt><dd>{example}</dd>", escape(status)));
    }
    format!("<h3>应答</h3><dl>{items}</dl>")
}

/// The example of a media type, or that of its schema.
fn example(document: &Value, content: &Value) -> String {
    let schema = resolve(document, &content["schema"]);
    let own = content.get("example").or_else(|| schema["examples"].get(0));
    let written = own.and_then(|example| serde_json::to_string_pretty(example).ok());
    written.map_or_else(String::new, |written| format!("<pre>{}</pre>", escape(&written)))
}

/// Follows a `$ref` inside the document.
fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let pointer = value.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn text<'d>(value: &'d Value, name: &str) -> &'d str {
    value[name].as_str().unwrap_or_default()
}

fn paragraphs(text: &str) -> String {
    let lines = text.split("\n\n").filter(|line| !line.is_empty());
    lines.map(|line| format!("<p>{}</p>", escape(line))).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn add(to: &mut String, what: std::fmt::Arguments<'_>) {
    to.write_fmt(what).expect("a String takes everything");
}

//! `message.send`: the one way in for everything that is said (spec/interfaces §4).

use serde_json::{Map, Value};

use super::{attachment, audience, fields, fields::Fields, link, receipt, recurrence, text, time};
use crate::{
    clock::Timestamp,
    domain::{
        Problem,
        message::{Draft, Kind, TemplateUse},
        template,
    },
};

const KNOWN: [&str; 16] = [
    "kind",
    "title",
    "body",
    "signature",
    "url",
    "category",
    "audience",
    "send_rule",
    "receipt",
    "actions",
    "send_at",
    "expires_at",
    "recurrence",
    "template",
    "attachments",
    "attributes",
];

/// Most that a producer may have carried along, written as JSON.
const ATTRIBUTES_BYTES: usize = 8 * 1024;

/// A message out of its JSON; nothing is looked up yet.
///
/// # Errors
/// The first thing that is wrong, by the bad-input catalogue.
pub fn read_send(value: &Value, now: Timestamp) -> Result<Draft, Problem> {
    let fields = Fields::of(value, "", &KNOWN)?;
    let optional = |name: &str| fields.text(name).map(Option::unwrap_or_default);
    let title = text::title(fields.required_text("title")?, "/title")?;
    let body = text::body(optional("body")?, "/body")?;
    let signature = text::signature(optional("signature")?, "/signature")?;
    let url =
        fields.text("url")?.filter(|raw| !raw.trim().is_empty()).map(|raw| link::link(raw, "/url")).transpose()?;
    let template = template_use(&fields)?;
    let kind = kind(&fields, &body, url.as_deref(), template.is_some())?;
    if template.is_none() {
        template::fill(&title, "/title", &[], |_| None)?;
        template::fill(&body, "/body", &[], |_| None)?;
    }
    let audience = fields.get("audience").ok_or_else(|| fields::missing("/audience"))?;
    let audience = audience::read(audience, "/audience")?;
    let send_at = moment(&fields, "send_at", "定时时间", now)?;
    let expires_at = moment(&fields, "expires_at", "失效时间", now)?;
    if let (Some(send_at), Some(expires_at)) = (send_at, expires_at)
        && expires_at <= send_at
    {
        return Err(Problem::invalid("TIME_ORDER", "/expires_at", "失效时间应晚于定时时间")
            .in_english("it expires before it is sent"));
    }
    let draft = Draft {
        kind,
        title,
        body,
        signature,
        url,
        category: name(&fields, "category")?,
        audience,
        send_rule: name(&fields, "send_rule")?,
        receipt: fields.get("receipt").map(|value| receipt::read(value, now, "/receipt")).transpose()?,
        actions: receipt::actions(&fields)?,
        send_at,
        expires_at,
        recurrence: fields.get("recurrence").map(|value| series(value, now, send_at)).transpose()?,
        template,
        attachments: attachment::read(&fields)?,
        attributes: attributes(&fields)?,
        about_approval: None,
        replaces: None,
        preview_of: None,
        undo_until: None,
        confirmed: None,
        instead_of: Vec::new(),
    };
    check_link(&draft)?;
    Ok(draft)
}

/// Given, or told from what is there.
fn kind(fields: &Fields<'_>, body: &str, url: Option<&str>, has_template: bool) -> Result<Kind, Problem> {
    let has_body = !text::is_blank(body);
    let kind = match fields.text("kind")? {
        Some(word) => word.parse().map_err(|_| {
            fields::unknown_word("/kind", word, &Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())
        })?,
        None if url.is_some() && !has_body && !has_template => Kind::Link,
        None => Kind::Content,
    };
    match kind {
        Kind::Link if url.is_none() => Err(fields::missing("/url")),
        Kind::Content if url.is_some() => Err(Problem::invalid(
            "LINK_KIND",
            "/url",
            "“内容”类型不能带链接地址：请把 kind 改为 link，或把链接写在内容里",
        )
        .in_english("a message of the kind “content” has no url: use the kind “link”, or write the link in the body")),
        Kind::Content if !has_body && !has_template => {
            Err(Problem::invalid("MSG_BODY_EMPTY", "/body", "内容不能为空：body、url、template 至少填一项")
                .in_english("one of body, url and template is required"))
        }
        _ => Ok(kind),
    }
}

/// A link has nothing of its own to read or answer.
fn check_link(draft: &Draft) -> Result<(), Problem> {
    let at = match draft.kind {
        Kind::Content => return Ok(()),
        Kind::Link if !draft.attachments.is_empty() => "/attachments",
        Kind::Link if !draft.signature.is_empty() => "/signature",
        Kind::Link if draft.receipt.is_some() => "/receipt",
        Kind::Link if !draft.body.is_empty() => "/body",
        Kind::Link => return Ok(()),
    };
    let detail = if at == "/body" {
        "“链接”类型不能带内容"
    } else {
        "“链接”类型不能带附件、落款或回执"
    };
    Err(Problem::invalid("LINK_NO_ATTACH", at, detail)
        .in_english("a message of the kind “link” has no body, attachments, signature or receipt"))
}

fn template_use(fields: &Fields<'_>) -> Result<Option<TemplateUse>, Problem> {
    let Some(value) = fields.get("template") else { return Ok(None) };
    let fields = Fields::of(value, "/template", &["name", "values"])?;
    let name = fields::name(fields.required_text("name")?, &fields.at("name"))?;
    let mut values = fields.map("values")?;
    let at = fields.at("values");
    for (key, value) in &mut values {
        let at = format!("{at}{}", fields::step(key));
        match value {
            Value::String(raw) if raw.contains("{{") => return Err(no_braces(&at)),
            Value::String(raw) => *raw = text::paragraphs(raw, &at)?,
            Value::Number(_) => {}
            _ => return Err(fields::wrong_type(&at, "字符串或数字", "a string or a number")),
        }
    }
    Ok(Some(TemplateUse { name, values }))
}

/// What is put into a text is never filled itself.
fn no_braces(at: &str) -> Problem {
    Problem::invalid("TPL_SYNTAX", at, "填入模板的值不能含有“{{”")
        .in_english("a value that fills a template has no “{{” in it")
}

fn series(
    value: &Value,
    now: Timestamp,
    start: Option<Timestamp>,
) -> Result<crate::domain::message::Recurrence, Problem> {
    let fields = Fields::of(value, "/recurrence", &["cron", "timezone", "until"])?;
    recurrence::read(&fields, now, start)
}

fn moment(fields: &Fields<'_>, name: &str, what: &str, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    fields.text(name)?.map(|raw| time::future(raw, now, &fields.at(name), what)).transpose()
}

fn name(fields: &Fields<'_>, name: &str) -> Result<Option<String>, Problem> {
    fields.text(name)?.map(|raw| fields::name(raw, &fields.at(name))).transpose()
}

/// PostgreSQL keeps no NUL in JSON, and nobody means one.
fn storable(key: &str, value: &Value, at: &str) -> Result<(), Problem> {
    let at = format!("{at}/{}", key.replace('\0', ""));
    let nul = || {
        Problem::invalid("TEXT_CONTROL", at.clone(), "附加属性中含有不可见控制字符，请删除")
            .in_english("attributes hold a control character, remove it")
    };
    if key.contains('\0') {
        return Err(nul());
    }
    match value {
        Value::String(text) if text.contains('\0') => Err(nul()),
        Value::Array(list) => list.iter().try_for_each(|each| storable("", each, &at)),
        Value::Object(map) => map.iter().try_for_each(|(key, each)| storable(key, each, &at)),
        _ => Ok(()),
    }
}

fn attributes(fields: &Fields<'_>) -> Result<Map<String, Value>, Problem> {
    let attributes = fields.map("attributes")?;
    attributes.iter().try_for_each(|(key, value)| storable(key, value, "/attributes"))?;
    let bytes = serde_json::to_vec(&attributes).map_or(0, |written| written.len());
    if bytes > ATTRIBUTES_BYTES {
        let limit = ATTRIBUTES_BYTES / 1024;
        return Err(Problem::invalid(
            "ATTRIBUTES_SIZE",
            "/attributes",
            format!("附加属性最多 {limit} KB，当前 {bytes} 字节"),
        )
        .in_english(format!("attributes take at most {limit} KB, these take {bytes} bytes")));
    }
    Ok(attributes)
}

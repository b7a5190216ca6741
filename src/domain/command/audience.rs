//! 接收范围 as it is written, before anybody is looked up.

use serde_json::Value;

use super::{fields, fields::Fields, text};
use crate::domain::{
    Problem, email,
    message::{Audience, DepartmentChoice, Exceptions, External, Filter, limits},
    phone,
};

pub fn read(value: &Value, at: &str) -> Result<Audience, Problem> {
    const KNOWN: [&str; 7] = ["everyone", "people", "departments", "groups", "filter", "external", "except"];
    let fields = Fields::of(value, at, &KNOWN)?;
    let audience = Audience {
        everyone: fields.flag("everyone")?,
        people: fields.names("people")?,
        departments: fields
            .items("departments")?
            .map(|(at, value)| department(value, &at))
            .collect::<Result<_, _>>()?,
        groups: fields.names("groups")?,
        filter: fields.get("filter").map_or(Ok(Filter::default()), |value| filter(value, &fields.at("filter")))?,
        external: fields.items("external")?.map(|(at, value)| external(value, &at)).collect::<Result<_, _>>()?,
        exceptions: fields
            .get("except")
            .map_or(Ok(Exceptions::default()), |value| except(value, &fields.at("except")))?,
    };
    check_size(&audience, at)?;
    Ok(audience)
}

fn check_size(audience: &Audience, at: &str) -> Result<(), Problem> {
    let named = audience.people.len() + audience.external.len();
    if !audience.everyone && named == 0 && audience.departments.is_empty() && audience.groups.is_empty() {
        return Err(Problem::invalid("RCPT_NONE", at, "没有可接收的人：没有选择任何人").in_english("nobody was chosen"));
    }
    refuse_crowd(named, at)
}

/// Asked before anything is done for each of those that are named one by one.
///
/// # Errors
/// `RCPT_LIMIT`
pub fn refuse_crowd(named: usize, at: &str) -> Result<(), Problem> {
    let limit = limits::RECIPIENTS;
    if i64::try_from(named).is_ok_and(|named| named <= limit) {
        return Ok(());
    }
    Err(Problem::invalid("RCPT_LIMIT", at, format!("一次最多 {limit} 人，当前 {named} 人"))
        .in_english(format!("at most {limit} recipients, these are {named}")))
}

pub(super) fn department(value: &Value, at: &str) -> Result<DepartmentChoice, Problem> {
    let fields = Fields::of(value, at, &["code", "recursive"])?;
    let code = fields::name(fields.required_text("code")?, &fields.at("code"))?;
    Ok(DepartmentChoice { code, recursive: fields.flag("recursive")? })
}

fn filter(value: &Value, at: &str) -> Result<Filter, Problem> {
    let fields = Fields::of(value, at, &["kind", "gender", "grade"])?;
    let word = |name: &str| fields.text(name)?.map(|raw| fields::name(raw, &fields.at(name))).transpose();
    Ok(Filter { kind: fields.names("kind")?, gender: word("gender")?, grade: word("grade")? })
}

fn except(value: &Value, at: &str) -> Result<Exceptions, Problem> {
    let fields = Fields::of(value, at, &["people", "departments"])?;
    Ok(Exceptions { people: fields.names("people")?, departments: fields.names("departments")? })
}

/// Somebody outside the organisation, also where no message is meant.
pub fn external(value: &Value, at: &str) -> Result<External, Problem> {
    let fields = Fields::of(value, at, &["name", "phone", "email"])?;
    let name = person_name(fields.required_text("name")?, &fields.at("name"))?;
    let phone = fields.text("phone")?.map(|raw| phone::mobile(raw, &fields.at("phone"))).transpose()?;
    let email = fields.text("email")?.map(|raw| email::address(raw, &fields.at("email"))).transpose()?;
    if phone.is_none() && email.is_none() {
        return Err(Problem::invalid("EXTERNAL_ADDRESS", at, "单位外的接收人需填写手机号或邮箱")
            .in_english("somebody outside the organisation needs a phone number or an e-mail address"));
    }
    Ok(External { name, phone, email })
}

/// 2 to 60 characters on one line, not digits alone (bad-input catalogue, 32).
fn person_name(raw: &str, at: &str) -> Result<String, Problem> {
    let refused =
        |why: &str, english: &str| Err(Problem::invalid("NAME", at, format!("姓名{why}")).in_english(english));
    if raw.contains(['\n', '\r', '\t']) {
        return refused("不能含有换行或制表符", "a name stands on one line");
    }
    let name = text::line(raw, at)?;
    let count = text::count(&name);
    if !(2..=60).contains(&count) || text::is_blank(&name) {
        return refused(&format!("应为 2–60 字，当前 {count} 字"), "a name has 2 to 60 characters");
    }
    if name.chars().all(char::is_numeric) {
        return refused("不能全是数字", "a name is not digits alone");
    }
    Ok(name)
}

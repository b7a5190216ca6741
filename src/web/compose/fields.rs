//! The fields of `/compose`, into the command that they mean and back onto the page.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::repeating;
use crate::{
    clock::Timestamp,
    domain::{
        Problem,
        command::{self, time},
        message::{Audience, DepartmentChoice, Exceptions, External, Filter, Kind, OTHER, ReceiptRequest, State},
    },
    hub::send::{draft::Writing, origin::Origin},
    storage::messages::Message,
    web::{
        frame::form::Fields,
        views::compose::{ComposeForm, OutsiderRow},
    },
};

/// What is ticked in lists that the page gets from tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// codes
    pub departments: Vec<String>,
    /// codes of those whose people are left out
    pub without_departments: Vec<String>,
    /// ids
    pub groups: Vec<String>,
    /// accounts of those who were picked one by one
    pub people: Vec<String>,
    /// accounts of those who are left out
    pub without: Vec<String>,
    pub filter: Filter,
    pub send_rule: String,
}

/// What is written on, and which of its files stay: `id`, `saved_at`, and `kept`, repeated.
pub fn origin(fields: &Fields) -> Origin {
    let micros: Option<i64> = fields.get("saved_at").parse().ok();
    Origin {
        message: fields.get("id").parse().ok(),
        saved_at: micros.and_then(Timestamp::from_timestamp_micros),
        files: fields.all("kept").filter_map(|id| id.parse().ok()).collect(),
        run: repeating::run_of(fields),
    }
}

/// `message.send` as a program would write it (spec/interfaces §4). What the chosen kind does not
/// show is left out, whatever is typed there. `people` are the accounts of all who are named.
///
/// # Errors
/// `TIME_INVALID` for a time that no clock in this zone shows.
pub fn command(fields: &Fields, people: Vec<String>, zone: Tz) -> Result<Value, Problem> {
    let mut command = Map::new();
    let is_link = fields.get("kind") == Kind::Link.as_str();
    command.insert("kind".into(), json!(if is_link { Kind::Link } else { Kind::Content }));
    command.insert("title".into(), json!(fields.get("title")));
    if is_link {
        command.insert("url".into(), json!(fields.get("url").trim()));
    } else {
        command.insert("body".into(), json!(fields.get("body").replace("\r\n", "\n")));
        command.insert("signature".into(), json!(fields.get("signature")));
        command.insert("attachments".into(), attachments(fields));
    }
    command.insert("audience".into(), json!(audience(fields, people)));
    if !fields.get("send_rule").is_empty() {
        command.insert("send_rule".into(), json!(fields.get("send_rule")));
    }
    if !fields.get("category").is_empty() {
        command.insert("category".into(), json!(fields.get("category")));
    }
    if !is_link && fields.get("receipt") == "1" {
        command.insert("receipt".into(), receipt(fields, zone)?);
    }
    if fields.get("when") == "series" {
        command.insert("recurrence".into(), Value::Object(repeating::command(fields, zone)?));
    }
    if fields.get("when") == "at" {
        if fields.get("send_at").trim().is_empty() {
            return Err(Problem::invalid("TIME_INVALID", "/send_at", "请选择定时发送的时间")
                .in_english("choose when it is to be sent"));
        }
        command.insert("send_at".into(), json!(moment(fields.get("send_at"), zone, "/send_at")?));
    }
    Ok(Value::Object(command))
}

/// Of the same fields only what decides whom it reaches and what that costs.
pub fn sketch(fields: &Fields, people: Vec<String>, zone: Tz) -> Value {
    let mut sketch = json!({"audience": audience(fields, people), "title": fields.get("title")});
    if !fields.get("send_rule").is_empty() {
        sketch["send_rule"] = json!(fields.get("send_rule"));
    }
    if fields.get("title").trim().is_empty() {
        sketch["title"] = Value::Null;
    }
    if !fields.get("category").is_empty() {
        sketch["category"] = json!(fields.get("category"));
    }
    // A time that cannot be read is refused when it is sent.
    if fields.get("when") == "at"
        && let Ok(at) = moment(fields.get("send_at"), zone, "")
    {
        sketch["send_at"] = json!(at);
    }
    if fields.get("when") == "series"
        && let Ok(recurrence) = repeating::command(fields, zone)
    {
        sketch["recurrence"] = Value::Object(recurrence);
    }
    sketch
}

fn attachments(fields: &Fields) -> Value {
    fields.files.iter().map(|file| json!({"name": file.name, "content": STANDARD.encode(&file.bytes)})).collect()
}

/// What is chosen and typed about whom it goes to. Rows of people outside that are empty are ignored.
fn audience(fields: &Fields, people: Vec<String>) -> Audience {
    let texts = |name: &'static str| fields.all(name).map(str::to_owned).collect::<Vec<_>>();
    let department = |code: String| DepartmentChoice { code, recursive: true };
    let filled = |text: &String| !text.trim().is_empty();
    Audience {
        everyone: fields.get("everyone") == "1",
        people,
        departments: texts("department").into_iter().map(department).collect(),
        groups: texts("group"),
        filter: filter(fields),
        external: outsiders(fields)
            .into_iter()
            .map(|row| External {
                name: row.name,
                phone: Some(row.phone).filter(filled),
                email: Some(row.email).filter(filled),
            })
            .collect(),
        exceptions: Exceptions { people: texts("except"), departments: texts("except_department") },
    }
}

fn filter(fields: &Fields) -> Filter {
    let one = |name: &str| Some(fields.get(name).to_owned()).filter(|value| !value.is_empty());
    Filter {
        kind: fields.all("filter_kind").map(str::to_owned).collect(),
        gender: one("filter_gender"),
        grade: one("filter_grade"),
    }
}

/// `outside_name`, `outside_phone` and `outside_email` belong together by their places.
fn outsiders(fields: &Fields) -> Vec<OutsiderRow> {
    let (mut phones, mut emails) = (fields.all("outside_phone"), fields.all("outside_email"));
    let next = |name: &str| OutsiderRow {
        name: name.trim().to_owned(),
        phone: phones.next().unwrap_or_default().trim().to_owned(),
        email: emails.next().unwrap_or_default().trim().to_owned(),
    };
    let rows = fields.all("outside_name").map(next).collect::<Vec<_>>();
    rows.into_iter().filter(|row| !(row.name.is_empty() && row.phone.is_empty() && row.email.is_empty())).collect()
}

/// One a line, or with commas as people type them.
pub fn accounts(typed: &str) -> Vec<&str> {
    typed.split([',', '，', '、', ';', '；']).flat_map(str::split_whitespace).collect()
}

/// Asked before anything is done for each of them: a browser may send millions.
///
/// # Errors
/// `RCPT_LIMIT`
pub fn refuse_crowd(fields: &Fields) -> Result<(), Problem> {
    let named = fields.all("person").count() + accounts(fields.get("accounts")).len();
    command::refuse_crowd(named, "/audience/people")
}

fn receipt(fields: &Fields, zone: Tz) -> Result<Value, Problem> {
    let options: Vec<_> = options(fields);
    let due_at = fields.get("receipt_due_at");
    let due_at = if due_at.is_empty() { None } else { Some(moment(due_at, zone, "/receipt/due_at")?) };
    Ok(json!({"options": options, "due_at": due_at}))
}

/// Empty ones are ignored.
fn options(fields: &Fields) -> Vec<String> {
    fields.all("option").map(str::trim).filter(|option| !option.is_empty()).map(str::to_owned).collect()
}

fn moment(typed: &str, zone: Tz, at: &str) -> Result<String, Problem> {
    Ok(time::local(typed.trim(), zone, at)?.to_rfc3339())
}

/// What has been written so far, for a draft: what cannot be read is left out.
pub fn writing(fields: &Fields, zone: Tz) -> Writing {
    let moment = |name: &str| time::local(fields.get(name).trim(), zone, "").ok().map(|at| at.to_utc());
    let text = |name: &str| fields.get(name).to_owned();
    let typed = accounts(fields.get("accounts")).into_iter();
    let people = fields.all("person").chain(typed).map(str::to_owned).collect();
    Writing {
        kind: fields.get("kind").parse().unwrap_or(Kind::Content),
        title: text("title"),
        body: text("body").replace("\r\n", "\n"),
        signature: text("signature"),
        url: Some(text("url")).filter(|url| !url.is_empty()),
        audience: audience(fields, people),
        send_rule: text("send_rule"),
        category: text("category"),
        receipt: (fields.get("receipt") == "1")
            .then(|| ReceiptRequest { options: options(fields), due_at: moment("receipt_due_at") }),
        send_at: moment("send_at").filter(|_| fields.get("when") == "at"),
        attributes: repeating::kept(fields),
    }
}

/// What was typed, back onto the page.
pub fn from_fields(fields: &Fields) -> (ComposeForm, Choices) {
    let text = |name: &str| fields.get(name).to_owned();
    let form = ComposeForm {
        key: text("key"),
        confirmed: text("confirmed"),
        kind: text("kind"),
        title: text("title"),
        body: text("body"),
        signature: text("signature"),
        url: text("url"),
        everyone: fields.get("everyone") == "1",
        accounts: text("accounts"),
        outsiders: outsiders(fields),
        receipt: fields.get("receipt") == "1",
        options: options(fields),
        receipt_due_at: text("receipt_due_at"),
        when: text("when"),
        send_at: text("send_at"),
        repeating: repeating::from_fields(fields),
        category: text("category"),
        run_of: repeating::run_of(fields).map(|run| run.to_string()).unwrap_or_default(),
    };
    let texts = |name: &'static str| fields.all(name).map(str::to_owned).collect();
    let choices = Choices {
        departments: texts("department"),
        without_departments: texts("except_department"),
        groups: texts("group"),
        people: texts("person"),
        without: texts("except"),
        filter: filter(fields),
        send_rule: text("send_rule"),
    };
    (form, choices)
}

/// A message of one's own, to be written again. It is sent as one of its own: the answers to the
/// first one stay with that.
pub fn from_message(message: &Message, zone: Tz) -> (ComposeForm, Choices) {
    let audience = &message.audience.0;
    let receipt = message.receipt.as_ref().map(|receipt| &receipt.0);
    let local = |at: Option<Timestamp>| {
        at.map(|at| at.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string()).unwrap_or_default()
    };
    let options = receipt.iter().flat_map(|receipt| &receipt.options).filter(|option| *option != OTHER).cloned();
    let draft = Some(&message.attributes.0).filter(|_| message.state == State::Draft);
    let repeating = draft.and_then(repeating::from_kept);
    let form = ComposeForm {
        key: String::new(),
        confirmed: String::new(),
        kind: message.kind.to_string(),
        title: message.title.clone(),
        body: message.body.clone(),
        signature: message.signature.clone(),
        url: message.url.clone().unwrap_or_default(),
        everyone: audience.everyone,
        accounts: String::new(),
        outsiders: audience.external.iter().map(outsider).collect(),
        receipt: receipt.is_some(),
        options: options.collect(),
        receipt_due_at: local(receipt.and_then(|receipt| receipt.due_at)),
        when: match (&repeating, message.send_at) {
            (Some(_), _) => "series",
            (None, Some(_)) => "at",
            (None, None) => "now",
        }
        .to_owned(),
        send_at: local(message.send_at),
        repeating: repeating.unwrap_or_default(),
        category: message.category.clone(),
        run_of: draft.and_then(repeating::run_from_kept).unwrap_or_default(),
    };
    let choices = Choices {
        departments: audience.departments.iter().map(|department| department.code.clone()).collect(),
        without_departments: audience.exceptions.departments.clone(),
        groups: audience.groups.clone(),
        people: audience.people.clone(),
        without: audience.exceptions.people.clone(),
        filter: audience.filter.clone(),
        send_rule: message.rule_name.clone(),
    };
    (form, choices)
}

/// Those who were added to it later belong to whom it goes to when it is written anew.
pub fn join(form: &mut ComposeForm, choices: &mut Choices, added: &Audience) {
    form.everyone |= added.everyone;
    form.outsiders.extend(added.external.iter().map(outsider));
    let codes = added.departments.iter().map(|department| &department.code);
    for (to, more) in [
        (&mut choices.departments, codes.collect::<Vec<_>>()),
        (&mut choices.groups, added.groups.iter().collect()),
        (&mut choices.people, added.people.iter().collect()),
    ] {
        for one in more {
            if !to.contains(one) {
                to.push(one.clone());
            }
        }
    }
    choices.without.retain(|account| !added.people.contains(account));
}

fn outsider(external: &External) -> OutsiderRow {
    OutsiderRow {
        name: external.name.clone(),
        phone: external.phone.clone().unwrap_or_default(),
        email: external.email.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_means_what_a_program_would_send() {
        let typed = "kind=content&title=t&body=a%0D%0Ab&url=x&accounts=1%0A2%EF%BC%8C3&department=jwc&except=9&receipt=1\
                     &outside_name=&outside_phone=&outside_email=&outside_name=%E6%9D%8E%E9%9B%B7\
                     &outside_phone=13800138000&outside_email=\
                     &option=&option=yes&when=at&send_at=2026-11-25T18:00&send_rule=inbox";
        let fields = Fields::parse(typed.as_bytes()).unwrap();
        let people = accounts(fields.get("accounts")).into_iter().map(str::to_owned).collect();
        let command = command(&fields, people, chrono_tz::Asia::Shanghai).unwrap();
        let wanted = json!({
            "kind": "content", "title": "t", "body": "a\nb", "signature": "", "attachments": [],
            "audience": {"everyone": false, "people": ["1", "2", "3"],
                         "departments": [{"code": "jwc", "recursive": true}], "groups": [],
                         "filter": {"kind": [], "gender": null, "grade": null},
                         "external": [{"name": "李雷", "phone": "13800138000", "email": null}],
                         "except": {"people": ["9"], "departments": []}},
            "send_rule": "inbox",
            "receipt": {"options": ["yes"], "due_at": null},
            "send_at": "2026-11-25T18:00:00+08:00",
        });
        assert_eq!(command, wanted);
    }

    #[test]
    fn a_link_brings_nothing_that_its_form_hides() {
        let typed = "kind=link&title=t&body=left+over&signature=s&receipt=1&option=yes&url=https://a.example";
        let fields = Fields::parse(typed.as_bytes()).unwrap();
        let command = command(&fields, Vec::new(), chrono_tz::Asia::Shanghai).unwrap();
        assert!(
            command.get("body").is_none() && command.get("signature").is_none() && command.get("receipt").is_none()
        );
    }
}

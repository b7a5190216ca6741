//! `/compose` and `/compose/{draft}`: a message being written. What was typed comes back after an
//! error, and each error stands beside its field.

use serde::{Deserialize, Serialize};

use super::{
    Moment,
    approvals::{ChannelStep, Reach},
};

/// `pages/compose`: `POST /compose` with the fields of [`ComposeForm`] and `do` = `send` or `draft`.
#[derive(Debug, Clone, Serialize)]
pub struct ComposePage {
    pub form: ComposeForm,
    pub audience: AudienceChoices,
    pub rules: Vec<RuleCard>,
    /// `category=<name>`
    pub categories: Vec<CategoryChoice>,
    pub kept: ComposeFiles,
    pub weekdays: Vec<Weekday>,
    /// `template=<name>`, with `do=template`.
    pub templates: Vec<TemplateChoice>,
    /// What a text can name of its reader.
    pub fields: Vec<Placeholder>,
    pub errors: ComposeErrors,
    /// Any error at all: the summary at the top.
    pub wrong: bool,
    /// What was just done, already in the person's language.
    pub notice: Option<String>,
    pub refusal: Option<Refusal>,
    /// What sending it as it stands would do; `None` until that is asked for.
    pub forecast: Option<Forecast>,
}

/// Why an approver sent it back.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// Who said it, and for whom where he stood in.
    pub who: String,
    /// In his words.
    pub opinion: String,
}

/// `parts/compose_files`: what is kept already, sent back with the form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ComposeFiles {
    /// The draft or the message that is written again; empty: a new one.
    pub id: String,
    /// Of a draft: which saving this page shows.
    pub saved_at: String,
    /// `kept=<id>`, repeated.
    pub files: Vec<KeptFile>,
    /// Why a file was not taken, already in the person's language.
    pub problem: Option<String>,
    /// It was saved by itself, and when.
    pub saved: Option<Moment>,
    /// Another window had saved it meanwhile, so that this became a draft of its own.
    pub apart: bool,
}

/// 类别: what a message is about, and which rules for consent may hold.
#[derive(Debug, Clone, Serialize)]
pub struct CategoryChoice {
    pub name: String,
    pub label: String,
    pub chosen: bool,
}

/// `{{姓名}}`, to be put into the text.
#[derive(Debug, Clone, Serialize)]
pub struct Placeholder {
    pub placeholder: String,
    pub label: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct KeptFile {
    pub id: String,
    pub name: String,
    /// For people: `248 KB`.
    pub size: String,
}

/// `pages/add_recipients`: `POST /outbox/{id}/add` with the fields of the audience.
#[derive(Debug, Clone, Serialize)]
pub struct AddRecipientsPage {
    pub id: String,
    pub title: String,
    /// who have it
    pub people: i64,
    pub form: ComposeForm,
    pub audience: AudienceChoices,
    pub errors: ComposeErrors,
    /// What no field is to blame for.
    pub problem: Option<String>,
    pub forecast: Option<Forecast>,
}

/// What sending would do; the fragment is `parts/forecast`.
#[derive(Debug, Clone, Serialize)]
pub struct Forecast {
    /// `None`: there is nobody whom it could be sent to so.
    pub reach: Option<Reach>,
    /// Named more than once, counted once.
    pub repeated: i64,
    /// SMS pieces and calls if every step is needed for everybody.
    pub cost: i64,
    /// Whose consent will be needed, in words; `None`: it is sent at once.
    pub approval: Option<String>,
    /// Why it cannot be sent so, already in the person's language.
    pub problem: Option<String>,
    /// What of it was typed and is nobody's: all else is said of the others, and nothing can be sent so.
    pub unknown: Option<Unknown>,
    /// Of people who are added: so many have it already.
    pub already: i64,
    /// When it goes out, in words.
    pub out: Option<String>,
    /// `None`: its rule sends none, or nothing is written yet.
    pub sms: Option<TextMessage>,
    /// Whom the accounts and numbers mean that were typed; empty where they are too many to be chips.
    pub pasted: Vec<PastedPerson>,
}

/// Somebody who was typed, to be shown as if he were picked.
#[derive(Debug, Clone, Serialize)]
pub struct PastedPerson {
    /// with blanks between, where he was typed more than once
    pub typed: String,
    pub person: PersonChip,
}

/// One text message, word for word as its pieces are counted.
#[derive(Debug, Clone, Serialize)]
pub struct TextMessage {
    pub text: String,
    pub pieces: i64,
    pub is_long: bool,
    /// It names its reader, so that it is not the same for everybody.
    pub is_personal: bool,
}

/// What was typed, as texts. The names are the names in the form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ComposeForm {
    /// Sent back with the form, so that a double click sends once.
    pub key: String,
    /// The number of recipients that was shown; sent back, it says that so many are meant.
    pub confirmed: String,
    /// `content` or `link`.
    pub kind: String,
    pub title: String,
    pub body: String,
    pub signature: String,
    pub url: String,
    /// `everyone=1`: the whole organisation.
    pub everyone: bool,
    /// Accounts and phone numbers, one a line or with commas.
    pub accounts: String,
    /// `outside_name`, `outside_phone`, `outside_email`, each repeated.
    pub outsiders: Vec<OutsiderRow>,
    /// `receipt=1`
    pub receipt: bool,
    /// `option`, repeated; empty ones are ignored. 其他 is added by the hub.
    pub options: Vec<String>,
    /// `receipt_due_at`, local: `2026-09-18T18:00`.
    pub receipt_due_at: String,
    /// `at`: at `send_at`; `series`: as `repeating` says; otherwise at once.
    pub when: String,
    /// Local: `2026-09-18T18:00`.
    pub send_at: String,
    pub repeating: Repeating,
    /// name of its 类别; empty: the usual one
    pub category: String,
    /// The run of a series that this was: how it is sent now says whether the others change too. Empty: none.
    pub run_of: String,
}

/// How often it is sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Repeating {
    /// `day`, `workday`, `week`, `month`
    pub every: String,
    /// `weekday`, repeated: `Mon` …
    pub weekdays: Vec<String>,
    /// 1 to 31
    pub monthday: String,
    /// `run_at`, local: `08:00`
    pub at: String,
    /// `run_until`, the last day, local: `2026-12-31`; empty: without end
    pub until: String,
}

/// `parts/compose_runs`: when the next runs would be.
#[derive(Debug, Clone, Serialize)]
pub struct Runs {
    pub runs: Vec<Moment>,
    /// Why there are none, already in the person's language.
    pub problem: Option<String>,
}

/// A text that is kept to be used.
#[derive(Debug, Clone, Serialize)]
pub struct TemplateChoice {
    pub name: String,
    pub label: String,
}

/// A day of the week to be ticked.
#[derive(Debug, Clone, Serialize)]
pub struct Weekday {
    /// `Mon`
    pub value: String,
    pub chosen: bool,
}

/// Whom it may go to, and what of that is chosen.
#[derive(Debug, Clone, Serialize)]
pub struct AudienceChoices {
    /// To look for people in.
    pub units: Vec<Unit>,
    pub departments: Vec<DepartmentNode>,
    pub groups: Vec<GroupChoice>,
    /// `person=<account>`, repeated: those who were picked one by one.
    pub people: Vec<PersonChip>,
    /// `except=<account>`, repeated: those who are left out.
    pub without: Vec<PersonChip>,
    pub filter: FilterChoices,
}

#[derive(Debug, Clone, Serialize)]
pub struct Unit {
    pub code: String,
    pub name: String,
    /// It lies in another one.
    pub below: bool,
}

/// Of everybody chosen only these: `filter_kind`, repeated, `filter_gender`, `filter_grade`.
#[derive(Debug, Clone, Serialize)]
pub struct FilterChoices {
    pub kinds: Vec<Tick>,
    pub genders: Vec<Tick>,
    pub grades: Vec<Tick>,
    /// Any of them is chosen.
    pub any: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Tick {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct PersonChip {
    pub account: String,
    pub name: String,
    /// Empty for somebody who is in none.
    pub department: String,
}

/// Somebody outside the organisation, as typed.
#[derive(Debug, Clone, Serialize)]
pub struct OutsiderRow {
    pub name: String,
    pub phone: String,
    pub email: String,
}

/// `parts/compose_found`: people to be picked.
#[derive(Debug, Clone, Serialize)]
pub struct FoundPeople {
    pub people: Vec<PersonChip>,
    /// There are more than are listed.
    pub more: bool,
}

/// `department=<code>`, repeated; a department means all below it. `except_department=<code>`: none
/// of its people.
#[derive(Debug, Clone, Serialize)]
pub struct DepartmentNode {
    pub code: String,
    pub name: String,
    pub people: i64,
    pub chosen: bool,
    /// Its people are left out.
    pub left_out: bool,
    /// Something below is chosen, so the branch is shown open.
    pub open: bool,
    pub children: Vec<DepartmentNode>,
}

/// `group=<id>`, repeated.
#[derive(Debug, Clone, Serialize)]
pub struct GroupChoice {
    pub id: String,
    pub name: String,
    pub people: i64,
    /// The folder that it lies in, of one's own.
    pub folder: Option<String>,
    /// Who shared it; `None`: one's own.
    pub owner: Option<String>,
    pub chosen: bool,
}

/// `send_rule=<name>`.
#[derive(Debug, Clone, Serialize)]
pub struct RuleCard {
    pub name: String,
    pub label: String,
    pub steps: Vec<ChannelStep>,
    /// None of its channels is set up here: it would do no more than the inbox, and cannot be chosen.
    pub idle: bool,
    pub chosen: bool,
}

/// Typed accounts and phone numbers that nobody has.
#[derive(Debug, Clone, Serialize)]
pub struct Unknown {
    pub words: String,
    pub count: usize,
    /// with blanks between them, to be taken out
    pub accounts: String,
}

/// Errors by field, already in the person's language.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ComposeErrors {
    pub audience: Option<String>,
    /// of the audience: the people who are named one by one
    pub accounts: Option<String>,
    /// of the audience: what was typed and is nobody's
    pub unknown: Option<Unknown>,
    /// of the audience: the people outside the organisation
    pub outside: Option<String>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub signature: Option<String>,
    pub url: Option<String>,
    pub attachments: Option<String>,
    pub send_rule: Option<String>,
    pub receipt: Option<String>,
    pub send_at: Option<String>,
    pub recurrence: Option<String>,
    /// What belongs to no field.
    pub other: Option<String>,
}

impl ComposeErrors {
    /// Puts an error beside its field, named by a JSON pointer as in the API (`/audience/people/2`).
    pub fn put(&mut self, pointer: &str, text: String) {
        let field = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
        let place = match field {
            "audience" if pointer.starts_with("/audience/people") => &mut self.accounts,
            "accounts" => &mut self.accounts,
            "audience" if pointer.starts_with("/audience/external") => &mut self.outside,
            "audience" => &mut self.audience,
            "title" => &mut self.title,
            "body" => &mut self.body,
            "signature" => &mut self.signature,
            "url" => &mut self.url,
            "attachments" => &mut self.attachments,
            "send_rule" => &mut self.send_rule,
            "receipt" => &mut self.receipt,
            "send_at" => &mut self.send_at,
            "recurrence" => &mut self.recurrence,
            _ => &mut self.other,
        };
        *place = Some(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_beside_its_field() {
        let mut errors = ComposeErrors::default();
        errors.put("/audience/departments/0/code", "甲".into());
        errors.put("/audience/people/2", "丁".into());
        errors.put("/attachments/0", "丙".into());
        errors.put("/category", "乙".into());
        assert_eq!(errors.audience.as_deref(), Some("甲"));
        assert_eq!(errors.accounts.as_deref(), Some("丁"));
        assert_eq!(errors.attachments.as_deref(), Some("丙"));
        assert_eq!(errors.other.as_deref(), Some("乙"));
    }
}

//! `/compose`: writing a message. The form becomes the same command that programs send, so that
//! there is one set of rules; what was typed comes back after an error.
//!
//! Each form carries a key of its own: a double click sends once.

pub mod add_recipients;
mod choices;
mod fields;
mod forecast;
mod keeping;
pub mod people;
pub mod repeating;
pub mod templates;

pub use fields::accounts;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use self::fields::Choices;
use crate::{
    domain::{
        MessageId, Problem,
        approval_flow::SeatState,
        command,
        message::State,
        personal::{self, Trait},
        seal,
    },
    hub::{
        self,
        send::{draft::draft_newer_and_full, origin::Origin},
    },
    storage::{
        Tx, additions, approvals, messages,
        seats::{self, Seat},
        series,
        templates::Template,
    },
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Query, Unchecked},
            page::{Answer, Around},
            page_error::{PageError, status_of},
            path::Path,
        },
        message::trail,
        views::{
            compose::{
                ComposeErrors, ComposeForm, ComposePage, Forecast, Placeholder, Refusal, TemplateChoice, Weekday,
            },
            shell::Section,
        },
    },
};

/// `GET /compose?group=…&template=…`: empty, but for groups that are ticked and the words of a template.
pub async fn empty(me: Me, Query(query): Query) -> Answer {
    let mut form = ComposeForm { signature: me.who.department.clone(), ..ComposeForm::default() };
    if !query.get("template").is_empty() {
        let template = me.web.hub.find_template(&me.who, query.get("template")).await?;
        take_words(&mut form, template.ok_or_else(Problem::not_found)?);
    }
    let groups = query.all("group").map(str::to_owned).collect();
    me.show_form(form, &Choices { groups, ..Choices::default() }, &Origin::default(), Said::default()).await
}

/// `GET /compose/{id}`: a message of one's own once more, as it was.
pub async fn again(me: Me, Path(id): Path<String>, Query(query): Query) -> Answer {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    let message = me.own(id).await?;
    hub::follow::refuse::refuse_deleted(&message)?;
    if !super::outbox::one::can_edit(message.state) {
        return Err(Problem::conflict("STATE", "这条消息不能修改，请先撤回")
            .in_english("this message cannot be changed, recall it first")
            .into());
    }
    let zone = me.web.hub.place.timezone;
    let (mut form, mut choices) = fields::from_message(&message, zone);
    let origin = me.all_of(&message).await?;
    let mut tx = me.web.hub.db.read().await?;
    for addition in additions::list(&mut tx, id).await? {
        let addition = messages::find(&mut tx, addition.message_id).await?;
        addition.iter().for_each(|addition| fields::join(&mut form, &mut choices, &addition.audience.0));
    }
    let soon = me.web.hub.clock.now() + chrono::Duration::minutes(1);
    if message.state != State::Draft && message.send_at.is_some_and(|at| at < soon) {
        // That time is over, or was the little while in which it could be taken back.
        (form.when, form.send_at) = ("now".to_owned(), String::new());
    }
    let series = series::find_of(&mut tx, id).await?;
    let is_run = series.as_ref().is_some_and(|series| series.ended_at.is_none());
    let refusal = match message.state {
        State::Rejected => me.refusal(&mut tx, id).await?,
        _ => None,
    };
    drop(tx);
    if let Some(repeating) = series.and_then(|series| repeating::from_recurrence(&series.recurrence.0, zone)) {
        (form.when, form.repeating) = ("series".to_owned(), repeating);
    }
    if is_run {
        form.run_of = id.to_string();
    }
    let said = Said { notice: me.notice(&query), refusal, ..Said::default() };
    me.show_form(form, &choices, &origin, said).await
}

/// `POST /compose` with the fields of [`ComposeForm`] and `do` = `send`, `draft`, `preview`, which sends
/// it to oneself, or `check`, which changes nothing and says what sending would do.
pub async fn submit(me: Me, Unchecked(fields): Unchecked) -> Answer {
    let origin = fields::origin(&fields);
    match fields.get("do") {
        "draft" => me.draft(&fields, &origin).await,
        "check" => me.foresee(&fields, &origin).await,
        "preview" => me.preview(fields, &origin).await,
        "template" => me.use_template(&fields, &origin).await,
        "send" => me.send(fields, origin).await,
        _ => Err(Problem::invalid("FIELD_VALUE", "/do", "请选择发送或存为草稿").in_english("send or draft").into()),
    }
}

/// What the page says beside the form.
#[derive(Default)]
struct Said {
    /// What was just done: it was taken back to be written again.
    notice: Option<String>,
    refusal: Option<Refusal>,
    problem: Option<Problem>,
    forecast: Option<Forecast>,
}

/// Those of a template in place of what stands there.
fn take_words(form: &mut ComposeForm, template: Template) {
    (form.title, form.body) = (template.title, template.body);
    if !template.signature.is_empty() {
        form.signature = template.signature;
    }
}

impl Me {
    /// Files are kept first, so that they need not be chosen once more when something is wrong.
    async fn send(&self, mut fields: Fields, mut origin: Origin) -> Answer {
        if !fields.files.is_empty() {
            origin = match self.save(&fields, &origin).await {
                Ok((_, origin)) => origin,
                Err(error) => return self.correct(&fields, &origin, error).await,
            };
            fields.files.clear();
        }
        match self.try_send(&fields, &origin).await {
            Ok(answer) => {
                if let Some(draft) = origin.message.filter(|_| answer.duplicate) {
                    self.web.hub.drop_draft(self.id(), draft).await?;
                }
                let done = match answer.state {
                    // a message that goes out at once is on its way, whatever its state is called
                    State::Sending => "sent",
                    State::Scheduled if !matches!(fields.get("when"), "at" | "series") => "undo",
                    state => state.as_str(),
                };
                let address = format!("/outbox/{}?done={done}&count={}", answer.id, answer.recipients);
                Ok(Redirect::to(&address).into_response())
            }
            Err(error) => self.correct(&fields, &origin, error).await,
        }
    }

    /// The form once more, with what is wrong and all that was typed.
    async fn correct(&self, fields: &Fields, origin: &Origin, error: PageError) -> Answer {
        let mut problem = error.into_problem()?;
        let (mut form, choices) = fields::from_fields(fields);
        let mut origin = origin.clone();
        match problem.code {
            "DRAFT_GONE" => origin = Origin::default(),
            // With its files.
            "DRAFT_NEWER" => match self.save(fields, &origin).await {
                Ok((_, apart)) => origin = apart,
                Err(error) => {
                    problem = error.into_problem()?;
                    if problem.code == "DRAFTS" {
                        problem = draft_newer_and_full();
                    }
                }
            },
            _ => {}
        }
        let mut forecast = None;
        if problem.code == "RCPT_MANY" {
            let found = self.forecast(fields).await?;
            form.confirmed = found.reach.as_ref().map(|reach| reach.people.to_string()).unwrap_or_default();
            forecast = Some(found);
        }
        self.show_form(form, &choices, &origin, Said { problem: Some(problem), forecast, ..Said::default() }).await
    }

    /// What sending would do, with everything that was typed kept.
    async fn foresee(&self, fields: &Fields, origin: &Origin) -> Answer {
        let forecast = self.forecast(fields).await?;
        if self.wants("forecast") {
            return self.part(Section::Compose, "forecast", &forecast).await;
        }
        let (form, choices) = fields::from_fields(fields);
        self.show_form(form, &choices, origin, Said { forecast: Some(forecast), ..Said::default() }).await
    }

    /// `do=template`: the words of a template in place of those that stand there; all else stays.
    async fn use_template(&self, fields: &Fields, origin: &Origin) -> Answer {
        let (mut form, choices) = fields::from_fields(fields);
        match self.template(fields).await {
            Ok(template) => {
                template.into_iter().for_each(|template| take_words(&mut form, template));
                self.show_form(form, &choices, origin, Said::default()).await
            }
            Err(error) => self.correct(fields, origin, error).await,
        }
    }

    /// The one that is chosen in a form.
    ///
    /// # Errors
    /// `TPL_UNKNOWN` where it is gone since the form was shown.
    async fn template(&self, fields: &Fields) -> Result<Option<Template>, PageError> {
        fields.checked()?;
        match fields.get("template") {
            "" => Ok(None),
            name => {
                let found = self.web.hub.find_template(&self.who, name).await?;
                let gone = || {
                    Problem::invalid("TPL_UNKNOWN", "/template", "这个模板已被删除，或者您不能再使用它；请选择别的模板")
                        .in_english("this template is gone or no longer yours to use, choose another")
                };
                Ok(Some(found.ok_or_else(gone)?))
            }
        }
    }

    async fn templates(&self, tx: &mut Tx) -> Result<Vec<TemplateChoice>, PageError> {
        let choice = |(template, _): (Template, bool)| TemplateChoice {
            label: if template.label.is_empty() { template.name.clone() } else { template.label },
            name: template.name,
        };
        Ok(self.web.hub.list_templates(tx, &self.who).await?.into_iter().map(choice).collect())
    }

    /// Kept as a draft, and sent to its writer.
    async fn preview(&self, mut fields: Fields, origin: &Origin) -> Answer {
        let origin = match self.save(&fields, origin).await {
            Ok((_, origin)) => origin,
            Err(error) => return self.correct(&fields, origin, error).await,
        };
        fields.files.clear();
        let sent = async {
            // Whom it is for need not be decided yet.
            let command = fields::command(&fields, vec![self.who.account.clone()], self.web.hub.place.timezone)?;
            let draft = command::read_send(&command, self.web.hub.clock.now())?;
            Ok::<_, PageError>(self.web.hub.preview(self.id(), draft, &origin).await?)
        };
        match sent.await {
            Ok(previewed) => {
                let draft = origin.message.map(|id| id.to_string()).unwrap_or_default();
                let lacks: String = previewed.missing_channels.iter().map(|name| format!("&lacks={name}")).collect();
                Ok(Redirect::to(&format!("/compose/{draft}?done=previewed{lacks}")).into_response())
            }
            Err(error) => self.correct(&fields, &origin, error).await,
        }
    }

    async fn try_send(&self, fields: &Fields, origin: &Origin) -> Result<hub::Answer, PageError> {
        let hub = &self.web.hub;
        let people = self.named(fields).await?.all();
        let command = fields::command(fields, people, hub.place.timezone)?;
        // By what is in them: the same form sent twice kept its files twice.
        let mut files = hub.contents(self.id(), origin).await?;
        files.sort_unstable();
        let hash = seal::sha256(format!("{command}{files:?}").as_bytes());
        let mut draft = command::read_send(&command, hub.clock.now())?;
        draft.confirmed = Some(fields.get("confirmed").parse().unwrap_or(0));
        let key = Some(fields.get("key")).filter(|key| !key.is_empty());
        Ok(hub.send_written(self.id(), key, hash, draft, origin).await?)
    }

    async fn show_form(&self, mut form: ComposeForm, choices: &Choices, origin: &Origin, said: Said) -> Answer {
        let Said { notice, refusal, problem, forecast } = said;
        // A form that was refused was not taken, so its key may come again; one whose key is used up
        // must not be stuck with it.
        if form.key.is_empty() || problem.as_ref().is_some_and(|problem| problem.code == "IDEM_MISMATCH") {
            form.key = uuid::Uuid::now_v7().simple().to_string();
        }
        if form.options.is_empty() {
            form.options.push(String::new());
        }
        let status = problem.as_ref().map_or(StatusCode::OK, |problem| status_of(problem.class));
        let mut tx = self.web.hub.db.read().await?;
        let errors = self.errors(&mut tx, problem.as_ref(), forecast.as_ref(), &form.accounts).await?;
        let audience = self.audience_choices(&mut tx, choices, &mut form).await?;
        let chosen = &form.repeating.weekdays;
        let weekday = |day: &str| Weekday { value: day.to_owned(), chosen: chosen.iter().any(|chosen| chosen == day) };
        let page = ComposePage {
            weekdays: repeating::DAYS.map(weekday).into(),
            audience,
            kept: self.kept(&mut tx, origin).await?,
            fields: self.placeholders(),
            templates: self.templates(&mut tx).await?,
            categories: choices::categories(&mut tx, &form.category, self).await?,
            form,
            rules: choices::rules(&mut tx, choices, self).await?,
            errors,
            wrong: problem.is_some(),
            notice,
            refusal,
            forecast,
        };
        drop(tx);
        self.page(Around::from(Section::Compose).status(status), "compose", &page).await
    }

    /// What a text can name of its reader, with the words for it.
    pub(in crate::web) fn placeholders(&self) -> Vec<Placeholder> {
        let field = |of: Trait| {
            let key = match of {
                Trait::Name => "compose.insert.name",
                Trait::Department => "compose.insert.department",
                Trait::Account => "compose.insert.account",
                Trait::Title => "compose.insert.title",
            };
            Placeholder { placeholder: personal::placeholder(of), label: self.say(key, &[]) }
        };
        Trait::ALL.into_iter().map(field).collect()
    }

    /// What the approver said who sent it back at last, where he said anything.
    async fn refusal(&self, tx: &mut Tx, message: MessageId) -> Result<Option<Refusal>, PageError> {
        let Some(asked) = approvals::list_of_message(tx, message).await?.pop() else { return Ok(None) };
        let seats = seats::list(tx, asked.id).await?;
        let refused = |seat: &&Seat| matches!(seat.state, SeatState::Rejected | SeatState::Returned);
        let who = seats.iter().rev().find(refused).map(|seat| trail::speaker(self.tongue(), seat)).unwrap_or_default();
        Ok(Some(Refusal { who, opinion: asked.opinion }).filter(|said| !said.opinion.is_empty()))
    }

    /// What is wrong, each beside its field. Of the accounts and phone numbers that were typed all that
    /// nobody has are named: whoever typed them knows them, and finds none by its place in a list.
    async fn errors(
        &self,
        tx: &mut Tx,
        problem: Option<&Problem>,
        forecast: Option<&Forecast>,
        typed: &str,
    ) -> Result<ComposeErrors, PageError> {
        let unknown = forecast.and_then(|forecast| forecast.unknown.clone());
        let mut errors = ComposeErrors { unknown, ..ComposeErrors::default() };
        let Some(problem) = problem else { return Ok(errors) };
        if problem.code == "RCPT_NOT_VISIBLE" && problem.field.starts_with("/audience/people") {
            errors.unknown = self.unknown(&self.nobody_has(tx, typed).await?);
        }
        if errors.unknown.is_none() {
            errors.put(&problem.field, self.in_words(problem));
        }
        Ok(errors)
    }
}

//! `/outbox/{id}/add`: more people for a message that is out (checklist MO-13), chosen as when it was
//! written.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use super::fields::{self, Choices};
use crate::{
    domain::{MessageId, Problem, command, seal},
    hub::{
        self, Once, Source,
        follow::{add_recipients::Added, kept_tallies::Age},
        policy,
    },
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Query, Unchecked},
            page::{Answer, Around},
            page_error::{PageError, status_of},
            path::Path,
        },
        views::{
            compose::{AddRecipientsPage, ComposeForm, Forecast},
            shell::Section,
        },
    },
};

/// `GET /outbox/{id}/add`
pub async fn form(me: Me, Path(id): Path<String>, Query(_): Query) -> Answer {
    me.show_adding(parse(&id)?, ComposeForm::default(), &Choices::default(), (None, None)).await
}

/// `POST /outbox/{id}/add` with the fields of the audience and the form's `key`.
pub async fn add(me: Me, Path(id): Path<String>, Unchecked(fields): Unchecked) -> Answer {
    let id = parse(&id)?;
    me.own(id).await?;
    match fields.get("do") {
        "check" => return me.foresee_adding(id, &fields).await,
        "" | "send" => {}
        _ => {
            return Err(Problem::invalid("FIELD_VALUE", "/do", "请选择发送").in_english("send or check").into());
        }
    }
    match me.try_adding(id, &fields).await {
        Ok(added) => {
            let done = if added.approval.is_some() { "adding" } else { "added" };
            let (count, already) = (added.recipients, added.already);
            Ok(Redirect::to(&format!("/outbox/{}?done={done}&count={count}&already={already}", added.adds_to))
                .into_response())
        }
        Err(error) => {
            let problem = error.into_problem()?;
            let (form, choices) = fields::from_fields(&fields);
            me.show_adding(id, form, &choices, (Some(problem), None)).await
        }
    }
}

fn parse(id: &str) -> Result<MessageId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

impl Me {
    /// What adding them would do.
    async fn foresee_adding(&self, id: MessageId, fields: &Fields) -> Answer {
        let forecast = self.forecast_adding(id, fields).await?;
        if self.wants("forecast") {
            return self.part(Section::Outbox, "forecast", &forecast).await;
        }
        let (form, choices) = fields::from_fields(fields);
        self.show_adding(id, form, &choices, (None, Some(forecast))).await
    }

    async fn forecast_adding(&self, id: MessageId, fields: &Fields) -> Result<Forecast, PageError> {
        let named = match self.named(fields).await {
            Ok(named) => named,
            Err(error) => return self.refused(error, None),
        };
        let unknown = self.unknown(&named.unknown);
        let forecast = match self.reckon_adding(id, fields, named.people()).await {
            Ok(forecast) => Forecast { unknown, ..forecast },
            Err(error) => self.refused(error, unknown)?,
        };
        Ok(Forecast { pasted: self.pasted(&named).await?, ..forecast })
    }

    async fn reckon_adding(&self, id: MessageId, fields: &Fields, people: Vec<String>) -> Result<Forecast, PageError> {
        let sketch = fields::sketch(fields, people, self.web.hub.place.timezone);
        let audience = command::read_audience(&sketch["audience"], "/audience")?;
        let (found, already) = self.web.hub.resolve_addition(&Source::Person(self.id()), id, audience).await?;
        Ok(self.foreseen(found, already))
    }

    async fn try_adding(&self, id: MessageId, fields: &Fields) -> Result<Added, PageError> {
        let people = self.named(fields).await?.all();
        let sketch = fields::sketch(fields, people, self.web.hub.place.timezone);
        let audience = command::read_audience(&sketch["audience"], "/audience")?;
        let fingerprint = seal::sha256(format!("add {id} {}", sketch["audience"]).as_bytes());
        let key = Some(fields.get("key")).filter(|key| !key.is_empty());
        let once = key.map(|key| Once { key, fingerprint: &fingerprint });
        Ok(self.web.hub.add_recipients(&Source::Person(self.id()), once, id, audience).await?)
    }

    async fn show_adding(
        &self,
        id: MessageId,
        mut form: ComposeForm,
        choices: &Choices,
        (problem, forecast): (Option<Problem>, Option<Forecast>),
    ) -> Answer {
        let message = self.own(id).await?;
        let source = Source::Person(self.id());
        policy::require(&source, policy::Action::AddRecipients, &source.facts(&message))?;
        hub::follow::refuse::refuse_deleted(&message)?;
        if form.key.is_empty() || problem.as_ref().is_some_and(|problem| problem.code == "IDEM_MISMATCH") {
            form.key = uuid::Uuid::now_v7().simple().to_string();
        }
        let status = problem.as_ref().map_or(StatusCode::OK, |problem| status_of(problem.class));
        let people = self.web.hub.last_tally(&message, Age::Any).await?.people;
        let mut tx = self.web.hub.db.read().await?;
        let errors = self.errors(&mut tx, problem.as_ref(), forecast.as_ref(), &form.accounts).await?;
        let audience = self.audience_choices(&mut tx, choices, &mut form).await?;
        drop(tx);
        let view = AddRecipientsPage {
            id: id.to_string(),
            title: message.title.clone(),
            people,
            problem: problem.filter(|problem| problem.field.is_empty()).map(|problem| self.in_words(&problem)),
            audience,
            form,
            errors,
            forecast,
        };
        let around = Around::from(Section::Outbox).titled(&message.title).status(status);
        self.page(around, "add_recipients", &view).await
    }
}

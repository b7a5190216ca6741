//! `/compose`: writing a message. The form becomes the same command that programs send, so that
//! there is one set of rules; what was typed comes back after an error.
//!
//! Each form carries a key of its own: a double click sends once.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use super::{
    compose_form::{self, Choices},
    forecast,
    form::{Fields, Form, Query},
    page::{Answer, Around},
    page_error::{PageError, status_of},
    path::Path,
    plan,
    session::Me,
    views::{
        compose::{ComposeErrors, ComposeForm, ComposePage, DepartmentNode, Forecast, GroupChoice, RuleCard},
        shell::Section,
    },
};
use crate::{
    domain::{DepartmentId, MessageId, Problem, command, seal},
    hub::{self, Source},
    storage::{
        Tx,
        departments::{self, Branch},
        groups, recipients, settings,
    },
};

/// `GET /compose?group=…`: empty, but for groups that are ticked.
pub async fn empty(me: Me, Query(query): Query) -> Answer {
    let form = ComposeForm { signature: me.who.department.clone(), ..ComposeForm::default() };
    let groups = query.all("group").map(str::to_owned).collect();
    me.show_form(form, &Choices { groups, ..Choices::default() }, Said::default()).await
}

/// `GET /compose/{id}`: a message of one's own once more, as it was.
pub async fn again(me: Me, Path(id): Path<String>, Query(query): Query) -> Answer {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    let message = me.own(id).await?;
    hub::recycle::refuse_deleted(&message)?;
    if !super::outbox::can_edit(message.state) {
        return Err(Problem::conflict("STATE", "这条消息不能修改，请先撤回")
            .in_english("this message cannot be changed, recall it first")
            .into());
    }
    let (form, choices) = compose_form::from_message(&message, me.web.hub.place.timezone);
    me.show_form(form, &choices, Said { notice: me.notice(&query), ..Said::default() }).await
}

/// `POST /compose` with the fields of [`ComposeForm`] and `do` = `send`, `draft`, or `check`, which
/// changes nothing and says what sending would do.
pub async fn submit(me: Me, Form(fields): Form) -> Answer {
    let draft: Option<MessageId> = fields.get("id").parse().ok();
    match fields.get("do") {
        "draft" => {
            let writing = compose_form::writing(&fields, me.web.hub.place.timezone);
            return match me.web.hub.keep_draft(me.id(), draft, writing).await {
                Ok(_) => Ok(Redirect::to("/outbox?state=draft&done=drafted").into_response()),
                Err(error) => me.correct(&fields, error.into()).await,
            };
        }
        "check" => return me.foresee(&fields).await,
        "send" => {}
        _ => {
            return Err(Problem::invalid("FIELD_VALUE", "/do", "请选择发送或存为草稿")
                .in_english("send or draft")
                .into());
        }
    }
    match me.try_send(&fields).await {
        Ok(answer) => {
            if let Some(draft) = draft {
                me.web.hub.drop_draft(me.id(), draft).await?;
            }
            let address = format!("/outbox/{}?done={}&count={}", answer.id, answer.state, answer.recipients);
            // a message that goes out at once is on its way, whatever its state is called
            Ok(Redirect::to(&address.replace("done=sending", "done=sent")).into_response())
        }
        Err(error) => me.correct(&fields, error).await,
    }
}

/// What the page says beside the form.
#[derive(Default)]
struct Said {
    /// What was just done: it was taken back to be written again.
    notice: Option<String>,
    problem: Option<Problem>,
    forecast: Option<Forecast>,
}

impl Me {
    /// The form once more, with what is wrong and all that was typed.
    async fn correct(&self, fields: &Fields, error: PageError) -> Answer {
        let problem = error.into_problem()?;
        let (form, choices) = compose_form::from_fields(fields);
        self.show_form(form, &choices, Said { problem: Some(problem), ..Said::default() }).await
    }

    /// What sending would do, with everything that was typed kept.
    async fn foresee(&self, fields: &Fields) -> Answer {
        let forecast = match self.forecast(fields).await {
            Ok(forecast) => forecast,
            Err(error) => forecast::refused(self.in_words(&error.into_problem()?)),
        };
        if self.wants("forecast") {
            return self.part(Section::Compose, "forecast", &forecast).await;
        }
        let (form, choices) = compose_form::from_fields(fields);
        self.show_form(form, &choices, Said { forecast: Some(forecast), ..Said::default() }).await
    }

    async fn try_send(&self, fields: &Fields) -> Result<hub::Answer, PageError> {
        let hub = &self.web.hub;
        let command = compose_form::command(fields, hub.place.timezone)?;
        let hash = seal::sha256(command.to_string().as_bytes());
        let now = hub.clock.now();
        // Looking into the files may take a while.
        let draft = tokio::task::spawn_blocking(move || command::read_send(&command, now));
        let draft = draft.await.expect("reading a message does not panic")?;
        let key = Some(fields.get("key")).filter(|key| !key.is_empty());
        Ok(hub.accept(&Source::Person(self.id()), key, hash, draft).await?)
    }

    async fn show_form(&self, mut form: ComposeForm, choices: &Choices, said: Said) -> Answer {
        let Said { notice, problem, forecast } = said;
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
        let mut errors = ComposeErrors::default();
        if let Some(problem) = &problem {
            let unknown = self.unknown_accounts(&mut tx, problem, &form).await?;
            errors.put(&problem.field, unknown.unwrap_or_else(|| self.in_words(problem)));
        }
        let page = ComposePage {
            form,
            departments: tree(departments::list_tree(&mut tx).await?, &choices.departments),
            groups: self.groups(&mut tx, choices).await?,
            rules: rules(&mut tx, choices, self).await?,
            errors,
            wrong: problem.is_some(),
            notice,
            forecast,
        };
        drop(tx);
        self.page(Around::from(Section::Compose).status(status), "compose", &page).await
    }

    /// Which of the accounts that were typed nobody has, all of them: whoever typed them knows them,
    /// and finds none by its number in a list.
    async fn unknown_accounts(
        &self,
        tx: &mut Tx,
        problem: &Problem,
        form: &ComposeForm,
    ) -> Result<Option<String>, PageError> {
        if problem.code != "RCPT_NOT_VISIBLE" || !problem.field.starts_with("/audience/people") {
            return Ok(None);
        }
        let typed: Vec<_> = compose_form::accounts(&form.accounts).into_iter().map(str::to_owned).collect();
        let unknown = recipients::unknown_accounts(tx, &typed).await?;
        let named: Vec<_> = typed.into_iter().filter(|account| unknown.contains(account)).collect();
        let named = named.join(&self.say("list.comma", &[]));
        Ok(Some(self.say("compose.unknown_accounts", &[("problem", self.in_words(problem)), ("accounts", named)])))
    }

    async fn groups(&self, tx: &mut Tx, choices: &Choices) -> Result<Vec<GroupChoice>, PageError> {
        let groups = groups::list_for(tx, self.id()).await?;
        let choice = |group: groups::Group| GroupChoice {
            chosen: choices.groups.contains(&group.id.to_string()),
            id: group.id.to_string(),
            name: group.name,
            people: group.people,
            folder: group.folder_name.filter(|_| group.owner_id == self.id()),
            owner: Some(group.owner_name).filter(|_| group.owner_id != self.id()),
        };
        Ok(groups.into_iter().map(choice).collect())
    }
}

/// The rules that are offered; the first one is chosen where none was. One whose channels are all
/// missing here is shown, since people look for it, but cannot be chosen.
async fn rules(tx: &mut Tx, choices: &Choices, me: &Me) -> Result<Vec<RuleCard>, PageError> {
    let rows = settings::list_send_rules(tx).await?.into_iter().filter(|row| row.is_offered);
    let mut cards: Vec<_> = rows
        .map(|row| {
            let rule =
                crate::domain::send_rule::SendRule { name: row.name, label: row.label, steps: row.definition.0.steps };
            let steps = plan::steps(&rule.rounds(), &me.web.hub.channels);
            let mut outside = steps.iter().filter(|step| step.channel != "inbox").peekable();
            let is_idle = outside.peek().is_some() && outside.all(|step| step.missing);
            RuleCard {
                steps,
                idle: is_idle,
                chosen: rule.name == choices.send_rule && !is_idle,
                name: rule.name,
                label: me.translated("rule.", &rule.label),
            }
        })
        .collect();
    if !cards.iter().any(|card| card.chosen)
        && let Some(first) = cards.iter_mut().find(|card| !card.idle)
    {
        first.chosen = true;
    }
    Ok(cards)
}

/// The tree from its rows; siblings keep their order.
fn tree(rows: Vec<Branch>, chosen: &[String]) -> Vec<DepartmentNode> {
    fn below(rows: &[Branch], parent: Option<DepartmentId>, chosen: &[String]) -> Vec<DepartmentNode> {
        let children = rows.iter().filter(|row| row.parent_id == parent);
        children
            .map(|row| {
                let children = below(rows, Some(row.id), chosen);
                DepartmentNode {
                    code: row.code.clone(),
                    name: row.name.clone(),
                    people: row.people,
                    chosen: chosen.contains(&row.code),
                    open: children.iter().any(|child| child.chosen || child.open),
                    children,
                }
            })
            .collect()
    }
    below(&rows, None, chosen)
}

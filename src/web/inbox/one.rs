//! `/inbox/{id}`: reading and answering.
//!
//! A script asks for `X-Fragment: reader` and gets that part alone. What is not this person's does
//! not exist; what was recalled is gone.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect},
};

use crate::{
    domain::{
        MessageId, Problem,
        message::{OTHER, State},
        personal,
        problem::Class,
    },
    storage::{
        Tx, attachments,
        inbox::{self, Letter},
        readers, receipts,
    },
    web::{
        door::session::Me,
        frame::{
            form::{Fields, Form, Query},
            page::{Answer, Around},
            page_error::{PageError, status_of},
            path::Path,
        },
        message::letter,
        views::{
            inbox::{Action, Answered, InboxPage, Reader, ReceiptForm, ReceiptOption},
            shell::Section,
        },
    },
};

/// The channel of whatever happens on these pages.
const CHANNEL: &str = "web";

/// `GET /inbox/{id}`: opening is reading.
pub async fn open(me: Me, Path(id): Path<String>, Query(query): Query) -> Answer {
    let letter = find(&me, &id).await?;
    if letter.read_at.is_none() {
        me.web.hub.read(me.id(), letter.message_id, CHANNEL).await?;
    }
    let given = query.get("done") == "answered" && letter.answered_at.is_some();
    me.show(&letter, &query, Typed { given, ..Typed::default() }).await
}

/// `GET /inbox/{id}/open`: follows a link, which counts as reading.
pub async fn follow(me: Me, Path(id): Path<String>) -> Answer {
    let letter = find(&me, &id).await?;
    let url = letter.url.ok_or_else(Problem::not_found)?;
    me.web.hub.read(me.id(), letter.message_id, CHANNEL).await?;
    Ok(Redirect::to(&url).into_response())
}

/// `POST /inbox/{id}/receipt` with `option`, `text`; once only.
pub async fn answer(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let given = receipts::Reply {
        option: Some(fields.get("option").to_owned()),
        action_id: None,
        words: fields.get("text").to_owned(),
        channel: CHANNEL.to_owned(),
    };
    me.give(&id, given).await
}

/// `POST /inbox/{id}/action` with `action`: a button of the message.
pub async fn press(me: Me, Path(id): Path<String>, Form(fields): Form) -> Answer {
    let given = receipts::Reply {
        option: None,
        action_id: Some(fields.get("action").to_owned()),
        words: String::new(),
        channel: CHANNEL.to_owned(),
    };
    me.give(&id, given).await
}

/// `GET /inbox/{id}/receipt` and `…/action`: where a form that was refused stood.
pub async fn back(_: Me, Path(id): Path<String>) -> Answer {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    Ok(Redirect::to(&page_of(id)).into_response())
}

/// One message of this person that may still be seen.
///
/// # Errors
/// `NOT_FOUND`; `MSG_RECALLED` when its sender took it back, `MSG_DELETED` when he deleted it.
pub async fn find(me: &Me, id: &str) -> Result<Letter, PageError> {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    let mut tx = me.web.hub.db.read().await?;
    let mut letter = inbox::find(&mut tx, me.id(), id).await?.ok_or_else(Problem::not_found)?;
    if letter.state == State::Recalled {
        return Err(Problem::new(Class::Gone, "MSG_RECALLED", "", "消息已被撤回")
            .in_english("the message was recalled")
            .into());
    }
    if letter.hidden_at.is_some() {
        return Err(Problem::new(Class::Gone, "MSG_DELETED", "", "消息已被发件人删除")
            .in_english("the sender deleted this message")
            .into());
    }
    if !letter.state.is_out() {
        return Err(Problem::not_found().into());
    }
    me.understand(&mut letter.sender_name, [&mut letter.title, &mut letter.body]);
    if letter.is_personal {
        let reader = me.reader_of(&mut tx).await?;
        (letter.title, letter.body) = (personal::fill(&letter.title, &reader), personal::fill(&letter.body, &reader));
    }
    Ok(letter)
}

/// What stays in the form after an error.
#[derive(Default)]
struct Typed {
    option: String,
    words: String,
    problem: Option<Problem>,
    /// The answer was just given.
    given: bool,
}

impl Me {
    async fn give(&self, id: &str, given: receipts::Reply) -> Answer {
        let letter = find(self, id).await?;
        let typed =
            Typed { option: given.option.clone().unwrap_or_default(), words: given.words.clone(), ..Typed::default() };
        let is_option = given.option.is_some();
        match self.web.hub.answer(self.id(), letter.message_id, given).await.map_err(PageError::from) {
            Ok(_) if self.wants("reader") => {
                let letter = find(self, id).await?;
                self.show(&letter, &Fields::default(), Typed { given: true, ..Typed::default() }).await
            }
            Ok(_) => Ok(Redirect::to(&format!("{}?done=answered", page_of(letter.message_id))).into_response()),
            Err(error) => {
                let problem = error.into_problem()?;
                let letter = find(self, id).await?;
                if !is_option && letter.answered_at.is_none() {
                    return Err(problem.into());
                }
                self.show(&letter, &Fields::default(), Typed { problem: Some(problem), ..typed }).await
            }
        }
    }

    async fn show(&self, letter: &Letter, query: &Fields, typed: Typed) -> Answer {
        let status = typed.problem.as_ref().map_or(StatusCode::OK, |problem| status_of(problem.class));
        let around = || Around::from(Section::Inbox).titled(&letter.title).status(status);
        let mut tx = self.web.hub.db.read().await?;
        let reader = self.reader(&mut tx, letter, typed).await?;
        drop(tx);
        if self.wants("reader") {
            return self.part(around(), "reader", &reader).await;
        }
        let list = self.list(query, Some(letter.message_id)).await?;
        self.page(around(), "inbox", &InboxPage { list, reader: Some(reader), notice: None }).await
    }

    async fn reader(&self, tx: &mut Tx, letter: &Letter, typed: Typed) -> Result<Reader, PageError> {
        let (newer, older) = inbox::neighbours(tx, self.id(), letter.arrived_at, letter.message_id).await?;
        let files = attachments::list(tx, letter.message_id).await?;
        let page = page_of(letter.message_id);
        let answered = answered(letter).map(|given| Answered { option: self.choice(&given.option), ..given });
        let is_open = answered.is_none();
        let notice = typed.given.then(|| self.say("receipt.given", &[]));
        let action =
            |action: &crate::domain::message::Action| Action { id: action.id.clone(), label: action.label.clone() };
        Ok(Reader {
            id: letter.message_id.to_string(),
            letter: letter::of_inbox(letter, &files, &page),
            channel: None,
            previous: newer.map(page_of),
            next: older.map(page_of),
            receipt: if is_open { self.receipt_form(letter, typed) } else { None },
            actions: letter.actions.0.list.iter().filter(|_| is_open).map(action).collect(),
            answered,
            gone_at: letter.deleted_at.map(|at| self.web.hub.gone_at(at)),
            about: letter::about(tx, letter, self.id()).await?,
            approval: letter.about_approval_id.map(|id| format!("/approvals/{id}")),
            notice,
        })
    }

    fn receipt_form(&self, letter: &Letter, typed: Typed) -> Option<ReceiptForm> {
        let request = &letter.receipt.as_ref()?.0;
        let option = |choice: &str| ReceiptOption {
            value: choice.to_owned(),
            other: choice == OTHER,
            chosen: choice == typed.option,
        };
        Some(ReceiptForm {
            options: request.choices().map(option).collect(),
            due_at: request.due_at,
            error: typed.problem.map(|problem| self.in_words(&problem)),
            text: typed.words,
        })
    }
}

fn page_of(id: MessageId) -> String {
    format!("/inbox/{id}")
}

impl Me {
    /// The hub's own notes are written in Chinese: others read them in their language.
    pub fn understand(&self, sender: &mut String, texts: [&mut String; 2]) {
        let own = self.translated("product", sender);
        if own != *sender {
            *sender = own;
            texts.into_iter().for_each(|text| *text = self.translated("notice.", text));
        }
    }

    /// What texts can name of this person.
    pub(in crate::web) async fn reader_of(&self, tx: &mut Tx) -> Result<personal::Reader, PageError> {
        Ok(readers::list(tx, &[self.id()]).await?.remove(&self.id()).unwrap_or_default())
    }
}

fn answered(letter: &Letter) -> Option<Answered> {
    let at = letter.answered_at?;
    let pressed = letter.answer_action.as_ref().map(|id| {
        let known = letter.actions.0.list.iter().find(|action| action.id == *id);
        known.map_or_else(|| id.clone(), |action| action.label.clone())
    });
    Some(Answered {
        option: letter.answer_option.clone().or(pressed).unwrap_or_default(),
        text: letter.answer_words.clone().filter(|words| !words.is_empty()),
        at,
        channel: letter.answer_channel.clone().unwrap_or_default(),
        by: letter.answer_proxy.clone(),
    })
}

//! The answer to what went wrong: a page with a status, what happened in words, what to do, and the
//! id of the request. Nothing of the inside is shown; what is our own fault is logged once, here,
//! with its causes.

use std::{any::Any, error::Error, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER},
    },
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use super::{page::Around, render::RenderError, request::RequestId};
use crate::{
    domain::{Problem, problem::Class},
    hub, storage,
    web::{
        Web,
        door::session::{Caller, Look, Me},
        views::{Shell, door::ErrorPage, shell::Section},
        words::{language, text::Lang},
    },
};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error(transparent)]
    Hub(#[from] hub::Error),
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A form that could not be taken, with what somebody had written in it.
    #[error("{}", .0.0)]
    Kept(Box<(Problem, Vec<String>)>),
    #[error("a page panicked")]
    Panicked,
    /// What the status says, and nothing more.
    #[error("answered {0}")]
    Status(StatusCode),
}

impl From<Problem> for PageError {
    fn from(problem: Problem) -> Self {
        Self::Hub(problem.into())
    }
}

impl From<storage::Error> for PageError {
    fn from(error: storage::Error) -> Self {
        Self::Hub(error.into())
    }
}

impl PageError {
    /// What the person can put right, for a form that shows it beside what was typed.
    ///
    /// # Errors
    /// Gives back what no form can show.
    pub fn into_problem(self) -> Result<Problem, Self> {
        match self {
            Self::Hub(hub::Error::Problem(problem)) if is_for_the_form(problem.class) => Ok(problem),
            other => Err(other),
        }
    }

    fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Hub(hub::Error::Problem(problem)) => Some(problem),
            Self::Kept(kept) => Some(&kept.0),
            _ => None,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Hub(hub::Error::Problem(problem)) => status_of(problem.class),
            Self::Kept(kept) => status_of(kept.0.class),
            Self::Hub(error) if error.is_away() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Status(status) => *status,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn log(&self, request_id: &str) {
        if self.status().is_server_error() {
            let error = self as &dyn Error;
            tracing::error!(request.id = request_id, error, causes = causes(error), "a page failed");
        }
    }

    fn view(&self, lang: Lang, request_id: String, before: Option<String>) -> ErrorPage {
        let status = self.status().as_u16();
        let problem = self.problem();
        let is_recalled = problem.is_some_and(|problem| problem.code == "MSG_RECALLED");
        ErrorPage {
            status: if ErrorPage::STATUSES.contains(&status) { status } else { 500 },
            code: problem.map(|problem| problem.code.to_owned()),
            detail: problem.map(|problem| problem.text(lang.tag()).to_owned()),
            request_id,
            back: if is_recalled { "/inbox" } else { "/" }.to_owned(),
            before,
            kept: match self {
                Self::Kept(kept) => kept.1.clone(),
                _ => Vec::new(),
            },
        }
    }
}

fn is_for_the_form(class: Class) -> bool {
    matches!(class, Class::Invalid | Class::Conflict | Class::TooMany | Class::TooLarge | Class::WrongType)
}

/// The status of a family of problems.
pub fn status_of(class: Class) -> StatusCode {
    match class {
        Class::Unreadable => StatusCode::BAD_REQUEST,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Gone => StatusCode::GONE,
        Class::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Class::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::TooMany => StatusCode::TOO_MANY_REQUESTS,
    }
}

/// Says when another try makes sense, where that is known.
pub fn retry_after(problem: &Problem) -> HeaderMap {
    problem.retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))).into_iter().collect()
}

/// Travels with the answer to [`render`], which knows the language.
#[derive(Clone)]
struct Fault(Arc<PageError>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(problem) = self.problem() {
            response.headers_mut().extend(retry_after(problem));
        }
        response.extensions_mut().insert(Fault(Arc::new(self)));
        response
    }
}

/// Anything at an address that is no page.
pub async fn no_such_page() -> PageError {
    PageError::Status(StatusCode::NOT_FOUND)
}

/// What a panic is answered with; its text and place are in the log already.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    PageError::Panicked.into_response()
}

/// Turns whatever is not well into a page: our own errors, and the bare statuses of the router.
pub async fn render(State(web): State<Web>, request: Request, next: Next) -> Response {
    let look = Look::of(request.headers());
    let here = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let before = language::led_by(request.headers()).filter(|before| *before != here);
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let mut response = next.run(request).await;
    let fault = response.extensions_mut().remove::<Fault>();
    let is_bare = response.status().is_client_error() || response.status().is_server_error();
    if fault.is_none() && (!is_bare || is_page(response.headers())) {
        return response;
    }
    let fault = fault.map_or_else(|| Arc::new(PageError::Status(response.status())), |fault| fault.0);
    fault.log(&request_id);
    let caller = response.extensions().get::<Caller>().cloned();
    let caller = caller.unwrap_or_else(|| Caller::nobody(look));
    let view = fault.view(caller.look.lang, request_id, before);
    let (template, shell) = web.around_error(caller, &view).await;
    let body = match web.templates.render(template, &shell, &view) {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn Error, "the error page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    let (mut parts, _) = response.into_parts();
    let (made, body) = body.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.extend(made.headers);
    Response::from_parts(parts, body)
}

impl Web {
    /// Whoever is signed in keeps the way to everything else; when even that cannot be found out,
    /// the page stands alone.
    async fn around_error(&self, caller: Caller, view: &ErrorPage) -> (&'static str, Shell) {
        let title = self.templates.words().say(caller.look.lang, &format!("error.{}.title", view.status), &[]);
        let alone = self.outside(&caller, title.clone());
        let Some(who) = caller.who.clone() else { return ("error", alone) };
        let around = Around::from(Section::Error).titled(&title.unwrap_or_default());
        match (Me { web: self.clone(), who, caller }).shell(&around).await {
            Ok(shell) => ("error_inside", shell),
            Err(error) => {
                tracing::warn!(error = &error as &dyn Error, "an error page stands alone");
                ("error", alone)
            }
        }
    }
}

/// The page made its own answer, such as a form with what was typed.
fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// What lies beneath an error, outermost first.
fn causes(error: &dyn Error) -> String {
    let chain = std::iter::successors(error.source(), |error: &&dyn Error| (*error).source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

//! The API as a module sees it.

mod access;
mod additions;
mod callbacks;
mod documents;
mod exports;
mod groups;
mod messages;
mod operation;
mod problems;
mod range;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use zhihui::{
    hub::people::register::Registration,
    storage::producers::{ProducerAudience, ProducerCategories},
};

use crate::support::{TestHub, people::Actor};

/// A module at work: a hub, its API, a token.
struct Module {
    test: TestHub,
    router: Router,
    token: String,
    li: Actor,
    han: Actor,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn code(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Module {
    /// 教务处 with 李 and 韩, and the trusted module `meeting`.
    async fn start() -> Self {
        let test = TestHub::start().await;
        let office = test.department("jwc", None).await;
        let (li, han) = (test.member("li", office).await, test.member("han", office).await);
        let token = register(&test, "meeting", true).await;
        let router = zhihui::api::router(test.hub.clone());
        Self { test, router, token, li, han }
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.ask(self.request("DELETE", path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request("POST", path).header("content-type", "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn send(&self, key: &str, body: &Value) -> Answer {
        let request = self.request("POST", "/api/v1/messages").header("content-type", "application/json");
        self.ask(request.header("idempotency-key", key).body(Body::from(body.to_string())).unwrap()).await
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.token))
    }

    /// To 李 and 韩.
    fn message(&self) -> Value {
        json!({"title": "会议通知", "body": "九点", "audience": {"people": [self.li.account, self.han.account]}})
    }
}

async fn register(test: &TestHub, name: &str, is_trusted: bool) -> String {
    let registration = Registration {
        name: name.to_owned(),
        label: None,
        audience: ProducerAudience { everyone: true, departments: Vec::new() },
        categories: ProducerCategories { any: true, names: Vec::new() },
        is_trusted,
    };
    test.register_producer(registration).await.unwrap().token
}

fn id_of(answer: &Answer) -> String {
    answer.body["id"].as_str().expect("an id").to_owned()
}

//! One door for each way in: the form, HTTP, the queue. What is wrong is wrong at all of them, with
//! the same code, field and words.

use std::fmt::Write;

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use zhihui::{
    broker::Envelope,
    domain::person,
    hub::people::register::Registration,
    storage::{
        people,
        producers::{ProducerAudience, ProducerCategories},
    },
};

use crate::{
    pages::browser::{Browser, Site},
    support::people::Actor,
};

const MODULE: &str = "meeting";

/// What a door says: status, code, field, words.
pub type Said = (u64, String, String, String);

pub struct Doors {
    pub site: Site,
    api: Router,
    token: String,
    browser: Browser,
    keys: usize,
}

impl Doors {
    /// The sender is 王; 李 and 韩 may be written to, and three who have left may not.
    pub async fn open() -> Self {
        let site = Site::start().await;
        let office = site.test.department("office", None).await;
        let people = site.test.members(&["wang", "li", "han", "gone1", "gone2", "gone3"], office, false).await;
        for gone in &people[3..] {
            leave(&site, gone).await;
        }
        let registration = Registration {
            name: MODULE.to_owned(),
            label: None,
            audience: ProducerAudience { everyone: true, departments: Vec::new() },
            categories: ProducerCategories { any: true, names: Vec::new() },
            is_trusted: true,
        };
        let token = site.test.register_producer(registration).await.unwrap().token;
        let browser = site.browser_of(&people[0]).await;
        Self { api: zhihui::api::router(site.test.hub.clone()), token, browser, site, keys: 0 }
    }

    /// `POST /api/v1/messages`
    pub async fn http(&mut self, body: impl Into<Body>) -> Said {
        self.keys += 1;
        let request = Request::post("/api/v1/messages")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .header("idempotency-key", format!("http{}", self.keys))
            .body(body.into())
            .unwrap();
        said(&read(self.api.clone().oneshot(request).await.unwrap()).await)
    }

    /// `message.send`
    pub async fn queue(&mut self, body: impl Into<Vec<u8>>) -> Said {
        self.keys += 1;
        let envelope = Envelope {
            user_id: Some(MODULE.to_owned()),
            message_id: Some(format!("queue{}", self.keys)),
            ..Envelope::keyed("message.send", body)
        };
        let answer = self.site.test.answer_command(&envelope, true).await.unwrap();
        if answer["problem"].is_null() { said(&answer) } else { said(&answer["problem"]) }
    }

    /// `POST /compose`: the status, and the page as one reads it. None where the form has no such field.
    pub async fn form(&mut self, message: &Value) -> Option<(u16, String)> {
        let (fields, files) = typed(message)?;
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let page = if files.is_empty() {
            self.browser.post("/compose", &fields).await
        } else {
            self.browser.upload("/compose", &fields, &files).await
        };
        Some((page.status.as_u16(), as_read(&page.body)))
    }

    /// `POST /compose` with `do=draft`, as the script of the page does when a file is chosen: the status,
    /// and what the page shows.
    pub async fn draft(&mut self, message: &Value) -> (u16, String) {
        let (mut fields, files) = typed(message).expect("it is a content");
        fields[0] = ("do", "draft".to_owned());
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let part = self.browser.upload_part("compose_files", "/compose", &fields, &files).await;
        (part.status.as_u16(), as_read(&part.body))
    }
}

fn as_read(page: &str) -> String {
    page.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'")
}

async fn leave(site: &Site, who: &Actor) {
    let mut tx = site.test.db.begin().await.unwrap();
    people::set_state(&mut tx, who.id, person::State::Resigned, site.test.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn read(response: Response<Body>) -> Value {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

fn said(document: &Value) -> Said {
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    (document["status"].as_u64().unwrap_or_default(), text("code"), text("field"), text("detail"))
}

/// A message that nothing is wrong with, some fields replaced.
pub fn with(changes: &Value) -> Value {
    let mut message = json!({"title": "通知", "body": "正文", "audience": {"people": ["li"]}});
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            message.as_object_mut().expect("an object").remove(name);
        } else {
            message[name] = value.clone();
        }
    }
    message
}

type Typed = (Vec<(&'static str, String)>, Vec<(String, Vec<u8>)>);

/// How somebody fills in the form to mean this message; none when he cannot.
fn typed(message: &Value) -> Option<Typed> {
    let mut fields = vec![("do", "send".to_owned())];
    let mut files = Vec::new();
    for (name, value) in message.as_object()? {
        match name.as_str() {
            "title" => fields.push(("title", value.as_str()?.to_owned())),
            "body" => fields.push(("body", value.as_str()?.to_owned())),
            "signature" => fields.push(("signature", value.as_str()?.to_owned())),
            "url" => fields.extend([("url", value.as_str()?.to_owned()), ("kind", "link".to_owned())]),
            "send_at" => {
                // The form knows no zones: only what is written in the hub's own can be typed.
                let local = value.as_str()?.strip_suffix(":00+08:00")?.to_owned();
                fields.extend([("when", "at".to_owned()), ("send_at", local)]);
            }
            "audience" => {
                let mut accounts = String::new();
                for (part, chosen) in value.as_object()? {
                    (part == "people").then_some(())?;
                    for account in chosen.as_array()? {
                        writeln!(accounts, "{}", account.as_str()?).expect("a text takes any text");
                    }
                }
                fields.push(("accounts", accounts));
            }
            "receipt" => {
                fields.push(("receipt", "1".to_owned()));
                for option in value["options"].as_array()? {
                    fields.push(("option", option.as_str()?.to_owned()));
                }
            }
            "attachments" => {
                for file in value.as_array()? {
                    files.push((file["name"].as_str()?.to_owned(), STANDARD.decode(file["content"].as_str()?).ok()?));
                }
            }
            _ => return None,
        }
    }
    // What a link cannot have is not on its form.
    let is_link = fields.contains(&("kind", "link".to_owned()));
    let has_more = !files.is_empty() || fields.iter().any(|(name, _)| ["signature", "receipt"].contains(name));
    (!(is_link && has_more)).then_some((fields, files))
}

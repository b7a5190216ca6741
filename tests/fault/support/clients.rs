//! What others do to a child: modules post and publish, a head decides on a page, the provider
//! reports. Whatever was answered with a 2xx is kept and held against the database at the end.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use channels::simulated::sign;
use lapin::{
    BasicProperties, Confirmation, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use zhihui::{
    clock::Timestamp,
    domain::{
        ApprovalId, MessageId, PersonId,
        approval::State as Decided,
        delivery::{Key, State},
        seal,
        sign_in::LinkPurpose,
    },
    hub::{check::witness::Told, people::sign_in::Session},
    storage::sessions,
};

use super::{Child, Installation, installation::SECRET};

/// A client that is not answered asks again for so long.
const PATIENCE: Duration = Duration::from_secs(60);

impl Installation {
    /// A message to everybody over HTTP; none when the child did not answer. `at` schedules it.
    pub async fn sends(&self, child: &Child, key: &str, at: Option<Timestamp>) -> Option<MessageId> {
        self.sends_with(child, key, json!({"send_at": at})).await
    }

    /// With a file of its own.
    pub async fn sends_file(&self, child: &Child, key: &str) -> Option<MessageId> {
        let content = STANDARD.encode(format!("%PDF-1.7 {key}"));
        self.sends_with(child, key, json!({"attachments": [{"name": "议程.pdf", "content": content}]})).await
    }

    /// A message that comes again every day, for the first time at `first`, the same second of the day.
    pub async fn sends_daily(&self, child: &Child, key: &str, first: Timestamp) -> Option<MessageId> {
        let cron = first.format("%S %M %H * * *").to_string();
        self.sends_with(child, key, json!({"recurrence": {"cron": cron, "timezone": "UTC"}})).await
    }

    async fn sends_with(&self, child: &Child, key: &str, more: Value) -> Option<MessageId> {
        let mut body = notice("text");
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.post(child, "/api/v1/messages", Some(key), &body).await?;
        let id: MessageId = answer["id"].as_str().expect("an accepted message has an id").parse().unwrap();
        self.note(id);
        Some(id)
    }

    /// As a client does: asks again under its key until it is answered.
    pub async fn insists(&self, child: &Child, key: &str, at: Option<Timestamp>) -> MessageId {
        let begun = Instant::now();
        loop {
            if let Some(id) = self.sends(child, key, at).await {
                return id;
            }
            assert!(begun.elapsed() < PATIENCE, "no answer for {PATIENCE:?}\n{}", self.last_words());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Takes a message back; false when the child did not answer.
    pub async fn recalls(&self, child: &Child, id: MessageId) -> bool {
        let key = format!("recall-{id}");
        let answer = self.post(child, &format!("/api/v1/messages/{id}/recall"), Some(&key), &json!({})).await;
        if answer.is_some() {
            self.told(Told::Recalled(id));
        }
        answer.is_some()
    }

    /// Reminds those who have not read, once for each message; false when the child did not answer.
    pub async fn reminds(&self, child: &Child, id: MessageId) -> bool {
        let key = format!("remind-{id}");
        let path = format!("/api/v1/messages/{id}/remind");
        self.post(child, &path, Some(&key), &json!({"to": "unread"})).await.is_some()
    }

    /// Adds somebody outside to a message, once for each message; none when the child did not answer.
    pub async fn adds(&self, child: &Child, id: MessageId) -> Option<MessageId> {
        let (key, path) = (format!("add-{id}"), format!("/api/v1/messages/{id}/recipients"));
        let body = json!({"audience": {"external": [{"name": "李雷", "phone": "13900000009"}]}});
        let answer = self.post(child, &path, Some(&key), &body).await?;
        let added = answer["id"].as_str().expect("an addition has an id").parse().unwrap();
        self.note(added);
        Some(added)
    }

    /// Asks for the proof of who was told; false when the child did not answer.
    pub async fn asks_for_evidence(&self, child: &Child, id: MessageId) -> bool {
        let path = format!("/api/v1/messages/{id}/exports");
        self.post(child, &path, None, &json!({"kind": "evidence"})).await.is_some()
    }

    /// Posts as the module `tests`; none when there was no answer, or the hub could not serve.
    pub async fn post(&self, child: &Child, path: &str, key: Option<&str>, body: &Value) -> Option<Value> {
        let (status, answer) = self.try_post(child, path, key, body).await?;
        assert!(!status.is_client_error(), "{status} {answer}");
        status.is_success().then_some(answer)
    }

    /// As [`Self::post`], where a refusal is an answer too.
    pub async fn try_post(
        &self,
        child: &Child,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Option<(StatusCode, Value)> {
        let url = format!("{}{path}", child.url.as_ref()?);
        let mut request = self.client.post(url).bearer_auth(&self.token).json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        answered(request).await
    }

    /// Puts a message of the module's into its bin.
    pub async fn deletes(&self, child: &Child, id: MessageId) -> Option<(StatusCode, Value)> {
        let url = format!("{}/api/v1/messages/{id}", child.url.as_ref()?);
        answered(self.client.delete(url).bearer_auth(&self.token)).await
    }

    /// What somebody sees who follows a link to a message.
    pub async fn opens(&self, child: &Child, person: PersonId, id: MessageId) -> (StatusCode, String) {
        let session = self.signs_in(person).await;
        let url = format!("{}/inbox/{id}", child.url.as_ref().unwrap());
        let page = self.client.get(url).header("cookie", format!("session={}", session.token)).send().await.unwrap();
        (page.status(), page.text().await.unwrap())
    }

    /// Publishes a message to everybody to the command queue, as a module of the broker's user.
    pub async fn publishes(&self, key: &str) {
        let uri = self.broker.parse::<lapin::uri::AMQPUri>().unwrap();
        let connection = Connection::connect(&self.broker, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        let properties = BasicProperties::default()
            .with_user_id(uri.authority.userinfo.username.as_str().into())
            .with_message_id(key.into())
            .with_content_type("application/json".into())
            .with_delivery_mode(2);
        let exchange: ShortString = format!("{}.commands", self.prefix).into();
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let body = notice("text").to_string();
        let published =
            channel.basic_publish(exchange, "message.send".into(), options, body.as_bytes(), properties).await;
        assert_eq!(published.unwrap().await.unwrap(), Confirmation::Ack(None));
        connection.close(200, "done".into()).await.unwrap();
    }

    /// Agrees on the page, as somebody at a browser; false when the child did not answer. A second
    /// time finds it done.
    pub async fn approves(&self, child: &Child, head: PersonId, approval: ApprovalId) -> bool {
        let done = self.press_approve(child, head, approval).await.is_some();
        if done {
            self.told(Told::Decided(approval, Decided::Approved));
        }
        done
    }

    async fn press_approve(&self, child: &Child, head: PersonId, approval: ApprovalId) -> Option<()> {
        let session = self.signs_in(head).await;
        let url = format!("{}/approvals/{approval}", child.url.as_ref()?);
        let cookie = format!("session={}", session.token);
        let page = self.client.get(&url).header("cookie", &cookie).send().await.ok()?;
        assert_eq!(page.status(), 200);
        let page = page.text().await.ok()?;
        // Decided already: there is nothing to press any more.
        let Some((_, rest)) = page.split_once("name=\"hash\" value=\"") else { return Some(()) };
        let hash = rest.split('"').next().unwrap();
        let fields = [("csrf", session.csrf.as_str()), ("do", "approve"), ("hash", hash), ("opinion", "")];
        let answer = self.client.post(&url).header("cookie", &cookie).form(&fields).send().await.ok()?;
        answer.status().is_redirection().then_some(())
    }

    /// As somebody at a browser.
    pub async fn signs_in(&self, person: PersonId) -> Session {
        let (token, hash) = seal::token();
        let mut tx = self.hub.db.begin().await.unwrap();
        let until = self.hub.clock.now() + chrono::Duration::hours(1);
        sessions::insert_link(&mut tx, &hash, person, LinkPurpose::Demo, until).await.unwrap();
        tx.commit().await.unwrap();
        self.hub.sign_in_by_link(&token).await.unwrap()
    }

    /// The provider reports what became of everything that it took, each twice and not always in
    /// order; as providers do, it does not mind when nobody answers.
    pub async fn reports(&self, child: &Child) {
        for (nth, seen) in self.provider.log().into_iter().enumerate() {
            let words: [&str; 2] = match nth % 3 {
                0 => ["undelivered", "delivered"],
                1 => ["delivered", "undelivered"],
                _ => ["delivered", "delivered"],
            };
            for word in words {
                if self.report(child, &seen.key, word).await.is_some() {
                    let key: Key = seen.key.parse().unwrap();
                    self.told(Told::Reported(key, word.parse::<State>().unwrap()));
                }
            }
        }
    }

    async fn report(&self, child: &Child, key: &str, word: &str) -> Option<()> {
        let body = json!([{"ref": key, "status": word}]).to_string();
        let time = self.hub.clock.now().timestamp().to_string();
        let url = format!("{}/callbacks/sms", child.url.as_ref()?);
        let request = self.client.post(url).header("content-type", "application/json");
        let request = request.header("x-signature", sign(SECRET, &time, body.as_bytes())).header("x-timestamp", time);
        request.body(body).send().await.ok()?.status().is_success().then_some(())
    }
}

/// What was said to a request; none where there was no answer, or one that is cut.
async fn answered(request: reqwest::RequestBuilder) -> Option<(StatusCode, Value)> {
    let response = request.send().await.ok()?;
    let status = response.status();
    let text = response.text().await.ok()?;
    Some((status, serde_json::from_str(&text).ok()?))
}

/// To everybody.
pub fn notice(send_rule: &str) -> Value {
    json!({
        "title": "停电通知", "body": "今晚停电。", "audience": {"departments": [{"code": "all", "recursive": true}]},
        "send_rule": send_rule,
    })
}

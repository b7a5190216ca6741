//! What providers report.

use axum::{body::Body, http::Request};
use channels::simulated::sign;
use serde_json::json;
use zhihui::{
    domain::{
        MessageId,
        delivery::{Key, State},
    },
    storage::deliveries,
};

use super::{Module, id_of};
use crate::support::CARRIER_SECRET;

fn callback(channel: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method("POST").uri(format!("/callbacks/{channel}"));
    request.header("content-type", "application/json").body(body.into()).unwrap()
}

#[tokio::test]
async fn a_callback_is_believed_only_with_its_signature() {
    let module = Module::start().await;
    assert_eq!(module.ask(callback("sms", "[]")).await.code(), (401, "CALLBACK_SIGNATURE"));
    assert_eq!(module.ask(callback("pigeon", "[]")).await.code(), (404, "NOT_FOUND"));
    assert_eq!(module.ask(callback("sms", vec![b' '; 64 * 1024 + 1])).await.code(), (413, "BODY_SIZE"));
    module.test.end().await;
}

#[tokio::test]
async fn a_key_pressed_on_the_phone_is_the_persons_answer() {
    let mut module = Module::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = module.router.clone();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    module.test.carrier.tick(module.test.clock.now().timestamp_micros());
    module.test.carrier.set_callback(&base, CARRIER_SECRET).unwrap();

    let mut message = module.message();
    message["send_rule"] = json!("dingtalk");
    message["actions"] = json!([{"id": "confirm", "label": "确认承接"}]);
    let id = id_of(&module.send("k", &message).await);
    module.test.settle().await;
    let phone = module.test.carrier.phone(&module.li.phone).expect("a message came");
    module.test.carrier.press_button(&phone.items[0].id, "confirm").unwrap();
    module.test.carrier.settled().await;

    let status = module.get(&format!("/api/v1/messages/{id}")).await.body;
    assert_eq!(status["counts"]["receipts"], json!({"confirm": 1}));
    serving.abort();
    module.test.end().await;
}

#[tokio::test]
async fn what_a_provider_cannot_mean_changes_nothing() {
    let mut module = Module::start().await;
    module.test.carrier.set_callback("http://127.0.0.1:9", CARRIER_SECRET).unwrap();
    let mut message = module.message();
    message["send_rule"] = json!("dingtalk");
    let id: MessageId = id_of(&module.send("k", &message).await).parse().unwrap();
    module.test.settle().await;
    let key = Key { message: id, person: module.li.id, channel: "dingtalk".to_owned(), round: 0 };
    let now = module.test.clock.now().timestamp();
    let line = |key: &str, event: &str| json!([{"key": key, "ref": "r", "event": event}]).to_string();
    let stranger = Key { person: module.han.id, round: 7, ..key.clone() }.to_string();
    for (body, age, status) in [
        (line(&key.to_string(), "delivered"), 600, 401),
        (line(&key.to_string(), "delivered"), -600, 401),
        (line(&key.to_string(), "foo"), 0, 202),
        ("<html>busy</html>".to_owned(), 0, 202),
        (line(&stranger, "delivered"), 0, 200),
        (line("nonsense", "delivered"), 0, 200),
        (line(&Key { channel: "sms".to_owned(), ..key.clone() }.to_string(), "delivered"), 0, 200),
    ] {
        let answer = module.ask(signed(&body, now - age)).await;
        assert_eq!(answer.status, status, "{body}");
        assert_eq!(state(&module, &key).await, State::Accepted, "{body}");
    }
    for _ in 0..2 {
        assert_eq!(module.ask(signed(&line(&key.to_string(), "delivered"), now)).await.status, 200);
        assert_eq!(state(&module, &key).await, State::Delivered);
    }
    assert_eq!(module.ask(signed(&line(&key.to_string(), "failed"), now)).await.status.as_u16() / 100, 2);
    assert_eq!(state(&module, &key).await, State::Delivered, "no later word goes back");
    module.test.end().await;
}

async fn state(module: &Module, key: &Key) -> State {
    let mut tx = module.test.db.read().await.unwrap();
    deliveries::find(&mut tx, key).await.unwrap().unwrap().state
}

fn signed(body: &str, at: i64) -> Request<Body> {
    let mut request = callback("dingtalk", body.to_owned());
    let (time, headers) = (at.to_string(), request.headers_mut());
    headers.insert("x-signature", sign(CARRIER_SECRET, &time, body.as_bytes()).parse().unwrap());
    headers.insert("x-timestamp", time.parse().unwrap());
    request
}

//! What providers report.

use axum::{body::Body, http::Request};
use serde_json::json;

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

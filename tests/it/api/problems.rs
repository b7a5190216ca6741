//! What a module is told when something is wrong.

use axum::{body::Body, http::Request};
use serde_json::json;
use zhihui::hub::engine::room::{Held, Who};

use super::Module;

#[tokio::test]
async fn a_problem_has_its_document_in_the_callers_language() {
    let module = Module::start().await;
    let mut message = module.message();
    message["title"] = json!("字".repeat(201));
    let chinese = module.send("k", &message).await;
    assert_eq!(chinese.code(), (422, "MSG_TITLE_LEN"));
    assert_eq!(chinese.header("content-type"), "application/problem+json");
    assert_eq!(chinese.body["field"], "/title");
    assert_eq!(chinese.body["detail"], "标题最多 200 字，当前 201 字，请删去 1 字");
    assert_eq!((&chinese.body["status"], chinese.body["title"].is_string()), (&json!(422), true));
    assert_eq!(chinese.body["request_id"], chinese.header("x-request-id"));
    let request = module.request("POST", "/api/v1/messages").header("content-type", "application/json");
    let request = request.header("accept-language", "en-GB,en;q=0.9,zh;q=0.5").header("idempotency-key", "k");
    let english = module.ask(request.body(Body::from(message.to_string())).unwrap()).await;
    assert_eq!(english.body["detail"], "the title has 201 characters, at most 200 are allowed");
    assert_eq!(english.header("content-language"), "en");
    module.test.end().await;
}

#[tokio::test]
async fn nobody_gets_in_without_a_token_that_is_known() {
    let module = Module::start().await;
    let with = |value: Option<&str>| {
        let request = Request::builder().uri("/api/v1/messages/x");
        let request = value.into_iter().fold(request, |request, value| request.header("authorization", value));
        request.body(Body::empty()).unwrap()
    };
    let bare = module.token.clone();
    for (value, code) in [
        (None, "TOKEN_MISSING"),
        (Some(bare.as_str()), "TOKEN_MISSING"),
        (Some("Basic YTpi"), "TOKEN_MISSING"),
        (Some("Bearer "), "TOKEN_MISSING"),
        (Some("Bearer nonsense"), "TOKEN_INVALID"),
    ] {
        let answer = module.ask(with(value)).await;
        assert_eq!((answer.code(), answer.header("www-authenticate")), ((401, code), "Bearer"));
    }
    let lower = format!("bearer {bare}");
    assert_eq!(module.ask(with(Some(&lower))).await.code(), (404, "NOT_FOUND"));
    module.test.end().await;
}

#[tokio::test]
async fn what_is_posted_is_json_of_a_size_and_has_a_key() {
    let module = Module::start().await;
    let request = |content_type: &str, key: Option<String>| {
        let request = module.request("POST", "/api/v1/messages").header("content-type", content_type);
        key.into_iter().fold(request, |request, key| request.header("idempotency-key", key))
    };
    let json = || request("application/json", Some("k".to_owned()));
    let code = async |request: axum::http::request::Builder, body: Vec<u8>| {
        let answer = module.ask(request.body(Body::from(body)).unwrap()).await;
        (answer.status.as_u16(), answer.body["code"].as_str().unwrap().to_owned())
    };
    let expected = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(code(request("application/json", None), b"{}".to_vec()).await, expected(400, "IDEM_MISSING"));
    assert_eq!(
        code(request("application/json", Some("k".repeat(300))), b"{}".to_vec()).await,
        expected(400, "IDEM_MISSING")
    );
    assert_eq!(code(json().header("idempotency-key", "k2"), b"{}".to_vec()).await, expected(400, "IDEM_MISSING"));
    let gbk = axum::http::HeaderValue::from_bytes(b"\xb6\xa9\xb5\xa5").unwrap();
    let unreadable = request("application/json", None).header("idempotency-key", gbk);
    assert_eq!(code(unreadable, b"{}".to_vec()).await, expected(400, "IDEM_MISSING"));
    assert_eq!(code(request("text/plain", Some("k".to_owned())), b"{}".to_vec()).await, expected(415, "CONTENT_TYPE"));
    assert_eq!(
        code(json().header("content-encoding", "gzip"), b"{}".to_vec()).await,
        expected(415, "CONTENT_ENCODING")
    );
    assert_eq!(code(json(), b"{".to_vec()).await, expected(400, "JSON_SYNTAX"));
    assert_eq!(code(json(), b"\xff".to_vec()).await, expected(400, "BODY_ENCODING"));
    assert_eq!(code(json(), b"[]".to_vec()).await, expected(422, "FIELD_TYPE"));
    let padded = [b"{".to_vec(), vec![b' '; 10 * 1024 * 1024], b"}".to_vec()].concat();
    assert_eq!(code(json(), padded).await, expected(413, "BODY_SIZE"));
    assert_eq!(code(json(), vec![b' '; 31 * 1024 * 1024]).await, expected(413, "BODY_SIZE"));
    let tiny = [b"{\"attributes\":[0".to_vec(), b",0".repeat(600_000), b"]}".to_vec()].concat();
    assert_eq!(code(json(), tiny).await, expected(413, "JSON_VALUES"));
    module.test.end().await;
}

#[tokio::test]
async fn a_key_that_is_too_long_says_how_long_it_may_be() {
    let module = Module::start().await;
    let refused = module.send(&"k".repeat(300), &module.message()).await;
    assert_eq!(refused.code(), (400, "IDEM_MISSING"));
    assert_eq!(refused.body["detail"], "幂等键最多 255 字节，当前 300 字节，请换一个更短的");
    module.test.end().await;
}

#[tokio::test]
async fn what_is_large_waits_for_room_and_is_then_told_when_to_come_again() {
    let module = Module::start().await;
    let mut held = Held::default();
    let all = 48 * 1024 * 1024;
    module.test.in_hand.room().cover(&mut held, all, all, Who::Known).await.unwrap();
    let mut large = module.message();
    large["attributes"] = json!({"note": "字".repeat(100_000)});
    let refused = module.send("k", &large).await;
    assert_eq!((refused.code(), refused.header("retry-after")), ((429, "BUSY"), "5"));
    assert_eq!(module.send("small", &module.message()).await.status, 202);
    drop(held);
    assert_eq!(module.send("k", &large).await.status, 422, "read, and its attributes are too long");
    module.test.end().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_there() {
    let module = Module::start().await;
    for id in ["0", "-1", "1e9", "%00", "%ff%fe", "' or 1=1--", "01938a7e-6c1a-7d2e-9c7e-0d5a3f1b2c4d"] {
        let path = format!("/api/v1/messages/{}", id.replace(' ', "%20"));
        assert_eq!(module.get(&path).await.code(), (404, "NOT_FOUND"), "{id}");
        assert_eq!(module.get(&format!("{path}/deliveries")).await.code(), (404, "NOT_FOUND"), "{id}");
        for what in ["recall", "remind"] {
            assert_eq!(module.post(&format!("{path}/{what}"), &json!({"to": 1})).await.code(), (404, "NOT_FOUND"));
        }
        let letter = format!("/api/v1/dead-letters/{}/replay", id.replace(' ', "%20"));
        assert_eq!(module.post(&letter, &json!({})).await.code(), (404, "NOT_FOUND"), "{id}");
    }
    let id = super::id_of(&module.send("k", &module.message()).await);
    assert_eq!(module.get(&format!("/api/v1/messages/{id}")).await.status, 200);
    for other in [id.replace('-', ""), format!("urn:uuid:{id}"), format!("%7B{id}%7D")] {
        assert_eq!(module.get(&format!("/api/v1/messages/{other}")).await.code(), (404, "NOT_FOUND"), "{other}");
    }
    assert_eq!(module.post("/callbacks/%ff", &json!({})).await.code(), (404, "NOT_FOUND"));
    assert_eq!(module.get("/api/v1/nothing").await.code(), (404, "NOT_FOUND"));
    let wrong = module.get("/api/v1/audiences/resolve").await;
    assert_eq!((wrong.code(), wrong.header("allow")), ((405, "METHOD"), "POST"));
    module.test.end().await;
}

#[tokio::test]
async fn a_list_takes_only_what_it_knows() {
    let module = Module::start().await;
    for (query, code) in [
        ("limit=9", "PAGE_SIZE"),
        ("limit=100000", "PAGE_SIZE"),
        ("limit=ten", "PAGE_SIZE"),
        ("page=0", "FIELD_UNKNOWN"),
        ("sort=password", "FIELD_UNKNOWN"),
        ("cursor=1", "CURSOR"),
    ] {
        assert_eq!(module.get(&format!("/api/v1/dead-letters?{query}")).await.code(), (422, code), "{query}");
    }
    let id = "01938a7e-6c1a-7d2e-9c7e-0d5a3f1b2c4d";
    assert_eq!(module.get(&format!("/api/v1/messages/{id}/deliveries?state=foo")).await.code(), (422, "FIELD_VALUE"));
    module.test.end().await;
}

#[tokio::test]
async fn a_module_that_asks_too_fast_is_told_to_wait() {
    let module = Module::start().await;
    let mut answer = module.get("/api/v1/messages/x").await;
    for _ in 0..2_000 {
        if answer.status == 429 {
            break;
        }
        answer = module.get("/api/v1/messages/x").await;
    }
    assert_eq!(answer.code(), (429, "RATE"));
    assert!(!answer.header("retry-after").is_empty());
    module.test.end().await;
}

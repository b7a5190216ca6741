//! The documents say what is there, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;
use zhihui::{
    api::{
        ROUTES,
        documents::{ASYNCAPI, OPENAPI},
    },
    domain::command::Name,
};

use super::Module;

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("a document is JSON")
}

/// Every value under a `$ref` in the document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[test]
fn every_route_is_an_operation_and_the_other_way_round() {
    let document = read(OPENAPI);
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (path.clone(), method.clone())))
        .collect();
    let routed = ROUTES.iter().map(|route| (route.path.to_owned(), route.method.to_owned())).collect();
    assert_eq!(described, routed);
}

#[test]
fn no_reference_leads_nowhere() {
    for text in [OPENAPI, ASYNCAPI] {
        let document = read(text);
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        let lost: Vec<_> = found
            .iter()
            .filter(|target| target.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).is_none())
            .collect();
        assert!(!found.is_empty() && lost.is_empty(), "{lost:?}");
    }
}

#[test]
fn every_command_of_the_queue_is_one_of_ours() {
    let document = read(ASYNCAPI);
    let commands = document["channels"]["commands"]["parameters"]["command"]["enum"].as_array().unwrap();
    for command in commands {
        assert!(command.as_str().unwrap().parse::<Name>().is_ok(), "{command}");
    }
    assert_eq!(document["asyncapi"], "3.0.0");
}

#[test]
fn every_field_of_a_message_is_described() {
    let document = read(OPENAPI);
    let described: BTreeSet<_> =
        document["components"]["schemas"]["MessageSend"]["properties"].as_object().unwrap().keys().cloned().collect();
    let problem =
        zhihui::domain::command::read_send(&serde_json::json!({"?": 1}), zhihui::clock::Timestamp::UNIX_EPOCH);
    let detail = problem.expect_err("an unknown field").detail;
    let known: BTreeSet<_> = detail.split('：').nth(1).unwrap().split('、').map(str::to_owned).collect();
    assert_eq!(described, known);
}

#[tokio::test]
async fn the_documents_are_served_to_everybody_and_the_page_loads_nothing_foreign() {
    let module = Module::start().await;
    assert_eq!(module.get("/openapi.json").await.body["openapi"], "3.1.0");
    assert_eq!(module.get("/asyncapi.json").await.body["asyncapi"], "3.0.0");
    let page = module.get("/api/docs").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let html = page.body.as_str().unwrap();
    for (_, item) in read(OPENAPI)["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            assert!(html.contains(operation["summary"].as_str().unwrap()));
        }
    }
    assert!(!html.contains("<script") && !html.contains("src="));
    assert_eq!(html.matches("rel=\"stylesheet\"").count(), 1);
    assert_eq!(module.get("/api/docs.css").await.header("content-type"), "text/css; charset=utf-8");
    module.test.end().await;
}

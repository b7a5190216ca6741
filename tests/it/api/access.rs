//! Which module may do what with whose message: every address of the API, and every command.

use std::collections::BTreeSet;

use axum::body::Body;
use serde_json::{Value, json};
use zhihui::{
    api::ROUTES,
    broker::Envelope,
    domain::{Problem, command::Name},
};

use super::{Module, id_of, register};

/// Statuses for: nobody; the module whose it is; another module; one that was disabled.
type Case = (&'static str, &'static str, [u16; 4]);

/// Changes are asked for with what is right for all but their state: 409 means "let in".
const CASES: &[Case] = &[
    //                                                    nobody own other disabled
    ("post", "/api/v1/messages", [401, 202, 202, 401]),
    ("get", "/api/v1/messages", [401, 200, 200, 401]),
    ("get", "/api/v1/messages/{id}", [401, 200, 404, 401]),
    ("post", "/api/v1/messages/{id}/exports", [401, 202, 404, 401]),
    ("get", "/api/v1/messages/{id}/exports/{kind}", [401, 200, 404, 401]),
    // nobody has written it yet
    ("get", "/api/v1/messages/{id}/exports/{kind}/content", [401, 404, 404, 401]),
    ("get", "/api/v1/messages/{id}/deliveries", [401, 200, 404, 401]),
    ("post", "/api/v1/messages/{id}/remind", [401, 202, 404, 401]),
    // it went to the inbox alone; whoever would be added has it
    ("post", "/api/v1/messages/{id}/resend", [401, 409, 404, 401]),
    ("post", "/api/v1/messages/{id}/recipients", [401, 422, 404, 401]),
    ("post", "/api/v1/messages/{id}/release", [401, 409, 404, 401]),
    ("post", "/api/v1/messages/{id}/stop", [401, 409, 404, 401]),
    ("post", "/api/v1/messages/{id}/recall", [401, 202, 404, 401]),
    ("delete", "/api/v1/messages/{id}", [401, 200, 404, 401]),
    ("post", "/api/v1/messages/{id}/restore", [401, 200, 404, 401]),
    ("post", "/api/v1/messages/{id}/purge", [401, 200, 404, 401]),
    ("post", "/api/v1/audiences/resolve", [401, 200, 200, 401]),
    ("get", "/api/v1/groups", [401, 200, 200, 401]),
    ("post", "/api/v1/groups", [401, 201, 201, 401]),
    ("post", "/api/v1/groups/order", [401, 204, 404, 401]),
    ("get", "/api/v1/groups/{group}", [401, 200, 404, 401]),
    ("put", "/api/v1/groups/{group}", [401, 204, 404, 401]),
    ("put", "/api/v1/groups/{group}/department", [401, 204, 404, 401]),
    ("delete", "/api/v1/groups/{group}/department", [401, 204, 404, 401]),
    ("get", "/api/v1/groups/{group}/members", [401, 200, 404, 401]),
    ("post", "/api/v1/groups/{group}/members", [401, 200, 404, 401]),
    ("post", "/api/v1/groups/{group}/members/order", [401, 204, 404, 401]),
    ("post", "/api/v1/groups/{group}/members/copy", [401, 200, 404, 401]),
    ("put", "/api/v1/groups/{group}/members/{member}", [401, 204, 404, 401]),
    ("post", "/api/v1/groups/{group}/members/move", [401, 200, 404, 401]),
    ("delete", "/api/v1/groups/{group}/members/{member}", [401, 404, 404, 401]),
    ("post", "/api/v1/groups/{group}/members/remove", [401, 422, 404, 401]),
    ("delete", "/api/v1/groups/{group}", [401, 204, 404, 401]),
    ("get", "/api/v1/group-folders", [401, 200, 200, 401]),
    ("post", "/api/v1/group-folders", [401, 201, 201, 401]),
    ("put", "/api/v1/group-folders/{folder}", [401, 204, 404, 401]),
    ("delete", "/api/v1/group-folders/{folder}", [401, 204, 404, 401]),
    ("get", "/api/v1/dead-letters", [401, 200, 200, 401]),
    ("post", "/api/v1/dead-letters/{letter}/replay", [401, 422, 404, 401]),
    // Providers prove themselves by their signature, documents are for everybody.
    ("post", "/callbacks/{channel}", [401, 401, 401, 401]),
    ("get", "/openapi.json", [200, 200, 200, 200]),
    ("get", "/asyncapi.json", [200, 200, 200, 200]),
    ("get", "/api/docs", [200, 200, 200, 200]),
];

#[test]
fn every_endpoint_has_its_cases() {
    let routed: BTreeSet<_> = ROUTES.iter().map(|route| (route.method, route.path.to_owned())).collect();
    let tried: BTreeSet<_> = CASES.iter().map(|(method, path, _)| (*method, plain(path))).collect();
    assert_eq!(tried, routed);
    assert_eq!(tried.len(), CASES.len(), "an endpoint twice");
}

/// As the router writes it.
fn plain(path: &str) -> String {
    ["{letter}", "{group}", "{folder}"].iter().fold(path.to_owned(), |path, name| path.replace(name, "{id}"))
}

/// Ids of what the first module keeps.
struct Kept {
    group: String,
    other: String,
    folder: String,
    member: String,
}

impl Kept {
    async fn by(module: &Module) -> Self {
        let group = id_of(&module.post("/api/v1/groups", &json!({"name": "评审组"})).await);
        let other = id_of(&module.post("/api/v1/groups", &json!({"name": "另一组"})).await);
        let folder = id_of(&module.post("/api/v1/group-folders", &json!({"name": "评审"})).await);
        let members = format!("/api/v1/groups/{group}/members");
        module.post(&members, &json!({"people": [module.li.account]})).await;
        let member = module.get(&members).await.body["items"][0]["id"].as_str().expect("a member").to_owned();
        Self { group, other, folder, member }
    }

    fn body(&self, path: &str) -> Option<Value> {
        let end = path.rsplit('/').next().unwrap_or_default();
        Some(match (path.starts_with("/api/v1/group"), end) {
            (false, _) => return None,
            (_, "order") if path.contains("members") => json!({"members": [self.member]}),
            (_, "order") => json!({"groups": [self.group]}),
            (_, "department") => json!({"code": "jwc"}),
            (_, "members") => json!({"people": ["han"]}),
            (_, "copy" | "move") => json!({"members": [self.member], "to": self.other}),
            (_, "remove") => json!({"members": [self.member]}),
            (_, "{member}") => json!({"note": "组长"}),
            (_, "{group}" | "{folder}") => json!({"name": "改过的名称"}),
            _ => json!({"name": "新的名称"}),
        })
    }
}

fn body_of(module: &Module, path: &str) -> Value {
    match path {
        "/api/v1/messages" => module.message(),
        path if path.ends_with("remind") || path.ends_with("resend") => json!({"to": "unread"}),
        path if path.ends_with("exports") => json!({"kind": "sheet"}),
        path if path.ends_with("recipients") => json!({"audience": {"people": ["li"]}}),
        path if path.ends_with("resolve") => json!({"audience": {"people": [module.li.account]}}),
        _ => json!({}),
    }
}

#[tokio::test]
async fn a_module_reaches_its_own_messages_alone() {
    let mut module = Module::start().await;
    let id = id_of(&module.send("k", &module.message()).await);
    module.test.settle().await;
    let unreadable = Envelope {
        user_id: Some("meeting".to_owned()),
        ..Envelope::keyed("message.send", json!({"title": ""}).to_string())
    };
    let bad = Envelope { message_id: Some("bad".to_owned()), ..unreadable };
    module.test.answer_command(&bad, true).await.unwrap();
    let letter = id_of_first(&module.get("/api/v1/dead-letters").await.body);
    let kept = Kept::by(&module).await;
    let disabled = register(&module.test, "retired", true).await;
    module.test.disable_producer("retired").await.unwrap();
    let callers = [String::new(), module.token.clone(), register(&module.test, "other", true).await, disabled];

    let mut wrong = Vec::new();
    // The owner last: what he does changes what the others would find.
    for caller in [0, 3, 2, 1] {
        for (nth, (method, path, expected)) in CASES.iter().enumerate() {
            let address = path.replace("{id}", &id).replace("{letter}", &letter).replace("{channel}", "sms");
            let address = address.replace("{kind}", "sheet");
            let address = address.replace("{group}", &kept.group).replace("{folder}", &kept.folder);
            let address = address.replace("{member}", &kept.member);
            let request = axum::http::Request::builder().method(method.to_uppercase().as_str()).uri(&address);
            let request = request
                .header("authorization", format!("Bearer {}", callers[caller]))
                .header("content-type", "application/json")
                .header("idempotency-key", format!("{caller}.{nth}"));
            let body = Body::from(kept.body(path).unwrap_or_else(|| body_of(&module, path)).to_string());
            let status = module.ask(request.body(body).unwrap()).await.status.as_u16();
            if status != expected[caller] {
                wrong.push(format!("{method} {path}: caller {caller} got {status}, not {}", expected[caller]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    module.test.end().await;
}

fn id_of_first(list: &Value) -> String {
    list["items"][0]["id"].as_str().expect("a dead letter").to_owned()
}

#[tokio::test]
async fn the_queue_lets_a_module_reach_no_more_than_the_api() {
    let mut module = Module::start().await;
    let id = id_of(&module.send("k", &module.message()).await);
    module.test.settle().await;
    register(&module.test, "other", true).await;
    register(&module.test, "retired", true).await;
    module.test.disable_producer("retired").await.unwrap();
    let offered: Vec<_> = Name::ALL.iter().filter(|name| name.as_str().starts_with("message.")).collect();
    assert_eq!(offered.len(), 6, "a new command needs a case here");
    for name in offered {
        let body = match name {
            Name::MessageSend => continue,
            Name::MessageRemind | Name::MessageResend => json!({"id": id, "to": "unread"}),
            Name::MessageAddRecipients => json!({"id": id, "audience": {"people": ["li"]}}),
            _ => json!({"id": id}),
        };
        let code = async |user: &str| {
            let command = Envelope {
                user_id: Some(user.to_owned()),
                message_id: Some(format!("{user} {name}")),
                ..Envelope::keyed(name.as_str(), body.to_string())
            };
            module.test.answer_command(&command, true).await.unwrap()["problem"]["code"].clone()
        };
        assert_eq!(code("other").await, Problem::not_found().code, "{name}");
        assert_eq!(code("retired").await, "PRODUCER_UNVERIFIED", "{name}");
    }
    module.test.end().await;
}

//! A module that may address one department learns of nobody else, not even that he exists.

use serde_json::{Value, json};
use zhihui::{
    hub::people::register::Registration,
    storage::producers::{ProducerAudience, ProducerCategories},
};

use super::Module;

/// The module `visitor` has `own` and what lies below; 李 and 韩 of `jwc` are out of its range.
async fn limited() -> Module {
    let mut module = Module::start().await;
    let test = &module.test;
    let own = test.department("own", None).await;
    let below = test.department("own.1", Some(own)).await;
    test.member("inside", own).await;
    test.member("below", below).await;
    let registration = Registration {
        name: "visitor".to_owned(),
        label: None,
        audience: ProducerAudience { everyone: false, departments: vec!["own".to_owned()] },
        categories: ProducerCategories { any: true, names: Vec::new() },
        is_trusted: true,
    };
    module.token = test.register_producer(registration).await.unwrap().token;
    module
}

/// What both doors say to this audience, without the number of the request.
async fn said(module: &Module, audience: &Value) -> [Value; 2] {
    let mut sent = module.send("k", &json!({"title": "通知", "body": "正文", "audience": audience})).await.body;
    let mut tried = module.post("/api/v1/audiences/resolve", &json!({"audience": audience})).await.body;
    for answer in [&mut sent, &mut tried] {
        answer.as_object_mut().unwrap().remove("request_id").expect("a problem");
    }
    [sent, tried]
}

#[tokio::test]
async fn whoever_is_out_of_a_modules_range_is_as_unknown_as_nobody() {
    let module = limited().await;
    let name = |account: &str| {
        [
            json!({"people": [account]}),
            json!({"people": ["inside", account]}),
            json!({"people": [account], "except": {"people": [account]}}),
            json!({"people": ["inside", account], "except": {"people": [account]}}),
            json!({"people": [account], "except": {"people": ["inside"]}}),
            json!({"people": [account], "filter": {"kind": ["staff"]}}),
            json!({"people": [account], "filter": {"kind": ["student"]}}),
            json!({"people": [account], "filter": {"gender": "female"}}),
        ]
    };
    for (unknown, outside) in name("nobody").into_iter().zip(name("li")) {
        let [sent, tried] = said(&module, &unknown).await;
        assert_eq!((&sent["code"], &sent), (&json!("RCPT_NOT_VISIBLE"), &tried), "{unknown}");
        let at = unknown["people"].as_array().unwrap().len();
        assert_eq!(sent["field"], format!("/audience/people/{}", at - 1), "{unknown}");
        assert_eq!(sent["detail"], format!("第 {at} 个接收人“nobody”不在您的可见范围内"), "{unknown}");
        // The same words but for what was typed.
        let named = |answer: &serde_json::Value| answer.to_string().replace("“nobody”", "“li”");
        let [of_outside, tried_outside] = said(&module, &outside).await;
        assert_eq!([named(&sent), named(&tried)], [of_outside.to_string(), tried_outside.to_string()], "{outside}");
    }
    for account in ["nobody", "li"] {
        let [sent, tried] = said(&module, &json!({"people": ["inside"], "except": {"people": [account]}})).await;
        assert_eq!((&sent["field"], &sent), (&json!("/audience/except/people/0"), &tried));
    }
    // many of both: the first one is named, whichever it is
    let mut many: Vec<_> = (0..20).map(|nth| format!("x{nth:02}")).collect();
    let all_unknown = said(&module, &json!({"people": many})).await;
    many[0] = "li".to_owned();
    let named = all_unknown.map(|answer| answer.to_string().replace("“x00”", "“li”"));
    assert_eq!(said(&module, &json!({"people": many})).await.map(|answer| answer.to_string()), named);
    module.test.end().await;
}

#[tokio::test]
async fn a_department_out_of_range_is_as_unknown_as_none() {
    let module = limited().await;
    let name = |code: &str| {
        [
            json!({"departments": [{"code": code, "recursive": true}]}),
            json!({"departments": [{"code": "own"}, {"code": code}]}),
            json!({"departments": [{"code": code}], "except": {"departments": [code]}}),
            json!({"departments": [{"code": "own"}], "except": {"departments": [code]}}),
        ]
    };
    for (unknown, outside) in name("nowhere").into_iter().zip(name("jwc")) {
        let answers = said(&module, &unknown).await;
        assert_eq!(answers[0]["code"], "RCPT_NOT_VISIBLE", "{unknown}");
        assert_eq!(said(&module, &outside).await, answers, "{outside}");
    }
    for beyond in [
        json!({"everyone": true, "except": {"departments": ["jwc"]}}),
        json!({"external": [{"name": "王访客", "phone": "13800138000"}]}),
        json!({"external": [{"name": "王访客", "phone": "13800138000"}], "filter": {"kind": ["staff"]}, "people": ["inside"]}),
    ] {
        assert_eq!(said(&module, &beyond).await[0]["code"], "RCPT_NOT_VISIBLE", "{beyond}");
    }
    // what is in range goes through, with everything that narrows it
    for (audience, people) in [
        (json!({"people": ["inside", "below"]}), 2),
        (json!({"departments": [{"code": "own", "recursive": true}]}), 2),
        (json!({"departments": [{"code": "own.1"}]}), 1),
        (json!({"people": ["inside", "below"], "except": {"people": ["below"]}}), 1),
        (json!({"departments": [{"code": "own", "recursive": true}], "except": {"departments": ["own.1"]}}), 1),
    ] {
        let tried = module.post("/api/v1/audiences/resolve", &json!({"audience": audience})).await;
        assert_eq!(tried.body["recipients"], people, "{audience} {}", tried.body);
    }
    module.test.end().await;
}

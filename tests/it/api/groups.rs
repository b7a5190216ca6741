//! Groups that a module keeps for its own messages.

use axum::body::Body;
use serde_json::{Value, json};
use zhihui::{
    domain::message::Audience,
    hub::{Source, groups::Named, people::register::Registration},
    storage::producers::{ProducerAudience, ProducerCategories},
};

use super::{Answer, Module, id_of};

impl Module {
    async fn ask_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json");
        self.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }
}

#[tokio::test]
async fn a_module_keeps_groups_of_its_own_and_sends_to_them() {
    let mut module = Module::start().await;
    let folder = id_of(&module.post("/api/v1/group-folders", &json!({"name": "评审"})).await);
    let added = module.post("/api/v1/groups", &json!({"name": "专家", "folder": folder})).await;
    assert_eq!(added.status, 201);
    let address = added.header("location").to_owned();
    assert_eq!(address, format!("/api/v1/groups/{}", id_of(&added)));
    let again = module.post("/api/v1/groups", &json!({"name": "专家"})).await;
    assert_eq!((again.code(), again.body["detail"].as_str()), ((422, "GROUP_NAME"), Some("已有同名分组")));

    let members = format!("{address}/members");
    let named = json!({
        "people": [module.li.account],
        "external": [{"name": "陈启航", "phone": "13900020001", "note": "校外"}],
    });
    assert_eq!(module.post(&members, &named).await.body, json!({"added": 2, "already": 0}));
    assert_eq!(module.post(&members, &named).await.body, json!({"added": 0, "already": 2}));
    let listed = module.get(&members).await.body;
    let outsider = &listed["items"][1];
    assert_eq!((outsider["phone"].as_str(), outsider["outside"].as_bool()), (Some("139****0001"), Some(true)));
    for (body, code, field) in [
        (json!({"people": ["nobody"]}), "RCPT_NOT_VISIBLE", "/people/0"),
        (json!({"external": [{"name": "陈启航"}]}), "EXTERNAL_ADDRESS", "/external/0"),
        (json!({}), "RCPT_NONE", "/people"),
    ] {
        let refused = module.post(&members, &body).await;
        assert_eq!((refused.code().1, refused.body["field"].as_str()), (code, Some(field)));
    }
    let follow = module.ask_json("PUT", &format!("{address}/department"), &json!({"code": "jwc"})).await;
    assert_eq!(follow.status, 204);
    let shown = module.get(&address).await.body;
    assert_eq!(shown["people"], 3, "李 is listed and of the department that is followed");
    assert_eq!(shown["department"], json!({"code": "jwc", "recursive": false}));

    let id = shown["id"].as_str().unwrap();
    let letter = json!({"title": "评审", "body": "周五", "audience": {"groups": [id]}});
    let sent = module.send("k", &letter).await;
    assert_eq!(sent.body["recipients"], 3);
    module.test.settle().await;
    assert_eq!(module.get(&address).await.body["uses"], json!({"messages": 1, "scheduled": 0}));

    let person = outsider["id"].as_str().unwrap();
    let edit = json!({"name": "陈启杭", "phone": "13900020009", "note": "专家"});
    assert_eq!(module.ask_json("PUT", &format!("{members}/{person}"), &edit).await.status, 204);
    let listed = module.get(&members).await.body;
    assert_eq!((listed["items"][1]["name"].as_str(), listed["next_cursor"].is_null()), (Some("陈启杭"), true));
    let person = listed["items"][1]["id"].as_str().unwrap();
    assert_eq!(module.ask_json("DELETE", &format!("{members}/{person}"), &json!({})).await.status, 204);
    assert_eq!(module.get(&members).await.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(module.ask_json("DELETE", &address, &json!({})).await.status, 204);
    assert_eq!(module.get(&address).await.code(), (404, "NOT_FOUND"));
    module.test.end().await;
}

#[tokio::test]
async fn nobodys_group_is_there_for_a_module_and_none_leads_out_of_its_range() {
    let mut module = Module::start().await;
    let li = Source::Person(module.li.id);
    let foreign = module.test.add_group(&li, "李的分组", None).await.unwrap();
    let people = Audience { people: vec!["han".into()], ..Audience::default() };
    module.test.add_members(&li, foreign, &Named { inside: people, ..Named::default() }).await.unwrap();
    assert_eq!(module.get(&format!("/api/v1/groups/{foreign}")).await.code(), (404, "NOT_FOUND"));
    let letter = json!({"title": "评审", "body": "周五", "audience": {"groups": [foreign]}});
    assert_eq!(module.send("k", &letter).await.code(), (422, "RCPT_NOT_VISIBLE"));

    let library = module.test.department("library", None).await;
    let away = module.test.member("qian", library).await;
    let registration = Registration {
        name: "narrow".to_owned(),
        label: None,
        audience: ProducerAudience { everyone: false, departments: vec!["jwc".to_owned()] },
        categories: ProducerCategories { any: true, names: Vec::new() },
        is_trusted: true,
    };
    module.token = module.test.register_producer(registration).await.unwrap().token;
    let group = id_of(&module.post("/api/v1/groups", &json!({"name": "窄"})).await);
    let members = format!("/api/v1/groups/{group}/members");
    let outside = json!({"external": [{"name": "陈启航", "phone": "13900020001"}]});
    for body in [json!({"people": [away.account]}), json!({"departments": [{"code": "library"}]}), outside] {
        assert_eq!(module.post(&members, &body).await.code(), (422, "RCPT_NOT_VISIBLE"), "{body}");
    }
    assert_eq!(module.post(&members, &json!({"people": ["li"]})).await.body["added"], 1);
    let letter = json!({"title": "评审", "body": "周五", "audience": {"groups": [group]}});
    assert_eq!(module.send("in", &letter).await.status, 202);
    // Who has left the range since is not reached by the way of a group.
    let mut tx = module.test.db.begin().await.unwrap();
    zhihui::storage::assignments::remove_all_of(&mut tx, &[module.li.id]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(module.send("out", &letter).await.code(), (422, "RCPT_NOT_VISIBLE"));
    module.test.end().await;
}

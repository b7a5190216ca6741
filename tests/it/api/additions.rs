//! Adding people to what is out, and sending it again.

use serde_json::json;

use super::{Module, id_of};

#[tokio::test]
async fn a_module_adds_people_and_sends_again() {
    let mut module = Module::start().await;
    let mut message = module.message();
    message["audience"] = json!({"people": [module.li.account]});
    message["send_rule"] = json!("dingtalk");
    let id = id_of(&module.send("k1", &message).await);
    module.test.settle().await;
    let (path, shown) = (format!("/api/v1/messages/{id}/recipients"), format!("/api/v1/messages/{id}"));
    assert_eq!(module.post(&path, &json!({})).await.code(), (422, "FIELD_MISSING"));
    assert_eq!(
        module.post(&path, &json!({"audience": {"people": ["nobody"]}})).await.code(),
        (422, "RCPT_NOT_VISIBLE")
    );
    let both = json!({"audience": {"people": [module.li.account, module.han.account]}});
    let added = module.post(&path, &both).await;
    assert_eq!(added.status, 202, "{:?}", added.body);
    assert_eq!(
        (&added.body["recipients"], &added.body["already"], &added.body["adds_to"], &added.body["state"]),
        (&json!(1), &json!(1), &json!(id), &json!("sending"))
    );
    module.test.settle().await;
    let status = module.get(&shown).await.body;
    assert_eq!((&status["counts"]["recipients"], &status["counts"]["sent"]), (&json!(2), &json!(2)));
    assert_eq!((&status["additions"][0]["id"], &status["adds_to"]), (&added.body["id"], &json!(null)));
    let addition = module.get(&format!("/api/v1/messages/{}", id_of(&added))).await.body;
    assert_eq!((&addition["adds_to"], &addition["title"]), (&json!(id), &status["title"]));
    let listed = module.get(&format!("{shown}/deliveries?limit=10")).await.body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(listed["items"][0]["attempts"][0]["state"] == "accepted", "{listed}");

    module.test.sent();
    let resend = format!("{shown}/resend");
    assert_eq!(module.post(&resend, &json!({"to": "nobody"})).await.code(), (422, "FIELD_VALUE"));
    let again = module.post(&resend, &json!({"to": "all"})).await;
    assert_eq!((again.status.as_u16(), &again.body["people"]), (202, &json!(2)));
    assert_eq!(module.post(&resend, &json!({"to": "all"})).await.code(), (429, "REMIND_RATE"));
    module.test.settle().await;
    assert_eq!(module.test.sent().len(), 2);
    module.test.end().await;
}

//! What a module has sent, and files about it.

use serde_json::json;
use zhihui::domain::evidence;

use super::{Module, id_of, register};

#[tokio::test]
async fn a_module_lists_what_it_has_sent() {
    let mut module = Module::start().await;
    let mut ids = Vec::new();
    for nth in 0..12 {
        let mut message = module.message();
        message["title"] = json!(format!("第{nth:02}号"));
        if nth == 11 {
            message["send_at"] = json!(module.test.clock.now() + chrono::Duration::hours(1));
        }
        ids.push(id_of(&module.send(&format!("k{nth}"), &message).await));
        module.test.clock.advance(chrono::Duration::seconds(1));
    }
    module.test.settle().await;
    let first = module.get("/api/v1/messages?limit=10").await.body;
    let listed = |page: &serde_json::Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = module.get(&format!("/api/v1/messages?limit=10&cursor={cursor}")).await.body;
    ids.reverse();
    assert_eq!([listed(&first), listed(&second)].concat(), ids);
    assert_eq!((&second["next_cursor"], &second["items"][1]["sent"]), (&json!(null), &json!(2)));
    assert_eq!(listed(&module.get("/api/v1/messages?state=scheduled").await.body), ids[..1]);
    assert_eq!(listed(&module.get("/api/v1/messages?q=%E7%AC%AC03").await.body), [ids[8].clone()]);
    assert_eq!(listed(&module.get("/api/v1/messages?q=%25").await.body), [""; 0]);
    for (query, code) in
        [("state=x", "FIELD_VALUE"), ("limit=5", "PAGE_SIZE"), ("cursor=1.2", "CURSOR"), ("sort=a", "FIELD_UNKNOWN")]
    {
        assert_eq!(module.get(&format!("/api/v1/messages?{query}")).await.code(), (422, code));
    }
    let mut other = Module { token: register(&module.test, "other", true).await, ..module };
    assert_eq!(listed(&other.get("/api/v1/messages").await.body), [""; 0]);
    other.test.settle().await;
    other.test.end().await;
}

#[tokio::test]
async fn a_module_has_evidence_and_a_spreadsheet_written() {
    let mut module = Module::start().await;
    let id = id_of(&module.send("k", &module.message()).await);
    module.test.settle().await;
    let exports = format!("/api/v1/messages/{id}/exports");
    assert_eq!(module.post(&exports, &json!({"kind": "pdf"})).await.code(), (422, "FIELD_VALUE"));
    assert_eq!(module.get(&format!("{exports}/evidence")).await.code(), (404, "NOT_FOUND"));
    let web = zhihui::web::Web::open(module.test.hub.clone(), None, Vec::new()).unwrap();
    for kind in ["evidence", "sheet"] {
        let begun = module.post(&exports, &json!({"kind": kind})).await;
        assert_eq!(
            (begun.status.as_u16(), &begun.body["state"], &begun.body["total"]),
            (202, &json!("waiting"), &json!(2))
        );
        assert_eq!(module.get(&format!("{exports}/{kind}/content")).await.code(), (404, "NOT_FOUND"));
        assert!(web.write_next().await.unwrap());
        assert_eq!(module.get(&format!("{exports}/{kind}")).await.body["state"], "ready");
    }
    let file = module.get(&format!("{exports}/evidence/content")).await;
    let key = module.test.evidence_signer().await.unwrap().public();
    assert_eq!(file.body["signature"]["key"], json!(key));
    let written = format!("{}{}", evidence::HEAD, evidence::canonical(&file.body["evidence"]));
    let signature = file.body["signature"].to_string();
    let whole = format!("{written},\"signature\":{signature}}}");
    assert!(evidence::verify(whole.as_bytes(), Some(&key)).is_ok());
    assert_eq!(module.get(&format!("{exports}/sheet/content")).await.status, 200);
    web.close();
    module.test.end().await;
}

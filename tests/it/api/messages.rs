//! Sending, asking what became of it, recalling, reminding, trying out.

use axum::body::Body;
use serde_json::{Value, json};
use zhihui::broker::Envelope;

use super::{Module, id_of, register};

#[tokio::test]
async fn a_message_is_accepted_once_for_its_key() {
    let module = Module::start().await;
    let first = module.send("k1", &module.message()).await;
    assert_eq!(first.status, 202);
    assert_eq!(
        (&first.body["state"], &first.body["recipients"], &first.body["approval"]),
        (&json!("sending"), &json!(2), &json!(null))
    );
    assert_eq!(first.header("location"), format!("/api/v1/messages/{}", id_of(&first)));
    // The key may be quoted, and blanks in the JSON do not count.
    let again = module.send("\"k1\"", &module.message()).await;
    assert_eq!((again.status, id_of(&again)), (first.status, id_of(&first)));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    let mut other = module.message();
    other["body"] = json!("十点");
    assert_eq!(module.send("k1", &other).await.code(), (422, "IDEM_MISMATCH"));
    assert_ne!(id_of(&module.send("k2", &other).await), id_of(&first));
    module.test.end().await;
}

#[tokio::test]
async fn a_repeat_is_answered_even_when_its_time_has_come() {
    let module = Module::start().await;
    let mut message = module.message();
    message["send_at"] = json!(module.test.clock.now() + chrono::Duration::hours(1));
    let first = module.send("k1", &message).await;
    assert_eq!(first.body["state"], "scheduled");
    module.test.clock.advance(chrono::Duration::hours(2));
    assert_eq!(id_of(&module.send("k1", &message).await), id_of(&first));
    assert_eq!(module.send("k2", &message).await.code(), (422, "TIME_PAST"));
    module.test.end().await;
}

#[tokio::test]
async fn a_series_is_sent_seen_and_stopped() {
    let module = Module::start().await;
    let mut message = module.message();
    message["recurrence"] = json!({"cron": "0 0 8 * * Mon"});
    let sent = module.send("k", &message).await;
    assert_eq!((sent.status.as_u16(), &sent.body["state"]), (202, &json!("scheduled")));
    let id = sent.body["id"].as_str().unwrap().to_owned();
    let seen = module.get(&format!("/api/v1/messages/{id}")).await;
    let next = &seen.body["series"]["next"];
    assert_eq!((&next[0], next.as_array().unwrap().len()), (&json!("2026-11-23T00:00:00Z"), 5));
    assert_eq!(seen.body["series"]["recurrence"]["cron"], "0 0 8 * * Mon");
    let stop = format!("/api/v1/messages/{id}/stop");
    assert_eq!(module.post(&stop, &json!({})).await.status.as_u16(), 202);
    assert_eq!(module.post(&stop, &json!({})).await.code(), (409, "SERIES_ENDED"));
    assert_eq!(module.get(&format!("/api/v1/messages/{id}")).await.body["state"], "recalled");
    module.test.end().await;
}

#[tokio::test]
async fn a_mass_mail_of_a_module_that_is_not_trusted_waits_for_approval() {
    let mut module = Module::start().await;
    let office = module.test.department("xsc", None).await;
    let names: Vec<_> = (0..60).map(|nth| format!("s{nth}")).collect();
    module.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let approver = module.test.member("approver", office).await;
    let mut tx = module.test.db.begin().await.unwrap();
    zhihui::storage::access::grant(&mut tx, approver.id, zhihui::domain::person::Role::Approver).await.unwrap();
    tx.commit().await.unwrap();
    module.token = register(&module.test, "stranger", false).await;
    let all = json!({"title": "放假通知", "body": "周五", "audience": {"everyone": true}});

    let tried =
        module.post("/api/v1/audiences/resolve", &json!({"audience": {"everyone": true}, "send_rule": "urgent"})).await;
    assert_eq!(
        (tried.status.as_u16(), &tried.body["recipients"], &tried.body["cost_units"]),
        (200, &json!(63), &json!(189))
    );
    assert_eq!(tried.body["by_department"], json!([{"name": "xsc", "people": 61}, {"name": "jwc", "people": 2}]));
    let node = json!({"name": "", "approver": "approver_role", "consent": "any", "approvers": 1});
    assert_eq!(tried.body["approval"], json!({"rule": "模块群发", "approvers": 1, "nodes": [node]}));

    // Sixty characters would fit into one piece; what is said around them, and the link, make it three.
    let long = json!({"audience": {"everyone": true}, "send_rule": "urgent", "title": "字".repeat(60)});
    let tried = module.post("/api/v1/audiences/resolve", &long).await;
    assert_eq!((&tried.body["sms_segments"], &tried.body["cost_units"]), (&json!(3), &json!(63 * 4)));

    let sent = module.send("k", &all).await;
    assert_eq!((&sent.body["state"], &sent.body["approval"]["approvers"]), (&json!("pending_approval"), &json!(1)));
    module.test.approves(&approver).await.unwrap();
    let status = module.get(&format!("/api/v1/messages/{}", id_of(&sent))).await;
    let trail = &status.body["approvals"][0];
    assert_eq!((&trail["state"], &trail["decided_by"]), (&json!("approved"), &json!("approver")));
    module.test.end().await;
}

#[tokio::test]
async fn the_sender_learns_what_became_of_everybody() {
    let mut module = Module::start().await;
    let mut message = module.message();
    message["receipt"] = json!({"options": ["参加", "请假"]});
    message["send_rule"] = json!("dingtalk");
    message["audience"]["external"] = json!([{"name": "来访者", "phone": "13900000001"}]);
    message["attributes"] = json!({"booking": "42"});
    let id = id_of(&module.send("k", &message).await);
    module.test.settle().await;
    let message_id = id.parse().unwrap();
    module.test.reads(&module.li, message_id).await;
    module.test.answers(&module.li, message_id, "参加", "").await.unwrap();

    let status = module.get(&format!("/api/v1/messages/{id}")).await.body;
    assert_eq!((&status["state"], &status["attributes"]), (&json!("sent"), &json!({"booking": "42"})));
    let counts = &status["counts"];
    assert_eq!(
        (&counts["recipients"], &counts["read"], &counts["receipts"]),
        (&json!(3), &json!(1), &json!({"参加": 1}))
    );

    let path = format!("/api/v1/messages/{id}/deliveries");
    let all = module.get(&path).await.body;
    let items = all["items"].as_array().unwrap();
    assert_eq!((items.len(), &all["next_cursor"]), (3, &json!(null)));
    let li = items.iter().find(|item| item["account"] == "li").unwrap();
    assert_eq!((&li["receipt"]["option"], &li["read_channel"]), (&json!("参加"), &json!("web")));
    let channels: Vec<_> =
        li["channels"].as_array().unwrap().iter().map(|each| (&each["channel"], &each["state"])).collect();
    assert_eq!(channels, [(&json!("inbox"), &json!("delivered")), (&json!("dingtalk"), &json!("accepted"))]);
    assert!(!all.to_string().contains("138000"), "no phone numbers");

    let accounts = |answer: Value| -> Vec<String> {
        let items = answer["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["account"].as_str().unwrap_or("-").to_owned()).collect()
    };
    assert_eq!(accounts(module.get(&format!("{path}?state=read")).await.body), ["li"]);
    assert_eq!(accounts(module.get(&format!("{path}?state=receipt")).await.body), ["li"]);
    assert_eq!(accounts(module.get(&format!("{path}?state=no_receipt")).await.body).len(), 2);
    module.test.end().await;
}

#[tokio::test]
async fn pages_of_deliveries_follow_each_other() {
    let mut module = Module::start().await;
    let office = module.test.department("xsc", None).await;
    let names: Vec<_> = (0..24).map(|nth| format!("s{nth}")).collect();
    module.test.members(&names.iter().map(String::as_str).collect::<Vec<_>>(), office, false).await;
    let id = id_of(
        &module
            .send("k", &json!({"title": "通知", "body": "正文", "audience": {"departments": [{"code": "xsc"}]}}))
            .await,
    );
    module.test.settle().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = module.get(&format!("/api/v1/messages/{id}/deliveries?limit=10&cursor={cursor}")).await.body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["account"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let found = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((found, seen.len()), (24, 24));
    module.test.end().await;
}

#[tokio::test]
async fn a_message_is_recalled_and_reminded_of_by_its_own_module() {
    let mut module = Module::start().await;
    let id = id_of(&module.send("k", &module.message()).await);
    module.test.settle().await;
    let path = |what: &str| format!("/api/v1/messages/{id}/{what}");
    let reminded = module.post(&path("remind"), &json!({"to": "unread"})).await;
    assert_eq!((reminded.status.as_u16(), &reminded.body["people"]), (202, &json!(2)));
    assert_eq!(reminded.body["warnings"], json!([]));
    let early = module.post(&path("remind"), &json!({"to": ["li"]})).await;
    assert_eq!((early.code(), early.header("retry-after").is_empty()), ((429, "REMIND_RATE"), false));

    let own = std::mem::replace(&mut module.token, register(&module.test, "other", true).await);
    assert_eq!(module.get(&format!("/api/v1/messages/{id}")).await.code(), (404, "NOT_FOUND"));
    assert_eq!(module.get(&path("deliveries")).await.code(), (404, "NOT_FOUND"));
    assert_eq!(module.post(&path("recall"), &json!({})).await.code(), (404, "NOT_FOUND"));
    assert_eq!(module.post(&path("remind"), &json!({"to": "whom"})).await.code(), (404, "NOT_FOUND"));
    module.token = own;
    assert_eq!(module.post(&path("remind"), &json!({"to": "whom"})).await.code(), (422, "FIELD_VALUE"));

    let recalled = module.post(&path("recall"), &json!({})).await;
    assert_eq!((recalled.status.as_u16(), &recalled.body["state"]), (202, &json!("recalled")));
    assert!(recalled.body["channels"].is_array());
    assert_eq!(module.post(&path("recall"), &json!({})).await.code(), (409, "STATE"));
    module.test.end().await;
}

#[tokio::test]
async fn what_is_asked_twice_under_one_key_is_done_once() {
    let mut module = Module::start().await;
    let id = id_of(&module.send("k", &module.message()).await);
    module.test.settle().await;
    let ask = async |what: &str, key: &str, body: Value| {
        let request = module.request("POST", &format!("/api/v1/messages/{id}/{what}"));
        let request = request.header("content-type", "application/json").header("idempotency-key", key);
        module.ask(request.body(Body::from(body.to_string())).unwrap()).await
    };
    for (what, body) in [("remind", json!({"to": "unread"})), ("recall", json!({}))] {
        let first = ask(what, what, body.clone()).await;
        assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (202, ""), "{what}");
        let again = ask(what, what, body).await;
        assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (202, "true"), "{what}");
        assert_eq!(first.body, again.body);
    }
    assert_eq!(ask("remind", "remind", json!({"to": "failed"})).await.code(), (422, "IDEM_MISMATCH"));
    assert_eq!(ask("recall", "remind", json!({})).await.code(), (422, "IDEM_MISMATCH"));
    assert_eq!(ask("recall", &"k".repeat(300), json!({})).await.code(), (400, "IDEM_MISSING"));
    // What was asked over HTTP is known on the queue.
    let command = Envelope {
        user_id: Some("meeting".to_owned()),
        message_id: Some("recall".to_owned()),
        ..Envelope::keyed("message.recall", json!({"id": id}).to_string())
    };
    assert_eq!(module.test.answer_command(&command, true).await.unwrap()["status"], "duplicate");
    module.test.end().await;
}

#[tokio::test]
async fn what_a_module_deletes_nobody_opens_until_it_is_restored() {
    let mut module = Module::start().await;
    let mut later = module.message();
    later["send_at"] = json!(module.test.clock.now() + chrono::Duration::hours(1));
    let waiting = format!("/api/v1/messages/{}", id_of(&module.send("k0", &later).await));
    assert_eq!(module.delete(&waiting).await.code(), (409, "STATE"));
    let id = id_of(&module.send("k1", &module.message()).await);
    module.test.settle().await;
    let message = format!("/api/v1/messages/{id}");
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(module.delete(&message).await.body);
    }
    let bin = |in_bin: bool, changed: bool| json!({"id": id, "in_bin": in_bin, "changed": changed});
    assert_eq!(seen, [bin(true, true), bin(true, false)]);
    for follow_up in ["recall", "remind"] {
        let asked = module.post(&format!("{message}/{follow_up}"), &json!({"to": "unread"})).await;
        assert_eq!(asked.code(), (409, "DELETED"));
    }
    assert_eq!(module.post(&format!("{message}/restore"), &json!({})).await.body, bin(false, true));
    assert_eq!(module.post(&format!("{message}/purge"), &json!({})).await.body, bin(false, true));
    assert_eq!(module.get(&message).await.code(), (404, "NOT_FOUND"));
    assert_eq!(module.post(&format!("{message}/restore"), &json!({})).await.code(), (404, "NOT_FOUND"));
    module.test.end().await;
}

#[tokio::test]
async fn what_was_approved_too_late_waits_until_its_module_lets_it_go() {
    let mut module = Module::start().await;
    let at = module.test.clock.now() + chrono::Duration::hours(1);
    let mut message = module.message();
    message["send_at"] = json!(at);
    let [gone, kept] = ["k1", "k2"].map(|key| (key, message.clone()));
    let gone = id_of(&module.send(gone.0, &gone.1).await);
    let kept = id_of(&module.send(kept.0, &kept.1).await);
    module.test.clock.advance(chrono::Duration::hours(5));
    module.test.settle().await;
    let state = async |id: &str| module.get(&format!("/api/v1/messages/{id}")).await.body["state"].clone();
    assert_eq!((state(&gone).await, state(&kept).await), (json!("held"), json!("held")));
    let release = format!("/api/v1/messages/{gone}/release");
    assert_eq!(module.post(&release, &json!({})).await.body["state"], "sending");
    assert_eq!(module.post(&release, &json!({})).await.code(), (409, "STATE"));
    let recall = Envelope {
        user_id: Some("meeting".to_owned()),
        message_id: Some("k3".to_owned()),
        ..Envelope::keyed("message.recall", json!({"id": kept}).to_string())
    };
    assert_eq!(module.test.answer_command(&recall, true).await.unwrap()["state"], "recalled");
    module.test.settle().await;
    let state = async |id: &str| module.get(&format!("/api/v1/messages/{id}")).await.body["state"].clone();
    assert_eq!((state(&gone).await, state(&kept).await), (json!("sent"), json!("recalled")));
    module.test.end().await;
}

#[tokio::test]
async fn a_module_sees_and_replays_its_own_dead_letters() {
    let module = Module::start().await;
    let envelope = zhihui::broker::Envelope {
        user_id: Some("meeting".to_owned()),
        message_id: Some("k".to_owned()),
        ..zhihui::broker::Envelope::keyed(
            "message.send",
            json!({"title": "通知", "body": "正文", "audience": {"people": ["later"]}}).to_string(),
        )
    };
    module.test.answer_command(&envelope, true).await.unwrap();
    let list = module.get("/api/v1/dead-letters").await.body;
    let letter = &list["items"][0];
    assert_eq!((&letter["code"], &letter["command"]), (&json!("RCPT_NOT_VISIBLE"), &json!("message.send")));
    let path = format!("/api/v1/dead-letters/{}/replay", letter["id"].as_str().unwrap());
    assert_eq!(module.post(&path, &json!({})).await.code(), (422, "RCPT_NOT_VISIBLE"));
    let office = module.test.department("xsc", None).await;
    module.test.member("later", office).await;
    let replayed = module.post(&path, &json!({})).await;
    assert_eq!((replayed.status.as_u16(), &replayed.body["status"]), (202, &json!("accepted")));
    assert_eq!(module.post(&path, &json!({})).await.code(), (409, "STATE"));
    module.test.end().await;
}

#[tokio::test]
async fn a_sender_hears_which_channels_of_its_rule_are_not_set_up_here() {
    let module = Module::start().await;
    assert_eq!(module.send("k0", &module.message()).await.body["warnings"], json!([]));
    let mut message = module.message();
    message["send_rule"] = json!("email");
    let first = module.send("k1", &message).await;
    assert_eq!((first.status.as_u16(), &first.body["state"]), (202, &json!("sending")));
    let warning = &first.body["warnings"][0];
    assert_eq!((&warning["code"], &warning["field"]), (&json!("CHANNEL_MISSING"), &json!("/send_rule")));
    assert!(warning["detail"].as_str().unwrap().contains("email"), "{warning}");
    // the same answer for the same key
    assert_eq!(module.send("k1", &message).await.body, first.body);
    let tried = json!({"audience": message["audience"], "send_rule": "email"});
    let tried = module.post("/api/v1/audiences/resolve", &tried).await;
    assert_eq!(tried.body["warnings"][0]["code"], "CHANNEL_MISSING");
    module.test.end().await;
}

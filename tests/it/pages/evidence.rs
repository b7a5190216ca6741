//! 送达证明: a file that proves who was told what, and exports that go wrong.

use axum::http::Method;
use http_body_util::BodyExt;
use serde_json::Value;
use zhihui::{
    domain::{
        command::RemindTo,
        evidence::{self, Fault, Kind},
        message::{Audience, ReceiptRequest},
    },
    hub::{Error, Source, follow::export::TRIES},
};

use super::browser::Site;
use crate::support::{count, people::to};

/// B-26
#[tokio::test]
async fn a_sender_proves_who_was_told_when_and_how() {
    let (mut site, sender, reader) = Site::of_two().await;
    let annex = site.test.department("annex", None).await;
    let other = site.test.member("zhao", annex).await;
    let mut draft = to(&[&reader], "教学工作会议");
    draft.receipt = Some(ReceiptRequest { options: vec!["参加".into()], due_at: None });
    draft.send_rule = Some("dingtalk".into());
    let id = site.test.sends(&sender, draft).await.unwrap().id;
    site.test.settle().await;
    site.test.answers(&reader, id, "参加", "").await.unwrap();
    let source = Source::Person(sender.id);
    let audience = Audience { people: vec![other.account.clone()], ..Audience::default() };
    let added = site.test.add_recipients(&source, None, id, audience).await.unwrap().id;
    site.test.settle().await;
    site.test.clock.advance(chrono::Duration::minutes(6));
    let zhao = RemindTo::Accounts(vec![other.account.clone()]);
    assert_eq!(site.test.remind(&source, None, id, &zhao).await.unwrap().people, 1);

    let mut browser = site.browser_of(&sender).await;
    let (page, export) = (format!("/outbox/{id}"), format!("/outbox/{id}/export"));
    browser.get(&format!("{export}?kind=evidence")).await.assert(404, &[]);
    browser.post(&export, &[("kind", "evidence")]).await.assert(303, &[]);
    browser.get(&page).await.assert(200, &["正在导出：0 / 2 人"]);
    assert!(site.web.write_next().await.unwrap());
    let key = site.test.evidence_signer().await.unwrap().public();
    browser.get(&page).await.assert(200, &["下载证明", &key]);
    let file = browser.open(Method::GET, &format!("{export}?kind=evidence")).await;
    assert_eq!(file.headers()["content-type"], "application/json");
    let file = file.into_body().collect().await.unwrap().to_bytes().to_vec();
    assert_eq!(evidence::verify(&file, Some(&key)).unwrap().key, key);
    let text = String::from_utf8(file.clone()).unwrap();
    assert_eq!(evidence::verify(text.replace("参加", "请假").as_bytes(), None), Err(Fault::Changed));
    assert!(!text.contains(&reader.phone), "nobody's number");

    let evidence: Value = serde_json::from_slice(&file).unwrap();
    let evidence = &evidence["evidence"];
    assert_eq!(
        evidence::canonical(evidence),
        text[evidence::HEAD.len()..].split(",\"signature\":{\"algorithm\"").next().unwrap()
    );
    let message = site.test.message_status(&source, id).await.unwrap().message;
    assert_eq!(evidence["message"]["content_hash"], zhihui::domain::seal::hex(&message.content_hash));
    let people = evidence["people"].as_array().unwrap();
    let of = |account: &str| people.iter().find(|one| one["account"] == account).unwrap();
    assert_eq!((people.len(), of("zhao")["message"].as_str()), (2, Some(added.to_string().as_str())));
    assert_eq!((&of("li")["receipt"]["option"], &of("li")["receipt"]["by"]), (&"参加".into(), &"li".into()));
    let delivery = &of("li")["deliveries"][0];
    assert!(delivery["state"] == "accepted" && delivery["reference"].as_str().is_some_and(|said| !said.is_empty()));
    let verbs: Vec<_> =
        evidence["audit"]["rows"].as_array().unwrap().iter().map(|row| row["verb"].as_str().unwrap()).collect();
    for verb in ["message.submit", "receipt.submit", "message.add_recipients", "message.export"] {
        assert!(verbs.contains(&verb), "{verb} in {verbs:?}");
    }
    let addition = &evidence["additions"][0];
    assert_eq!(addition["reminders"]["times"], 1, "what was done to those who were added is in it too");
    let done = addition["audit"].as_array().unwrap().iter().map(|row| row["verb"].as_str().unwrap());
    assert!(done.clone().any(|verb| verb == "message.remind"), "{:?}", done.collect::<Vec<_>>());
    assert!(evidence["audit"]["head"]["seal_no"].as_i64().is_some_and(|number| number > 0));
    let mut foreign = site.browser_of(&reader).await;
    foreign.get(&format!("{export}?kind=evidence")).await.assert(404, &[]);
    foreign.post(&export, &[("kind", "evidence")]).await.assert(404, &[]);
    site.test.end().await;
}

/// Two that write one export: whoever lost it leaves the other's file alone.
#[tokio::test]
async fn a_writer_that_slept_does_not_write_into_the_file_of_its_successor() {
    let (mut site, sender, reader) = Site::of_two().await;
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    site.test.settle().await;
    let source = Source::Person(sender.id);
    site.test.begin_export(&source, id, Kind::Evidence, "zh-CN").await.unwrap();
    let slow = site.test.take_export().await.unwrap().unwrap();
    site.test.clock.advance(chrono::Duration::minutes(2));
    assert!(site.web.write_next().await.unwrap(), "its lease is over");
    let before = site.test.last_export(&source, id, Kind::Evidence).await.unwrap();
    for failed in [
        site.test.keep_part(&slow, 0, b"another file".to_vec()).await,
        site.test.advance_export(&slow, 0).await,
        site.test.end_export(&slow).await,
    ] {
        let Err(Error::Problem(problem)) = failed else { panic!("it wrote") };
        assert_eq!(problem.code, "EXPORT_TAKEN");
    }
    site.test.put_export_back(&slow).await.unwrap();
    assert_eq!(site.test.last_export(&source, id, Kind::Evidence).await.unwrap(), before);
    site.test.end().await;
}

/// A writer that is lost again and again does not keep others from working for ever.
#[tokio::test]
async fn an_export_that_cannot_be_written_is_given_up_and_none_waits_without_a_writer() {
    let (mut site, sender, reader) = Site::of_two().await;
    assert!(!site.web.write_next().await.unwrap(), "nothing is asked for");
    let id = site.test.sends(&sender, to(&[&reader], "停水通知")).await.unwrap().id;
    site.test.settle().await;
    let source = Source::Person(sender.id);
    site.test.begin_export(&source, id, Kind::Evidence, "zh-CN").await.unwrap();
    for _ in 0..TRIES {
        assert!(site.test.take_export().await.unwrap().is_some());
        assert!(site.test.take_export().await.unwrap().is_none(), "somebody is at it");
        site.test.clock.advance(chrono::Duration::minutes(1));
    }
    assert!(!site.web.write_next().await.unwrap());
    let mut browser = site.browser_of(&sender).await;
    browser.get(&format!("/outbox/{id}")).await.assert(200, &["导出没有完成，请重试"]);
    // Asked for again it is written.
    site.test.begin_export(&source, id, Kind::Evidence, "zh-CN").await.unwrap();
    assert!(site.web.write_next().await.unwrap());
    browser.get(&format!("/outbox/{id}")).await.assert(200, &["下载证明"]);
    site.test.clock.advance(chrono::Duration::hours(25));
    site.test.forget().await.unwrap();
    assert_eq!(count(&site.test.db, "select count(*) from export_part").await, 0);
    site.test.end().await;
}

//! Files that nothing names any more go a day later, and never one that somebody still needs.

use std::{collections::BTreeSet, path::PathBuf};

use chrono::Duration;
use zhihui::{
    domain::{
        message::{AttachedFile, Audience, Draft},
        seal::{hex, sha256},
    },
    hub::send::{draft::Writing, origin::Origin},
    storage::attachments,
};

use crate::support::{
    TestHub,
    people::{Actor, to},
};

fn pdf(words: &str) -> AttachedFile {
    AttachedFile {
        name: format!("{words}.pdf"),
        bytes: format!("%PDF-1.7 {words}").into(),
        media_type: "application/pdf".to_owned(),
    }
}

fn name(words: &str) -> String {
    hex(&sha256(&pdf(words).bytes))
}

fn folder(test: &TestHub) -> PathBuf {
    test.place.data_dir.join("attachments")
}

fn kept(test: &TestHub) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder(test)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn with(draft: Draft, words: &str) -> Draft {
    Draft { attachments: vec![pdf(words)], ..draft }
}

fn writing(draft: &Draft) -> Writing {
    Writing {
        kind: draft.kind,
        title: draft.title.clone(),
        body: draft.body.clone(),
        signature: String::new(),
        url: None,
        audience: draft.audience.clone(),
        send_rule: "inbox".to_owned(),
        receipt: None,
        send_at: None,
        category: "notice".to_owned(),
        attributes: serde_json::json!({}),
    }
}

async fn office() -> (TestHub, Actor, Actor) {
    let test = TestHub::start().await;
    let office = test.department("office", None).await;
    let (sender, reader) = (test.member("wang", office).await, test.member("li", office).await);
    (test, sender, reader)
}

#[tokio::test]
async fn what_nothing_names_goes_after_a_day_and_what_is_named_stays() {
    let (mut test, sender, reader) = office().await;
    test.sends(&sender, with(to(&[&reader], "通知"), "named")).await.unwrap();
    // Refused, and its file was kept before that was known.
    let nobody = Draft { audience: Audience::default(), ..to(&[&reader], "通知") };
    test.sends(&sender, with(nobody, "refused")).await.unwrap_err();
    std::fs::write(folder(&test).join("0.part"), b"half").unwrap();
    std::fs::write(folder(&test).join("notes of an operator"), b"his own").unwrap();
    for other in ["0.part", "notes of an operator"] {
        let file = std::fs::File::options().write(true).open(folder(&test).join(other)).unwrap();
        file.set_modified(test.clock.now().into()).unwrap();
    }
    test.settle().await;
    test.clock.advance(Duration::hours(24));
    assert_eq!(test.sweep_files().await.unwrap(), 0, "a day is not over");
    test.clock.advance(Duration::seconds(1));
    // The same file once more, for a message that is taken: it is new from now on.
    test.sends(&sender, with(to(&[&reader], "通知"), "renewed")).await.unwrap();
    assert_eq!(test.sweep_files().await.unwrap(), 2);
    assert_eq!(kept(&test), BTreeSet::from([name("named"), name("renewed"), "notes of an operator".to_owned()]));
    test.clock.advance(Duration::days(30));
    assert_eq!(test.sweep_files().await.unwrap(), 0);
    test.settle().await;
    test.end().await;
}

#[tokio::test]
async fn a_file_that_comes_again_counts_from_then_on() {
    let (mut test, sender, reader) = office().await;
    let nobody = || Draft { audience: Audience::default(), ..to(&[&reader], "通知") };
    test.sends(&sender, with(nobody(), "again")).await.unwrap_err();
    test.clock.advance(Duration::hours(23));
    test.sends(&sender, with(nobody(), "again")).await.unwrap_err();
    test.clock.advance(Duration::hours(2));
    assert_eq!(test.sweep_files().await.unwrap(), 0);
    test.clock.advance(Duration::hours(23));
    // Once an hour it happens by itself.
    test.settle().await;
    test.forget().await.unwrap();
    assert_eq!(kept(&test), BTreeSet::new());
    test.end().await;
}

#[tokio::test]
async fn a_draft_that_is_thrown_away_takes_its_file_with_it_unless_it_was_sent() {
    let (mut test, sender, reader) = office().await;
    let mut drafts = Vec::new();
    for words in ["sent", "thrown away"] {
        let writing = writing(&to(&[&reader], words));
        drafts.push(test.keep_draft(sender.id, &Origin::default(), writing, &[pdf(words)]).await.unwrap().id);
    }
    let mut tx = test.db.read().await.unwrap();
    let files = attachments::list(&mut tx, drafts[0]).await.unwrap();
    drop(tx);
    let files = files.iter().map(|file| file.id).collect();
    let origin = Origin { message: Some(drafts[0]), files, ..Origin::default() };
    test.send_written(sender.id, None, [0; 32], to(&[&reader], "通知"), &origin).await.unwrap();
    assert!(test.drop_draft(sender.id, drafts[1]).await.unwrap());
    test.settle().await;
    test.clock.advance(Duration::hours(25));
    assert_eq!(test.sweep_files().await.unwrap(), 1);
    assert_eq!(kept(&test), BTreeSet::from([name("sent")]));
    test.settle().await;
    test.end().await;
}

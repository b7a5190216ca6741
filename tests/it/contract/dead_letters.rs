//! Commands that were not carried out, on both databases.

use chrono::Duration;
use zhihui::{
    domain::DeadLetterId,
    storage::dead_letters::{self, DeadLetter},
};

use crate::support::TestHub;

#[tokio::test]
async fn dead_letters_are_listed_newest_first_and_replayed_once() {
    let hub = TestHub::start().await;
    let mut tx = hub.db.begin().await.unwrap();
    let mut letters = Vec::new();
    for (nth, producer) in [Some("meeting"), None, Some("visitor")].into_iter().enumerate() {
        let letter = DeadLetter {
            id: DeadLetterId::new(),
            queue: "commands".to_owned(),
            producer: producer.map(str::to_owned),
            code: "JSON_SYNTAX".to_owned(),
            reason: "请求体不是有效的 JSON".to_owned(),
            kind: None,
            idempotency_key: Some(format!("key-{nth}")),
            body_sealed: hub.sealer.seal("dead_letter.body", "{"),
            created_at: hub.clock.now() + Duration::seconds(i64::try_from(nth).unwrap()),
            replayed_at: None,
        };
        dead_letters::insert(&mut tx, &letter).await.unwrap();
        letters.push(letter);
    }
    let after = (hub.clock.now() + Duration::days(1), DeadLetterId::new());
    let all = dead_letters::list(&mut tx, None, after, 2).await.unwrap();
    assert_eq!(all.iter().map(|line| line.id).collect::<Vec<_>>(), [letters[2].id, letters[1].id]);
    let rest = dead_letters::list(&mut tx, None, (all[1].created_at, all[1].id), 2).await.unwrap();
    assert_eq!(rest.iter().map(|line| line.id).collect::<Vec<_>>(), [letters[0].id]);
    let own = dead_letters::list(&mut tx, Some("meeting"), after, 10).await.unwrap();
    assert_eq!(own.len(), 1);

    let id = letters[0].id;
    assert_eq!(dead_letters::find(&mut tx, id).await.unwrap().as_ref(), Some(&letters[0]));
    assert_eq!(dead_letters::count_waiting(&mut tx).await.unwrap(), 3);
    assert!(dead_letters::mark_replayed(&mut tx, id, hub.clock.now()).await.unwrap());
    assert!(!dead_letters::mark_replayed(&mut tx, id, hub.clock.now()).await.unwrap());
    assert_eq!(dead_letters::count_waiting(&mut tx).await.unwrap(), 2);
    drop(tx);
    hub.end().await;
}

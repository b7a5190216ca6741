//! The inboxes that `zhihui bench pages` measures with are, on both databases, what they are said to be,
//! and the hub takes them for its own.

use zhihui::{
    clock::END_OF_TIME,
    domain::{MessageId, PersonId, delivery::Bucket},
    hub::Source,
    storage::{
        badges,
        crowd::{self, Crowd, LINES, UNREAD},
        inbox::{self, Tab, Wanted},
        message_status::{self, Totals},
        people::{self, Profile},
        reached,
    },
};

use crate::support::{TestHub, morning};

#[tokio::test]
async fn a_crowd_has_the_lines_that_it_is_said_to_have() {
    let test = TestHub::start().await;
    let crowd = Crowd { readers: 3, people: 700, heap: 130, until: morning() };
    let profile =
        |number| Profile { id: crowd::person(number), ..Profile::of(&number.to_string(), "王敏", "student") };
    let everybody: Vec<_> = (1..=crowd.last()).map(profile).collect();
    let mut tx = test.db.begin().await.unwrap();
    people::insert_many(&mut tx, &everybody, morning()).await.unwrap();
    tx.commit().await.unwrap();
    crowd::fill(&test.db, &crowd).await.unwrap();

    let mut tx = test.db.read().await.unwrap();
    let (reader, outsider, last) = (crowd::person(3), crowd::person(4), crowd::person(crowd.last()));
    let top = (END_OF_TIME, MessageId(uuid::Uuid::max()));
    let all = |person| Wanted { person, tab: Tab::All, search: "", open: None };
    let lines = inbox::list(&mut tx, all(reader), top, 1_000).await.unwrap();
    assert_eq!(lines.len() as i64, LINES + 1, "and the large one");
    assert_eq!(lines[0].arrived_at, crowd.came(LINES - 1));
    assert!(lines.iter().any(|line| line.message_id == crowd.large()));
    let count = inbox::count(&mut tx, reader, morning()).await.unwrap();
    assert_eq!((count.total, count.unread), (LINES + 1, UNREAD));
    assert_eq!(inbox::count(&mut tx, outsider, morning()).await.unwrap().total, 1);
    assert_eq!(inbox::count(&mut tx, last, morning()).await.unwrap().unread, crowd.heap);
    assert_eq!(crowd::bare_page(&mut tx, reader, top, 31).await.unwrap(), 31);
    let badges = badges::list(&mut tx, &[reader, last], morning()).await.unwrap();
    assert_eq!(badges.iter().map(|badge| badge.unread).collect::<Vec<_>>(), [UNREAD, 100], "counted to a hundred");

    let totals = message_status::count(&mut tx, crowd.large()).await.unwrap();
    assert_eq!(totals, Totals { arrived: 700, read: 520, answered: 399, ..Totals::default() });
    drop(tx);

    // More are called so than are looked up at once.
    let source = Source::Person(crowd::person(1));
    for (bucket, search, expected) in [
        (Bucket::Unread, "王", 180),
        (Bucket::Unread, "wangm", 180),
        (Bucket::NoReceipt, " 敏", 301),
        (Bucket::All, "王", 700),
        (Bucket::All, "69", 17),
        (Bucket::Failed, "王", 0),
        (Bucket::All, "龚", 0),
    ] {
        let mut after = PersonId(uuid::Uuid::nil());
        let mut found = Vec::new();
        loop {
            let wanted = reached::Wanted { bucket, search, after };
            let (page, last) = test.message_deliveries(&source, crowd.large(), wanted, 130).await.unwrap();
            assert!(page.len() <= 130);
            found.extend(page.into_iter().map(|reached| reached.person.person_id));
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        assert!(found.is_sorted() && found.len() == expected, "{bucket:?} {search}: {}", found.len());
    }
    test.close().await;
}

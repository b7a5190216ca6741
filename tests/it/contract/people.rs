//! Departments, people, assignments, groups and outsiders, on both databases.

use zhihui::{
    domain::{
        DepartmentId, PersonId,
        contact::{self, Contact},
        person::State,
    },
    storage::{
        Tx,
        assignments::{self, Assignment},
        departments::{self, Department, Moved, Removed},
        directory::{self, After, Wanted},
        external::{self, Outsider},
        group_members::{self, Listing},
        group_shares, groups,
        people::{self, Profile},
    },
};

use crate::support::TestHub;

/// 滨海大学 → 教务处 → 教学科; 后勤处 beside 教务处.
async fn tree(tx: &mut Tx) -> [DepartmentId; 4] {
    let [university, office, section, logistics] = std::array::from_fn(|_| DepartmentId::new());
    let department = |id, code: &str, name: &str, parent_id, position| Department {
        id,
        code: code.to_owned(),
        name: name.to_owned(),
        parent_id,
        position,
    };
    let added = departments::insert_many(
        tx,
        &[
            department(university, "bhdx", "滨海大学", None, 1),
            department(office, "jwc", "教务处", Some(university), 2),
            department(section, "jxk", "教学科", Some(office), 1),
            department(logistics, "hqc", "后勤处", Some(university), 1),
        ],
    )
    .await
    .unwrap();
    assert_eq!(added, 4);
    [university, office, section, logistics]
}

fn member(person_id: PersonId, department_id: DepartmentId, position: i64) -> Assignment {
    Assignment { person_id, department_id, is_primary: true, is_head: position == 0, position }
}

/// Three people of the section, in this order: 李雷 (head), 韩梅梅, 单田芳 (frozen).
async fn staff(test: &TestHub, tx: &mut Tx, section: DepartmentId) -> [PersonId; 3] {
    let people =
        [("20160001", "李雷"), ("20160002", "韩梅梅"), ("20160003", "单田芳")].map(|(account, name)| Profile {
            phone: Some(Contact::phone(&test.sealer, &format!("138{account}"))),
            ..Profile::of(account, name, "staff")
        });
    assert_eq!(people::insert_many(tx, &people, test.clock.now()).await.unwrap(), 3);
    let ids = people.map(|person| person.id);
    let rows: Vec<_> = (0..).zip(ids).map(|(position, id)| member(id, section, position)).collect();
    assert_eq!(assignments::insert_many(tx, &rows).await.unwrap(), 3);
    assert!(people::set_state(tx, ids[2], State::Frozen, test.clock.now()).await.unwrap());
    ids
}

#[tokio::test]
async fn the_tree_counts_active_people_once_at_every_level() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    let [university, office, section, _] = tree(&mut tx).await;
    let [head, ..] = staff(&test, &mut tx, section).await;
    assignments::insert_many(&mut tx, &[Assignment { is_primary: false, ..member(head, office, 5) }]).await.unwrap();

    let branches = departments::list_tree(&mut tx).await.unwrap();
    let seen: Vec<_> = branches.iter().map(|each| (each.name.as_str(), each.depth, each.people)).collect();
    assert!(seen.contains(&("滨海大学", 1, 2)), "{seen:?}");
    assert!(seen.contains(&("教务处", 2, 2)), "{seen:?}");
    assert!(seen.contains(&("教学科", 3, 2)), "{seen:?}");
    assert!(seen.contains(&("后勤处", 2, 0)), "{seen:?}");
    let up = departments::list_ancestors(&mut tx, section).await.unwrap();
    assert_eq!(up.iter().map(|each| each.id).collect::<Vec<_>>(), [section, office, university]);
    assert_eq!(departments::list_heads(&mut tx, section).await.unwrap(), [head]);
    assert!(assignments::is_head(&mut tx, head).await.unwrap());
}

#[tokio::test]
async fn a_department_moves_with_everything_below_it_but_not_into_itself() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    let [university, office, section, logistics] = tree(&mut tx).await;
    assert_eq!(departments::move_to(&mut tx, office, Some(section)).await.unwrap(), Moved::IntoItself);
    assert_eq!(departments::move_to(&mut tx, office, Some(office)).await.unwrap(), Moved::IntoItself);
    assert_eq!(departments::move_to(&mut tx, office, Some(logistics)).await.unwrap(), Moved::Done);
    assert!(departments::is_within(&mut tx, section, logistics).await.unwrap());
    assert_eq!(departments::depth(&mut tx, section).await.unwrap(), 4);
    assert_eq!(departments::move_to(&mut tx, office, None).await.unwrap(), Moved::Done);
    assert!(!departments::is_within(&mut tx, section, university).await.unwrap());
    assert_eq!(departments::depth(&mut tx, section).await.unwrap(), 2);
    assert_eq!(departments::remove(&mut tx, office).await.unwrap(), Removed::NotEmpty { people: 0, departments: 1 });
    assert_eq!(departments::remove(&mut tx, section).await.unwrap(), Removed::Done);
    assert_eq!(departments::remove(&mut tx, office).await.unwrap(), Removed::Done);
    assert_eq!(departments::find(&mut tx, office).await.unwrap(), None);
}

#[tokio::test]
async fn no_department_lies_deeper_than_twenty() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    let mut chain: Vec<Department> = Vec::new();
    for level in 1..=19 {
        let parent_id = chain.last().map(|above| above.id);
        let name = format!("第{level}级");
        chain.push(Department { id: DepartmentId::new(), code: format!("l{level}"), name, parent_id, position: 0 });
    }
    departments::insert_many(&mut tx, &chain).await.unwrap();
    let [university, office, ..] = tree(&mut tx).await;
    let last = chain.last().unwrap().id;
    assert_eq!(departments::move_to(&mut tx, university, Some(last)).await.unwrap(), Moved::TooDeep);
    assert_eq!(departments::move_to(&mut tx, office, Some(last)).await.unwrap(), Moved::TooDeep);
    assert_eq!(departments::move_to(&mut tx, office, Some(chain[17].id)).await.unwrap(), Moved::Done);
}

#[tokio::test]
async fn a_person_reads_back_as_written_and_is_found_by_account_and_phone() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    let mut person = Profile {
        gender: Some("female".to_owned()),
        title: Some("副处长".to_owned()),
        phone: Some(Contact::phone(&test.sealer, "13800138000")),
        email: Some(Contact::email(&test.sealer, "han@example.edu")),
        ..Profile::of("20160899", "韩梅梅", "staff")
    };
    people::insert_many(&mut tx, std::slice::from_ref(&person), test.clock.now()).await.unwrap();
    let found = people::find_by_account(&mut tx, "20160899").await.unwrap().unwrap();
    assert_eq!((found.id, found.name.as_str(), found.state), (person.id, "韩梅梅", State::Active));
    assert_eq!(found.phone(&test.sealer).unwrap().as_deref(), Some("13800138000"));
    assert_eq!(found.email(&test.sealer).unwrap().as_deref(), Some("han@example.edu"));
    assert_eq!(found.created_at, test.clock.now());
    let index = contact::phone_index(&test.sealer, "13800138000");
    assert_eq!(people::list_by_phone(&mut tx, &index).await.unwrap()[0].id, person.id);

    person.name = "韩美美".to_owned();
    person.phone = None;
    test.clock.advance(chrono::Duration::hours(1));
    people::upsert_many(&mut tx, std::slice::from_ref(&person), test.clock.now()).await.unwrap();
    let found = people::list_by_accounts(&mut tx, &["20160899".to_owned(), "nobody".to_owned()]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].name.as_str(), found[0].phone_sealed.is_none()), ("韩美美", true));
    assert_eq!(found[0].updated_at - found[0].created_at, chrono::Duration::hours(1));
    assert!(people::set_deputy(&mut tx, person.id, Some(found[0].id), test.clock.now()).await.unwrap());
    assert_eq!(people::find(&mut tx, person.id).await.unwrap().unwrap().deputy_id, Some(person.id));
}

#[tokio::test]
async fn the_directory_is_searched_by_name_sound_initials_account_and_phone() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    let [_, office, section, logistics] = tree(&mut tx).await;
    staff(&test, &mut tx, section).await;
    let phone = contact::phone_index(&test.sealer, "13820160001");
    for (text, names) in [
        ("李", "李雷"),
        ("LiLei", "李雷"),
        ("hmm", "韩梅梅"),
        ("han mei", "韩梅梅"),
        ("0160002", "韩梅梅"),
        ("%", ""),
        ("_", ""),
        ("'", ""),
    ] {
        let found = directory::list(&mut tx, &Wanted { text, ..Wanted::default() }, None, 10).await.unwrap();
        assert_eq!(found.iter().map(|each| each.name.as_str()).collect::<Vec<_>>().concat(), names, "{text}");
    }
    let by_phone = Wanted { text: "13820160001", phone_index: Some(&phone), ..Wanted::default() };
    assert_eq!(directory::list(&mut tx, &by_phone, None, 10).await.unwrap()[0].name, "李雷");
    let frozen = Wanted { text: "shan", state: Some(State::Frozen), ..Wanted::default() };
    assert_eq!(directory::list(&mut tx, &frozen, None, 10).await.unwrap()[0].department.as_deref(), Some("教学科"));
    let within = |department| Wanted { department: Some(department), ..Wanted::default() };
    assert_eq!(directory::list(&mut tx, &within(office), None, 10).await.unwrap().len(), 2);
    assert!(directory::list(&mut tx, &within(logistics), None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    let [_, _, section, _] = tree(&mut tx).await;
    // Equal names: only the id tells them apart.
    let people: Vec<_> = (0..25).map(|n| Profile::of(&format!("s{n:03}"), "王伟", "student")).collect();
    people::insert_many(&mut tx, &people, test.clock.now()).await.unwrap();
    let rows: Vec<_> = people.iter().map(|person| member(person.id, section, 7)).collect();
    assignments::insert_many(&mut tx, &rows).await.unwrap();

    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = directory::list(&mut tx, &Wanted::default(), after.as_ref(), 10).await.unwrap();
        seen.extend(page.iter().map(|each| each.id));
        let Some(last) = page.last() else { break };
        after = Some(After::from(last));
    }
    let mut wanted: Vec<_> = people.iter().map(|person| person.id).collect();
    wanted.sort();
    assert_eq!(seen, wanted);

    let first = directory::list_members(&mut tx, section, None, 20).await.unwrap();
    let (position, last) = (first[19].0, first[19].1.id);
    let second = directory::list_members(&mut tx, section, Some((position, last)), 20).await.unwrap();
    assert_eq!((first.len(), second.len(), position), (20, 5, 7));
}

#[tokio::test]
async fn an_outsider_is_one_person_however_often_they_come() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    let phone = |number| Some(Contact::phone(&test.sealer, number));
    let email = |address| Some(Contact::email(&test.sealer, address));
    let outsider = |name: &str, phone, email| Outsider { name: name.to_owned(), phone, email };
    let coming = [
        outsider("李雷", phone("13800138000"), None),
        outsider("老李", phone("13800138000"), email("li@example.com")),
        outsider("韩梅梅", None, email("han@example.com")),
    ];
    let first = external::find_or_insert(&mut tx, &coming, test.clock.now()).await.unwrap();
    assert!(first[0] != first[1] && first[1] != first[2], "each under his own name");
    let again = external::find_or_insert(&mut tx, &coming, test.clock.now()).await.unwrap();
    assert_eq!(first, again);
    let known = people::find(&mut tx, first[0]).await.unwrap().unwrap();
    assert_eq!((known.name.as_str(), known.account, known.kind.as_str()), ("李雷", None, "external"));
    assert_eq!(people::count_active(&mut tx).await.unwrap(), 0);
}

#[tokio::test]
async fn a_group_is_seen_by_its_owner_and_those_it_is_shared_with() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    let [_, _, section, _] = tree(&mut tx).await;
    let [owner, friend, stranger] = staff(&test, &mut tx, section).await;
    let now = test.clock.now();
    let group = groups::insert(&mut tx, owner, "班子成员", None, now).await.unwrap().unwrap();
    assert!(groups::insert(&mut tx, owner, "班子成员", None, now).await.unwrap().is_none());
    let other = groups::insert(&mut tx, owner, "教研组", None, now).await.unwrap().unwrap();
    assert!(!groups::rename(&mut tx, other, "班子成员").await.unwrap());
    assert!(groups::rename(&mut tx, other, "教研室").await.unwrap());
    let listing = |person| Listing { person, note: String::new() };
    group_members::add(&mut tx, group, &[listing(stranger), listing(owner)]).await.unwrap();
    assert_eq!(group_members::add(&mut tx, group, &[listing(owner), listing(friend)]).await.unwrap(), 1);
    group_members::remove(&mut tx, group, &[friend]).await.unwrap();
    assert!(group_shares::add(&mut tx, group, friend).await.unwrap());
    assert!(!group_shares::add(&mut tx, group, friend).await.unwrap());
    let listed = group_members::list(&mut tx, group, "", group_members::START, 10).await.unwrap();
    assert_eq!(listed.iter().map(|member| member.id).collect::<Vec<_>>(), [stranger, owner]);
    group_members::sort(&mut tx, group, &[owner, stranger]).await.unwrap();
    let first = group_members::list(&mut tx, group, "", group_members::START, 1).await.unwrap().remove(0);
    assert_eq!(first.id, owner);
    let second = group_members::list(&mut tx, group, "", (first.position, first.id), 9).await.unwrap();
    assert_eq!(second.iter().map(|member| member.id).collect::<Vec<_>>(), [stranger]);
    assert_eq!(group_members::neighbour(&mut tx, group, owner, false).await.unwrap(), Some(stranger));
    assert_eq!(group_members::neighbour(&mut tx, group, owner, true).await.unwrap(), None);
    assert_eq!(groups::list_for(&mut tx, owner).await.unwrap().len(), 2);
    let shared = &groups::list_for(&mut tx, friend).await.unwrap()[0];
    assert_eq!(
        (shared.id, shared.owner_name.as_str(), shared.people, shared.shares),
        (group, "李雷", 1, 1),
        "one is frozen"
    );
    assert!(shared.is_shared && !groups::find(&mut tx, stranger, group).await.unwrap().unwrap().is_shared);
    assert!(groups::remove(&mut tx, group).await.unwrap());
    assert!(groups::find(&mut tx, owner, group).await.unwrap().is_none());
}

#[tokio::test]
async fn thousands_of_people_go_in_together() {
    let test = TestHub::start().await;
    let mut tx = test.db.begin().await.unwrap();
    let [_, _, section, _] = tree(&mut tx).await;
    let people: Vec<_> = (0..2_500).map(|n| Profile::of(&format!("s{n:05}"), "王小明", "student")).collect();
    assert_eq!(people::insert_many(&mut tx, &people, test.clock.now()).await.unwrap(), 2_500);
    let rows: Vec<_> = (0..).zip(&people).map(|(position, person)| member(person.id, section, position)).collect();
    assert_eq!(assignments::insert_many(&mut tx, &rows).await.unwrap(), 2_500);
    let ids: Vec<_> = people.iter().map(|person| person.id).collect();
    assert_eq!(assignments::list_of(&mut tx, &ids).await.unwrap().len(), 2_500);
    assert_eq!(people::list(&mut tx, &ids).await.unwrap().len(), 2_500);
    assert_eq!(assignments::remove_all_of(&mut tx, &ids[..2_000]).await.unwrap(), 2_000);
    assert_eq!(people::count_active(&mut tx).await.unwrap(), 2_500);
}

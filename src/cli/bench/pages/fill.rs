//! Who and what is there before pages are measured: people in departments, and their messages.

use crate::{
    clock::Timestamp,
    domain::DepartmentId,
    hub::Hub,
    storage::{
        assignments::{self, Assignment},
        crowd::{self, Crowd, LINES},
        departments::{self, Department},
        people::{self, Profile},
    },
};

const DEPARTMENTS: i64 = 100;
/// People who are written at once.
const BATCH: usize = 1_000;
/// Lines of the one who has read nothing, at most.
const HEAP: i64 = 10_000;
const SURNAMES: [char; 20] = [
    '王', '李', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴', '徐', '孙', '胡', '朱', '高', '林', '何', '郭', '马',
    '罗',
];
const GIVEN: [char; 24] = [
    '伟', '芳', '娜', '敏', '静', '丽', '强', '磊', '军', '洋', '勇', '艳', '杰', '娟', '涛', '明', '超', '秀', '霞',
    '平', '刚', '桂', '英', '华',
];

/// The account of a number.
pub fn account(number: i64) -> String {
    format!("{:08}", 20_000_000 + number)
}

/// Fills an empty database: so many lines of readers, and a message to so many people.
pub async fn fill(hub: &Hub, rows: i64, recipients: i64) -> anyhow::Result<Crowd> {
    let readers = (rows / LINES).max(1);
    let until = Timestamp::from_timestamp(hub.clock.now().timestamp(), 0).expect("it is a time of today");
    let crowd = Crowd { readers, people: recipients.max(readers), heap: HEAP.min(rows), until };
    hub.db.wait_for_disk(false).await?;
    write_people(hub, crowd.last()).await?;
    crowd::fill(&hub.db, &crowd).await?;
    hub.db.wait_for_disk(true).await?;
    Ok(crowd)
}

async fn write_people(hub: &Hub, last: i64) -> anyhow::Result<()> {
    let department = |position| Department {
        id: DepartmentId::new(),
        code: format!("bench{position}"),
        name: format!("第 {position} 学院"),
        parent_id: None,
        position,
    };
    let places: Vec<_> = (0..DEPARTMENTS).map(department).collect();
    let mut tx = hub.db.begin().await?;
    departments::insert_many(&mut tx, &places).await?;
    tx.commit().await?;
    let everybody: Vec<_> = (1..=last).collect();
    for batch in everybody.chunks(BATCH) {
        let profiles: Vec<_> = batch.iter().copied().map(profile).collect();
        let posts: Vec<_> = batch
            .iter()
            .map(|number| Assignment {
                person_id: crowd::person(*number),
                department_id: places[(number % DEPARTMENTS).unsigned_abs() as usize].id,
                is_primary: true,
                is_head: false,
                position: *number,
            })
            .collect();
        let mut tx = hub.db.begin().await?;
        people::insert_many(&mut tx, &profiles, hub.clock.now()).await?;
        assignments::insert_many(&mut tx, &posts).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// One in twenty has the same surname.
fn profile(number: i64) -> Profile {
    let nth = number.unsigned_abs() as usize;
    let name: String = [
        SURNAMES[nth % SURNAMES.len()],
        GIVEN[nth / SURNAMES.len() % GIVEN.len()],
        GIVEN[nth / (SURNAMES.len() * GIVEN.len()) % GIVEN.len()],
    ]
    .into_iter()
    .collect();
    Profile { id: crowd::person(number), ..Profile::of(&account(number), &name, "student") }
}

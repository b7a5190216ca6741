//! An installation of an earlier version goes on: what was asked before there were nodes is decided as
//! it was asked.

use zhihui::{
    domain::{
        ApprovalId, PersonId,
        approval::{Approver, Node, State},
        approval_flow::SeatState,
    },
    storage::{Db, approval_rules, approvals, seats},
};

use crate::{
    schema::run,
    support::{database_url, morning},
};

/// The numbered migration files from `from` to `to`.
async fn migrate(db: &Db, from: u32, to: u32) {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    let mut files: Vec<_> = folder.map(|file| file.unwrap()).collect();
    files.sort_by_key(|file| file.file_name());
    for file in files {
        let number: u32 = file.file_name().to_str().unwrap()[..4].parse().unwrap();
        if (from..=to).contains(&number) {
            run(db, &std::fs::read_to_string(file.path()).unwrap()).await;
        }
    }
}

/// An id as either database writes it.
fn id(db: &Db, nth: u8) -> String {
    let id = uuid::Uuid::from_bytes([nth; 16]);
    if db.has_many_writers() { format!("'{id}'") } else { format!("x'{}'", id.simple()) }
}

/// Two approvers with one request that waits for them and one that the first has rejected, and a rule.
async fn asked_before(db: &Db) {
    let [head, other, note, open, done] = [1, 2, 5, 10, 11].map(|nth| id(db, nth));
    let bytes = if db.has_many_writers() { "'\\x00'" } else { "x'00'" };
    let at = "'2026-11-20T02:00:00+00:00'";
    for (person, name) in [(&head, "zhang"), (&other, "li")] {
        run(
            db,
            &format!(
                "insert into person (id, account, name, search, kind, state, created_at, updated_at)
                 values ({person}, '{name}', '{name}', '{name}', 'staff', 'active', {at}, {at});
                 insert into person_role (person_id, role) values ({person}, 'approver')"
            ),
        )
        .await;
    }
    let message = |message: &str, about: &str, state: &str| {
        format!(
            "insert into message (id, sender_name, sender_department, kind, title, body, signature, category, rule_name,
                 rounds, actions, attributes, audience, about_approval_id, state, version, content_hash, snapshot_hash,
                 recipients, created_at)
             values ({message}, '', '', 'content', '', '', '', 'notice', 'inbox', '{{\"list\": []}}', '{{\"list\": []}}',
                 '{{}}', '{{}}', {about}, '{state}', 1, {bytes}, {bytes}, 0, {at})"
        )
    };
    run(db, &message(&id(db, 20), "null", "pending_approval")).await;
    run(db, &message(&id(db, 21), "null", "rejected")).await;
    run(db, &message(&note, &open, "sent")).await;
    for (approval, of, state, decision) in [
        (&open, 20, "pending", "null, null, ''".to_owned()),
        (&done, 21, "rejected", format!("{at}, {head}, '时间冲突'")),
    ] {
        let of = id(db, of);
        run(
            db,
            &format!(
                "insert into approval (id, message_id, message_version, content_hash, snapshot_hash, rule_name, state,
                     created_at, decided_at, decided_by, opinion)
                 values ({approval}, {of}, 1, {bytes}, {bytes}, '部门群发', '{state}', {at}, {decision});
                 insert into approval_approver (approval_id, person_id) values ({approval}, {head}), ({approval}, {other})"
            ),
        )
        .await;
    }
    let rule = id(db, 30);
    run(db, &format!("insert into approval_rule (id, name, condition, approver, position) values ({rule}, '旧', '{{\"min_recipients\": 9}}', 'department_head', 0)")).await;
}

#[tokio::test]
async fn what_was_asked_before_there_were_nodes_is_decided_as_it_was_asked() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&database_url(&dir).await).await.unwrap();
    migrate(&db, 1, 9).await;
    asked_before(&db).await;
    migrate(&db, 10, 10).await;
    let person = |nth: u8| PersonId(uuid::Uuid::from_bytes([nth; 16]));
    let approval = |nth: u8| ApprovalId(uuid::Uuid::from_bytes([nth; 16]));
    let mut tx = db.read().await.unwrap();
    let kept = approvals::find(&mut tx, approval(10)).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.node, kept.last_node), (State::Pending, 0, 0));
    let waiting = seats::list(&mut tx, approval(10)).await.unwrap();
    let waits = |seat: &seats::Seat| seat.state == SeatState::Waiting && seat.is_held && !seat.is_needed;
    assert!(waiting.len() == 2 && waiting.iter().all(waits), "{waiting:?}");
    assert!(approvals::may_see(&mut tx, approval(10), person(2), morning()).await.unwrap());
    let said = seats::list(&mut tx, approval(11)).await.unwrap();
    let said: Vec<_> = said.iter().map(|seat| (seat.name.as_str(), seat.state, seat.opinion.as_str())).collect();
    assert_eq!(said, [("li", SeatState::Spared, ""), ("zhang", SeatState::Rejected, "时间冲突")]);
    let rule = approval_rules::list(&mut tx).await.unwrap().remove(0).into_rule();
    assert_eq!((rule.condition.min_recipients, rule.nodes), (Some(9), vec![Node::of(Approver::DepartmentHead)]));
    drop(tx);
    let noted = format!("select count(*) from approval_seat where state = 'waiting' and note_id = {}", id(&db, 5));
    assert_eq!(crate::support::count(&db, &noted).await, 2, "what was written to them still chases them");
    db.close().await;
}

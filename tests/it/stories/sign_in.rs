//! 登录: the first administrator, passwords, guessing, sessions, links, roles.

use chrono::Duration;
use zhihui::{
    domain::{
        DepartmentId, PersonId,
        contact::Contact,
        person::{Role, State},
        problem::Class,
        sign_in::LinkPurpose,
    },
    hub::{
        Error,
        people::sign_in::{Session, SignedIn},
    },
    storage::{
        access,
        assignments::{self, Assignment},
        audit,
        departments::{self, Department},
        people::{self, Profile},
        sessions,
    },
};

use crate::support::TestHub;

const PASSWORD: &str = "vX9#kq2Lw8-树";

fn code<T>(answer: Result<T, Error>) -> &'static str {
    match answer {
        Err(Error::Problem(problem)) => problem.code,
        Err(other) => panic!("{other}"),
        Ok(_) => "fine",
    }
}

/// The administrator, signed in.
async fn administrator(test: &TestHub) -> SignedIn {
    let token = test.create_administrator("admin", "管理员", false).await.unwrap();
    let session = test.set_password(&token, PASSWORD).await.unwrap();
    whoever(test, &session).await
}

async fn whoever(test: &TestHub, session: &Session) -> SignedIn {
    test.session(&session.token).await.unwrap().unwrap()
}

/// 韩梅梅, head of 教务处, with a password.
async fn han(test: &TestHub) -> PersonId {
    let mut tx = test.db.begin().await.unwrap();
    let office = DepartmentId::new();
    let department =
        Department { id: office, code: "jwc".into(), name: "教务处".into(), parent_id: None, position: 1 };
    departments::insert_many(&mut tx, &[department]).await.unwrap();
    let profile = Profile {
        phone: Some(Contact::phone(&test.sealer, "13800138000")),
        ..Profile::of("20160899", "韩梅梅", "staff")
    };
    people::insert_many(&mut tx, std::slice::from_ref(&profile), test.clock.now()).await.unwrap();
    let post =
        Assignment { person_id: profile.id, department_id: office, is_primary: true, is_head: true, position: 1 };
    assignments::insert_many(&mut tx, &[post]).await.unwrap();
    tx.commit().await.unwrap();
    let token = test.create_administrator("20160899", "韩梅梅", true).await.unwrap();
    test.set_password(&token, PASSWORD).await.unwrap();
    let mut tx = test.db.begin().await.unwrap();
    for role in [Role::SystemAdmin, Role::OrgAdmin] {
        access::revoke(&mut tx, profile.id, role).await.unwrap();
    }
    tx.commit().await.unwrap();
    profile.id
}

#[tokio::test]
async fn the_first_administrator_sets_a_password_once_and_is_the_only_one() {
    let test = TestHub::start().await;
    assert_eq!(code(test.create_administrator("工号", "管理员", false).await), "ACCOUNT");
    let token = test.create_administrator("admin", "管理员", false).await.unwrap();
    assert_eq!(code(test.sign_in("admin", PASSWORD).await), "LOGIN", "there is no default password");
    assert_eq!(code(test.sign_in_by_link(&token).await), "LINK_GONE", "a set-up link does not sign in");
    assert_eq!(code(test.set_password(&token, "滨海大学2026").await), "PWD_WEAK");
    let session = test.set_password(&token, PASSWORD).await.unwrap();
    let admin = whoever(&test, &session).await;
    assert_eq!((admin.account.as_str(), admin.roles.as_slice()), ("admin", &[Role::OrgAdmin, Role::SystemAdmin][..]));
    assert_eq!(code(test.set_password(&token, PASSWORD).await), "LINK_GONE");
    assert_eq!(code(test.create_administrator("second", "另一位", false).await), "ADMIN_EXISTS");
    assert_eq!(code(test.create_administrator("second", "另一位", true).await), "fine");
}

#[tokio::test]
async fn a_set_up_link_ends_after_three_days_or_with_the_next() {
    let test = TestHub::start().await;
    let first = test.create_administrator("admin", "管理员", false).await.unwrap();
    let second = test.create_administrator("admin", "管理员", true).await.unwrap();
    assert_eq!(code(test.link(&first).await), "LINK_GONE");
    assert_eq!(test.link(&second).await.unwrap().purpose, LinkPurpose::Setup);
    test.clock.advance(Duration::hours(72));
    assert_eq!(code(test.set_password(&second, PASSWORD).await), "LINK_GONE");
}

#[tokio::test]
async fn somebody_signs_in_by_account_or_phone_and_out() {
    let test = TestHub::start().await;
    let person = han(&test).await;
    for login in ["20160899", " 20160899 ", "13800138000", "+86 138 0013 8000"] {
        let session = test.sign_in(login, PASSWORD).await.unwrap();
        let who = whoever(&test, &session).await;
        assert_eq!((who.person, who.name.as_str(), who.department.as_str()), (person, "韩梅梅", "教务处"), "{login}");
        assert!(who.is_head && who.roles.is_empty());
        test.sign_out(&session.token).await.unwrap();
        assert!(test.session(&session.token).await.unwrap().is_none());
    }
    let (one, two) =
        (test.sign_in("20160899", PASSWORD).await.unwrap(), test.sign_in("20160899", PASSWORD).await.unwrap());
    assert_ne!((&one.token, &one.csrf), (&two.token, &two.csrf));
    let mut tx = test.db.read().await.unwrap();
    let verbs: Vec<_> = audit::list_of(&mut tx, &format!("person:{person}"), 100).await.unwrap();
    assert_eq!(verbs.iter().filter(|entry| entry.verb == "session.open").count(), 6);
    assert_eq!(verbs.iter().filter(|entry| entry.verb == "session.end").count(), 4);
}

#[tokio::test]
async fn whoever_is_refused_hears_the_same_words() {
    let test = TestHub::start().await;
    let person = han(&test).await;
    let mut answers = Vec::new();
    for (login, password) in [
        ("20160899", "wrong password"),
        ("20160899", &*format!(" {PASSWORD}")),
        ("nobody", PASSWORD),
        ("' or 1=1 --", PASSWORD),
        ("", ""),
    ] {
        answers.push(test.sign_in(login, password).await.err().unwrap().to_string());
    }
    let mut tx = test.db.begin().await.unwrap();
    people::set_state(&mut tx, person, State::Frozen, test.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    answers.push(test.sign_in("20160899", PASSWORD).await.err().unwrap().to_string());
    assert!(answers.iter().all(|answer| answer == "LOGIN 账号或密码不正确"), "{answers:?}");
    let Err(Error::Problem(long)) = test.sign_in("20160899", &"x".repeat(1_000_000)).await else { panic!("too long") };
    assert_eq!(long.class, Class::TooLarge);
}

#[tokio::test]
async fn five_wrong_passwords_make_even_the_right_one_wait() {
    let test = TestHub::start().await;
    han(&test).await;
    for _ in 0..4 {
        assert_eq!(code(test.sign_in("20160899", "guess guess").await), "LOGIN");
    }
    assert_eq!(code(test.sign_in("20160899", PASSWORD).await), "fine", "four are forgiven");
    for _ in 0..5 {
        assert_eq!(code(test.sign_in("20160899", "guess guess").await), "LOGIN");
    }
    assert_eq!(code(test.sign_in("20160899", PASSWORD).await), "LOGIN");
    test.clock.advance(Duration::seconds(61));
    assert_eq!(code(test.sign_in("20160899", "guess guess").await), "LOGIN", "the sixth: two minutes");
    test.clock.advance(Duration::seconds(61));
    assert_eq!(code(test.sign_in("20160899", PASSWORD).await), "LOGIN");
    test.clock.advance(Duration::seconds(61));
    assert_eq!(code(test.sign_in("20160899", PASSWORD).await), "fine");
}

#[tokio::test]
async fn a_session_ends_when_idle_and_after_half_a_day() {
    let test = TestHub::start().await;
    han(&test).await;
    let session = test.sign_in("20160899", PASSWORD).await.unwrap();
    for _ in 0..25 {
        test.clock.advance(Duration::minutes(28));
        assert!(test.session(&session.token).await.unwrap().is_some());
    }
    test.clock.advance(Duration::minutes(20));
    assert!(test.session(&session.token).await.unwrap().is_none(), "twelve hours, however busy");

    let session = test.sign_in("20160899", PASSWORD).await.unwrap();
    test.clock.advance(Duration::minutes(30));
    assert!(test.session(&session.token).await.unwrap().is_none());

    let admin = administrator(&test).await;
    let session = test.sign_in(&admin.account, PASSWORD).await.unwrap();
    test.clock.advance(Duration::minutes(15));
    assert!(test.session(&session.token).await.unwrap().is_none(), "administrators a quarter of an hour");
}

#[tokio::test]
async fn another_password_signs_out_everywhere_else() {
    let test = TestHub::start().await;
    han(&test).await;
    let elsewhere = test.sign_in("20160899", PASSWORD).await.unwrap();
    let here = test.sign_in("20160899", PASSWORD).await.unwrap();
    let who = whoever(&test, &here).await;
    assert_eq!(code(test.change_password(&who, "not the present one", "另一句很难猜到的话呀").await), "PWD_WRONG");
    assert_eq!(code(test.change_password(&who, PASSWORD, PASSWORD).await), "PWD_WEAK");
    let fresh = test.change_password(&who, PASSWORD, "另一句很难猜到的话呀").await.unwrap();
    assert!(test.session(&elsewhere.token).await.unwrap().is_none());
    assert!(test.session(&here.token).await.unwrap().is_none());
    assert!(test.session(&fresh.token).await.unwrap().is_some());
    assert_eq!(code(test.sign_in("20160899", PASSWORD).await), "LOGIN");
}

#[tokio::test]
async fn of_two_changes_of_one_password_only_the_first_counts() {
    let test = TestHub::start().await;
    han(&test).await;
    let who = whoever(&test, &test.sign_in("20160899", PASSWORD).await.unwrap()).await;
    let wanted = ["另一句很难猜到的话呀", "再一句很难猜到的话呀"];
    let change = |next| test.change_password(&who, PASSWORD, next);
    let (one, other) = tokio::join!(change(wanted[0]), change(wanted[1]));
    let codes = [code(one), code(other)];
    let first = codes.iter().position(|code| *code == "fine").unwrap();
    assert_eq!(codes[1 - first], "PWD_WRONG");
    test.sign_in("20160899", wanted[first]).await.unwrap();
}

#[tokio::test]
async fn a_link_of_the_demonstration_serves_until_it_expires() {
    let test = TestHub::start().await;
    let person = han(&test).await;
    let (token, hash) = zhihui::domain::seal::token();
    let mut tx = test.db.begin().await.unwrap();
    let expires_at = test.clock.now() + Duration::hours(1);
    sessions::insert_link(&mut tx, &hash, person, LinkPurpose::Demo, expires_at).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..2 {
        let session = test.sign_in_by_link(&token).await.unwrap();
        assert_eq!(whoever(&test, &session).await.person, person);
    }
    assert_eq!(code(test.set_password(&token, PASSWORD).await), "LINK_GONE", "it sets no password");
    test.clock.advance(Duration::hours(1));
    assert_eq!(code(test.sign_in_by_link(&token).await), "LINK_GONE");
    assert_eq!(code(test.sign_in_by_link("guess").await), "LINK_GONE");
}

#[tokio::test]
async fn roles_are_given_by_those_who_may_and_count_at_once() {
    let test = TestHub::start().await;
    let person = han(&test).await;
    let admin = administrator(&test).await;
    let session = test.sign_in("20160899", PASSWORD).await.unwrap();
    let who = whoever(&test, &session).await;
    assert_eq!(code(test.set_role(&who, "20160899", Role::SystemAdmin, true).await), "FORBIDDEN");
    assert_eq!(code(test.invite(&who, "admin").await), "FORBIDDEN");
    test.set_role(&admin, "20160899", Role::OrgAdmin, true).await.unwrap();
    let who = whoever(&test, &session).await;
    assert!(who.has(Role::OrgAdmin), "the open session knows it");
    assert_eq!(code(test.set_role(&who, "admin", Role::Approver, true).await), "fine");
    assert_eq!(code(test.set_role(&who, "20160899", Role::SystemAdmin, true).await), "FORBIDDEN");
    assert_eq!(code(test.invite(&who, "admin").await), "FORBIDDEN", "that would make them the administrator");
    assert_eq!(code(test.set_role(&admin, "20160899", Role::AuditAdmin, true).await), "ROLE_SEPARATED");
    assert_eq!(code(test.set_role(&admin, "nobody", Role::Approver, true).await), "NOT_FOUND");

    test.set_person_state(&admin, "20160899", State::Resigned).await.unwrap();
    assert!(test.session(&session.token).await.unwrap().is_none());
    test.set_person_state(&admin, "20160899", State::Active).await.unwrap();
    assert!(test.session(&session.token).await.unwrap().is_none(), "coming back does not open old sessions");
    let mut tx = test.db.read().await.unwrap();
    let verbs = audit::list_of(&mut tx, &format!("person:{person}"), 100).await.unwrap();
    assert_eq!(verbs.iter().filter(|entry| entry.verb == "person.state").count(), 2);
}

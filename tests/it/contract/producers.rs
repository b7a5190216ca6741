//! Modules and their credentials, on both databases.

use zhihui::{
    domain::seal::sha256,
    hub::{
        Error, Place,
        people::register::{Registered, Registration},
    },
    storage::{
        audit,
        producers::{self, Producer, ProducerAudience, ProducerCategories},
    },
};

use crate::support::TestHub;

fn meeting() -> Registration {
    Registration {
        name: "meeting".to_owned(),
        label: None,
        audience: ProducerAudience { everyone: true, departments: Vec::new() },
        categories: ProducerCategories { any: false, names: vec!["meeting".to_owned()] },
        is_trusted: true,
    }
}

async fn code(hub: &TestHub, registration: Registration) -> &'static str {
    match hub.register_producer(registration).await {
        Err(Error::Problem(problem)) => problem.code,
        other => panic!("must be refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_module_is_found_by_its_token_and_by_its_broker_account() {
    let hub = TestHub::start().await;
    let Registered { token, amqp_user, .. } = hub.register_producer(meeting()).await.unwrap();
    let mut tx = hub.db.read().await.unwrap();
    let found = producers::find_by_token(&mut tx, &sha256(token.as_bytes())).await.unwrap().unwrap();
    let Producer { name, audience, categories, is_trusted, .. } = &found;
    assert_eq!((name.as_str(), amqp_user.as_str(), *is_trusted), ("meeting", "meeting", true));
    assert_eq!((&audience.0, &categories.0), (&meeting().audience, &meeting().categories));
    assert_eq!(producers::find_by_amqp_user(&mut tx, &amqp_user).await.unwrap().unwrap().id, found.id);
    assert!(producers::find_by_token(&mut tx, token.as_bytes()).await.unwrap().is_none(), "only its hash is kept");
    drop(tx);

    let renewed = hub.renew_token("meeting").await.unwrap();
    let mut tx = hub.db.read().await.unwrap();
    assert!(producers::find_by_token(&mut tx, &sha256(token.as_bytes())).await.unwrap().is_none(), "it was renewed");
    let token = renewed.token;
    assert_eq!(producers::find_by_token(&mut tx, &sha256(token.as_bytes())).await.unwrap().unwrap().id, found.id);
    drop(tx);

    hub.disable_producer("meeting").await.unwrap();
    for gone in ["meeting", "nobody"] {
        let refused = hub.disable_producer(gone).await.unwrap_err();
        assert!(refused.to_string().starts_with("PRODUCER_UNKNOWN"), "{refused}");
        assert!(hub.renew_token(gone).await.is_err());
    }
    assert_eq!(code(&hub, meeting()).await, "PRODUCER_EXISTS", "nobody can pass for it");
    let mut tx = hub.db.read().await.unwrap();
    let noted = audit::list_of(&mut tx, "producer:meeting", 10).await.unwrap();
    let verbs: Vec<_> = noted.iter().map(|entry| entry.verb.as_str()).collect();
    assert_eq!(verbs, ["producer.create", "producer.renew", "producer.disable"]);
    assert!(producers::find_by_token(&mut tx, &sha256(token.as_bytes())).await.unwrap().is_none());
    assert!(producers::find_by_amqp_user(&mut tx, &amqp_user).await.unwrap().is_none());
    assert!(producers::list(&mut tx, 10).await.unwrap().is_empty());
    drop(tx);
    hub.end().await;
}

#[tokio::test]
async fn a_module_has_a_plain_name_of_its_own_and_real_departments() {
    let hub = TestHub::start().await;
    hub.register_producer(meeting()).await.unwrap();
    assert_eq!(code(&hub, meeting()).await, "PRODUCER_EXISTS");
    for name in ["", "m", "Meeting", "会议", "a b"] {
        assert_eq!(code(&hub, Registration { name: name.to_owned(), ..meeting() }).await, "PRODUCER_NAME", "{name}");
    }
    let audience = ProducerAudience { everyone: false, departments: vec!["nowhere".to_owned()] };
    assert_eq!(code(&hub, Registration { name: "visitor".to_owned(), audience, ..meeting() }).await, "DEPT_UNKNOWN");
    hub.end().await;
}

#[tokio::test]
async fn the_brokers_account_for_everybody_is_a_modules_on_one_machine_alone() {
    let test = TestHub::start().await;
    let guest = || Registration { name: "guest".to_owned(), ..meeting() };
    let mut open = test.hub.clone();
    for public_url in ["https://zhihui.example.edu.cn", "http://10.0.0.7:8080", "not a url"] {
        let place = Place { public_url: public_url.to_owned(), ..(*test.place).clone() };
        open.place = std::sync::Arc::new(place);
        let refused = open.register_producer(guest()).await.unwrap_err();
        assert!(refused.to_string().starts_with("PRODUCER_NAME"), "{public_url}: {refused}");
    }
    for public_url in ["http://localhost:8080", "http://[::1]:8080", "http://127.0.0.1:8080"] {
        assert!(Place { public_url: public_url.to_owned(), ..(*test.place).clone() }.is_local(), "{public_url}");
    }
    test.register_producer(guest()).await.unwrap();
    test.end().await;
}

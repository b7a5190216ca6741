//! F19: a phone rings step by step and the worker is killed just before and just after it has rung,
//! with a provider that can be asked about a call and with one that drops a repeat.
//!
//! No such provider can be set up yet, so that the worker is not the program: the test starts itself
//! again, with a channel of its own.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use channels::{
    Accepted, Channel, Outgoing, Repeat, Report, SendError, Status, Supports,
    fake::http::{Reply, Server},
    gateway::Gateway,
};
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use zhihui::{
    broker::Broker,
    clock::Clock,
    domain::command,
    hub::{
        Channels, Source,
        check::witness::{self, Seen},
    },
    storage::{
        Json, people,
        settings::{self, SendRuleRow, Steps},
    },
};

use crate::{
    parts::{self, Parts},
    support::{Child, HEADS, Installation, Set, until, variable},
};

/// Where the provider listens; set for a worker alone.
const PROVIDER: &str = "ZHIHUI_TEST_PHONE";
/// `safe` or `unsafe`.
const KIND: &str = "ZHIHUI_TEST_PHONE_REPEAT";

/// The channel between a worker and the provider.
struct Phone {
    line: Gateway,
    known: String,
    client: reqwest::Client,
    repeat: Repeat,
}

impl Phone {
    fn new(provider: &str, repeat: Repeat) -> Self {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(Duration::from_secs(10));
        Self {
            line: Gateway::new("voice", &format!("{provider}/call"), None).unwrap(),
            known: format!("{provider}/known"),
            client: client.build().unwrap(),
            repeat,
        }
    }
}

#[async_trait]
impl Channel for Phone {
    fn name(&self) -> &'static str {
        "voice"
    }

    fn supports(&self) -> Supports {
        let query = self.repeat == Repeat::Unsafe;
        Supports { batch: 1, concurrency: 1, repeat: self.repeat, callbacks: false, query, recall: false }
    }

    async fn send(&self, batch: &[Outgoing]) -> Vec<Result<Accepted, SendError>> {
        self.line.send(batch).await
    }

    async fn query(&self, keys: &[String]) -> Vec<Option<Report>> {
        let mut reports = Vec::new();
        for key in keys {
            let answer = self.client.post(&self.known).json(&json!({"ref": key})).send().await.unwrap();
            let is_known = answer.json::<Value>().await.unwrap()["known"] == true;
            reports.push(is_known.then(|| Report {
                key: key.clone(),
                reference: Some("c".to_owned()),
                status: Status::Delivered,
                detail: String::new(),
                pressed: None,
            }));
        }
        reports
    }

    async fn check(&self) -> Result<(), SendError> {
        self.line.check().await
    }
}

/// Every time that a phone rang: under which key, whose, when.
type Rings = Arc<Mutex<Vec<(Seen, String)>>>;

/// Rings at every call, except that with [`Repeat::Safe`] a key that it knows does not ring again.
async fn provider(repeat: Repeat) -> (Server, Rings) {
    let rings = Rings::default();
    let log = rings.clone();
    let server = Server::start(move |request| {
        let body: Value = serde_json::from_slice(request.body).unwrap_or_default();
        let key = body["ref"].as_str().unwrap_or_default().to_owned();
        let mut log = log.lock().unwrap();
        let is_known = log.iter().any(|(seen, _)| seen.key == key);
        if request.path() == "/known" {
            return Reply::new(200, json!({"known": is_known}).to_string());
        }
        if !(is_known && repeat == Repeat::Safe) {
            let number = body["to"].as_str().unwrap_or_default().to_owned();
            log.push((Seen { channel: "voice".to_owned(), key, at: Clock::System.now() }, number));
        }
        Reply { after: Duration::from_millis(20), ..Reply::new(200, r#"{"code":0,"msgid":"c"}"#) }
    })
    .await;
    (server, rings)
}

/// Works until it is killed, when this process was started to do so.
async fn work_if_asked() {
    let Ok(provider) = std::env::var(PROVIDER) else { return };
    let repeat = if variable(KIND) == "safe" { Repeat::Safe } else { Repeat::Unsafe };
    let phone = Arc::new(Phone::new(&provider, repeat)) as Arc<dyn Channel>;
    let (database, prefix) = (variable("ZHIHUI_DATABASE_URL"), variable("ZHIHUI_BROKER_PREFIX"));
    let folder = variable("ZHIHUI_DATA_DIR");
    let parts = Parts {
        database: &database,
        broker: Broker::connect(&variable("ZHIHUI_BROKER_URL"), &prefix, &["voice"]).await.unwrap(),
        channels: Channels::new(vec![(phone, None)]),
        clock: Clock::System,
        public_url: "http://127.0.0.1:8080",
        data_dir: folder.as_ref(),
    };
    let hub = parts::open(parts).await;
    hub.work(&TaskTracker::new(), &CancellationToken::new());
    std::future::pending().await
}

/// A rule that calls somebody, then his deputy.
async fn prepare(place: &Installation) {
    let call = |after: i64, to: &str| json!({"channels": ["voice"], "after": after, "unless": "confirmed", "to": to});
    let steps = json!([{"channels": ["inbox"]}, call(60, "recipient"), call(120, "deputy")]);
    let rule = SendRuleRow {
        name: "ring".to_owned(),
        label: "ring".to_owned(),
        definition: Json(Steps { steps: serde_json::from_value(steps).unwrap() }),
        is_offered: true,
    };
    let mut tx = place.hub.db.begin().await.unwrap();
    settings::insert_send_rule(&mut tx, &rule, 92).await.unwrap();
    let [undertaker, deputy] = [place.people[HEADS], place.people[HEADS + 1]];
    people::set_deputy(&mut tx, undertaker, Some(deputy), place.hub.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// Lets a step begin that is an hour away.
async fn begin(place: &Installation, step: i64) {
    let sent = "(select sent_at from message where message.id = wave.message_id)";
    place.run(&format!("update wave set due_at = {sent} where round = {step}")).await;
}

async fn ended(place: &Installation, step: i64) {
    let open = format!("select count(*) from delivery where round = {step} and state not in ('ready', 'sending')");
    let is_over = until(Duration::from_secs(60), || async { place.value(&open).await == 1 }).await;
    assert!(is_over, "step {step}\n{}", place.last_words());
}

/// One step to the undertaker with a crash at `point`, then one to the deputy; how often each phone
/// rang in the end.
async fn ring(set: &Set, repeat: Repeat, point: &str, test: &str) -> [usize; 2] {
    let mut place = Installation::start(set, HEADS + 2).await;
    prepare(&place).await;
    let (server, rings) = provider(repeat).await;
    let url = server.url();
    place.hub.channels = Channels::new(vec![(Arc::new(Phone::new(&url, repeat)) as Arc<dyn Channel>, None)]);
    let kind = if repeat == Repeat::Safe { "safe" } else { "unsafe" };
    let own = [(PROVIDER, url), (KIND, kind.to_owned())];

    let body = json!({"title": "请确认承接", "body": "第五会议室", "audience": {"people": [format!("a{HEADS}")]},
                      "send_rule": "ring", "actions": [{"id": "confirm", "label": "确认承接"}]});
    let draft = command::read_send(&body, place.hub.clock.now()).unwrap();
    let sender = Source::Person(place.people[0]);
    place.note(place.hub.accept(&sender, None, [0; 32], draft).await.unwrap().id);
    begin(&place, 1).await;
    let mut doomed: Child = place.again(test, &own, Some(point));
    let died = until(Duration::from_secs(30), || std::future::ready(!doomed.is_alive())).await;
    assert!(died && doomed.was_killed(), "{point} was never passed\n{}", place.last_words());

    let worker = place.again(test, &own, None);
    ended(&place, 1).await;
    begin(&place, 2).await;
    ended(&place, 2).await;
    assert_eq!(place.rest().await, []);
    drop(worker);
    let rings: Vec<_> = rings.lock().unwrap().clone();
    let seen: Vec<_> = rings.iter().map(|(seen, _)| seen.clone()).collect();
    assert_eq!(witness::check_provider(&place.hub, &seen).await.unwrap(), []);
    let keys: BTreeSet<_> = seen.iter().map(|seen| &seen.key).collect();
    assert_eq!(keys.len(), seen.len(), "a call was made twice: {seen:?}");
    let times = |phone: &str| rings.iter().filter(|(_, number)| number.ends_with(phone)).count();
    let found = [times(&format!("{:08}", HEADS + 1)), times(&format!("{:08}", HEADS + 2))];
    place.end().await;
    found
}

async fn everywhere(set: Set, test: &str) {
    work_if_asked().await;
    let (before, after) = ("esc.before_call", "deliver.after_provider_ok");
    let [asked_before, asked_after, safe_before, safe_after] = [
        ring(&set, Repeat::Unsafe, before, test).await,
        ring(&set, Repeat::Unsafe, after, test).await,
        ring(&set, Repeat::Safe, before, test).await,
        ring(&set, Repeat::Safe, after, test).await,
    ];
    assert_eq!(asked_before, [0, 1], "the provider knows of no call, and that one is not made again");
    assert_eq!(asked_after, [1, 1], "the provider knows of the call");
    assert_eq!(safe_before, [1, 1], "made once more");
    assert_eq!(safe_after, [1, 1], "made once more, and dropped by the provider");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_phone_rings_twice_for_a_crash_embedded() {
    everywhere(Set::Embedded, "phone::no_phone_rings_twice_for_a_crash_embedded").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_phone_rings_twice_for_a_crash_production() {
    everywhere(Set::Production, "phone::no_phone_rings_twice_for_a_crash_production").await;
}

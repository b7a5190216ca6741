//! Cards and SMS on the simulated phone, faults, and the callbacks themselves.

use super::*;

#[tokio::test]
async fn a_card_is_delivered_read_and_answered_once() {
    let hub = Hub::new().await;
    let channel = hub.channel(Medium::DingTalk);
    let answer = channel.send(&[outgoing("k1", &["yes"])]).await;
    let card = answer[0].as_ref().unwrap().reference.clone().unwrap();
    hub.carrier.open(&card).unwrap();
    hub.carrier.open(&card).unwrap();
    assert_eq!(hub.carrier.press_button(&card, "no"), Err(ActError::Unknown));
    hub.carrier.press_button(&card, "yes").unwrap();
    assert_eq!(hub.carrier.press_button(&card, "yes"), Err(ActError::NotNow));
    assert_eq!(
        hub.reports().await,
        [
            told(Status::Delivered, "已送达", None),
            told(Status::Read, "已查看", None),
            told(Status::Confirmed, "已确认", Some("yes"))
        ]
    );
    let asked = channel.query(&["k1".to_owned(), "k2".to_owned()]).await;
    assert_eq!(asked[0].as_ref().unwrap().pressed.as_deref(), Some("yes"));
    assert_eq!(asked[1], None);
}

#[tokio::test]
async fn dingtalk_drops_a_repeated_key_and_the_others_do_not() {
    let hub = Hub::new().await;
    for (medium, times) in [(Medium::DingTalk, 1), (Medium::Sms, 2), (Medium::Voice, 2)] {
        let channel = hub.channel(medium);
        channel.send(&[outgoing("k1", &[])]).await;
        channel.send(&[outgoing("k1", &[])]).await;
        let log = hub.carrier.log();
        let lines = log.iter().filter(|line| line.channel == medium.name() && line.key == "k1");
        assert_eq!(lines.count(), times, "{medium:?}");
    }
}

#[tokio::test]
async fn scripted_faults_come_in_turn_and_only_what_was_taken_is_in_the_log() {
    let hub = Hub::new().await;
    let sms = hub.channel(Medium::Sms);
    let retry_after = Some(Duration::from_secs(7));
    let faults = [
        Fault::Busy429 { retry_after },
        Fault::Error500,
        Fault::Refuse { code: "isv.MOBILE_NUMBER_ILLEGAL".to_owned() },
        Fault::TakeThenCut,
        Fault::ReportTwice,
        Fault::NoReport,
    ];
    for fault in faults {
        hub.carrier.script("13800000001", fault);
    }
    let batch: Vec<_> = (1..=7).map(|n| outgoing(&format!("k{n}"), &[])).collect();
    let answers = sms.send(&batch).await;
    assert!(matches!(&answers[0], Err(SendError::Temporary { retry_after: seconds, .. }) if *seconds == retry_after));
    assert!(matches!(&answers[1], Err(SendError::Temporary { retry_after: None, .. })));
    assert!(matches!(&answers[2], Err(SendError::Refused { code, .. }) if code == "isv.MOBILE_NUMBER_ILLEGAL"));
    assert!(matches!(&answers[3], Err(SendError::Ambiguous(_))));
    assert!(answers[4..].iter().all(Result::is_ok));
    let taken: Vec<_> = hub.carrier.log().into_iter().map(|line| line.key).collect();
    assert_eq!(taken, ["k4", "k5", "k6", "k7"]);
    let reported: Vec<_> = hub.reports().await.into_iter().map(|report| report.0).collect();
    assert_eq!(reported, ["k4", "k5", "k5", "k7"]);
    assert!(sms.query(&["k6".to_owned()]).await[0].is_some(), "the lost report can be asked for");
}

#[tokio::test]
async fn a_callback_is_believed_only_with_its_signature_and_in_its_time() {
    let hub = Hub::new().await;
    let channel = hub.channel(Medium::Sms);
    let body = br#"[{"key":"k1","ref":"sim-1","event":"delivered"}]"#;
    let callback = |timestamp: String, secret: &str, body: &[u8], sent: &[u8]| {
        let signature = sign(secret, &timestamp, body);
        let headers = [("X-TIMESTAMP".to_owned(), timestamp), ("X-Signature".to_owned(), signature)];
        channel.callback(&headers, sent, NOW)
    };
    let now = NOW.to_string();
    assert_eq!(callback(now.clone(), "secret", body, body).unwrap()[0].status, Status::Delivered);
    assert!(callback((NOW - 300).to_string(), "secret", body, body).is_ok());
    for late in [NOW - 301, NOW + 301, i64::MIN] {
        let stale = callback(late.to_string(), "secret", body, body);
        assert_eq!(stale.unwrap_err(), CallbackError::Stale);
    }
    let other = br#"[{"key":"k2","ref":"sim-1","event":"delivered"}]"#;
    assert_eq!(callback(now.clone(), "secret", body, other), Err(CallbackError::BadSignature));
    assert_eq!(callback(now.clone(), "guess", body, body), Err(CallbackError::BadSignature));
    assert_eq!(channel.callback(&[], body, NOW), Err(CallbackError::BadSignature));
    for wrong in [&b"<html>"[..], b"{}", br#"[{"key":"k1","ref":"r","event":"foo"}]"#] {
        assert_eq!(callback(now.clone(), "secret", wrong, wrong), Err(CallbackError::Malformed));
    }
}

#[tokio::test]
async fn dingtalk_shows_on_the_phone_where_its_user_is_signed_in() {
    let hub = Hub::new().await;
    hub.carrier.sign_in("manager8010", "13800000001");
    let mut changes = hub.carrier.subscribe();
    let card = Outgoing { address: "manager8010".to_owned(), ..outgoing("k1", &[]) };
    hub.channel(Medium::DingTalk).send(&[card]).await;
    hub.channel(Medium::Sms).send(&[outgoing("k2", &[])]).await;
    assert_eq!(changes.recv().await.unwrap(), "13800000001");
    let phones = hub.carrier.phones();
    assert_eq!(phones.len(), 1);
    assert_eq!((phones[0].unread, phones[0].name.as_str()), (2, "李雷"));
    assert_eq!(hub.carrier.log()[0].address, "manager8010");
}

#[tokio::test]
async fn reports_from_before_the_hub_listened_wait_for_it() {
    let carrier = Carrier::new();
    Simulated::new(carrier.clone(), Medium::Sms).send(&[outgoing("k1", &[])]).await;
    carrier.settled().await;
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |request| {
        told.send(String::from_utf8_lossy(request.body).into_owned()).unwrap();
        Reply::new(200, "")
    })
    .await;
    carrier.set_callback(&server.url(), "secret").unwrap();
    carrier.settled().await;
    assert_eq!(heard.recv().await.unwrap(), r#"[{"key":"k1","ref":"sim-1","event":"delivered"}]"#);
}

#[tokio::test]
async fn a_callback_that_the_hub_could_not_take_comes_again() {
    let carrier = Carrier::new();
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |_| {
        let first = tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        let status = if first { 503 } else { 200 };
        told.send(status).unwrap();
        Reply::new(status, "")
    })
    .await;
    carrier.set_callback(&server.url(), "secret").unwrap();
    Simulated::new(carrier.clone(), Medium::Sms).send(&[outgoing("k1", &[])]).await;
    carrier.settled().await;
    assert_eq!([heard.recv().await, heard.recv().await], [Some(503), Some(200)]);
}

#[tokio::test]
async fn a_card_can_be_recalled_and_an_sms_cannot() {
    let hub = Hub::new().await;
    let (dingtalk, sms) = (hub.channel(Medium::DingTalk), hub.channel(Medium::Sms));
    let card = dingtalk.send(&[outgoing("k1", &[])]).await[0].as_ref().unwrap().reference.clone().unwrap();
    let text = sms.send(&[outgoing("k2", &[])]).await[0].as_ref().unwrap().reference.clone().unwrap();
    let unknown = "sim-99".to_owned();
    let recalled = dingtalk.recall(&[card, text.clone(), unknown]).await;
    assert_eq!(recalled[0], Recalled::Done);
    assert!(recalled[1..].iter().all(|answer| *answer != Recalled::Done));
    assert_ne!(sms.recall(&[text]).await[0], Recalled::Done);
    let items = hub.carrier.phone("13800000001").unwrap().items;
    assert_eq!((items[1].state, items[1].text.as_str()), (ItemState::Recalled, ""));
    assert_eq!(items[0].state, ItemState::Delivered);
}

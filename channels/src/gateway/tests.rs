//! The gateway channel against a fake gateway on loopback.

use super::*;
use crate::{
    Status,
    fake::{self, GatewayOptions, http::Reply},
};

fn outgoing(key: usize) -> Outgoing {
    Outgoing {
        idempotency_key: format!("k{key}"),
        address: "13800000001".to_owned(),
        name: String::new(),
        title: "题".to_owned(),
        text: "会议\"改期\"".to_owned(),
        link: Some("https://hub/m/1".to_owned()),
        buttons: Vec::new(),
    }
}

async fn start(options: GatewayOptions) -> (fake::Gateway, Gateway) {
    let fake = fake::Gateway::start(options).await;
    let channel = Gateway::new("sms", &fake.url, Some("secret".to_owned())).unwrap();
    (fake, channel)
}

async fn answer(reply: Reply) -> Result<Accepted, SendError> {
    let options = GatewayOptions { always: Some(reply), ..GatewayOptions::default() };
    let (fake, channel) = start(options).await;
    let answer = channel.send(&[outgoing(1)]).await.remove(0);
    assert_eq!(fake.stats().requests, 1, "nothing is repeated behind the hub's back");
    answer
}

#[tokio::test]
async fn a_batch_is_signed_sent_and_answered_in_its_order() {
    let secret = Some("secret".to_owned());
    let (fake, channel) = start(GatewayOptions { secret, ..GatewayOptions::default() }).await;
    let batch: Vec<_> = (0..300).map(outgoing).collect();
    let answers = channel.send(&batch).await;
    assert_eq!(answers.len(), 300);
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().reference.is_some()));
    let stats = fake.stats();
    assert_eq!((stats.requests, stats.distinct, stats.duplicates), (300, 300, 0));
    assert_eq!(fake.last(), "13800000001 会议\"改期\" https://hub/m/1");
    channel.send(&batch[..1]).await;
    assert_eq!((fake.stats().duplicates, fake.taken("k0")), (1, 2), "the witness sees a repeat");
}

#[tokio::test]
async fn the_failing_one_of_a_batch_is_the_one_that_is_told() {
    let (fake, channel) = start(GatewayOptions { fail_every: 3, ..GatewayOptions::default() }).await;
    let batch: Vec<_> = (0..90).map(outgoing).collect();
    let answers = channel.send(&batch).await;
    for (outgoing, answer) in batch.iter().zip(&answers) {
        let taken = fake.taken(&outgoing.idempotency_key) == 1;
        assert_eq!(answer.is_ok(), taken);
        assert!(taken || matches!(answer, Err(SendError::Temporary { .. })));
    }
    assert_eq!(fake.stats().failed, 30);
}

#[tokio::test]
async fn a_wrong_secret_is_our_mistake_and_not_the_messages() {
    let secret = Some("another".to_owned());
    let (fake, channel) = start(GatewayOptions { secret, ..GatewayOptions::default() }).await;
    let answer = channel.send(&[outgoing(1)]).await.remove(0);
    assert!(matches!(answer, Err(SendError::Temporary { .. })));
    assert_eq!((fake.stats().rejected, fake.stats().distinct), (1, 0));
}

#[tokio::test]
async fn a_connection_cut_after_the_request_leaves_it_open_and_is_not_repeated() {
    let (fake, channel) = start(GatewayOptions { cut_every: 2, ..GatewayOptions::default() }).await;
    // The second goes over the connection that the first has left open.
    assert!(channel.send(&[outgoing(1)]).await[0].is_ok());
    let second = channel.send(&[outgoing(2)]).await.remove(0);
    assert!(matches!(second, Err(SendError::Ambiguous(_))), "{second:?}");
    assert_eq!((fake.stats().requests, fake.taken("k2")), (2, 1));
}

#[tokio::test]
async fn a_gateway_that_is_not_there_has_taken_nothing() {
    let (fake, channel) = start(GatewayOptions::default()).await;
    drop(fake);
    let unreachable = Gateway::new("sms", "http://127.0.0.1:1/sms", None).unwrap();
    for channel in [channel, unreachable] {
        let answer = channel.send(&[outgoing(1)]).await.remove(0);
        assert!(matches!(answer, Err(SendError::Temporary { .. })), "{answer:?}");
        assert!(channel.check().await.is_err());
    }
}

#[tokio::test]
async fn answers_that_came_over_the_wire_are_judged() {
    let busy = Reply { headers: "Retry-After: 7\r\n".to_owned(), ..Reply::new(503, "<html>") };
    let seven = Some(Duration::from_secs(7));
    let answered = answer(busy).await;
    assert!(matches!(answered, Err(SendError::Temporary { retry_after, .. }) if retry_after == seven));
    let refused = answer(Reply::new(400, r#"{"code":17,"msg":"号码无效"}"#)).await;
    let Err(SendError::Refused { code, reason }) = refused else { panic!("{refused:?}") };
    assert_eq!((code.as_str(), reason.as_str()), ("17", "号码无效"));
    let page = answer(Reply::new(200, "<html>欢迎</html>")).await;
    assert!(matches!(page, Err(SendError::Ambiguous(_))));
    let endless = answer(Reply::new(200, "x".repeat(MOST_BYTES + 1))).await;
    assert!(matches!(endless, Err(SendError::Ambiguous(_))));
    let elsewhere = Reply { headers: "Location: /other\r\n".to_owned(), ..Reply::new(307, "") };
    assert!(matches!(answer(elsewhere).await, Err(SendError::Temporary { .. })), "not followed");
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_it_open() {
    let late = GatewayOptions { latency: Duration::from_secs(3_600), ..GatewayOptions::default() };
    let (fake, mut channel) = start(late).await;
    channel.client = http::client(&fake.url, Duration::from_millis(50)).unwrap();
    let answer = channel.send(&[outgoing(1)]).await.remove(0);
    assert!(matches!(answer, Err(SendError::Ambiguous(_))), "{answer:?}");
    assert_eq!(fake.taken("k1"), 1);
}

#[tokio::test]
async fn the_check_sends_nothing() {
    let (fake, channel) = start(GatewayOptions::default()).await;
    channel.check().await.unwrap();
    assert_eq!(fake.stats().requests, 0);
}

#[test]
fn an_address_that_is_not_http_is_refused_at_once() {
    for url in ["", "sms.example.com", "ftp://example.com/x", "http://"] {
        assert!(matches!(Gateway::new("sms", url, None), Err(SetupError::Url(_))), "{url}");
    }
}

#[tokio::test]
async fn a_report_is_believed_with_the_gateways_own_secret() {
    const NOW: i64 = 1_795_000_000;
    let (_fake, channel) = start(GatewayOptions::default()).await;
    let report = |secret: &str, body: &str| {
        let signature = signature::sign(secret.as_bytes(), &[NOW.to_string().as_bytes(), b".", body.as_bytes()]);
        let headers = [("X-Timestamp".to_owned(), NOW.to_string()), ("X-Signature".to_owned(), signature)];
        channel.callback(&headers, body.as_bytes(), NOW + 299)
    };
    let body = r#"[{"ref":"k1","status":"delivered"},{"ref":"k2","msgid":"7","status":"undelivered","reason":"停机"}]"#;
    let [first, second] = report("secret", body).unwrap().try_into().unwrap();
    assert_eq!((first.key.as_str(), first.status, first.detail.as_str()), ("k1", Status::Delivered, ""));
    assert_eq!(
        (second.reference.as_deref(), second.status, second.detail.as_str()),
        (Some("7"), Status::Undelivered, "停机")
    );
    assert_eq!(report("guess", body), Err(CallbackError::BadSignature));
    let strange = r#"[{"ref":"k1","status":"foo"},{"ref":"k2","status":"delivered"}]"#;
    let keys: Vec<_> = report("secret", strange).unwrap().into_iter().map(|report| report.key).collect();
    assert_eq!(keys, ["k2"], "one strange line costs no other");
    for wrong in ["<html>", "{}", r#"[{"status":"delivered"}]"#] {
        assert_eq!(report("secret", wrong), Err(CallbackError::Malformed));
    }
    let open = Gateway::new("sms", "http://127.0.0.1:9", None).unwrap();
    assert_eq!(open.callback(&[], body.as_bytes(), NOW), Err(CallbackError::Unsupported));
}

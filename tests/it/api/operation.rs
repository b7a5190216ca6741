//! What an operator watches.

use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use zhihui::{
    api::operation::{Operation, router},
    broker::{Envelope, Target},
};

use crate::support::TestHub;

#[tokio::test]
async fn every_queue_of_the_hub_shows_its_depth() {
    let test = TestHub::start().await;
    for nth in 0..3 {
        let command = Envelope::keyed("message.send", format!("{nth}"));
        test.broker.publish(Target::Commands, command).await.unwrap();
    }
    let router = router(Operation::new(test.hub.clone(), CancellationToken::new()));
    let answer = router.oneshot(Request::get("/metrics").body(Body::empty()).unwrap()).await.unwrap();
    let text = String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let depth = |queue: &str| {
        let name = format!("zhihui_queue_depth{{queue=\"{queue}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).map(str::to_owned)
    };
    assert_eq!(depth("commands").as_deref(), Some("3"), "{text}");
    for queue in ["sms", "dingtalk", "priority", "dead"] {
        assert_eq!(depth(queue).as_deref(), Some("0"), "{queue}: {text}");
    }
    // Nothing has happened yet, and the counters are there.
    for channel in ["sms", "dingtalk", "voice"] {
        assert!(text.contains(&format!("zhihui_delivery_ambiguous_total{{channel=\"{channel}\"}} ")), "{text}");
        for result in ["accepted", "refused", "unknown", "retried", "delivered", "undelivered"] {
            let line = format!("zhihui_deliveries_total{{channel=\"{channel}\",result=\"{result}\"}} ");
            assert!(text.contains(&line), "{line}: {text}");
        }
    }
    test.close().await;
}

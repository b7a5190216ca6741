//! Calls on the simulated phone.

use super::*;

/// What somebody does with a ringing phone.
type Done = fn(&Carrier, &str) -> Result<(), ActError>;

#[tokio::test]
async fn an_answered_call_is_confirmed_by_the_right_key_and_by_nothing_else() {
    let hub = Hub::new().await;
    let call = hub.calls(&["confirm", "decline"]).await;
    assert_eq!(hub.carrier.phones()[0].ringing, 1);
    hub.carrier.answer(&call).unwrap();
    hub.carrier.press(&call, '9').unwrap();
    assert_eq!(
        hub.reports().await,
        [told(Status::Answered, "已接听", None), told(Status::Answered, "已接听，按了 9 键", None)]
    );
    hub.carrier.press(&call, '2').unwrap();
    assert_eq!(hub.reports().await, [told(Status::Confirmed, "已确认", Some("decline"))]);
    assert_eq!(hub.carrier.press(&call, '1'), Err(ActError::NotNow), "twice changes nothing");
    assert_eq!(lock(&hub.paths)[0], "/callbacks/voice");
    let item = &hub.carrier.phone("13800000001").unwrap().items[0];
    assert_eq!((item.state, item.pressed.as_deref()), (ItemState::Confirmed, Some("decline")));
}

#[tokio::test]
async fn a_call_without_buttons_is_confirmed_by_key_one() {
    let hub = Hub::new().await;
    let call = hub.calls(&[]).await;
    assert_eq!(hub.carrier.press(&call, '1'), Err(ActError::NotNow), "nobody has answered");
    hub.carrier.answer(&call).unwrap();
    hub.carrier.press(&call, '1').unwrap();
    assert_eq!(hub.reports().await[1], told(Status::Confirmed, "已确认", Some("confirm")));
}

#[tokio::test]
async fn a_call_that_nobody_touches_ends_after_a_minute() {
    let hub = Hub::new().await;
    let call = hub.calls(&[]).await;
    after_seconds(&hub, 59);
    assert_eq!(hub.carrier.phones()[0].ringing, 1);
    after_seconds(&hub, 60);
    assert_eq!(hub.reports().await, [told(Status::Undelivered, "无人接听", None)]);
    assert_eq!(hub.carrier.answer(&call), Err(ActError::NotNow));
}

#[tokio::test]
async fn a_call_answered_late_is_not_cut_when_ringing_would_have_ended() {
    let hub = Hub::new().await;
    let call = hub.calls(&["confirm"]).await;
    after_seconds(&hub, 59);
    hub.carrier.answer(&call).unwrap();
    after_seconds(&hub, 61);
    assert_eq!(hub.carrier.phone("13800000001").unwrap().items[0].state, ItemState::InCall);
    after_seconds(&hub, 59 + 120);
    let last = hub.reports().await.pop().unwrap();
    assert_eq!(last, told(Status::Answered, "已接听，未按键挂断", None));
}

#[tokio::test]
async fn busy_refused_and_ignored_calls_are_not_delivered() {
    let hub = Hub::new().await;
    let acts: [(Done, &str); 3] = [(Carrier::busy, "占线"), (Carrier::hang_up, "拒接"), (Carrier::ignore, "无人接听")];
    for (act, detail) in acts {
        let call = hub.calls(&[]).await;
        act(&hub.carrier, &call).unwrap();
        assert_eq!(hub.reports().await, [told(Status::Undelivered, detail, None)]);
    }
}

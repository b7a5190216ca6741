//! Phones of the demonstration: at rest, ringing, in a call.

use channels::simulated::ItemState;

use super::september;
use crate::web::views::phone::*;

impl PhonePage {
    /// At rest, with an SMS, a card to answer, an answered card and a missed call.
    pub fn sample() -> Self {
        let entry = |address: &str, name: &str, unread, ringing| PhoneEntry {
            href: format!("/demo/phone?address={address}"),
            address: address.into(),
            name: name.into(),
            unread,
            ringing,
            at: september(14, 10, 55),
            current: address == "13800000001",
        };
        Self {
            query: "1380".into(),
            more: 240,
            any: true,
            phones: vec![
                entry("13800000001", "许怀瑾", 2, false),
                entry("13800000002", "林知远", 0, true),
                entry("13800000003", "沈一舟", 1, false),
            ],
            phone: Some(PhoneView::sample()),
            can_book: true,
            limit: Some("为不打扰，同一人 8 分钟内最多呼叫 2 次：现在预订，约 10:58 再响".into()),
            notice: Some("已预订，电话将在几秒后响起".into()),
        }
    }

    pub fn sample_ringing() -> Self {
        let call = PhoneItem { state: ItemState::Ringing, ..PhoneItem::sample("voice") };
        Self { phone: Some(PhoneView { call: Some(call), ..PhoneView::sample() }), ..Self::sample() }
    }

    pub fn sample_talking() -> Self {
        let button = |key, id: &str, label: &str| PhoneButton { key, id: id.into(), label: label.into() };
        let call = PhoneItem {
            state: ItemState::InCall,
            talking: true,
            buttons: vec![button(1, "confirm", "确认承接"), button(2, "decline", "无法承接")],
            ..PhoneItem::sample("voice")
        };
        Self { phone: Some(PhoneView { call: Some(call), ..PhoneView::sample() }), ..Self::sample() }
    }

    /// Nothing has been sent yet.
    pub fn sample_empty() -> Self {
        Self {
            any: false,
            more: 0,
            phones: Vec::new(),
            phone: None,
            can_book: false,
            limit: None,
            notice: None,
            ..Self::sample()
        }
    }

    /// Nobody is called so.
    pub fn sample_not_found() -> Self {
        Self { more: 0, phones: Vec::new(), phone: None, ..Self::sample() }
    }

    /// None is chosen.
    pub fn sample_closed() -> Self {
        Self { phone: None, ..Self::sample() }
    }
}

impl PhoneView {
    fn sample() -> Self {
        let confirm = PhoneButton { key: 1, id: "confirm".into(), label: "确认承接".into() };
        let link = Some("http://127.0.0.1:8080/m/0198f3c2".to_owned());
        Self {
            address: "13800000001".into(),
            name: "许怀瑾".into(),
            call: None,
            items: vec![
                PhoneItem { link: link.clone(), at: september(13, 16, 20), ..PhoneItem::sample("sms") },
                PhoneItem { state: ItemState::NoAnswer, ..PhoneItem::sample("voice") },
                PhoneItem {
                    state: ItemState::Confirmed,
                    pressed: Some("确认承接".into()),
                    link: link.clone(),
                    ..PhoneItem::sample("dingtalk")
                },
                PhoneItem { state: ItemState::Recalled, text: String::new(), ..PhoneItem::sample("dingtalk") },
                PhoneItem { buttons: vec![confirm], link, at: september(14, 10, 55), ..PhoneItem::sample("dingtalk") },
            ],
        }
    }
}

impl PhoneItem {
    fn sample(channel: &'static str) -> Self {
        Self {
            id: "sim-1".into(),
            channel,
            title: "会议承接确认".into(),
            text: "【知会】第五会议室 9 月 16 日 14:30 的会议请您承接，请在 5 分钟内确认。".into(),
            link: None,
            state: ItemState::Delivered,
            talking: false,
            buttons: Vec::new(),
            missed: true,
            pressed: None,
            at: september(14, 10, 50),
        }
    }
}

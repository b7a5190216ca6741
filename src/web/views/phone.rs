//! `/demo/phone?address=…`: the phones of the demonstration, played in the browser.
//!
//! `GET /demo/phone/events?address=…` (server-sent) speaks whenever something arrives or changes;
//! the page then fetches the fragment `parts/phone` again, so that nothing is drawn twice.
//!
//! Everything the owner does is `POST /demo/phone/act` with `address`, `item`, and one of
//! `do` = `answer` | `busy` | `ignore` | `hang_up` | `open`, `press` = a digit, `button` = its id.

use channels::simulated::{Item, ItemState, Medium, Phone, PhoneSummary};
use chrono::DateTime;
use serde::Serialize;
use url::form_urlencoded;

use super::Moment;

/// `pages/demo_phone`, and `parts/phone` for the fragment.
#[derive(Debug, Clone, Serialize)]
pub struct PhonePage {
    /// A part of a name or number that is looked for; empty: nothing.
    pub query: String,
    /// Those that fit, the one with the newest thing first, [`PhonePage::LISTED`] at most.
    pub phones: Vec<PhoneEntry>,
    /// How many more fit.
    pub more: i64,
    /// Any phone at all has received something.
    pub any: bool,
    /// `None`: no phone is chosen yet.
    pub phone: Option<PhoneView>,
    /// There is somebody whose phone a booking makes ring: `POST /demo/book`.
    pub can_book: bool,
    /// Why the phone would not ring in a moment if it were booked now, in the person's language.
    pub limit: Option<String>,
    /// What was just done, already in the person's language.
    pub notice: Option<String>,
}

/// One phone in the list.
#[derive(Debug, Clone, Serialize)]
pub struct PhoneEntry {
    /// Shows this phone and keeps what is looked for.
    pub href: String,
    pub address: String,
    pub name: String,
    pub unread: i64,
    pub ringing: bool,
    /// When the newest thing came.
    pub at: Moment,
    pub current: bool,
}

/// The phone that is being looked at.
#[derive(Debug, Clone, Serialize)]
pub struct PhoneView {
    pub address: String,
    pub name: String,
    /// What rings or talks now, over everything else.
    pub call: Option<PhoneItem>,
    /// Oldest first.
    pub items: Vec<PhoneItem>,
}

/// A message, a card, or a call.
#[derive(Debug, Clone, Serialize)]
pub struct PhoneItem {
    pub id: String,
    /// `sms`, `dingtalk`, `voice`.
    pub channel: &'static str,
    pub title: String,
    pub text: String,
    pub link: Option<String>,
    /// Words under `phone.state.<state>`.
    pub state: ItemState,
    /// The call was taken and goes on.
    pub talking: bool,
    /// What can still be pressed.
    pub buttons: Vec<PhoneButton>,
    /// The label of what was pressed.
    pub pressed: Option<String>,
    /// The last call was missed: another booking makes the phone ring again.
    pub missed: bool,
    pub at: Moment,
}

/// A button of a card, and its key in a call.
#[derive(Debug, Clone, Serialize)]
pub struct PhoneButton {
    /// 1 to 9
    pub key: i64,
    pub id: String,
    pub label: String,
}

impl PhonePage {
    /// Phones shown in the list.
    const LISTED: usize = 60;

    /// From what the carrier knows.
    pub fn of(phones: &[PhoneSummary], query: &str, phone: Option<&Phone>, undertaker: Option<&str>) -> Self {
        let current = phone.map(|phone| phone.address.as_str());
        let entry = |summary: &&PhoneSummary| PhoneEntry {
            href: address_of(&summary.address, query, ""),
            address: summary.address.clone(),
            name: summary.name.clone(),
            unread: i64::try_from(summary.unread).unwrap_or(i64::MAX),
            ringing: summary.ringing > 0,
            at: moment(summary.at),
            current: current == Some(summary.address.as_str()),
        };
        let phone = phone.map(|phone| PhoneView::of(phone, undertaker));
        let wanted = query.to_lowercase();
        let fits =
            |phone: &&PhoneSummary| phone.name.to_lowercase().contains(&wanted) || phone.address.contains(&wanted);
        let found: Vec<_> = phones.iter().filter(fits).collect();
        Self {
            phones: found.iter().take(Self::LISTED).map(entry).collect(),
            more: i64::try_from(found.len().saturating_sub(Self::LISTED)).unwrap_or(i64::MAX),
            any: !phones.is_empty(),
            query: query.to_owned(),
            phone,
            can_book: false,
            limit: None,
            notice: None,
        }
    }
}

/// Where a phone is shown among those that are looked for.
pub fn address_of(phone: &str, query: &str, more: &str) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    fields.append_pair("address", phone);
    if !query.is_empty() {
        fields.append_pair("q", query);
    }
    format!("/demo/phone?{}{more}", fields.finish())
}

impl PhoneView {
    fn of(phone: &Phone, undertaker: Option<&str>) -> Self {
        let live = |item: &&Item| matches!(item.state, ItemState::Ringing | ItemState::InCall);
        let call = phone.items.iter().find(live).map(PhoneItem::of);
        let mut items: Vec<_> = phone.items.iter().rev().filter(|item| !live(item)).map(PhoneItem::of).collect();
        let last = items.iter_mut().rev().find(|item| item.channel == Medium::Voice.name());
        if let Some(last) = last.filter(|_| call.is_none() && undertaker == Some(phone.address.as_str())) {
            last.missed = matches!(last.state, ItemState::NoAnswer | ItemState::Rejected | ItemState::Busy);
        }
        Self { address: phone.address.clone(), name: phone.name.clone(), call, items }
    }
}

impl PhoneItem {
    fn of(item: &Item) -> Self {
        let label = |id: &String| {
            let button = item.buttons.iter().find(|button| button.id == *id);
            button.map_or_else(|| id.clone(), |button| button.label.clone())
        };
        let pressed = item.pressed.as_ref().map(label);
        let open = pressed.is_none() && item.channel != Medium::Voice || item.state == ItemState::InCall;
        let buttons = item.buttons.iter().filter(|_| open).map(|button| PhoneButton {
            key: i64::try_from(button.key).unwrap_or(i64::MAX),
            id: button.id.clone(),
            label: button.label.clone(),
        });
        Self {
            id: item.id.clone(),
            channel: item.channel.name(),
            title: item.title.clone(),
            text: item.text.clone(),
            link: item.link.clone(),
            state: item.state,
            talking: item.state == ItemState::InCall,
            buttons: buttons.collect(),
            pressed,
            missed: false,
            at: moment(item.at),
        }
    }
}

fn moment(micros: i64) -> Moment {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

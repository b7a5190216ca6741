//! `/demo/phone`: plays the phones of the demonstration. What is done on one goes to the simulated
//! carrier, which reports it as a real one would, over the callback route.
//!
//! Outside of the demonstration these addresses do not exist.

use std::{convert::Infallible, sync::Arc};

use axum::response::{
    IntoResponse, Redirect, Sse,
    sse::{Event, KeepAlive},
};
use channels::simulated::{ActError, Carrier};
use chrono::{DateTime, Duration};
use futures_util::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

use super::{
    Demo,
    door::session::Me,
    frame::{
        form::{Fields, Form, Query},
        page::Answer,
        page_error::PageError,
    },
    views::{
        phone::{PhonePage, address_of},
        shell::Section,
    },
};
use crate::{
    clock::{Clock, Timestamp},
    domain::{PersonId, Problem, calls::LIMITS},
    hub::{self, Hub},
    producers::meeting::{self, Booking, Rings},
    storage::people,
};

/// Time enough to look at the phone.
const RINGS_AFTER: Duration = Duration::seconds(8);

/// `GET /demo/phone?address=…&q=…`; the fragment is `phone`.
pub async fn page(me: Me, Query(query): Query) -> Answer {
    me.show_phone(&query, me.booked(&query)).await
}

/// `GET /demo/phone/events?address=…`: speaks when something happens on any phone.
pub async fn events(me: Me) -> Answer {
    let changes = BroadcastStream::new(me.carrier()?.subscribe());
    // whichever phone it is: the list shows them all; who missed some looks again all the same
    let told = changes.map(|_| Ok::<_, Infallible>(Event::default().data("changed")));
    Ok(Sse::new(told.take_until(me.web.counters.closed())).keep_alive(KeepAlive::default()).into_response())
}

/// `POST /demo/phone/act` with `address`, `item`, `q`, and one of `do`, `press`, `button`.
pub async fn act(me: Me, Form(fields): Form) -> Answer {
    perform(&*me.carrier()?, &fields)?;
    if me.wants("phone") {
        return me.show_phone(&fields, None).await;
    }
    Ok(Redirect::to(&address_of(fields.get("address"), looked_for(&fields), "")).into_response())
}

/// `POST /demo/book`: a room is booked as the demonstration's was, and the undertaker has not
/// answered for almost five minutes: his phone rings in a moment.
pub async fn book(me: Me) -> Answer {
    let demo = me.demo()?;
    let hub = &me.web.hub;
    let now = hub.clock.now();
    let (undertaker, address) = me.undertaker().await?.ok_or_else(Problem::not_found)?;
    let booking = Booking {
        id: format!("demo-{}", now.timestamp_millis()),
        room: "第五会议室".to_owned(),
        title: "学位点评估专家反馈会".to_owned(),
        begins_at: now + Duration::days(1),
        booker: demo.booker.clone(),
        undertaker: demo.undertaker.clone(),
    };
    // Calls for what he has not confirmed before would come before those for this.
    meeting::take_back(hub, undertaker).await?;
    let rings = meeting::rings(hub, undertaker, RINGS_AFTER).await?;
    meeting::book(&Hub { clock: Clock::manual(rings.booked_at), ..hub.clone() }, &booking).await?;
    let done = format!("&done={}&at={}", done_of(rings), rings.at.timestamp());
    Ok(Redirect::to(&address_of(&address, "", &done)).into_response())
}

/// What to say of a booking: words under `phone.<this>`.
fn done_of(rings: Rings) -> &'static str {
    match rings {
        Rings { is_passed_on: true, .. } => "booked_passed_on",
        Rings { is_late: true, .. } => "booked_late",
        _ => "booked",
    }
}

/// A part of a name or number, from the address or from a form.
fn looked_for(fields: &Fields) -> &str {
    let query = fields.get("q").trim();
    query.char_indices().nth(100).map_or(query, |(end, _)| &query[..end])
}

impl Me {
    fn demo(&self) -> Result<Arc<Demo>, Problem> {
        self.web.demo.clone().ok_or_else(Problem::not_found)
    }

    /// None in a demonstration without its people.
    async fn undertaker(&self) -> Result<Option<(PersonId, String)>, PageError> {
        let demo = self.demo()?;
        let mut tx = self.web.hub.db.read().await?;
        let person = people::find_by_account(&mut tx, &demo.undertaker).await?;
        drop(tx);
        let Some(person) = person else { return Ok(None) };
        let phone = person.phone(&self.web.hub.sealer).map_err(hub::Error::from)?;
        Ok(phone.map(|phone| (person.id, phone)))
    }

    fn carrier(&self) -> Result<Arc<Carrier>, Problem> {
        self.demo().map(|demo| demo.carrier.clone())
    }

    /// That a room was booked, until the phone rings for it.
    fn booked(&self, query: &Fields) -> Option<String> {
        let done = ["booked", "booked_late", "booked_passed_on"].into_iter().find(|done| *done == query.get("done"))?;
        let at = query.get("at").parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0))?;
        let key = format!("phone.{done}");
        (at > self.web.hub.clock.now()).then(|| self.say(&key, &self.limits(at)))
    }

    /// Why a booking made now would not ring in a moment.
    async fn limit(&self, undertaker: PersonId) -> Result<Option<String>, PageError> {
        let rings = meeting::rings(&self.web.hub, undertaker, RINGS_AFTER).await?;
        let key = if rings.is_passed_on { "phone.limit_passed_on" } else { "phone.limit" };
        Ok(rings.is_late.then(|| self.say(key, &self.limits(rings.at))))
    }

    /// How often one person is called, and when next.
    fn limits(&self, at: Timestamp) -> [(&'static str, String); 5] {
        let [(few, minutes), (most, hours)] = LIMITS;
        [
            ("few", few.to_string()),
            ("minutes", minutes.num_minutes().to_string()),
            ("most", most.to_string()),
            ("hours", hours.num_hours().to_string()),
            ("time", self.web.hub.clock_time(at)),
        ]
    }

    async fn show_phone(&self, fields: &Fields, booked: Option<String>) -> Answer {
        let carrier = self.carrier()?;
        let undertaker = self.undertaker().await?;
        let limit = match &undertaker {
            Some((person, _)) if booked.is_none() => self.limit(*person).await?,
            _ => None,
        };
        let view = PhonePage {
            can_book: undertaker.is_some(),
            limit,
            notice: booked,
            ..PhonePage::of(
                &carrier.phones(),
                looked_for(fields),
                carrier.phone(fields.get("address")).as_ref(),
                undertaker.as_ref().map(|(_, phone)| phone.as_str()),
            )
        };
        if self.wants("phone") {
            return self.part(Section::Phone, "phone", &view).await;
        }
        self.page(Section::Phone, "demo_phone", &view).await
    }
}

fn perform(carrier: &Carrier, fields: &Fields) -> Result<(), Problem> {
    let item = fields.get("item");
    let done = match (fields.get("press"), fields.get("button"), fields.get("do")) {
        ("", "", "answer") => carrier.answer(item),
        ("", "", "busy") => carrier.busy(item),
        ("", "", "ignore") => carrier.ignore(item),
        ("", "", "hang_up") => carrier.hang_up(item),
        ("", "", "open") => carrier.open(item),
        ("", "", _) => {
            return Err(Problem::invalid("FIELD_VALUE", "/do", "没有这个操作").in_english("there is no such act"));
        }
        ("", button, _) => carrier.press_button(item, button),
        (key, _, _) => carrier.press(item, key.chars().next().unwrap_or(' ')),
    };
    done.map_err(|error| match error {
        ActError::Unknown => Problem::not_found(),
        ActError::NotNow => Problem::conflict("STATE", "现在不能这样操作").in_english("that cannot be done now"),
    })
}

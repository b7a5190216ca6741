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
use chrono::Duration;
use futures_util::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

use super::{
    Demo,
    form::{Fields, Form, Query},
    page::Answer,
    page_error::PageError,
    session::Me,
    views::{
        phone::{PhonePage, address_of},
        shell::Section,
    },
};
use crate::{
    clock::Clock,
    domain::Problem,
    hub::{self, Hub},
    producers::meeting::{self, Booking},
    storage::people,
};

/// Rule `undertaker` calls so long after the message.
const CALLS_AFTER: Duration = Duration::minutes(5);
/// Time enough to look at the phone.
const RINGS_AFTER: Duration = Duration::seconds(8);

/// `GET /demo/phone?address=…&q=…`; the fragment is `phone`.
pub async fn page(me: Me, Query(query): Query) -> Answer {
    me.show_phone(&query, query.get("done") == "booked").await
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
        return me.show_phone(&fields, false).await;
    }
    Ok(Redirect::to(&address_of(fields.get("address"), looked_for(&fields), "")).into_response())
}

/// `POST /demo/book`: a room is booked as the demonstration's was, and the undertaker has not
/// answered for almost five minutes: his phone rings in a moment.
pub async fn book(me: Me) -> Answer {
    let demo = me.demo()?;
    let hub = &me.web.hub;
    let now = hub.clock.now();
    let address = me.undertakers_phone().await?.ok_or_else(Problem::not_found)?;
    let booking = Booking {
        id: format!("demo-{}", now.timestamp_millis()),
        room: "第五会议室".to_owned(),
        title: "学位点评估专家反馈会".to_owned(),
        begins_at: now + Duration::days(1),
        booker: demo.booker.clone(),
        undertaker: demo.undertaker.clone(),
    };
    let almost = Hub { clock: Clock::manual(now + RINGS_AFTER - CALLS_AFTER), ..hub.clone() };
    meeting::book(&almost, &booking).await?;
    Ok(Redirect::to(&address_of(&address, "", "&done=booked")).into_response())
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
    async fn undertakers_phone(&self) -> Result<Option<String>, PageError> {
        let demo = self.demo()?;
        let mut tx = self.web.hub.db.read().await?;
        let person = people::find_by_account(&mut tx, &demo.undertaker).await?;
        let phone = person.map(|person| person.phone(&self.web.hub.sealer)).transpose().map_err(hub::Error::from)?;
        Ok(phone.flatten())
    }

    fn carrier(&self) -> Result<Arc<Carrier>, Problem> {
        self.demo().map(|demo| demo.carrier.clone())
    }

    async fn show_phone(&self, fields: &Fields, is_booked: bool) -> Answer {
        let carrier = self.carrier()?;
        let undertaker = self.undertakers_phone().await?;
        let view = PhonePage {
            can_book: undertaker.is_some(),
            notice: is_booked.then(|| self.say("phone.booked", &[])),
            ..PhonePage::of(
                &carrier.phones(),
                looked_for(fields),
                carrier.phone(fields.get("address")).as_ref(),
                undertaker.as_deref(),
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

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
use futures_util::StreamExt;
use tokio_stream::wrappers::BroadcastStream;
use url::form_urlencoded;

use super::{
    form::{Fields, Form, Query},
    page::Answer,
    session::Me,
    views::{phone::PhonePage, shell::Section},
};
use crate::domain::Problem;

/// `GET /demo/phone?address=…`; the fragment is `phone`.
pub async fn page(me: Me, Query(query): Query) -> Answer {
    me.show_phone(query.get("address")).await
}

/// `GET /demo/phone/events?address=…`: speaks when something happens on any phone.
pub async fn events(me: Me) -> Answer {
    let changes = BroadcastStream::new(me.carrier()?.subscribe());
    // whichever phone it is: the list shows them all; who missed some looks again all the same
    let told = changes.map(|_| Ok::<_, Infallible>(Event::default().data("changed")));
    Ok(Sse::new(told.take_until(me.web.counters.closed())).keep_alive(KeepAlive::default()).into_response())
}

/// `POST /demo/phone/act` with `address`, `item`, and one of `do`, `press`, `button`.
pub async fn act(me: Me, Form(fields): Form) -> Answer {
    perform(&*me.carrier()?, &fields)?;
    if me.wants("phone") {
        return me.show_phone(fields.get("address")).await;
    }
    let address: String = form_urlencoded::byte_serialize(fields.get("address").as_bytes()).collect();
    Ok(Redirect::to(&format!("/demo/phone?address={address}")).into_response())
}

impl Me {
    fn carrier(&self) -> Result<Arc<Carrier>, Problem> {
        self.web.demo.as_ref().map(|demo| demo.carrier.clone()).ok_or_else(Problem::not_found)
    }

    async fn show_phone(&self, address: &str) -> Answer {
        let carrier = self.carrier()?;
        let view = PhonePage::of(&carrier.phones(), carrier.phone(address).as_ref());
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

//! `/`: what waits for this person, and the latest messages.

use std::collections::HashMap;

use crate::{
    domain::{MessageId, message::State},
    hub::approve::decide::has_box,
    storage::{
        approval_box, inbox as lines,
        inbox::{Tab, Wanted},
        messages,
    },
    web::{
        door::session::Me,
        frame::{cursor::Cursor, page::Answer},
        views::{
            portal::{Greeting, PortalPage},
            shell::Section,
        },
    },
};

const LATEST: i64 = 8;

pub async fn page(me: Me) -> Answer {
    let hub = &me.web.hub;
    let mut tx = hub.db.read().await?;
    let counts = lines::count(&mut tx, me.id(), hub.clock.now()).await?;
    let (pending, _) = approval_box::count(&mut tx, me.id(), hub.clock.now()).await?;
    let decides = has_box(&mut tx, me.id(), hub.clock.now()).await?;
    let own: HashMap<State, i64> = messages::count_of_sender(&mut tx, me.id()).await?.into_iter().collect();
    let wanted = Wanted { person: me.id(), tab: Tab::All, search: "", open: None };
    let top = (Cursor::TOP.at, MessageId(Cursor::TOP.id));
    let mut latest = lines::list(&mut tx, wanted, top, LATEST).await?;
    me.name_reader(&mut tx, &mut latest).await?;
    let labels = me.labels(&mut tx).await?;
    drop(tx);
    let of = |state| own.get(&state).copied().unwrap_or(0);
    let page = PortalPage {
        name: me.who.name.clone(),
        greeting: Greeting::at(hub.clock.now(), hub.place.timezone),
        unread: counts.unread,
        waiting: counts.unanswered,
        approvals: decides.then_some(pending),
        pending: of(State::PendingApproval),
        returned: of(State::Rejected) + of(State::Held),
        latest: me.rows(latest, &labels, None),
    };
    me.page(Section::Portal, "portal", &page).await
}

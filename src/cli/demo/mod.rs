//! `zhihui demo`: a fictional university with everything in one process, so that a visitor can try
//! each part of the product in a minute and nothing leaves the machine.

mod bookings;
mod days;
mod dice;
mod enrol;
mod folder;
mod founding;
mod names;
mod notices;
mod one_cpu;
mod papers;
mod phones;
mod run;
mod standing;
mod units;
mod university;

use std::sync::Arc;

use channels::simulated::Carrier;
use chrono::Duration;

pub(super) use self::run::{Options, run};
use self::{
    days::Days,
    notices::Calendar,
    phones::Phones,
    university::{ACTORS, University},
};
use crate::{
    broker::Broker,
    clock::{Clock, Timestamp},
    domain::{PersonId, seal, sign_in::LinkPurpose},
    hub::{Hub, InHand, Live, Result, Tallies, Wake, people::register::Registration},
    producers::{
        meeting::{self, Rings},
        visitor,
    },
    storage::{
        access, accounts,
        producers::{ProducerAudience, ProducerCategories},
        sessions,
    },
    web::{Demo, DemoLink},
};

/// People of the demonstration where nothing else is asked for.
pub const PEOPLE: usize = 300;
/// So many people one demonstration holds at most.
pub const MOST: usize = 100_000;
/// More than that is a large university.
const LARGE: usize = 3_000;
/// What the five are asked for where a password is, until they change it. Nobody from elsewhere can
/// use it: the demonstration listens on this machine alone.
pub const PASSWORD: &str = "bamboo-after-rain-42";
/// [`PASSWORD`] as it is kept. Hashing it anew for each of the five would cost the first start half of
/// the two seconds that it may take, and leave the memory for it behind.
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Lx2pho7KPadVGANUysXnhw$ZyW19C+9r8YRLOsN8oj+m3CWO7NKXGkfvtynwN+F6Hk";
/// One-click links serve so long; each start makes fresh ones.
const LINKS: Duration = Duration::days(7);
/// The story begins so long before the start: five working days and a weekend or two.
const STORY: Duration = Duration::days(12);

/// The fewest people that the demonstration can do with.
pub fn least() -> usize {
    university::least()
}

/// Fills an empty hub with a university of `size` people and what they said in the last days.
/// A crash in between leaves a half: begin again with an empty one.
pub async fn found(hub: &Hub, carrier: &Arc<Carrier>, size: usize) -> anyhow::Result<()> {
    anyhow::ensure!((least()..=MOST).contains(&size), "the demonstration has {} to {MOST} people", least());
    hub.db.wait_for_disk(false).await?;
    let calendar = Calendar { now: hub.clock.now(), zone: hub.place.timezone };
    let past = clock_of_its_own(hub, calendar.now - STORY).await?;
    let university = University::found(size, &hub.sealer);
    let groups = enrol::enrol(&past, &university).await?;
    register_modules(&past).await?;
    phones::switch_on(carrier, &university);
    let mut days = Days::new(past, &university, Phones::quiet(carrier, &university), calendar);
    days.groups = groups;
    let mut said = notices::all();
    if size > LARGE {
        said.iter_mut().for_each(notices::Notice::in_inboxes_alone);
    }
    days.live(said).await?;
    days.phones.hand_over();
    hub.db.wait_for_disk(true).await?;
    Ok(())
}

/// What is ready for the visitor.
pub struct Opened {
    pub links: Vec<DemoLink>,
    /// When the undertaker's phone rings, and whose number that is.
    pub rings: Rings,
    pub phone: String,
}

/// Makes ready what must be fresh at each start, the first one too: the five links, what waits for
/// the deciders, and a booking whose phone call is about to come.
pub async fn open(hub: &Hub, carrier: &Carrier, size: usize) -> anyhow::Result<Opened> {
    let now = hub.clock.now();
    carrier.tick(now.timestamp_micros());
    let university = University::found(size, &hub.sealer);
    phones::switch_on(carrier, &university);
    let rings = standing::refresh(hub, Calendar { now, zone: hub.place.timezone }).await?;
    let mut links = Vec::new();
    for actor in &ACTORS {
        let person = standing::person(hub, actor.role).await?;
        let (token, hash) = seal::token();
        let mut tx = hub.db.begin().await?;
        sessions::insert_link(&mut tx, &hash, person, LinkPurpose::Demo, now + LINKS).await?;
        let department = accounts::signature_of(&mut tx, person).await?.unwrap_or_default().1;
        tx.commit().await?;
        give_password(hub, person).await?;
        links.push(DemoLink { role: actor.role.to_owned(), name: actor.name.to_owned(), department, token });
    }
    let undertaker = format!("qx{}", enrol::account("undertaker"));
    let phone = university.phones.into_iter().find(|(user, _)| *user == undertaker).map(|(_, phone)| phone);
    Ok(Opened { links, rings, phone: phone.unwrap_or_default() })
}

/// Whoever has a password keeps it.
async fn give_password(hub: &Hub, person: PersonId) -> anyhow::Result<()> {
    let mut tx = hub.db.begin().await?;
    if access::find_credential(&mut tx, person).await?.is_none() {
        access::set_password(&mut tx, person, PASSWORD_HASH, hub.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// What the pages of the demonstration know beyond those of an installation.
pub fn pages(carrier: &Arc<Carrier>, links: &[DemoLink]) -> Demo {
    Demo {
        carrier: carrier.clone(),
        links: links.to_vec(),
        booker: enrol::account("head").to_owned(),
        undertaker: enrol::account("undertaker").to_owned(),
    }
}

async fn register_modules(hub: &Hub) -> Result<()> {
    meeting::register(hub).await?;
    visitor::register(hub).await?;
    let office = Registration {
        name: standing::OFFICE.to_owned(),
        label: Some("办公自动化系统".to_owned()),
        audience: ProducerAudience { everyone: true, departments: Vec::new() },
        categories: ProducerCategories { any: true, names: Vec::new() },
        is_trusted: false,
    };
    hub.register_producer(office).await?;
    Ok(())
}

/// The same hub at another time, and with a queue that nobody else listens to: what happened then
/// is told to nobody now.
async fn clock_of_its_own(hub: &Hub, at: Timestamp) -> anyhow::Result<Hub> {
    let broker = Broker::connect("memory:", "past", &hub.channels.names()).await?;
    Ok(Hub {
        clock: Clock::manual(at),
        broker,
        in_hand: InHand::default(),
        wake: Wake::default(),
        live: Live::default(),
        tallies: Tallies::default(),
        ..hub.clone()
    })
}

/// Lets everything that is due happen, as the loops of a running hub would.
async fn settle(hub: &Hub) -> Result<()> {
    loop {
        let mut done = hub.send_due().await? + hub.fan_out().await?;
        let due = hub.queue_tickets().await?;
        for ticket in &due {
            hub.deliver(ticket).await?;
        }
        done += due.len() + hub.finish().await? + hub.settle_quotas().await?;
        if done == 0 {
            return Ok(());
        }
    }
}

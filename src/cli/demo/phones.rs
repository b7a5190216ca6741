//! What the people of the last days did with their phones, and what the carrier said of it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use channels::{
    Report, Status,
    simulated::{ActError, Carrier, Fault, Item, ItemState, Medium},
};

use super::{
    dice::Dice,
    university::{ACTORS, University},
};
use crate::{
    clock::Timestamp,
    domain::{MessageId, PersonId, delivery::Key},
    hub::{Hub, Result},
};

/// One in so many has a number that is no longer in use: SMS and calls are refused.
const OUT_OF_USE: usize = 37;
/// One in so many has his phone switched off for days: SMS do not arrive.
const SWITCHED_OFF: usize = 23;
/// The phones of the others of a very large university lie still.
const PLAYED: usize = 600;

const DINGTALK: &str = "dingtalk";

/// The phones of the university, as long as nobody plays them.
pub(super) struct Phones<'a> {
    carrier: &'a Arc<Carrier>,
    university: &'a University,
    /// Both addresses of somebody lead to his place.
    places: HashMap<&'a str, usize>,
    seen: usize,
}

/// Lets everybody's phone show what comes over DingTalk, and makes some numbers the unlucky ones.
pub(super) fn switch_on(carrier: &Carrier, university: &University) {
    for (nth, (user, phone)) in university.phones.iter().enumerate() {
        carrier.sign_in(user, phone);
        if is_out_of_use(nth, user) {
            carrier.script_always(phone, Fault::Refuse { code: "MOBILE_NOT_IN_USE".to_owned() });
        }
    }
}

fn is_out_of_use(nth: usize, user: &str) -> bool {
    nth % OUT_OF_USE == OUT_OF_USE - 1 && !is_actor(user)
}

/// Those whom the visitor plays are never unlucky.
fn is_actor(user: &str) -> bool {
    ACTORS.iter().any(|actor| user.strip_prefix("qx") == Some(actor.account))
}

impl<'a> Phones<'a> {
    /// From now until [`Phones::hand_over`] the carrier reports nothing by itself.
    pub fn quiet(carrier: &'a Arc<Carrier>, university: &'a University) -> Self {
        let mut places = HashMap::new();
        for (nth, (user, phone)) in university.phones.iter().enumerate() {
            places.insert(user.as_str(), nth);
            places.insert(phone.as_str(), nth);
        }
        let phones = Self { carrier, university, places, seen: carrier.log().len() };
        phones.set(&Fault::NoReport);
        phones
    }

    /// The phones are the visitor's.
    pub fn hand_over(self) {
        self.set(&Fault::Ok);
    }

    fn set(&self, fault: &Fault) {
        for (nth, (user, phone)) in self.university.phones.iter().enumerate() {
            self.carrier.script_always(user, fault.clone());
            if !is_out_of_use(nth, user) {
                self.carrier.script_always(phone, fault.clone());
            }
        }
    }

    pub fn tick(&self, now: Timestamp) {
        self.carrier.tick(now.timestamp_micros());
    }

    /// Plays what has arrived since the last time and tells the hub how it went.
    /// False: nothing had.
    pub async fn report(&mut self, hub: &Hub) -> Result<bool> {
        let log = self.carrier.log();
        if log.len() == self.seen {
            return Ok(false);
        }
        let mut reports: BTreeMap<&'static str, Vec<Report>> = BTreeMap::new();
        for line in &log[self.seen..] {
            let place = self.places.get(line.address.as_str()).copied().unwrap_or(0);
            if place >= PLAYED {
                continue;
            }
            if line.channel == "voice" {
                self.play(&line.address, place);
            }
            let Some(channel) = hub.channels.get(line.channel) else { continue };
            let said = channel.query(std::slice::from_ref(&line.key)).await.pop().flatten();
            let told = reports.entry(line.channel).or_default();
            if line.channel == "sms" && self.is_switched_off(place) {
                let status = Status::Undelivered;
                let detail = "UNDELIV 用户关机或不在服务区".to_owned();
                told.push(Report { key: line.key.clone(), reference: None, status, detail, pressed: None });
            } else {
                told.extend(said);
            }
        }
        self.seen = log.len();
        for (channel, reports) in reports {
            hub.take_reports(channel, reports).await?;
        }
        Ok(true)
    }

    /// Somebody opens a card of DingTalk on his phone: the phone shows it.
    pub fn open(&self, person: PersonId, message: MessageId) {
        if let Some(card) = self.card(person, message) {
            // It may have been recalled in the meantime.
            let _ = self.carrier.open(&card);
        }
    }

    /// Somebody presses a button under a card, and the hub hears of it.
    pub async fn press(&self, hub: &Hub, person: PersonId, message: MessageId, button: &str) -> Result<()> {
        let (Some(card), Some(dingtalk)) = (self.card(person, message), hub.channels.get(DINGTALK)) else {
            return Ok(());
        };
        // Not twice: he may have pressed a key when the phone rang.
        let _ = self.carrier.press_button(&card, button);
        let key = Key { message, person, channel: DINGTALK.to_owned(), round: 0 };
        let said = dingtalk.query(&[key.to_string()]).await;
        hub.take_reports(DINGTALK, said.into_iter().flatten().collect()).await
    }

    /// The card of a message on this person's phone.
    fn card(&self, person: PersonId, message: MessageId) -> Option<String> {
        let user = self.university.people[self.university.place(person)?].dingtalk_id.as_deref()?;
        let (_, phone) = &self.university.phones[*self.places.get(user)?];
        let link = format!("/{message}");
        let items = self.carrier.phone(phone)?.items;
        let is_it =
            |item: &&Item| item.channel == Medium::DingTalk && item.link.as_ref().is_some_and(|to| to.ends_with(&link));
        items.iter().find(is_it).map(|item| item.id.clone())
    }

    fn is_switched_off(&self, place: usize) -> bool {
        place % SWITCHED_OFF == SWITCHED_OFF - 1
            && self.university.phones.get(place).is_some_and(|(user, _)| !is_actor(user))
    }

    /// Somebody's phone rings: most take the call, some do not.
    fn play(&self, address: &str, place: usize) {
        let Some(phone) = self.carrier.phone(address) else { return };
        let Some(call) = phone.items.iter().find(|item| item.state == ItemState::Ringing) else { return };
        let turn = phone.items.len();
        let mut dice = Dice::between(u64::try_from(place).unwrap_or(0), u64::try_from(turn).unwrap_or(0));
        let played = match dice.below(100) {
            0..55 if call.buttons.is_empty() => {
                self.carrier.answer(&call.id).and_then(|()| self.carrier.hang_up(&call.id))
            }
            0..55 => self.carrier.answer(&call.id).and_then(|()| self.carrier.press(&call.id, '1')),
            55..80 => self.carrier.ignore(&call.id),
            80..92 => self.carrier.busy(&call.id),
            _ => self.carrier.hang_up(&call.id),
        };
        debug_assert!(played != Err(ActError::Unknown), "the call was just found");
    }
}

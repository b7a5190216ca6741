//! The phones of the simulated carrier, in memory and bounded: of a phone the
//! newest items are kept, of the phones those that had something last.
//!
//! Invariant: `homes` and `recent` name exactly what `phones` holds. What falls
//! off is handed back, so that a call still ringing there can be ended.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::phone::{Item, ItemState, Phone, PhoneSummary};

const MOST_PHONES: usize = 2_000;
const MOST_ITEMS: usize = 200;

#[derive(Default)]
pub struct Shelf {
    phones: HashMap<String, Kept>,
    /// Turn of the last new item → address.
    recent: BTreeMap<u64, String>,
    /// Item → address of its phone.
    homes: HashMap<String, String>,
    turn: u64,
}

#[derive(Default)]
struct Kept {
    name: String,
    /// Newest last.
    items: VecDeque<Item>,
    turn: u64,
}

impl Shelf {
    /// Lays an item on the phone and gives back what had to make room.
    pub fn put(&mut self, address: &str, name: &str, item: Item) -> Vec<Item> {
        self.turn += 1;
        let phone = self.phones.entry(address.to_owned()).or_default();
        self.recent.remove(&phone.turn);
        self.recent.insert(self.turn, address.to_owned());
        phone.turn = self.turn;
        name.clone_into(&mut phone.name);
        self.homes.insert(item.id.clone(), address.to_owned());
        phone.items.push_back(item);
        let mut fallen = Vec::new();
        if phone.items.len() > MOST_ITEMS {
            fallen.extend(phone.items.pop_front());
        }
        if self.phones.len() > MOST_PHONES
            && let Some((_, oldest)) = self.recent.pop_first()
            && let Some(phone) = self.phones.remove(&oldest)
        {
            fallen.extend(phone.items);
        }
        for item in &fallen {
            self.homes.remove(&item.id);
        }
        fallen
    }

    /// The item and the address of its phone.
    pub fn item(&mut self, id: &str) -> Option<(&str, &mut Item)> {
        let address = self.homes.get(id)?;
        let items = &mut self.phones.get_mut(address)?.items;
        // Looked for from the newest: that is what people touch.
        let item = items.iter_mut().rev().find(|item| item.id == id)?;
        Some((address, item))
    }

    pub fn phone(&self, address: &str) -> Option<Phone> {
        let kept = self.phones.get(address)?;
        Some(Phone {
            address: address.to_owned(),
            name: kept.name.clone(),
            items: kept.items.iter().rev().cloned().collect(),
        })
    }

    /// Those with the newest item first.
    pub fn phones(&self) -> Vec<PhoneSummary> {
        let newest_first = self.recent.values().rev();
        let kept = newest_first.filter_map(|address| Some((address, self.phones.get(address)?)));
        kept.map(|(address, kept)| PhoneSummary {
            address: address.clone(),
            name: kept.name.clone(),
            unread: kept.count(ItemState::Delivered),
            ringing: kept.count(ItemState::Ringing),
            at: kept.items.back().map_or(0, |item| item.at),
        })
        .collect()
    }
}

impl Kept {
    fn count(&self, state: ItemState) -> usize {
        self.items.iter().filter(|item| item.state == state).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outgoing, simulated::phone::Medium};

    fn item(id: usize) -> Item {
        let outgoing = Outgoing {
            idempotency_key: String::new(),
            address: String::new(),
            name: String::new(),
            title: String::new(),
            text: String::new(),
            link: None,
            buttons: Vec::new(),
        };
        Item::new(Medium::Sms, &id.to_string(), 0, &outgoing)
    }

    #[test]
    fn a_phone_keeps_its_newest_items() {
        let mut shelf = Shelf::default();
        let fallen: Vec<_> = (0..203).flat_map(|id| shelf.put("a", "甲", item(id))).collect();
        assert_eq!(fallen.len(), 3);
        let phone = shelf.phone("a").unwrap();
        assert_eq!(phone.items.len(), MOST_ITEMS);
        assert_eq!(phone.items[0].id, "202");
        assert_eq!(phone.items[199].id, "3");
        assert!(shelf.item("2").is_none());
        assert!(shelf.item("3").is_some());
    }

    #[test]
    fn the_phone_that_was_quiet_longest_makes_room() {
        let mut shelf = Shelf::default();
        for id in 0..MOST_PHONES {
            shelf.put(&format!("p{id}"), "", item(id));
        }
        shelf.put("p0", "", item(9_000));
        let fallen = shelf.put("new", "", item(9_001));
        assert_eq!(fallen.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["1"]);
        assert_eq!(shelf.phones().len(), MOST_PHONES);
        assert_eq!(shelf.phones()[0].address, "new");
        assert_eq!(shelf.phones()[1].address, "p0");
        assert!(shelf.phone("p1").is_none());
    }
}

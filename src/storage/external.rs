//! People outside the organisation: rows of `person` without an account, found again by their
//! phone number, or by their e-mail address where they have no number.

use super::{Json, Result, Tx, people};
use crate::{
    clock::Timestamp,
    domain::{PersonId, contact::Contact, person::EXTERNAL},
};
use std::collections::HashMap;

/// Somebody to be reached, checked and normalised.
#[derive(Debug, Clone)]
pub struct Outsider {
    pub name: String,
    pub phone: Option<Contact>,
    pub email: Option<Contact>,
}

impl Outsider {
    /// What they are found again by.
    fn index(&self) -> Option<&[u8]> {
        self.phone.as_ref().or(self.email.as_ref()).map(|contact| contact.index.as_slice())
    }
}

/// The person behind each of these, in their order; those not yet known are added. Somebody known
/// keeps the name under which they came first.
pub async fn find_or_insert(tx: &mut Tx, outsiders: &[Outsider], at: Timestamp) -> Result<Vec<PersonId>> {
    let mut known = list_known(tx, outsiders).await?;
    let mut added = Vec::new();
    let mut ids = Vec::with_capacity(outsiders.len());
    for outsider in outsiders {
        let found = outsider.index().and_then(|index| known.get(index)).copied();
        ids.push(found.unwrap_or_else(|| {
            let person = people::Profile {
                phone: outsider.phone.clone(),
                email: outsider.email.clone(),
                ..people::Profile::outside(&outsider.name, EXTERNAL)
            };
            let id = person.id;
            if let Some(index) = outsider.index() {
                known.insert(index.to_vec(), id);
            }
            added.push(person);
            id
        }));
    }
    people::insert_many(tx, &added, at).await?;
    Ok(ids)
}

async fn list_known(tx: &mut Tx, outsiders: &[Outsider]) -> Result<HashMap<Vec<u8>, PersonId>> {
    let mut known = HashMap::new();
    for batch in outsiders.chunks(super::BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .filter_map(|each| each.index())
            .map(|index| serde_json::json!({ "contact": crate::domain::seal::hex(index) }))
            .collect();
        let rows = Json(&rows);
        // The newest first, so that the oldest is what stays in the map.
        let by_email = each_row!(
            tx,
            "select person.email_index, person.id from ",
            "$1",
            { contact: bytea },
            " cross join person where person.email_index = each.contact and person.phone_index is null
                and person.account is null and person.kind = 'external' order by person.id desc"
        );
        known.extend(fetch_all!(tx, (Vec<u8>, PersonId), by_email, [&rows])?);
        let by_phone = each_row!(
            tx,
            "select person.phone_index, person.id from ",
            "$1",
            { contact: bytea },
            " cross join person where person.phone_index = each.contact
                and person.account is null and person.kind = 'external' order by person.id desc"
        );
        known.extend(fetch_all!(tx, (Vec<u8>, PersonId), by_phone, [&rows])?);
    }
    Ok(known)
}

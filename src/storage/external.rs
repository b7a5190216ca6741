//! People outside the organisation: rows of `person` without an account, found again when name,
//! number and address are all the same.
//!
//! Such a row never changes: whoever calls somebody by another name, or knows another address, has
//! another row, so that nobody's words reach anybody else (docs/decisions/0011).

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
    fn words(&self) -> Words {
        let index = |contact: &Option<Contact>| contact.as_ref().map(|each| each.index.clone());
        (self.name.clone(), index(&self.phone), index(&self.email))
    }
}

/// The person behind each of these, in their order; those not yet known are added.
pub async fn find_or_insert(tx: &mut Tx, outsiders: &[Outsider], at: Timestamp) -> Result<Vec<PersonId>> {
    let mut known = list_known(tx, outsiders).await?;
    let mut added = Vec::new();
    let mut ids = Vec::with_capacity(outsiders.len());
    for outsider in outsiders {
        let id = *known.entry(outsider.words()).or_insert_with(|| {
            let person = people::Profile {
                phone: outsider.phone.clone(),
                email: outsider.email.clone(),
                ..people::Profile::outside(&outsider.name, EXTERNAL)
            };
            let id = person.id;
            added.push(person);
            id
        });
        ids.push(id);
    }
    people::insert_many(tx, &added, at).await?;
    Ok(ids)
}

/// A name, and the keyed hashes of a number and an address.
type Words = (String, Option<Vec<u8>>, Option<Vec<u8>>);

async fn list_known(tx: &mut Tx, outsiders: &[Outsider]) -> Result<HashMap<Words, PersonId>> {
    let mut known = HashMap::new();
    let hex = |contact: &Option<Contact>| contact.as_ref().map(|each| crate::domain::seal::hex(&each.index));
    for batch in outsiders.chunks(super::BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .map(|each| serde_json::json!({ "phone": hex(&each.phone), "email": hex(&each.email) }))
            .collect();
        let rows = Json(&rows);
        // Compared with true, the questions about null offer SQLite no index that finds every outsider.
        let by_phone = each_row!(
            tx,
            "select person.name, person.phone_index, person.email_index, person.id from ",
            "$1",
            { phone: bytea },
            " cross join person where person.phone_index = each.phone
                and (person.account is null) = true and person.kind = 'external' order by person.id desc"
        );
        let by_email = each_row!(
            tx,
            "select person.name, person.phone_index, person.email_index, person.id from ",
            "$1",
            { email: bytea },
            " cross join person where person.email_index = each.email and (person.phone_index is null) = true
                and (person.account is null) = true and person.kind = 'external' order by person.id desc"
        );
        for sql in [by_email, by_phone] {
            let found = fetch_all!(tx, (String, Option<Vec<u8>>, Option<Vec<u8>>, PersonId), sql, [&rows])?;
            known.extend(found.into_iter().map(|(name, phone, email, id)| ((name, phone, email), id)));
        }
    }
    Ok(known)
}

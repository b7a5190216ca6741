//! A phone number or an e-mail address as it is kept: sealed, with a keyed hash to find it by.

use super::seal::{CannotOpen, Sealer};

/// Where the two are kept: the place that a sealed value belongs to.
const PHONE: &str = "person.phone";
const EMAIL: &str = "person.email";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub sealed: Vec<u8>,
    /// Equal for equal values of one kind; tells nothing without the key.
    pub index: Vec<u8>,
}

impl Contact {
    /// `normalised` is 11 digits, see `phone::mobile`.
    pub fn phone(sealer: &Sealer, normalised: &str) -> Self {
        Self { sealed: sealer.seal(PHONE, normalised), index: phone_index(sealer, normalised) }
    }

    pub fn email(sealer: &Sealer, address: &str) -> Self {
        Self { sealed: sealer.seal(EMAIL, address), index: email_index(sealer, address) }
    }
}

pub fn phone_index(sealer: &Sealer, normalised: &str) -> Vec<u8> {
    sealer.index("phone", normalised)
}

/// Addresses that differ in case only are one.
pub fn email_index(sealer: &Sealer, address: &str) -> Vec<u8> {
    sealer.index("email", &address.to_lowercase())
}

pub fn open_phone(sealer: &Sealer, sealed: &[u8]) -> Result<String, CannotOpen> {
    sealer.open(PHONE, sealed)
}

pub fn open_email(sealer: &Sealer, sealed: &[u8]) -> Result<String, CannotOpen> {
    sealer.open(EMAIL, sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_whatever_its_case_and_opens_as_it_was_written() {
        let sealer = Sealer::new(&[7; 32]);
        let contact = Contact::email(&sealer, "Li.Lei@Example.edu");
        assert_eq!(contact.index, email_index(&sealer, "li.lei@example.EDU"));
        assert_eq!(open_email(&sealer, &contact.sealed).as_deref(), Ok("Li.Lei@Example.edu"));
        assert!(open_phone(&sealer, &contact.sealed).is_err());
    }
}

//! Personal data at rest: AES-256-GCM to keep, HMAC-SHA-256 to find.
//!
//! One master key lives outside the database; a key for each purpose is derived from it. The
//! associated data names the column, so that a sealed value cannot be moved to another.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Keys for sealing and finding; `Debug` shows nothing of them.
#[derive(Clone)]
pub struct Sealer {
    cipher: Aes256Gcm,
    index_key: [u8; 32],
    link_key: [u8; 32],
    fingerprint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value could not be opened: another key, or another place")]
pub struct CannotOpen;

const NONCE: usize = 12;

impl Sealer {
    pub fn new(master: &[u8; 32]) -> Self {
        let derived = |purpose: &str| mac(master, purpose.as_bytes());
        let cipher = Aes256Gcm::new(&derived("seal v1").into());
        let fingerprint = hex(&derived("fingerprint v1")[..8]);
        Self { cipher, index_key: derived("index v1"), link_key: derived("link v1"), fingerprint }
    }

    /// Tells keys apart without telling the key: kept in the database to notice a wrong one.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// `place` is `table.column`.
    pub fn seal(&self, place: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).expect("the operating system has randomness");
        let payload = Payload { msg: value.as_ref(), aad: place.as_bytes() };
        let sealed = self.cipher.encrypt(&nonce.into(), payload).expect("AES-GCM seals whatever is of our sizes");
        [&nonce[..], &sealed].concat()
    }

    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<String, CannotOpen> {
        String::from_utf8(self.open_bytes(place, sealed)?).map_err(|_| CannotOpen)
    }

    /// What was sealed, when it is no text.
    pub fn open_bytes(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (nonce, rest) = sealed.split_at_checked(NONCE).ok_or(CannotOpen)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| CannotOpen)?;
        let payload = Payload { msg: rest, aad: place.as_bytes() };
        self.cipher.decrypt(&nonce.into(), payload).map_err(|_| CannotOpen)
    }

    /// For finding a sealed value: equal values of one purpose have equal indexes.
    pub fn index(&self, purpose: &str, normalised: &str) -> Vec<u8> {
        mac(&self.index_key, format!("{purpose}:{normalised}").as_bytes()).to_vec()
    }

    /// Signs a link or a callback; hexadecimal.
    pub fn sign(&self, text: &str) -> String {
        hex(&mac(&self.link_key, text.as_bytes()))
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({})", self.fingerprint)
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

/// The SHA-256 that [`hex`] has written; none for any other text.
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    let is_hex = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut hash = [0; 32];
    for (nth, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * nth..2 * nth + 2).filter(|_| is_hex)?, 16).ok()?;
    }
    Some(hash)
}

/// 32 random bytes as text that fits in a URL, and what to store of it.
pub fn token() -> (String, Vec<u8>) {
    use base64::Engine;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let hash = sha256(token.as_bytes()).to_vec();
    (token, hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_own_place_and_with_its_own_key() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal("person.phone", "13800138000");
        assert_eq!(sealer.open("person.phone", &sealed).as_deref(), Ok("13800138000"));
        assert_eq!(sealer.open("person.email", &sealed), Err(CannotOpen));
        assert_eq!(Sealer::new(&[8; 32]).open("person.phone", &sealed), Err(CannotOpen));
        assert_eq!(sealer.open("person.phone", b"short"), Err(CannotOpen));
    }

    #[test]
    fn equal_values_are_found_but_not_told() {
        let sealer = Sealer::new(&[7; 32]);
        assert_eq!(sealer.index("phone", "1"), sealer.index("phone", "1"));
        assert_ne!(sealer.index("phone", "1"), sealer.index("email", "1"));
        assert_ne!(sealer.seal("a", "1"), sealer.seal("a", "1"));
    }
}

//! 送达证明: a file that says who was told what, when and how, signed with the installation's own key.
//!
//! The file is one JSON object, `{"evidence":…,"signature":…}`. Signed is the SHA-256 of the very bytes
//! between the two names, keys in their order and without blanks, so that whoever has the file and the
//! public key needs nothing else to tell whether a byte of it was changed.

use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde_json::Value;

use super::{
    seal::{hex, sha256},
    words::words,
};

words! {
    /// What a sender may have written about a message.
    pub enum Kind {
        Sheet => "sheet",
        Evidence => "evidence",
    }
}

impl Kind {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Sheet => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Evidence => "application/json",
        }
    }
}

/// What is signed begins so: a signature of ours over anything else is none over this.
pub const FORMAT: &str = "zhihui-evidence-1";
pub const HEAD: &str = "{\"evidence\":";
const SIGNATURE: &str = ",\"signature\":";

/// The installation's key.
pub struct Signer(Ed25519KeyPair);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no key for signing evidence")]
pub struct BadKey;

impl Signer {
    /// A new key, as it is kept (PKCS #8): to be sealed.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn generate() -> Result<Vec<u8>, BadKey> {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| BadKey)?;
        Ok(key.as_ref().to_vec())
    }

    /// # Errors
    /// When that is no such key.
    pub fn open(kept: &[u8]) -> Result<Self, BadKey> {
        Ed25519KeyPair::from_pkcs8(kept).map(Self).map_err(|_| BadKey)
    }

    /// In hexadecimal, as people compare it.
    pub fn public(&self) -> String {
        hex(self.0.public_key().as_ref())
    }

    /// The end of a file whose evidence has this hash.
    pub fn end(&self, hash: &[u8; 32]) -> String {
        end(&self.public(), hash, self.0.sign(&message(hash)).as_ref())
    }
}

/// The one way to write the end of a file.
fn end(key: &str, hash: &[u8; 32], value: &[u8]) -> String {
    format!(
        "{SIGNATURE}{{\"algorithm\":\"Ed25519\",\"key\":\"{key}\",\"sha256\":\"{}\",\"value\":\"{}\"}}}}\n",
        hex(hash),
        hex(value)
    )
}

fn message(hash: &[u8; 32]) -> Vec<u8> {
    [FORMAT.as_bytes(), b"\n", hash].concat()
}

/// A file that is what it was when it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// by whose key, in hexadecimal
    pub key: String,
    pub sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("this file is no evidence of Zhihui")]
    NoEvidence,
    #[error("this file was changed after it was signed")]
    Changed,
    #[error("this file was signed with another key")]
    OtherKey,
}

/// Checks a whole file; with `expected` also that this key signed it, without it only that its own did.
///
/// # Errors
/// What is wrong with it.
pub fn verify(file: &[u8], expected: Option<&str>) -> Result<Verified, Fault> {
    let rest = file.strip_prefix(HEAD.as_bytes()).ok_or(Fault::NoEvidence)?;
    let at =
        rest.windows(SIGNATURE.len()).rposition(|window| window == SIGNATURE.as_bytes()).ok_or(Fault::NoEvidence)?;
    let evidence = &rest[..at];
    let ending = std::str::from_utf8(&rest[at..]).map_err(|_| Fault::NoEvidence)?.trim_end();
    let signed = ending.strip_prefix(SIGNATURE).and_then(|signed| signed.strip_suffix('}')).ok_or(Fault::NoEvidence)?;
    let signature: Value = serde_json::from_str(signed).map_err(|_| Fault::NoEvidence)?;
    let text = |name: &str| signature[name].as_str().unwrap_or_default();
    let (key, value) = (unhex(text("key")), unhex(text("value")));
    let (Some(key), Some(value)) = (key, value) else { return Err(Fault::NoEvidence) };
    let hash = sha256(evidence);
    UnparsedPublicKey::new(&ED25519, &key).verify(&message(&hash), &value).map_err(|_| Fault::Changed)?;
    let verified = Verified { key: hex(&key), sha256: hex(&hash) };
    // What stands beside the signature is not signed: nothing but what we write there may.
    if ending != end(&verified.key, &hash, &value).trim_end() {
        return Err(Fault::Changed);
    }
    match expected.map(|expected| expected.trim().to_ascii_lowercase()) {
        Some(expected) if expected != verified.key => Err(Fault::OtherKey),
        _ => Ok(verified),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// One way to write a value: keys in their order, no blanks.
pub fn canonical(value: &Value) -> String {
    sorted(value).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by_key(|(key, _)| *key);
            Value::Object(keys.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_shows_and_so_does_another_key() {
        let signer = Signer::open(&Signer::generate().expect("a key")).expect("its own");
        let evidence = canonical(&serde_json::json!({"b": [{"z": 1, "a": "，\"signature\":"}], "a": null}));
        assert_eq!(evidence, r#"{"a":null,"b":[{"a":"，\"signature\":","z":1}]}"#);
        let file = format!("{HEAD}{evidence}{}", signer.end(&sha256(evidence.as_bytes())));
        let verified = verify(file.as_bytes(), None).expect("as it was signed");
        assert_eq!(verified.key, signer.public());
        assert!(serde_json::from_str::<Value>(&file).is_ok(), "it is JSON");
        assert_eq!(verify(file.as_bytes(), Some(&signer.public().to_uppercase())), Ok(verified));
        assert_eq!(verify(file.as_bytes(), Some("00")), Err(Fault::OtherKey));
        assert_eq!(verify(file.replace("null", "true").as_bytes(), None), Err(Fault::Changed));
        let added = file.replace("\"algorithm\"", "\"approved_by\":\"校长\",\"algorithm\"");
        assert_eq!(verify(added.as_bytes(), None), Err(Fault::Changed), "words that nobody signed");
        let other_hash = file.replace(&hex(&sha256(evidence.as_bytes())), &"0".repeat(64));
        assert_eq!(verify(other_hash.as_bytes(), None), Err(Fault::Changed));
        for wrong in ["", "{}", "{\"evidence\":1,\"signature\":{}}", "{\"evidence\":1,\"signature\":{\"key\":\"zz\"}}"]
        {
            assert!(verify(wrong.as_bytes(), None).is_err(), "{wrong}");
        }
    }
}

//! Signatures of requests and callbacks: HMAC-SHA256 in lower-case hex.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::CallbackError;

/// Seconds that a callback's time may lie away from ours.
const WINDOW: u64 = 300;

/// The signature of the parts, as if written one after the other.
pub fn sign(secret: &[u8], parts: &[&[u8]]) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    let mut hex = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
    }
    hex
}

/// Whether `given` signs the parts; takes as long for a wrong one as for the right one.
pub fn fits(secret: &[u8], parts: &[&[u8]], given: &str) -> bool {
    let expected = sign(secret, parts);
    let given = given.trim().to_ascii_lowercase();
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

/// Believes a callback whose `X-Signature` signs `X-Timestamp` (Unix seconds), a dot and the body, and
/// whose time is near `now_unix`.
///
/// # Errors
/// Says why it is not believed.
pub fn verify(secret: &[u8], headers: &[(String, String)], body: &[u8], now_unix: i64) -> Result<(), CallbackError> {
    let header = |name: &str| {
        let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    };
    let timestamp = header("x-timestamp");
    if !fits(secret, &[timestamp.as_bytes(), b".", body], header("x-signature")) {
        return Err(CallbackError::BadSignature);
    }
    let at: i64 = timestamp.parse().map_err(|_| CallbackError::Malformed)?;
    if now_unix.abs_diff(at) > WINDOW { Err(CallbackError::Stale) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn the_published_vector_comes_out() {
        assert_eq!(
            sign(b"Jefe", &[b"what do ya want ", b"for nothing?"]),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn another_secret_another_text_or_a_cut_signature_does_not_fit() {
        let signature = sign(b"secret", &[b"text"]);
        assert!(fits(b"secret", &[b"te", b"xt"], &signature.to_uppercase()));
        assert!(!fits(b"other", &[b"text"], &signature));
        assert!(!fits(b"secret", &[b"texts"], &signature));
        assert!(!fits(b"secret", &[b"text"], &signature[..63]));
        assert!(!fits(b"secret", &[b"text"], ""));
    }
}

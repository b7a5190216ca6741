//! Looks into a compound file (OLE 2), the container of old Word, Excel and PowerPoint documents and
//! of encrypted new ones.
//!
//! Its directory is not followed but looked for: entries of 128 bytes lie on multiples of 128,
//! however the file is cut up, so that a table of sectors that lies hides nothing.

/// How a compound file begins.
pub const MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
const ENTRY: usize = 128;
/// A PowerPoint keeps its macros packed in its one stream, which says so in a record of type 0x0400:
/// this header, where they lie, and a one.
const VBA_INFO: &[u8] = b"\x02\0\0\x04\x0C\0\0\0";

/// What a document holds that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Macro,
    /// A file of any kind, packed into the document.
    Object,
    /// A new document behind a password.
    Encrypted,
}

/// # Errors
/// The first thing that is not taken.
pub fn check(bytes: &[u8]) -> Result<(), Fault> {
    match bytes.chunks_exact(ENTRY).find_map(entry) {
        Some(fault) => Err(fault),
        None if has_macros(bytes) => Err(Fault::Macro),
        None => Ok(()),
    }
}

/// What an entry of the directory is, by its name and kind.
fn entry(bytes: &[u8]) -> Option<Fault> {
    let (name, rest) = bytes.split_at(64);
    let length = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
    let is_entry = matches!(rest[2], 1 | 2) && length % 2 == 0 && (2..=64).contains(&length);
    let units =
        is_entry.then(|| name[..length - 2].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])))?;
    match String::from_utf16_lossy(&units.collect::<Vec<_>>()).to_lowercase().as_str() {
        "macros" | "_vba_project_cur" | "vba" | "_vba_project" | "vbaproject" => Some(Fault::Macro),
        "\u{1}ole10native" => Some(Fault::Object),
        "encryptedpackage" => Some(Fault::Encrypted),
        _ => None,
    }
}

fn has_macros(bytes: &[u8]) -> bool {
    let info = |window: &[u8]| window.starts_with(VBA_INFO) && window[12..] == [1, 0, 0, 0];
    bytes.windows(16).any(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header and a directory of storages (1) and streams (2).
    fn compound(entries: &[(&str, u8)]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.resize(512, 0);
        for (name, kind) in entries {
            let start = bytes.len();
            bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
            bytes.resize(start + 64, 0);
            bytes.extend(u16::try_from(2 * name.encode_utf16().count() + 2).unwrap().to_le_bytes());
            bytes.push(*kind);
            bytes.resize(start + ENTRY, 0);
        }
        bytes
    }

    #[test]
    fn a_document_without_macros_is_taken() {
        let words = [("Root Entry", 5), ("WordDocument", 2), ("1Table", 2), ("ObjectPool", 1), ("MacrosX", 1)];
        assert_eq!(check(&compound(&words)), Ok(()));
        assert_eq!(check(&compound(&[("Macros", 0)])), Ok(()), "an entry that was deleted");
        assert_eq!(check(MAGIC), Ok(()));
    }

    #[test]
    fn macros_of_word_excel_and_powerpoint_are_found() {
        for name in ["Macros", "MACROS", "_VBA_PROJECT_CUR", "VBA"] {
            assert_eq!(check(&compound(&[("Root Entry", 5), (name, 1)])), Err(Fault::Macro), "{name}");
        }
        assert_eq!(check(&compound(&[("_VBA_PROJECT", 2)])), Err(Fault::Macro));
        let slides = |macros: u8| {
            let record = [VBA_INFO, &[7, 0, 0, 0, macros, 0, 0, 0, 2, 0, 0, 0]].concat();
            check(&[compound(&[("PowerPoint Document", 2)]), record].concat())
        };
        assert_eq!((slides(1), slides(0)), (Err(Fault::Macro), Ok(())));
    }

    #[test]
    fn a_packed_file_and_a_password_are_found() {
        assert_eq!(check(&compound(&[("\u{1}Ole10Native", 2)])), Err(Fault::Object));
        assert_eq!(check(&compound(&[("EncryptionInfo", 2), ("EncryptedPackage", 2)])), Err(Fault::Encrypted));
    }
}

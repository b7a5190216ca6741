//! Looks into a ZIP container (archives, and documents that are one) without unpacking it anywhere.
//!
//! What its directory says of sizes may be a lie, so everything that can be read is inflated once
//! and counted; never more than the limit, and never more than [`KEPT`] of it is held at a time.
//! Foreign methods of compression count with the size that they declare.

use std::io::{self, BufReader, Cursor, Read};

use zip::{ZipArchive, read::ZipFile, result::ZipError};

use super::{compound, office};

/// All entries together, those of archives inside included.
const UNPACKED: u64 = 100 * 1024 * 1024;
/// How many times its own size it may unpack to…
const RATIO: u64 = 100;
/// …unless it is so little that it harms nobody: half-empty spreadsheets pack very well.
const HARMLESS: u64 = 1024 * 1024;
pub(super) const ENTRIES: usize = 2_000;
/// An archive in an archive in an archive is the last that is looked into.
const DEPTH: usize = 2;
/// An archive or an old document inside has to be held to be read.
const KEPT: u64 = 8 * 1024 * 1024;

const ENTRY: &[u8] = b"PK\x03\x04";
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
/// So many bytes tell what an entry is.
const START: u64 = 8;

/// What is wrong with an archive.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    Broken,
    /// Unpacks to more than 100 MB.
    Large,
    /// Unpacks to more than 100 times its size.
    Dense,
    /// So many entries.
    Many(usize),
    /// Archives in archives.
    Deep,
    /// An archive inside that is too large to be looked into.
    Inner,
    /// An entry that wants to lie outside of where it is unpacked, or hides another.
    Path,
    /// It, or something in it, is behind a password.
    Encrypted,
    /// A document that does more than to be read.
    Active(office::Fault),
}

impl From<office::Fault> for Fault {
    fn from(fault: office::Fault) -> Self {
        Self::Active(fault)
    }
}

impl From<compound::Fault> for Fault {
    fn from(fault: compound::Fault) -> Self {
        match fault {
            compound::Fault::Macro => Self::Active(office::Fault::Macro),
            compound::Fault::Object => Self::Active(office::Fault::Object),
            compound::Fault::Encrypted => Self::Encrypted,
        }
    }
}

/// # Errors
/// The first thing that is wrong with it.
pub fn check(bytes: &[u8]) -> Result<(), Fault> {
    Count::of(bytes).archive(bytes, 0)
}

/// What an archive has unpacked to so far, and how much that may be.
pub(super) struct Count {
    allowed: u64,
    unpacked: u64,
    entries: usize,
}

impl Count {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let own = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { allowed: own.saturating_mul(RATIO).clamp(HARMLESS, UNPACKED), unpacked: 0, entries: 0 }
    }

    fn archive(&mut self, bytes: &[u8], depth: usize) -> Result<(), Fault> {
        if depth > DEPTH {
            return Err(Fault::Deep);
        }
        // Before its directory is read into memory; the number that it declares may be a lie too.
        let listed = bytes.windows(DIRECTORY_ENTRY.len()).filter(|window| *window == DIRECTORY_ENTRY).count();
        if listed > ENTRIES {
            return Err(Fault::Many(listed));
        }
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Fault::Broken)?;
        self.enter(archive.len())?;
        if archive.has_duplicate_names() {
            return Err(Fault::Path);
        }
        let declared: Vec<u64> = (0..archive.len()).map(|index| listing(&archive, index)).collect::<Result<_, _>>()?;
        let before = self.unpacked;
        declared.iter().try_for_each(|bytes| self.add(*bytes))?;
        self.unpacked = before;
        let is_office = archive.file_names_raw().any(office::is_list_of_parts);
        for (index, declared) in declared.into_iter().enumerate() {
            match archive.by_index(index) {
                Ok(file) => self.entry(file, depth, is_office)?,
                Err(ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_)) => {
                    self.add(declared)?;
                }
                Err(_) => return Err(Fault::Broken),
            }
        }
        Ok(())
    }

    fn entry(&mut self, mut file: ZipFile<'_, Cursor<&[u8]>>, depth: usize, is_office: bool) -> Result<(), Fault> {
        let is_document = office::is_part(file.name_raw());
        let mut start = Vec::new();
        (&mut file).take(START).read_to_end(&mut start).map_err(|_| Fault::Broken)?;
        let kind = Kind::of(&start, is_office);
        if kind == Kind::Object {
            return Err(office::Fault::Object.into());
        }
        if kind == Kind::Part {
            return self.part(&start, file, is_document);
        }
        if kind != Kind::Other {
            (&mut file).take(KEPT).read_to_end(&mut start).map_err(|_| Fault::Broken)?;
        }
        let kept = u64::try_from(start.len()).unwrap_or(u64::MAX);
        self.add(kept)?;
        let rest = io::copy(&mut file.take(self.left()), &mut io::sink()).map_err(|_| Fault::Broken)?;
        self.add(rest)?;
        match kind {
            Kind::Other => Ok(()),
            _ if rest > 0 => Err(Fault::Inner),
            Kind::Archive => self.archive(&start, depth + 1),
            Kind::Compound => Ok(compound::check(&start)?),
            Kind::Object | Kind::Part | Kind::WidePart => {
                Ok(office::look(office::narrow(&start).as_bytes(), is_document)?)
            }
        }
    }

    /// A part of a document, read as it is inflated.
    fn part(&mut self, start: &[u8], file: ZipFile<'_, Cursor<&[u8]>>, is_document: bool) -> Result<(), Fault> {
        let mut counted = Counted { inner: start.chain(file.take(self.left())), bytes: 0 };
        let looked = office::look(BufReader::new(&mut counted), is_document);
        let rest = io::copy(&mut counted, &mut io::sink());
        self.add(counted.bytes)?;
        rest.map_err(|_| Fault::Broken)?;
        Ok(looked?)
    }

    /// One more than there may still be, so that too much is seen.
    fn left(&self) -> u64 {
        self.allowed - self.unpacked + 1
    }

    pub(super) fn enter(&mut self, entries: usize) -> Result<(), Fault> {
        self.entries += entries;
        if self.entries > ENTRIES { Err(Fault::Many(self.entries)) } else { Ok(()) }
    }

    pub(super) fn add(&mut self, bytes: u64) -> Result<(), Fault> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        match self.unpacked {
            unpacked if unpacked > UNPACKED => Err(Fault::Large),
            unpacked if unpacked > self.allowed && self.allowed < UNPACKED => Err(Fault::Dense),
            _ => Ok(()),
        }
    }
}

/// What an entry is, by its first bytes.
#[derive(PartialEq, Eq)]
enum Kind {
    Archive,
    /// An old document in an archive.
    Compound,
    /// Another program's file in a document.
    Object,
    /// A part of a document, in UTF-8…
    Part,
    /// …and in UTF-16.
    WidePart,
    Other,
}

impl Kind {
    fn of(start: &[u8], is_office: bool) -> Self {
        match start {
            start if start.starts_with(ENTRY) => Self::Archive,
            start if start.starts_with(compound::MAGIC) && is_office => Self::Object,
            start if start.starts_with(compound::MAGIC) => Self::Compound,
            _ if !is_office => Self::Other,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'<', 0, ..] | [0, b'<', ..] => Self::WidePart,
            start => {
                let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
                if text.first().is_none_or(|byte| *byte == b'<') { Self::Part } else { Self::Other }
            }
        }
    }
}

struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += u64::try_from(read).unwrap_or(u64::MAX);
        Ok(read)
    }
}

/// What the directory says of an entry: its size, once its name is found to be harmless.
fn listing(archive: &ZipArchive<Cursor<&[u8]>>, index: usize) -> Result<u64, Fault> {
    let entry = archive.by_index_data(index).map_err(|_| Fault::Broken)?;
    let shown = entry.name().map_err(|_| Fault::Path)?;
    if entry.is_symlink() || leads_out(entry.name_raw()) || leads_out(shown.as_bytes()) {
        return Err(Fault::Path);
    }
    if entry.encrypted() {
        return Err(Fault::Encrypted);
    }
    if office::is_macro(entry.name_raw()) || office::is_macro(shown.as_bytes()) {
        return Err(office::Fault::Macro.into());
    }
    Ok(entry.size())
}

/// Absolute on Unix or Windows, or on its way up. Windows forgets spaces at the end of a name.
pub(super) fn leads_out(name: &[u8]) -> bool {
    let is_absolute = matches!(name, [b'/' | b'\\', ..] | [b'a'..=b'z' | b'A'..=b'Z', b':', ..]);
    is_absolute || name.contains(&0) || parts(name).any(|part| part.trim_ascii_end() == b"..")
}

/// The steps of a path, whatever system wrote it.
pub(super) fn parts(name: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    name.split(|byte| matches!(byte, b'/' | b'\\'))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn packed(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn nested(depth: usize) -> Vec<u8> {
        (0..depth).fold(packed(&[("a.txt", b"a")]), |inner, _| packed(&[("inner.zip", &inner)]))
    }

    /// Bytes that do not pack.
    fn noise(count: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0]
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn an_archive_of_files_is_taken() {
        assert_eq!(check(&packed(&[("通知/议程.txt", b"9:00"), ("a..b.txt", b""), ("空.txt", &[0; 900_000])])), Ok(()));
        assert_eq!(check(&packed(&[])), Ok(()));
        assert_eq!(check(&nested(2)), Ok(()));
    }

    #[test]
    fn a_bomb_is_known_by_what_comes_out_of_it() {
        assert_eq!(check(&packed(&[("a", &[0; 1_100_000])])), Err(Fault::Dense));
        assert_eq!(check(&nested(3)), Err(Fault::Deep));
        assert_eq!(check(&nested(10)), Err(Fault::Deep));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for nth in 0..=ENTRIES {
            archive.start_file(nth, stored).unwrap();
        }
        assert_eq!(check(&archive.finish().unwrap().into_inner()), Err(Fault::Many(2_001)));
        let inner = packed(&[("a", &noise(9 * 1024 * 1024))]);
        assert_eq!(check(&packed(&[("inner.zip", &inner)])), Err(Fault::Inner));
    }

    #[test]
    fn a_size_that_is_declared_is_not_believed() {
        // The directory's entry lies at the end; its declared size 24 bytes in.
        let lying = |real: usize, declared: u32| {
            let mut bytes = packed(&[("a", &vec![0; real])]);
            let entry = bytes.windows(4).rposition(|window| window == DIRECTORY_ENTRY).unwrap();
            bytes[entry + 24..entry + 28].copy_from_slice(&declared.to_le_bytes());
            check(&bytes)
        };
        assert_eq!(lying(10, 101 * 1024 * 1024), Err(Fault::Large));
        assert!(matches!(lying(3_000_000, 10), Err(Fault::Dense | Fault::Broken)), "{:?}", lying(3_000_000, 10));
    }

    #[test]
    fn a_path_stays_where_it_is_unpacked() {
        for name in ["../../etc/x", "a/../b", "/etc/x", "\\x", "C:\\x", "c:x", "a\\..\\b", "a/.. /b"] {
            assert_eq!(check(&packed(&[(name, b"x")])), Err(Fault::Path), "{name}");
        }
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.add_symlink("a", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        assert_eq!(check(&archive.finish().unwrap().into_inner()), Err(Fault::Path));
    }

    #[test]
    fn half_an_archive_is_broken() {
        let whole = packed(&[("a", &noise(1_000))]);
        assert_eq!(check(&whole[..whole.len() / 2]), Err(Fault::Broken));
        let mut changed = whole;
        changed[500] ^= 1;
        assert_eq!(check(&changed), Err(Fault::Broken));
    }
}

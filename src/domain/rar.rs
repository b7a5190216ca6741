//! Reads the headers of a RAR archive, of the versions before 5 and since: how many files it holds,
//! how large they say that they become, where they want to lie, and whether a password hides them.
//! What is packed is not unpacked: nobody else may write such a packer, and few have.

use super::archive::{Count, Fault, leads_out};

pub const MAGIC: &[u8] = b"Rar!\x1A\x07";

/// # Errors
/// The first thing that is wrong with it.
pub fn check(bytes: &[u8]) -> Result<(), Fault> {
    let mut count = Count::of(bytes);
    match bytes.strip_prefix(MAGIC) {
        Some([1, 0, blocks @ ..]) => since_5(blocks, &mut count),
        Some([0, blocks @ ..]) => before_5(blocks, &mut count),
        _ => Err(Fault::Broken),
    }
}

fn file(count: &mut Count, name: &[u8], bytes: u64, is_link: bool) -> Result<(), Fault> {
    count.enter(1)?;
    if is_link || leads_out(name) {
        return Err(Fault::Path);
    }
    count.add(bytes)
}

/// Blocks of checksum, length of the header, and the header, with data behind it.
fn since_5(blocks: &[u8], count: &mut Count) -> Result<(), Fault> {
    let mut rest = Fields(blocks);
    while !rest.0.is_empty() {
        rest.bytes(4)?;
        let length = rest.length()?;
        let mut header = Fields(rest.bytes(length)?);
        let (kind, flags) = (header.number()?, header.number()?);
        let extra = if flags & 1 == 0 { 0 } else { header.length()? };
        let data = if flags & 2 == 0 { 0 } else { rest_of(header.number()?)? };
        match kind {
            2 | 3 => {
                let (header, extra) =
                    header.0.split_at_checked(header.0.len().saturating_sub(extra)).ok_or(Fault::Broken)?;
                let (is_locked, is_link) = records(extra)?;
                if is_locked {
                    return Err(Fault::Encrypted);
                }
                let (name, bytes) = name_and_size(Fields(header))?;
                if kind == 2 {
                    file(count, name, bytes, is_link)?;
                }
            }
            4 => return Err(Fault::Encrypted),
            5 => return Ok(()),
            _ => {}
        }
        rest.bytes(data)?;
    }
    Err(Fault::Broken)
}

fn name_and_size(mut header: Fields<'_>) -> Result<(&[u8], u64), Fault> {
    let flags = header.number()?;
    let (bytes, _attributes) = (header.number()?, header.number()?);
    header.bytes(if flags & 2 == 0 { 0 } else { 4 })?;
    header.bytes(if flags & 4 == 0 { 0 } else { 4 })?;
    let (_method, _system) = (header.number()?, header.number()?);
    let length = header.length()?;
    // A size that is not known is one that may be any.
    Ok((header.bytes(length)?, if flags & 8 == 0 { bytes } else { u64::MAX }))
}

/// What else is said of a file: a password, a link.
fn records(extra: &[u8]) -> Result<(bool, bool), Fault> {
    let (mut rest, mut found) = (Fields(extra), (false, false));
    while !rest.0.is_empty() {
        let length = rest.length()?;
        match Fields(rest.bytes(length)?).number()? {
            1 => found.0 = true,
            5 => found.1 = true,
            _ => {}
        }
    }
    Ok(found)
}

/// Blocks of checksum, kind, flags and length, with data behind those that say so.
fn before_5(blocks: &[u8], count: &mut Count) -> Result<(), Fault> {
    let mut rest = Fields(blocks);
    while !rest.0.is_empty() {
        let fixed = rest.0.first_chunk::<7>().ok_or(Fault::Broken)?;
        let (kind, flags) = (fixed[2], u16::from_le_bytes([fixed[3], fixed[4]]));
        let header = rest.bytes(usize::from(u16::from_le_bytes([fixed[5], fixed[6]])).max(7))?;
        let word = |at: usize| {
            let bytes = header.get(at..).and_then(<[u8]>::first_chunk::<4>).ok_or(Fault::Broken)?;
            Ok::<_, Fault>(u64::from(u32::from_le_bytes(*bytes)))
        };
        // Files and what belongs to them have data; with 0x100 their sizes go on 25 bytes later.
        let is_large = matches!(kind, 0x74 | 0x7A) && flags & 0x100 != 0;
        let high = |at: usize| if is_large { word(at).map(|high| high << 32) } else { Ok(0) };
        let data = match kind {
            0x74 | 0x7A => word(7)? | high(32)?,
            _ if flags & 0x8000 != 0 => word(7)?,
            _ => 0,
        };
        match kind {
            0x73 if flags & 0x80 != 0 => return Err(Fault::Encrypted),
            0x74 if flags & 4 != 0 => return Err(Fault::Encrypted),
            0x74 => {
                let length = usize::try_from(word(26)? & 0xFFFF).map_err(|_| Fault::Broken)?;
                let start = if is_large { 40 } else { 32 };
                let name = header.get(start..start + length).ok_or(Fault::Broken)?;
                let is_link = header[15] == 3 && word(28)? & 0xF000 == 0xA000;
                file(count, name, word(11)? | high(36)?, is_link)?;
            }
            0x7B => return Ok(()),
            _ => {}
        }
        rest.bytes(rest_of(data)?)?;
    }
    // Old archives have no block for their end.
    Ok(())
}

fn rest_of(number: u64) -> Result<usize, Fault> {
    usize::try_from(number).map_err(|_| Fault::Broken)
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Fault::Broken)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.bytes(1)?[0];
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Fault::Broken)
    }

    fn length(&mut self) -> Result<usize, Fault> {
        rest_of(self.number()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block since version 5; all numbers below 128.
    fn block(kind: u8, body: &[u8], extra: &[u8], data: &[u8]) -> Vec<u8> {
        let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
        let header = [&[kind, 3, length(extra), length(data)], body, extra].concat();
        [&b"crc!"[..], &[length(&header)], &header, data].concat()
    }

    fn a_file(name: &str, bytes: &[u8], extra: &[u8]) -> Vec<u8> {
        let length = u8::try_from(name.len()).unwrap();
        let body = [&[0][..], bytes, &[0, 0, 0, length], name.as_bytes()].concat();
        block(2, &body, extra, b"packed")
    }

    fn an_archive(files: &[Vec<u8>]) -> Vec<u8> {
        [MAGIC.to_vec(), vec![1, 0], block(1, &[0], b"", b""), files.concat(), block(5, &[0], b"", b"")].concat()
    }

    /// A file before version 5.
    fn an_old_file(name: &str, flags: u16, bytes: u32, attributes: u32) -> Vec<u8> {
        let length = u16::try_from(name.len()).unwrap();
        let mut block = [&b"cc\x74"[..], &(flags | 0x8000).to_le_bytes(), &(32 + length).to_le_bytes()].concat();
        block.extend([&6_u32.to_le_bytes()[..], &bytes.to_le_bytes(), &[3], b"crc!time", &[29, 0x33]].concat());
        block.extend([&length.to_le_bytes()[..], &attributes.to_le_bytes(), name.as_bytes(), b"packed"].concat());
        block
    }

    fn an_old_archive(flags: u16, files: &[Vec<u8>]) -> Vec<u8> {
        let main = [&b"cc\x73"[..], &flags.to_le_bytes(), &[13, 0], &[0; 6]].concat();
        [MAGIC.to_vec(), vec![0], main, files.concat(), b"cc\x7B\0\0\x07\0".to_vec()].concat()
    }

    #[test]
    fn an_archive_of_files_is_taken_whole() {
        let new = an_archive(&[a_file("通知.txt", &[100], b""), a_file("a/b", &[0], b"")]);
        let old = an_old_archive(0, &[an_old_file("a.txt", 0, 100, 0x81A4)]);
        assert_eq!((check(&new), check(&old)), (Ok(()), Ok(())));
        for end in 0..new.len() - 1 {
            assert_eq!(check(&new[..end]), Err(Fault::Broken), "{end}");
        }
        assert_eq!(check(&old[..60]), Err(Fault::Broken));
    }

    #[test]
    fn a_password_is_found() {
        assert_eq!(check(&an_archive(&[block(4, &[0, 0, 0], b"", b"")])), Err(Fault::Encrypted));
        assert_eq!(check(&an_archive(&[a_file("a", &[9], &[2, 1, 0])])), Err(Fault::Encrypted));
        assert_eq!(check(&an_old_archive(0x80, &[])), Err(Fault::Encrypted));
        assert_eq!(check(&an_old_archive(0, &[an_old_file("a", 4, 9, 0)])), Err(Fault::Encrypted));
    }

    #[test]
    fn what_it_says_of_its_files_is_held_against_the_limits() {
        assert_eq!(check(&an_archive(&[a_file("a", &[0x80, 0x80, 0x80, 1], b"")])), Err(Fault::Dense));
        assert_eq!(check(&an_old_archive(0, &[an_old_file("a", 0, 200 << 20, 0)])), Err(Fault::Large));
        assert_eq!(check(&an_archive(&vec![a_file("a", &[0], b""); 2_001])), Err(Fault::Many(2_001)));
        assert_eq!(check(&an_archive(&[a_file("../a", &[1], b"")])), Err(Fault::Path));
        assert_eq!(check(&an_archive(&[a_file("a", &[1], &[2, 5, 0])])), Err(Fault::Path));
        assert_eq!(check(&an_old_archive(0, &[an_old_file("..\\a", 0, 1, 0)])), Err(Fault::Path));
        assert_eq!(check(&an_old_archive(0, &[an_old_file("a", 0, 1, 0xA1FF)])), Err(Fault::Path));
    }
}

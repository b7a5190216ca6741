//! Reads the frame of a PNG or JPEG picture, without decoding it: how large it is and whether it
//! is all there.

/// 40 megapixels: decoded, a quarter of a GB.
const PIXELS: u64 = 40_000_000;

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n";

/// What is wrong with a picture.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    Broken,
    /// Width and height.
    Large(u32, u32),
}

/// # Errors
/// The first thing that is wrong with it.
pub fn check(bytes: &[u8]) -> Result<(), Fault> {
    match bytes.strip_prefix(PNG) {
        Some(chunks) => png(chunks),
        None => jpeg(bytes),
    }
}

/// Chunks of length, type, content and checksum, from the size (IHDR) to the end (IEND).
fn png(chunks: &[u8]) -> Result<(), Fault> {
    let mut rest = chunks;
    let (mut is_first, mut has_pixels) = (true, false);
    loop {
        let (length, after) = rest.split_first_chunk::<4>().ok_or(Fault::Broken)?;
        let (kind, after) = after.split_first_chunk::<4>().ok_or(Fault::Broken)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Fault::Broken)?;
        let (content, after) = after.split_at_checked(length).ok_or(Fault::Broken)?;
        let (_, after) = after.split_first_chunk::<4>().ok_or(Fault::Broken)?;
        match (kind, content) {
            (b"IHDR", [a, b, c, d, e, f, g, h, ..]) if is_first => {
                size(u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h]))?;
            }
            _ if is_first => return Err(Fault::Broken),
            (b"IDAT", _) => has_pixels = true,
            (b"IEND", _) if has_pixels => return Ok(()),
            (b"IEND", _) => return Err(Fault::Broken),
            _ => {}
        }
        (is_first, rest) = (false, after);
    }
}

/// Segments of marker, length and content, each scan with its pixels behind it, up to the marker EOI.
fn jpeg(bytes: &[u8]) -> Result<(), Fault> {
    let mut rest = bytes.strip_prefix(b"\xFF\xD8").ok_or(Fault::Broken)?;
    let (mut has_size, mut has_pixels) = (false, false);
    loop {
        let (marker, after) = match rest {
            [0xFF, 0xFF, ..] => {
                rest = &rest[1..];
                continue;
            }
            [0xFF, marker, after @ ..] => (*marker, after),
            _ => return Err(Fault::Broken),
        };
        if marker == 0xD9 {
            return if has_size && has_pixels { Ok(()) } else { Err(Fault::Broken) };
        }
        let (length, _) = after.split_first_chunk::<2>().ok_or(Fault::Broken)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (segment, after) = after.split_at_checked(length).ok_or(Fault::Broken)?;
        let content = segment.get(2..).ok_or(Fault::Broken)?;
        rest = after;
        match (marker, content) {
            (0xC4 | 0xC8 | 0xCC, _) => {}
            (0xC0..=0xCF, [_, a, b, c, d, ..]) => {
                size(u16::from_be_bytes([*c, *d]).into(), u16::from_be_bytes([*a, *b]).into())?;
                has_size = true;
            }
            (0xC0..=0xCF, _) => return Err(Fault::Broken),
            (0xDA, _) => {
                rest = &after[pixels(after)?..];
                has_pixels = true;
            }
            _ => {}
        }
    }
}

/// How long the pixels of a scan are: up to a marker that is neither an escaped byte nor a restart.
fn pixels(scan: &[u8]) -> Result<usize, Fault> {
    scan.windows(2)
        .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF))
        .ok_or(Fault::Broken)
}

fn size(width: u32, height: u32) -> Result<(), Fault> {
    match u64::from(width) * u64::from(height) {
        0 => Err(Fault::Broken),
        pixels if pixels > PIXELS => Err(Fault::Large(width, height)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_png(width: u32, height: u32) -> Vec<u8> {
        let ihdr = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let mut bytes = PNG.to_vec();
        for (kind, content) in [(b"IHDR", &ihdr[..]), (b"tEXt", b"a\0b"), (b"IDAT", b"pixels"), (b"IEND", b"")] {
            bytes.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
            bytes.extend([&kind[..], content, b"crc!"].concat());
        }
        bytes
    }

    fn a_jpeg(width: u16, height: u16) -> Vec<u8> {
        let ([a, b], [c, d]) = (height.to_be_bytes(), width.to_be_bytes());
        // A thumbnail in APP1 ends before the picture does.
        let thumbnail = b"\xFF\xE1\0\x08Ex\xFF\xD8\xFF\xD9";
        let frame = [0xFF, 0xC0, 0, 8, 8, a, b, c, d, 0];
        [b"\xFF\xD8", &thumbnail[..], &frame, b"\xFF\xDA\0\x03\0ab\xFF\0\xFF\xD0cd", b"\xFF\xFF\xD9"].concat()
    }

    #[test]
    fn a_picture_is_whole_or_broken() {
        for whole in [a_png(800, 600), a_jpeg(800, 600)] {
            assert_eq!(check(&whole), Ok(()));
            for end in 0..whole.len() {
                assert_eq!(check(&whole[..end]), Err(Fault::Broken), "{end} of {}", whole.len());
            }
        }
        assert_eq!(check(&a_png(0, 600)), Err(Fault::Broken));
        assert_eq!(check(&a_jpeg(800, 0)), Err(Fault::Broken));
    }

    #[test]
    fn a_picture_has_forty_million_pixels_at_most() {
        assert_eq!(check(&a_png(8_000, 5_000)), Ok(()));
        assert_eq!(check(&a_png(8_000, 5_001)), Err(Fault::Large(8_000, 5_001)));
        assert_eq!(check(&a_jpeg(30_000, 30_000)), Err(Fault::Large(30_000, 30_000)));
    }
}

//! Takes a PNG or JPEG picture apart, without decoding it, and puts together what is needed to show
//! it: size, colours, pixels and which way is up. Where and with what it was taken, what else was
//! written into it and what hides behind its end is left out.

/// 40 megapixels: decoded, a quarter of a GB.
const PIXELS: u64 = 40_000_000;

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n";
const JPEG: &[u8] = b"\xFF\xD8";

/// What a PNG may say of itself: colours, transparency, resolution, the frames of an animation.
const SHOWN: [&[u8; 4]; 17] = [
    b"PLTE", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST",
    b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT",
];

/// What is wrong with a picture.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    Broken,
    /// Width and height.
    Large(u32, u32),
}

/// The picture as it is kept.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn clean(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut kept = Vec::with_capacity(bytes.len());
    match bytes.strip_prefix(PNG) {
        Some(chunks) => png(chunks, &mut kept)?,
        None => jpeg(bytes.strip_prefix(JPEG).ok_or(Fault::Broken)?, &mut kept)?,
    }
    Ok(kept)
}

/// Chunks of length, type, content and checksum, from the size (IHDR) to the end (IEND).
fn png(chunks: &[u8], kept: &mut Vec<u8>) -> Result<(), Fault> {
    kept.extend(PNG);
    let mut rest = chunks;
    let (mut is_first, mut has_pixels) = (true, false);
    loop {
        let (length, after) = rest.split_first_chunk::<4>().ok_or(Fault::Broken)?;
        let (kind, after) = after.split_first_chunk::<4>().ok_or(Fault::Broken)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Fault::Broken)?;
        let (content, after) = after.split_at_checked(length).ok_or(Fault::Broken)?;
        let (_, after) = after.split_first_chunk::<4>().ok_or(Fault::Broken)?;
        let whole = &rest[..rest.len() - after.len()];
        match (kind, content) {
            (b"IHDR", [a, b, c, d, e, f, g, h, ..]) if is_first => {
                size(u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h]))?;
                kept.extend(whole);
            }
            _ if is_first => return Err(Fault::Broken),
            (b"IDAT", _) => {
                has_pixels = true;
                kept.extend(whole);
            }
            (b"IEND", []) if has_pixels => {
                kept.extend(whole);
                return Ok(());
            }
            (b"IEND", _) => return Err(Fault::Broken),
            _ if SHOWN.contains(&kind) => kept.extend(whole),
            // Capital: nobody who does not know it can show the picture.
            _ if kind[0].is_ascii_uppercase() => return Err(Fault::Broken),
            _ => {}
        }
        (is_first, rest) = (false, after);
    }
}

/// Segments of marker, length and content, each scan with its pixels behind it, up to the marker EOI.
fn jpeg(segments: &[u8], kept: &mut Vec<u8>) -> Result<(), Fault> {
    kept.extend(JPEG);
    let mut rest = segments;
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
            kept.extend([0xFF, marker]);
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
            _ => {}
        }
        match marker {
            0xE1 => kept.extend(orientation(content).map(upright).unwrap_or_default()),
            _ if tells_more(marker, content) => {}
            _ => kept.extend([&[0xFF, marker], segment].concat()),
        }
        if marker == 0xDA {
            let pixels = &after[..pixels(after)?];
            kept.extend(pixels);
            rest = &after[pixels.len()..];
            has_pixels = true;
        }
    }
}

/// A segment that shows nothing: what applications noted, comments, extensions. The density (JFIF),
/// the colours (ICC) and how they were transformed (Adobe) are shown.
fn tells_more(marker: u8, content: &[u8]) -> bool {
    let is_shown = match marker {
        0xE0 => content.starts_with(b"JFIF\0"),
        0xE2 => content.starts_with(b"ICC_PROFILE\0"),
        0xEE => content.starts_with(b"Adobe"),
        _ => false,
    };
    matches!(marker, 0xE0..=0xFE) && !is_shown
}

/// Which way is up, as the camera noted it: 2 to 8; none when it lies as it is.
fn orientation(content: &[u8]) -> Option<u8> {
    let tiff = content.strip_prefix(b"Exif\0\0")?;
    let is_little = tiff.starts_with(b"II");
    let number = |at: usize, length: usize| {
        let bytes = tiff.get(at..at.checked_add(length)?)?;
        let add = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
        Some(if is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    };
    let directory = number(4, 4)?;
    let entries = number(directory, 2)?;
    let entry = (0..entries).map(|nth| directory + 2 + 12 * nth).find(|at| number(*at, 2) == Some(0x0112))?;
    u8::try_from(number(entry + 8, 2)?).ok().filter(|way| (2..=8).contains(way))
}

/// An Exif segment that says nothing but which way is up.
fn upright(way: u8) -> Vec<u8> {
    let head = b"\xFF\xE1\0\x22Exif\0\0MM\0\x2A\0\0\0\x08";
    let entry = [0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, way, 0, 0, 0, 0, 0, 0];
    [&head[..], &entry].concat()
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

    fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], kind, content, b"crc!"].concat()
    }

    fn a_png(width: u32, height: u32, notes: &[(&[u8], &[u8])]) -> Vec<u8> {
        let ihdr = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let notes: Vec<_> = notes.iter().flat_map(|(kind, content)| chunk(kind, content)).collect();
        [PNG.to_vec(), chunk(b"IHDR", &ihdr), notes, chunk(b"IDAT", b"pixels"), chunk(b"IEND", b"")].concat()
    }

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let [a, b] = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, marker, a, b], content].concat()
    }

    fn a_jpeg(width: u16, height: u16, notes: &[Vec<u8>]) -> Vec<u8> {
        let ([a, b], [c, d]) = (height.to_be_bytes(), width.to_be_bytes());
        let frame = segment(0xC0, &[8, a, b, c, d, 0]);
        let scan = [segment(0xDA, b"\0"), b"ab\xFF\0\xFF\xD0cd".to_vec()].concat();
        [JPEG.to_vec(), notes.concat(), frame, scan, b"\xFF\xD9".to_vec()].concat()
    }

    /// An Exif segment with a place, and the orientation behind it.
    fn exif(way: u8) -> Vec<u8> {
        let camera = [1, 0x0F, 0, 2, 0, 0, 0, 4, b'c', b'a', b'm', 0];
        let orientation = [1, 0x12, 0, 3, 0, 0, 0, 1, 0, way, 0, 0];
        let tiff = [&b"MM\0\x2A\0\0\0\x08\0\x02"[..], &camera, &orientation, b"\0\0\0\0GPS 30.27N 120.15E"].concat();
        segment(0xE1, &[b"Exif\0\0", &tiff[..]].concat())
    }

    fn has(bytes: &[u8], wanted: &[u8]) -> bool {
        bytes.windows(wanted.len()).any(|window| window == wanted)
    }

    #[test]
    fn a_picture_is_whole_or_broken() {
        // A thumbnail in APP1 ends before the picture does.
        let thumbnail = segment(0xE1, b"Ex\xFF\xD8\xFF\xD9");
        for whole in [a_png(800, 600, &[(b"tEXt", b"a\0b")]), a_jpeg(800, 600, &[thumbnail])] {
            assert!(clean(&whole).is_ok());
            for end in 0..whole.len() {
                assert_eq!(clean(&whole[..end]), Err(Fault::Broken), "{end} of {}", whole.len());
            }
        }
        assert_eq!(clean(&a_png(0, 600, &[])), Err(Fault::Broken));
        assert_eq!(clean(&a_jpeg(800, 0, &[])), Err(Fault::Broken));
        assert_eq!(clean(&a_png(8, 8, &[(b"CgBI", b"")])), Err(Fault::Broken));
    }

    #[test]
    fn a_picture_has_forty_million_pixels_at_most() {
        assert!(clean(&a_png(8_000, 5_000, &[])).is_ok());
        assert_eq!(clean(&a_png(8_000, 5_001, &[])), Err(Fault::Large(8_000, 5_001)));
        assert_eq!(clean(&a_jpeg(30_000, 30_000, &[])), Err(Fault::Large(30_000, 30_000)));
    }

    #[test]
    fn where_a_picture_was_taken_is_left_out() {
        let notes: [(&[u8], &[u8]); 5] = [
            (b"tEXt", b"Author\0li"),
            (b"iTXt", b"XML:com.adobe.xmp\0gps"),
            (b"zTXt", b"x"),
            (b"eXIf", b"MM"),
            (b"tIME", b"2026"),
        ];
        assert_eq!(clean(&a_png(8, 8, &notes)), Ok(a_png(8, 8, &[])));
        let colours: [(&[u8], &[u8]); 2] = [(b"iCCP", b"profile"), (b"PLTE", b"rgb")];
        assert_eq!(clean(&a_png(8, 8, &colours)), Ok(a_png(8, 8, &colours)));

        let shown = [segment(0xE0, b"JFIF\0\x01"), segment(0xE2, b"ICC_PROFILE\0x"), segment(0xEE, b"Adobe\0")];
        let xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0gps");
        let notes =
            [exif(1), xmp, segment(0xED, b"Photoshop 3.0\0city"), segment(0xFE, b"by li"), segment(0xE2, b"MPF\0")];
        let cleaned = clean(&a_jpeg(8, 8, &[&shown[..], &notes].concat()));
        assert_eq!(cleaned, Ok(a_jpeg(8, 8, &shown)));
    }

    #[test]
    fn a_picture_stays_the_right_way_up() {
        let cleaned = clean(&a_jpeg(8, 8, &[exif(6)])).unwrap();
        assert!(!has(&cleaned, b"GPS") && !has(&cleaned, b"cam"));
        assert_eq!(cleaned, a_jpeg(8, 8, &[upright(6)]));
        assert_eq!(orientation(&upright(6)[4..]), Some(6));
        assert_eq!(clean(&cleaned).as_deref(), Ok(&cleaned[..]), "clean is clean");
        assert_eq!(orientation(b"Exif\0\0II\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0"), Some(8));
        assert_eq!(orientation(b"Exif\0\0II\x2A\0\xFF\xFF\xFF\xFF"), None);
        assert_eq!(
            clean(&a_jpeg(8, 8, &[segment(0xE1, b"Exif\0\0MM\0\x2A\0\0\0\x08\xFF\xFF")])),
            Ok(a_jpeg(8, 8, &[]))
        );
    }

    #[test]
    fn what_hides_behind_the_end_is_cut_off() {
        for whole in [a_png(8, 8, &[]), a_jpeg(8, 8, &[])] {
            let hiding = [&whole[..], b"PK\x03\x04<script>alert(1)</script>"].concat();
            assert_eq!(clean(&hiding), Ok(whole));
        }
    }
}

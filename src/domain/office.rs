//! Reads the parts of a new Office document (OOXML) for what does more than to be read: macros,
//! controls, fields that start a program (DDE), templates and objects that are fetched from
//! elsewhere.
//!
//! A part may lie under any name, so that every part is read, and known by its elements.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event, attributes::Attribute},
};

use super::archive::parts;

/// The longest tag or text; nobody writes longer ones, and one has to be held to be read.
const LONGEST: usize = 8 * 1024 * 1024;
/// Fields in fields; how much of a field tells what it does.
const FIELDS: usize = 100;
const FIELD: usize = 1_000;

/// What a document does besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Macro,
    /// Another program's object, or a control.
    Object,
    /// A field or a link that starts a program.
    Dde,
    /// A template, an object or a picture that is fetched from elsewhere.
    Elsewhere,
    /// A part that cannot be read as far as that goes.
    Unreadable,
}

/// The list in which a document says what its parts are.
pub(super) fn is_list_of_parts(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"[Content_Types].xml")
}

/// The part that holds the macros of a Word, Excel or PowerPoint document.
pub(super) fn is_macro(name: &[u8]) -> bool {
    parts(name).next_back().is_some_and(|part| part.eq_ignore_ascii_case(b"vbaProject.bin"))
}

/// Office reads these as XML, so that they must be readable for us.
pub(super) fn is_part(name: &[u8]) -> bool {
    let ends = |end: &[u8]| name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end);
    ends(b".xml") || ends(b".rels")
}

/// UTF-16 as UTF-8.
pub(super) fn narrow(bytes: &[u8]) -> String {
    let is_big = matches!(bytes, [0xFE, 0xFF, ..] | [0, _, ..]);
    let unit = |pair: &[u8]| {
        if is_big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) }
    };
    let units: Vec<_> = bytes.chunks_exact(2).map(unit).skip_while(|unit| *unit == 0xFEFF).collect();
    String::from_utf16_lossy(&units)
}

/// # Errors
/// The first thing that the part does besides.
pub(super) fn look(part: impl BufRead, must_be_readable: bool) -> Result<(), Fault> {
    let left = Cell::new(LONGEST);
    let mut reader = Reader::from_reader(Bounded { inner: part, left: &left });
    reader.config_mut().check_end_names = false;
    let (mut buffer, mut fields) = (Vec::new(), Fields::default());
    loop {
        left.set(LONGEST);
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return fields.end_all(),
            Ok(event) => {
                if let Event::Start(tag) | Event::Empty(tag) = &event {
                    judge(tag)?;
                }
                fields.take(&event)?;
            }
            Err(_) if left.get() == 0 || must_be_readable => return Err(Fault::Unreadable),
            Err(_) => return fields.end_all(),
        }
    }
}

/// What an element says by itself.
fn judge(tag: &BytesStart<'_>) -> Result<(), Fault> {
    let name = tag.local_name();
    match name.as_ref() {
        "ddeLink" => Err(Fault::Dde),
        "oleLink" => Err(Fault::Object),
        "Override" | "Default" => match attribute(tag, "ContentType").to_lowercase() {
            kind if kind.contains("vbaproject") || kind.contains("macrosheet") => Err(Fault::Macro),
            kind if kind.contains("activex") || kind.ends_with("oleobject") => Err(Fault::Object),
            _ => Ok(()),
        },
        "Relationship" if attribute(tag, "TargetMode").eq_ignore_ascii_case("External") => {
            let (kind, target) = (attribute(tag, "Type"), attribute(tag, "Target"));
            let kind = kind.rsplit('/').next().unwrap_or_default();
            if may_lead_out(kind, &target) { Ok(()) } else { Err(Fault::Elsewhere) }
        }
        "fldSimple" if is_dde(&attribute(tag, "instr")) => Err(Fault::Dde),
        _ => Ok(()),
    }
}

/// Links that a reader follows himself, workbooks of which the values are kept beside them, pictures
/// of the web; and whatever lies on his own disk, for nobody else put it there.
fn may_lead_out(kind: &str, target: &str) -> bool {
    let target = target.trim().to_ascii_lowercase();
    let is_on_web = target.starts_with("http://") || target.starts_with("https://");
    match kind {
        "hyperlink"
        | "externalLinkPath"
        | "externalLinkLongPath"
        | "xlPathMissing"
        | "xlStartup"
        | "xlLibrary"
        | "xlAlternateStartup" => true,
        "image" | "video" | "audio" | "media" if is_on_web => true,
        _ => is_local(&target),
    }
}

fn is_local(target: &str) -> bool {
    let path = target.strip_prefix("file:///").unwrap_or(target);
    let on_drive = matches!(path.as_bytes(), [b'a'..=b'z', b':', ..]);
    let is_relative = path == target && !path.starts_with(['/', '\\']) && !path.contains(':') && !path.contains('%');
    on_drive || is_relative
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> String {
    let is_it = |attribute: &Attribute<'_>| attribute.key.local_name().as_ref() == name;
    let found = tag.attributes().with_checks(false).flatten().find(is_it);
    let value = found.and_then(|found| found.normalized_value(XmlVersion::Implicit1_0).ok());
    value.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn is_dde(instruction: &str) -> bool {
    let word = instruction.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    ["dde", "ddeauto"].contains(&word.to_ascii_lowercase().as_str())
}

/// The fields of a Word document that are open: their instructions come in pieces, and may hold
/// fields themselves.
#[derive(Default)]
struct Fields {
    open: Vec<Field>,
    is_instruction: bool,
}

#[derive(Default)]
struct Field {
    instruction: String,
    /// The instruction is over, and what it made follows.
    is_shown: bool,
}

impl Fields {
    fn take(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        match event {
            Event::Start(tag) if tag.local_name().as_ref() == "instrText" => self.is_instruction = true,
            Event::End(tag) if tag.local_name().as_ref() == "instrText" => self.is_instruction = false,
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "fldChar" => {
                match attribute(tag, "fldCharType").as_str() {
                    "begin" => self.begin()?,
                    "separate" => self.show()?,
                    "end" => self.end()?,
                    _ => {}
                }
            }
            Event::Text(text) if self.is_instruction => self.add(text),
            Event::CData(text) if self.is_instruction => self.add(text),
            Event::GeneralRef(name) if self.is_instruction => {
                let character = name.resolve_char_ref().ok().flatten().unwrap_or(' ');
                self.add(character.encode_utf8(&mut [0; 4]));
            }
            _ => {}
        }
        Ok(())
    }

    /// A field whose very name is made by another one hides what it does.
    fn begin(&mut self) -> Result<(), Fault> {
        let is_hidden = self.open.last().is_some_and(|outer| !outer.is_shown && outer.instruction.trim().is_empty());
        if is_hidden || self.open.len() == FIELDS {
            return Err(Fault::Dde);
        }
        self.open.push(Field::default());
        Ok(())
    }

    fn add(&mut self, text: &str) {
        if self.open.is_empty() && !text.trim().is_empty() {
            self.open.push(Field::default());
        }
        let field = self.open.last_mut().filter(|field| !field.is_shown && field.instruction.len() < FIELD);
        if let Some(field) = field {
            // Blanks in front say nothing, and must not fill what is read of it.
            field.instruction.push_str(if field.instruction.is_empty() { text.trim_start() } else { text });
        }
    }

    fn show(&mut self) -> Result<(), Fault> {
        let Some(field) = self.open.last_mut() else { return Ok(()) };
        field.is_shown = true;
        if is_dde(&field.instruction) { Err(Fault::Dde) } else { Ok(()) }
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.show()?;
        self.open.pop();
        Ok(())
    }

    fn end_all(&mut self) -> Result<(), Fault> {
        while !self.open.is_empty() {
            self.end()?;
        }
        Ok(())
    }
}

/// Reads no more than what is left, which is renewed with every element.
struct Bounded<'a, R> {
    inner: R,
    left: &'a Cell<usize>,
}

impl<R: BufRead> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Bounded<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left.get() == 0 {
            return Err(io::Error::other("an element without end"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.left.set(self.left.get().saturating_sub(amount));
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_at(part: &str) -> Result<(), Fault> {
        look(part.as_bytes(), true)
    }

    fn link(kind: &str, target: &str) -> Result<(), Fault> {
        look_at(&format!(
            "<Relationships><Relationship Id=\"1\" Type=\"http://x/relationships/{kind}\" Target=\"{target}\" TargetMode=\"External\"/></Relationships>"
        ))
    }

    fn fields(pieces: &[&str]) -> Result<(), Fault> {
        let run = |piece: &&str| match *piece {
            "begin" | "separate" | "end" => format!("<w:r><w:fldChar w:fldCharType=\"{piece}\"/></w:r>"),
            text => format!("<w:r><w:instrText xml:space=\"preserve\">{text}</w:instrText></w:r>"),
        };
        look_at(&format!("<w:document><w:p>{}</w:p></w:document>", pieces.iter().map(run).collect::<String>()))
    }

    #[test]
    fn an_honest_document_is_read_to_its_end() {
        assert_eq!(look_at("<w:document><w:p><w:t>DDEAUTO &amp; 通知</w:t></w:p></w:document>"), Ok(()));
        assert_eq!(
            fields(&["begin", " TOC \\o ", "separate", "begin", " PAGEREF _1 ", "separate", "end", "end"]),
            Ok(())
        );
        let nested = ["begin", " IF ", "begin", " MERGEFIELD a ", "separate", "end", " = 1 ", "separate", "end", " "];
        assert_eq!(fields(&[&nested[..], &["begin", " DATE ", "end"]].concat()), Ok(()));
        assert_eq!(fields(&nested), Ok(()));
        assert_eq!(look_at("<w:fldSimple w:instr=\" HYPERLINK dde \"/>"), Ok(()));
        for (kind, target) in [
            ("hyperlink", "https://a.cn/"),
            ("externalLinkPath", "file:///\\\\server\\share\\a.xlsx"),
            ("image", "https://a.cn/a.png"),
            ("attachedTemplate", "file:///C:\\Users\\li\\a.dotx"),
            ("attachedTemplate", "Normal.dotm"),
        ] {
            assert_eq!(link(kind, target), Ok(()), "{kind} {target}");
        }
    }

    #[test]
    fn what_is_fetched_from_elsewhere_is_found() {
        for (kind, target) in [
            ("attachedTemplate", "http://a.cn/a.dotm"),
            ("attachedTemplate", "&#104;ttp://a.cn/a.dotm"),
            ("attachedTemplate", "file://server/a.dotm"),
            ("attachedTemplate", "\\\\server\\share\\a.dotm"),
            ("attachedTemplate", "//server/a.dotm"),
            ("oleObject", "http://a.cn/a.html!"),
            ("oleObject", "mhtml:http://a.cn/!x-usc:http://a.cn/"),
            ("frame", "https://a.cn/"),
            ("subDocument", "https://a.cn/a.docx"),
            ("image", "file:////server/a.png"),
        ] {
            assert_eq!(link(kind, target), Err(Fault::Elsewhere), "{kind} {target}");
        }
    }

    #[test]
    fn a_field_that_starts_a_program_is_found_in_pieces_too() {
        let blanks = &" ".repeat(FIELD);
        for pieces in [
            &["begin", " DDEAUTO c:\\\\x", "separate", "end"][..],
            &["begin", "dd", "e c", "end"],
            &["begin", "&#68;DE c", "separate", "end"],
            &["begin", "<![CDATA[DDE c]]>", "separate", "end"],
            &["begin", " IF ", "begin", "DDE c", "end", "end"],
            &["begin", "begin", "QUOTE 68 68 69", "separate", "end", " c", "end"],
            &["begin", "DDE c"],
            &["begin", blanks, "DDE c", "separate", "end"],
            &["begin", blanks, " ", blanks, "D", "DE c", "end"],
        ] {
            assert_eq!(fields(pieces), Err(Fault::Dde), "{pieces:?}");
        }
        assert_eq!(look_at("<x:fldSimple x:instr=' DDE a b '/>"), Err(Fault::Dde));
        assert_eq!(look_at("<externalLink><ddeLink ddeService=\"cmd\"/></externalLink>"), Err(Fault::Dde));
    }

    #[test]
    fn macros_controls_and_objects_are_found_by_their_type() {
        let of =
            |kind: &str| look_at(&format!("<Types><Override PartName=\"/a.bin\" ContentType=\"{kind}\"/></Types>"));
        assert_eq!(of("application/vnd.ms-office.vbaProject"), Err(Fault::Macro));
        assert_eq!(of("application/vnd.ms-office.&#118;baProject"), Err(Fault::Macro));
        assert_eq!(of("application/vnd.ms-excel.macrosheet+xml"), Err(Fault::Macro));
        assert_eq!(of("application/vnd.ms-office.activeX+xml"), Err(Fault::Object));
        assert_eq!(of("application/xml"), Ok(()));
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_where_office_would_read_it() {
        assert_eq!(look(&b"<p>not closed"[..], false), Ok(()));
        assert_eq!(look(&b"<a \xFF>"[..], true), Err(Fault::Unreadable));
        let endless = [b"<a>".to_vec(), vec![b'x'; LONGEST + 1]].concat();
        assert_eq!(look(&endless[..], false), Err(Fault::Unreadable));
        let wide: Vec<u8> = "\u{FEFF}<ddeLink/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(narrow(&wide), "<ddeLink/>");
    }
}

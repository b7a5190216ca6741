//! 附件: what may be attached, told by its name, by its first bytes and by what is inside.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{fields, fields::Fields, text};
use crate::domain::{
    Problem,
    archive::{self, Fault},
    compound,
    message::{AttachedFile, limits},
    office, picture,
    problem::Class,
    rar,
};

/// All attachments of one message together.
const TOTAL_BYTES: usize = 20 * 1024 * 1024;
/// Longest name kept, in characters.
const NAME: usize = 100;

/// Name for people, media type, how the bytes begin, and what else must be inside.
struct Format {
    extensions: &'static [&'static str],
    name: &'static str,
    media_type: &'static str,
    magic: &'static [&'static [u8]],
    inside: &'static [u8],
}

const ZIP: &[&[u8]] = &[b"PK\x03\x04"];
const OLE: &[&[u8]] = &[compound::MAGIC];

#[rustfmt::skip]
const FORMATS: [Format; 11] = [
    Format { extensions: &["pdf"], name: "PDF", media_type: "application/pdf", magic: &[b"%PDF-"], inside: b"" },
    Format { extensions: &["jpg", "jpeg"], name: "JPG 图片", media_type: "image/jpeg", magic: &[b"\xFF\xD8\xFF"], inside: b"" },
    Format { extensions: &["png"], name: "PNG 图片", media_type: "image/png", magic: &[b"\x89PNG\r\n\x1A\n"], inside: b"" },
    Format { extensions: &["docx"], name: "Word 文档", media_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", magic: ZIP, inside: b"word/" },
    Format { extensions: &["xlsx"], name: "Excel 表格", media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", magic: ZIP, inside: b"xl/" },
    Format { extensions: &["pptx"], name: "PPT 演示文稿", media_type: "application/vnd.openxmlformats-officedocument.presentationml.presentation", magic: ZIP, inside: b"ppt/" },
    Format { extensions: &["doc"], name: "Word 文档", media_type: "application/msword", magic: OLE, inside: b"" },
    Format { extensions: &["xls"], name: "Excel 表格", media_type: "application/vnd.ms-excel", magic: OLE, inside: b"" },
    Format { extensions: &["ppt"], name: "PPT 演示文稿", media_type: "application/vnd.ms-powerpoint", magic: OLE, inside: b"" },
    Format { extensions: &["zip"], name: "ZIP 压缩包", media_type: "application/zip", magic: &[b"PK\x03\x04", b"PK\x05\x06"], inside: b"" },
    Format { extensions: &["rar"], name: "RAR 压缩包", media_type: "application/vnd.rar", magic: &[rar::MAGIC], inside: b"" },
];

/// Never an attachment, under whatever name; only to say what it is.
const PROGRAMS: [&[u8]; 8] = [
    b"MZ",
    b"\x7FELF",
    b"#!",
    b"\xFE\xED\xFA\xCE",
    b"\xFE\xED\xFA\xCF",
    b"\xCE\xFA\xED\xFE",
    b"\xCF\xFA\xED\xFE",
    b"\xCA\xFE\xBA\xBE",
];

/// The attachments of a message.
pub fn read(fields: &Fields<'_>) -> Result<Vec<AttachedFile>, Problem> {
    fits(fields.list("attachments")?.len(), 0, &fields.at("attachments"))?;
    let read: Vec<AttachedFile> =
        fields.items("attachments")?.map(|(at, value)| one(value, &at)).collect::<Result<_, _>>()?;
    fits(read.len(), read.iter().map(|file| file.bytes.len()).sum(), &fields.at("attachments"))?;
    Ok(read)
}

/// So many files with so many bytes in all are not too many for one message.
///
/// # Errors
/// `FILE_COUNT`, `FILE_SIZE`
pub fn fits(count: usize, total_bytes: usize, at: &str) -> Result<(), Problem> {
    let limit = limits::ATTACHMENTS;
    if count > limit {
        return Err(Problem::invalid("FILE_COUNT", at, format!("最多 {limit} 个附件，当前 {count} 个"))
            .in_english(format!("at most {limit} attachments, these are {count}")));
    }
    if total_bytes > TOTAL_BYTES {
        return Err(too_large(at, "全部附件合计", TOTAL_BYTES, total_bytes));
    }
    Ok(())
}

fn one(value: &Value, at: &str) -> Result<AttachedFile, Problem> {
    let fields = Fields::of(value, at, &["name", "content"])?;
    let content = fields::text(
        fields.get("content").ok_or_else(|| fields::missing(&fields.at("content")))?,
        &fields.at("content"),
    )?;
    let bytes = STANDARD.decode(content).map_err(|_| {
        Problem::invalid("FILE_ENCODING", fields.at("content"), "附件内容不是有效的 base64")
            .in_english("the content is not valid base64")
    })?;
    check(fields.required_text("name")?, bytes, at)
}

/// An attachment from its name and bytes, as a form or the API sends it, as it is kept.
///
/// # Errors
/// `NAME_BIDI`, `FILE_EMPTY`, `FILE_SIZE`, `FILE_TYPE`, `FILE_MACRO`, `FILE_ENCRYPTED`, `ZIP_BOMB`,
/// `ZIP_PATH`, `IMG_PIXELS`, `IMG_BROKEN`
pub fn check(name: &str, bytes: Vec<u8>, at: &str) -> Result<AttachedFile, Problem> {
    if name.chars().any(text::is_bidi) {
        return Err(Problem::invalid("NAME_BIDI", format!("{at}/name"), "文件名含有方向控制字符")
            .in_english("the file name holds characters that turn the direction of writing"));
    }
    if bytes.is_empty() {
        return Err(Problem::invalid("FILE_EMPTY", at, "附件是空的（0 字节）").in_english("the file is empty"));
    }
    if bytes.len() > limits::ATTACHMENT_BYTES {
        return Err(too_large(at, "单个附件", limits::ATTACHMENT_BYTES, bytes.len()));
    }
    let name = clean_name(name);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let Some(format) = FORMATS.iter().find(|format| format.extensions.contains(&extension.as_str())) else {
        let allowed = FORMATS.iter().flat_map(|format| format.extensions).copied().collect::<Vec<_>>().join("、");
        return Err(Problem::invalid("FILE_TYPE", at, format!("不支持的文件类型“{extension}”，可上传：{allowed}"))
            .in_english(format!("files of the type “{extension}” are not taken")));
    };
    if format.is_office() && compound::check(&bytes) == Err(compound::Fault::Encrypted) {
        return Err(format.of_archive(&Fault::Encrypted, at));
    }
    if !format.fits(&bytes) {
        let (found, english) = what_it_is(&bytes);
        let wanted = format.name;
        return Err(Problem::invalid("FILE_TYPE", at, format!("文件内容{found}，不是 {wanted}，已拒绝"))
            .in_english(format!("the content {english}, not a .{extension} file; refused")));
    }
    let bytes = format.look_into(bytes, at)?;
    Ok(AttachedFile { name, bytes, media_type: format.media_type.to_owned() })
}

impl Format {
    /// The bytes that are kept: of pictures what shows them, of all else everything.
    fn look_into(&self, bytes: Vec<u8>, at: &str) -> Result<Vec<u8>, Problem> {
        if self.media_type.starts_with("image/") {
            return picture::clean(&bytes).map_err(|fault| of_picture(&fault, at));
        }
        let found = match &bytes[..] {
            zip if zip.starts_with(b"PK") => archive::check(zip),
            rar if rar.starts_with(rar::MAGIC) => rar::check(rar),
            old if old.starts_with(compound::MAGIC) => compound::check(old).map_err(Fault::from),
            _ => Ok(()),
        };
        found.map_err(|fault| self.of_archive(&fault, at))?;
        Ok(bytes)
    }

    fn of_archive(&self, fault: &Fault, at: &str) -> Problem {
        let bomb = |detail: &str, english: &str| Problem::invalid("ZIP_BOMB", at, detail).in_english(english);
        match fault {
            Fault::Large => bomb("压缩包展开后超过 100 MB", "the archive unpacks to more than 100 MB"),
            Fault::Dense => {
                bomb("压缩包展开后超过自身大小的 100 倍", "the archive unpacks to more than 100 times its size")
            }
            Fault::Many(count) => bomb(
                &format!("压缩包内最多 2000 个文件，当前 {count} 个"),
                &format!("at most 2000 files in an archive, these are {count}"),
            ),
            Fault::Deep => bomb("压缩包最多嵌套 2 层", "archives are nested at most twice"),
            Fault::Inner => bomb(
                "压缩包内的压缩包或旧版文档超过 8 MB",
                "an archive or an old document inside the archive is larger than 8 MB",
            ),
            Fault::Path => Problem::invalid("ZIP_PATH", at, "压缩包含有非法路径")
                .in_english("the archive holds paths that lead out of it"),
            Fault::Encrypted if self.is_office() => {
                Problem::invalid("FILE_ENCRYPTED", at, "文档设有打开密码，无法检查内容，请去掉密码后再上传")
                    .in_english("the document has a password and cannot be looked into; take the password off")
            }
            Fault::Encrypted => {
                Problem::invalid("FILE_ENCRYPTED", at, "压缩包内有加密的文件，无法检查内容，请去掉密码后再上传")
                    .in_english("the archive has a password and cannot be looked into; take the password off")
            }
            Fault::Active(fault) => self.of_document(*fault, at),
            Fault::Broken => self.broken(at),
        }
    }

    fn of_document(&self, fault: office::Fault, at: &str) -> Problem {
        let (detail, english) = match fault {
            office::Fault::Macro => ("文档含宏，不能上传", "documents with macros are not taken"),
            office::Fault::Object => (
                "文档嵌有其他程序的对象（OLE），不能上传，请删除该对象或另存为 PDF",
                "documents with embedded objects (OLE) are not taken; remove them, or save as PDF",
            ),
            office::Fault::Dde => (
                "文档含会启动程序的域或链接（DDE），不能上传",
                "documents with fields or links that start a program (DDE) are not taken",
            ),
            office::Fault::Elsewhere => (
                "文档会从别处载入模板、对象或图片，不能上传，请另存为 PDF",
                "documents that load a template, an object or a picture from elsewhere are not taken; save as PDF",
            ),
            office::Fault::Unreadable => return self.broken(at),
        };
        Problem::invalid("FILE_MACRO", at, detail).in_english(english)
    }

    fn broken(&self, at: &str) -> Problem {
        Problem::invalid("FILE_TYPE", at, format!("文件已损坏，不是完整的 {}，已拒绝", self.name))
            .in_english("the file is damaged; refused")
    }

    /// A Word, Excel or PowerPoint document, old or new.
    fn is_office(&self) -> bool {
        !self.inside.is_empty() || self.magic == OLE
    }

    fn fits(&self, bytes: &[u8]) -> bool {
        self.magic.iter().any(|magic| bytes.starts_with(magic)) && contains(bytes, self.inside)
    }
}

/// Whether this is the type of something that may be attached: none of them is carried out by a browser.
pub fn is_known(media_type: &str) -> bool {
    FORMATS.iter().any(|format| format.media_type == media_type)
}

fn of_picture(fault: &picture::Fault, at: &str) -> Problem {
    match fault {
        picture::Fault::Broken => Problem::invalid("IMG_BROKEN", at, "图片已损坏").in_english("the picture is damaged"),
        picture::Fault::Large(width, height) => {
            Problem::invalid("IMG_PIXELS", at, format!("图片最多 4000 万像素，当前 {width} × {height}，请缩小后再上传"))
                .in_english(format!("at most 40 million pixels, this is {width} × {height}"))
        }
    }
}

/// Names of entries stand uncompressed in a ZIP container.
fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    wanted.is_empty() || bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn what_it_is(bytes: &[u8]) -> (String, &'static str) {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).trim_start().to_ascii_lowercase();
    if PROGRAMS.iter().any(|magic| bytes.starts_with(magic)) {
        ("是程序".to_owned(), "is a program")
    } else if ["<!doctype html", "<html", "<script", "<svg", "<?xml"].iter().any(|tag| start.starts_with(tag)) {
        ("是网页".to_owned(), "is a web page")
    } else if let Some(format) = FORMATS.iter().find(|format| format.inside.is_empty() && format.fits(bytes)) {
        (format!("是 {}", format.name), "is of another type")
    } else {
        ("与扩展名不符".to_owned(), "does not fit its name")
    }
}

/// The name for people: the last part of a path, without what cannot be seen, not too long. The
/// file itself is stored under a name of ours.
fn clean_name(raw: &str) -> String {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !c.is_control() && !matches!(c, '\u{200B}' | '\u{FEFF}')).collect();
    let name = seen.trim().trim_start_matches('.').to_owned();
    let count = text::count(&name);
    match name.rsplit_once('.') {
        Some((stem, extension)) if count > NAME && text::count(extension) < 10 => {
            let kept: String = stem.chars().take(NAME - 1 - text::count(extension)).collect();
            format!("{kept}.{extension}")
        }
        _ => name,
    }
}

fn too_large(at: &str, what: &str, limit: usize, found: usize) -> Problem {
    let limit = limit / (1024 * 1024);
    // Rounded up, so that one byte too many never reads as the limit itself.
    let hundredths = (found * 100).div_ceil(1024 * 1024);
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    Problem::new(Class::TooLarge, "FILE_SIZE", at, format!("{what}不超过 {limit} MB，当前 {whole}.{rest:02} MB"))
        .in_english(format!("at most {limit} MB, this is {whole}.{rest:02} MB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, bytes: &[u8]) -> (&'static str, String) {
        let problem = check(name, bytes.to_vec(), "/attachments/0").expect_err(name);
        (problem.code, problem.detail)
    }

    #[test]
    fn the_name_and_the_bytes_must_agree() {
        for (name, bytes) in [("议程.pdf", &b"%PDF-1.7"[..]), ("CON.pdf", b"%PDF-"), ("../../议程.pdf", b"%PDF-")] {
            assert!(check(name, bytes.to_vec(), "").is_ok(), "{name}");
        }
        assert_eq!(refused("议程.pdf", b"MZ\x90"), ("FILE_TYPE", "文件内容是程序，不是 PDF，已拒绝".to_owned()));
        assert_eq!(refused("a.jpg", b" <html>").1, "文件内容是网页，不是 JPG 图片，已拒绝");
        assert_eq!(refused("a.docx", b"PK\x03\x04xl/").1, "文件内容是 ZIP 压缩包，不是 Word 文档，已拒绝");
        assert_eq!(refused("表.xlsx", b"PK\x03\x04....xl/").1, "文件已损坏，不是完整的 Excel 表格，已拒绝");
        assert_eq!(refused("照片.JPG", b"\xFF\xD8\xFF\xE0"), ("IMG_BROKEN", "图片已损坏".to_owned()));
        assert_eq!(refused("a.pdf.exe", b"MZ").0, "FILE_TYPE");
        assert_eq!(refused("议程", b"%PDF-").0, "FILE_TYPE");
        assert_eq!(refused("fdp.\u{202E}exe.pdf", b"%PDF-"), ("NAME_BIDI", "文件名含有方向控制字符".to_owned()));
    }

    #[test]
    fn a_file_has_a_size() {
        assert_eq!(refused("a.pdf", b"").0, "FILE_EMPTY");
        let large = vec![0; limits::ATTACHMENT_BYTES + 1];
        assert_eq!(refused("a.pdf", &large), ("FILE_SIZE", "单个附件不超过 5 MB，当前 5.01 MB".to_owned()));
    }

    #[test]
    fn a_name_is_made_fit_to_be_shown() {
        assert_eq!(clean_name("..\\..\\a\r\nb.pdf"), "ab.pdf");
        assert_eq!(clean_name("../x/.pdf"), "pdf");
        let long = clean_name(&format!("{}.pdf", "字".repeat(300)));
        assert!(long.ends_with("字.pdf") && text::count(&long) == NAME);
    }
}

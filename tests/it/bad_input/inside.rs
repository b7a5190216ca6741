//! Files whose names and first bytes are good and whose insides are not (lines 39, 40 and 42).

use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{Case, doors::Doors, file, with};

pub fn cases() -> Vec<Case> {
    let one = |name: &str, bytes: &[u8]| json!({"attachments": [file(name, bytes)]});
    let symlink = {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.add_symlink("a", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        archive.finish().unwrap().into_inner()
    };
    let deep = (0..10).fold(zip_of(&[("a", b"a")]), |inner, _| zip_of(&[("a.zip", &inner)]));
    let photo = picture(8, 8);
    vec![
        (39, one("a.zip", &declaring_four_gigabytes()), "ZIP_BOMB", "压缩包展开后超过 100 MB"),
        (39, one("a.zip", &zip_of(&[("a", &[0; 2_000_000])])), "ZIP_BOMB", "压缩包展开后超过自身大小的 100 倍"),
        (39, one("a.zip", &zip_of_many(2_001)), "ZIP_BOMB", "压缩包内最多 2000 个文件，当前 2001 个"),
        (39, one("a.zip", &deep), "ZIP_BOMB", "压缩包最多嵌套 2 层"),
        (39, one("a.zip", &zip_of(&[("../../etc/x", b"x")])), "ZIP_PATH", "压缩包含有非法路径"),
        (39, one("a.docx", &zip_of(&[("word/document.xml", b""), ("/x", b"x")])), "ZIP_PATH", "压缩包含有非法路径"),
        (39, one("a.zip", &symlink), "ZIP_PATH", "压缩包含有非法路径"),
        (39, one("a.zip", b"PK\x03\x04 and then nothing"), "FILE_TYPE", "文件已损坏，不是完整的 ZIP 压缩包，已拒绝"),
        (40, one("a.png", &picture(30_000, 30_000)), "IMG_PIXELS", "图片最多 4000 万像素，当前 30000 × 30000"),
        (40, one("a.png", &photo[..photo.len() - 12]), "IMG_BROKEN", "图片已损坏"),
        (40, one("a.jpg", b"\xFF\xD8\xFF\xE0\0\x04ab"), "IMG_BROKEN", "图片已损坏"),
        (42, one("a.docx", &with_macros("word")), "FILE_MACRO", "文档含宏，不能上传"),
        (42, one("a.xlsx", &with_macros("xl")), "FILE_MACRO", "文档含宏，不能上传"),
        (42, one("a.pptx", &with_macros("ppt")), "FILE_MACRO", "文档含宏，不能上传"),
    ]
    .into_iter()
    .chain(passwords(&one))
    .chain(documents(&one))
    .collect()
}

fn passwords(one: &impl Fn(&str, &[u8]) -> Value) -> Vec<Case> {
    let new = old_document(&[("EncryptionInfo", 2), ("EncryptedPackage", 2)]);
    let rar = b"Rar!\x1A\x07\x01\0crc!\x05\x04\0\0\0\0";
    vec![
        (
            39,
            one("a.zip", &with_password()),
            "FILE_ENCRYPTED",
            "压缩包内有加密的文件，无法检查内容，请去掉密码后再上传",
        ),
        (39, one("a.rar", rar), "FILE_ENCRYPTED", "压缩包内有加密的文件，无法检查内容"),
        (39, one("a.rar", &rar[..10]), "FILE_TYPE", "文件已损坏，不是完整的 RAR 压缩包，已拒绝"),
        (39, one("a.xlsx", &new), "FILE_ENCRYPTED", "文档设有打开密码，无法检查内容，请去掉密码后再上传"),
    ]
}

fn documents(one: &impl Fn(&str, &[u8]) -> Value) -> Vec<Case> {
    let docx = |part: &str, content: &[u8]| {
        let parts = [("[Content_Types].xml", &b"<Types/>"[..]), ("word/document.xml", b"<w/>"), (part, content)];
        one("a.docx", &zip_of(&parts))
    };
    let template = br#"<Relationships><Relationship Type="http://x/attachedTemplate" Target="https://a.cn/a.dotm" TargetMode="External"/></Relationships>"#;
    let field = br#"<w:p><w:fldChar w:fldCharType="begin"/><w:instrText>DDEAUTO cmd</w:instrText></w:p>"#;
    let wide: Vec<u8> = "\u{FEFF}<ddeLink/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let macros = old_document(&[("Root Entry", 5), ("Macros", 1)]);
    let parts = [("[Content_Types].xml", &b"<Types/>"[..]), ("xl/workbook.xml", b"<x/>"), ("xl/a.xml", &wide)];
    vec![
        (
            42,
            docx("word/_rels/settings.xml.rels", template),
            "FILE_MACRO",
            "文档会从别处载入模板、对象或图片，不能上传",
        ),
        (42, docx("word/footer.xml", field), "FILE_MACRO", "文档含会启动程序的域或链接（DDE），不能上传"),
        (42, one("a.xlsx", &zip_of(&parts)), "FILE_MACRO", "文档含会启动程序的域或链接（DDE），不能上传"),
        (
            42,
            docx("word/embeddings/a.bin", &old_document(&[])),
            "FILE_MACRO",
            "文档嵌有其他程序的对象（OLE），不能上传",
        ),
        (42, one("a.doc", &macros), "FILE_MACRO", "文档含宏，不能上传"),
        (42, one("a.zip", &zip_of(&[("a.doc", &macros)])), "FILE_MACRO", "文档含宏，不能上传"),
        (42, one("a.xls", &old_document(&[("_VBA_PROJECT_CUR", 1)])), "FILE_MACRO", "文档含宏，不能上传"),
    ]
}

#[tokio::test]
async fn what_is_good_inside_is_taken_at_every_door() {
    let mut doors = Doors::open().await;
    let mut sheet = rust_xlsxwriter::Workbook::new();
    sheet.add_worksheet().write(0, 0, "姓名").unwrap();
    for (name, bytes) in [
        ("名单.xlsx", sheet.save_to_buffer().unwrap()),
        ("通知.docx", zip_of(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")])),
        ("材料.zip", zip_of(&[("材料/一.txt", b"1"), ("材料/二.zip", &zip_of(&[("a", b"a")]))])),
        ("照片.png", picture(8_000, 5_000)),
    ] {
        let message = with(&json!({"attachments": [file(name, &bytes)]}));
        assert_eq!(doors.http(message.to_string()).await.1, "", "{name}");
        assert_eq!(doors.queue(message.to_string()).await.1, "", "{name}");
        assert_eq!(doors.form(&message).await.unwrap().0, 303, "{name}");
    }
    doors.site.test.end().await;
}

#[tokio::test]
async fn what_is_kept_of_a_picture_is_the_picture() {
    let mut doors = Doors::open().await;
    let (photo, end) = (picture(8, 8), 12);
    let place = [&b"\0\0\0\x0AtEXt"[..], b"GPS\x0030.27N", b"crc!"].concat();
    let (front, back) = photo.split_at(photo.len() - end);
    let taken = [front, &place, back, b"PK\x03\x04 an archive behind it"].concat();
    let message = with(&json!({"attachments": [file("照片.png", &taken)]}));
    assert_eq!(doors.http(message.to_string()).await.1, "");
    let folder = doors.site.test.place.data_dir.join("attachments");
    let kept: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert_eq!(kept, [photo]);
    doors.site.test.end().await;
}

/// The header and directory of a compound file: storages (1) and streams (2).
pub fn old_document(entries: &[(&str, u8)]) -> Vec<u8> {
    let mut bytes = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    bytes.resize(512, 0);
    for (name, kind) in entries {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u8::try_from(entry.len() + 2).unwrap();
        entry.resize(64, 0);
        entry.extend([length, 0, *kind]);
        entry.resize(128, 0);
        bytes.extend(entry);
    }
    bytes
}

/// The flags that say so stand 6 bytes into the entry and 8 into the directory's.
fn with_password() -> Vec<u8> {
    let mut bytes = zip_of(&[("a", b"secret")]);
    let entry = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    (bytes[6], bytes[entry + 8]) = (bytes[6] | 1, bytes[entry + 8] | 1);
    bytes
}

pub fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn zip_of_many(count: usize) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for nth in 0..count {
        archive.start_file(nth, stored).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The size stands 24 bytes into the directory's entry.
fn declaring_four_gigabytes() -> Vec<u8> {
    let mut bytes = zip_of(&[("a", &[0; 1_000])]);
    let entry = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    bytes[entry + 24..entry + 28].copy_from_slice(&0xFFFF_FFF0_u32.to_le_bytes());
    bytes
}

fn with_macros(folder: &str) -> Vec<u8> {
    zip_of(&[
        ("[Content_Types].xml", b"<Types/>"),
        (&format!("{folder}/document.xml"), b"<w/>"),
        (&format!("{folder}/vbaProject.bin"), b"\xD0\xCF\x11\xE0"),
    ])
}

/// A PNG of this size: what it says of itself, some pixels, the end.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let size = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut bytes = b"\x89PNG\r\n\x1A\n".to_vec();
    for (kind, content) in [(b"IHDR", &size[..]), (b"IDAT", b"\x78\x9C\x03\0\0\0\0\x01"), (b"IEND", b"")] {
        bytes.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend([&kind[..], content, &[0; 4]].concat());
    }
    bytes
}

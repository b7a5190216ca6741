//! Files that are meant to do harm by what they are called, by being two things at once, or by being
//! one of those that a browser or an office program would carry out (F28).

use serde_json::{Value, json};

use super::{
    Case,
    doors::{Doors, with},
    file,
    inside::{old_document, zip_of},
};
use crate::{pages::browser::Site, support::count};

pub fn cases() -> Vec<Case> {
    let one = |name: &str, bytes: &[u8]| json!({"attachments": [file(name, bytes)]});
    [names(&one), carried_out(&one), two_at_once(&one), documents(&one), sizes(&one)].concat()
}

fn names(one: &impl Fn(&str, &[u8]) -> Value) -> Vec<Case> {
    let turned = ["\u{202A}", "\u{202D}", "\u{202E}", "\u{2066}", "\u{2067}", "\u{2069}"];
    let turned = turned.map(|mark| (7, one(&format!("fdp{mark}exe.pdf"), b"%PDF-1.7"), "NAME_BIDI", "方向控制字符"));
    let wrong = [
        ("a.pdf.exe", "不支持的文件类型“exe”"),
        ("a.pdf.html", "不支持的文件类型“html”"),
        ("a.exe ", "不支持的文件类型“exe”"),
        ("a.pdf.", "不支持的文件类型“”"),
        ("..\\..\\Start Menu\\a.bat", "不支持的文件类型“bat”"),
        ("../../../.ssh/authorized_keys", "不支持的文件类型“”"),
        ("a.pdf::$DATA", "不支持的文件类型“pdf::$data”"),
        (".pdf", "不支持的文件类型“”"),
    ];
    let wrong = wrong.map(|(name, words)| (37, one(name, b"%PDF-1.7"), "FILE_TYPE", words));
    turned.into_iter().chain(wrong).collect()
}

/// What Windows, a browser or an office program starts, whatever is in it.
fn carried_out(one: &impl Fn(&str, &[u8]) -> Value) -> Vec<Case> {
    let kinds = [
        "svg", "html", "htm", "xhtml", "xml", "mht", "js", "hta", "vbs", "ps1", "lnk", "url", "scr", "msi", "jar",
        "iso", "docm", "dotm", "xlsm", "xlam", "pptm", "ppsm", "chm", "rtf", "7z", "gz", "gif", "webp",
    ];
    kinds.map(|kind| (37, one(&format!("a.{kind}"), b"<svg onload=alert(1)>"), "FILE_TYPE", "不支持的文件类型")).into()
}

fn two_at_once(one: &impl Fn(&str, &[u8]) -> Value) -> Vec<Case> {
    let web = "文件内容是网页";
    vec![
        (37, one("图.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), "FILE_TYPE", web),
        (37, one("图.png", b"<?xml version='1.0'?><svg onload='alert(1)'/>"), "FILE_TYPE", web),
        (37, one("a.pdf", b"<script>alert(1)</script>%PDF-1.7"), "FILE_TYPE", web),
        (37, one("a.docx", b"<!DOCTYPE html><script>alert(1)</script>word/"), "FILE_TYPE", web),
        (37, one("图.jpg", b"GIF89a/*\xFF\xD8\xFF*/=1;alert(1)//"), "FILE_TYPE", "与扩展名不符，不是 JPG 图片"),
        (37, one("a.pdf", b"#!/bin/sh\n%PDF-1.7"), "FILE_TYPE", "文件内容是程序，不是 PDF"),
        (37, one("a.zip", b"MZ\x90 and an archive behind it PK\x03\x04"), "FILE_TYPE", "文件内容是程序"),
        (37, one("a.doc", b"{\\rtf1\\objdata}"), "FILE_TYPE", "与扩展名不符，不是 Word 文档"),
        (37, one("a.xlsx", &zip_of(&[("word/document.xml", b"<w/>")])), "FILE_TYPE", "是 ZIP 压缩包，不是 Excel 表格"),
        // Behind its end a picture keeps nothing, and before it none is taken.
        (37, one("图.jpg", b"PK\x03\x04\xFF\xD8\xFF\xE0"), "FILE_TYPE", "是 ZIP 压缩包，不是 JPG 图片"),
    ]
}

fn documents(one: &impl Fn(&str, &[u8]) -> Value) -> Vec<Case> {
    let sheet = |types: &str, part: &str, content: &[u8]| {
        let types = format!("<Types><Override PartName=\"/{part}\" ContentType=\"{types}\"/></Types>");
        let parts = [("[Content_Types].xml", types.as_bytes()), ("xl/workbook.xml", b"<x/>"), (part, content)];
        one("表.xlsx", &zip_of(&parts))
    };
    let link = |target: &str| {
        format!(
            "<Relationships><Relationship Id=\"1\" Type=\"http://x/relationships/oleObject\" Target=\"{target}\" TargetMode=\"External\"/></Relationships>"
        )
    };
    let macros = "application/vnd.ms-excel.macrosheet+xml";
    let elsewhere = "文档会从别处载入模板、对象或图片，不能上传";
    vec![
        (42, sheet(macros, "xl/macrosheets/sheet1.xml", b"<x/>"), "FILE_MACRO", "文档含宏，不能上传"),
        (42, sheet("application/bin", "xl/vbaProject.bin", b"x"), "FILE_MACRO", "文档含宏，不能上传"),
        (
            42,
            sheet(
                "text/xml",
                "xl/externalLinks/externalLink1.xml",
                b"<externalLink><ddeLink ddeService=\"cmd\"/></externalLink>",
            ),
            "FILE_MACRO",
            "DDE",
        ),
        (
            42,
            sheet("text/xml", "xl/externalLinks/_rels/externalLink1.xml.rels", link("http://a.cn/a.html!").as_bytes()),
            "FILE_MACRO",
            elsewhere,
        ),
        (
            42,
            sheet("text/xml", "xl/worksheets/_rels/sheet1.xml.rels", link("\\\\server\\share\\a").as_bytes()),
            "FILE_MACRO",
            elsewhere,
        ),
        (42, sheet("application/bin", "xl/embeddings/oleObject1.bin", &old_document(&[])), "FILE_MACRO", "（OLE）"),
        (
            42,
            sheet("application/vnd.ms-office.activeX+xml", "xl/activeX/activeX1.xml", b"<ax/>"),
            "FILE_MACRO",
            "（OLE）",
        ),
        // Packed once more it is the same.
        (
            42,
            one("材料.zip", &zip_of(&[("a.zip", &zip_of(&[("a.xls", &old_document(&[("_VBA_PROJECT_CUR", 1)]))]))])),
            "FILE_MACRO",
            "文档含宏，不能上传",
        ),
    ]
}

fn sizes(one: &impl Fn(&str, &[u8]) -> Value) -> Vec<Case> {
    vec![
        (38, one("a.png", b""), "FILE_EMPTY", "附件是空的（0 字节）"),
        (39, one("a.zip", &zip_of(&[("a", &[0; 1_200_000]), ("b", b"b")])), "ZIP_BOMB", "自身大小的 100 倍"),
        (39, one("a.xlsx", &zip_of(&[("xl/a.xml", &vec![b' '; 4_000_000])])), "ZIP_BOMB", "自身大小的 100 倍"),
    ]
}

fn pdf(bytes: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.7".to_vec();
    content.resize(bytes, b' ');
    content
}

/// The queue, which carries no large files, refuses them as large messages.
#[tokio::test]
async fn what_is_too_large_or_too_much_is_refused_in_one_piece_and_one_by_one() {
    let mut doors = Doors::open().await;
    let five = vec![file("a.pdf", &pdf(4_200_000)); 5];
    for (attachments, words) in [
        (vec![file("a.pdf", &pdf(5 * 1024 * 1024 + 1))], "单个附件不超过 5 MB，当前 5.01 MB"),
        (five, "全部附件合计不超过 20 MB，当前 20.03 MB"),
    ] {
        let message = with(&json!({"attachments": attachments}));
        let over_http = doors.http(message.to_string()).await;
        assert_eq!((over_http.0, over_http.1.as_str()), (413, "FILE_SIZE"), "{words}");
        assert!(over_http.3.contains(words), "{over_http:?}");
        let (status, page) = doors.form(&message).await.unwrap();
        assert!(status == 413 && page.contains(words), "{page}");
        let (status, part) = doors.draft(&message).await;
        assert!(status == 413 && part.contains(words), "{part}");
        assert_eq!(doors.queue(message.to_string()).await.0, 413);
    }
    assert_eq!(count(&doors.site.test.db, "select count(*) from attachment").await, 0);
    doors.site.test.end().await;
}

/// To a draft files go up one by one: what one message may not have, ten drafts' worth of requests do
/// not bring together.
#[tokio::test]
async fn a_draft_takes_no_more_than_a_message_however_its_files_come() {
    let (site, sender, _) = Site::of_two().await;
    let mut browser = site.browser_of(&sender).await;
    for (bytes, taken, words) in
        [(100, 10, "最多 10 个附件，当前 11 个"), (4_900_000, 4, "全部附件合计不超过 20 MB，当前 23.37 MB")]
    {
        let (fields, content) = ([("do", "draft"), ("kind", "content"), ("title", "t")], pdf(bytes));
        let mut place: Vec<(&str, String)> = Vec::new();
        for nth in 0..=taken {
            let name = format!("{nth}.pdf");
            let known = place.iter().map(|(name, value)| (*name, value.as_str()));
            let all: Vec<_> = fields.iter().copied().chain(known).collect();
            let part = browser.upload_part("compose_files", "/compose", &all, &[(name.as_str(), &content)]).await;
            let is_full = nth == taken;
            assert_eq!(part.status.is_success(), !is_full, "{nth}: {}", part.body);
            assert_eq!(part.body.contains(words), is_full, "{nth}: {}", part.body);
            place = ["id", "saved_at", "kept"].iter().flat_map(|name| hidden(&part.body, name)).collect();
        }
        let kept = "select count(*) from attachment";
        assert_eq!(count(&site.test.db, kept).await, i64::from(taken), "what was there stays");
        let id = place.iter().find(|(name, _)| *name == "id").unwrap().1.parse().unwrap();
        assert!(site.test.drop_draft(sender.id, id).await.unwrap());
    }
    site.test.end().await;
}

/// The values of a hidden field, as the page would send them back.
fn hidden<'a>(part: &str, name: &&'a str) -> Vec<(&'a str, String)> {
    let field = format!("name=\"{name}\" value=\"");
    part.split(&field).skip(1).map(|rest| (*name, rest.split('"').next().unwrap().to_owned())).collect()
}

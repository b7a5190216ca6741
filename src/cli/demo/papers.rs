//! Papers to attach: small spreadsheets and one-page PDFs that open everywhere.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::domain::message::AttachedFile;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PDF: &str = "application/pdf";
/// Characters on a line of an A4 page in 12 points.
const LINE: usize = 36;

/// What a file name asks for: a table for `.xlsx`, otherwise a page with these words.
pub(super) fn paper(name: &str, title: &str, words: &str) -> Result<AttachedFile, XlsxError> {
    let is_table = name.ends_with(".xlsx");
    let (bytes, media_type) = if is_table { (table(title)?, XLSX) } else { (page(title, words), PDF) };
    Ok(AttachedFile { name: name.to_owned(), bytes, media_type: media_type.to_owned() })
}

/// An empty form with numbered lines.
fn table(title: &str) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bold = Format::new().set_bold();
    sheet.write_string_with_format(0, 0, title, &bold)?;
    for (column, heading) in (0..).zip(["序号", "单位", "姓名", "内容", "备注"]) {
        sheet.write_string_with_format(1, column, heading, &bold)?;
        sheet.set_column_width(column, if column == 3 { 36 } else { 14 })?;
    }
    for row in 1..=12_u32 {
        sheet.write_number(row + 1, 0, f64::from(row))?;
    }
    book.save_to_buffer()
}

/// One A4 page in STSong, one of the fonts that every PDF reader brings or replaces.
fn page(title: &str, words: &str) -> Vec<u8> {
    let mut content = format!("BT /F1 16 Tf 72 760 Td <{}> Tj ET\n", utf16(title));
    let lines = words.lines().flat_map(|line| {
        let characters: Vec<char> = line.chars().collect();
        characters.chunks(LINE).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>()
    });
    for (nth, line) in (0_u32..24).zip(lines) {
        content += &format!("BT /F1 12 Tf 72 {} Td <{}> Tj ET\n", 720 - nth * 24, utf16(&line));
    }
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}endstream", content.len()),
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H \
         /DescendantFonts [6 0 R] >>"
            .to_owned(),
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 7 0 R \
         /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>"
            .to_owned(),
        "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] \
         /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>"
            .to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut starts = Vec::new();
    for (nth, object) in (1..).zip(&objects) {
        starts.push(file.len());
        file += &format!("{nth} 0 obj\n{object}\nendobj\n");
    }
    let table = file.len();
    let count = objects.len() + 1;
    file += &format!("xref\n0 {count}\n0000000000 65535 f \n");
    for start in starts {
        file += &format!("{start:010} 00000 n \n");
    }
    file += &format!("trailer << /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.into_bytes()
}

/// As the font's encoding wants it.
fn utf16(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("{unit:04X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_its_parts_begin() {
        let file = String::from_utf8(page("标题", "第一行\n第二行")).expect("ASCII alone");
        let table = file.rsplit("startxref\n").next().and_then(|rest| rest.lines().next()).expect("an offset");
        let at: usize = table.parse().expect("a number");
        assert!(file[at..].starts_with("xref\n0 8\n"));
        let third = file[at..].lines().nth(5).expect("an entry");
        let start: usize = third[..10].parse().expect("a number");
        assert!(file[start..].starts_with("3 0 obj"));
        assert!(file.contains("<68079898>"), "标题 in UTF-16");
    }

    #[test]
    fn a_table_is_a_spreadsheet() {
        let file = paper("表.xlsx", "名单", "").expect("written");
        assert_eq!((&file.bytes[..2], file.media_type.as_str()), (&b"PK"[..], XLSX));
    }
}

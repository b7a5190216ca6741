//! The empty spreadsheet to fill in, with a sheet that says how.

use std::path::Path;

use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::columns::Column;

/// Rows whose cells are texts from the start, so that numbers keep all their digits.
const PREPARED_ROWS: u32 = 5_000;

/// # Errors
/// What the spreadsheet library could not do; nothing that a caller can mend.
pub fn template() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("通讯录")?;
    headings(sheet)?;
    let text = Format::new().set_num_format("@");
    for row in 1..=PREPARED_ROWS {
        for column in [Column::Account, Column::Phone, Column::Grade, Column::Deputy] {
            sheet.write_blank(row, column as u16, &text)?;
        }
    }
    guide(book.add_worksheet())?;
    book.save_to_buffer()
}

/// # Errors
/// The file could not be written.
pub fn write_template(path: &Path) -> crate::hub::Result<()> {
    let bytes = template().map_err(std::io::Error::other)?;
    Ok(std::fs::write(path, bytes)?)
}

/// The row of headings, which stays in sight; used by the export too.
pub(super) fn headings(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let required = Format::new().set_bold().set_background_color("DDE7F3");
    let other = Format::new().set_background_color("EEEEEE");
    for column in Column::ALL {
        let guide = column.guide();
        let format = if guide.is_required { &required } else { &other };
        sheet.write_string_with_format(0, column as u16, guide.label, format)?;
        sheet.set_column_width(column as u16, guide.width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn guide(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("填写说明")?;
    let bold = Format::new().set_bold();
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for (column, (heading, width)) in (0..).zip([("列名", 14.0), ("怎样填写", 72.0), ("示例", 44.0)]) {
        sheet.write_string_with_format(0, column, heading, &bold)?;
        sheet.set_column_width(column, width)?;
    }
    for (row, column) in (1..).zip(Column::ALL) {
        let guide = column.guide();
        for (at, text) in (0..).zip([guide.label, guide.how, guide.example]) {
            sheet.write_string_with_format(row, at, text, &wrapped)?;
        }
    }
    let notes = [
        "第一行的列名请勿修改；各列的先后可以调整。",
        "空白的单元格不改变已有内容。同一账号再次导入即为修改，内容相同则不变。",
        "有错误的行单独失败并列出原因，不影响其他行；选择“严格”时只要有一行错误就全部不导入。",
        "请勿使用公式和合并单元格。一次最多 10 万行、20 MB。",
    ];
    for (row, note) in (14..).zip(notes) {
        sheet.merge_range(row, 0, row, 2, note, &wrapped)?;
    }
    Ok(())
}

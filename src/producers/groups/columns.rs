//! The columns of a group's spreadsheet, and the empty one to fill in.

use rust_xlsxwriter::{Format, FormatAlign, Workbook, XlsxError};

use crate::producers::sheet::Heading;

/// In the order of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    Account,
    Name,
    Phone,
    Email,
    Note,
}

/// Rows whose cells are texts from the start, so that numbers keep all their digits.
const PREPARED_ROWS: u32 = 1_000;

impl Column {
    const fn width(self) -> f64 {
        match self {
            Self::Name => 12.0,
            Self::Account | Self::Phone => 14.0,
            Self::Email | Self::Note => 24.0,
        }
    }

    const fn how(self) -> &'static str {
        match self {
            Self::Account => "本单位人员填写工号或学号，其余各列可以留空；单位外人员留空",
            Self::Name => "单位外人员必填。2 到 60 个字；与工号同填时须与通讯录一致",
            Self::Phone => "单位外人员：中国大陆 11 位手机号。手机号与邮箱至少填一项",
            Self::Email => "单位外人员：电子邮箱地址",
            Self::Note => "选填。最多 100 个字，只有您和您共享的人能看到",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Account => "20160899",
            Self::Name => "李雷",
            Self::Phone => "13800138000",
            Self::Email => "li@example.com",
            Self::Note => "校外评审专家",
        }
    }
}

impl Heading for Column {
    const ALL: &'static [Self] = &[Self::Account, Self::Name, Self::Phone, Self::Email, Self::Note];

    fn label(self) -> &'static str {
        match self {
            Self::Account => "工号",
            Self::Name => "姓名",
            Self::Phone => "手机号",
            Self::Email => "邮箱",
            Self::Note => "备注",
        }
    }

    fn others(self) -> &'static [&'static str] {
        match self {
            Self::Account => &["账号", "学号", "工号/学号", "学号/工号", "用户名"],
            Self::Name => &["名字", "人员姓名"],
            Self::Phone => &["手机", "手机号码", "移动电话", "联系电话"],
            Self::Email => &["电子邮箱", "邮件", "邮箱地址", "email", "e-mail"],
            Self::Note => &["说明", "附注"],
        }
    }

    fn is_required(self) -> bool {
        self != Self::Note
    }
}

/// # Errors
/// What the spreadsheet library could not do; nothing that a caller can mend.
pub fn template() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("分组人员")?;
    let bold = Format::new().set_bold().set_background_color("DDE7F3");
    let text = Format::new().set_num_format("@");
    for (at, column) in (0..).zip(Column::ALL) {
        sheet.write_string_with_format(0, at, column.label(), &bold)?;
        sheet.set_column_width(at, column.width())?;
        for row in 1..=PREPARED_ROWS {
            sheet.write_blank(row, at, &text)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    let guide = book.add_worksheet();
    guide.set_name("填写说明")?;
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for (at, (heading, width)) in (0..).zip([("列名", 14.0), ("怎样填写", 72.0), ("示例", 24.0)]) {
        guide.write_string_with_format(0, at, heading, &bold)?;
        guide.set_column_width(at, width)?;
    }
    for (row, column) in (1..).zip(Column::ALL) {
        for (at, words) in (0..).zip([column.label(), column.how(), column.example()]) {
            guide.write_string_with_format(row, at, words, &wrapped)?;
        }
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::producers::sheet;

    #[test]
    fn the_template_is_one_that_the_import_reads() {
        let empty = sheet::read::<Column>(&template().expect("a template")).map(|rows| rows.len());
        assert_eq!(empty.expect_err("nobody stands in it").code, "IMPORT_EMPTY");
    }
}

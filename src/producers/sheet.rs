//! From the bytes of a file to rows of cells under known headings, or the reason why not.
//!
//! What comes is not trusted: a file may claim to be what it is not, or unpack to gigabytes.

use std::{
    collections::HashMap,
    hash::Hash,
    io::{Cursor, Read},
};

use calamine::{Data, Range, Reader, Xlsx};

use crate::domain::{Problem, problem::Class, width::half_width};

/// The columns that a kind of file has.
pub trait Heading: Copy + Eq + Hash + 'static {
    /// In the order of the template.
    const ALL: &'static [Self];

    /// What stands above the column.
    fn label(self) -> &'static str;

    /// Other headings that mean the same, half width and lower case.
    fn others(self) -> &'static [&'static str];

    /// The heading must be there; its cells may still be empty.
    fn is_required(self) -> bool;

    /// The column that a heading names.
    fn named(heading: &str) -> Option<Self> {
        let heading: String = heading
            .chars()
            .map(half_width)
            .filter(|c| !is_blank(*c) && *c != '*')
            .flat_map(char::to_lowercase)
            .collect();
        Self::ALL
            .iter()
            .copied()
            .find(|column| column.label() == heading || column.others().contains(&heading.as_str()))
    }
}

/// Bytes of a file.
pub const LARGEST: usize = 20 * 1024 * 1024;
/// Bytes of everything in it, unpacked.
const LARGEST_UNPACKED: u64 = 200 * 1024 * 1024;
const MOST_ROWS: usize = 100_000;
/// The headings stand within so many rows: some have a title above them.
const HEADING_WITHIN: usize = 10;

/// A cell under a known heading.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Blank,
    Text(String),
    /// Something that is no text for us: what is shown, and why it will not do.
    Unusable(String, &'static str),
}

pub struct Row<C> {
    /// As the spreadsheet numbers it.
    pub number: u32,
    cells: HashMap<C, Cell>,
}

impl<C: Heading> Row<C> {
    /// Blank also where the column is not there.
    pub fn cell(&self, column: C) -> &Cell {
        self.cells.get(&column).unwrap_or(&Cell::Blank)
    }
}

/// # Errors
/// `IMPORT_SIZE`, `IMPORT_FORMAT`, `IMPORT_TEMPLATE`, `IMPORT_EMPTY`, `IMPORT_ROWS`.
pub fn read<C: Heading>(bytes: &[u8]) -> Result<Vec<Row<C>>, Problem> {
    check_format(bytes)?;
    check_unpacked(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let mut first_missing = None;
    for name in book.sheet_names() {
        let cells = book.worksheet_range(&name).map_err(|_| broken())?;
        match find_headings::<C>(&cells) {
            Ok((heading_row, columns)) => {
                let formulas = book.worksheet_formula(&name).map_err(|_| broken())?;
                let merged = book.merge_cells_by_sheet_name(&name).map_err(|_| broken())?;
                return rows(&Grid { cells, formulas, merged }, heading_row, &columns);
            }
            Err(missing) => first_missing = first_missing.or(Some(missing)),
        }
    }
    Err(first_missing.unwrap_or_else(empty))
}

/// Says what the file is when it is not what it should be.
fn check_format(bytes: &[u8]) -> Result<(), Problem> {
    let size = bytes.len();
    if size > LARGEST {
        let detail = format!("文件不能超过 20 MB，当前 {:.1} MB，请拆成几个文件", size as f64 / 1_048_576.0);
        return Err(Problem::new(Class::TooLarge, "IMPORT_SIZE", "/file", detail)
            .in_english("a file has at most 20 MB: split it"));
    }
    let is = match bytes {
        [] => return Err(empty()),
        [b'P', b'K', 3, 4, ..] => return Ok(()),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => "是旧版 .xls，或加了密码",
        [b'%', b'P', b'D', b'F', ..] => "是 PDF",
        _ if bytes.trim_ascii_start().starts_with(b"<") => "是网页（HTML 或 XML）",
        _ => match std::str::from_utf8(bytes) {
            Ok(_) => "是 CSV 或纯文本（UTF-8 编码）",
            Err(_) if is_gbk(bytes) => "是 CSV 或纯文本（GBK 编码）",
            Err(_) => "内容无法识别",
        },
    };
    Err(Problem::invalid(
        "IMPORT_FORMAT",
        "/file",
        format!("文件不是 xlsx：它{is}。请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入"),
    )
    .in_english("the file is not xlsx: open it in a spreadsheet program and save it as .xlsx"))
}

/// Text in the encoding that Excel writes CSV with in China: single bytes and legal pairs, no controls.
fn is_gbk(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return true,
            [b'\t' | b'\n' | b'\r' | 0x20..=0x7E, after @ ..] => after,
            [0x81..=0xFE, 0x40..=0x7E | 0x80..=0xFE, after @ ..] => after,
            _ => return false,
        };
    }
}

/// Unpacks everything once, counting: what the directory of a zip says of sizes may be a lie.
fn check_unpacked(bytes: &[u8]) -> Result<(), Problem> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
    let mut left = LARGEST_UNPACKED;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|_| broken())?;
        let read = std::io::copy(&mut file.take(left + 1), &mut std::io::sink()).map_err(|_| broken())?;
        left = left.checked_sub(read).ok_or_else(|| {
            Problem::new(Class::TooLarge, "IMPORT_SIZE", "/file", "文件展开后超过 200 MB，请拆成几个文件")
                .in_english("the file unpacks to more than 200 MB: split it")
        })?;
    }
    Ok(())
}

/// The row of the headings and where each column stands; else what is missing.
fn find_headings<C: Heading>(cells: &Range<Data>) -> Result<(usize, HashMap<C, usize>), Problem> {
    let mut best: HashMap<C, usize> = HashMap::new();
    for (index, row) in cells.rows().take(HEADING_WITHIN).enumerate() {
        let mut columns = HashMap::new();
        for (at, cell) in row.iter().enumerate() {
            if let Some(column) = cell_text(cell).and_then(|text| C::named(&text)) {
                columns.entry(column).or_insert(at);
            }
        }
        if required::<C>().all(|column| columns.contains_key(&column)) {
            return Ok((index, columns));
        }
        if columns.len() > best.len() {
            best = columns;
        }
    }
    let missing: Vec<_> = required::<C>()
        .filter(|column| !best.contains_key(column))
        .map(|column| format!("“{}”", column.label()))
        .collect();
    Err(Problem::invalid("IMPORT_TEMPLATE", "/file", format!("缺少{}列；请下载最新模板", missing.join("、")))
        .in_english(format!("columns are missing: {}; take the present template", missing.join(", "))))
}

fn required<C: Heading>() -> impl Iterator<Item = C> {
    C::ALL.iter().copied().filter(|column| column.is_required())
}

struct Grid {
    cells: Range<Data>,
    formulas: Range<String>,
    merged: Vec<calamine::Dimensions>,
}

fn rows<C: Heading>(grid: &Grid, heading_row: usize, columns: &HashMap<C, usize>) -> Result<Vec<Row<C>>, Problem> {
    let (top, left) = grid.cells.start().unwrap_or_default();
    let mut rows = Vec::new();
    for (index, values) in grid.cells.rows().enumerate().skip(heading_row + 1) {
        let row = top + u32::try_from(index).unwrap_or(u32::MAX);
        let mut cells = HashMap::with_capacity(columns.len());
        for (column, at) in columns {
            let place = (row, left + u32::try_from(*at).unwrap_or(u32::MAX));
            cells.insert(*column, grid.cell(place, &values[*at]));
        }
        if cells
            .values()
            .any(|cell| matches!(cell, Cell::Text(_)) || matches!(cell, Cell::Unusable(shown, _) if !shown.is_empty()))
        {
            rows.push(Row { number: row + 1, cells });
        }
    }
    if rows.is_empty() {
        return Err(empty());
    }
    if rows.len() > MOST_ROWS {
        return Err(Problem::invalid(
            "IMPORT_ROWS",
            "/file",
            format!("一次最多导入 {MOST_ROWS} 行，当前 {} 行，请拆成几个文件", rows.len()),
        )
        .in_english("a file has at most 100,000 rows: split it"));
    }
    Ok(rows)
}

impl Grid {
    fn cell(&self, place: (u32, u32), value: &Data) -> Cell {
        if self.formulas.get_value(place).is_some_and(|formula| !formula.is_empty()) {
            return Cell::Unusable(cell_text(value).unwrap_or_else(|| "公式".to_owned()), "单元格是公式");
        }
        match value {
            Data::Empty if self.is_covered(place) => Cell::Unusable(String::new(), "单元格被合并"),
            Data::Error(error) => Cell::Unusable(error.to_string(), "单元格是错误值"),
            Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => {
                Cell::Unusable(value.to_string(), "单元格被当作日期或时间")
            }
            _ => cell_text(value).map_or(Cell::Blank, Cell::Text),
        }
    }

    /// Hidden under its neighbour by merging: what it should say stands elsewhere.
    fn is_covered(&self, (row, column): (u32, u32)) -> bool {
        self.merged.iter().any(|merged| merged.contains(row, column) && merged.start != (row, column))
    }
}

/// Numbers as they were typed: an account or a phone number has no decimals.
fn cell_text(cell: &Data) -> Option<String> {
    let text = match cell {
        Data::String(text) => text.trim_matches(is_blank).to_owned(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Data::Float(number) => number.to_string(),
        Data::Bool(is) => if *is { "是" } else { "否" }.to_owned(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Blanks of every width, and what nobody sees: a byte order mark or a joint of no width comes along
/// when a cell was pasted from a text file or a web page.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{FEFF}' | '\u{200B}'..='\u{200F}' | '\u{2060}')
}

fn broken() -> Problem {
    Problem::invalid("IMPORT_FORMAT", "/file", "文件不是 xlsx，或者已损坏。请重新另存为 .xlsx 后再导入")
        .in_english("the file is not xlsx, or is damaged")
}

fn empty() -> Problem {
    Problem::invalid("IMPORT_EMPTY", "/file", "文件中没有可导入的数据行").in_english("the file has no rows to import")
}

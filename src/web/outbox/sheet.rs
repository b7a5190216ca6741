//! The spreadsheet of a message's recipients, row by row.
//!
//! Every cell is a typed text, so that nothing in a name is ever taken for a formula. Only the last row
//! is in memory, however many there are.

use chrono_tz::Tz;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::{
    clock::Timestamp,
    domain::delivery::State,
    web::{
        views::outbox::{ChannelResult, RecipientRow},
        words::text::Tongue,
    },
};

/// The columns in the order of the manual, with their widths: words under `export.column.<name>`.
const COLUMNS: [(&str, f64); 10] = [
    ("account", 14.0),
    ("name", 10.0),
    ("department", 20.0),
    ("sent", 10.0),
    ("detail", 40.0),
    ("read", 10.0),
    ("read_at", 20.0),
    ("read_channel", 10.0),
    ("answer", 24.0),
    ("answered_at", 20.0),
];

/// A spreadsheet in the making.
pub struct Sheet<'a> {
    pub book: Workbook,
    tongue: Tongue<'a>,
    zone: Tz,
    rows: u32,
}

impl<'a> Sheet<'a> {
    /// With its first row.
    ///
    /// # Errors
    /// When no temporary file can be made.
    pub fn new(tongue: Tongue<'a>, zone: Tz) -> Result<Self, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet_with_constant_memory()?;
        let bold = Format::new().set_bold();
        for (at, (_, width)) in (0..).zip(COLUMNS) {
            sheet.set_column_width(at, width)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        for (at, (name, _)) in (0..).zip(COLUMNS) {
            sheet.write_string_with_format(0, at, tongue.say(&format!("export.column.{name}"), &[]), &bold)?;
        }
        Ok(Self { book, tongue, zone, rows: 1 })
    }

    /// People so far.
    pub fn people(&self) -> i64 {
        i64::from(self.rows) - 1
    }

    /// One more.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub fn add(&mut self, row: &RecipientRow) -> Result<(), XlsxError> {
        let cells = self.cells(row);
        let sheet = self.book.worksheet_from_index(0)?;
        for (at, cell) in (0..).zip(cells) {
            sheet.write_string(self.rows, at, cell)?;
        }
        self.rows += 1;
        Ok(())
    }

    fn cells(&self, row: &RecipientRow) -> [String; COLUMNS.len()] {
        let say = |key: &str| self.tongue.say(key, &[]);
        let answer = [row.answer.as_deref(), row.answer_text.as_deref()];
        [
            row.account.clone(),
            row.name.clone(),
            row.department.clone(),
            say(&format!("export.sent.{}", standing(&row.channels))),
            row.channels.iter().map(|each| self.channel(each)).collect::<Vec<_>>().join("；"),
            say(match (row.read_at, row.has_inbox()) {
                (Some(_), _) => "export.read",
                (None, true) => "export.unread",
                (None, false) => "export.uncounted",
            }),
            self.time(row.read_at),
            row.read_channel.as_ref().map(|channel| say(&format!("channel.{channel}"))).unwrap_or_default(),
            answer.into_iter().flatten().collect::<Vec<_>>().join("："),
            self.time(row.answered_at),
        ]
    }

    /// `钉钉 已送达 2026-11-21 10:05:00`
    fn channel(&self, result: &ChannelResult) -> String {
        let state = result.lacks.clone().unwrap_or_else(|| self.tongue.say(&format!("delivery.{}", result.state), &[]));
        let channel = self.tongue.say(&format!("channel.{}", result.channel), &[]);
        let words = [channel, state, result.detail.clone().unwrap_or_default(), self.time(result.at)];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn time(&self, at: Option<Timestamp>) -> String {
        at.map(|at| at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
    }
}

/// `ok`: over one channel at least, the inbox included; `wait`: it goes on; `unknown`; or `failed`.
fn standing(channels: &[ChannelResult]) -> &'static str {
    let any = |states: &[State]| channels.iter().any(|each| states.contains(&each.state));
    if any(&[State::Accepted, State::Delivered]) {
        "ok"
    } else if any(&[State::Ready, State::Sending]) {
        "wait"
    } else if any(&[State::Unknown]) || channels.is_empty() {
        "unknown"
    } else {
        "failed"
    }
}

//! What the hub writes to its standard error, and in which form.

use tracing_subscriber::EnvFilter;

use super::settings::{Settings, Shown};

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// A filter as `tracing` reads it, such as `info,zhihui=debug`.
    pub filter: String,
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Log {
    pub(super) fn read(from: &mut Settings<'_>) -> Self {
        let filter = from.value(
            "log",
            Shown::Plain,
            "error, warn, info, debug, trace or off, and such a level for a part: info,zhihui=debug",
            |text| EnvFilter::try_new(text).is_ok().then(|| text.to_owned()),
        );
        let format = from.value("log_format", Shown::Plain, "text or json", |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        });
        Self { filter: filter.unwrap_or_else(|| "info".into()), format: format.unwrap_or(LogFormat::Text) }
    }
}

//! 导出数据: how far a spreadsheet has come that somebody asked for.

use super::words::words;

words! {
    pub enum State {
        Waiting => "waiting",
        Ready => "ready",
        Failed => "failed",
    }
}

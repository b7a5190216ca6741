//! What looking at pages tells: medians of the rounds, and how the largest size compares with the
//! smallest.

use std::fmt;

use serde::Serialize;

use super::{
    super::report::{median, rounded},
    Exported,
    look::Taken,
};

/// One size, as it was measured.
pub struct Size {
    pub rows: i64,
    pub filled_s: f64,
    /// every page of each round
    pub rounds: Vec<Vec<Taken>>,
    pub export: Option<Exported>,
}

#[derive(Debug, Serialize)]
pub struct Report {
    recipients: i64,
    pages: Vec<Line>,
    sizes: Vec<Rest>,
    /// pages of an inbox a second against its question alone, of the largest size
    ratio_to_bare_page: f64,
}

/// One page.
#[derive(Debug, Serialize)]
struct Line {
    page: String,
    /// one for each size
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    /// of the largest size to the smallest
    p50_ratio: f64,
    p99_ratio: f64,
}

#[derive(Debug, Serialize)]
struct Rest {
    rows: i64,
    filled_s: f64,
    export: Option<Exported>,
}

impl Report {
    pub fn new(recipients: i64, sizes: Vec<Size>) -> Self {
        let names: Vec<_> = sizes[0].rounds[0].iter().map(|taken| taken.page.clone()).collect();
        let pages: Vec<_> = (0..).zip(names).map(|(nth, page)| line(page, nth, &sizes)).collect();
        let last = sizes.len() - 1;
        let p50 = |name: &str| pages.iter().find(|line| line.page == name).map_or(0.0, |line| line.p50_ms[last]);
        let ratio_to_bare_page = rounded(p50(super::BARE) / p50("inbox"));
        let rest = |size: Size| Rest { rows: size.rows, filled_s: rounded(size.filled_s), export: size.export };
        Self { recipients, pages, sizes: sizes.into_iter().map(rest).collect(), ratio_to_bare_page }
    }
}

/// The nth page: the median of its rounds, and of the ratios within a round.
fn line(page: String, nth: usize, sizes: &[Size]) -> Line {
    let each = |of: fn(&Taken) -> f64| -> Vec<f64> {
        sizes.iter().map(|size| median(size.rounds.iter().map(|round| of(&round[nth])).collect())).collect()
    };
    let ratio = |of: fn(&Taken) -> f64| {
        let (small, large) = (&sizes[0].rounds, &sizes[sizes.len() - 1].rounds);
        median(small.iter().zip(large).map(|(small, large)| of(&large[nth]) / of(&small[nth])).collect())
    };
    let p50 = |taken: &Taken| taken.p50_ms;
    let p99 = |taken: &Taken| taken.p99_ms;
    Line { page, p50_ms: each(p50), p99_ms: each(p99), p50_ratio: ratio(p50), p99_ratio: ratio(p99) }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<40}", "p50 / p99 in ms, inbox rows")?;
        for size in &self.sizes {
            write!(f, "{:>20}", size.rows)?;
        }
        writeln!(f, "{:>8} {:>8}", "p50", "p99")?;
        for line in &self.pages {
            write!(f, "{:<40}", line.page)?;
            for (p50, p99) in line.p50_ms.iter().zip(&line.p99_ms) {
                write!(f, "{:>20}", format!("{p50:.2} / {p99:.2}"))?;
            }
            writeln!(f, "{:>8.2} {:>8.2}", line.p50_ratio, line.p99_ratio)?;
        }
        writeln!(f, "inbox pages/s against the question alone: {}", self.ratio_to_bare_page)?;
        for size in &self.sizes {
            write!(f, "{} rows: filled in {} s", size.rows, size.filled_s)?;
            if let Some(export) = size.export {
                let Exported { seconds, bytes, before_mb, peak_mb } = export;
                let (mb, people) = (bytes as f64 / 1e6, self.recipients);
                write!(
                    f,
                    "; export of {people} people {seconds:.1} s, {mb:.1} MB, memory {before_mb:.0} to {peak_mb:.0} MB"
                )?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(p50_ms: f64, p99_ms: f64) -> Vec<Taken> {
        vec![Taken { page: "inbox".to_owned(), p50_ms, p99_ms }]
    }

    #[test]
    fn ratios_are_those_within_a_round() {
        let size = |rows, rounds| Size { rows, filled_s: 1.0, rounds, export: None };
        let quiet_and_loud = vec![taken(1.0, 2.0), taken(10.0, 20.0), taken(1.0, 3.0)];
        let twice = vec![taken(2.0, 4.0), taken(20.0, 40.0), taken(2.0, 6.0)];
        let report = Report::new(9, vec![size(1, quiet_and_loud), size(2, twice)]);
        let line = &report.pages[0];
        assert_eq!((line.p50_ratio, line.p99_ratio), (2.0, 2.0));
        assert_eq!((&line.p50_ms[..], &line.p99_ms[..]), (&[1.0, 2.0][..], &[3.0, 6.0][..]));
    }
}

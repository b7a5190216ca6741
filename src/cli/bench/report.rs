//! What a benchmark tells: medians of its turns.

use std::fmt;

use serde::Serialize;

use super::{Cpu, bare::Limits, hub::Latency};

/// Everything measured once, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    pub hub_seconds: f64,
    pub hub_cpu: Cpu,
    pub bare_seconds: f64,
    pub bare_cpu: Cpu,
    /// from the approval until a message was in every inbox
    pub fan_out_seconds: f64,
    pub limits: Limits,
}

/// The keys are those of spec'd `bench --json`; what is beyond them stands in `parts`.
#[derive(Debug, Serialize)]
pub struct Report {
    recipients: i64,
    deliveries_per_s: f64,
    ratio_to_bare_pipeline: f64,
    accept_to_inbox_p50_ms: f64,
    accept_to_inbox_p99_ms: f64,
    /// of one message to everybody: hub, database and broker
    cpu_s: f64,
    /// of the hub's process
    peak_rss_mb: f64,
    parts: Parts,
}

#[derive(Debug, Serialize)]
struct Parts {
    bare_deliveries_per_s: f64,
    bare_cpu_s: f64,
    ratio_of_cpu_to_bare_pipeline: f64,
    hub_cpu_s: f64,
    database_cpu_s: f64,
    broker_cpu_s: f64,
    fan_out_rows_per_s: f64,
    ratio_of_fan_out_to_insert: f64,
    inbox_rows_per_s: f64,
    /// none without a broker
    publishes_per_s: Option<f64>,
    gateway_posts_per_s: f64,
    /// deliveries a second of each round, to show how far they lie apart
    rounds: Vec<f64>,
    bare_rounds: Vec<f64>,
}

impl Report {
    pub fn new(recipients: i64, turns: &[Turn], latency: Latency, peak_rss_mb: f64) -> Self {
        let people = recipients as f64;
        let of = |value: &dyn Fn(&Turn) -> f64| median(turns.iter().map(value).collect());
        let each = |value: &dyn Fn(&Turn) -> f64| turns.iter().map(|turn| rounded(people / value(turn))).collect();
        let publishes: Option<Vec<f64>> = turns.iter().map(|turn| turn.limits.publishes).collect();
        Self {
            recipients,
            deliveries_per_s: of(&|turn| people / turn.hub_seconds),
            ratio_to_bare_pipeline: of(&|turn| turn.bare_seconds / turn.hub_seconds),
            accept_to_inbox_p50_ms: rounded(latency.p50_ms),
            accept_to_inbox_p99_ms: rounded(latency.p99_ms),
            cpu_s: of(&|turn| turn.hub_cpu.sum()),
            peak_rss_mb: rounded(peak_rss_mb),
            parts: Parts {
                bare_deliveries_per_s: of(&|turn| people / turn.bare_seconds),
                bare_cpu_s: of(&|turn| turn.bare_cpu.sum()),
                ratio_of_cpu_to_bare_pipeline: of(&|turn| turn.hub_cpu.sum() / turn.bare_cpu.sum()),
                hub_cpu_s: of(&|turn| turn.hub_cpu.own),
                database_cpu_s: of(&|turn| turn.hub_cpu.database),
                broker_cpu_s: of(&|turn| turn.hub_cpu.broker),
                fan_out_rows_per_s: of(&|turn| people / turn.fan_out_seconds),
                ratio_of_fan_out_to_insert: of(&|turn| people / turn.fan_out_seconds / turn.limits.inbox_rows),
                inbox_rows_per_s: of(&|turn| turn.limits.inbox_rows),
                publishes_per_s: publishes.map(median),
                gateway_posts_per_s: of(&|turn| turn.limits.posts),
                rounds: each(&|turn| turn.hub_seconds),
                bare_rounds: each(&|turn| turn.bare_seconds),
            },
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &self.parts;
        let publishes = parts.publishes_per_s.map_or_else(|| "–".to_owned(), |value| value.to_string());
        let lines: [(&str, String); 11] = [
            ("recipients", self.recipients.to_string()),
            ("deliveries/s", format!("{} (bare pipeline {})", self.deliveries_per_s, parts.bare_deliveries_per_s)),
            ("ratio to bare pipeline", self.ratio_to_bare_pipeline.to_string()),
            ("accept to inbox, p50 / p99", {
                format!("{} / {} ms", self.accept_to_inbox_p50_ms, self.accept_to_inbox_p99_ms)
            }),
            ("CPU", {
                let (hub, database, broker) = (parts.hub_cpu_s, parts.database_cpu_s, parts.broker_cpu_s);
                format!("{} s (hub {hub}, database {database}, broker {broker})", self.cpu_s)
            }),
            ("CPU ratio to bare pipeline", parts.ratio_of_cpu_to_bare_pipeline.to_string()),
            ("peak memory", format!("{} MB", self.peak_rss_mb)),
            ("fan-out rows/s", {
                format!("{} ({} of one insert)", parts.fan_out_rows_per_s, parts.ratio_of_fan_out_to_insert)
            }),
            ("part: inbox rows/s", parts.inbox_rows_per_s.to_string()),
            ("part: confirmed publishes/s", publishes),
            ("part: gateway posts/s", parts.gateway_posts_per_s.to_string()),
        ];
        for (name, value) in lines {
            writeln!(f, "{name:<28} {value}")?;
        }
        Ok(())
    }
}

/// The middle one; of two in the middle the smaller.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    rounded(values[(values.len() - 1) / 2])
}

/// Three digits are more than any of this is worth.
pub fn rounded(value: f64) -> f64 {
    match value.abs() {
        large if large >= 100.0 => value.round(),
        _ => (value * 1000.0).round() / 1000.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_roundings_are_those_that_one_expects() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.0);
        assert_eq!(rounded(12_345.6), 12_346.0);
        assert_eq!(rounded(0.12345), 0.123);
    }
}

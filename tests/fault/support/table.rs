//! What a fault did, in one line of one table.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// The four sets (after Jepsen) and what it took.
#[derive(Debug, Default)]
pub struct Outcome {
    pub fault: String,
    /// messages that a client saw accepted
    pub accepted: usize,
    /// deliveries that should have reached the provider, did not, and are not called so
    pub lost: usize,
    /// what the provider took and nobody had asked for
    pub unexpected: usize,
    /// keys that the provider took more than once
    pub duplicated: usize,
    /// deliveries that are called unknown: the crash came while they were under way
    pub unknown: usize,
    /// those of them that the provider never saw
    pub unsent: usize,
    pub kills: usize,
    /// from the last fault until nothing was left to do
    pub quiet: Duration,
}

impl Outcome {
    /// Counts what the provider took against what it was to take.
    pub fn compare(&mut self, wanted: &BTreeMap<String, bool>, taken: impl Iterator<Item = String>) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for key in taken {
            *counts.entry(key).or_default() += 1;
        }
        self.unknown = wanted.values().filter(|is_unknown| **is_unknown).count();
        self.unsent = wanted.iter().filter(|(key, is_unknown)| **is_unknown && !counts.contains_key(*key)).count();
        self.lost = wanted.iter().filter(|(key, is_unknown)| !**is_unknown && !counts.contains_key(*key)).count();
        self.unexpected = counts.keys().filter(|key| !wanted.contains_key(*key)).count();
        self.duplicated = counts.values().filter(|count| **count > 1).count();
    }

    /// One line; the head stands above the first.
    pub fn print(&self) {
        static HEAD: AtomicBool = AtomicBool::new(false);
        if !HEAD.swap(true, Ordering::Relaxed) {
            println!(
                "\n{:<60} {:>8} {:>5} {:>10} {:>10} {:>8} {:>7} {:>5} {:>8}",
                "fault", "accepted", "lost", "unexpected", "duplicated", "unknown", "unsent", "kills", "quiet s"
            );
        }
        println!(
            "{:<60} {:>8} {:>5} {:>10} {:>10} {:>8} {:>7} {:>5} {:>8.1}",
            self.fault,
            self.accepted,
            self.lost,
            self.unexpected,
            self.duplicated,
            self.unknown,
            self.unsent,
            self.kills,
            self.quiet.as_secs_f64()
        );
    }
}

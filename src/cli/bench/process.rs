//! What the operating system knows of a process: its CPU time and its memory, read from `/proc`.

use std::fs;

/// The kernel counts CPU time for `/proc` in hundredths of a second on every architecture.
const TICKS: f64 = 100.0;

/// Seconds of CPU, user and system, that a process has used; none when it is not to be seen.
pub fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything, brackets too.
    let fields: Vec<_> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS)
}

/// The most memory that a process ever held, in megabytes.
pub fn peak_memory_mb(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// From now on the most that this process holds is what it holds now.
pub fn forget_peak_memory() {
    // Where that is not allowed the peak is that of the whole life, which is never too small.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Processes with this name, as the kernel knows it.
pub fn named(name: &str) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| is_named(*pid, name)).collect()
}

/// A database elsewhere has process numbers that mean somebody else here.
pub fn is_named(pid: u32, name: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|found| found.trim_end() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_memory_and_can_be_found_by_its_name() {
        let own = std::process::id();
        assert!(peak_memory_mb(own).expect("Linux tells") > 0.5);
        assert!(cpu_seconds(own).is_some());
        let name = fs::read_to_string("/proc/self/comm").unwrap();
        assert!(named(name.trim_end()).contains(&own));
        assert!(!is_named(own, "beam.smp"));
    }
}

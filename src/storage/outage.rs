//! Is the database away, or is it the statement that is wrong?

use super::Error;

/// PostgreSQL: connection lost (08), rolled back by another (40), out of resources (53), in use
/// (55), stopped by an operator or not up yet (57), failing below (58).
const POSTGRES: [&str; 6] = ["08", "40", "53", "55", "57", "58"];
/// SQLite, the lowest byte: busy, locked, reading or writing failed, disk full, cannot open.
const SQLITE: [i32; 5] = [5, 6, 10, 13, 14];

/// True when the same statement may well succeed later.
pub fn is_outage(error: &Error) -> bool {
    let Error::Database(refusal) = error else {
        return matches!(
            error,
            Error::Io(_)
                | Error::Tls(_)
                | Error::Protocol(_)
                | Error::PoolTimedOut
                | Error::PoolClosed
                | Error::WorkerCrashed
                | Error::BeginFailed
        );
    };
    let code = refusal.code().unwrap_or_default();
    match code.parse::<i32>() {
        // A state of PostgreSQL has five characters, and some are digits only.
        Ok(code_of_sqlite) if code.len() < 5 => SQLITE.contains(&(code_of_sqlite & 0xFF)),
        _ => POSTGRES.iter().any(|class| code.starts_with(class)),
    }
}

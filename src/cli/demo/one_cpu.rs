//! All threads of this process on one CPU for a while.
//!
//! Founding the university is some thirty thousand small statements, one after another, each handed to
//! SQLite's thread and back. Where the two threads sit on different CPUs, each hand-over wakes a CPU
//! that has gone to sleep, which on a virtual machine costs more than the statement: 2.9 s on two
//! CPUs, 1.1 s on one. Never for a hub at work, which has more to do than wait for one statement.

/// Until this is dropped; where it cannot be had, things only take longer.
pub(super) struct OneCpu(());

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_getcpu, sched_setaffinity};

    use super::OneCpu;

    /// How many hold it, and the CPUs that there were before the first.
    static HELD: Mutex<(usize, Option<CpuSet>)> = Mutex::new((0, None));

    impl OneCpu {
        pub fn take() -> Self {
            let mut held = held();
            // Not without knowing what to give back.
            if held.0 == 0
                && let Ok(before) = sched_getaffinity(None)
            {
                held.1 = Some(before);
                let mut one = CpuSet::new();
                one.set(sched_getcpu());
                move_all(&one);
            }
            held.0 += 1;
            Self(())
        }
    }

    impl Drop for OneCpu {
        fn drop(&mut self) {
            let mut held = held();
            held.0 -= 1;
            if held.0 == 0
                && let Some(before) = held.1.take()
            {
                move_all(&before);
            }
        }
    }

    fn held() -> MutexGuard<'static, (usize, Option<CpuSet>)> {
        HELD.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread that begins meanwhile goes where the one is that began it.
    fn move_all(to: &CpuSet) {
        let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let ids = threads.filter_map(|thread| thread.file_name().to_str()?.parse().ok());
        for thread in ids.filter_map(Pid::from_raw) {
            // One that has just ended is nowhere.
            let _ = sched_setaffinity(Some(thread), to);
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl OneCpu {
    pub fn take() -> Self {
        Self(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::thread::sched_getaffinity;

    use super::*;

    #[test]
    fn afterwards_every_cpu_is_there_again() {
        let before = sched_getaffinity(None).expect("every process may ask").count();
        let one = OneCpu::take();
        assert_eq!(sched_getaffinity(None).expect("as before").count(), 1);
        // A thread that begins now is released with the others.
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let later = std::thread::spawn(move || {
            wait.recv().expect("it is told");
            sched_getaffinity(None).expect("as before").count()
        });
        drop(one);
        go.send(()).expect("it waits");
        assert_eq!(later.join().expect("it ends"), before);
    }
}

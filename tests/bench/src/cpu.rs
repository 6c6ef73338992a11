//! What a piece of work costs, however busy the machine is otherwise.

use std::{fs, time::Duration};

/// The processor time of this process so far, of all its threads, and of the kernel for it. `None` where it cannot be told.
pub(crate) fn spent() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    of_stat(&stat)
}

/// See proc_pid_stat(5): user and system time are the fields 14 and 15, in ticks; Linux tells a hundred ticks a second
/// to programs on every machine that Rust's standard library runs on.
fn of_stat(stat: &str) -> Option<Duration> {
    const TICK: Duration = Duration::from_millis(10);
    // The second field is the program's name in brackets, with whatever it holds.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * (ticks()? + ticks()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_summed() {
        let stat = "42 (a (strange) name) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 100 0 0";
        assert_eq!(of_stat(stat), Some(Duration::from_secs(3)));
        assert_eq!(of_stat(""), None);
    }
}

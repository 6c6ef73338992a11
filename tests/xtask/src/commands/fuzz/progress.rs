use std::{fmt, time::Duration};

/// What libFuzzer says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// How many inputs were taken.
    inputs: u64,
    pub(super) time: Duration,
    /// How many places of the code the first inputs reached, and all of them.
    reached: Option<(u64, u64)>,
    /// Whether nothing was found.
    pub(super) is_clean: bool,
}

impl Progress {
    /// Reads a line of its output: `#42 NEW cov: 1234 ft: 2 …`, `Done 4711 runs in 61 second(s)`.
    pub(super) fn read(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(count) = words.first().and_then(|word| word.strip_prefix('#')) {
            self.inputs = number(count).unwrap_or(self.inputs);
        }
        if let ["Done", inputs, "runs", ..] = words.as_slice() {
            self.inputs = number(inputs).unwrap_or(self.inputs);
        }
        let reached = words.iter().position(|word| *word == "cov:");
        let reached = reached.and_then(|at| number(words.get(at + 1)?));
        // What was reached before the first inputs were all read is no beginning.
        let is_begun = !matches!(words.get(1), Some(&"READ"));
        if let Some(now) = reached.filter(|_| is_begun) {
            let (first, _) = self.reached.unwrap_or((now, now));
            self.reached = Some((first, now));
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.reached.unwrap_or_default();
        let (inputs, minutes) = (self.inputs, self.time.as_secs_f64() / 60.0);
        let found = if self.is_clean { "nothing" } else { "see above" };
        write!(f, "{inputs} | {minutes:.1} | {first} | {last} | {found}")
    }
}

fn number(word: &str) -> Option<u64> {
    word.trim_end_matches(':').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_read_from_what_it_prints() {
        let mut progress = Progress {
            time: Duration::from_secs(63),
            ..Progress::default()
        };
        for line in [
            "INFO: seed corpus: files: 110 min: 81b max: 901b total: 33061b rss: 60Mb",
            "#111\tINITED cov: 6021 ft: 19000 corp: 98/27Kb exec/s: 0 rss: 71Mb",
            "#150\tNEW    cov: 6030 ft: 19011 corp: 99/27Kb lim: 901 exec/s: 0 rss: 71Mb L: 80/901 MS: 1 ChangeBit-",
            "#4096\tpulse  cov: 6100 ft: 19900 corp: 120/29Kb lim: 901 exec/s: 1365 rss: 80Mb",
            "Done 4711 runs in 63 second(s)",
        ] {
            progress.read(line);
        }
        assert_eq!(progress.to_string(), "4711 | 1.1 | 6021 | 6100 | see above");
        progress.is_clean = true;
        assert!(progress.to_string().ends_with("nothing"));
    }

    #[test]
    fn several_processes_are_read_too() {
        let mut progress = Progress::default();
        progress.read(
            "#30000: cov: 800 ft: 1600 corp: 70 exec/s: 9000 oom/timeout/crash: 0/0/0 time: 5s job: 3 dft_time: 0",
        );
        assert_eq!(progress.inputs, 30_000);
        assert_eq!(progress.reached, Some((800, 800)));
    }
}

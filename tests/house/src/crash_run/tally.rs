//! What a run found so far, kept in a file so that a run that was stopped goes on.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::Told;

/// What a run found.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// What was run: the platforms, the number of points and the seed. A file of another run is not gone on with.
    pub run: String,
    /// Every point below this one was made.
    pub done_below: usize,
    /// Points that were made beyond.
    pub done_beyond: BTreeSet<usize>,
    /// How many cuts each site had.
    pub cuts: BTreeMap<String, usize>,
    /// Lines that were to arrive, on both sides.
    pub said: usize,
    /// Lines that arrived.
    pub delivered: usize,
    /// Lines that never did.
    pub lost: usize,
    /// Pairs whose first appearances are in the wrong order.
    pub inverted: usize,
    /// Appearances after the first.
    pub doubled: usize,
    /// Doubles that no cut explains.
    pub unexplained: usize,
    /// Rows that the ledger calls dead letters.
    pub dead_lettered: usize,
    /// Lines of the bot while a human had the conversation.
    pub bot_lines: usize,
    /// Points whose story did not come to its end, with the reason.
    pub stuck: Vec<String>,
    /// Points at which something is not as promised, with what it is.
    pub wrong: Vec<String>,
    /// Points that cut nothing.
    pub missed: usize,
    /// How long it took, over all runs.
    pub secs: f64,
}

impl Tally {
    /// An empty one.
    pub fn of(run: String) -> Self {
        Self { run, ..Self::default() }
    }

    /// Reads the file of a run that was stopped.
    ///
    /// # Errors
    /// When there is none, or it is another run's.
    pub fn read(file: &Path, run: &str) -> Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let tally: Self = serde_json::from_slice(&text).with_context(|| format!("{} is no table", file.display()))?;
        ensure!(tally.run == run, "{} is of another run: {}", file.display(), tally.run);
        Ok(tally)
    }

    /// Replaces the file: whoever reads it sees the table before or after, never half of one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let parent = file.parent().context("a file lies in a folder")?;
        std::fs::create_dir_all(parent)?;
        let half = file.with_extension("part");
        std::fs::write(&half, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(&half, file).with_context(|| format!("{} cannot be written", file.display()))
    }

    /// Whether a point was made.
    pub fn has(&self, number: usize) -> bool {
        number < self.done_below || self.done_beyond.contains(&number)
    }

    /// Adds a point.
    pub(super) fn add(&mut self, number: usize, site: &str, told: &Told, is_cut: bool) {
        self.done_beyond.insert(number);
        while self.done_beyond.remove(&self.done_below) {
            self.done_below += 1;
        }
        if is_cut {
            *self.cuts.entry(site.to_owned()).or_default() += 1;
        } else {
            self.missed += 1;
        }
        match told {
            Told::Stuck(why) => self.stuck.push(format!("point {number} at {site}: {why}")),
            Told::Whole(compared) => {
                if compared.is_wrong() {
                    let shown = &compared.shown;
                    self.wrong
                        .push(format!("point {number} at {site}: {compared:?}; shown: {shown:?}"));
                }
                self.said += compared.said;
                for verdict in [compared.at_desk, compared.in_chat] {
                    self.lost += verdict.lost;
                    self.inverted += verdict.inverted;
                    self.doubled += verdict.doubled;
                }
                self.delivered = self.said - self.lost;
                self.unexplained += compared.unexplained;
                self.dead_lettered += compared.dead_lettered;
                self.bot_lines += compared.bot_lines;
            }
        }
    }

    /// The sites among these at which nothing was cut.
    pub fn empty(&self, sites: &[String]) -> Vec<String> {
        let empty = sites.iter().filter(|site| !self.cuts.contains_key(*site));
        empty.cloned().collect()
    }

    /// Whether what was made so far is as promised.
    pub fn is_good(&self) -> bool {
        self.lost + self.inverted + self.unexplained + self.bot_lines == 0 && self.stuck.is_empty()
    }

    /// The line that the README names.
    pub fn last_line(&self) -> String {
        let Self {
            lost,
            inverted,
            doubled,
            bot_lines,
            ..
        } = self;
        let points: usize = self.cuts.values().sum();
        format!(
            "points {points}, lost {lost}, inverted {inverted}, doubled {doubled}, bot lines after takeover {bot_lines}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crash_run::Compared, judge::Verdict};

    fn told() -> Told {
        Told::Whole(Compared {
            said: 8,
            at_desk: Verdict {
                doubled: 1,
                ..Verdict::default()
            },
            ..Compared::default()
        })
    }

    #[test]
    fn a_run_that_was_stopped_goes_on_with_what_is_missing() {
        let folder = tempfile::tempdir().expect("a folder is made");
        let file = folder.path().join("table.json");
        let mut tally = Tally::of("two points".to_owned());
        tally.add(0, "commit.before", &told(), true);
        tally.add(2, "commit.after", &told(), true);
        tally.write(&file).expect("there is room");

        Tally::read(&file, "three points").expect_err("it is another run's");
        let mut tally = Tally::read(&file, "two points").expect("it is there");
        let has: Vec<_> = (0..4).map(|number| tally.has(number)).collect();
        assert_eq!(has, [true, false, true, false]);
        tally.add(1, "commit.after", &told(), false);
        assert_eq!((tally.done_below, tally.missed), (3, 1));
        assert_eq!((tally.delivered, tally.doubled), (24, 3));
        assert_eq!(
            tally.last_line(),
            "points 2, lost 0, inverted 0, doubled 3, bot lines after takeover 0"
        );
        assert!(tally.is_good());
    }

    #[test]
    fn a_story_that_is_stuck_is_not_good() {
        let mut tally = Tally::default();
        tally.add(0, "commit.before", &Told::Stuck("nobody answers".to_owned()), true);
        assert!(!tally.is_good());
    }
}

//! What was measured, as a table and as JSON.

use std::time::Duration;

use serde::Serialize;

use super::compare::{Round, Side};
use crate::{
    environment::Environment,
    figures::{float, median},
    latency::Latency,
    plot::{Bar, Group, Plot, Scale},
    table::{draw, thousands},
};

/// A whole run.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) bench: &'static str,
    pub(super) environment: Environment,
    pub(super) setup: Setup,
    pub(super) comparisons: Vec<Comparison>,
    /// How long the run took, with all that is not measured.
    pub(super) secs: f64,
}

/// What is the same in every comparison.
#[derive(Serialize)]
pub(super) struct Setup {
    #[serde(flatten)]
    pub(super) store: StoreFacts,
    pub(super) sessions: usize,
    pub(super) rounds: usize,
    pub(super) round_secs: f64,
    pub(super) body_bytes: usize,
}

/// What keeps the ledger, and how.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "store")]
pub(super) enum StoreFacts {
    Sqlite {
        journal_mode: &'static str,
        sync_mode: &'static str,
    },
    Postgres {
        version: String,
    },
}

/// The sides at one number of connections and one flush delay.
#[derive(Serialize)]
pub(super) struct Comparison {
    pub(super) connections: usize,
    /// What each flush was made slower by.
    pub(super) flush_delay_ms: f64,
    pub(super) sides: Vec<SideReport>,
}

/// One side over all rounds.
#[derive(Serialize)]
pub(super) struct SideReport {
    side: Side,
    /// Answered requests a second: the median of the rounds.
    per_sec: f64,
    per_sec_rounds: Vec<f64>,
    /// Beside the bare handler: the median of the rounds' own ratios.
    ratio_to_bare: Option<f64>,
    #[serde(flatten)]
    latency: Latency,
    /// Processor time of the whole process for each answered request: the load's own is in it.
    cpu_us: Option<f64>,
    answered: u64,
    /// The measured time.
    secs: f64,
    /// Of a house alone.
    house: Option<HouseReport>,
}

#[derive(Serialize)]
struct HouseReport {
    /// Commits that were flushed to the disk. None of a ledger in memory.
    flushes: u64,
    hooks_per_flush: Option<f64>,
    /// Deliveries that the chat took while the load ran.
    delivered: u64,
    /// How long those took that were left when a round's load ended: the median of the rounds.
    drain_secs: f64,
}

impl SideReport {
    /// Sums a side's rounds up; `bare` are the rates of the bare handler in the same rounds.
    pub(super) fn of(side: Side, rounds: Vec<Round>, bare: &[f64]) -> Self {
        let per_sec_rounds: Vec<f64> = rounds.iter().map(|round| round.load.per_sec()).collect();
        let ratios: Vec<f64> = per_sec_rounds.iter().zip(bare).map(|(own, bare)| own / bare).collect();
        let answered: u64 = rounds.iter().map(|round| round.load.answered()).sum();
        let cpu: Option<Duration> = rounds.iter().map(|round| round.load.cpu).sum();
        let secs = rounds.iter().map(|round| round.load.took.as_secs_f64()).sum();
        let house = (side != Side::Bare).then(|| HouseReport::of(&rounds, answered));
        let nanos: Vec<u64> = rounds.into_iter().flat_map(|round| round.load.nanos).collect();
        Self {
            side,
            per_sec: median(&per_sec_rounds),
            per_sec_rounds,
            ratio_to_bare: (!ratios.is_empty()).then(|| median(&ratios)),
            latency: Latency::of(nanos),
            cpu_us: cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / float(answered)),
            answered,
            secs,
            house,
        }
    }

    fn row(&self) -> Vec<String> {
        let of_house = |shown: &dyn Fn(&HouseReport) -> String| self.house.as_ref().map_or_else(String::new, shown);
        vec![
            self.side.label().to_owned(),
            rounded(self.per_sec),
            self.ratio_to_bare
                .map_or_else(String::new, |ratio| format!("{ratio:.2}")),
            format!("{:.2}", self.latency.p50_ms),
            format!("{:.2}", self.latency.p99_ms),
            format!("{:.2}", self.latency.p999_ms),
            self.cpu_us.map_or_else(String::new, |cpu| format!("{cpu:.0}")),
            thousands(self.answered),
            of_house(&|house| thousands(house.flushes)),
            of_house(&|house| {
                house
                    .hooks_per_flush
                    .map_or_else(String::new, |hooks| format!("{hooks:.1}"))
            }),
            of_house(&|house| thousands(house.delivered)),
        ]
    }
}

impl HouseReport {
    fn of(rounds: &[Round], answered: u64) -> Self {
        let flushes: u64 = rounds.iter().map(|round| round.flushes).sum();
        let drains: Vec<f64> = rounds.iter().map(|round| round.drain.as_secs_f64()).collect();
        Self {
            flushes,
            hooks_per_flush: (flushes > 0).then(|| float(answered) / float(flushes)),
            delivered: rounds.iter().map(|round| round.delivered).sum(),
            drain_secs: median(&drains),
        }
    }
}

impl Report {
    /// The report as a person reads it, in Markdown.
    pub(super) fn text(&self) -> String {
        let setup = &self.setup;
        let ledger = setup.store.line();
        let load = format!(
            "{} sessions, JSON bodies of {} bytes, {} rounds of {} s a side, in turn",
            setup.sessions, setup.body_bytes, setup.rounds, setup.round_secs
        );
        let secs = format!("{:.0} s in all", self.secs);
        let environment = self.environment.lines().join("\n- ");
        let tables: String = self.comparisons.iter().map(Comparison::text).collect();
        format!("- {environment}\n- {ledger}\n- {load}\n- {secs}\n{tables}")
    }

    /// The rates.
    pub(super) fn plot(&self) -> Plot {
        let bar = |(colour, side): (usize, &SideReport)| Bar {
            label: side.side.label().to_owned(),
            value: side.per_sec,
            shown: rounded(side.per_sec),
            colour,
        };
        let group = |comparison: &Comparison| Group {
            head: comparison.head(),
            bars: comparison.sides.iter().enumerate().map(bar).collect(),
        };
        Plot {
            title: "Hooks a second (logarithmic)".to_owned(),
            scale: Scale::Logarithmic,
            groups: self.comparisons.iter().map(group).collect(),
        }
    }
}

impl StoreFacts {
    fn line(&self) -> String {
        match self {
            Self::Sqlite {
                journal_mode,
                sync_mode,
            } => format!("SQLite, journal mode {journal_mode}, synchronous {sync_mode}"),
            Self::Postgres { version } => format!(
                "PostgreSQL {version}, one instance, the server on the same cores, fsync and synchronous_commit on"
            ),
        }
    }
}

impl Comparison {
    const HEAD: [&str; 11] = [
        "side",
        "per second",
        "ratio",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "CPU µs",
        "answered",
        "flushes",
        "hooks a flush",
        "delivered",
    ];

    fn head(&self) -> String {
        let plural = if self.connections == 1 { "" } else { "s" };
        let delay = if self.flush_delay_ms > 0.0 {
            format!("{} ms added to each flush", self.flush_delay_ms)
        } else {
            "the disk as it is".to_owned()
        };
        format!("{} connection{plural}, {delay}", self.connections)
    }

    fn text(&self) -> String {
        let rows: Vec<Vec<String>> = self.sides.iter().map(SideReport::row).collect();
        let table = draw(&Self::HEAD, &rows);
        format!(
            "\n{}:\n\n{table}{}\n",
            self.head(),
            self.group_commit().unwrap_or_default()
        )
    }

    /// How many times the rate of a commit a hook the durable side has.
    fn group_commit(&self) -> Option<String> {
        let rate = |wanted| {
            self.sides
                .iter()
                .find(|side| side.side == wanted)
                .map(|side| side.per_sec)
        };
        let times = rate(Side::Durable)? / rate(Side::CommitARow)?;
        Some(format!("\nGroup commit: {times:.1} times a commit a hook.\n"))
    }
}

fn rounded(rate: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is not negative, and far below 2^52"
    )]
    let whole = rate.round() as u64;
    thousands(whole)
}

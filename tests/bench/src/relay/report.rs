//! What was measured, as a table and as JSON.

use serde::Serialize;

use super::{Round, Side};
use crate::{
    environment::Environment,
    latency::Latency,
    plot::{Bar, Group, Plot, Scale},
    table::draw,
};

/// A whole run.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) bench: &'static str,
    pub(super) environment: Environment,
    pub(super) setup: Setup,
    pub(super) comparisons: Vec<Comparison>,
    pub(super) secs: f64,
}

#[derive(Serialize)]
pub(super) struct Setup {
    pub(super) per_sec: u32,
    pub(super) rounds: u16,
    pub(super) round_secs: u16,
}

/// Both relays at one number of conversations.
#[derive(Serialize)]
pub(super) struct Comparison {
    conversations: usize,
    sides: [SideReport; 2],
    /// The 99th percentile as a multiple of that of the relay that keeps nothing.
    p99_ratio_to_customer: f64,
    p99_ratio_to_agent: f64,
}

/// One relay over all rounds.
#[derive(Clone, Serialize)]
pub(super) struct SideReport {
    side: Side,
    /// From a hook to the call of the platform.
    to_customer: Latency,
    /// From the customer's update to the call of the desk.
    to_agent: Latency,
}

impl SideReport {
    pub(super) fn of(side: Side, rounds: Round) -> Self {
        Self {
            side,
            to_customer: Latency::of(rounds.to_customer),
            to_agent: Latency::of(rounds.to_agent),
        }
    }

    fn directions(&self) -> [(&'static str, Latency); 2] {
        [("hook to chat", self.to_customer), ("chat to desk", self.to_agent)]
    }
}

impl Side {
    const fn label(self) -> &'static str {
        match self {
            Self::Naive => "keeps nothing",
            Self::Escalator => "escalator",
        }
    }
}

impl Comparison {
    pub(super) fn of(conversations: usize, naive: SideReport, escalator: SideReport) -> Self {
        Self {
            conversations,
            p99_ratio_to_customer: escalator.to_customer.p99_ms / naive.to_customer.p99_ms,
            p99_ratio_to_agent: escalator.to_agent.p99_ms / naive.to_agent.p99_ms,
            sides: [naive, escalator],
        }
    }

    fn text(&self) -> String {
        let row = |side: &SideReport, (direction, latency): (&str, Latency)| {
            let mut row = vec![format!("{direction}, {}", side.side.label()), latency.count.to_string()];
            row.extend(latency.cells());
            row
        };
        let rows: Vec<Vec<String>> = (0..2)
            .flat_map(|direction| {
                self.sides
                    .iter()
                    .map(move |side| row(side, side.directions()[direction]))
            })
            .collect();
        let table = draw(
            &["direction", "events", "p50 ms", "p99 ms", "p99.9 ms", "max ms"],
            &rows,
        );
        format!(
            "\n{} conversations:\n\n{table}\np99 as a multiple: {:.2} towards the chat, {:.2} towards the desk.\n",
            self.conversations, self.p99_ratio_to_customer, self.p99_ratio_to_agent
        )
    }
}

impl Report {
    pub(super) fn text(&self) -> String {
        let Setup {
            per_sec,
            rounds,
            round_secs,
        } = self.setup;
        let environment = self.environment.lines().join("\n- ");
        let load = format!(
            "{per_sec} events a second, half in each direction, {rounds} rounds of {round_secs} s a side, in turn"
        );
        let tables: String = self.comparisons.iter().map(Comparison::text).collect();
        format!("- {environment}\n- {load}\n- {:.0} s in all\n{tables}", self.secs)
    }

    pub(super) fn plot(&self) -> Plot {
        let bars = |latency: Latency, label: &str, colour| {
            [
                ("p50", latency.p50_ms),
                ("p99", latency.p99_ms),
                ("p99.9", latency.p999_ms),
            ]
            .map(|(percentile, ms)| Bar {
                label: format!("{label}, {percentile}"),
                value: ms,
                shown: format!("{ms:.2} ms"),
                colour,
            })
        };
        let group = |comparison: &Comparison, direction: usize| Group {
            head: format!(
                "{}, {} conversations",
                comparison.sides[0].directions()[direction].0,
                comparison.conversations
            ),
            bars: comparison
                .sides
                .iter()
                .enumerate()
                .flat_map(|(colour, side)| bars(side.directions()[direction].1, side.side.label(), colour))
                .collect(),
        };
        Plot {
            title: "From end to end, in milliseconds (logarithmic)".to_owned(),
            scale: Scale::Logarithmic,
            groups: self
                .comparisons
                .iter()
                .flat_map(|comparison| [group(comparison, 0), group(comparison, 1)])
                .collect(),
        }
    }
}

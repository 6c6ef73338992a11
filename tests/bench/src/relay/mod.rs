//! `bench relay`: from end to end, through Telegram's adapter and the desk's client, beside a relay that keeps nothing.
//!
//! Both relays stand between the same two fakes, which answer at once. The load is an open loop: an event has its moment by
//! the clock, whatever became of the one before, and its time counts from that moment. So a relay that stands still is
//! charged for all that waits meanwhile.

mod arrivals;
pub(crate) mod fakes;
mod naive;
mod ours;
mod report;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum, value_parser};
use escalator::model::SessionId;
use serde::Serialize;
use tokio::{task::JoinSet, time::timeout};

use self::{
    arrivals::Arrivals,
    fakes::Fakes,
    naive::Naive,
    ours::Ours,
    report::{Comparison, Report, Setup, SideReport},
};
use crate::{environment::Environment, hookpoint::message, output::Output};

/// What is measured, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    output: Output,
    /// How many conversations are active: one comparison for each.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1_000], value_parser = value_parser!(u16).range(1..=5_000))]
    conversations: Vec<u16>,
    /// How many events there are a second, half of them in each direction.
    #[arg(long, default_value_t = 400, value_parser = value_parser!(u32).range(2..=100_000))]
    per_sec: u32,
    /// How often each side is measured.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// How long a round takes, in seconds.
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u16).range(1..=60))]
    round_secs: u16,
}

/// Which relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum Side {
    /// A hand-written relay of teloxide, axum and reqwest that keeps nothing.
    Naive,
    /// Escalator, its ledger in a file.
    Escalator,
}

/// What a round gave: how long each event took from its moment to the call that it led to, in nanoseconds.
#[derive(Default)]
struct Round {
    to_customer: Vec<u64>,
    to_agent: Vec<u64>,
}

/// How long the last calls may take after the end.
const GRACE: Duration = Duration::from_secs(30);

/// Measures, and prints what came of it.
///
/// # Errors
/// When anything is refused, or a call is missing.
pub(crate) async fn run(options: Options) -> Result<()> {
    let start = Instant::now();
    let folder = options.output.folder()?;
    let mut comparisons = Vec::new();
    for &conversations in &options.conversations {
        eprintln!("{conversations} conversations …");
        let arrivals = Arrivals::new();
        let (ours_at, naive_at) = (Fakes::serve(&arrivals).await?, Fakes::serve(&arrivals).await?);
        let ours = Ours::open(&folder, &ours_at, conversations.into()).await?;
        let naive = Naive::start(&naive_at, conversations.into()).await?;
        let mut rounds = [Round::default(), Round::default()];
        for _ in 0..options.rounds {
            let load = Load {
                arrivals: &arrivals,
                options: &options,
            };
            rounds[0].add(load.round(&naive_at, naive.hooks_at, &naive.sessions).await?);
            rounds[1].add(load.round(&ours_at, ours.hooks_at, &ours.sessions).await?);
        }
        ours.close().await?;
        naive.stop();
        let [naive, escalator] = rounds;
        comparisons.push(Comparison::of(
            conversations.into(),
            SideReport::of(Side::Naive, naive),
            SideReport::of(Side::Escalator, escalator),
        ));
    }
    let report = Report {
        bench: "relay",
        environment: Environment::of(&folder),
        setup: Setup {
            per_sec: options.per_sec,
            rounds: options.rounds,
            round_secs: options.round_secs,
        },
        comparisons,
        secs: start.elapsed().as_secs_f64(),
    };
    options.output.put("relay", &report, &report.text(), &report.plot())
}

impl Round {
    fn add(&mut self, other: Self) {
        self.to_customer.extend(other.to_customer);
        self.to_agent.extend(other.to_agent);
    }
}

struct Load<'l> {
    arrivals: &'l Arc<Arrivals>,
    options: &'l Options,
}

impl Load<'_> {
    /// Sends events by the clock: a hook and an update in turn, over the conversations in turn.
    async fn round(&self, fakes: &Fakes, hooks_at: SocketAddr, sessions: &[SessionId]) -> Result<Round> {
        let events = self.options.per_sec * u32::from(self.options.round_secs);
        let interval = Duration::from_secs(1) / self.options.per_sec;
        let markers = self.arrivals.expect(events as usize);
        let client = reqwest::Client::builder().tcp_nodelay(true).build()?;
        let hooks_to = format!("http://{hooks_at}{}", message::path());
        let mut ticks = ticks(events, interval);
        let mut hooks = JoinSet::new();
        while let Some((event, due)) = ticks.recv().await {
            let index = event as usize;
            let (marker, conversation) = (markers.start + index, (index / 2) % sessions.len());
            self.arrivals.due(marker, due);
            let text = arrivals::text(marker);
            if index.is_multiple_of(2) {
                let body = message::body_of(sessions[conversation], &text);
                let hook = client
                    .post(&hooks_to)
                    .header("content-type", "application/json")
                    .body(body);
                hooks.spawn(async move { anyhow::Ok(hook.send().await?.status().as_u16()) });
            } else {
                fakes.customer_says(conversation, &text);
            }
        }
        let answered = async {
            while let Some(hook) = hooks.join_next().await {
                let status = hook??;
                ensure!(status == 200, "a hook was answered {status}");
            }
            self.arrivals.complete(markers.clone()).await;
            anyhow::Ok(())
        };
        timeout(GRACE, answered).await??;
        let (mut round, took) = (Round::default(), self.arrivals.take(markers));
        for (index, nanos) in took.into_iter().enumerate() {
            let of = if index.is_multiple_of(2) {
                &mut round.to_customer
            } else {
                &mut round.to_agent
            };
            of.push(nanos);
        }
        Ok(round)
    }
}

/// The moments of a round, each when it has come. A thread waits for them: timers of the runtime go by the millisecond.
fn ticks(events: u32, interval: Duration) -> tokio::sync::mpsc::UnboundedReceiver<(u32, Instant)> {
    let (tick, ticks) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let start = Instant::now() + interval;
        for event in 0..events {
            let due = start + interval * event;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if tick.send((event, due)).is_err() {
                return;
            }
        }
    });
    ticks
}

//! One comparison: a number of connections, a flush delay, and each side in turn.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::ValueEnum;
use escalator::model::SessionId;
use serde::Serialize;

use super::{
    Options,
    bare::Bare,
    house::{Disk, House, Ledger},
    message,
    report::{Comparison, SideReport},
};
use crate::{
    figures::float,
    load::{self, Load, Requests},
};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    /// The bare handler.
    Bare,
    /// The hookpoint, its ledger on a disk. What follows from a hook waits: the chat takes nothing.
    Durable,
    /// The hookpoint, its ledger on a disk. The chat takes what follows from a hook at once, on the same cores.
    Delivering,
    /// As `durable`, but each hook has a commit of its own: the same statements, and a flush each. What group commit saves.
    CommitARow,
    /// The hookpoint, its ledger in memory. The chat takes nothing. Not durable: it tells what the disk costs.
    Memory,
}

impl Side {
    /// As it stands in a table.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Bare => "bare axum",
            Self::Durable => "hookpoint, durable",
            Self::Delivering => "hookpoint, durable, delivering",
            Self::CommitARow => "hookpoint, a commit a hook",
            Self::Memory => "hookpoint, in memory (not durable)",
        }
    }
}

/// What one round of one side gave.
pub(super) struct Round {
    pub(super) load: Load,
    pub(super) flushes: u64,
    pub(super) delivered: u64,
    /// How long the deliveries took that were left at the end.
    pub(super) drain: Duration,
}

/// A side that is ready for load.
struct Subject {
    side: Side,
    at: At,
    rounds: Vec<Round>,
}

enum At {
    Bare(Bare, Requests),
    House(Box<House>),
}

/// Measures the sides in turn, so that what disturbs the machine disturbs all of them.
pub(super) async fn compare(
    options: &Options,
    disk: Disk<'_>,
    connections: usize,
    delay: Duration,
) -> Result<Comparison> {
    let mut subjects = subjects(options, disk, delay).await?;
    for subject in &subjects {
        subject.round(connections, options.warm_up()).await?;
    }
    for round in 0..options.rounds {
        // There and back: none is always the first after another.
        let order: Vec<usize> = if round % 2 == 0 {
            (0..subjects.len()).collect()
        } else {
            (0..subjects.len()).rev().collect()
        };
        for index in order {
            let measured = subjects[index].round(connections, options.round()).await?;
            subjects[index].rounds.push(measured);
        }
    }
    let mut sides = Vec::with_capacity(subjects.len());
    for subject in subjects {
        if let At::House(house) = subject.at {
            house.close().await?;
        }
        sides.push((subject.side, subject.rounds));
    }
    let bare = sides.iter().find(|(side, _)| *side == Side::Bare);
    let bare: Vec<f64> = bare
        .iter()
        .flat_map(|(_, rounds)| rounds)
        .map(|round| round.load.per_sec())
        .collect();
    Ok(Comparison {
        connections,
        flush_delay_ms: float(u64::try_from(delay.as_micros())?) / 1_000.0,
        sides: sides
            .into_iter()
            .map(|(side, rounds)| SideReport::of(side, rounds, &bare))
            .collect(),
    })
}

/// The sides that this comparison has.
async fn subjects(options: &Options, disk: Disk<'_>, delay: Duration) -> Result<Vec<Subject>> {
    let mut subjects = Vec::with_capacity(options.sides.len());
    for &side in &options.sides {
        let ledger = match side {
            Side::Durable | Side::Delivering => Ledger::On(disk, delay),
            Side::CommitARow => Ledger::CommitARow(disk, delay),
            // No flush, so none that is slower.
            Side::Memory if !delay.is_zero() => continue,
            Side::Memory => Ledger::Memory,
            Side::Bare => {
                let requests = (0..options.sessions).map(|_| message::request(SessionId::mint()));
                let at = At::Bare(Bare::serve(&message::path()).await?, requests.collect());
                subjects.push(Subject::new(side, at));
                continue;
            }
        };
        let house = House::open(ledger, options.sessions.into()).await?;
        house.open_chat(side == Side::Delivering);
        subjects.push(Subject::new(side, At::House(Box::new(house))));
    }
    Ok(subjects)
}

impl Subject {
    const fn new(side: Side, at: At) -> Self {
        Self {
            side,
            at,
            rounds: Vec::new(),
        }
    }

    async fn round(&self, connections: usize, time: Duration) -> Result<Round> {
        match &self.at {
            At::Bare(bare, requests) => Ok(Round {
                load: load::steady(bare.address, requests, connections, time).await?,
                flushes: 0,
                delivered: 0,
                drain: Duration::ZERO,
            }),
            At::House(house) => self.house_round(house, connections, time).await,
        }
    }

    async fn house_round(&self, house: &House, connections: usize, time: Duration) -> Result<Round> {
        let before = (house.flushes.count(), house.delivered(), house.waiting().await);
        let load = load::steady(house.address, &house.hooks, connections, time).await?;
        let flushes = house.flushes.count() - before.0;
        let delivered = house.delivered() - before.1;
        let left = Instant::now();
        if self.side == Side::Delivering {
            house.drained().await?;
        }
        let drain = left.elapsed();
        let kept = (house.waiting().await - before.2) + (house.delivered() - before.1);
        ensure!(
            kept == load.answered(),
            "{} hooks were answered, and {kept} deliveries followed",
            load.answered()
        );
        Ok(Round {
            load,
            flushes,
            delivered,
            drain,
        })
    }
}

//! `bench bot-owned`: what listener and node add to an update of a chat that the bot owns.
//!
//! teloxide's dispatcher works through the same updates with and without us, in turn. Its own costs are most of the time
//! on both sides; the difference is ours. The ledger's disk is made slow, so that waiting for it could not be overlooked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, value_parser};
use escalator::{
    runtime::{Database, Escalator, Running},
    store::{Flushes, SqliteSettings},
};
use escalator_telegram::{Telegram, client};
use futures::{StreamExt, stream};
use serde::Serialize;
use serde_json::json;
use teloxide::{
    error_handlers::LoggingErrorHandler,
    prelude::*,
    stop::{StopFlag, StopToken, mk_stop_token},
    update_listeners::{AsUpdateStream, UpdateListener},
};
use tempfile::TempDir;

use crate::{
    cpu,
    environment::Environment,
    figures::{float, median},
    hookpoint::{ends::QuickDesk, message},
    output::Output,
    plot::{Bar, Group, Plot, Scale},
    relay::fakes::{Fakes, TOKEN, user},
    table::draw,
};

/// What is measured.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    output: Output,
    /// How many updates there are in a round.
    #[arg(long, default_value_t = 50_000, value_parser = value_parser!(u32).range(1_000..=10_000_000))]
    updates: u32,
    /// Of how many chats.
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u32).range(1..))]
    chats: u32,
    /// How often each side is measured.
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// What each flush is made slower by, in milliseconds.
    #[arg(long, default_value_t = 50, value_parser = value_parser!(u64).range(0..=1_000))]
    flush_delay_ms: u64,
}

#[derive(Serialize)]
struct Report {
    bench: &'static str,
    environment: Environment,
    updates: u32,
    chats: u32,
    rounds: u16,
    flush_delay_ms: u64,
    /// Microseconds an update: the medians of the rounds.
    without_us: Cost,
    with_us: Cost,
    added: Cost,
    /// Flushes while the updates were worked through: transcript lines are written behind.
    flushes: u64,
    secs: f64,
}

/// Microseconds an update.
#[derive(Clone, Copy, Default, Serialize)]
struct Cost {
    elapsed_us: f64,
    /// Processor time of all threads, with what is written behind.
    cpu_us: f64,
}

/// Measures, and prints what came of it.
///
/// # Errors
/// When the house does not start, or an update is lost.
pub(crate) async fn run(options: Options) -> Result<()> {
    let start = Instant::now();
    let folder = options.output.folder()?;
    let bed = Bed::open(&options).await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    bed.round(&options, With::Nobody, 0).await?;
    bed.round(&options, With::Us, 0).await?;
    let before = bed.flushes.count();
    for round in 0..options.rounds {
        let first = (u32::from(round) + 1) * options.updates;
        without.push(bed.round(&options, With::Nobody, first).await?);
        with.push(bed.round(&options, With::Us, first).await?);
    }
    let flushes = bed.flushes.count() - before;
    bed.close().await?;
    let (without_us, with_us) = (Cost::median(&without), Cost::median(&with));
    let added: Vec<Cost> = with
        .iter()
        .zip(&without)
        .map(|(with, without)| with.less(*without))
        .collect();
    let report = Report {
        bench: "bot-owned",
        environment: Environment::of(&folder),
        updates: options.updates,
        chats: options.chats,
        rounds: options.rounds,
        flush_delay_ms: options.flush_delay_ms,
        without_us,
        with_us,
        added: Cost::median(&added),
        flushes,
        secs: start.elapsed().as_secs_f64(),
    };
    options.output.put("bot-owned", &report, &report.text(), &report.plot())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    Nobody,
    Us,
}

/// A house, and a bot.
struct Bed {
    bot: Bot,
    running: Running,
    telegram: Telegram<Bot>,
    flushes: Flushes,
    _fakes: Fakes,
    _folder: TempDir,
}

impl Bed {
    async fn open(options: &Options) -> Result<Self> {
        let folder = options.output.folder()?;
        let folder = tempfile::Builder::new().prefix("escalator-bench-").tempdir_in(folder)?;
        let fakes = Fakes::quiet().await?;
        let mut sqlite = SqliteSettings::default();
        sqlite.flush_delay = Some(Duration::from_millis(options.flush_delay_ms));
        let flushes = sqlite.flushes.clone();
        let mut house = Escalator::builder(QuickDesk)
            .database(Database::Sqlite(folder.path().join("ledger.db")))
            .sqlite(sqlite)
            .hookpoint_listen(([127, 0, 0, 1], 0).into())
            .hookpoint_secret(message::SECRET)
            .open()
            .await?;
        let bot = client(TOKEN, Some(&fakes.url()))?;
        let telegram = Telegram::new(bot.clone(), house.ingress("telegram"));
        house.connect(Arc::new(telegram.clone()))?;
        Ok(Self {
            bot,
            running: house.start().await?,
            telegram,
            flushes,
            _fakes: fakes,
            _folder: folder,
        })
    }

    /// Works through a round of updates, whose numbers begin behind `first`.
    async fn round(&self, options: &Options, with: With, first: u32) -> Result<Cost> {
        let updates = updates(options, first)?;
        let seen = Arc::new(AtomicU64::new(0));
        let handler = |_: Message, seen: Arc<AtomicU64>| async move {
            seen.fetch_add(1, Ordering::Relaxed);
            anyhow::Ok(())
        };
        let handlers = dptree::entry().branch(Update::filter_message().endpoint(handler));
        let listener = Ready::new(updates);
        let cpu_before = cpu::spent().context("the processor time is told here")?;
        let began = Instant::now();
        let dispatched = match with {
            With::Nobody => {
                let mut dispatcher = Dispatcher::builder(self.bot.clone(), handlers)
                    .dependencies(dptree::deps![Arc::clone(&seen)])
                    .build();
                dispatcher
                    .try_dispatch_with_listener(listener, LoggingErrorHandler::new())
                    .await
            }
            With::Us => {
                let (listener, handlers) = self.telegram.install(listener, handlers);
                let mut dispatcher = Dispatcher::builder(self.bot.clone(), handlers)
                    .dependencies(dptree::deps![Arc::clone(&seen)])
                    .build();
                dispatcher
                    .try_dispatch_with_listener(listener, LoggingErrorHandler::new())
                    .await
            }
        };
        let elapsed = began.elapsed();
        let cpu = cpu::spent()
            .context("the processor time is told here")?
            .saturating_sub(cpu_before);
        dispatched.map_err(|_| anyhow!("the dispatcher gave up"))?;
        let (seen, count) = (seen.load(Ordering::Relaxed), u64::from(options.updates));
        ensure!(seen == count, "the bot saw {seen} of {count} updates");
        Ok(Cost {
            elapsed_us: elapsed.as_secs_f64() * 1e6 / float(count),
            cpu_us: cpu.as_secs_f64() * 1e6 / float(count),
        })
    }

    async fn close(self) -> Result<()> {
        ensure!(self.running.shutdown().await, "the house did not stop in time");
        Ok(())
    }
}

fn updates(options: &Options, first: u32) -> Result<Vec<Update>> {
    let update = |n: u32| {
        let user = user((n % options.chats) as usize);
        let person = json!({ "id": user, "is_bot": false, "first_name": "Customer" });
        let update = json!({
            "update_id": first + n + 1,
            "message": {
                "message_id": first + n + 1,
                "date": 1_760_000_000,
                "from": person,
                "chat": { "id": user, "type": "private", "first_name": "Customer" },
                "text": "Where is my order? It should have been here on Monday.",
            },
        });
        Ok(serde_json::from_str(&update.to_string())?)
    };
    (0..options.updates).map(update).collect()
}

/// A listener that has all its updates from the start, and ends behind the last.
struct Ready {
    updates: Vec<Update>,
    token: StopToken,
    flag: StopFlag,
}

impl Ready {
    fn new(updates: Vec<Update>) -> Self {
        let (token, flag) = mk_stop_token();
        Self { updates, token, flag }
    }
}

impl UpdateListener for Ready {
    type Err = std::convert::Infallible;

    fn stop_token(&mut self) -> StopToken {
        self.token.clone()
    }
}

impl<'a> AsUpdateStream<'a> for Ready {
    type StreamErr = std::convert::Infallible;
    type Stream = stream::BoxStream<'a, Result<Update, Self::StreamErr>>;

    fn as_stream(&'a mut self) -> Self::Stream {
        let stopped = self.flag.clone();
        let updates = std::mem::take(&mut self.updates).into_iter().map(Ok);
        Box::pin(stream::iter(updates).take_while(move |_| std::future::ready(!stopped.is_stopped())))
    }
}

impl Cost {
    fn median(costs: &[Self]) -> Self {
        let of = |part: fn(&Self) -> f64| median(&costs.iter().map(part).collect::<Vec<f64>>());
        Self {
            elapsed_us: of(|cost| cost.elapsed_us),
            cpu_us: of(|cost| cost.cpu_us),
        }
    }

    fn less(self, other: Self) -> Self {
        Self {
            elapsed_us: self.elapsed_us - other.elapsed_us,
            cpu_us: self.cpu_us - other.cpu_us,
        }
    }
}

impl Report {
    fn sides(&self) -> [(&'static str, Cost); 3] {
        [
            ("dispatcher alone", self.without_us),
            ("with listener and node", self.with_us),
            ("added", self.added),
        ]
    }

    fn text(&self) -> String {
        let row = |(side, cost): (&str, Cost)| {
            vec![
                side.to_owned(),
                format!("{:.2}", cost.elapsed_us),
                format!("{:.2}", cost.cpu_us),
            ]
        };
        let rows: Vec<Vec<String>> = self.sides().into_iter().map(row).collect();
        let table = draw(&["an update of a chat that the bot owns", "µs", "CPU µs"], &rows);
        let environment = self.environment.lines().join("\n- ");
        format!(
            "- {environment}\n- {} updates of {} chats, {} rounds a side, in turn\n- {} ms added to each flush; {} flushes in \
             all rounds\n- {:.0} s in all\n\n{table}",
            self.updates, self.chats, self.rounds, self.flush_delay_ms, self.flushes, self.secs
        )
    }

    fn plot(&self) -> Plot {
        let bar = |(colour, (side, cost)): (usize, (&str, Cost))| Bar {
            label: side.to_owned(),
            value: cost.elapsed_us,
            shown: format!("{:.1} µs", cost.elapsed_us),
            colour,
        };
        Plot {
            title: "An update of a chat that the bot owns, in microseconds".to_owned(),
            scale: Scale::Linear,
            groups: vec![Group {
                head: format!("{} updates of {} chats", self.updates, self.chats),
                bars: self.sides().into_iter().enumerate().map(bar).collect(),
            }],
        }
    }
}

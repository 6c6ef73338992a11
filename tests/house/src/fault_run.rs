//! Many conversations at once while one call in five goes wrong, at the desk and at the platform; and what both sides saw.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use escalator_testkit::{
    desk::{Answer, Encoding, Fault as DeskFault, Plan as DeskPlan, Scope},
    discord, telegram,
};
use tokio::task::JoinSet;

use crate::{
    crash_run::{
        casts,
        story::{Compared, Patience, Story},
        trap::Trap,
    },
    sites::Platform,
    town::Town,
};

/// How many of all calls go wrong, nearly: several faults may be drawn for one call, and the first strikes.
const SHARE: f64 = 0.2;
/// How much of that is silence of the desk: each is waited for until the client gives up. The platforms fall silent once in
/// every so many conversations, in the human part: a bot's own line that is never answered holds its handler up for
/// minutes, which is no business of ours.
const SILENT_SHARE: f64 = 0.01;
const SILENT_EVERY: usize = 3;
/// How long an answer that is slow takes.
const SLOW: Duration = Duration::from_millis(700);
/// How long the desk and the platforms ask to wait.
const WAIT_SECS: u64 = 1;

const PATIENCE: Patience = Patience {
    most: Duration::from_mins(5),
    ask_again: Duration::from_secs(20),
};

/// What to run.
#[derive(Clone, Debug)]
pub struct FaultRun {
    /// Whose bot.
    pub platform: Platform,
    /// Its program.
    pub program: PathBuf,
    /// Repeats the faults that are drawn.
    pub seed: u64,
    /// How often all conversations are held, in one life of the bot.
    pub rounds: usize,
    /// How many conversations are held at once.
    pub conversations: usize,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct FaultTally {
    /// Conversations.
    pub conversations: usize,
    /// Lines that were to arrive, on both sides.
    pub said: usize,
    /// Lines that never did.
    pub lost: usize,
    /// Pairs whose first appearances are in the wrong order.
    pub inverted: usize,
    /// Appearances after the first.
    pub doubled: usize,
    /// Dead letters in the ledger.
    pub dead_lettered: usize,
    /// Lines of the bot while a human had the conversation.
    pub bot_lines: usize,
    /// Calls to the desk and to the platform.
    pub calls: usize,
    /// Those that a fault struck.
    pub struck: usize,
    /// Those that had their effect and whose answer nobody got.
    pub cut: usize,
    /// Conversations that did not come to their end, with the reason.
    pub stuck: Vec<String>,
}

impl FaultTally {
    /// Whether nothing was lost or inverted, the bot was silent, and each double was cut in flight.
    pub fn is_good(&self) -> bool {
        self.lost + self.inverted + self.bot_lines == 0 && self.doubled <= self.cut && self.stuck.is_empty()
    }

    fn add(&mut self, told: &Compared) {
        self.said += told.said;
        self.bot_lines += told.bot_lines;
        for verdict in [told.at_desk, told.in_chat] {
            self.lost += verdict.lost;
            self.inverted += verdict.inverted;
            self.doubled += verdict.doubled;
        }
    }
}

impl FaultRun {
    /// Holds the conversations.
    ///
    /// # Errors
    /// When the town cannot be built, or the bot does not start.
    pub async fn make(&self) -> Result<FaultTally> {
        let town = Arc::new(Town::build(self.program.clone(), Encoding::Multipart).await?);
        let mut bot = match self.platform {
            Platform::Telegram => town.start_bot().await?,
            Platform::Discord => town.start_discord_bot().await?,
        };
        let mut tally = FaultTally::default();
        for round in 0..self.rounds {
            trouble(&town, self.seed.wrapping_add(round as u64));
            self.round(&town, round, &mut tally).await?;
            town.desk.faults().clear_all();
            town.desk.faults().release_hanging();
            town.telegram.clear_faults();
            town.discord.clear_faults();
        }
        bot.kill()?;
        count_calls(&town, &mut tally);
        tally.dead_lettered = town.dead_letters().await?;
        Ok(tally)
    }

    async fn round(&self, town: &Arc<Town>, round: usize, tally: &mut FaultTally) -> Result<()> {
        let casts = casts(self.platform);
        let mut stories = JoinSet::new();
        for number in 0..self.conversations {
            let (town, cast) = (Arc::clone(town), casts[number % casts.len()]);
            stories.spawn(async move {
                let trap = Trap::default();
                let name = format!("Round{round}Customer{number}");
                let mut story = Story::new(&town, &trap, name.clone(), cast).patience(PATIENCE);
                if number % SILENT_EVERY == 0 {
                    story = story.with_silence();
                }
                (name, story.play().await)
            });
        }
        while let Some(ended) = stories.join_next().await {
            tally.conversations += 1;
            match ended? {
                (_, Ok(told)) => tally.add(&told),
                (name, Err(why)) => tally.stuck.push(format!("{name}: {why:#}")),
            }
        }
        Ok(())
    }
}

/// Lets one call in five go wrong: each kind of trouble by chance, the same for the same seed and order of calls.
fn trouble(town: &Town, seed: u64) {
    at_desk(town, seed);
    at_telegram(town, seed);
    at_discord(town, seed);
}

fn at_desk(town: &Town, seed: u64) {
    let loud = [
        DeskFault::Refuse,
        DeskFault::TooManyRequests {
            retry_after_secs: WAIT_SECS,
        },
        DeskFault::Answer {
            status: 500,
            body: r#"{"status":"error"}"#.to_owned(),
        },
        DeskFault::Unavailable,
        DeskFault::Html,
        DeskFault::HtmlOk,
        DeskFault::LostAnswer,
    ];
    // The desk takes one plan, so the draw is made here: a long row of calls, over and over.
    let mut chance = fastrand::Rng::with_seed(seed);
    let draw = |_| match chance.f64() {
        of if of < SHARE * SILENT_SHARE => Some(DeskFault::Hang),
        of if of < 2.0 * SHARE * SILENT_SHARE => Some(DeskFault::HangAfterEffect),
        of if of < SHARE => Some(loud[chance.usize(0..loud.len())].clone()),
        _ => None,
    };
    let faults = (0..CALLS_DRAWN).map(draw).collect();
    town.desk.faults().set(Scope::All, DeskPlan::Cycle { faults });
}

/// How many calls are drawn before the row begins anew; no factor of what a story takes.
const CALLS_DRAWN: usize = 4_999;

fn at_telegram(town: &Town, seed: u64) {
    use telegram::{Fault, On};
    let loud = [
        Fault::Refuse,
        Fault::RetryAfter { secs: 1 },
        Fault::Refusal {
            code: 500,
            description: "Internal Server Error".to_owned(),
        },
        Fault::Html { status: 502 },
        Fault::LoseAnswer,
        Fault::AnswerAfter(SLOW),
    ];
    let each = SHARE / f64::from(u8::try_from(loud.len()).unwrap_or(u8::MAX));
    for (seed, fault) in (seed << 8..).zip(loud) {
        let plan = telegram::Plan::Chance {
            probability: each,
            seed,
            fault,
        };
        town.telegram.fault(On::any(), plan);
    }
}

fn at_discord(town: &Town, seed: u64) {
    use discord::{Fault, LimitScope, On};
    let loud = [
        Fault::Refuse,
        Fault::RateLimit {
            wait: Duration::from_secs(WAIT_SECS),
            scope: LimitScope::User,
        },
        Fault::Refusal {
            status: 500,
            code: 0,
            message: "Internal Server Error".to_owned(),
        },
        Fault::Html { status: 502 },
        Fault::LoseAnswer,
        Fault::AnswerAfter(SLOW),
    ];
    let each = SHARE / f64::from(u8::try_from(loud.len()).unwrap_or(u8::MAX));
    for (seed, fault) in (seed << 8..).zip(loud) {
        let plan = discord::Plan::Chance {
            probability: each,
            seed,
            fault,
        };
        town.discord.fault(On::any(), plan);
    }
}

fn count_calls(town: &Town, tally: &mut FaultTally) {
    let mut count = |is_struck: bool, is_cut: bool| {
        tally.calls += 1;
        tally.struck += usize::from(is_struck);
        tally.cut += usize::from(is_cut);
    };
    for call in town.desk.calls() {
        let is_cut = call.effect && !matches!(call.answer, Answer::Sent { .. });
        count(call.fault.is_some(), is_cut);
    }
    for call in town.telegram.calls() {
        count(call.fault.is_some(), call.fate != telegram::Fate::Answered);
    }
    for call in town.discord.calls() {
        let is_cut = call.effect && call.fate != discord::Fate::Answered;
        count(call.fault.is_some(), is_cut);
    }
}

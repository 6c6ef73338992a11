//! Two instances of the Telegram bot on one PostgreSQL, under load: each round kills one and pauses one, and at the end what
//! both sides saw is compared.

mod balancer;
mod crew;
mod report;
mod talk;

use std::{fmt, path::PathBuf, time::Duration};

use anyhow::{Context, Result, bail};
use escalator_testkit::{desk::Encoding, postgres};
use futures::future::try_join_all;
use tokio_util::sync::CancellationToken;

pub use self::{
    balancer::Balancer,
    report::{Report, Trouble},
};
use self::{crew::Crew, talk::Talk};
use crate::town::Town;

/// The variable that tells a bot of this house how long its lease is, in seconds.
pub const LEASE_SECS: &str = "HOUSE_LEASE_SECS";
/// What may come on top of the lease: the others look for what is over every second, the dispatcher of the channel starts,
/// and a customer writes a line a second.
pub const MARGIN: Duration = Duration::from_secs(5);
/// How long a hook may take before the desk sends it again.
const HOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two troubles.
const CALM_MILLIS: std::ops::Range<u64> = 500..3_000;

/// What to run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The Telegram bot's program.
    pub program: PathBuf,
    /// Repeats a run: who is struck, when, and in which order.
    pub seed: u64,
    /// How often one is killed and one is paused.
    pub rounds: usize,
    /// How long one is paused.
    pub pause: Duration,
    /// How long an instance may be silent before the other takes over.
    pub lease: Duration,
    /// How many customers write.
    pub customers: usize,
    /// How Telegram's updates come.
    pub updates: Updates,
}

/// How Telegram's updates come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updates {
    /// The instance that holds the channel polls.
    Polled,
    /// They are posted to either.
    Posted,
}

/// What happens to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// SIGKILL; it is started again when the sessions have gone on.
    Killed,
    /// SIGSTOP.
    Paused,
    /// SIGCONT, after a pause.
    Back,
}

/// Whom it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The one that receives for the channel.
    Holder,
    /// The other one.
    Other,
}

impl Run {
    /// Makes the rounds, and compares.
    ///
    /// # Errors
    /// When something does not start, an instance ends by itself, or a session does not go on at all.
    pub async fn make(&self) -> Result<Report> {
        let town = Town::build(self.program.clone(), Encoding::Multipart).await?;
        town.desk.configure(|desk| desk.hooks.timeout = HOOK_TIMEOUT);
        let database = tokio::task::spawn_blocking(postgres::database).await??;
        let mut crew = Crew::start(&town, database.url(), self.lease, self.updates).await?;
        let talks = (0..self.customers).map(|number| Talk::begin(&town, format!("Customer{number}")));
        let talks = try_join_all(talks).await?;
        let stop = CancellationToken::new();
        let load = async { try_join_all(talks.iter().map(|talk| talk.goes_on(&stop))).await };
        let troubles = async {
            let troubles = self.troubles(&mut crew, &talks).await;
            stop.cancel();
            troubles
        };
        let (load, troubles) = tokio::join!(load, troubles);
        let (troubles, _) = (troubles?, load?);
        let compared = futures::future::join_all(talks.iter().map(Talk::compare)).await;
        match crew.ended()? {
            Some(how) => bail!(how),
            None => Ok(Report::of(self, troubles, &compared)),
        }
    }

    async fn troubles(&self, crew: &mut Crew<'_>, talks: &[Talk<'_>]) -> Result<Vec<Trouble>> {
        let mut chance = fastrand::Rng::with_seed(self.seed);
        let mut troubles = Vec::new();
        for round in 1..=self.rounds {
            let mut blows = [Blow::Killed, Blow::Paused];
            chance.shuffle(&mut blows);
            for blow in blows {
                tokio::time::sleep(Duration::from_millis(chance.u64(CALM_MILLIS))).await;
                let whom = *chance.choice(&[Whom::Holder, Whom::Other]).expect("there are two");
                let strike = self.strike(round, blow, whom, crew, talks);
                let struck = strike
                    .await
                    .with_context(|| format!("round {round}: the {whom} is {blow}"))?;
                troubles.extend(struck);
                if let Some(how) = crew.ended()? {
                    bail!(how);
                }
            }
        }
        Ok(troubles)
    }

    async fn strike(
        &self,
        round: usize,
        blow: Blow,
        whom: Whom,
        crew: &mut Crew<'_>,
        talks: &[Talk<'_>],
    ) -> Result<Vec<Trouble>> {
        let holder = crew.holder().await?;
        let at = if whom == Whom::Holder { holder } else { 1 - holder };
        let went_on = |blow, went_on| Trouble::new(round, blow, whom, went_on);
        if blow == Blow::Killed {
            crew.kill(at)?;
            let first = go_on(talks).await?;
            crew.start_again(at).await?;
            return Ok(vec![went_on(blow, first)]);
        }
        crew.pause(at)?;
        let pause = tokio::time::sleep(self.pause);
        let (first, ()) = tokio::join!(go_on(talks), pause);
        crew.go_on(at)?;
        let back = go_on(talks).await?;
        Ok(vec![went_on(blow, first?), went_on(Blow::Back, back)])
    }
}

/// How long each conversation takes from now on until it goes on.
async fn go_on(talks: &[Talk<'_>]) -> Result<Vec<Duration>> {
    try_join_all(talks.iter().map(Talk::goes_on_after)).await
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::Paused => "paused",
            Self::Back => "back",
        })
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holder => "holder",
            Self::Other => "other",
        })
    }
}

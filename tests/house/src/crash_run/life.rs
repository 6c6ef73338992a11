//! A bot that is started again when it is killed.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::task::JoinHandle;

use super::trap::Trap;
use crate::town::{Bot, Town};

/// More deaths than any story has.
const LIVES_MAX: usize = 4;

/// The lives of a bot, one after the other.
pub(super) struct Lives {
    kills: Arc<AtomicUsize>,
    task: JoinHandle<Result<()>>,
}

impl Lives {
    /// Starts the bot, and starts it again whenever it is killed.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) async fn begin(town: &Arc<Town>, trap: &Trap) -> Result<Self> {
        let bot = in_the_trap(town, trap).await?;
        let kills = Arc::<AtomicUsize>::default();
        let task = tokio::spawn(live(Arc::clone(town), trap.clone(), bot, Arc::clone(&kills)));
        Ok(Self { kills, task })
    }

    /// Resolves when the bot ended although nobody killed it.
    pub(super) async fn fail(&mut self) -> anyhow::Error {
        match (&mut self.task).await {
            Ok(Err(why)) => why,
            Ok(Ok(())) => anyhow::anyhow!("the bot ended by itself"),
            Err(panicked) => panicked.into(),
        }
    }

    /// Ends the life that is lived now, and says how many were cut.
    pub(super) async fn end(self) -> usize {
        // One that failed was asked for its reason before.
        if !self.task.is_finished() {
            self.task.abort();
            self.task.await.ok();
        }
        self.kills.load(Ordering::SeqCst)
    }
}

async fn live(town: Arc<Town>, trap: Trap, mut bot: Bot, kills: Arc<AtomicUsize>) -> Result<()> {
    loop {
        ensure!(bot.was_killed().await?, "the bot ended by itself");
        if kills.fetch_add(1, Ordering::SeqCst) + 1 >= LIVES_MAX {
            bail!("the bot was killed {LIVES_MAX} times");
        }
        bot = in_the_trap(&town, &trap)
            .await
            .context("the bot does not start again")?;
    }
}

async fn in_the_trap(town: &Town, trap: &Trap) -> Result<Bot> {
    let mut bot = town.spawn_bot()?;
    trap.is_on(bot.id());
    if let Some((site, times)) = trap.inside() {
        bot.arm(times, &site).await?;
    }
    Ok(bot)
}

//! Two instances of a bot, each in a process of its own, that are killed, paused and started again.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;

use super::{Updates, balancer::Balancer};
use crate::town::{Bot, PATIENCE, Town, free_port};

/// How often something outside is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The instances, and what stands in front of them.
pub(super) struct Crew<'t> {
    town: &'t Town,
    database: String,
    lease: Duration,
    updates: Updates,
    hooks: Balancer,
    posts: Balancer,
    members: [Member; 2],
}

/// One instance, and what stays its own over its lives.
struct Member {
    hookpoint: SocketAddr,
    webhook: SocketAddr,
    bot: Option<Bot>,
}

impl<'t> Crew<'t> {
    /// Starts both on one database.
    pub(super) async fn start(town: &'t Town, database: &str, lease: Duration, updates: Updates) -> Result<Self> {
        let members = [Member::new()?, Member::new()?];
        let mut crew = Self {
            town,
            database: database.to_owned(),
            lease,
            updates,
            hooks: Balancer::open(members.each_ref().map(|of| of.hookpoint).to_vec()).await?,
            posts: Balancer::open(members.each_ref().map(|of| of.webhook).to_vec()).await?,
            members,
        };
        crew.start_again(0).await?;
        crew.start_again(1).await?;
        Ok(crew)
    }

    /// Starts one that does not run, and waits until it takes hooks.
    pub(super) async fn start_again(&mut self, at: usize) -> Result<()> {
        let mut command = self.town.command();
        let Member { hookpoint, webhook, .. } = self.members[at];
        command
            .env("DATABASE_URL", &self.database)
            .env(super::LEASE_SECS, self.lease.as_secs().to_string())
            .env("HOOKPOINT_LISTEN", hookpoint.to_string())
            .env("HOOKPOINT_URL", self.hooks.url());
        if self.updates == Updates::Posted {
            command
                .env("TELEGRAM_WEBHOOK_LISTEN", webhook.to_string())
                .env("TELEGRAM_WEBHOOK_URL", format!("{}/telegram", self.posts.url()));
        }
        let mut bot = Bot::start(command)?;
        let up = async {
            while TcpStream::connect(hookpoint).await.is_err() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        if tokio::time::timeout(PATIENCE, up).await.is_err() {
            bail!("instance {at} does not start; it ended: {:?}", bot.ended()?);
        }
        self.members[at].bot = Some(bot);
        Ok(())
    }

    /// Which one holds the channel: the one that delivers to it. Both run, and there is something to deliver.
    pub(super) async fn holder(&self) -> Result<usize> {
        let before = self.delivered()?;
        let found = async {
            loop {
                let now = self.delivered()?;
                if let Some(at) = (0..now.len()).find(|at| now[*at] > before[*at]) {
                    return Ok(at);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.context("nobody delivers to the chat")?
    }

    /// How often each has delivered to the chat.
    fn delivered(&self) -> Result<[usize; 2]> {
        let mut counts = [0; 2];
        for (count, member) in counts.iter_mut().zip(&self.members) {
            let sites = member.bot()?.sites();
            let to_chat = |site: &&String| site.starts_with("deliver.after chat.");
            *count = sites.iter().filter(to_chat).count();
        }
        Ok(counts)
    }

    /// Ends one by SIGKILL.
    pub(super) fn kill(&mut self, at: usize) -> Result<()> {
        self.members[at].bot.take().context("it runs")?.kill()
    }

    /// Stops one by SIGSTOP.
    pub(super) fn pause(&self, at: usize) -> Result<()> {
        self.signal(at, Signal::STOP)
    }

    /// Lets a paused one go on.
    pub(super) fn go_on(&self, at: usize) -> Result<()> {
        self.signal(at, Signal::CONT)
    }

    fn signal(&self, at: usize, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.members[at].bot()?.id())?;
        let pid = Pid::from_raw(id).context("a child has an id")?;
        Ok(kill_process(pid, signal)?)
    }

    /// What became of those that ended by themselves.
    pub(super) fn ended(&mut self) -> Result<Option<String>> {
        for (at, member) in self.members.iter_mut().enumerate() {
            if let Some(bot) = &mut member.bot
                && let Some(how) = bot.ended()?
            {
                return Ok(Some(format!("instance {at} ended by itself: {how}")));
            }
        }
        Ok(None)
    }
}

impl Member {
    fn new() -> Result<Self> {
        let port = || free_port().map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        Ok(Self {
            hookpoint: port()?,
            webhook: port()?,
            bot: None,
        })
    }

    fn bot(&self) -> Result<&Bot> {
        self.bot.as_ref().context("it runs")
    }
}

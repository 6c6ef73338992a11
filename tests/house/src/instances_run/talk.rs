//! A customer and an agent who write to each other all the time, line by line.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Context, Result};
use escalator_testkit::{
    desk::{DeskState, Party, Reply, Session},
    telegram::Chat,
};
use futures::future::join;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    judge::{Verdict, bot_lines_after_takeover, judge},
    shown::{said, sees},
    town::{PATIENCE, Town},
};

/// Between two lines of a customer.
const CUSTOMER_EVERY: Duration = Duration::from_secs(1);
/// Between an answered hook of an agent and the next one.
const AGENT_EVERY: Duration = Duration::from_secs(2);
/// How long the desk waits before it sends a hook again that was not answered.
const HOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a hook may take, over all its repetitions.
const HOOK_MAX: Duration = PATIENCE.saturating_mul(4);

/// A conversation.
pub(super) struct Talk<'t> {
    town: &'t Town,
    chat: Chat,
    session: Session,
    /// How many lines each side has written.
    by_customer: AtomicUsize,
    by_agent: AtomicUsize,
    hooks_again: AtomicUsize,
}

/// What a conversation came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compared {
    pub(super) by_customer: usize,
    pub(super) by_agent: usize,
    pub(super) at_desk: Verdict,
    pub(super) in_chat: Verdict,
    pub(super) bot_lines: usize,
    pub(super) hooks_again: usize,
}

impl<'t> Talk<'t> {
    /// A customer asks for a human and gets one.
    pub(super) async fn begin(town: &'t Town, name: String) -> Result<Self> {
        let chat = town.telegram.user(&name).private_chat();
        chat.says("/human");
        let is_theirs = |of: &&Session| of.customer.get("customerName") == Some(&name);
        let opened = town
            .desk
            .wait_for(PATIENCE, |desk| desk.sessions().find(is_theirs).cloned());
        let talk = Self {
            town,
            chat,
            session: opened.await.context("no session reaches the desk")?,
            by_customer: AtomicUsize::new(0),
            by_agent: AtomicUsize::new(0),
            hooks_again: AtomicUsize::new(0),
        };
        talk.agent_writes().await?;
        let seen = sees(&talk.chat, PATIENCE, &agents(0)).await;
        seen.context("the agent's first line is not shown")?;
        Ok(talk)
    }

    /// Both write until they are told to stop; what is begun is finished.
    pub(super) async fn goes_on(&self, stop: &CancellationToken) -> Result<()> {
        let customer = async {
            while stop
                .run_until_cancelled(tokio::time::sleep(CUSTOMER_EVERY))
                .await
                .is_some()
            {
                let number = self.by_customer.fetch_add(1, Ordering::SeqCst);
                self.chat.says(&customers(number));
            }
        };
        let agent = async {
            while stop
                .run_until_cancelled(tokio::time::sleep(AGENT_EVERY))
                .await
                .is_some()
            {
                self.agent_writes().await?;
            }
            Ok(())
        };
        join(customer, agent).await.1
    }

    /// A hook, again until it is answered.
    async fn agent_writes(&self) -> Result<()> {
        let text = format!("reply {}.", self.by_agent.load(Ordering::SeqCst));
        let answered = async {
            loop {
                let reply = Reply::new(&text, "Anna");
                if self.town.desk.reply(&self.session, reply).await?.exact {
                    return anyhow::Ok(());
                }
                self.hooks_again.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(HOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(HOOK_MAX, answered)
            .await
            .context("a hook is not answered")??;
        self.by_agent.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// How long it takes, from now on, until a line reaches the desk that the customer has not written yet.
    pub(super) async fn goes_on_after(&self) -> Result<Duration> {
        let (since, next) = (Instant::now(), customers(self.by_customer.load(Ordering::SeqCst)));
        let arrived = self.town.desk.wait_until(2 * PATIENCE, |desk| {
            // It is among the last.
            let session = desk.session(&self.session);
            session.is_some_and(|of| of.transcript.iter().rev().any(|line| line.text() == Some(&next)))
        });
        arrived.await.with_context(|| format!("\"{next}\" does not arrive"))?;
        Ok(since.elapsed())
    }

    /// Waits until all of it is there, as long as is reasonable, and compares what both sides saw.
    pub(super) async fn compare(&self) -> Compared {
        let by_customer: Vec<_> = (0..self.by_customer.load(Ordering::SeqCst)).map(customers).collect();
        let by_agent: Vec<_> = (0..self.by_agent.load(Ordering::SeqCst)).map(agents).collect();
        let desk_has = |desk: &DeskState| judge(&by_customer, &self.at_desk(desk)).lost == 0;
        // What is not there by then is lost, and the comparison says so.
        self.town.desk.wait_until(PATIENCE, desk_has).await.ok();
        let all_shown = async {
            for line in &by_agent {
                sees(&self.chat, PATIENCE, line).await.ok();
            }
        };
        tokio::time::timeout(PATIENCE, all_shown).await.ok();
        let shown: Vec<_> = self
            .chat
            .transcript()
            .bot_texts()
            .iter()
            .map(|text| said(text).to_owned())
            .collect();
        Compared {
            by_customer: by_customer.len(),
            by_agent: by_agent.len(),
            at_desk: judge(&by_customer, &self.town.desk.look(|desk| self.at_desk(desk))),
            in_chat: judge(&by_agent, &shown),
            bot_lines: bot_lines_after_takeover(&shown, |text| text.contains("is with you now"), |_| false),
            hooks_again: self.hooks_again.load(Ordering::SeqCst),
        }
    }

    fn at_desk(&self, desk: &DeskState) -> Vec<String> {
        let session = desk.session(&self.session).expect("it was opened");
        session
            .texts(Party::Customer)
            .iter()
            .map(|&line| line.to_owned())
            .collect()
    }
}

fn customers(number: usize) -> String {
    format!("line {number}.")
}

fn agents(number: usize) -> String {
    format!("reply {number}.")
}

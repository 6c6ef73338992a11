//! One conversation is blocked, or flooded, and the others' latency is measured: from an agent's reply, before its hook is
//! sent, to the customer's screen.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result, ensure};
use escalator_testkit::{
    Plan,
    desk::{Encoding, Reply, Session},
    telegram::{Chat, Fault, On},
};
use futures::future::try_join_all;
use tokio::time::Instant;

use crate::{
    shown::{said, sees},
    town::{PATIENCE, Town},
};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Flood {
    /// The Telegram bot's program.
    pub program: PathBuf,
    /// How many conversations there are beside the one in trouble.
    pub others: usize,
    /// How many replies each of them gets in each phase.
    pub rounds: usize,
    /// How many replies wait in the one in trouble.
    pub lines: usize,
}

/// What was measured.
#[derive(Debug)]
pub struct Measured {
    /// Nobody is in trouble.
    pub calm: Vec<Duration>,
    /// One chat refuses every message (429), and its lines pile up.
    pub blocked: Vec<Duration>,
    /// It takes messages again, and all that waited goes out.
    pub flooded: Vec<Duration>,
    /// How many lines of the blocked conversation were shown before it was freed.
    pub shown_while_blocked: usize,
    /// How many lines of the flooded conversation still waited when the others had all of theirs.
    pub waited_while_flooded: usize,
}

impl Flood {
    /// Measures.
    ///
    /// # Errors
    /// When something does not arrive at all.
    pub async fn measure(&self) -> Result<Measured> {
        let town = Town::build(self.program.clone(), Encoding::Multipart).await?;
        let mut bot = town.start_bot().await?;
        let others = (0..self.others).map(|number| Talk::begin(&town, format!("Other{number}")));
        let others = try_join_all(others).await?;
        let flooded = Talk::begin(&town, "Flooded".to_owned()).await?;

        let calm = self.phase(&town, &others, "calm").await?;
        let on = On::method("sendMessage").in_chat(flooded.chat.id());
        let block = town.telegram.fault(on, Plan::Always(Fault::RetryAfter { secs: 1 }));
        for number in 0..self.lines {
            flooded.hears(&town, &format!("flood {number}")).await?;
        }
        let blocked = self.phase(&town, &others, "blocked").await?;
        let shown_while_blocked = flooded.shown("flood");
        town.telegram.release(block);
        flooded.sees("flood 0").await?;
        let during = self.phase(&town, &others, "flooded").await?;
        let waited_while_flooded = self.lines - flooded.shown("flood");
        flooded.sees(&format!("flood {}", self.lines - 1)).await?;
        bot.kill()?;
        Ok(Measured {
            calm,
            blocked,
            flooded: during,
            shown_while_blocked,
            waited_while_flooded,
        })
    }

    /// Each agent replies, and again as soon as the customer sees it.
    async fn phase(&self, town: &Town, talks: &[Talk], name: &str) -> Result<Vec<Duration>> {
        let each = talks.iter().map(|talk| async move {
            let mut took = Vec::new();
            for round in 0..self.rounds {
                let text = format!("{name} {round}");
                let since = Instant::now();
                talk.hears(town, &text).await?;
                talk.sees(&text).await?;
                took.push(since.elapsed());
            }
            anyhow::Ok(took)
        });
        let mut all: Vec<_> = try_join_all(each).await?.concat();
        all.sort_unstable();
        Ok(all)
    }
}

/// The value below which a share of sorted ones lies.
pub fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

/// A customer with an agent.
struct Talk {
    chat: Chat,
    session: Session,
}

impl Talk {
    async fn begin(town: &Town, name: String) -> Result<Self> {
        let chat = town.telegram.user(&name).private_chat();
        chat.says("/human");
        let opened = town.desk.wait_for(PATIENCE, |desk| {
            let mut sessions = desk.sessions();
            sessions
                .find(|of| of.customer.get("customerName") == Some(&name))
                .cloned()
        });
        let session = opened.await.context("no session reaches the desk")?;
        let talk = Self { chat, session };
        talk.hears(town, "Hi").await?;
        talk.sees("Hi").await?;
        Ok(talk)
    }

    async fn hears(&self, town: &Town, text: &str) -> Result<()> {
        let answer = town.desk.reply(&self.session, Reply::new(text, "Anna")).await?;
        ensure!(
            answer.exact,
            "a hook was answered {:?} {:?}",
            answer.status,
            answer.error
        );
        Ok(())
    }

    async fn sees(&self, text: &str) -> Result<()> {
        let seen = sees(&self.chat, 4 * PATIENCE, text).await;
        seen.map(drop).with_context(|| format!("\"{text}\" is not shown"))
    }

    fn shown(&self, start: &str) -> usize {
        let transcript = self.chat.transcript();
        let texts = transcript.from_bot().filter_map(|message| message.text.as_deref());
        texts.filter(|text| said(text).starts_with(start)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_read_off_sorted_values() {
        let sorted: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&sorted, 50), Duration::from_millis(51));
        assert_eq!(quantile(&sorted, 99), Duration::from_millis(100));
        assert_eq!(quantile(&[], 50), Duration::ZERO);
    }
}

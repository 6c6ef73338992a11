//! One customer's conversation, from the bot to an agent and back, and what came of it.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Context, Result};
use escalator_testkit::desk::{DeskState, HookAnswer, HookError, Party, Reply, Session, SessionStatus, Upload};

use super::{
    seat::{Chair, Seat},
    trap::Trap,
};
use crate::{
    judge::{Verdict, bot_lines_after_takeover, judge},
    sites,
    town::{PATIENCE, Town},
};

/// Who tells a story, and who ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cast {
    pub(crate) chair: Chair,
    pub(crate) ending: Ending,
}

/// Who ends the session of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    Customer,
    Agent,
}

/// What a story came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compared {
    /// Lines that were to arrive.
    pub(crate) said: usize,
    pub(crate) at_desk: Verdict,
    pub(crate) in_chat: Verdict,
    pub(crate) bot_lines: usize,
    /// Hooks that reached the bot and were not answered, so that the desk sent them again.
    pub(crate) hooks_cut: usize,
    /// Doubles that no cut explains.
    pub(crate) unexplained: usize,
    pub(crate) dead_lettered: usize,
    /// What the ticket and the chat show, where something is missing.
    pub(crate) shown: Vec<Vec<String>>,
}

impl Compared {
    /// Sets what the cuts do not explain. Each finds at most one call on its way to the desk and one to the chat: each
    /// lane has one. A hook that was committed and not answered comes again, as a message of its own.
    pub(crate) fn explain(&mut self, cuts: usize) {
        self.unexplained =
            self.at_desk.doubled.saturating_sub(cuts) + self.in_chat.doubled.saturating_sub(cuts + self.hooks_cut);
    }

    pub(crate) fn is_wrong(&self) -> bool {
        let missing = [self.at_desk, self.in_chat].map(|of| of.lost + of.inverted);
        missing.iter().sum::<usize>() + self.unexplained + self.bot_lines > 0
    }

    pub(crate) fn is_flawless(&self) -> bool {
        self.at_desk == Verdict::default() && self.in_chat == Verdict::default() && self.bot_lines == 0
    }
}

/// A story that is being told.
pub(crate) struct Story<'t> {
    town: &'t Town,
    trap: &'t Trap,
    seat: Seat,
    name: String,
    ending: Ending,
    patience: Patience,
    has_silence: bool,
    hooks_cut: AtomicUsize,
}

/// How long those in a story wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For anything, before it counts as lost.
    pub(crate) most: Duration,
    /// For the bot, before the customer asks again.
    pub(crate) ask_again: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            most: PATIENCE,
            ask_again: ASK_AGAIN,
        }
    }
}

/// How long the customer waits for the bot before asking again: an update that the bot had pulled when it died is lost
/// to the bot, as with any bot.
const ASK_AGAIN: Duration = Duration::from_secs(3);
/// How often they ask.
const ASKS_MAX: usize = 5;
/// How long the desk waits before it sends a hook again that was not answered.
const HOOK_AGAIN: Duration = Duration::from_millis(100);
/// What the notice of the end says.
const IS_OVER: &str = "is over";

impl<'t> Story<'t> {
    pub(crate) fn new(town: &'t Town, trap: &'t Trap, name: String, cast: Cast) -> Self {
        Self {
            town,
            trap,
            seat: Seat::take(town, cast.chair, &name),
            name,
            ending: cast.ending,
            patience: Patience::default(),
            has_silence: false,
            hooks_cut: AtomicUsize::new(0),
        }
    }

    /// Waits as long as this.
    pub(crate) fn patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Lets two calls to the customer be never answered, one of them after its effect.
    pub(crate) fn with_silence(self) -> Self {
        Self {
            has_silence: true,
            ..self
        }
    }

    /// Tells the story, and compares what both sides saw.
    pub(crate) async fn play(&self) -> Result<Compared> {
        self.ask_bot("hello", "Bot: Hello!").await?;
        let session = self.escalate().await?;
        if self.has_silence {
            self.seat.falls_silent(self.town);
        }
        self.reply(&session, "reply 1").await?;
        self.says("line 1");
        self.says("line 2");
        self.reply(&session, "reply 2").await?;
        self.hook("typing", || self.town.desk.typing(&session, true)).await?;
        self.seat.sends("file-1.txt", b"from the customer");
        let file = || Upload::new("file-2.txt", "text/plain", b"from the agent".as_slice());
        self.hook("file", || self.town.desk.send_file(&session, file())).await?;
        self.says("line 3");
        self.reply(&session, "reply 3").await?;
        self.end(&session).await?;
        let told = self.seat.sees(self.patience.most, |line| line.contains(IS_OVER)).await;
        told.context("the customer never learns of the end")?;
        self.ask_bot("your hours?", "Bot: We are open").await?;
        Ok(self.compare().await)
    }

    async fn end(&self, session: &Session) -> Result<()> {
        match self.ending {
            Ending::Customer => {
                self.says("/end");
                let is_over =
                    |desk: &DeskState| desk.session(session).is_some_and(|s| s.status == SessionStatus::Ended);
                self.desk_has(is_over).await;
            }
            Ending::Agent => {
                self.desk_has(|desk| self.missing_at_desk(desk) == 0).await;
                self.hook("end", || self.town.desk.end(session)).await?;
            }
        }
        Ok(())
    }

    fn says(&self, text: &str) {
        self.seat.says(text);
        self.trap.pass(sites::SAID);
    }

    async fn ask_bot(&self, text: &str, answer: &str) -> Result<()> {
        for _ in 0..ASKS_MAX {
            self.seat.says(text);
            let answered = self.seat.sees(self.patience.ask_again, |line| line.starts_with(answer));
            if answered.await.is_ok() {
                return Ok(());
            }
        }
        anyhow::bail!("the bot does not answer \"{text}\"")
    }

    async fn escalate(&self) -> Result<Session> {
        for _ in 0..ASKS_MAX {
            self.seat.says(self.seat.cry_for_help());
            let opened = self
                .town
                .desk
                .wait_for(self.patience.ask_again, |desk| self.sessions(desk).next().cloned())
                .await;
            if let Ok(session) = opened {
                return Ok(session);
            }
        }
        anyhow::bail!("no session reaches the desk")
    }

    async fn reply(&self, session: &Session, text: &str) -> Result<()> {
        self.hook("message", || self.town.desk.reply(session, Reply::new(text, "Anna")))
            .await
            .context(text.to_owned())
    }

    /// A hook, again until it is answered, as a careful desk sends it.
    async fn hook<F>(&self, kind: &str, send: impl Fn() -> F) -> Result<()>
    where
        F: Future<Output = Result<HookAnswer, HookError>>,
    {
        let answered = async {
            loop {
                match send().await {
                    Ok(answer) if answer.exact => return,
                    Ok(_cut) => drop(self.hooks_cut.fetch_add(1, Ordering::SeqCst)),
                    Err(_unreachable) => {}
                }
                tokio::time::sleep(HOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(self.patience.most, answered)
            .await
            .context("a hook is not answered")?;
        self.trap.pass(&format!("hook {kind}, answered"));
        Ok(())
    }

    /// Waits for something at the desk. When it never comes, the comparison will say what is lost.
    async fn desk_has(&self, condition: impl Fn(&DeskState) -> bool) {
        self.town.desk.wait_until(self.patience.most, condition).await.ok();
    }

    fn sessions<'d>(&'d self, desk: &'d DeskState) -> impl Iterator<Item = &'d Session> {
        desk.sessions()
            .filter(|session| session.customer.get("customerName") == Some(&self.name))
    }

    fn missing_at_desk(&self, desk: &DeskState) -> usize {
        judge(&customers_lines(), &self.at_desk(desk)).lost
    }

    fn at_desk(&self, desk: &DeskState) -> Vec<String> {
        let lines = self.sessions(desk).flat_map(|session| &session.transcript);
        let lines = lines.filter(|line| line.from == Party::Customer);
        lines
            .filter_map(|line| line.text().or_else(|| line.file().map(|file| file.name.as_str())))
            .map(str::to_owned)
            .collect()
    }

    async fn compare(&self) -> Compared {
        self.desk_has(|desk| self.missing_at_desk(desk) == 0).await;
        let (customers, agents) = (customers_lines(), agents_lines());
        for line in &agents {
            self.seat.sees(self.patience.most, |shown| shown == line).await.ok();
        }
        let ticket = self.town.desk.look(|desk| self.at_desk(desk));
        let at_desk = judge(&customers, &ticket);
        let in_chat = self.seat.shown();
        let bot_lines = bot_lines_after_takeover(
            &in_chat,
            |text| text.contains("is with you now"),
            |text| text.contains(IS_OVER),
        );
        let judged = judge(&agents, &in_chat);
        let is_missing = at_desk.lost + judged.lost > 0;
        let shown = if is_missing { vec![ticket, in_chat] } else { Vec::new() };
        Compared {
            said: customers.len() + agents.len(),
            at_desk,
            in_chat: judged,
            shown,
            bot_lines,
            hooks_cut: self.hooks_cut.load(Ordering::SeqCst),
            ..Compared::default()
        }
    }
}

fn customers_lines() -> Vec<String> {
    ["line 1", "line 2", "file-1.txt", "line 3"].map(str::to_owned).to_vec()
}

fn agents_lines() -> Vec<String> {
    ["reply 1", "reply 2", "file-2.txt", "reply 3"]
        .map(str::to_owned)
        .to_vec()
}

//! Kills the bot at points spread over all sites, starts it again, and compares the transcripts of both sides.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use escalator_testkit::{
    desk::{DeskState, HookAnswer, HookError, Party, Reply, Session, SessionStatus, Upload},
    telegram::{Chat, Media, Message, World},
};
use tokio::task::JoinHandle;

use crate::{
    judge::{Verdict, bot_lines_after_takeover, judge},
    sites,
    town::{Bot, PATIENCE, Town},
};

/// What a run found.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many points each site had.
    pub points: BTreeMap<String, usize>,
    /// Over all points.
    pub verdict: Verdict,
    /// Doubles that no cut explains.
    pub unexplained: usize,
    /// Lines of the bot while a human had the conversation.
    pub bot_lines: usize,
    /// Points whose story did not come to its end, with the reason.
    pub stuck: Vec<String>,
}

impl Findings {
    /// Whether everything is as promised.
    pub fn is_good(&self) -> bool {
        let Verdict { lost, inverted, .. } = self.verdict;
        lost + inverted + self.unexplained + self.bot_lines == 0
            && self.stuck.is_empty()
            && self.empty_sites().is_empty()
    }

    /// The sites at which nothing was cut.
    pub fn empty_sites(&self) -> Vec<String> {
        sites::all()
            .into_iter()
            .filter(|site| !self.points.contains_key(site))
            .collect()
    }
}

/// Where a point is: a site, and how often it is passed before.
type Point = (String, u64);

/// What the stand-ins kill by, and what they count.
#[derive(Default)]
struct Trap {
    point: Option<Point>,
    pid: Option<u32>,
    passed: BTreeMap<String, u64>,
}

impl Trap {
    fn pass(&mut self, site: String) {
        if let (Some((wanted, times)), Some(pid)) = (&mut self.point, self.pid)
            && *wanted == site
        {
            *times -= 1;
            if *times == 0 {
                self.point = None;
                kill(pid);
            }
        }
        *self.passed.entry(site).or_default() += 1;
    }
}

fn kill(pid: u32) {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .expect("a child has an id");
    // It may have died a moment before.
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
}

/// Runs `points` points, chosen by `seed`, from number `from` on.
///
/// # Errors
/// When the town cannot be built, or the bot does not start.
pub async fn run(town: Arc<Town>, points: usize, seed: u64, from: usize) -> Result<Findings> {
    let trap = Arc::<Mutex<Trap>>::default();
    watch(&town, &trap);
    let mut random = fastrand::Rng::with_seed(seed);
    let counts = rehearse(&town, &trap).await.context("the story without a cut")?;
    let missing: Vec<_> = sites::all()
        .into_iter()
        .filter(|site| !counts.contains_key(site))
        .collect();
    ensure!(missing.is_empty(), "the story passes none of these sites: {missing:?}");
    let all: Vec<(String, u64)> = sites::all()
        .into_iter()
        .map(|site| (site.clone(), counts[&site]))
        .collect();
    let mut findings = Findings::default();
    for number in 0..points {
        let (site, passed) = &all[spread(number, points, all.len())];
        let point = (site.clone(), random.u64(1..=(*passed - 1).max(1)));
        // A story takes its calls in a slightly different number each time: a point that was not reached is moved ahead.
        if number >= from && !one(&town, &trap, number, point, &mut findings).await? {
            one(&town, &trap, number, (site.clone(), 1), &mut findings).await?;
        }
    }
    Ok(findings)
}

/// The site of a point: all in turn, or, where there are more sites than points, some at even distances.
fn spread(number: usize, points: usize, sites: usize) -> usize {
    if points < sites {
        number * sites / points
    } else {
        number % sites
    }
}

/// Lets the stand-ins count their calls and kill at them.
fn watch(town: &Town, trap: &Arc<Mutex<Trap>>) {
    let at_desk = Arc::clone(trap);
    town.desk.set_on_call(Some(Arc::new(move |stage, call| {
        let stage = stage_name(&format!("{stage:?}"));
        lock(&at_desk).pass(format!("desk {:?}, {stage}", call.endpoint));
    })));
    let at_telegram = Arc::clone(trap);
    town.telegram.set_observer(Some(Arc::new(move |stage, call| {
        let stage = stage_name(&format!("{stage:?}"));
        lock(&at_telegram).pass(format!("telegram {}, {stage}", call.method));
    })));
}

fn stage_name(stage: &str) -> &'static str {
    match stage {
        "Received" => sites::STAGES[0],
        "EffectDone" => sites::STAGES[1],
        _ => sites::STAGES[2],
    }
}

fn lock(trap: &Mutex<Trap>) -> MutexGuard<'_, Trap> {
    trap.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plays the story twice without a cut, once for each end, and counts how often each site is passed at the least.
async fn rehearse(town: &Town, trap: &Arc<Mutex<Trap>>) -> Result<BTreeMap<String, u64>> {
    let mut least: BTreeMap<String, u64> = BTreeMap::new();
    for number in [0, 1] {
        lock(trap).passed.clear();
        let bot = town.start_bot().await?;
        let told = Story::new(town, format!("Rehearsal{number}"), Ending::of(number))
            .play()
            .await?;
        ensure!(
            told.is_flawless(),
            "the story itself goes wrong: {:?} {:?}",
            told.at_desk,
            told.in_chat
        );
        let mut counts = lock(trap).passed.clone();
        for site in bot.sites() {
            *counts.entry(site).or_default() += 1;
        }
        for (site, count) in counts {
            least
                .entry(site)
                .and_modify(|least| *least = count.min(*least))
                .or_insert(count);
        }
    }
    Ok(least)
}

/// One point: a story that is cut once.
async fn one(
    town: &Arc<Town>,
    trap: &Arc<Mutex<Trap>>,
    number: usize,
    point: Point,
    findings: &mut Findings,
) -> Result<bool> {
    let mut bot = town.spawn_bot()?;
    if sites::INSIDE.contains(&point.0.as_str()) {
        bot.arm(point.1, &point.0).await?;
    } else {
        let mut trap = lock(trap);
        trap.pid = Some(bot.id());
        trap.point = Some(point.clone());
    }
    let lives = Lives::begin(Arc::clone(town), bot);
    let story = Story::new(town, format!("Point{number}"), Ending::at(&point.0, number));
    let told = tokio::time::timeout(4 * PATIENCE, story.play())
        .await
        .context("it takes too long")
        .and_then(|told| told);
    lock(trap).point = None;
    let cut = lives.end().await;
    match told {
        Ok(told) => {
            findings.unexplained += told.unexplained(cut);
            findings.verdict.add(told.at_desk);
            findings.verdict.add(told.in_chat);
            findings.bot_lines += told.bot_lines;
        }
        Err(why) => findings
            .stuck
            .push(format!("point {number} at {} ({}): {why:#}", point.0, point.1)),
    }
    if cut {
        *findings.points.entry(point.0).or_default() += 1;
    } else {
        println!(
            "point {number}: {} was passed fewer than {} times; nothing was cut",
            point.0, point.1
        );
    }
    Ok(cut)
}

/// A bot that is started again when it dies.
struct Lives {
    cut: Arc<AtomicBool>,
    task: JoinHandle<Result<()>>,
}

impl Lives {
    fn begin(town: Arc<Town>, mut bot: Bot) -> Self {
        let cut = Arc::<AtomicBool>::default();
        let seen = Arc::clone(&cut);
        let task = tokio::spawn(async move {
            seen.store(bot.was_killed().await?, Ordering::SeqCst);
            let second = town.start_bot().await.context("the bot does not start again")?;
            second.heard().over().await;
            Ok(())
        });
        Self { cut, task }
    }

    /// Ends the life that is lived now, and says whether the first one was cut.
    async fn end(self) -> bool {
        self.task.abort();
        if let Ok(Err(why)) = self.task.await {
            eprintln!("{why:#}");
        }
        self.cut.load(Ordering::SeqCst)
    }
}

/// Who ends the session of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Customer,
    Agent,
}

impl Ending {
    fn of(number: usize) -> Self {
        if number.is_multiple_of(2) {
            Self::Customer
        } else {
            Self::Agent
        }
    }

    /// Only a customer's end is told to the desk.
    fn at(site: &str, number: usize) -> Self {
        if site.contains("EndChat") || site.contains("desk.end") {
            Self::Customer
        } else {
            Self::of(number)
        }
    }
}

/// What a story came to.
struct Told {
    at_desk: Verdict,
    in_chat: Verdict,
    bot_lines: usize,
    /// Hooks that reached the bot and were not answered, so that the desk sent them again.
    hooks_cut: usize,
}

impl Told {
    /// Doubles that the cut does not explain. It finds at most one call on its way to the desk and one to Telegram: each
    /// lane has one. A hook that was committed and not answered comes again, as a message of its own.
    fn unexplained(&self, cut: bool) -> usize {
        let one = usize::from(cut);
        self.at_desk.doubled.saturating_sub(one) + self.in_chat.doubled.saturating_sub(one + self.hooks_cut)
    }

    fn is_flawless(&self) -> bool {
        self.at_desk == Verdict::default() && self.in_chat == Verdict::default() && self.bot_lines == 0
    }
}

/// One customer's conversation, from the bot to an agent and back.
struct Story<'t> {
    town: &'t Town,
    chat: Chat,
    name: String,
    ending: Ending,
    hooks_cut: AtomicUsize,
}

/// How long the customer waits for the bot before asking again: an update that the bot had pulled when it died is lost
/// to the bot, as with any bot.
const ASK_AGAIN: Duration = Duration::from_secs(3);
/// How long the desk waits before it sends a hook again that was not answered.
const HOOK_AGAIN: Duration = Duration::from_millis(100);

impl<'t> Story<'t> {
    fn new(town: &'t Town, name: String, ending: Ending) -> Self {
        let chat = town.telegram.user(&name).private_chat();
        Self {
            town,
            chat,
            name,
            ending,
            hooks_cut: AtomicUsize::new(0),
        }
    }

    async fn play(&self) -> Result<Told> {
        self.ask_bot("hello", "Bot: Hello!").await?;
        let session = self.escalate().await?;
        self.reply(&session, "reply 1").await?;
        self.chat.says("line 1");
        self.chat.says("line 2");
        self.reply(&session, "reply 2").await?;
        self.hook(|| self.town.desk.typing(&session, true)).await?;
        self.chat
            .sends(Media::document("file 1.txt", b"from the customer".as_slice()));
        let file = || Upload::new("file 2.txt", "text/plain", b"from the agent".as_slice());
        self.hook(|| self.town.desk.send_file(&session, file())).await?;
        self.chat.says("line 3");
        self.reply(&session, "reply 3").await?;
        match self.ending {
            Ending::Customer => {
                self.chat.says("/end");
                self.desk_has(|desk| desk.session(&session).is_some_and(|s| s.status == SessionStatus::Ended))
                    .await;
            }
            Ending::Agent => {
                self.desk_has(|desk| self.missing_at_desk(desk) == 0).await;
                self.hook(|| self.town.desk.end(&session)).await?;
            }
        }
        let over = |message: &Message| words(message).contains(IS_OVER);
        self.chat
            .sees(PATIENCE, over)
            .await
            .context("the customer never learns of the end")?;
        self.ask_bot("your hours?", "Bot: We are open").await?;
        Ok(self.compare().await)
    }

    async fn ask_bot(&self, text: &str, answer: &str) -> Result<()> {
        for _ in 0..5 {
            self.chat.says(text);
            if self
                .chat
                .sees(ASK_AGAIN, |message| words(message).starts_with(answer))
                .await
                .is_ok()
            {
                return Ok(());
            }
        }
        anyhow::bail!("the bot does not answer \"{text}\"")
    }

    async fn escalate(&self) -> Result<Session> {
        for _ in 0..5 {
            self.chat.says("/human");
            let opened = self
                .town
                .desk
                .wait_for(ASK_AGAIN, |desk| self.sessions(desk).next().cloned())
                .await;
            if let Ok(session) = opened {
                return Ok(session);
            }
        }
        anyhow::bail!("no session reaches the desk")
    }

    async fn reply(&self, session: &Session, text: &str) -> Result<()> {
        self.hook(|| self.town.desk.reply(session, Reply::new(text, "Anna")))
            .await
            .context(text.to_owned())
    }

    /// A hook, again until it is answered, as a careful desk sends it.
    async fn hook<F>(&self, send: impl Fn() -> F) -> Result<()>
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
        tokio::time::timeout(PATIENCE, answered)
            .await
            .context("a hook is not answered")
    }

    /// Waits for something at the desk. When it never comes, the comparison will say what is lost.
    async fn desk_has(&self, condition: impl Fn(&DeskState) -> bool) {
        self.town.desk.wait_until(PATIENCE, condition).await.ok();
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

    fn in_chat(&self, telegram: &World) -> Vec<String> {
        let shown = |message: &Message| match &message.file {
            Some(file) => file.name.clone().unwrap_or_default(),
            None => words(message).to_owned(),
        };
        telegram
            .chat(self.chat.id())
            .map(|chat| chat.from_bot().map(shown).collect())
            .unwrap_or_default()
    }

    async fn compare(&self) -> Told {
        self.desk_has(|desk| self.missing_at_desk(desk) == 0).await;
        let shown = |telegram: &World| judge(&agents_lines(), &self.in_chat(telegram)).lost == 0;
        self.town.telegram.wait_until(PATIENCE, shown).await.ok();
        let at_desk = self
            .town
            .desk
            .look(|desk| judge(&customers_lines(), &self.at_desk(desk)));
        let in_chat = self.town.telegram.look(|telegram| self.in_chat(telegram));
        let bot_lines = bot_lines_after_takeover(
            &in_chat,
            |text| text.contains("is with you now"),
            |text| text.contains(IS_OVER),
        );
        let hooks_cut = self.hooks_cut.load(Ordering::SeqCst);
        Told {
            at_desk,
            in_chat: judge(&agents_lines(), &in_chat),
            bot_lines,
            hooks_cut,
        }
    }
}

/// What the notice of the end says.
const IS_OVER: &str = "is over";

fn customers_lines() -> Vec<String> {
    ["line 1", "line 2", "file 1.txt", "line 3"].map(str::to_owned).to_vec()
}

fn agents_lines() -> Vec<String> {
    ["Anna: reply 1", "Anna: reply 2", "file 2.txt", "Anna: reply 3"]
        .map(str::to_owned)
        .to_vec()
}

fn words(message: &Message) -> &str {
    message
        .text
        .as_deref()
        .or(message.caption.as_deref())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_points_are_spread_over_all_sites_and_many_visit_each() {
        let visited = |points| (0..points).map(|number| spread(number, points, 10)).collect::<Vec<_>>();
        assert_eq!(visited(4), [0, 2, 5, 7]);
        assert_eq!(visited(12), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    }
}

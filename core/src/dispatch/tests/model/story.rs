//! A random story: what everybody does, and the rest at its end.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{
    Fault, IS_HUMAN,
    check::{Count, check},
    life::Life,
    world::{Agent, Mood, Side, State, World},
};
use crate::{
    delivery::RetryPolicy,
    dispatch::DispatchSettings,
    intake::Heard,
    model::{Clock, DeskEvent, SessionId},
    store::{
        Store,
        rig::{PausedClock, Place, key},
    },
};

/// How many customers there are.
const CUSTOMERS: u32 = 3;
/// How many acts a story has.
const ACTS: usize = 80;
/// How long the rest may take until everything is still.
const REST_SECS_MAX: u32 = 8 * 60 * 60;

/// What somebody does.
#[derive(Clone, Debug)]
enum Act {
    Customer(u32, String),
    Agent(SessionId, Agent),
    BotEnds(u32),
    Feels(Side, Mood),
    /// The desk is away for an hour.
    DeskIsAway,
    /// The ledger is away for a while, and these customers write meanwhile.
    LedgerIsAway(Vec<(u32, String)>),
    Waits(Duration),
    /// The process dies, in the middle of what these customers write.
    Crash(Vec<(u32, String)>),
}

/// What came of a story.
pub(super) struct Told {
    pub(super) broken: Vec<String>,
    pub(super) acts: Vec<String>,
    pub(super) count: Count,
}

/// Tells the story of a seed.
pub(super) async fn tell(mut place: Place, seed: u64, second: Duration, fault: Option<Fault>) -> Told {
    let clock: Arc<dyn Clock> = Arc::new(PausedClock::new());
    place.settings.clock = clock;
    place.settings.policy.opening_max = second * 120;
    place.settings.policy.late_max = second * 900;
    fastrand::seed(seed);
    let world = Arc::new(World::new(seed, second, fault));
    let settings = settings(second);
    let mut life = Some(Life::begin(&place, &world, &settings).await);
    let mut acts = Vec::new();
    for number in 0..ACTS {
        let act = world.state().draw(number);
        acts.push(format!("{act:?}"));
        play(act, &place, &world, &settings, &mut life).await;
        let pause = world.some_secs(4);
        rest(&world, life.as_ref(), pause).await;
    }
    let life = life.expect("it lives on");
    come_to_rest(&place, &world, &life).await;
    let letters = life.ledger.dead_letters(10_000).await.expect("they are read");
    let open: BTreeSet<SessionId> = (0..CUSTOMERS)
        .filter_map(|n| life.ledger.owners().get(&key(n))?.session)
        .map(|standing| standing.id)
        .collect();
    life.ends().await;
    let mut state = world.state();
    let count = check(&mut state, &letters, &open);
    Told {
        broken: std::mem::take(&mut state.broken),
        acts,
        count,
    }
}

fn settings(second: Duration) -> DispatchSettings {
    let mut settings = DispatchSettings {
        retry: RetryPolicy {
            first_wait: second / 2,
            wait_max: second * 60,
            ..RetryPolicy::default()
        },
        availability_max: second * 10,
        ..DispatchSettings::default()
    };
    for door in [&mut settings.desk, &mut settings.channel, &mut settings.bot] {
        door.pace = Duration::ZERO;
        // Long enough for a call on a busy machine, whose seconds may be short.
        door.call_max = (second * 30).max(Duration::from_millis(200));
        door.closed_max = second * 15;
    }
    settings
}

impl State {
    fn draw(&mut self, number: usize) -> Act {
        let n = self.chance.u32(0..CUSTOMERS);
        let sessions: Vec<SessionId> = self.tickets.keys().copied().collect();
        let session = self.chance.choice(&sessions).copied();
        let feels = |chance: &mut fastrand::Rng| {
            let side = if chance.bool() { Side::Desk } else { Side::Chat };
            let moods = [Mood::Fine, Mood::Flaky, Mood::Flaky, Mood::Away, Mood::Refused];
            Act::Feels(side, moods[chance.usize(0..moods.len())])
        };
        match (self.chance.u8(0..100), session) {
            (0..30, _) => Act::Customer(n, format!("c{n}-{number:03}")),
            (30..42, _) => Act::Customer(n, format!("{IS_HUMAN}{n}-{number:03}")),
            (42..46, _) => Act::Customer(n, format!("end {n}-{number:03}")),
            (46..72, Some(session)) => Act::Agent(session, Agent::Says(format!("a{n}-{number:03}"))),
            (72..75, Some(session)) => Act::Agent(session, Agent::Ends),
            (75..77, _) => Act::BotEnds(n),
            (77..87, _) => feels(&mut self.chance),
            (87, _) => Act::DeskIsAway,
            (88..90, _) => Act::LedgerIsAway(everybody(number)),
            (90..94, _) => Act::Crash(everybody(number)),
            _ => Act::Waits(self.second * self.chance.u32(1..40)),
        }
    }
}

/// A line of each customer.
fn everybody(number: usize) -> Vec<(u32, String)> {
    (0..CUSTOMERS).map(|n| (n, format!("c{n}-{number:03}"))).collect()
}

async fn play(act: Act, place: &Place, world: &Arc<World>, settings: &DispatchSettings, life: &mut Option<Life>) {
    let second = world.state().second;
    let alive = life.as_ref().expect("it is started again at once");
    match act {
        Act::Customer(n, words) => {
            world.customer_says(n, words);
        }
        Act::Agent(session, act) => world.state().agents.push_back((session, act)),
        // When the ledger is away, the bot goes on without.
        Act::BotEnds(n) => drop(alive.ingress.end(&key(n)).await),
        Act::Feels(side, mood) => drop(world.state().moods.insert(side, mood)),
        Act::DeskIsAway => {
            world.state().moods.insert(Side::Desk, Mood::Away);
            rest(world, life.as_ref(), second * 3_600).await;
            world.state().moods.insert(Side::Desk, Mood::Fine);
        }
        Act::LedgerIsAway(lines) => {
            place.faults.set_away(true);
            for (n, words) in lines {
                world.customer_says(n, words);
            }
            rest(world, life.as_ref(), second * 10).await;
            place.faults.set_away(false);
        }
        Act::Waits(pause) => rest(world, life.as_ref(), pause).await,
        Act::Crash(lines) => {
            // No commit comes to its end any more.
            place.faults.commits.close();
            for (n, words) in lines {
                world.customer_says(n, words);
            }
            tokio::time::sleep(second / 10).await;
            let dead = life.take().expect("it is started again at once");
            dead.dies(place).await;
            *life = Some(Life::begin(place, world, settings).await);
        }
    }
}

/// Time passes, and the agents do what they are about to.
async fn rest(world: &World, life: Option<&Life>, pause: Duration) {
    let until = tokio::time::Instant::now() + pause;
    let life = life.expect("it lives");
    agents_act(world, life).await;
    tokio::time::sleep_until(until).await;
    agents_act(world, life).await;
}

/// The desk sends each hook until it is answered, in order. One that nobody takes comes again later.
async fn agents_act(world: &World, life: &Life) {
    loop {
        let next = world.state().agents.front().cloned();
        let Some((session, act)) = next else { return };
        let event = match &act {
            Agent::Says(text) => DeskEvent::Message {
                name: Some("Anna".into()),
                picture: None,
                text: text.as_str().into(),
            },
            Agent::Ends => DeskEvent::Ended,
        };
        let Ok(heard) = life.intake.hear(session, event).await else {
            return;
        };
        let mut state = world.state();
        state.agents.pop_front();
        if let (Heard::Taken, Agent::Says(text)) = (heard, act) {
            state.taken.entry(session).or_default().push(text);
        }
    }
}

/// Everything is well again, and goes on until nothing is left to do.
async fn come_to_rest(place: &Place, world: &World, life: &Life) {
    place.faults.set_away(false);
    world.state().moods.clear();
    let second = world.state().second;
    let waits = || {
        let state = world.state();
        state.updates.len() - state.acknowledged + state.agents.len() + state.busy
    };
    // Seconds of a file's are real ones, so it is not the number of looks that ends this.
    let deadline = tokio::time::Instant::now() + (second * REST_SECS_MAX).max(Duration::from_mins(1));
    while waits() + life.ledger.outstanding().await > 0 {
        if tokio::time::Instant::now() > deadline {
            let deliveries = life.ledger.outstanding().await;
            let mut state = world.state();
            let why = format!(
                "it does not come to rest: {} updates, {} agents, {} handlers, {} deliveries",
                state.updates.len() - state.acknowledged,
                state.agents.len(),
                state.busy,
                deliveries
            );
            state.broken.push(why);
            return;
        }
        agents_act(world, life).await;
        tokio::time::sleep(second.max(Duration::from_millis(5))).await;
    }
}

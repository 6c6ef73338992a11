//! One life of the process: the real ledger, intake and dispatch, a channel that receives, and the bot's handlers.

use std::{collections::HashMap, sync::Arc};

use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    Fault, IS_HUMAN,
    exits::{Account, Ear, Line},
    port::FaultyPort,
    world::World,
};
use crate::{
    channel::{EscalationChannel, Inbound, Ingress, Offered, Started, Turn},
    desk::Desk,
    dispatch::{Dispatch, DispatchSettings, Exits},
    intake::{Intake, IntakeSettings, Port, Signals},
    model::{ChannelId, CustomerEvent, CustomerMessage, Escalation, EventKey, Position},
    store::{
        Ledger, Store,
        rig::{BEGIN, Place, key},
    },
};

pub(super) struct Life {
    pub(super) ledger: Arc<Ledger>,
    pub(super) intake: Arc<Intake>,
    pub(super) ingress: Ingress,
    world: Arc<World>,
    tasks: JoinSet<()>,
}

impl Life {
    pub(super) async fn begin(place: &Place, world: &Arc<World>, settings: &DispatchSettings) -> Self {
        let ledger = place.open().await;
        let (signals, receiver) = Signals::channel();
        let store: Arc<dyn Store> = Arc::<Ledger>::clone(&ledger);
        let intake = IntakeSettings {
            turn_drain_max: world.state().second * 2,
            ..IntakeSettings::default()
        };
        let intake = Intake::new(Arc::clone(&store), || BEGIN, intake, signals);
        let port = FaultyPort {
            inner: Port::new(Arc::clone(&intake)),
            world: Arc::clone(world),
        };
        let channel = ChannelId::new("test");
        let ingress = Ingress::new(channel.clone(), Arc::new(port));
        let line = Line::new(Arc::clone(world), Arc::clone(&ledger));
        let account = Arc::new(Account {
            line: Arc::clone(&line),
            ingress: ingress.clone(),
        });
        let exits = Exits {
            desk: line as Arc<dyn Desk>,
            channels: HashMap::from([(channel, account as Arc<dyn EscalationChannel>)]),
            bot: Some(Arc::new(Ear(Arc::clone(world)))),
        };
        let clock = Arc::clone(&place.settings.clock);
        let dispatch = Dispatch::new(store, Arc::clone(&intake), clock, exits, *settings);
        let mut tasks = JoinSet::new();
        // It dies and is never shut down.
        dispatch.start(ledger.doors().await, receiver, &mut tasks, &CancellationToken::new());
        let bot = Bot {
            world: Arc::clone(world),
            ledger: Arc::clone(&ledger),
            ingress: ingress.clone(),
        };
        tasks.spawn(receive(bot));
        Self {
            ledger,
            intake,
            ingress,
            world: Arc::clone(world),
            tasks,
        }
    }

    /// Dies: what was not committed is gone.
    pub(super) async fn dies(mut self, place: &Place) {
        place.faults.set_away(true);
        place.faults.commits.open();
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
        self.ledger.close().await;
        place.faults.set_away(false);
        let mut state = self.world.state();
        state.crashes += 1;
        state.busy = 0;
    }

    /// Ends in order.
    pub(super) async fn ends(mut self) {
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
        self.ledger.close().await;
    }
}

/// The bot with its channel's way in.
#[derive(Clone)]
struct Bot {
    world: Arc<World>,
    ledger: Arc<Ledger>,
    ingress: Ingress,
}

/// An update on its way to its handler.
type Passed = (i64, u32, String);

/// Offers each update until it is taken, acknowledges it, and passes the bot's on.
async fn receive(bot: Bot) {
    // The handlers of this life end with it.
    let mut handlers = JoinSet::new();
    let mut lanes: HashMap<u32, mpsc::UnboundedSender<Passed>> = HashMap::new();
    loop {
        let (position, n, words) = bot.world.next_update().await;
        match bot.ingress.offer(inbound(position, n, &words)).await {
            Ok(Offered::Kept) => drop(bot.world.state().kept.insert(words)),
            Ok(Offered::Pass) => {
                bot.world.state().busy += 1;
                let lane = lanes.entry(n).or_insert_with(|| {
                    let (lane, queue) = mpsc::unbounded_channel();
                    handlers.spawn(handle_each(bot.clone(), queue));
                    lane
                });
                // Its handler ends with this task alone.
                drop(lane.send((position, n, words)));
            }
            Err(failed) => {
                tracing::debug!(%failed, "an update is offered again");
                let pause = bot.world.state().second / 10;
                tokio::time::sleep(pause).await;
                continue;
            }
        }
        bot.world.acknowledge(position);
    }
}

fn inbound(position: i64, n: u32, words: &str) -> Inbound {
    let event = match words.strip_prefix("end ") {
        Some(_) => CustomerEvent::Ended,
        None => CustomerEvent::Message(CustomerMessage::text(words)),
    };
    Inbound::new(
        EventKey::new(format!("test:{position}")),
        key(n),
        Position(position),
        event,
    )
}

/// One after the other, as the contract wants it.
async fn handle_each(bot: Bot, mut queue: mpsc::UnboundedReceiver<Passed>) {
    let mut late = JoinSet::new();
    while let Some((position, n, words)) = queue.recv().await {
        match bot.ingress.start(&key(n), Position(position)).await {
            Started::Taken => drop(bot.world.state().kept.insert(words)),
            Started::Turn(turn) => handle(&bot, &turn, n, &words, &mut late).await,
        }
        bot.world.state().busy -= 1;
        while late.try_join_next().is_some() {}
    }
}

/// Thinks for up to half a minute, then answers or hands over; and says something more up to half a minute later, whoever
/// owns the conversation by then.
async fn handle(bot: &Bot, turn: &Turn, n: u32, words: &str, late: &mut JoinSet<()>) {
    let thinking = bot.world.some_secs(HANDLER_SECS_MAX);
    tokio::time::sleep(thinking).await;
    if words.starts_with(IS_HUMAN) {
        // When the ledger is away, the customer has to ask again.
        let asked = bot
            .ingress
            .escalate(turn.clone(), Escalation::because("they asked"))
            .await;
        if let Err(failed) = asked {
            tracing::debug!(%failed, "nobody was asked");
        }
    } else {
        say(bot, turn, n, &format!("Bot: {words}")).await;
    }
    bot.world.state().busy += 1;
    let (bot, turn, words) = (bot.clone(), turn.clone(), words.to_owned());
    late.spawn(async move {
        let pause = bot.world.some_secs(HANDLER_SECS_MAX);
        tokio::time::sleep(pause).await;
        say(&bot, &turn, n, &format!("Bot: late {words}")).await;
        bot.world.state().busy -= 1;
    });
}

/// How long the bot thinks at the most.
const HANDLER_SECS_MAX: u32 = 30;

async fn say(bot: &Bot, turn: &Turn, n: u32, line: &str) {
    let on_its_way = bot.world.some_secs(3);
    let send = async {
        tokio::time::sleep(on_its_way).await;
        let is_human = bot.ledger.owners().get(&key(n)).is_some_and(|of| of.is_human());
        bot.world.bot_says(n, line, is_human);
        Ok::<_, std::convert::Infallible>(())
    };
    if bot.world.has(Fault::NoFence) {
        send.await.expect("it cannot fail");
        return;
    }
    if let Err(refused) = turn.say(line, send).await {
        tracing::debug!(%refused, "the bot keeps silent");
    }
}

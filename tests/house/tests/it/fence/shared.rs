//! The same with two instances on one PostgreSQL, of which the one that holds a channel is stopped, paused beyond its lease or
//! killed, again and again: its handlers finish late. Posts and hooks come to either.

use std::{
    fmt::Debug,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, anyhow};
use escalator::{
    hookpoint::{ServeSettings, serve},
    model::ChannelId,
    runtime::{Builder, Database, Escalator},
    store::{Heartbeats, PostgresSettings, Store},
};
use escalator_discord::{Bot, Discord, Handler, INTENTS};
use escalator_examples::{discord_bot::listen_until, held::while_held};
use escalator_house::{
    instances_run::{Balancer, Updates},
    town::free_port,
};
use escalator_telegram::{Telegram, WebhookSecret, WebhookSettings, client, polling};
use escalator_testkit::{
    desk::{DeskSimulator, HookRetry},
    discord::FakeDiscord,
    postgres,
};
use teloxide::{error_handlers::LoggingErrorHandler, prelude::*, update_listeners::UpdateListener};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{Fence, HANDLER_SECS_MAX, OnDiscord, Speaker, Watch, customers, observe, on_telegram, replay, seed};
use crate::{
    home::Plan,
    street::{PATIENCE, Street},
};

/// How long a second takes, and a lease, which is 15 of them as the product's own: a handler can outlast it.
const SECOND: Duration = Duration::from_millis(80);
const LEASE_SECS: u32 = 15;
/// Between two blows, at the most.
const CALM_SECS_MAX: u32 = 20;
/// How often all blows fall, at the most, until enough was seen: whether a handler is late where it matters is up to chance.
const ROUNDS_MAX: usize = 5;
/// How long a hook that was not answered waits before it comes again, at first, and how often it does.
const HOOK_WAIT: Duration = Duration::from_millis(50);
const HOOKS_MAX: u32 = 9;
/// How often something is looked at that nobody tells.
const LOOK_EVERY: Duration = Duration::from_millis(20);

const CHANNELS: [&str; 2] = ["telegram", "discord"];

#[tokio::test(flavor = "multi_thread")]
async fn no_line_goes_through_an_old_turn_while_instances_that_poll_change() {
    stands(Updates::Polled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_goes_through_an_old_turn_while_instances_that_are_posted_to_change() {
    stands(Updates::Posted).await;
}

async fn stands(updates: Updates) {
    let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
    let goes_both_ways = |watch: &Watch| count(&watch.said) > 0 && count(&watch.refused) > 0;
    let some_were_elsewhere = |watch: &Watch| count(&watch.refused_elsewhere) > 0;
    let enough = |watch: &Watch| goes_both_ways(watch) && some_were_elsewhere(watch);
    let watch = run(seed(), Fence::Stands, updates, enough).await;
    watch.tells();
    assert_eq!(watch.broken(), [""; 0]);
    assert_eq!(watch.strays(), [""; 0]);
    assert!(goes_both_ways(&watch), "lines are said and refused");
    assert!(some_were_elsewhere(&watch), "some were late where the channel was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_speaks_past_its_turns_is_noticed_when_instances_change() {
    let is_of = |lines: Vec<String>, channel: &str| lines.iter().any(|line| line.starts_with(channel));
    let is_noticed = |watch: &Watch, channel: &str| is_of(watch.broken(), channel) && is_of(watch.strays(), channel);
    let enough = |watch: &Watch| CHANNELS.iter().all(|channel| is_noticed(watch, channel));
    let watch = run(1, Fence::Ignored, Updates::Posted, enough).await;
    for channel in CHANNELS {
        assert!(is_of(watch.broken(), channel), "nothing was noticed on {channel}");
        assert!(
            is_of(watch.strays(), channel),
            "no instance spoke on after it lost {channel}"
        );
    }
}

/// Lets blow after blow fall until enough was seen.
async fn run(seed: u64, fence: Fence, updates: Updates, enough: impl Fn(&Watch) -> bool) -> Arc<Watch> {
    let watch = Watch::new(seed, fence, SECOND);
    let desk = DeskSimulator::builder().configure(|desk| {
        desk.hooks.retry = HookRetry::Growing {
            retries_max: HOOKS_MAX,
            first_wait: HOOK_WAIT,
        };
    });
    let street = Street::with_desk(desk).await;
    let fake = FakeDiscord::builder().start().await.expect("Discord starts");
    let mut crew = Crew::open(&street, &fake, &watch, updates).await;
    observe(&street, &fake, &watch);
    replay(&street);
    let over = CancellationToken::new();
    let troubles = async {
        crew.troubles(enough).await;
        over.cancel();
    };
    tokio::join!(customers(&street, &fake, &watch, |_| !over.is_cancelled()), troubles);
    crew.close().await;
    street.nobody_complains();
    watch
}

/// Both instances.
struct Crew<'c> {
    setting: Setting<'c>,
    members: [Instance; 2],
    /// Those that were stopped: their handlers go on.
    former: Vec<Instance>,
}

/// What stands around an instance.
struct Setting<'c> {
    street: &'c Street,
    fake: &'c FakeDiscord,
    watch: &'c Arc<Watch>,
    database: postgres::Database,
    updates: Updates,
    places: [Place; 2],
    hooks: Balancer,
    posts: Balancer,
}

/// Where an instance is served, over all its lives.
#[derive(Clone, Copy)]
struct Place {
    hooks: SocketAddr,
    posts: SocketAddr,
}

/// One instance, with threads of its own.
struct Instance {
    runtime: Runtime,
    speaker: Speaker,
    heartbeats: Heartbeats,
    stop: CancellationToken,
    /// None once it was stopped.
    lives: Option<JoinHandle<Result<()>>>,
}

/// What an instance lives by.
struct Life {
    speaker: Speaker,
    house: Builder,
    bot: teloxide::Bot,
    account: Bot,
    /// Where it is posted to, if it is.
    webhook: Option<(SocketAddr, WebhookSettings)>,
    stop: CancellationToken,
}

/// What becomes of an instance.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// It gives everything back.
    Stopped,
    /// It is silent until its lease is over, and goes on as another.
    Paused,
    /// It ends with all that it has.
    Killed,
}

impl<'c> Crew<'c> {
    async fn open(street: &'c Street, fake: &'c FakeDiscord, watch: &'c Arc<Watch>, updates: Updates) -> Self {
        let database = tokio::task::spawn_blocking(postgres::database).await;
        let database = database.expect("it does not panic").expect("a database can be made");
        let places = [Place::free(), Place::free()];
        let balancer = |of: fn(&Place) -> SocketAddr| Balancer::open(places.iter().map(of).collect());
        let hooks = balancer(|place| place.hooks).await.expect("a port is free");
        let posts = balancer(|place| place.posts).await.expect("a port is free");
        let setting = Setting {
            street,
            fake,
            watch,
            database,
            updates,
            places,
            hooks,
            posts,
        };
        let members = [setting.instance(0).await, setting.instance(1).await];
        Self {
            setting,
            members,
            former: Vec::new(),
        }
    }

    /// Rounds of blows, one at least.
    async fn troubles(&mut self, enough: impl Fn(&Watch) -> bool) {
        for _ in 0..ROUNDS_MAX {
            self.round().await;
            if enough(self.setting.watch) {
                return;
            }
        }
    }

    /// Each blow strikes whoever holds a channel, for each channel, in random order.
    async fn round(&mut self) {
        let watch = self.setting.watch;
        let of_all = |blow| CHANNELS.map(|channel| (blow, channel));
        let mut blows = [Blow::Stopped, Blow::Paused, Blow::Killed].map(of_all).concat();
        watch.chance(|chance| chance.shuffle(&mut blows));
        for (blow, channel) in blows {
            watch.pause(CALM_SECS_MAX).await;
            self.disturb_gateway();
            self.strike(blow, &ChannelId::new(channel)).await;
        }
    }

    /// What was missed comes again with a session that is resumed, and is fetched in a new one.
    fn disturb_gateway(&self) {
        let gateway = self.setting.fake.gateway();
        match self.setting.watch.chance(|chance| chance.u8(..3)) {
            0 => gateway.drop_connections(),
            1 => gateway.invalidate_sessions(false),
            _ => {}
        }
    }

    /// Lets something become of the instance that holds a channel, and waits until the other one holds it.
    async fn strike(&mut self, blow: Blow, channel: &ChannelId) {
        let at = self.holder(channel).await;
        match blow {
            Blow::Stopped => self.members[at].stop().await,
            Blow::Paused => self.members[at].heartbeats.hold_back(),
            Blow::Killed => {
                // Its place is taken below.
                let dead = std::mem::replace(&mut self.members[at].runtime, runtime());
                dead.shutdown_background();
            }
        }
        let other = async { while self.holder(channel).await == at {} };
        let other = tokio::time::timeout(PATIENCE, other).await;
        other.unwrap_or_else(|_| panic!("{channel} is nobody's after its holder was {blow:?}"));
        self.setting.watch.pause(HANDLER_SECS_MAX).await;
        match blow {
            Blow::Paused => self.members[at].heartbeats.go_on(),
            Blow::Stopped | Blow::Killed => {
                let fresh = self.setting.instance(at).await;
                self.former.push(std::mem::replace(&mut self.members[at], fresh));
            }
        }
    }

    /// Waits until one of both holds a channel.
    async fn holder(&self, channel: &ChannelId) -> usize {
        let held = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let holder = self.setting.watch.holder(channel);
                if let Some(at) = self.members.iter().position(|of| Some(of.speaker.instance) == holder) {
                    return at;
                }
            }
        };
        let held = tokio::time::timeout(PATIENCE, held).await;
        held.unwrap_or_else(|_| panic!("nobody holds {channel}"))
    }

    /// Waits until everything is delivered, and closes both.
    async fn close(mut self) {
        let ledger = self.setting.watch.ledger(self.members[0].speaker.instance);
        let ledger = ledger.expect("it runs");
        let drained = tokio::time::timeout(2 * PATIENCE, ledger.drained()).await;
        assert!(
            drained.is_ok(),
            "{} are not delivered in time",
            ledger.outstanding_lately()
        );
        drop(ledger);
        for member in &mut self.members {
            member.stop().await;
        }
        for of in self.members.into_iter().chain(self.former) {
            of.runtime.shutdown_background();
        }
    }
}

impl Setting<'_> {
    /// Opens an instance at one of the places.
    async fn instance(&self, at: usize) -> Instance {
        let heartbeats = Heartbeats::default();
        let (speaker, stop) = (self.watch.speaker(), CancellationToken::new());
        let (opened, opens) = oneshot::channel();
        let life = Life {
            speaker: speaker.clone(),
            house: self.house(at, heartbeats.clone()),
            bot: client(self.street.telegram.token(), Some(&self.street.telegram.url()))
                .expect("token and address are right"),
            account: Bot::new(self.fake.token(), Some(&self.fake.url())).expect("token and address are right"),
            webhook: (self.updates == Updates::Posted).then(|| {
                let url = format!("{}/telegram", self.posts.url())
                    .parse()
                    .expect("it is an address");
                let secret = WebhookSecret::of_token(self.street.telegram.token());
                (self.places[at].posts, WebhookSettings::new(secret).register_at(url))
            }),
            stop: stop.clone(),
        };
        let runtime = runtime();
        let lives = runtime.spawn(life.lead(opened));
        tokio::time::timeout(PATIENCE, opens)
            .await
            .expect("it opens in time")
            .expect("it opens");
        Instance {
            runtime,
            speaker,
            heartbeats,
            stop,
            lives: Some(lives),
        }
    }

    fn house(&self, at: usize, heartbeats: Heartbeats) -> Builder {
        let mut postgres = PostgresSettings::default();
        postgres.lease = SECOND * LEASE_SECS;
        postgres.heartbeats = heartbeats;
        Escalator::builder(self.street.omnidesk(|_| {}))
            .database(Database::parse(self.database.url()).expect("it is one"))
            .postgres(postgres)
            .hookpoint_listen(self.places[at].hooks)
            .hookpoint_url(self.hooks.url())
            .dispatch(Plan::default().dispatch)
    }
}

impl Life {
    /// Receives for each channel while it holds it, until it is told to stop.
    async fn lead(self, opened: oneshot::Sender<()>) -> Result<()> {
        let Self {
            speaker,
            house,
            bot,
            account,
            webhook,
            stop,
        } = self;
        let mut house = house.open().await?;
        let telegram = Telegram::with_settings(bot.clone(), house.ingress("telegram"), Plan::default().telegram);
        house.connect(Arc::new(telegram.clone()))?;
        let discord = Discord::new(&account, house.ingress("discord"));
        house.connect(Arc::new(discord.clone()))?;
        let webhook = match webhook {
            Some((address, settings)) => Some((TcpListener::bind(address).await?, telegram.webhook(settings))),
            None => None,
        };
        let running = house.start().await?;
        speaker.opened(running.ledger());
        let posted = webhook.map(|(listener, webhook)| {
            let served = serve(listener, webhook.router(), stop.clone(), ServeSettings::default());
            tokio::spawn(served);
            webhook
        });
        opened.send(()).map_err(|()| anyhow!("nobody waits for it"))?;
        let dispatch_while = |enough| {
            let dispatcher = (bot.clone(), telegram.clone(), speaker.clone());
            let posted = posted.as_ref().map(escalator_telegram::Webhook::listener);
            async move {
                if let Some(listener) = posted {
                    return dispatch(dispatcher, listener, enough).await;
                }
                let listener = polling(dispatcher.0.clone());
                dispatch(dispatcher, listener, enough).await
            }
        };
        let connect_while = |enough| {
            let handler = OnDiscord {
                discord: discord.clone(),
                speaker: speaker.clone(),
            };
            let client = account.client(INTENTS).framework(discord.wrap(Handler(handler)));
            async move { listen_until(client.await?, enough).await }
        };
        let (on_telegram, on_discord) = tokio::join!(
            while_held(&running, CHANNELS[0], &stop, dispatch_while),
            while_held(&running, CHANNELS[1], &stop, connect_while)
        );
        running.shutdown().await;
        on_telegram.and(on_discord)
    }
}

/// Dispatches Telegram's updates until there was enough.
async fn dispatch<L>(
    (bot, telegram, speaker): (teloxide::Bot, Telegram<teloxide::Bot>, Speaker),
    listener: L,
    enough: CancellationToken,
) -> Result<()>
where
    L: UpdateListener<Err: Debug + Send + 'static> + Send,
{
    let (listener, handlers) = telegram.install(listener, on_telegram(speaker));
    let mut dispatcher = Dispatcher::builder(bot, handlers)
        .dependencies(dptree::deps![telegram.clone()])
        .build();
    let mut dispatching = pin!(dispatcher.dispatch_with_listener(listener, LoggingErrorHandler::new()));
    tokio::select! {
        () = &mut dispatching => {}
        () = enough.cancelled() => {
            telegram.stop();
            dispatching.await;
        }
    }
    Ok(())
}

impl Instance {
    /// Tells it to stop, and waits until it has given everything back.
    async fn stop(&mut self) {
        self.stop.cancel();
        let lives = self.lives.take().expect("it is stopped once");
        let ended = tokio::time::timeout(PATIENCE, lives).await.expect("it stops in time");
        ended.expect("it does not panic").expect("it ends well");
    }
}

impl Place {
    fn free() -> Self {
        let port = || SocketAddr::from(([127, 0, 0, 1], free_port().expect("a port is free")));
        Self {
            hooks: port(),
            posts: port(),
        }
    }
}

fn runtime() -> Runtime {
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    threads.expect("there are threads")
}

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::exits::{FakeBot, FakeChannel, FakeDesk};
use crate::{
    channel::{BotListener, EscalationChannel, Ingress},
    delivery::RetryPolicy,
    desk::Desk,
    dispatch::{Dispatch, DispatchSettings, Exits},
    intake::{Intake, IntakeSettings, Port, Signals, SignalsEnd},
    model::{BotEvent, ChannelId, Clock, Policy, SessionId},
    store::{
        Incoming, Ledger, Store,
        rig::{BEGIN, PausedClock, Place, Tenant, agent_says, escalate, within},
    },
};

/// The way out over a ledger, not started yet.
pub(super) struct Bed {
    pub(super) place: Place,
    pub(super) ledger: Arc<Ledger>,
    /// The ledger as deliveries leave from it.
    store: Arc<dyn Store>,
    pub(super) intake: Arc<Intake>,
    pub(super) desk: Arc<FakeDesk>,
    pub(super) channel: Arc<FakeChannel>,
    pub(super) bot: Arc<FakeBot>,
    pub(super) settings: DispatchSettings,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether the channel is connected.
    pub(super) connected: bool,
    signals: Option<SignalsEnd>,
    tasks: JoinSet<()>,
    shutdown: CancellationToken,
}

impl Bed {
    /// In memory, by the runtime's clock: for paused time. Days of trouble go by in such a test.
    pub(super) async fn paused() -> Self {
        Self::paused_with(|policy| policy.silence_max = None).await
    }

    pub(super) async fn paused_with(change: impl FnOnce(&mut Policy)) -> Self {
        let mut place = Place::in_memory();
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::new());
        place.settings.clock = Arc::clone(&clock);
        change(&mut place.settings.policy);
        Self::at(place, clock, &DispatchSettings::default()).await
    }

    /// One over each kind of storage, with short waits.
    pub(super) async fn each() -> Vec<Self> {
        let settings = DispatchSettings {
            retry: RetryPolicy {
                first_wait: Duration::from_millis(1),
                wait_max: Duration::from_millis(4),
                ..RetryPolicy::default()
            },
            ..DispatchSettings::default()
        };
        let mut beds = Vec::new();
        for mut place in Place::each().await {
            let clock: Arc<dyn Clock> = Arc::new(PausedClock::new());
            place.settings.clock = Arc::clone(&clock);
            beds.push(Self::at(place, clock, &settings).await);
        }
        beds
    }

    async fn at(place: Place, clock: Arc<dyn Clock>, settings: &DispatchSettings) -> Self {
        let ledger = place.open().await;
        let store: Arc<dyn Store> = Arc::<Ledger>::clone(&ledger);
        Self::over(place, ledger, store, clock, settings)
    }

    /// In memory, as one of several instances that share it.
    pub(super) async fn tenant() -> (Self, Arc<Tenant>) {
        let mut place = Place::in_memory();
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::new());
        place.settings.clock = Arc::clone(&clock);
        let ledger = place.open().await;
        let tenant = Tenant::new(Arc::clone(&ledger));
        let store: Arc<dyn Store> = Arc::<Tenant>::clone(&tenant);
        let bed = Self::over(place, ledger, store, clock, &DispatchSettings::default());
        (bed, tenant)
    }

    fn over(
        place: Place,
        ledger: Arc<Ledger>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        settings: &DispatchSettings,
    ) -> Self {
        let (signals, receiver) = Signals::channel();
        let intake = Intake::new(Arc::clone(&store), || BEGIN, IntakeSettings::default(), signals);
        let ingress = Ingress::new(ChannelId::new("test"), Port::new(Arc::clone(&intake)));
        Self {
            place,
            ledger,
            store,
            intake,
            desk: Arc::default(),
            channel: FakeChannel::new(ingress),
            bot: Arc::default(),
            settings: DispatchSettings {
                channel: settings.desk,
                ..*settings
            },
            clock,
            connected: true,
            signals: Some(receiver),
            tasks: JoinSet::new(),
            shutdown: CancellationToken::new(),
        }
    }

    /// Lets deliveries out.
    pub(super) fn start(&mut self) {
        let channel = Arc::clone(&self.channel) as Arc<dyn EscalationChannel>;
        let channels = self.connected.then(|| (ChannelId::new("test"), channel));
        let exits = Exits {
            desk: Arc::clone(&self.desk) as Arc<dyn Desk>,
            channels: channels.into_iter().collect(),
            bot: Some(Arc::new(Hearing(Arc::clone(&self.bot)))),
        };
        let store = Arc::clone(&self.store);
        let (intake, clock) = (Arc::clone(&self.intake), Arc::clone(&self.clock));
        let dispatch = Dispatch::new(store, intake, clock, exits, self.settings);
        let signals = self.signals.take().expect("it is started once");
        let waiting = self.ledger.doors().now_or_never();
        let waiting = waiting.expect("a ledger that belongs to one process knows it by heart");
        dispatch.start(waiting, signals, &mut self.tasks, &self.shutdown);
    }

    /// Asks it to stop.
    pub(super) fn shut_down(&self) {
        self.shutdown.cancel();
    }

    pub(super) async fn stopped(&mut self) {
        within(async { while self.tasks.join_next().await.is_some() {} }).await;
    }

    /// Another process over the same storage, with the same desk, channel and bot. What the old one had under way is
    /// still under way, and comes to nothing.
    pub(super) async fn crash(mut self) -> Self {
        self.ledger.close().await;
        self.tasks.detach_all();
        let before = (self.desk, self.channel, self.bot, self.settings, self.connected);
        let mut bed = Self::at(self.place, self.clock, &self.settings).await;
        (bed.desk, bed.channel, bed.bot, bed.settings, bed.connected) = before;
        bed
    }

    pub(super) async fn accept(&self, events: impl IntoIterator<Item = Incoming>) {
        let events = events.into_iter().collect();
        self.ledger.accept(events).await.expect("it is written");
    }

    pub(super) async fn drained(&self) {
        within(self.ledger.drained()).await;
    }

    /// Waits for longer than [`within`] does: for paused time.
    pub(super) async fn drained_in_days(&self, days: u64) {
        tokio::time::timeout(Duration::from_secs(days * 24 * 60 * 60), self.ledger.drained())
            .await
            .expect("it comes to an end");
    }

    /// Sessions of the conversations of these numbers, each with an agent. Dispatch must run.
    pub(super) async fn with_agents(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        for n in numbers {
            let accepted = self.ledger.accept(vec![escalate(n, 1)]).await.expect("it is written");
            let crate::store::Accepted::New(crate::session::Verdict::Opened(session)) = accepted[0] else {
                panic!("the opening was answered {accepted:?}");
            };
            self.drained().await;
            self.accept([agent_says(session, "Hello")]).await;
            self.drained().await;
            sessions.push(session);
        }
        sessions
    }
}

/// A listener belongs to the house; the test keeps the bot itself.
struct Hearing(Arc<FakeBot>);

#[async_trait]
impl BotListener for Hearing {
    async fn hear(&self, event: BotEvent) {
        self.0.hear(event).await;
    }
}

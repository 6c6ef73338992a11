use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use escalator::{
    channel::{Held, Inbound, Ingress, IngressError, Offered, Owner},
    model::ConversationKey,
};
use futures::FutureExt;
use serenity::model::{
    event::Event,
    id::{ChannelId, GuildId, MessageId, ShardId, UserId},
};
use tokio::sync::Notify;

use crate::{
    bot::Bot,
    bounded::Bounded,
    config::Settings,
    deed::Deed,
    memory::Memory,
    order::{Lane, Order},
    outbound::{Receipts, Voices},
    places::{self, Places, Whose},
    rest::Rest,
};

/// Messages of which it is known whose they were, for when one is deleted.
const WRITTEN_MAX: usize = 20_000;
/// Updates of which it is known that the bot has begun with them.
const STARTED_MAX: usize = 20_000;

/// How often Discord is asked what a channel is.
const FIND_OUT_ATTEMPTS_MAX: u32 = 8;

/// What the framework, the channel and the collectors share. It knows no shard.
pub(crate) struct Post {
    pub(crate) ingress: Ingress,
    pub(crate) settings: Settings,
    pub(crate) rest: Rest,
    pub(crate) order: Order,
    pub(crate) places: Places,
    pub(crate) memory: Memory,
    pub(crate) voices: Voices,
    pub(crate) receipts: Receipts,
    /// The conversation of each message that a person wrote.
    written: Mutex<Bounded<MessageId, ConversationKey>>,
    /// Updates for which a turn was given.
    started: Mutex<Bounded<u64, ()>>,
    /// Whether it was logged that a message came without its words.
    has_told_of_hidden: AtomicBool,
    /// Interactions that the bot was given though something stands before them.
    early: Mutex<Bounded<u64, ()>>,
    /// Updates that wait for their turn or for the ledger.
    waiting: AtomicUsize,
    /// Interactions that do, which cannot be fetched later.
    interactions: AtomicUsize,
    /// Set when too many waited, until what was passed over begins to be fetched from Discord.
    is_behind: AtomicBool,
    /// Wakes whoever fetches it.
    pub(crate) behind: Notify,
    /// Held by whoever catches up.
    pub(crate) catching_up: tokio::sync::Mutex<()>,
    /// What humans owned when the process began, until it first catches up: what came behind it nobody saw.
    found: Mutex<Vec<Held>>,
}

/// One of those that wait, until it is dropped.
pub(crate) struct Waiting<'a>(&'a AtomicUsize);

/// An interaction that waits, until it is dropped. It goes along with the tasks that wait for it.
pub(crate) struct WaitingInteraction(Arc<Post>);

impl Post {
    pub(crate) fn new(bot: &Bot, ingress: Ingress, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            rest: Rest::new(bot, settings.call_max),
            order: Order::new(),
            places: Places::new(ingress.channel().clone()),
            memory: Memory::default(),
            voices: Voices::default(),
            receipts: Receipts::default(),
            found: Mutex::new(ingress.held()),
            ingress,
            settings,
            written: Mutex::new(Bounded::new(WRITTEN_MAX)),
            started: Mutex::new(Bounded::new(STARTED_MAX)),
            has_told_of_hidden: AtomicBool::new(false),
            early: Mutex::new(Bounded::new(STARTED_MAX)),
            waiting: AtomicUsize::new(0),
            interactions: AtomicUsize::new(0),
            is_behind: AtomicBool::new(false),
            behind: Notify::new(),
            catching_up: tokio::sync::Mutex::default(),
        })
    }

    /// Notes an event of the gateway. Neither waits nor calls anybody.
    pub(crate) fn see(&self, shard: ShardId, event: &Event) {
        self.memory.see(event);
        match event {
            Event::Ready(event) => {
                self.places.note_me(event.ready.user.id);
                // In memory, and before anything of the session is noted.
                drop(self.hold_places());
                self.order.note_session(shard, &event.ready.session_id);
            }
            Event::GuildCreate(event) => self.places.note_guild(&event.guild),
            Event::GuildUpdate(event) => self.places.note_level(event.guild.id, event.guild.premium_tier),
            Event::ChannelCreate(event) => self.places.note_channel(&event.channel),
            Event::ChannelUpdate(event) => self.places.note_channel(&event.channel),
            Event::ChannelDelete(event) => self.places.forget(event.channel.id),
            Event::ThreadCreate(event) => self.places.note_channel(&event.thread),
            Event::ThreadUpdate(event) => self.places.note_channel(&event.thread),
            Event::ThreadDelete(event) => self.places.forget(event.thread.id),
            event => {
                let deeds = Deed::of_event(event);
                deeds
                    .iter()
                    .filter(|deed| !self.is_own(deed))
                    .for_each(|deed| self.note(deed));
            }
        }
    }

    /// Whether the bot did it itself. Of a reaction in direct messages Discord tells no more than the id of who put it.
    pub(crate) fn is_own(&self, deed: &Deed<'_>) -> bool {
        deed.person().is_some_and(|person| Some(person) == self.places.me())
    }

    fn note(&self, deed: &Deed<'_>) {
        if let Deed::Said(_) | Deed::Interacted(_) = deed {
            self.order.seen(deed.id());
        }
        if let Some(lane) = self.lane(deed) {
            self.order.note(deed.mark(), lane);
        }
        // Who deletes a message is not told: it is known by who wrote it.
        if let Deed::Said(message) = deed
            && let Whose::Conversation(conversation) =
                self.known_whose(message.guild_id, message.channel_id, message.author.id)
        {
            self.note_written(message.id, &conversation);
        }
    }

    /// The lane of a deed, as far as it is known without asking anybody.
    pub(crate) fn lane(&self, deed: &Deed<'_>) -> Option<Lane> {
        match (deed, deed.person()) {
            (_, Some(person)) => {
                let (guild, channel) = (deed.guild(), deed.channel()?);
                let humans = guild.is_none().then(|| self.humans_at(channel)).flatten();
                // What the bot has now keeps the order that it had.
                let lane = humans.and_then(|of| places::lane(&of));
                Some(lane.unwrap_or_else(|| self.places.lane(guild, channel, person)))
            }
            (Deed::Deleted { message, .. }, None) => self
                .deleted_of(deed.guild(), deed.channel()?, *message)
                .and_then(|conversation| places::lane(&conversation))
                .or_else(|| deed.nobodys_lane()),
            (_, None) => deed.nobodys_lane(),
        }
    }

    /// To whom something belongs that a person did. Asks Discord where it must.
    pub(crate) async fn whose(&self, guild: Option<GuildId>, channel: ChannelId, person: UserId) -> Whose {
        if self.known_whose(guild, channel, person) == Whose::Unknown {
            self.find_out(channel).await;
        }
        match self.known_whose(guild, channel, person) {
            Whose::Unknown => Whose::Conversation(self.places.key(channel, person)),
            whose => whose,
        }
    }

    /// The same, as far as it is known without asking anybody.
    pub(crate) fn known_whose(&self, guild: Option<GuildId>, channel: ChannelId, person: UserId) -> Whose {
        if guild.is_some() {
            return self.places.whose(guild, channel, person);
        }
        let humans = self.humans_at(channel);
        Whose::Conversation(humans.unwrap_or_else(|| self.places.key(channel, person)))
    }

    /// Of the conversations that are shown at a place, the last one that a human owns: direct messages are another
    /// conversation's place only while one does, and there can be several.
    pub(crate) fn humans_at(&self, place: ChannelId) -> Option<ConversationKey> {
        let mut held = self.places.held(place).into_iter().rev();
        held.find(|of| self.ingress.owner(of) == Owner::Human)
    }

    /// Asks Discord what a channel is, again while it cannot tell: taken for a plain one, our own thread would be the
    /// bot's.
    async fn find_out(&self, channel: ChannelId) {
        let mut attempt = 1;
        loop {
            let failure = match self.rest.channel(channel).await {
                Ok(answer) => {
                    self.places.note_answer(&answer);
                    self.memory.note_answer(&answer);
                    return;
                }
                Err(failure) => failure,
            };
            let error = failure.detail();
            if !failure.is_passing() || attempt >= FIND_OUT_ATTEMPTS_MAX {
                tracing::warn!(%channel, error, "what kind of channel it is cannot be found out: it is taken as a plain one");
                return;
            }
            tracing::debug!(%channel, error, attempt, "a channel is asked for again");
            tokio::time::sleep(failure.wait(attempt)).await;
            attempt += 1;
        }
    }

    /// Offers an update until it is accepted, with growing waits.
    ///
    /// # Cancel safety
    /// When the future is dropped, the update may have been accepted. Its key removes the double.
    pub(crate) async fn offer(&self, update: &Inbound) -> Offered {
        let mut attempt = 1;
        loop {
            let failed = match self.offer_once(update).await {
                Ok(offered) => return offered,
                // Whose it was is not known either: the bot stays silent.
                Err(IngressError::Refused { detail }) => {
                    tracing::error!(
                        channel = %update.conversation.channel,
                        update = update.position.0,
                        detail,
                        "an update is lost: the ledger refuses it for good"
                    );
                    return Offered::Kept;
                }
                Err(failed) => failed,
            };
            let wait = self.settings.offer_retry.wait(attempt, fraction(update), None);
            tracing::warn!(
                channel = %update.conversation.channel,
                update = update.position.0,
                attempt,
                wait_millis = wait.as_millis(),
                error = %failed,
                "an update is not accepted, and is offered again"
            );
            tokio::time::sleep(wait).await;
            attempt = attempt.saturating_add(1);
        }
    }

    /// A ledger that panics or hangs is one that is away.
    async fn offer_once(&self, update: &Inbound) -> Result<Offered, IngressError> {
        let offer = AssertUnwindSafe(self.ingress.offer(update.clone())).catch_unwind();
        match tokio::time::timeout(self.settings.offer_max, offer).await {
            Ok(Ok(offered)) => offered,
            Ok(Err(_panic)) => Err(away("accepting it panicked")),
            Err(_elapsed) => Err(away("no answer in time")),
        }
    }

    /// Counts one more that waits; `None` when there are too many: then it is left to Discord, which keeps it.
    pub(crate) fn wait(&self) -> Option<Waiting<'_>> {
        let waiting = Waiting(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::AcqRel) < self.settings.waiting_max {
            return Some(waiting);
        }
        if !self.is_behind.swap(true, Ordering::AcqRel) {
            let waiting_max = self.settings.waiting_max;
            tracing::warn!(
                waiting_max,
                "too many updates wait: what comes now is fetched from Discord later"
            );
            self.fetch_behind();
        }
        None
    }

    /// Has what was left to Discord fetched, before what comes from here on.
    pub(crate) fn fetch_behind(&self) {
        self.order.gate().close();
        self.behind.notify_one();
    }

    /// Counts one more interaction that waits; `None` when there are too many.
    pub(crate) fn wait_for_interaction(self: &Arc<Self>) -> Option<WaitingInteraction> {
        let before = self.interactions.fetch_add(1, Ordering::AcqRel);
        let waiting = WaitingInteraction(Arc::clone(self));
        (before < self.settings.interactions_max).then_some(waiting)
    }

    /// The conversations that a human owned when the process began, and that are the bot's again; told once.
    pub(crate) fn ended_unseen(&self) -> Vec<Held> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ended = std::mem::take(&mut *found);
        ended.retain(|of| self.ingress.owner(&of.conversation) == Owner::Bot);
        ended
    }

    /// What was left to Discord up to here is about to be fetched; what is left to it from here on is not.
    pub(crate) fn begin_to_catch_up(&self) {
        self.is_behind.store(false, Ordering::Release);
    }

    /// Remembers whose a message is.
    pub(crate) fn note_written(&self, message: MessageId, conversation: &ConversationKey) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(message, conversation.clone());
    }

    /// Whose a message was that somebody took back, as far as that is known: in direct messages and in a thread of ours
    /// also when it was written before the start.
    pub(crate) fn deleted_of(
        &self,
        guild: Option<GuildId>,
        channel: ChannelId,
        message: MessageId,
    ) -> Option<ConversationKey> {
        let of_channel = || self.of_channel(channel);
        let of_home = || {
            let held = guild.is_none().then(|| self.ingress.held());
            let mut held = held.into_iter().flatten().map(|of| of.conversation);
            held.find(|of| places::home(of) == Some(channel))
        };
        self.written_by(message).or_else(of_channel).or_else(of_home)
    }

    /// The conversation that is alone in a channel: one that a human has there, or for which the thread was opened.
    pub(crate) fn of_channel(&self, channel: ChannelId) -> Option<ConversationKey> {
        self.humans_at(channel).or_else(|| self.places.of_thread(channel))
    }

    pub(crate) fn written_by(&self, message: MessageId) -> Option<ConversationKey> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.get(&message).cloned()
    }

    /// Whether no message came without its words before.
    pub(crate) fn is_first_hidden(&self) -> bool {
        !self.has_told_of_hidden.swap(true, Ordering::Relaxed)
    }

    /// Notes that the bot is given an interaction though something stands before it.
    pub(crate) fn note_early(&self, id: u64) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        early.insert(id, ());
    }

    pub(crate) fn is_early(&self, id: u64) -> bool {
        let early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        early.get(&id).is_some()
    }

    /// Notes that the bot begins with an update. `false` when it had.
    pub(crate) fn begin(&self, id: u64) -> bool {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = started.get(&id).is_none();
        started.insert(id, ());
        is_new
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for WaitingInteraction {
    fn drop(&mut self) {
        self.0.interactions.fetch_sub(1, Ordering::AcqRel);
    }
}

fn away(detail: &str) -> IngressError {
    IngressError::Unavailable {
        detail: detail.to_owned(),
    }
}

/// Spreads the waits of several bots on one ledger, the same for the same update.
fn fraction(update: &Inbound) -> f64 {
    f64::from(i32::try_from(update.position.0.rem_euclid(16)).unwrap_or(0)) / 15.0
}

//! The test's handle on the server.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use super::{
    builder::Builder,
    call::{Call, Observer},
    channel::Channel,
    customer::{CannotHappen, Event, Guild, Happened, User, UserBuilder},
    fault::{On, Plan},
    gateway::Gateway,
    interaction::Interaction,
    message::Transcript,
    shared::Shared,
    spec::{Spec, Violation},
    world::World,
};
use crate::{plan::FaultId, port::Port};

/// A running fake of Discord. Clones are handles on the same server, which stops when the last one
/// is dropped.
#[derive(Clone)]
pub struct FakeDiscord {
    shared: Arc<Shared>,
    port: Arc<Mutex<Port>>,
    addr: SocketAddr,
}

/// A condition that did not come true in time.
#[derive(Debug, thiserror::Error)]
#[error("not within {within:?}; calls so far: {calls}, the last ones: {last:?}; a session is connected: {connected}")]
pub struct TimedOut {
    within: Duration,
    calls: usize,
    last: Vec<String>,
    connected: bool,
}

impl FakeDiscord {
    /// The settings to start a server with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(shared: Arc<Shared>, port: Port, addr: SocketAddr) -> Self {
        Self {
            shared,
            port: Arc::new(Mutex::new(port)),
            addr,
        }
    }

    /// The address to be given to a bot in place of `https://discord.com`; `/api/v10` comes
    /// behind it.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The address that is listened on; it stays the same while the port is closed.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The bot's token.
    pub fn token(&self) -> &str {
        &self.shared.token
    }

    /// The bot's user id.
    pub fn bot_id(&self) -> u64 {
        self.look(|world| world.bot.id)
    }

    /// The application's id.
    pub fn application_id(&self) -> u64 {
        self.look(|world| world.application)
    }

    /// Cuts every connection, those of the gateway with them, and refuses new ones. The state is
    /// kept, and so is the port number.
    ///
    /// # Errors
    /// When the number cannot be held for [`Self::reopen_port`].
    pub async fn close_port(&self) -> std::io::Result<()> {
        self.port.lock().await.close().await
    }

    /// Accepts connections again at the same address.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn reopen_port(&self) -> std::io::Result<()> {
        self.port.lock().await.reopen()
    }

    /// Stops the server for good; what it recorded can still be looked at.
    pub async fn shutdown(&self) {
        self.shared.set_observer(None);
        self.port.lock().await.release().await;
    }

    /// What a test can do to the gateway and its connections.
    pub fn gateway(&self) -> Gateway {
        Gateway::new(Arc::clone(&self.shared))
    }

    /// Looks at the state as it is now.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.shared.look(look)
    }

    /// A channel as it is now, also one that was deleted.
    pub fn channel(&self, id: u64) -> Option<Channel> {
        self.look(|world| world.channel(id).cloned())
    }

    /// What was said in a channel so far; empty for one that does not exist.
    pub fn transcript(&self, channel: u64) -> Transcript {
        self.look(|world| world.transcript(channel).cloned().unwrap_or_default())
    }

    /// The threads of a channel as they are now, oldest first.
    pub fn threads(&self, channel: u64) -> Vec<Channel> {
        self.look(|world| world.threads(channel).cloned().collect())
    }

    /// A slash command that was used or a button that was pressed.
    pub fn interaction(&self, id: u64) -> Option<Interaction> {
        self.look(|world| world.interaction(id).cloned())
    }

    /// The slash commands of a guild; of every place for `None`.
    pub fn commands(&self, guild: Option<u64>) -> Vec<Value> {
        self.look(|world| world.commands(guild).to_vec())
    }

    /// The people whom a message tells by sound, given its words, its `allowed_mentions` and who is there.
    pub fn pings(&self, channel: u64, message: u64) -> BTreeSet<u64> {
        self.look(|world| world.pinged(channel, message))
    }

    /// Every request so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.look(|world| world.calls().to_vec())
    }

    /// The requests of one method and path so far, such as `POST` and `/channels/*/messages`.
    pub fn calls_of(&self, method: &str, pattern: &str) -> Vec<Call> {
        self.look(|world| {
            let calls = world.calls().iter();
            calls.filter(|call| call.is(method, pattern)).cloned().collect()
        })
    }

    /// What the requests broke of the specification; empty where it is not checked.
    pub fn violations(&self) -> Vec<Violation> {
        self.look(|world| world.violations().to_vec())
    }

    /// Whether requests are checked against the specification.
    pub fn spec_checked(&self) -> bool {
        self.shared.spec.is_some()
    }

    /// The specification, where there is one.
    pub fn spec(&self) -> Option<&Spec> {
        self.shared.spec.as_ref()
    }

    /// Waits until the condition holds. It is looked at after each change, under the lock of the
    /// state: keep it cheap, and ask the handle nothing in it.
    ///
    /// # Errors
    /// When it does not hold within the time.
    ///
    /// # Cancel safety
    /// Nothing is lost when it is dropped.
    pub async fn wait_until(
        &self,
        within: Duration,
        mut condition: impl FnMut(&World) -> bool,
    ) -> Result<(), TimedOut> {
        self.wait_for(within, |world| condition(world).then_some(())).await
    }

    /// Waits until there is something to see, and returns it. See [`Self::wait_until`].
    ///
    /// # Errors
    /// When there is nothing within the time.
    pub async fn wait_for<T>(
        &self,
        within: Duration,
        mut look: impl FnMut(&World) -> Option<T>,
    ) -> Result<T, TimedOut> {
        let deadline = Instant::now() + within;
        let mut changes = self.shared.changes();
        loop {
            changes.borrow_and_update();
            if let Some(seen) = self.look(&mut look) {
                return Ok(seen);
            }
            if !matches!(tokio::time::timeout_at(deadline, changes.changed()).await, Ok(Ok(()))) {
                return Err(self.look(|world| TimedOut::new(within, world)));
            }
        }
    }

    /// Waits until the bot has a session on the gateway.
    ///
    /// # Errors
    /// When it has none within the time.
    pub async fn wait_connected(&self, within: Duration) -> Result<(), TimedOut> {
        self.wait_until(within, World::connected).await
    }

    /// Sets a fault.
    pub fn fault(&self, on: On, plan: Plan) -> FaultId {
        self.shared.change(|world| world.faults.set(on, plan))
    }

    /// Ends a fault.
    pub fn release(&self, fault: FaultId) {
        self.shared.change(|world| world.faults.release(fault));
    }

    /// Ends all faults. What hangs stays hanging until its client gives up.
    pub fn clear_faults(&self) {
        self.shared.change(|world| world.faults.clear());
    }

    /// Sets or removes the one who is told of each stage of each call.
    pub fn set_observer(&self, observer: Option<Observer>) {
        self.shared.set_observer(observer);
    }

    /// Makes a user.
    pub fn user(&self, username: &str) -> UserBuilder {
        UserBuilder::new(self.clone(), username)
    }

    /// The handle of a user that exists, by its id.
    pub fn user_handle(&self, id: u64) -> Option<User> {
        self.look(|world| world.people.contains_key(&id))
            .then(|| User::new(self.clone(), id))
    }

    /// Makes a guild with the bot in it, which the bot is told of.
    pub fn guild(&self, name: &str) -> Guild {
        let id = self.shared.change(|world| {
            let id = world.add_guild(name);
            world.tell_guild("GUILD_CREATE", id);
            id
        });
        Guild::new(self.clone(), id)
    }

    /// Lets one thing happen on the customers' side.
    ///
    /// # Errors
    /// When it cannot happen; then it has not.
    pub fn happen(&self, event: Event) -> Result<Happened, CannotHappen> {
        let happened = self.happen_at_once(vec![event])?;
        Ok(happened.into_iter().next().unwrap_or_default())
    }

    /// Lets several things happen at once: no call of the bot comes between them. Those before one
    /// that cannot happen stay.
    ///
    /// # Errors
    /// When one of them cannot happen.
    pub fn happen_at_once(&self, events: Vec<Event>) -> Result<Vec<Happened>, CannotHappen> {
        self.shared
            .change(|world| events.into_iter().map(|event| world.happen(event)).collect())
    }

    /// Makes every address of an attachment that was given out so far useless.
    pub fn expire_attachments(&self) {
        self.shared.change(|world| world.files.expire());
    }

    /// Makes every interaction too old for a first answer.
    pub fn expire_interactions(&self) {
        self.shared.change(|world| {
            for interaction in world.interactions.values_mut() {
                interaction.expired = true;
            }
        });
    }

    /// Lets the time pass within which a nonce keeps a second message from being made.
    pub fn forget_nonces(&self) {
        self.shared.change(|world| world.nonces.clear());
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl TimedOut {
    fn new(within: Duration, world: &World) -> Self {
        let last = world.calls().iter().rev().take(8).rev();
        Self {
            within,
            calls: world.calls().len(),
            last: last.map(shown).collect(),
            connected: world.connected(),
        }
    }
}

/// A call by method and path, without what may be a webhook's token.
fn shown(call: &Call) -> String {
    let secret = call.path.starts_with("/webhooks/") || call.path.starts_with("/interactions/");
    let parts = call.path.split('/').enumerate();
    let path: Vec<_> = parts
        .map(|(place, part)| if secret && place == 3 { "*" } else { part })
        .collect();
    format!("{} {}", call.method, path.join("/"))
}

impl std::fmt::Debug for FakeDiscord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeDiscord")
            .field("addr", &self.addr)
            .field("spec_checked", &self.spec_checked())
            .finish_non_exhaustive()
    }
}

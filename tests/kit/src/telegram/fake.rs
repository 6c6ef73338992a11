//! The test's handle on the server.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use super::{
    builder::Builder,
    call::{Call, Observer},
    customer::{CannotPush, Chat, Event, Pushed, UserBuilder},
    fault::{On, Plan},
    file::StoredFile,
    message::Transcript,
    params::Params,
    shared::Shared,
    spec::{Spec, Violation},
    web::WebPage,
    world::{Handout, World},
};
use crate::{plan::FaultId, port::Port};

/// A running fake of the Telegram Bot API. Clones are handles on the same server, which stops
/// when the last one is dropped.
#[derive(Clone)]
pub struct FakeTelegram {
    shared: Arc<Shared>,
    port: Arc<Mutex<Port>>,
    addr: SocketAddr,
}

/// A condition that did not come true in time.
#[derive(Debug, thiserror::Error)]
#[error(
    "not within {within:?}; calls so far: {calls}, the last ones: {last:?}; updates that are not confirmed: {pending}"
)]
pub struct TimedOut {
    within: Duration,
    calls: usize,
    last: Vec<String>,
    pending: usize,
}

impl FakeTelegram {
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

    /// The base address, to be given to a bot in place of `https://api.telegram.org`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The address before a method's name, for a test that asks by hand.
    pub fn url_with_token(&self) -> String {
        format!("http://{}/bot{}", self.addr, self.shared.token)
    }

    /// The address that is listened on; it stays the same while the port is closed.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The bot's token.
    pub fn token(&self) -> &str {
        &self.shared.token
    }

    /// Cuts every connection and refuses new ones, and posts nothing to a webhook. The state is kept, and so is the port
    /// number.
    ///
    /// # Errors
    /// When the number cannot be held for [`Self::reopen_port`].
    pub async fn close_port(&self) -> std::io::Result<()> {
        self.shared.change_polling(|world| world.away = true);
        self.port.lock().await.close().await
    }

    /// Accepts connections again at the same address.
    ///
    /// # Errors
    /// When the port cannot be listened on.
    pub async fn reopen_port(&self) -> std::io::Result<()> {
        let reopened = self.port.lock().await.reopen();
        self.shared.change_polling(|world| world.away = false);
        reopened
    }

    /// Stops the server for good; what it recorded can still be looked at.
    pub async fn shutdown(&self) {
        self.shared.set_observer(None);
        self.shared.change_polling(|world| world.away = true);
        self.port.lock().await.release().await;
    }

    /// Looks at the state as it is now.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.shared.look(look)
    }

    /// What was said in a chat so far; empty for a chat that does not exist.
    pub fn chat(&self, chat_id: i64) -> Transcript {
        self.look(|world| world.chat(chat_id).cloned().unwrap_or_default())
    }

    /// Every request so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.look(|world| world.calls().to_vec())
    }

    /// The requests of one method so far, in order of arrival.
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.look(|world| {
            let calls = world.calls().iter();
            calls
                .filter(|call| call.method.eq_ignore_ascii_case(method))
                .cloned()
                .collect()
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

    /// The highest offset that a `getUpdates` asked for: all updates below it are confirmed.
    pub fn confirmed_offset(&self) -> Option<i64> {
        self.look(World::confirmed_offset)
    }

    /// What each `getUpdates` confirmed and was given, in order.
    pub fn handouts(&self) -> Vec<Handout> {
        self.look(|world| world.handouts().to_vec())
    }

    /// A stored file, the bot's or a customer's.
    pub fn file(&self, file_id: &str) -> Option<Arc<StoredFile>> {
        self.look(|world| world.files.by_id(file_id).cloned())
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

    /// Puts a file on the web, so that it can be sent by its URL. At every other address nothing is.
    pub fn on_the_web(&self, url: &str, page: WebPage) {
        self.shared.change(|world| world.web.insert(url.to_owned(), page));
    }

    /// Sets a fault.
    pub fn fault(&self, on: On, plan: Plan) -> FaultId {
        self.shared.change(|world| world.faults.set(on, plan))
    }

    /// Ends a fault.
    pub fn release(&self, fault: FaultId) {
        self.shared.change(|world| world.faults.release(fault));
    }

    /// Ends all faults. What is slow goes on at full speed; what hangs stays hanging until its client gives up.
    pub fn clear_faults(&self) {
        self.shared.change(|world| world.faults.clear());
    }

    /// Sets or removes the one who is told of each stage of each call.
    pub fn set_observer(&self, observer: Option<Observer>) {
        self.shared.set_observer(observer);
    }

    /// Makes a user.
    pub fn user(&self, first_name: &str) -> UserBuilder {
        UserBuilder::new(self.clone(), first_name)
    }

    /// The handle of a chat that exists, by its id.
    pub fn chat_handle(&self, chat_id: i64) -> Option<Chat> {
        self.look(|world| world.chats.contains_key(&chat_id))
            .then(|| Chat::new(self.clone(), chat_id))
    }

    /// Lets one thing happen on the customers' side.
    ///
    /// # Errors
    /// When it cannot happen; then it has not.
    pub fn push(&self, event: Event) -> Result<Pushed, CannotPush> {
        self.push_batch(vec![event])
            .map(|pushed| pushed.into_iter().next().unwrap_or_default())
    }

    /// Lets several things happen at once: a poll gets all of them in one answer, or none.
    ///
    /// # Errors
    /// When one of them cannot happen; then none has.
    pub fn push_batch(&self, events: Vec<Event>) -> Result<Vec<Pushed>, CannotPush> {
        self.shared.change_polling(|world| world.push_all(events))
    }

    /// Queues an update as it is given; an `update_id` is put in where it has none.
    pub fn push_raw(&self, update: Value) -> Pushed {
        self.shared.change_polling(|world| world.push_raw(update))
    }

    /// Makes every button that was pressed too old to be answered.
    pub fn expire_presses(&self) {
        self.shared.change(|world| {
            for press in world.presses.values_mut() {
                press.stale = true;
            }
        });
    }

    /// The commands that the bot set for everybody.
    pub fn commands(&self) -> Value {
        let everybody = Params::default();
        self.look(|world| super::methods::commands_of(world, &everybody))
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
            last: last.map(|call| call.method.clone()).collect(),
            pending: world.queue.len(),
        }
    }
}

impl std::fmt::Debug for FakeTelegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeTelegram")
            .field("addr", &self.addr)
            .field("spec_checked", &self.spec_checked())
            .finish_non_exhaustive()
    }
}

use std::sync::Arc;

use teloxide::{dispatching::UpdateHandler, update_listeners::UpdateListener};

use crate::{
    channel::Telegram,
    listener::Listener,
    node::{self, OfferedBy},
};

impl<R> Telegram<R> {
    /// Puts us between Telegram and the bot: a listener in front of the author's own, and a node in front of the author's
    /// handlers. Both go into the author's own dispatcher; one without the other is a bot that hears nothing.
    ///
    /// Handlers may ask for a [`Turn`](escalator::channel::Turn) like for any other dependency.
    ///
    /// # Panics
    /// When `handlers` is a bare `dptree::entry()`, which handles nothing.
    #[track_caller]
    pub fn install<L, E>(&self, listener: L, handlers: UpdateHandler<E>) -> (Listener<L>, UpdateHandler<E>)
    where
        L: UpdateListener<Err: Send + 'static>,
        E: Send + Sync + 'static,
    {
        let listener = Listener::new(listener, Arc::clone(self.post()));
        let handlers = node::in_front(Arc::clone(self.post()), OfferedBy::Listener, handlers);
        (listener, handlers)
    }

    /// The weaker way, for a bot whose listener cannot be wrapped: the node alone. Telegram has forgotten an update by
    /// the time it is accepted, so a crash, or a ledger that is away for
    /// [`alone_wait_max`](crate::Settings::alone_wait_max), costs what the customer wrote. Lines that were pulled together
    /// with `/human` reach the agent only when their handler had not started. Kinds of updates that the host does not
    /// ask for (edits, buttons) are not seen.
    ///
    /// # Panics
    /// When `handlers` is a bare `dptree::entry()`, which handles nothing.
    #[track_caller]
    pub fn node_alone<E>(&self, handlers: UpdateHandler<E>) -> UpdateHandler<E>
    where
        E: Send + Sync + 'static,
    {
        node::in_front(Arc::clone(self.post()), OfferedBy::Node, handlers)
    }
}

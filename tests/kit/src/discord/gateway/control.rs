//! The test's hold on the gateway.

use std::sync::Arc;

use super::session::{Mood, Order, Seen};
use crate::discord::{shared::Shared, world::World};

/// What a test can do to the gateway and its connections.
///
/// Events that happen while a session has no connection are kept for it, and replayed when it is
/// taken up again.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

impl Gateway {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Cuts every connection without a word. Sessions can be taken up again.
    pub fn drop_connections(&self) {
        self.order(&Order::Cut);
    }

    /// Closes every connection with that code. 4004 and 4009 end the sessions; after others they
    /// can be taken up again.
    pub fn close(&self, code: u16) {
        self.order(&Order::Close(code));
    }

    /// Asks every client to connect anew and to resume (op 7).
    pub fn ask_to_reconnect(&self) {
        self.order(&Order::Reconnect);
    }

    /// Tells every client that its session is invalid (op 9), and whether it can be resumed all
    /// the same.
    pub fn invalidate_sessions(&self, resumable: bool) {
        self.order(&Order::Invalid { resumable });
    }

    /// Refuses to take up any session, from now on or no more; the client must identify itself.
    pub fn refuse_resumes(&self, refused: bool) {
        self.shared
            .change(|world| world.gateway.set(Mood::RefusingResumes, refused));
    }

    /// Forgets the sessions that have no connection, as the real gateway does after minutes.
    pub fn forget_sessions(&self) {
        self.shared.change(|world| world.gateway.forget_sessions());
    }

    /// Answers new connections with 503, from now on or no more.
    pub fn refuse_connections(&self, refused: bool) {
        self.shared
            .change(|world| world.gateway.set(Mood::RefusingConnections, refused));
    }

    /// Holds all events back until [`Self::release_events`]; the connections stay.
    pub fn hold_events(&self) {
        self.shared.change(|world| world.gateway.set(Mood::Holding, true));
    }

    /// Sends what was held back, in order and at once.
    pub fn release_events(&self) {
        self.shared.change(|world| world.gateway.set(Mood::Holding, false));
    }

    /// Leaves heartbeats without an answer, from now on or no more: to its client the connection
    /// is a zombie.
    pub fn ignore_heartbeats(&self, ignored: bool) {
        self.shared.change(|world| world.gateway.set(Mood::Deaf, ignored));
    }

    /// What happened so far, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.look(|world| world.gateway().to_vec())
    }

    /// Whether a session is connected and ready.
    pub fn connected(&self) -> bool {
        self.shared.look(World::connected)
    }

    fn order(&self, order: &Order) {
        self.shared.change(|world| world.gateway.order(order));
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

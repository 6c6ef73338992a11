use std::{collections::HashMap, future::pending, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::Dispatch;
use crate::{
    desk::DeskSession,
    intake::SignalTo,
    model::{ConversationKey, SessionId, Signal},
};

/// Whom a signal is for: one call under way for each, and the latest waits.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Whom {
    Agent(SessionId),
    Customer(ConversationKey),
}

/// A signal on its way.
struct Sending {
    signal: SignalTo,
    why: Why,
}

/// Why a signal is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It came in.
    Came,
    /// It holds still, and the platform would take it back.
    Holds,
}

/// Passes typing on, and an agent's again for as long as it holds. Nothing here is kept in the ledger or tried again.
pub(super) async fn run(dispatch: Arc<Dispatch>, mut signals: mpsc::Receiver<SignalTo>, shutdown: CancellationToken) {
    let mut out = Out::new(Arc::clone(&dispatch));
    loop {
        let next = dispatch.typing.next();
        tokio::select! {
            signal = signals.recv() => {
                let Some(signal) = signal else { return };
                dispatch.note_typing(&signal);
                out.send(Sending { signal, why: Why::Came });
            }
            Some(done) = out.calls.join_next() => {
                out.ended(&done.expect("a signal's task neither panics nor is cut off while this loop runs"));
            }
            () = until(next) => {
                for (conversation, session) in dispatch.typing.due() {
                    let signal = SignalTo::Customer { conversation, session, signal: Signal::TypingStarted };
                    out.send(Sending { signal, why: Why::Holds });
                }
            }
            () = shutdown.cancelled() => return,
        }
    }
}

/// Waits for a moment; without one, for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => pending().await,
    }
}

/// The calls that are under way.
struct Out {
    dispatch: Arc<Dispatch>,
    /// What waits behind the call that is under way for somebody: the latest.
    waiting: HashMap<Whom, Option<Sending>>,
    calls: JoinSet<Whom>,
}

impl Out {
    fn new(dispatch: Arc<Dispatch>) -> Self {
        Self {
            dispatch,
            waiting: HashMap::new(),
            calls: JoinSet::new(),
        }
    }

    fn send(&mut self, sending: Sending) {
        let whom = whom(&sending.signal);
        match self.waiting.get_mut(&whom) {
            // One is on its way: the latest goes after it. That it holds still says nothing new.
            Some(next) if sending.why == Why::Came => *next = Some(sending),
            Some(_) => {}
            None if self.calls.len() < self.dispatch.settings.signals_max => self.begin(whom, sending),
            None => tracing::debug!("a typing signal was dropped: too many are under way"),
        }
    }

    fn ended(&mut self, whom: &Whom) {
        if let Some(Some(next)) = self.waiting.remove(whom) {
            self.begin(whom.clone(), next);
        }
    }

    fn begin(&mut self, whom: Whom, sending: Sending) {
        self.waiting.insert(whom.clone(), None);
        self.calls.spawn(send(Arc::clone(&self.dispatch), whom, sending));
    }
}

impl Dispatch {
    /// Notes from when and until when an agent types. Only where the channel is held: what the agent says is delivered
    /// there, and ends it.
    fn note_typing(&self, signal: &SignalTo) {
        let SignalTo::Customer {
            conversation,
            session,
            signal,
        } = signal
        else {
            return;
        };
        match (signal, self.typing_lasts(conversation)) {
            (Signal::TypingStarted, Some(lasts)) if self.store.holds(&conversation.channel) => {
                self.typing
                    .begins(conversation, *session, lasts, self.settings.typing_max);
            }
            (Signal::TypingStarted, _) => {}
            (Signal::TypingStopped, _) => self.typing.ends(conversation),
        }
    }

    fn typing_lasts(&self, conversation: &ConversationKey) -> Option<Duration> {
        let channel = self.exits.channels.get(&conversation.channel)?;
        channel.capabilities().typing_lasts
    }

    /// Whether the agent's session stands and its channel is still held; if not, nobody types in it any more, or another
    /// instance knows.
    async fn still_types(&self, conversation: &ConversationKey, session: SessionId) -> bool {
        if !self.store.holds(&conversation.channel) {
            self.typing.ends(conversation);
            return false;
        }
        match self.store.standing(session).await {
            Ok(Some(_)) => true,
            Ok(None) => {
                self.typing.ends(conversation);
                false
            }
            Err(failed) => {
                tracing::debug!(error = %failed, "typing is not shown again: the ledger cannot say whether it holds");
                false
            }
        }
    }
}

async fn send(dispatch: Arc<Dispatch>, whom: Whom, Sending { signal, why }: Sending) -> Whom {
    let call = async {
        match &signal {
            SignalTo::Agent {
                session,
                hook_address,
                signal,
            } => {
                let session = DeskSession {
                    id: *session,
                    hook_address,
                };
                let outcome = dispatch.exits.desk.signal(session, *signal).await;
                tracing::debug!(session = %session.id, outcome = outcome.word(), "typing passed on");
            }
            SignalTo::Customer {
                conversation,
                session,
                signal,
            } => {
                if why == Why::Holds && !dispatch.still_types(conversation, *session).await {
                    return;
                }
                if let Some(channel) = dispatch.exits.channels.get(&conversation.channel) {
                    channel.signal(conversation, *signal).await;
                }
            }
        }
    };
    match tokio::time::timeout(dispatch.settings.signal_max, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(())) => {}
        Ok(Err(_panic)) => tracing::error!("passing a typing signal on panicked"),
        Err(_elapsed) => tracing::debug!("a typing signal took too long"),
    }
    whom
}

fn whom(signal: &SignalTo) -> Whom {
    match signal {
        SignalTo::Agent { session, .. } => Whom::Agent(*session),
        SignalTo::Customer { conversation, .. } => Whom::Customer(conversation.clone()),
    }
}

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::Dispatch;
use crate::{
    desk::DeskSession,
    intake::SignalTo,
    model::{ConversationKey, MessageId, SessionId},
};

/// Whom a signal is for: one call under way for each, and the latest waits.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Whom {
    Agent(SessionId),
    Customer(ConversationKey),
    /// The customer, about one message.
    About(ConversationKey, MessageId),
}

/// Passes typing on. Nothing here is kept or tried again.
pub(super) async fn run(dispatch: Arc<Dispatch>, mut signals: mpsc::Receiver<SignalTo>, shutdown: CancellationToken) {
    let mut waiting: HashMap<Whom, Option<SignalTo>> = HashMap::new();
    let mut calls: JoinSet<Whom> = JoinSet::new();
    loop {
        tokio::select! {
            signal = signals.recv() => {
                let Some(signal) = signal else { return };
                let whom = whom(&signal);
                match waiting.get_mut(&whom) {
                    // One is on its way: the latest goes after it.
                    Some(next) => *next = Some(signal),
                    None if calls.len() < dispatch.settings.signals_max => {
                        waiting.insert(whom.clone(), None);
                        calls.spawn(send(Arc::clone(&dispatch), whom, signal));
                    }
                    None => tracing::debug!("a typing signal was dropped: too many are under way"),
                }
            }
            Some(done) = calls.join_next() => {
                let whom = done.expect("a signal's task neither panics nor is cut off while this loop runs");
                if let Some(Some(next)) = waiting.remove(&whom) {
                    waiting.insert(whom.clone(), None);
                    calls.spawn(send(Arc::clone(&dispatch), whom, next));
                }
            }
            () = shutdown.cancelled() => return,
        }
    }
}

async fn send(dispatch: Arc<Dispatch>, whom: Whom, signal: SignalTo) -> Whom {
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
            SignalTo::Receipt { conversation, message } => {
                if let Some(channel) = dispatch.exits.channels.get(&conversation.channel) {
                    channel.received(conversation, message).await;
                }
            }
            SignalTo::Customer { conversation, signal } => {
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
        SignalTo::Receipt { conversation, message } => Whom::About(conversation.clone(), message.clone()),
    }
}

//! Timers by the settings of this instance, which may be others than when they were set.
//!
//! One that is due later by them finds out when it fires, as each timer does. One that is due earlier is brought forward: when
//! an instance starts, and when one has gone, since that may have been the last with older settings, and what it set since
//! keeps its time.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Sharing;
use crate::{
    model::{Policy, SessionId, Timestamp},
    session::{Conversation, DeskWatch, TimerKind},
    store::{StoreError, ledger::Shared},
};

/// How often it is looked whether an instance has gone.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How many timers are brought forward in one statement.
const AT_ONCE_MAX: usize = 1_024;

/// Brings timers forward, until `stop`.
pub(in crate::store) async fn hasten(sharing: Arc<Sharing>, shared: Arc<Shared>, stop: CancellationToken) {
    let mut known = None;
    loop {
        let look = async {
            if let Err(failed) = look(&sharing, &shared, &mut known).await {
                tracing::warn!(error = %failed, "timers keep the time that they were set for, for a moment");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        tokio::select! {
            () = look => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Looks who is there, and whether somebody has gone.
async fn look(sharing: &Sharing, shared: &Shared, known: &mut Option<HashSet<Uuid>>) -> Result<(), StoreError> {
    let alive = sharing.commons.instances().await?;
    if !known.as_ref().is_some_and(|known| known.is_subset(&alive)) {
        bring_forward(sharing, shared).await?;
    }
    *known = Some(alive);
    Ok(())
}

async fn bring_forward(sharing: &Sharing, shared: &Shared) -> Result<(), StoreError> {
    let now = shared.clock.now();
    let standing = sharing.commons.recover(now).await?.conversations;
    let timers: Vec<_> = standing
        .iter()
        .flat_map(|conversation| timers_of(conversation, &shared.brain.policy, now))
        .collect();
    for some in timers.chunks(AT_ONCE_MAX) {
        sharing.commons.hasten(some).await?;
    }
    Ok(())
}

/// The timers of a session that stands, and when each is due by a policy at the latest.
fn timers_of(
    conversation: &Conversation,
    policy: &Policy,
    now: Timestamp,
) -> impl Iterator<Item = (SessionId, TimerKind, Timestamp)> {
    let waits = conversation.session().filter(|of| of.watch.desk == DeskWatch::On);
    let away = waits.zip(policy.desk_away_max);
    let away = away.map(|(session, max)| (session.id, TimerKind::DeskAway, now + max));
    conversation.timers(policy).chain(away)
}

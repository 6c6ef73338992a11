use std::time::Duration;

use escalator::model::{ConversationKey, Signal};

use crate::{places, post::Post};

/// How long it is shown.
pub(crate) const TYPING_LASTS: Duration = Duration::from_secs(10);

/// Shows "typing…". Discord takes it back by itself after ten seconds, or when a message comes; it has no call for it.
pub(crate) async fn signal(post: &Post, to: &ConversationKey, signal: Signal) {
    let place = post.shown(to).or_else(|| places::home(to));
    let (Signal::TypingStarted, Some(place)) = (signal, place) else {
        return;
    };
    if let Err(failure) = post.rest.typing(place).await {
        tracing::debug!(channel = %to.channel, error = failure.detail(), "typing was not shown");
    }
}

use std::{time::Duration, vec};

use escalator::delivery::RetryPolicy;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use teloxide::{
    Bot, RequestError,
    errors::AsResponseParameters,
    stop::{StopFlag, StopToken, mk_stop_token},
    types::{AllowedUpdate, Seconds, Update},
    update_listeners::{AsUpdateStream, UpdateListener},
};

use super::{
    batch::Batch,
    request::{GetUpdates, poll},
};

/// How long a poll waits for updates. Shorter than the 17 seconds after which teloxide's own client gives up.
const UPDATES_WAIT: Duration = Duration::from_secs(10);
/// The wait after a poll that failed, at first and at the most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_mins(1);

/// Long polling for [`Telegram::install`](crate::Telegram::install), which loses no words: teloxide's own
/// [`Polling`](teloxide::update_listeners::Polling) gives a message as empty when a part beside its words is of a shape that
/// teloxide does not know, as in each answer to words of another chat. Of a kind newer than teloxide the agent reads the name
/// and the caption; the bot's handlers get it empty, as with teloxide's own. All other updates are the same.
///
/// It deletes no webhook: where one is set, `run` says what to do. A poll that fails is made again, after 1 second at first
/// and at the most 60, or after what Telegram asks for.
///
/// It takes a plain [`Bot`], which each adaptor has inside: only there can a call be made whose answer is ours to read.
pub fn polling(bot: Bot) -> PollingListener {
    PollingListener {
        bot,
        kinds: None,
        stop: None,
    }
}

/// Asks Telegram for updates. Made by [`polling`].
pub struct PollingListener {
    bot: Bot,
    kinds: Option<Vec<AllowedUpdate>>,
    /// Between `stop_token` and the stream that it stops.
    stop: Option<(StopToken, StopFlag)>,
}

impl UpdateListener for PollingListener {
    type Err = RequestError;

    fn stop_token(&mut self) -> StopToken {
        self.stop.get_or_insert_with(mk_stop_token).0.clone()
    }

    fn hint_allowed_updates(&mut self, hint: &mut dyn Iterator<Item = AllowedUpdate>) {
        self.kinds = Some(hint.collect());
    }
}

impl<'a> AsUpdateStream<'a> for PollingListener {
    type StreamErr = RequestError;
    type Stream = BoxStream<'a, Result<Update, RequestError>>;

    fn as_stream(&'a mut self) -> Self::Stream {
        let (_, stop) = self.stop.take().unwrap_or_else(mk_stop_token);
        let polling = Polling {
            bot: &self.bot,
            kinds: self.kinds.as_ref(),
            stop,
            offset: None,
            pulled: Vec::new().into_iter(),
            failures: 0,
            wait: Duration::ZERO,
            is_over: false,
        };
        stream::unfold(polling, Polling::next).fuse().boxed()
    }
}

/// A stream of updates that is being read.
struct Polling<'a> {
    bot: &'a Bot,
    kinds: Option<&'a Vec<AllowedUpdate>>,
    stop: StopFlag,
    /// Behind what was pulled.
    offset: Option<i64>,
    /// What is still to be handed out.
    pulled: vec::IntoIter<Update>,
    /// How many polls have failed since one went well.
    failures: u32,
    /// Before the next poll.
    wait: Duration,
    /// The last request was made.
    is_over: bool,
}

impl Polling<'_> {
    async fn next(mut self) -> Option<(Result<Update, RequestError>, Self)> {
        loop {
            if let Some(update) = self.pulled.next() {
                return Some((Ok(update), self));
            }
            if self.is_over {
                return None;
            }
            let polled = poll(self.bot.clone(), self.wait, self.asked());
            let polled = tokio::select! {
                biased;
                () = &mut self.stop => return self.last().await,
                polled = polled => polled,
            };
            match polled {
                Ok(batch) => self.take(batch),
                Err(failed) => {
                    self.failed(failed.retry_after().map(Seconds::duration));
                    return Some((Err(failed), self));
                }
            }
        }
    }

    /// Tells Telegram what was pulled, and that is all: what comes along is left to it.
    async fn last(mut self) -> Option<(Result<Update, RequestError>, Self)> {
        self.is_over = true;
        self.offset?;
        let asked = GetUpdates {
            limit: Some(1),
            timeout: 0,
            ..self.asked()
        };
        let failed = poll(self.bot.clone(), Duration::ZERO, asked).await.err()?;
        Some((Err(failed), self))
    }

    /// The kinds are told with each poll: one that fails may have told them, or not.
    fn asked(&self) -> GetUpdates {
        GetUpdates {
            offset: self.offset,
            limit: None,
            timeout: UPDATES_WAIT.as_secs(),
            allowed_updates: self.kinds.cloned(),
        }
    }

    fn take(&mut self, batch: Batch) {
        for number in &batch.lost {
            tracing::error!(update = number, "an update cannot be read at all: it is lost");
        }
        match batch.next {
            Some(next) => self.offset = Some(next),
            // Nothing of it can be confirmed: it would come again at once.
            None if !batch.lost.is_empty() => return self.failed(None),
            None => {}
        }
        (self.failures, self.wait) = (0, Duration::ZERO);
        self.pulled = batch.updates.into_iter();
    }

    fn failed(&mut self, asked: Option<Duration>) {
        self.failures = self.failures.saturating_add(1);
        self.wait = wait(self.failures, asked);
        let wait_millis = self.wait.as_millis();
        tracing::info!(failures = self.failures, wait_millis, "Telegram is polled again");
    }
}

fn wait(failures: u32, asked: Option<Duration>) -> Duration {
    let mut waits = RetryPolicy::default();
    (waits.first_wait, waits.wait_max) = (FIRST_WAIT, WAIT_MAX);
    waits.wait(failures, 1.0, asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_what_telegram_asks_for_is_kept() {
        let waits = [1, 2, 3, 7, u32::MAX].map(|failures| wait(failures, None).as_secs());
        assert_eq!(waits, [1, 2, 4, 60, 60]);
        assert_eq!(wait(1, Some(Duration::from_secs(7))), Duration::from_secs(7));
    }
}

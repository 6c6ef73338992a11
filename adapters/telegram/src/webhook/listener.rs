use std::{convert::Infallible, sync::Arc};

use escalator::{
    channel::IngressError,
    model::{Arrival, Position},
};
use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use teloxide::{
    stop::{StopFlag, StopToken, mk_stop_token},
    types::{AllowedUpdate, Update},
    update_listeners::{AsUpdateStream, UpdateListener},
};

use super::{
    WebhookSettings,
    arriving::Arriving,
    queue::{Open, Queue},
    register::register,
};
use crate::{Telegram, TelegramBot, inbound};

/// Hands out what was posted to the webhook. Made by [`Webhook::listener`](super::Webhook::listener); it goes into
/// [`Telegram::install`], since it takes an update for dealt with when the next one is asked of it.
pub struct WebhookListener<R> {
    telegram: Telegram<R>,
    settings: Arc<WebhookSettings>,
    queue: Arc<Queue>,
    kinds: Vec<AllowedUpdate>,
    stop: Option<StopFlag>,
}

impl<R> WebhookListener<R> {
    pub(super) fn new(telegram: Telegram<R>, settings: Arc<WebhookSettings>, queue: Arc<Queue>) -> Self {
        Self {
            telegram,
            settings,
            queue,
            kinds: Vec::new(),
            stop: None,
        }
    }
}

impl<R: TelegramBot> UpdateListener for WebhookListener<R> {
    type Err = Infallible;

    fn stop_token(&mut self) -> StopToken {
        let (token, flag) = mk_stop_token();
        self.stop = Some(flag);
        token
    }

    fn hint_allowed_updates(&mut self, hint: &mut dyn Iterator<Item = AllowedUpdate>) {
        self.kinds = hint.collect();
    }
}

impl<'a, R: TelegramBot> AsUpdateStream<'a> for WebhookListener<R> {
    type StreamErr = Infallible;
    type Stream = BoxStream<'a, Result<Update, Infallible>>;

    fn as_stream(&'a mut self) -> Self::Stream {
        let registering = register(self.telegram.clone(), &self.settings, self.kinds.clone());
        let arrivals = self.telegram.post().ingress.arrivals();
        let receiving = Receiving {
            open: self.queue.open(),
            arriving: arrivals.map(|arrivals| Arriving::new(arrivals, self.settings.waiting_max)),
            registering: Some(registering.boxed()),
            stop: self.stop.take().unwrap_or_else(|| mk_stop_token().1),
        };
        stream::unfold(receiving, Receiving::next).fuse().boxed()
    }
}

/// A stream of updates that is being read. When it is dropped, what waits is answered 503.
struct Receiving<'a> {
    open: Open,
    /// Where instances share the ledger: what was posted to any of them.
    arriving: Option<Arriving>,
    /// Until Telegram has taken the webhook. Updates may come meanwhile: it may have been set before.
    registering: Option<BoxFuture<'a, ()>>,
    stop: StopFlag,
}

impl Receiving<'_> {
    async fn next(mut self) -> Option<(Result<Update, Infallible>, Self)> {
        if let Some(number) = self.open.dealt() {
            self.forget(Position(i64::from(number))).await;
        }
        loop {
            tokio::select! {
                biased;
                () = &mut self.stop => return None,
                () = registered(&mut self.registering) => self.registering = None,
                kept = looked(&mut self.arriving) => self.take_in(kept).await,
                update = self.open.next() => return Some((Ok(update), self)),
            }
        }
    }

    async fn take_in(&mut self, kept: Result<Vec<Arrival>, IngressError>) {
        let kept = kept.unwrap_or_else(|error| {
            tracing::warn!(%error, "updates wait for the ledger");
            Vec::new()
        });
        for Arrival { position, body } in kept {
            let is_over = if let Ok(update) = inbound::parse(&body) {
                self.open.enter(update)
            } else {
                tracing::error!(
                    update = position.0,
                    "an update that was kept cannot be read: it is lost"
                );
                true
            };
            if is_over {
                self.forget(position).await;
            }
        }
    }

    async fn forget(&mut self, position: Position) {
        if let Some(arriving) = &mut self.arriving {
            arriving.forget(position).await;
        }
    }
}

async fn looked(arriving: &mut Option<Arriving>) -> Result<Vec<Arrival>, IngressError> {
    match arriving {
        Some(arriving) => arriving.look().await,
        None => std::future::pending().await,
    }
}

async fn registered(registering: &mut Option<BoxFuture<'_, ()>>) {
    match registering {
        Some(registering) => registering.await,
        None => std::future::pending().await,
    }
}

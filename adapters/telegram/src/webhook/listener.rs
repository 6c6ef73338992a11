use std::{convert::Infallible, sync::Arc};

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
    queue::{Open, Queue},
    register::register,
};
use crate::{Telegram, TelegramBot};

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
        let receiving = Receiving {
            open: self.queue.open(),
            registering: Some(registering.boxed()),
            stop: self.stop.take().unwrap_or_else(|| mk_stop_token().1),
        };
        stream::unfold(receiving, Receiving::next).fuse().boxed()
    }
}

/// A stream of updates that is being read. When it is dropped, what waits is answered 503.
struct Receiving<'a> {
    open: Open,
    /// Until Telegram has taken the webhook. Updates may come meanwhile: it may have been set before.
    registering: Option<BoxFuture<'a, ()>>,
    stop: StopFlag,
}

impl Receiving<'_> {
    async fn next(mut self) -> Option<(Result<Update, Infallible>, Self)> {
        self.open.dealt();
        loop {
            tokio::select! {
                biased;
                () = &mut self.stop => return None,
                () = registered(&mut self.registering) => self.registering = None,
                update = self.open.next() => return Some((Ok(update), self)),
            }
        }
    }
}

async fn registered(registering: &mut Option<BoxFuture<'_, ()>>) {
    match registering {
        Some(registering) => registering.await,
        None => std::future::pending().await,
    }
}

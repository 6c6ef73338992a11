use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use escalator::{
    channel::Arrivals,
    model::{Arrival, ChannelId, Position},
};
use teloxide::types::Update;

use super::{
    WebhookSettings,
    queue::{Entered, Queue},
};
use crate::{Telegram, inbound};

/// What the route knows.
pub(super) struct Door {
    channel: ChannelId,
    settings: Arc<WebhookSettings>,
    queue: Arc<Queue>,
    /// Where instances share the ledger.
    arrivals: Option<Arc<dyn Arrivals>>,
    /// Whether a call without the secret was told of. Anybody can call: further ones are told of quietly.
    told: AtomicBool,
}

impl Door {
    pub(super) fn new<R>(telegram: &Telegram<R>, settings: Arc<WebhookSettings>, queue: Arc<Queue>) -> Self {
        Self {
            channel: telegram.post().ingress.channel().clone(),
            settings,
            queue,
            arrivals: telegram.post().ingress.arrivals(),
            told: AtomicBool::new(false),
        }
    }

    async fn body(&self, request: Request) -> Result<Bytes, Answer> {
        let body = axum::body::to_bytes(request.into_body(), self.settings.body_bytes_max);
        match tokio::time::timeout(self.settings.body_max, body).await {
            Ok(Ok(body)) => Ok(body),
            // It was longer, or its caller is gone and hears nothing.
            Ok(Err(_)) => {
                let bytes_max = self.settings.body_bytes_max;
                tracing::error!(channel = %self.channel, bytes_max, "an update is too large, or came in half");
                Err(Answer::TooLarge)
            }
            Err(_elapsed) => Err(Answer::Late),
        }
    }

    /// Waits until an update was dealt with. It does not depend on whoever posted it, who may hang up.
    async fn deal_with(&self, update: Update) -> Answer {
        let number = update.id.0;
        let hears = match self.queue.enter(update) {
            Entered::Dealt => return Answer::Dealt,
            Entered::Waits(hears) => hears,
            Entered::Full => {
                let waiting_max = self.settings.waiting_max;
                tracing::warn!(channel = %self.channel, update = number, waiting_max, status = 503, "too many updates wait");
                return Answer::Again;
            }
            Entered::Over => {
                tracing::info!(channel = %self.channel, update = number, status = 503, "an update came while the bot stops");
                return Answer::Again;
            }
        };
        match tokio::time::timeout(self.settings.answer_max, hears).await {
            Ok(Ok(())) => Answer::Dealt,
            Ok(Err(_given_up)) => Answer::Again,
            Err(_elapsed) => {
                tracing::warn!(channel = %self.channel, update = number, status = 503, "an update is not accepted yet");
                Answer::Again
            }
        }
    }

    /// Commits an update as it came, for the instance that receives for the channel.
    async fn keep(&self, arrivals: &dyn Arrivals, update: &Update, body: &Bytes) -> Answer {
        let position = Position(i64::from(update.id.0));
        let body = body.to_vec();
        let kept = arrivals.keep(Arrival { position, body });
        match tokio::time::timeout(self.settings.answer_max, kept).await {
            Ok(Ok(())) => Answer::Dealt,
            Ok(Err(error)) => {
                tracing::warn!(channel = %self.channel, update = position.0, status = 503, %error, "an update is not kept");
                Answer::Again
            }
            Err(_elapsed) => {
                tracing::warn!(channel = %self.channel, update = position.0, status = 503, "an update is not kept yet");
                Answer::Again
            }
        }
    }

    fn turn_away(&self) -> Answer {
        let channel = &self.channel;
        if self.told.swap(true, Ordering::Relaxed) {
            tracing::debug!(%channel, status = 401, "a call without the webhook's secret");
        } else {
            tracing::warn!(
                %channel,
                status = 401,
                "a call without the webhook's secret; when Telegram makes them, setWebhook was told another secret_token"
            );
        }
        Answer::Unauthorized
    }
}

/// Answers a call of Telegram's. The body of a 200 is empty: Telegram would take it for a request.
pub(super) async fn receive(State(door): State<Arc<Door>>, request: Request) -> Response {
    let answer = answer(&door, request).await;
    answer.into_response(door.settings.retry_after_secs)
}

async fn answer(door: &Door, request: Request) -> Answer {
    if !door.settings.secret.is_told_in(request.headers()) {
        return door.turn_away();
    }
    let body = match door.body(request).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let Ok(update) = inbound::parse(&body) else {
        tracing::error!(channel = %door.channel, status = 400, "what was posted with the secret is no update");
        return Answer::NoUpdate;
    };
    match &door.arrivals {
        Some(arrivals) => door.keep(&**arrivals, &update, &body).await,
        None => door.deal_with(update).await,
    }
}

enum Answer {
    /// It was accepted, or the bot has it.
    Dealt,
    /// It is to be sent again.
    Again,
    Unauthorized,
    TooLarge,
    Late,
    NoUpdate,
}

impl Answer {
    fn into_response(self, retry_after_secs: u16) -> Response {
        let status = match self {
            Self::Dealt => StatusCode::OK,
            Self::Again => {
                let after = [(header::RETRY_AFTER, HeaderValue::from(retry_after_secs))];
                return (StatusCode::SERVICE_UNAVAILABLE, after).into_response();
            }
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::NoUpdate => StatusCode::BAD_REQUEST,
        };
        status.into_response()
    }
}

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::wire::{Done, Gate, Letter, LetterRow, Letters, QueueRow, Queues, Refused, SessionRow, Sessions, Trouble};
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Door, IdError, Lane, Payload},
    dispatch::{GateFacts, Watch},
    model::{Attachment, ChannelId, Clock, Text, Timestamp},
    store::{DeadLetter, LettersOf, Maintenance, QueueFacts, SessionFacts, Store, StoreError},
};

/// How many rows an answer holds at the most, and without a word about it.
const ROWS_MAX: usize = 10_000;
const ROWS: usize = 100;
/// How long ago the sessions ended that are shown without a word about it.
const ENDED_WITHIN: Duration = Duration::from_hours(24);
/// No request has a body.
const BODY_BYTES_MAX: usize = 1_024;
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// What an operator may ask of a ledger, and of the process that delivers from it.
#[derive(Clone)]
pub struct Control {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    watch: Option<Arc<Watch>>,
}

impl Control {
    /// For a ledger from which nothing is delivered now.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            watch: None,
        }
    }

    /// For a ledger from which this process delivers.
    pub fn watching(self, watch: Arc<Watch>) -> Self {
        Self {
            watch: Some(watch),
            ..self
        }
    }

    /// The router. It asks nobody who they are: whoever mounts it guards it.
    pub fn router(self) -> Router {
        Router::new()
            .route("/v1/dead-letters", get(letters))
            .route("/v1/dead-letters/{kind}/{lane}/{seq}", get(letter).delete(drop_letter))
            .route("/v1/dead-letters/{kind}/{lane}/{seq}/send-again", post(send_again))
            .route("/v1/sessions", get(sessions))
            .route("/v1/queues", get(queues))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(self)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

/// Why something is not answered.
#[derive(Debug)]
struct No(StatusCode, String);

impl IntoResponse for No {
    fn into_response(self) -> Response {
        (self.0, Json(Refused { error: self.1 })).into_response()
    }
}

impl From<StoreError> for No {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::NoDeadLetter(_) => StatusCode::NOT_FOUND,
            StoreError::StillWaits(_) | StoreError::NotAgain { .. } => StatusCode::CONFLICT,
            StoreError::Unavailable { .. } | StoreError::InDoubt { .. } | StoreError::Overloaded { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, error.to_string())
    }
}

impl From<IdError> for No {
    fn from(wrong: IdError) -> Self {
        Self(StatusCode::BAD_REQUEST, wrong.to_string())
    }
}

impl From<QueryRejection> for No {
    fn from(wrong: QueryRejection) -> Self {
        Self(StatusCode::BAD_REQUEST, wrong.body_text())
    }
}

type Answer<T> = Result<Json<T>, No>;

/// Which dead letters are asked for.
#[derive(Deserialize)]
struct WhichLetters {
    max: Option<usize>,
    channel: Option<String>,
    lane: Option<String>,
}

async fn letters(
    State(control): State<Control>,
    which: Result<Query<WhichLetters>, QueryRejection>,
) -> Answer<Letters> {
    let Query(which) = which?;
    let lane = which.lane.map(|lane| lane.parse::<Lane>()).transpose();
    let of = LettersOf {
        channel: which.channel.map(ChannelId::new),
        lane: lane?,
    };
    let max = rows(which.max);
    let mut found = in_time(control.store.dead_letters_of(&of, max + 1)).await?;
    let more = found.len() > max;
    found.truncate(max);
    let letters = found.iter().map(letter_row).collect();
    Ok(Json(Letters { letters, more }))
}

async fn letter(State(control): State<Control>, Path(id): Path<(String, String, String)>) -> Answer<Letter> {
    let id = delivery(&id)?;
    let found = in_time(control.store.dead_letter(id)).await?;
    match found {
        Some(found) => Ok(Json(whole(&found))),
        None if control.store.is_wanted(id).await => Err(StoreError::StillWaits(id).into()),
        None => Err(StoreError::NoDeadLetter(id).into()),
    }
}

async fn send_again(State(control): State<Control>, Path(id): Path<(String, String, String)>) -> Answer<Done> {
    in_time(control.store.maintain(Maintenance::Redrive(delivery(&id)?))).await?;
    Ok(Json(Done::SentAgain))
}

async fn drop_letter(State(control): State<Control>, Path(id): Path<(String, String, String)>) -> Answer<Done> {
    in_time(control.store.maintain(Maintenance::Drop(delivery(&id)?))).await?;
    Ok(Json(Done::Dropped))
}

/// Which sessions are asked for.
#[derive(Deserialize)]
struct WhichSessions {
    max: Option<usize>,
    ended_within_secs: Option<u64>,
}

async fn sessions(
    State(control): State<Control>,
    which: Result<Query<WhichSessions>, QueryRejection>,
) -> Answer<Sessions> {
    let Query(which) = which?;
    let max = rows(which.max);
    let within = which.ended_within_secs.map_or(ENDED_WITHIN, Duration::from_secs);
    let since = control.clock.now() - within;
    let mut found = in_time(control.store.sessions(since, max + 1)).await?;
    let more = found.len() > max;
    found.truncate(max);
    let watch = control.watch.as_deref();
    let sessions = found.iter().map(|session| session_row(session, watch)).collect();
    Ok(Json(Sessions { sessions, more }))
}

async fn queues(State(control): State<Control>) -> Answer<Queues> {
    let mut found = in_time(control.store.queues()).await?;
    let watch = control.watch.as_deref();
    // A door can be closed though nothing waits at it any more.
    let idle = watch.map(Watch::doors).unwrap_or_default().into_iter();
    let idle: Vec<Door> = idle
        .filter(|door| found.iter().all(|queue| queue.door != *door))
        .collect();
    found.extend(idle.into_iter().map(nothing_at));
    found.sort_by(|one, other| one.door.cmp(&other.door));
    let total = total(&found);
    let queues = found.iter().map(|queue| queue_row(queue, watch)).collect();
    let ledger_ready = control.store.is_healthy();
    Ok(Json(Queues {
        queues,
        total,
        ledger_ready,
    }))
}

/// Whatever the ledger waits for, an answer comes.
async fn in_time<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, No> {
    match tokio::time::timeout(ANSWER_MAX, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_elapsed) => {
            let secs = ANSWER_MAX.as_secs();
            let error =
                format!("the ledger did not answer within {secs} seconds; what was asked may be done all the same");
            Err(No(StatusCode::SERVICE_UNAVAILABLE, error))
        }
    }
}

fn rows(max: Option<usize>) -> usize {
    max.unwrap_or(ROWS).min(ROWS_MAX)
}

fn delivery((kind, lane, seq): &(String, String, String)) -> Result<DeliveryId, No> {
    Ok(format!("{kind}/{lane}/{seq}").parse::<DeliveryId>()?)
}

fn letter_row(letter: &DeadLetter) -> LetterRow {
    LetterRow {
        id: letter.id.to_string(),
        payload: letter.payload.word().to_owned(),
        channel: letter.conversation.channel.to_string(),
        address: letter.conversation.address.to_string(),
        customer: letter.conversation.customer.to_string(),
        chars: text(&letter.payload).map(|text| text.as_str().chars().count()),
        bytes: file(&letter.payload).and_then(|file| file.bytes),
        reason: letter.detail.clone(),
        died_at: moment(letter.at),
    }
}

fn whole(letter: &DeadLetter) -> Letter {
    let said = text(&letter.payload).or_else(|| letter.payload.readable());
    let event = match &letter.payload {
        Payload::Bot(event) => Some(event.word().to_owned()),
        Payload::Desk(_) | Payload::Chat(_) => None,
    };
    Letter {
        row: letter_row(letter),
        created_at: moment(letter.created_at),
        retries: letter.retries,
        maybe_sent: letter.maybe_sent,
        text: said.map(Text::into_string).or(event),
    }
}

/// The words of a payload.
fn text(payload: &Payload) -> Option<Text> {
    match payload {
        Payload::Desk(DeskPayload::ChatbotLog { text, .. } | DeskPayload::Message { text, .. })
        | Payload::Chat(ChatPayload::Notice { text, .. } | ChatPayload::Question { text, .. }) => Some(text.clone()),
        Payload::Chat(ChatPayload::Message { text, .. }) => Some(text.plain()),
        Payload::Desk(_) | Payload::Chat(_) | Payload::Bot(_) => None,
    }
}

fn file(payload: &Payload) -> Option<&Attachment> {
    match payload {
        Payload::Desk(DeskPayload::File { file, .. }) | Payload::Chat(ChatPayload::File { file, .. }) => Some(file),
        Payload::Desk(_) | Payload::Chat(_) | Payload::Bot(_) => None,
    }
}

fn session_row(session: &SessionFacts, watch: Option<&Watch>) -> SessionRow {
    let trouble = watch.filter(|_| session.waiting > 0);
    let trouble = trouble.and_then(|watch| watch.trouble(&session.lanes));
    SessionRow {
        session: session.session.to_string(),
        channel: session.conversation.channel.to_string(),
        address: session.conversation.address.to_string(),
        customer: session.conversation.customer.to_string(),
        state: session.state.to_owned(),
        ended: session.ended.map(|reason| reason.word().to_owned()),
        since: moment(session.since),
        waiting: session.waiting,
        trouble: trouble.map(|trouble| Trouble {
            at: moment(trouble.at),
            outcome: trouble.outcome.to_owned(),
            detail: trouble.detail,
        }),
    }
}

fn nothing_at(door: Door) -> QueueFacts {
    QueueFacts {
        door,
        waiting: 0,
        in_flight: 0,
        oldest: None,
        next_due: None,
        dead: 0,
    }
}

fn queue_row(queue: &QueueFacts, watch: Option<&Watch>) -> QueueRow {
    let gate = watch.and_then(|watch| watch.gate(&queue.door));
    QueueRow {
        door: queue.door.to_string(),
        waiting: queue.waiting,
        in_flight: queue.in_flight,
        dead: queue.dead,
        oldest: queue.oldest.map(moment),
        next_due: queue.next_due.map(moment),
        gate: gate.map(|gate| match gate {
            GateFacts::Open => Gate::Open,
            GateFacts::Closed { probe_in } => Gate::Closed {
                probe_in_secs: probe_in.as_secs(),
            },
        }),
    }
}

fn total(queues: &[QueueFacts]) -> QueueRow {
    QueueRow {
        door: "all".to_owned(),
        waiting: queues.iter().map(|queue| queue.waiting).sum(),
        in_flight: queues.iter().map(|queue| queue.in_flight).sum(),
        dead: queues.iter().map(|queue| queue.dead).sum(),
        oldest: queues.iter().filter_map(|queue| queue.oldest).min().map(moment),
        next_due: queues.iter().filter_map(|queue| queue.next_due).min().map(moment),
        gate: None,
    }
}

fn moment(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

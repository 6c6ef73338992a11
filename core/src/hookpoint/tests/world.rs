use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Body, response::Response};
use bytes::Bytes;
use futures::{TryStreamExt, stream::BoxStream};
use http::{Request, StatusCode};
use tokio::sync::{Notify, Semaphore};
use tower::ServiceExt;

use crate::{
    delivery::{Availability, DeliveryId, Door, OpenedFile, Outcome},
    desk::{Desk, DeskDelivery, DeskSession, Hook, HookAnswer, HookError, HookFields, HookKind},
    hookpoint::{Hookpoint, HookpointSettings, HookpointUrl, Secret},
    intake::{Intake, IntakeSettings, SignalTo, Signals},
    model::{
        Address, BlobId, ChannelId, ConversationId, ConversationKey, CustomerId, DeskEvent, DeskLimits, HookAddress,
        Line, Profile, SessionId, Signal, Text, Timestamp,
    },
    session::{Asks, Conversation, Event, Session, Speaking, State, Verdict, Watch},
    store::{
        Accepted, Arrivals, Claims, DeadLetter, DueTimer, Incoming, Lease, LettersOf, Maintained, Maintenance, Owners,
        QueueFacts, Recorded, SessionFacts, Settle, Standing, Store, StoreError, blobs::Blobs,
    },
};

pub(super) const SECRET: &str = "4f1c0b5e-hookpoint-secret";

/// The secret of the instance that opened the session which stands.
pub(super) const OTHERS_SECRET: &str = "another-instance-0000";

/// The hookpoint and everything behind it.
pub(super) struct World {
    pub(super) hookpoint: Hookpoint,
    pub(super) store: Arc<FakeStore>,
    pub(super) blobs: Arc<FakeBlobs>,
    pub(super) signals: tokio::sync::mpsc::Receiver<SignalTo>,
    /// The session that stands.
    pub(super) session: SessionId,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut HookpointSettings)) -> Self {
        let session = SessionId::mint();
        let store = Arc::new(FakeStore::new(session));
        let blobs = Arc::new(FakeBlobs::default());
        let (signals, signalled) = Signals::channel();
        let intake = Intake::new(
            Arc::clone(&store) as Arc<dyn Store>,
            Timestamp::default,
            IntakeSettings::default(),
            signals,
        );
        let url = HookpointUrl::parse("https://bot.example.com/omnidesk").expect("it keeps the rule");
        let mut settings = HookpointSettings::new(url, Secret::parse(SECRET).expect("it keeps the rule"));
        change(&mut settings);
        let hookpoint = Hookpoint::new(
            intake,
            Arc::new(FakeDesk),
            Arc::clone(&blobs) as Arc<dyn Blobs>,
            settings,
        );
        Self {
            hookpoint,
            store,
            blobs,
            signals: signalled.typing,
            session,
        }
    }

    pub(super) fn router(&self) -> Router {
        self.hookpoint.router()
    }

    /// Calls a hook with a body; `target` is the hook's name, and what stands behind it.
    pub(super) async fn call(
        &self,
        target: &str,
        media_type: Option<&str>,
        body: impl Into<Body>,
    ) -> (StatusCode, String) {
        read(self.send(post(target, media_type, body)).await).await
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Response {
        let answered = self.router().oneshot(request).await;
        answered.unwrap_or_else(|never| match never {})
    }

    /// What was heard, and forgets it.
    pub(super) fn heard(&self) -> Vec<DeskEvent> {
        std::mem::take(&mut *locked(&self.store.heard))
    }
}

pub(super) fn post(target: &str, media_type: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(format!("/{SECRET}/{target}"));
    if let Some(media_type) = media_type {
        request = request.header("content-type", media_type);
    }
    request.body(body.into()).expect("the parts of a request")
}

pub(super) async fn read(response: Response) -> (StatusCode, String) {
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
    let body = body.expect("a short answer").to_vec();
    (status, String::from_utf8(body).expect("an answer in UTF-8"))
}

/// Waits until a condition holds.
pub(super) async fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain: {what}");
        tokio::task::yield_now().await;
    }
}

pub(super) fn locked<T>(it: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A ledger that knows one standing session, and one that is over.
pub(super) struct FakeStore {
    owners: Owners,
    session: SessionId,
    pub(super) over: SessionId,
    pub(super) heard: Mutex<Vec<DeskEvent>>,
    /// What the next writes are answered with.
    pub(super) failure: Mutex<Option<StoreError>>,
    /// How many commits were begun.
    pub(super) begun: Mutex<usize>,
    /// A permit for each commit that may end.
    pub(super) gate: Semaphore,
}

impl FakeStore {
    fn new(session: SessionId) -> Self {
        let owners = Owners::default();
        owners.publish([&standing(session)]);
        Self {
            owners,
            session,
            over: SessionId::mint(),
            heard: Mutex::default(),
            failure: Mutex::default(),
            begun: Mutex::default(),
            gate: Semaphore::new(1_000),
        }
    }

    fn accept_one(&self, incoming: Incoming) -> Accepted {
        let Event::Desk { session, event } = incoming.event else {
            panic!("the hookpoint hands desk events in alone");
        };
        match session {
            known if known == self.session => {
                locked(&self.heard).push(event);
                Accepted::New(Verdict::Kept)
            }
            over if over == self.over => Accepted::New(Verdict::Over),
            _ => Accepted::UnknownSession,
        }
    }
}

fn standing(session: SessionId) -> Conversation {
    let key = ConversationKey {
        channel: ChannelId::new("telegram"),
        address: Address::new("42"),
        customer: CustomerId::new("42"),
    };
    let mut conversation = Conversation::new(ConversationId::mint(), key);
    conversation.state = State::WithAgent(Session {
        id: session,
        hook_address: HookAddress::new(format!("https://bot.example.com/omnidesk/{OTHERS_SECRET}")),
        opened_at: Timestamp::default(),
        desk_seq: 0,
        messages: 0,
        opener: 0,
        profile: Profile::default(),
        url: None,
        agent: None,
        speaking: Speaking::Begins,
        asks: Asks::default(),
        watch: Watch::since(Timestamp::default()),
        album: None,
    });
    conversation
}

#[async_trait]
impl Store for FakeStore {
    async fn accept(&self, events: Vec<Incoming>) -> Result<Vec<Accepted>, StoreError> {
        *locked(&self.begun) += 1;
        self.gate.acquire().await.expect("the gate is never closed").forget();
        if let Some(failure) = locked(&self.failure).clone() {
            return Err(failure);
        }
        Ok(events.into_iter().map(|event| self.accept_one(event)).collect())
    }

    async fn settle(&self, _: Settle) -> Result<Recorded, StoreError> {
        unreachable!("the hookpoint settles nothing")
    }

    async fn maintain(&self, _: Maintenance) -> Result<Maintained, StoreError> {
        unreachable!("the hookpoint maintains nothing")
    }

    async fn claim(&self, _: &Door, _: usize) -> Result<Claims, StoreError> {
        unreachable!("the hookpoint claims nothing")
    }

    async fn due_timers(&self) -> (Vec<DueTimer>, Option<Timestamp>) {
        (Vec::new(), None)
    }

    fn wake(&self, _: &Door) -> Arc<Notify> {
        Arc::default()
    }

    fn wake_timers(&self) -> Arc<Notify> {
        Arc::default()
    }

    async fn is_wanted(&self, _: DeliveryId) -> bool {
        unreachable!("the hookpoint delivers nothing")
    }

    async fn doors(&self) -> Vec<Door> {
        Vec::new()
    }

    async fn outstanding(&self) -> usize {
        0
    }

    async fn drained(&self) {}

    fn owners(&self) -> &Owners {
        &self.owners
    }

    async fn standing(&self, session: SessionId) -> Result<Option<(ConversationKey, Standing)>, StoreError> {
        Ok(self.owners.of_session(session))
    }

    async fn hold(&self, _: &ChannelId) -> Lease {
        Lease::for_good()
    }

    fn holds(&self, _: &ChannelId) -> bool {
        true
    }

    fn arrivals(&self) -> Option<Arc<dyn Arrivals>> {
        None
    }

    async fn transcript(&self, _: SessionId) -> Result<Vec<Line>, StoreError> {
        Ok(Vec::new())
    }

    async fn dead_letters(&self, _: usize) -> Result<Vec<DeadLetter>, StoreError> {
        Ok(Vec::new())
    }

    async fn dead_letters_of(&self, _: &LettersOf, _: usize) -> Result<Vec<DeadLetter>, StoreError> {
        unreachable!("the hookpoint looks for no dead letter")
    }

    async fn dead_letter(&self, _: DeliveryId) -> Result<Option<DeadLetter>, StoreError> {
        unreachable!("the hookpoint looks for no dead letter")
    }

    async fn sessions(&self, _: Timestamp, _: usize) -> Result<Vec<SessionFacts>, StoreError> {
        unreachable!("the hookpoint looks at no session")
    }

    async fn queues(&self) -> Result<Vec<QueueFacts>, StoreError> {
        unreachable!("the hookpoint looks at no queue")
    }

    fn blobs(&self) -> Arc<dyn Blobs> {
        unreachable!("the hookpoint is given its own")
    }

    fn is_healthy(&self) -> bool {
        true
    }
}

/// Files in memory.
#[derive(Default)]
pub(super) struct FakeBlobs {
    pub(super) kept: Mutex<HashMap<BlobId, Bytes>>,
    /// How many files were begun.
    pub(super) begun: Mutex<usize>,
    /// Whether no file can be written.
    pub(super) is_away: Mutex<bool>,
}

#[async_trait]
impl Blobs for FakeBlobs {
    async fn put(
        &self,
        mut stream: BoxStream<'_, std::io::Result<Bytes>>,
        bytes_max: u64,
    ) -> Result<(BlobId, u64), StoreError> {
        *locked(&self.begun) += 1;
        if *locked(&self.is_away) {
            return Err(StoreError::unavailable("the disk is full"));
        }
        let mut whole = Vec::new();
        let broken_off = |broken: std::io::Error| StoreError::BrokenOff {
            detail: broken.to_string(),
        };
        while let Some(piece) = stream.try_next().await.map_err(broken_off)? {
            whole.extend_from_slice(&piece);
            if whole.len() as u64 > bytes_max {
                return Err(StoreError::TooLarge { bytes_max });
            }
        }
        let (blob, bytes) = (BlobId::mint(), whole.len() as u64);
        locked(&self.kept).insert(blob, whole.into());
        Ok((blob, bytes))
    }

    async fn open(&self, _: BlobId) -> Result<Option<OpenedFile>, StoreError> {
        unreachable!("the hookpoint opens no file")
    }

    async fn discard(&self, blob: BlobId) -> Result<(), StoreError> {
        locked(&self.kept).remove(&blob);
        Ok(())
    }
}

/// A desk that reads its hooks as the guide prints them.
struct FakeDesk;

#[async_trait]
impl Desk for FakeDesk {
    fn limits(&self) -> DeskLimits {
        DeskLimits {
            message_chars_max: 1_000,
            file_bytes_max: 1_000,
        }
    }

    async fn deliver(&self, _: DeskDelivery<'_>) -> Outcome {
        unreachable!("the hookpoint delivers nothing")
    }

    async fn signal(&self, _: DeskSession<'_>, _: Signal) -> Outcome {
        unreachable!("the hookpoint signals nothing")
    }

    async fn availability(&self, _: &str) -> Result<Availability, Outcome> {
        unreachable!("the hookpoint asks for nobody")
    }

    fn hook_kind(&self, name: &str) -> Option<HookKind> {
        match name.to_ascii_lowercase().as_str() {
            "messageforcustomer" => Some(HookKind::Message),
            "uploadforcustomer" => Some(HookKind::File),
            "typingindicatorforcustomer" => Some(HookKind::Typing),
            "endsession" => Some(HookKind::End),
            _ => None,
        }
    }

    fn read_hook(&self, kind: HookKind, fields: &HookFields) -> Result<Hook, HookError> {
        let needed = |name| fields.get(name).ok_or(HookError::Missing(name));
        let id = needed("sessionID")?;
        let hook = |read: &dyn Fn(SessionId) -> Hook| SessionId::parse(id).map_or(Hook::Foreign, read);
        let filled = |name| fields.get(name).filter(|value| !value.is_empty());
        Ok(match kind {
            HookKind::Message => {
                let text = needed("message")?;
                hook(&|session| Hook::Message {
                    session,
                    name: filled("name").map(Text::from),
                    picture: filled("picture").map(str::to_owned),
                    text: text.into(),
                })
            }
            HookKind::File => {
                let file = fields.file.clone().ok_or(HookError::Missing("file"))?;
                hook(&|session| Hook::File {
                    session,
                    file: file.clone(),
                })
            }
            HookKind::Typing => {
                let on = match needed("Typing")? {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => {
                        return Err(HookError::Malformed {
                            field: "Typing",
                            expected: "true or false",
                        });
                    }
                };
                hook(&|session| Hook::Typing { session, on })
            }
            HookKind::End => hook(&|session| Hook::End { session }),
        })
    }

    fn hook_answer(&self, kind: HookKind) -> HookAnswer {
        match kind {
            HookKind::End => HookAnswer {
                content_type: "application/json",
                body: r#"{ "message": "ok" }"#,
            },
            _ => HookAnswer {
                content_type: "text/plain",
                body: "ok",
            },
        }
    }
}

//! The hookpoint over a ledger that knows no session: hooks are read to their end, and nothing comes of them.

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use escalator::{
    delivery::{Availability, OpenedFile, Outcome},
    desk::{Desk, DeskDelivery, DeskSession, Hook, HookAnswer, HookError, HookFields, HookKind},
    hookpoint::{Hookpoint, HookpointSettings, HookpointUrl, Router, Secret},
    intake::{Intake, IntakeSettings, Signals},
    model::{BlobId, DeskLimits, Signal, Timestamp},
    omnidesk::{AgentText, hook_answer, hook_kind, read_hook},
    store::{Ledger, LedgerSettings, StoreError, blobs::Blobs},
};
use futures::{TryStreamExt, stream::BoxStream};
use http::{Request, StatusCode, header};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const SECRET: &str = "4f1c0b5e-hookpoint-secret";

static HOUSE: LazyLock<House> = LazyLock::new(House::open);

/// The fields that the desk's reader was given, without the file, and what it made of them.
pub(crate) type Asked = (Vec<(String, String)>, Result<Hook, HookError>);

/// What came of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) status: StatusCode,
    /// What the desk's reader was asked, where it got that far.
    pub(crate) read: Option<Asked>,
}

/// Calls a hook. `target` is its name, and what stands behind it; `None` when that is no address.
pub(crate) fn call(target: &str, media_type: Option<&[u8]>, body: &[u8]) -> Option<Called> {
    let mut request = Request::post(format!("/{SECRET}/{target}"));
    if let Some(media_type) = media_type {
        request = request.header(header::CONTENT_TYPE, media_type);
    }
    let request = request.body(Body::from(body.to_vec())).ok()?;
    let _one_at_a_time = locked(&HOUSE.turn);
    let answered = HOUSE.runtime.block_on(HOUSE.router.clone().oneshot(request));
    let status = answered.unwrap_or_else(|never| match never {}).status();
    let left = std::mem::take(&mut *locked(&HOUSE.files.0));
    assert!(left.is_empty(), "a file is kept that no session wants");
    Some(Called {
        status,
        read: locked(&HOUSE.reader.0).take(),
    })
}

struct House {
    runtime: Runtime,
    router: Router,
    reader: Arc<Reader>,
    files: Arc<Files>,
    /// Tests run at once; the reader remembers one hook.
    turn: Mutex<()>,
    _hookpoint: Hookpoint,
}

impl House {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime can be built");
        let settings = LedgerSettings::new(LIMITS);
        let ledger = runtime.block_on(Ledger::in_memory(settings));
        let ledger = ledger.expect("a ledger in memory opens");
        let (reader, files) = (Arc::new(Reader::default()), Arc::new(Files::default()));
        let (signals, _) = Signals::channel();
        let intake = Intake::new(Arc::new(ledger), Timestamp::default, IntakeSettings::default(), signals);
        let url = HookpointUrl::parse("https://bot.example.com/omnidesk").expect("it keeps the rule");
        let secret = Secret::parse(SECRET).expect("it keeps the rule");
        let (desk, blobs) = (Arc::clone(&reader), Arc::clone(&files));
        let hookpoint = Hookpoint::new(intake, desk, blobs, narrow(HookpointSettings::new(url, secret)));
        Self {
            runtime,
            router: hookpoint.router(),
            reader,
            files,
            turn: Mutex::default(),
            _hookpoint: hookpoint,
        }
    }
}

/// With limits that a short input meets.
fn narrow(mut settings: HookpointSettings) -> HookpointSettings {
    settings.fields_max = 5;
    settings.field_bytes_max = 256;
    settings.file_bytes_max = 128;
    settings
}

const LIMITS: DeskLimits = DeskLimits {
    message_chars_max: 1_000,
    file_bytes_max: 1_000,
};

/// The desk's reader of hooks, and the last one that it read.
#[derive(Default)]
struct Reader(Mutex<Option<Asked>>);

#[async_trait]
impl Desk for Reader {
    fn limits(&self) -> DeskLimits {
        LIMITS
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
        hook_kind(name)
    }

    fn read_hook(&self, kind: HookKind, fields: &HookFields) -> Result<Hook, HookError> {
        let read = read_hook(kind, fields, AgentText::Html);
        *locked(&self.0) = Some((fields.values.clone(), read.clone()));
        read
    }

    fn hook_answer(&self, kind: HookKind) -> HookAnswer {
        hook_answer(kind)
    }
}

/// Which files are kept. Their bytes are not.
#[derive(Default)]
struct Files(Mutex<BTreeSet<BlobId>>);

#[async_trait]
impl Blobs for Files {
    async fn put(
        &self,
        mut stream: BoxStream<'_, io::Result<Bytes>>,
        bytes_max: u64,
    ) -> Result<(BlobId, u64), StoreError> {
        let mut bytes = 0;
        let broken_off = |broken: io::Error| StoreError::BrokenOff {
            detail: broken.to_string(),
        };
        while let Some(piece) = stream.try_next().await.map_err(broken_off)? {
            bytes += piece.len() as u64;
            if bytes > bytes_max {
                return Err(StoreError::TooLarge { bytes_max });
            }
        }
        let blob = BlobId::mint();
        locked(&self.0).insert(blob);
        Ok((blob, bytes))
    }

    async fn open(&self, _: BlobId) -> Result<Option<OpenedFile>, StoreError> {
        Ok(None)
    }

    async fn discard(&self, blob: BlobId) -> Result<(), StoreError> {
        locked(&self.0).remove(&blob);
        Ok(())
    }
}

fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

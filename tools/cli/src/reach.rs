//! The way to a ledger: the socket of the process that has it, or, where none runs, the ledger itself.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use escalator::{
    control::{Control, Socket},
    model::{DeskLimits, SystemClock},
    runtime::{Database, PostgresUrl},
    store::{Ledger, LedgerSettings, PostgresSettings, SqliteSettings, StoreError},
};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tower::ServiceExt;

/// How long a process may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// The way to a ledger.
pub(crate) enum Reach {
    /// The process that has it.
    Process(PathBuf),
    /// The ledger, which no process has.
    Ledger(Arc<Ledger>, Router),
}

impl Reach {
    /// Finds the way.
    pub(crate) async fn find(database: &str, socket: Option<PathBuf>) -> Result<Self> {
        if let Some(socket) = socket {
            let refused = |error| anyhow!("no bot answers at the socket {}: {error}", socket.display());
            UnixStream::connect(&socket).await.map_err(refused)?;
            return Ok(Self::Process(socket));
        }
        match Database::parse(database)? {
            Database::Sqlite(file) => Self::of_file(&file).await,
            Database::Memory => {
                bail!("a database in memory is its process's alone: name the process's control socket with --socket")
            }
            Database::Postgres(url) => Self::of_postgres(&url).await,
            other => bail!("the database {other} is asked through its process: name its control socket with --socket"),
        }
    }

    /// Beside the bots that share it: it asks for no channel, and claims nothing.
    async fn of_postgres(url: &PostgresUrl) -> Result<Self> {
        let ledger = Ledger::postgres(url.expose(), PostgresSettings::default(), settings()).await;
        let ledger = ledger.map_err(|error| anyhow!("{url}: {error}"))?;
        Ok(Self::over(ledger))
    }

    async fn of_file(file: &Path) -> Result<Self> {
        if !file.exists() {
            let file = file.display();
            bail!("there is no database {file}: name the bot's, as in --database sqlite:/var/lib/bot/escalator.db");
        }
        let socket = Socket::beside(file);
        match UnixStream::connect(&socket).await {
            Ok(_) => Ok(Self::Process(socket)),
            Err(_) => Self::open(file, &socket).await,
        }
    }

    /// Nobody answers: the ledger is opened here, if no process has it.
    async fn open(file: &Path, socket: &Path) -> Result<Self> {
        let address = format!("sqlite:{}", file.display());
        let opened = Ledger::sqlite(&address, SqliteSettings::default(), settings()).await;
        let ledger = opened.map_err(|error| not_opened(&error, socket))?;
        eprintln!(
            "note: no bot is running, so {} was opened here; what is sent again goes out when the bot starts",
            file.display()
        );
        Ok(Self::over(ledger))
    }

    fn over(ledger: Ledger) -> Self {
        let ledger = Arc::new(ledger);
        let router = Control::new(Arc::<Ledger>::clone(&ledger), Arc::new(SystemClock)).router();
        Self::Ledger(ledger, router)
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Result<Response<Body>> {
        match self {
            Self::Ledger(_, router) => match router.clone().oneshot(request).await {
                Ok(answer) => Ok(answer),
                Err(never) => match never {},
            },
            Self::Process(socket) => match tokio::time::timeout(ANSWER_MAX, over(socket, request)).await {
                Ok(answer) => answer,
                Err(_) => bail!("the bot did not answer within {} seconds", ANSWER_MAX.as_secs()),
            },
        }
    }

    /// Lets go of a ledger that was opened here.
    pub(crate) async fn close(self) {
        if let Self::Ledger(ledger, _) = self {
            ledger.close().await;
        }
    }
}

/// Nothing is decided and nothing delivered here: no limit of a desk comes into play.
fn settings() -> LedgerSettings {
    LedgerSettings::new(DeskLimits {
        message_chars_max: 10_000,
        file_bytes_max: 1 << 20,
    })
}

async fn over(socket: &Path, request: Request<Body>) -> Result<Response<Body>> {
    let gone = || format!("the bot at {} is gone", socket.display());
    let stream = UnixStream::connect(socket).await.with_context(gone)?;
    let (mut caller, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .with_context(gone)?;
    // It ends with the answer's body, or with this program.
    tokio::spawn(connection);
    let answer = caller.send_request(request).await.with_context(gone)?;
    Ok(answer.map(Body::new))
}

fn not_opened(error: &StoreError, socket: &Path) -> anyhow::Error {
    let told = error.to_string();
    if told.contains("in use by another process") {
        let socket = socket.display();
        return anyhow!(
            "a process has the database, but answers at no control socket ({socket}): where it is served elsewhere, name \
             that with --socket; where the bot switched it off, stop the bot first"
        );
    }
    anyhow!(told)
}

use std::{
    ffi::OsString,
    fs, io,
    os::unix::{
        fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
        net::UnixStream as Probe,
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// How many callers are served at once; further ones wait.
const CONNECTIONS_MAX: usize = 16;
/// How long a caller may take over all that it asks.
const CONNECTION_MAX: Duration = Duration::from_mins(5);
/// How long a caller may take over the head of a request, or say nothing.
const HEAD_MAX: Duration = Duration::from_secs(30);
/// How long a request under way may take after the shutdown.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// Between two connections that could not be taken.
const ACCEPT_WAIT: Duration = Duration::from_millis(200);

/// How long the random name is of the folder in which a socket is made, and how often another is tried where it is taken.
const PRIVATE_NAME_CHARS: usize = 8;
const PRIVATE_TRIES_MAX: u32 = 8;

/// A Unix socket that its owner alone can use. Removed when it is dropped.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// What was made there: another's is left alone.
    inode: (u64, u64),
}

impl Socket {
    /// Where the socket of a database lies: beside it, with `.sock` behind its name.
    pub fn beside(database: &Path) -> PathBuf {
        let mut path = OsString::from(database);
        path.push(".sock");
        path.into()
    }

    /// Makes the socket, in place of one that a process left behind. Needs a tokio runtime.
    ///
    /// # Errors
    /// A process serves it, something else lies there, its path is too long (about 100 bytes), or the folder takes none.
    pub fn bind(path: &Path) -> io::Result<Self> {
        check_left_behind(path)?;
        // Made where nobody else can come before its mode is set, then put in its place at one stroke.
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let private = private_folder(folder.unwrap_or(Path::new(".")))?;
        let made = private.join("s");
        let bound = bind_private(&made).and_then(|bound| fs::rename(&made, path).map(|()| bound));
        let removed = fs::remove_file(&made)
            .or_else(gone_already)
            .and_then(|()| fs::remove_dir(&private));
        if let Err(error) = removed {
            tracing::warn!(folder = %private.display(), %error, "a temporary folder stays");
        }
        let (listener, inode) = bound?;
        let path = path.to_owned();
        Ok(Self { listener, path, inode })
    }

    /// Serves a router until `shutdown`, then lets the requests under way come to their end, and removes the socket.
    ///
    /// # Cancel safety
    /// When the future is dropped, every connection is cut and the socket is removed.
    pub async fn serve(self, router: Router, shutdown: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let taken = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (
                    self.listener.accept().await,
                    place.expect("the places are never closed"),
                )
            };
            let (taken, place) = tokio::select! {
                taken = taken => taken,
                () = shutdown.cancelled() => break,
            };
            let Ok((stream, _)) = taken else {
                // Too many open files: it passes.
                tokio::time::sleep(ACCEPT_WAIT).await;
                continue;
            };
            let connection = connection(stream, router.clone(), shutdown.clone());
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
        let drained = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
            tracing::warn!("a call of an operator was cut off by the shutdown");
        }
    }
}

/// A new folder of a short name: the path of what is made in it must fit where that of the socket does.
fn private_folder(parent: &Path) -> io::Result<PathBuf> {
    let mut tries = 1;
    loop {
        let mut name = uuid::Uuid::new_v4().simple().to_string();
        name.truncate(PRIVATE_NAME_CHARS);
        let private = parent.join(format!(".{name}"));
        match fs::DirBuilder::new().mode(0o700).create(&private) {
            Ok(()) => return Ok(private),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < PRIVATE_TRIES_MAX => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

/// A socket at which nobody listens any more may be replaced; nothing else.
fn check_left_behind(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "something lies there that is no socket",
        ));
    }
    match Probe::connect(path) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another process serves it")),
        Err(_) => Ok(()),
    }
}

fn bind_private(path: &Path) -> io::Result<(UnixListener, (u64, u64))> {
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    let made = fs::symlink_metadata(path)?;
    Ok((listener, (made.dev(), made.ino())))
}

/// It was put in its place, or never made.
fn gone_already(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

async fn connection(stream: UnixStream, router: Router, shutdown: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = tokio::time::sleep(CONNECTION_MAX) => None,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            Some(connection.await)
        }
    };
    match ended {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "an operator's connection ended before its time"),
        None => tracing::debug!("an operator's connection was cut: it stood too long"),
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.inode);
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(socket = %self.path.display(), %error, "the control socket stays behind");
        }
    }
}

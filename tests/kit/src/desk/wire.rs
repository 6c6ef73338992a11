//! The desk's end of a TCP connection: one that can be cut at any moment, and that tells when an answer has left.
//!
//! An HTTP framework answers politely or not at all. A desk that is broken does neither, so the connection itself must
//! be in our hands: a cut is a reset that the caller sees at once, whatever the server was about to write.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How long accepting pauses after an error such as "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

type AfterWrite = Box<dyn FnOnce() + Send>;

/// A listener whose connections all end with `period`.
pub(super) struct Port {
    pub(super) listener: TcpListener,
    /// One stretch of time for which the port is open.
    pub(super) period: CancellationToken,
}

impl Listener for Port {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, from)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "nodelay could not be set");
                    }
                    return (Wire::new(stream, self.period.child_token()), from);
                }
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// What a handler knows of the connection that its request came on.
#[derive(Clone)]
pub(super) struct Connection {
    cut: CancellationToken,
    /// Set by the handler, taken by the wire when what was written after that has been flushed.
    after_write: Arc<Mutex<Option<Pending>>>,
}

struct Pending {
    written: bool,
    run: AfterWrite,
}

impl Connection {
    /// Is cancelled when the connection is cut, by us or by the end of the port's period.
    pub(super) fn cut_token(&self) -> &CancellationToken {
        &self.cut
    }

    /// Resets the connection: nothing that was not yet written is written any more.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    /// Runs `run` once, when the answer that is about to be returned has been handed to the operating system.
    pub(super) fn after_answer(&self, run: impl FnOnce() + Send + 'static) {
        *self.pending() = Some(Pending {
            written: false,
            run: Box::new(run),
        });
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Option<Pending>> {
        self.after_write.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_written(&self) {
        if let Some(pending) = self.pending().as_mut() {
            pending.written = true;
        }
    }

    fn note_flushed(&self) {
        let pending = self.pending().take_if(|pending| pending.written);
        if let Some(pending) = pending {
            (pending.run)();
        }
    }
}

impl Connected<IncomingStream<'_, Port>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Self {
        stream.io().connection.clone()
    }
}

/// A TCP stream that fails with a reset once its connection is cut.
pub(super) struct Wire {
    stream: TcpStream,
    connection: Connection,
    /// Wakes a read that is waiting for the caller.
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Wire {
    fn new(stream: TcpStream, cut: CancellationToken) -> Self {
        Self {
            stream,
            cut: Box::pin(cut.clone().cancelled_owned()),
            connection: Connection {
                cut,
                after_write: Arc::default(),
            },
        }
    }

    fn check(&self) -> io::Result<()> {
        if self.connection.cut.is_cancelled() {
            return Err(self.reset());
        }
        Ok(())
    }

    fn reset(&self) -> io::Error {
        // With zero linger the close that follows is a reset, which no caller can take for an answer.
        match self.stream.set_zero_linger() {
            Ok(()) => io::ErrorKind::ConnectionReset.into(),
            Err(error) => error,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(self.reset()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.connection.note_written();
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        self.connection.note_written();
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        std::task::ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.connection.note_flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

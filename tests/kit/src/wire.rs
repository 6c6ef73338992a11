//! Connections that can be cut, and that tell when an answer has left.
//!
//! A handler of axum must answer; a server that dies does not. So each connection carries a
//! switch that its handler, or the closing of the port, can throw.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
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

/// A listener whose connections are cut when it is closed.
pub(crate) struct WireListener {
    listener: TcpListener,
    open: CancellationToken,
}

impl WireListener {
    pub(crate) fn new(listener: TcpListener, open: CancellationToken) -> Self {
        Self { listener, open }
    }
}

impl Listener for WireListener {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            // A failed accept is the peer's or the moment's; the next one may succeed.
            match self.listener.accept().await {
                Ok((stream, peer)) => return (Wire::new(stream, self.open.child_token()), peer),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// One connection.
pub(crate) struct Wire {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    handle: WireHandle,
}

/// What is done once an answer has left.
type Then = Box<dyn FnOnce() + Send>;

/// What a handler holds of its connection.
#[derive(Clone)]
pub(crate) struct WireHandle {
    cut: CancellationToken,
    when_sent: Arc<Mutex<Option<Then>>>,
}

impl WireHandle {
    /// Closes the connection without another byte.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    /// Runs once all that was written has been handed to the socket.
    pub(crate) fn when_sent(&self, then: impl FnOnce() + Send + 'static) {
        let mut slot = self.when_sent.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(Box::new(then));
    }

    fn sent(&self) {
        let mut slot = self.when_sent.lock().unwrap_or_else(PoisonError::into_inner);
        let then = slot.take();
        drop(slot);
        if let Some(then) = then {
            then();
        }
    }
}

impl Connected<IncomingStream<'_, WireListener>> for WireHandle {
    fn connect_info(stream: IncomingStream<'_, WireListener>) -> Self {
        stream.io().handle.clone()
    }
}

impl Wire {
    fn new(stream: TcpStream, cut: CancellationToken) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "nodelay is not set");
        }
        Self {
            stream,
            cut: Box::pin(cut.clone().cancelled_owned()),
            handle: WireHandle {
                cut,
                when_sent: Arc::default(),
            },
        }
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionReset.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes a connection only when its own buffer is empty, so what stands behind a
    /// flush has left.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            self.handle.sent();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

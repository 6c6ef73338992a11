//! The port: open, really closed, and open again at the same address.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{Router, extract::DefaultBodyLimit};
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    exchange::serve,
    shared::Shared,
    wire::{WireHandle, WireListener},
};

/// How many connections may wait for their accept.
const BACKLOG: u32 = 1024;

/// The listening side of the server.
pub(crate) enum Port {
    /// Connections are accepted, until the guard is dropped.
    Open {
        addr: SocketAddr,
        open: DropGuard,
        task: JoinHandle<()>,
    },
    /// Connections are refused. The socket is bound but does not listen: that keeps the number
    /// from being given to somebody else in the meantime.
    Closed { addr: SocketAddr, held: TcpSocket },
    /// Given back for good.
    Gone,
}

impl Port {
    pub(crate) async fn open(addr: SocketAddr, shared: &Arc<Shared>) -> io::Result<Self> {
        Self::accept(TcpListener::bind(addr).await?, shared)
    }

    fn accept(listener: TcpListener, shared: &Arc<Shared>) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let open = CancellationToken::new();
        let app = Router::new()
            .fallback(serve)
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(shared))
            .into_make_service_with_connect_info::<WireHandle>();
        let serving = axum::serve(WireListener::new(listener, open.clone()), app);
        let closing = open.clone();
        let task = tokio::spawn(async move {
            tokio::select! {
                () = closing.cancelled() => {}
                _ = serving => {}
            }
        });
        Ok(Self::Open {
            addr,
            open: open.drop_guard(),
            task,
        })
    }

    pub(crate) fn addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Open { addr, .. } | Self::Closed { addr, .. } => Some(*addr),
            Self::Gone => None,
        }
    }

    /// Cuts every connection and refuses new ones.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        if let Self::Open { addr, .. } = self {
            let addr = *addr;
            self.release().await;
            let held = if addr.is_ipv4() {
                TcpSocket::new_v4()?
            } else {
                TcpSocket::new_v6()?
            };
            held.set_reuseaddr(true)?;
            held.bind(addr)?;
            *self = Self::Closed { addr, held };
        }
        Ok(())
    }

    pub(crate) fn reopen(&mut self, shared: &Arc<Shared>) -> io::Result<()> {
        match std::mem::replace(self, Self::Gone) {
            Self::Closed { held, .. } => {
                *self = Self::accept(held.listen(BACKLOG)?, shared)?;
            }
            other => *self = other,
        }
        Ok(())
    }

    /// Cuts every connection and gives the port back.
    pub(crate) async fn release(&mut self) {
        if let Self::Open { open, task, .. } = std::mem::replace(self, Self::Gone) {
            drop(open);
            if let Err(error) = task.await {
                tracing::warn!(%error, "the accept loop ended badly");
            }
        }
    }
}

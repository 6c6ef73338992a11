//! The port: open, really closed, and open again at the same address.

use std::{io, net::SocketAddr};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::wire::{WireHandle, WireListener};

/// How many connections may wait for their accept.
const BACKLOG: u32 = 1024;

/// The listening side of the server.
pub(crate) enum Port {
    /// Connections are accepted, until the guard is dropped.
    Open {
        addr: SocketAddr,
        app: Router,
        open: DropGuard,
        task: JoinHandle<()>,
    },
    /// Connections are refused. The socket is bound but does not listen: that keeps the number
    /// from being given to somebody else in the meantime.
    Closed {
        addr: SocketAddr,
        app: Router,
        held: TcpSocket,
    },
    /// Given back for good.
    Gone,
}

impl Port {
    pub(crate) async fn open(addr: SocketAddr, app: Router) -> io::Result<Self> {
        Self::accept(TcpListener::bind(addr).await?, app)
    }

    fn accept(listener: TcpListener, app: Router) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let open = CancellationToken::new();
        let service = app.clone().into_make_service_with_connect_info::<WireHandle>();
        let serving = axum::serve(WireListener::new(listener, open.clone()), service);
        let closing = open.clone();
        let task = tokio::spawn(async move {
            tokio::select! {
                () = closing.cancelled() => {}
                _ = serving => {}
            }
        });
        Ok(Self::Open {
            addr,
            app,
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
        if let Self::Open { addr, app, .. } = self {
            let (addr, app) = (*addr, app.clone());
            self.release().await;
            let held = if addr.is_ipv4() {
                TcpSocket::new_v4()?
            } else {
                TcpSocket::new_v6()?
            };
            held.set_reuseaddr(true)?;
            held.bind(addr)?;
            *self = Self::Closed { addr, app, held };
        }
        Ok(())
    }

    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        match std::mem::replace(self, Self::Gone) {
            Self::Closed { held, app, .. } => {
                *self = Self::accept(held.listen(BACKLOG)?, app)?;
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

//! Opens, closes and re-opens the desk's port.
//!
//! # Invariants
//! While the port is closed its number stays ours: a socket is bound to it that does not listen, so callers are refused
//! and nobody else can take the number.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Mutex,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    office::Office,
    server,
    wire::{Connection, Port},
};

const BACKLOG: u32 = 1024;

/// The port and whether it is open.
pub(super) struct Gate {
    address: SocketAddr,
    state: Mutex<State>,
}

enum State {
    Open(Open),
    Closed(TcpSocket),
    /// Shut down for good.
    Gone,
}

struct Open {
    period: CancellationToken,
    serving: JoinHandle<()>,
}

impl Gate {
    /// Takes the port, without letting anybody in yet.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = hold(address)?;
        Ok(Self {
            address: socket.local_addr()?,
            state: Mutex::new(State::Closed(socket)),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets callers in; nothing changes when they are let in already.
    pub(super) async fn open(&self, office: Arc<Office>) -> io::Result<()> {
        let mut state = self.state.lock().await;
        *state = match std::mem::replace(&mut *state, State::Gone) {
            State::Closed(socket) => State::Open(serve(socket.listen(BACKLOG)?, office)),
            other => other,
        };
        Ok(())
    }

    /// Cuts every connection and refuses new ones, until it is opened again.
    pub(super) async fn close(&self) -> io::Result<()> {
        let mut state = self.state.lock().await;
        *state = match std::mem::replace(&mut *state, State::Gone) {
            State::Open(open) => {
                end(open).await;
                State::Closed(hold(self.address)?)
            }
            other => other,
        };
        Ok(())
    }

    /// Cuts every connection and gives the port back.
    pub(super) async fn shut(&self) {
        let mut state = self.state.lock().await;
        if let State::Open(open) = std::mem::replace(&mut *state, State::Gone) {
            end(open).await;
        }
    }
}

fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn serve(listener: TcpListener, office: Arc<Office>) -> Open {
    let period = office.shutdown.child_token();
    let ended = period.clone();
    let port = Port {
        listener,
        period: period.clone(),
    };
    let app = server::router(office).into_make_service_with_connect_info::<Connection>();
    let serving = tokio::spawn(async move {
        let served = axum::serve(port, app).with_graceful_shutdown(async move { ended.cancelled().await });
        if let Err(error) = served.await {
            tracing::error!(%error, "the desk simulator stopped serving");
        }
    });
    Open { period, serving }
}

async fn end(open: Open) {
    open.period.cancel();
    if let Err(error) = open.serving.await {
        tracing::error!(%error, "the desk simulator's server failed");
    }
}

//! The load: ready-made requests over keep-alive HTTP/1.1 on raw sockets, one at a time on each connection.
//!
//! Both sides of a comparison get the same bytes from the same code, so that what it costs is the same for both. It is a
//! closed loop: a connection sends its next request when it has the answer to its last.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{cpu, figures::float};

/// Requests to a server, byte for byte.
pub(crate) type Requests = Arc<[Vec<u8>]>;

/// What came of a load.
pub(crate) struct Load {
    /// How long each request took, in nanoseconds, in no order.
    pub(crate) nanos: Vec<u64>,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// The processor time of the whole process meanwhile: of the load, of what was loaded, and of what followed.
    pub(crate) cpu: Option<Duration>,
}

impl Load {
    /// How many requests were answered.
    pub(crate) fn answered(&self) -> u64 {
        self.nanos.len() as u64
    }

    /// Answered requests a second.
    pub(crate) fn per_sec(&self) -> f64 {
        float(self.answered()) / self.took.as_secs_f64()
    }
}

/// How long the last answers may take after the end.
const GRACE: Duration = Duration::from_secs(30);

/// Sends the requests round and round for a time, each connection its own share of them.
///
/// # Errors
/// When a connection fails, or an answer is not 200 `ok`.
pub(crate) async fn steady(
    address: SocketAddr,
    requests: &Requests,
    connections: usize,
    time: Duration,
) -> Result<Load> {
    let shares = (0..connections)
        .map(|share| {
            let own: Vec<usize> = (share..requests.len()).step_by(connections).collect();
            own.into_iter().cycle()
        })
        .collect();
    send(address, requests, shares, time).await
}

/// Sends each request once.
///
/// # Errors
/// As [`steady`].
pub(crate) async fn once(address: SocketAddr, requests: &Requests, connections: usize) -> Result<Load> {
    let shares = (0..connections)
        .map(|share| (share..requests.len()).step_by(connections))
        .collect();
    send(address, requests, shares, GRACE).await
}

async fn send<I>(address: SocketAddr, requests: &Requests, shares: Vec<I>, time: Duration) -> Result<Load>
where
    I: Iterator<Item = usize> + Send + 'static,
{
    let mut wires = Vec::with_capacity(shares.len());
    for _ in &shares {
        wires.push(Wire::connect(address).await?);
    }
    let mut senders = JoinSet::new();
    let cpu_before = cpu::spent();
    let start = Instant::now();
    for (wire, share) in wires.into_iter().zip(shares) {
        senders.spawn(send_share(wire, Arc::clone(requests), share, start + time));
    }
    let mut nanos = Vec::new();
    let all = async {
        while let Some(sent) = senders.join_next().await {
            nanos.append(&mut sent??);
        }
        anyhow::Ok(())
    };
    timeout(time + GRACE, all)
        .await
        .context("an answer did not come in time")??;
    Ok(Load {
        nanos,
        took: start.elapsed(),
        cpu: cpu::spent()
            .zip(cpu_before)
            .map(|(after, before)| after.saturating_sub(before)),
    })
}

async fn send_share(
    mut wire: Wire,
    requests: Requests,
    share: impl Iterator<Item = usize>,
    end: Instant,
) -> Result<Vec<u64>> {
    let mut nanos = Vec::with_capacity(1 << 16);
    for index in share {
        let sent_at = Instant::now();
        if sent_at >= end {
            break;
        }
        wire.call(&requests[index]).await?;
        nanos.push(u64::try_from(sent_at.elapsed().as_nanos())?);
    }
    Ok(nanos)
}

/// One connection, and room for an answer.
struct Wire {
    stream: TcpStream,
    answer: [u8; 1_024],
}

impl Wire {
    async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: [0; 1_024],
        })
    }

    async fn call(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        while !is_ok(&self.answer[..filled])? {
            let read = self.stream.read(&mut self.answer[filled..]).await?;
            if read == 0 {
                bail!("the server closed a connection, or its answer is too long");
            }
            filled += read;
        }
        Ok(())
    }
}

/// Whether an answer is there and is 200 `ok`; `false` while some of it may be missing.
fn is_ok(answer: &[u8]) -> Result<bool> {
    const STATUS: &[u8] = b"HTTP/1.1 200 ";
    let seen = answer.len().min(STATUS.len());
    if answer[..seen] != STATUS[..seen] {
        bail!("refused: {}", String::from_utf8_lossy(answer));
    }
    Ok(answer.ends_with(b"\r\n\r\nok"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_body() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        assert!((0..whole.len()).all(|end| !is_ok(&whole[..end]).expect("it may still come")));
        assert!(is_ok(whole).expect("it is a good one"));
        assert!(is_ok(b"HTTP/1.1 503 Service Unavailable\r\n").is_err());
    }
}

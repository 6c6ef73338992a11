//! One address in front of several servers, as a load balancer has it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, timeout},
};

/// How long a server may take to take a connection, and to begin its answer to what was sent to it.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// How long one that failed is left alone.
const REST: Duration = Duration::from_secs(10);
/// How much is passed on at once.
const PIECE_BYTES: usize = 16 << 10;

/// Gives each connection to the next server that takes it. What is not answered in time is cut off, and its server is left
/// alone for a while.
pub struct Balancer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

struct Servers {
    addresses: Vec<SocketAddr>,
    rest_until: Mutex<Vec<Option<Instant>>>,
    turn: AtomicUsize,
}

impl Balancer {
    /// Opens a port in front of these.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(addresses: Vec<SocketAddr>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let servers = Arc::new(Servers {
            rest_until: Mutex::new(vec![None; addresses.len()]),
            addresses,
            turn: AtomicUsize::new(0),
        });
        let task = tokio::spawn(async move {
            // What fails is one caller's connection.
            loop {
                if let Ok((caller, _)) = listener.accept().await {
                    tokio::spawn(Arc::clone(&servers).serve(caller));
                }
            }
        });
        Ok(Self { address, task })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Servers {
    async fn serve(self: Arc<Self>, caller: TcpStream) {
        let Some((at, server)) = self.connect().await else {
            return;
        };
        if pass(caller, server).await == Passed::Unanswered {
            self.rests(at);
        }
    }

    /// Those at rest come last.
    async fn connect(&self) -> Option<(usize, TcpStream)> {
        let (turn, count) = (self.turn.fetch_add(1, Ordering::Relaxed), self.addresses.len());
        let mut order: Vec<_> = (0..count).map(|step| (turn + step) % count).collect();
        order.sort_by_key(|at| self.is_at_rest(*at));
        for at in order {
            match timeout(ANSWER_MAX, TcpStream::connect(self.addresses[at])).await {
                Ok(Ok(server)) => return Some((at, server)),
                Ok(Err(_)) | Err(_) => self.rests(at),
            }
        }
        None
    }

    fn is_at_rest(&self, at: usize) -> bool {
        self.rest_until()[at].is_some_and(|until| Instant::now() < until)
    }

    fn rests(&self, at: usize) {
        self.rest_until()[at] = Some(Instant::now() + REST);
    }

    fn rest_until(&self) -> MutexGuard<'_, Vec<Option<Instant>>> {
        self.rest_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Passed {
    /// One of the two closed.
    Closed,
    /// What was sent was not answered in time.
    Unanswered,
}

/// Passes on what both say, until one of them closes or the server is silent for too long.
async fn pass(mut caller: TcpStream, mut server: TcpStream) -> Passed {
    let (mut asked, mut answered) = (vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]);
    let mut waits_since: Option<Instant> = None;
    loop {
        let passed = tokio::select! {
            read = caller.read(&mut asked) => {
                waits_since.get_or_insert_with(Instant::now);
                pass_on(read, &asked, &mut server).await
            }
            read = server.read(&mut answered) => {
                waits_since = None;
                pass_on(read, &answered, &mut caller).await
            }
            () = overdue(waits_since) => return Passed::Unanswered,
        };
        if passed.is_err() {
            return Passed::Closed;
        }
    }
}

async fn pass_on(read: std::io::Result<usize>, piece: &[u8], to: &mut TcpStream) -> Result<()> {
    let bytes = read?;
    anyhow::ensure!(bytes > 0, "it is closed");
    Ok(to.write_all(&piece[..bytes]).await?)
}

async fn overdue(since: Option<Instant>) {
    match since {
        Some(since) => tokio::time::sleep_until(since + ANSWER_MAX).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers each piece with its name, and the address of one that takes connections and answers nothing.
    async fn echo(name: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let mut piece = [0; 16];
                if caller.read(&mut piece).await.is_ok() {
                    caller.write_all(name.as_bytes()).await.ok();
                }
            }
        });
        address
    }

    async fn ask(balancer: &Balancer) -> String {
        let mut caller = TcpStream::connect(balancer.address).await.expect("it listens");
        caller.write_all(b"who").await.expect("it reads");
        let mut answer = String::new();
        caller.read_to_string(&mut answer).await.expect("it is text");
        answer
    }

    #[tokio::test]
    async fn each_server_has_its_turn_and_one_that_is_silent_or_away_is_passed_over() {
        let both = Balancer::open(vec![echo("one").await, echo("two").await]).await;
        let both = both.expect("a port is free");
        assert_ne!(ask(&both).await, ask(&both).await);

        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let addresses = [&silent, &closed].map(|of| of.local_addr().expect("it has one"));
        drop(closed);
        let [silent_at, closed_at] = addresses;
        let some = Balancer::open(vec![silent_at, closed_at, echo("three").await]).await;
        let some = some.expect("a port is free");
        assert_eq!(ask(&some).await, "", "cut off");
        for _ in 0..3 {
            assert_eq!(ask(&some).await, "three");
        }
    }
}

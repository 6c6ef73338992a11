//! A cable between an instance and its PostgreSQL that loses a COMMIT, is cut, or goes silent, as the test wants it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

/// What becomes of a COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It is made, and the connection breaks before the answer.
    Answer,
    /// It is made, and the cable is cut before the answer.
    AnswerAndAll,
    /// It never arrives: the instance's end of the connection breaks, and the database is not told.
    Request,
    /// It arrives when the test lets it.
    Late,
}

/// How the cable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Whole,
    /// Whatever passes is held up, and nobody is told.
    Silent,
    /// Connections break, and none is made.
    Cut,
}

/// The cable. Its connections end with it.
pub(crate) struct Cable {
    address: SocketAddr,
    shared: Arc<Shared>,
    _connections: JoinSet<()>,
}

struct Shared {
    state: watch::Sender<State>,
    /// The COMMIT that is waited for: of a transaction with a statement that has these words in it.
    wanted: Mutex<Option<(&'static str, Lost)>>,
    /// How many were met.
    met: watch::Sender<usize>,
    /// Whether one that is held up goes on.
    goes_on: watch::Sender<bool>,
    /// The database's ends of connections of which it was not told that they broke.
    left: Mutex<Vec<OwnedWriteHalf>>,
}

impl Cable {
    /// Puts a cable in front of a server.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            state: watch::Sender::new(State::Whole),
            wanted: Mutex::default(),
            met: watch::Sender::new(0),
            goes_on: watch::Sender::new(false),
            left: Mutex::default(),
        });
        let mut connections = JoinSet::new();
        let accepting = Arc::clone(&shared);
        connections.spawn(async move {
            let mut pairs = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                pairs.spawn(Arc::clone(&accepting).join(client, server));
            }
        });
        Self {
            address,
            shared,
            _connections: connections,
        }
    }

    /// The address of the cable's near end.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn go_silent(&self) {
        self.shared.state.send_replace(State::Silent);
    }

    pub(crate) fn mend(&self) {
        self.shared.state.send_replace(State::Whole);
    }

    /// Loses the next COMMIT of a transaction in which a statement has these words.
    pub(crate) fn lose(&self, words: &'static str, lost: Lost) {
        self.shared.goes_on.send_replace(false);
        *lock(&self.shared.wanted) = Some((words, lost));
    }

    /// Waits until a COMMIT was met that is to be lost, and lost it.
    pub(crate) async fn lost(&self) {
        let mut met = self.shared.met.subscribe();
        met.wait_for(|met| *met > 0).await.expect("the cable has the sender");
        self.shared.met.send_replace(0);
    }

    /// Lets one that is held up go on.
    pub(crate) fn let_go(&self) {
        self.shared.goes_on.send_replace(true);
    }
}

impl Shared {
    /// Joins both ends of a connection until one breaks, or the cable.
    async fn join(self: Arc<Self>, client: TcpStream, server: SocketAddr) {
        if *self.state.borrow() == State::Cut {
            return;
        }
        self.passes().await;
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        for end in [&client, &server] {
            end.set_nodelay(true).expect("the socket is there");
        }
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        // Set while the database's answer to a COMMIT is waited for, to be lost.
        let answer = watch::Sender::new(Answer::Passes);
        let cut = async {
            let mut state = self.state.subscribe();
            // The cable outlives its connections.
            drop(state.wait_for(|state| *state == State::Cut).await);
        };
        tokio::select! {
            () = self.forth(from_client, to_server, &answer) => {}
            () = self.back(from_server, to_client, &answer) => {}
            () = cut => {}
        }
    }

    /// From the instance to the database, message by message.
    async fn forth(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, answer: &watch::Sender<Answer>) {
        let mut heard = Heard::default();
        while let Some(message) = heard.next(&mut from).await {
            self.passes().await;
            let lost = heard.commits.then(|| self.met(&heard.transaction)).flatten();
            if heard.commits {
                heard.transaction.clear();
            }
            match lost {
                None => {}
                Some(Lost::Answer) => {
                    answer.send_replace(Answer::Lost);
                }
                Some(Lost::AnswerAndAll) => {
                    answer.send_replace(Answer::LostWithAll);
                }
                Some(Lost::Request) => {
                    lock(&self.left).push(to);
                    self.met.send_modify(|met| *met += 1);
                    return;
                }
                Some(Lost::Late) => {
                    self.met.send_modify(|met| *met += 1);
                    let mut goes_on = self.goes_on.subscribe();
                    drop(goes_on.wait_for(|goes_on| *goes_on).await);
                }
            }
            if to.write_all(&message).await.is_err() {
                return;
            }
        }
    }

    /// From the database to the instance.
    async fn back(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, answer: &watch::Sender<Answer>) {
        let mut bytes = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            self.passes().await;
            // What a COMMIT answers tells that it was made: `CommandComplete`.
            let is_made = bytes[..count].windows(7).any(|word| word == b"COMMIT\0");
            let lost = *answer.borrow();
            if lost != Answer::Passes && is_made {
                if lost == Answer::LostWithAll {
                    self.state.send_replace(State::Cut);
                }
                self.met.send_modify(|met| *met += 1);
                return;
            }
            if lost != Answer::Passes {
                continue;
            }
            if to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }

    async fn passes(&self) {
        let mut state = self.state.subscribe();
        // The cable outlives its connections.
        drop(state.wait_for(|state| *state == State::Whole).await);
    }

    /// Whether a transaction's COMMIT is the one that is waited for.
    fn met(&self, transaction: &[String]) -> Option<Lost> {
        let mut wanted = lock(&self.wanted);
        let has = |words: &str| transaction.iter().any(|statement| statement.contains(words));
        wanted.take_if(|(words, _)| has(words)).map(|(_, lost)| lost)
    }
}

/// What becomes of what the database answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Passes,
    Lost,
    LostWithAll,
}

/// What an instance says on a connection, read as far as it takes to know a COMMIT: the message flow of PostgreSQL's protocol 3.
#[derive(Default)]
struct Heard {
    has_started: bool,
    /// Prepared statements by their names.
    statements: HashMap<Vec<u8>, String>,
    /// The statements since the last COMMIT.
    transaction: Vec<String>,
    /// Whether the last message commits.
    commits: bool,
}

impl Heard {
    const SSL_REQUEST: u32 = 80_877_103;

    /// The next message, whole. `None` at the end.
    async fn next(&mut self, from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
        let mut message = Vec::new();
        if self.has_started {
            message.push(from.read_u8().await.ok()?);
        }
        let length = from.read_u32().await.ok()?;
        message.extend(length.to_be_bytes());
        let head = message.len();
        message.resize(head + length as usize - 4, 0);
        from.read_exact(&mut message[head..]).await.ok()?;
        let body = &message[head..];
        self.commits = false;
        if self.has_started {
            self.read(message[0], body);
        } else {
            // A wish for TLS comes before the start.
            self.has_started = body.get(..4) != Some(&Self::SSL_REQUEST.to_be_bytes());
        }
        Some(message)
    }

    fn read(&mut self, kind: u8, body: &[u8]) {
        let mut words = body.split(|byte| *byte == 0);
        let mut word = || words.next().unwrap_or_default();
        let said = match kind {
            // Query: the statement.
            b'Q' => String::from_utf8_lossy(word()).into_owned(),
            // Parse: a name, then the statement.
            b'P' => {
                let (name, statement) = (word().to_vec(), String::from_utf8_lossy(word()).into_owned());
                self.statements.insert(name, statement);
                return;
            }
            // Bind: a portal, then the name of a statement.
            b'B' => {
                let (_portal, name) = (word(), word());
                self.statements.get(name).cloned().unwrap_or_default()
            }
            _ => return,
        };
        match said.as_str() {
            "COMMIT" => self.commits = true,
            "BEGIN" | "ROLLBACK" => self.transaction.clear(),
            _ => self.transaction.push(said),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks is complete when it is left.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

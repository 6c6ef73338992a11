use std::{
    fmt, fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt,
    process::{Child, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tokio::net::TcpSocket;
use uuid::Uuid;

use super::{
    access::Access,
    builder::Builder,
    database::Database,
    error::PostgresError,
    folder::{Folder, last_lines},
    programs::Programs,
    stopped,
    user::User,
    watcher::Watcher,
};

/// How long a server may take to start or to stop.
const CHANGE_MAX: Duration = Duration::from_mins(1);
/// How often its state is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The superuser.
const USER: &str = "postgres";

/// A private server. Clones are handles on the same one, which stops when the last one is dropped, and when the process
/// ends in any other way.
///
/// The calls block until what they ask for is done.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    access: Access,
    programs: Programs,
    user: User,
    arguments: Vec<String>,
    watcher: Mutex<Watcher>,
    folder: Folder,
    /// Bound and never listened on: the number is given to nobody else, and PostgreSQL may listen on it all the same.
    port: TcpSocket,
}

enum State {
    Running(Child),
    Paused { server: Child, stopped: Vec<u32> },
    Away,
}

impl Server {
    /// The settings to start a server with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a server with the default settings.
    ///
    /// # Errors
    /// [`PostgresError::Missing`] where PostgreSQL is not installed.
    pub fn start() -> Result<Self, PostgresError> {
        Self::builder().start()
    }

    pub(super) fn with(settings: &Builder) -> Result<Self, PostgresError> {
        let (programs, user) = (Programs::of_a_server()?, User::find()?);
        let folder = Folder::make(user)?;
        let watcher = Watcher::start(&folder, &programs, user)?;
        let password = Uuid::new_v4().simple().to_string();
        let port = free_port()?;
        let addr = port
            .local_addr()
            .map_err(PostgresError::system("a port has no number"))?;
        let access = Access::new(programs.clone(), &format!("postgres://{USER}:{password}@{addr}/{USER}"))?;
        // From here on the watcher cleans up when something fails.
        let inner = Inner {
            state: Mutex::new(State::Away),
            access,
            programs,
            user,
            arguments: settings.arguments().collect(),
            watcher: Mutex::new(watcher),
            folder,
            port,
        };
        inner.make_cluster(&password)?;
        let server = Self { inner: Arc::new(inner) };
        server.start_again()?;
        Ok(server)
    }

    /// Makes a fresh database.
    ///
    /// # Errors
    /// When the server is paused or away.
    pub fn database(&self) -> Result<Database, PostgresError> {
        Database::create(self.inner.access.clone(), Some(self.clone()))
    }

    /// The address that it listens on, the same over stops and starts.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn addr(&self) -> std::io::Result<SocketAddr> {
        self.inner.port.local_addr()
    }

    /// Makes it go away at once, with every connection, as a crash does; what was committed is there at the next start.
    /// Nothing happens to one that is away.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&self) -> Result<(), PostgresError> {
        self.resume()?;
        let mut state = self.inner.state();
        let State::Running(server) = &mut *state else {
            return Ok(());
        };
        stopped::signal(server.id(), Signal::QUIT)?;
        self.inner.until("did not stop", || {
            let ended = server.try_wait().map_err(PostgresError::system("a server is lost"))?;
            Ok(ended.is_some())
        })?;
        *state = State::Away;
        Ok(())
    }

    /// Lets it come back, with all its databases. Nothing happens to one that is there.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&self) -> Result<(), PostgresError> {
        let mut state = self.inner.state();
        if matches!(*state, State::Away) {
            *state = State::Running(self.inner.start()?);
        }
        Ok(())
    }

    /// Halts all of its processes where they stand: connections stay open, and nothing answers. Linux alone.
    ///
    /// # Errors
    /// When they cannot be halted.
    pub fn pause(&self) -> Result<(), PostgresError> {
        let mut state = self.inner.state();
        *state = match std::mem::replace(&mut *state, State::Away) {
            State::Running(server) => match stopped::stop_all(&self.inner.folder, server.id()) {
                Ok(stopped) => State::Paused { server, stopped },
                Err(failed) => {
                    *state = State::Running(server);
                    return Err(failed);
                }
            },
            other => other,
        };
        Ok(())
    }

    /// Lets it go on. Nothing happens to one that is not paused.
    ///
    /// # Errors
    /// When its processes cannot be told.
    pub fn resume(&self) -> Result<(), PostgresError> {
        let mut state = self.inner.state();
        let done;
        (*state, done) = match std::mem::replace(&mut *state, State::Away) {
            State::Paused { server, stopped } => {
                let done = stopped::go_on(&self.inner.folder, &stopped);
                (State::Running(server), done)
            }
            other => (other, Ok(())),
        };
        done
    }

    /// Whether it runs and is not paused.
    pub(super) fn answers(&self) -> bool {
        matches!(*self.inner.state(), State::Running(_))
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_cluster(&self, password: &str) -> Result<(), PostgresError> {
        let file = self.folder.path().join("password");
        fs::write(&file, password).map_err(PostgresError::system("a password could not be written"))?;
        self.user.own(&file)?;
        let mut command = self.programs.command("initdb");
        command.args([
            "--auth",
            "password",
            "--username",
            USER,
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        ]);
        command
            .arg("--pwfile")
            .arg(&file)
            .arg("--pgdata")
            .arg(self.folder.data());
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        let done = self.user.run(&mut command).output();
        let done = done.map_err(PostgresError::system("initdb could not be started"))?;
        if done.status.success() {
            return Ok(());
        }
        Err(PostgresError::Failed {
            program: "initdb",
            said: last_lines(&done.stderr),
        })
    }

    /// Starts the server and waits until it takes connections.
    fn start(&self) -> Result<Child, PostgresError> {
        let mut server = self.spawn()?;
        let ready = self.until("did not start", || {
            let ended = server.try_wait().map_err(PostgresError::system("a server is lost"))?;
            if ended.is_some() {
                return Err(PostgresError::Failed {
                    program: "postgres",
                    said: self.folder.said(),
                });
            }
            Ok(self.folder.says_ready(server.id()))
        });
        if ready.is_err() {
            stopped::signal(server.id(), Signal::QUIT)?;
        }
        ready.map(|()| server)
    }

    fn spawn(&self) -> Result<Child, PostgresError> {
        let port = self
            .port
            .local_addr()
            .map_err(PostgresError::system("a port has no number"))?
            .port();
        let log = fs::File::options().create(true).append(true).open(self.folder.log());
        let log = log.map_err(PostgresError::system("a log could not be written"))?;
        let also = log
            .try_clone()
            .map_err(PostgresError::system("a log could not be written"))?;
        let mut command = self.programs.command("postgres");
        command
            .arg("-D")
            .arg(self.folder.data())
            .args(["-p", &port.to_string()]);
        command.arg("-k").arg(self.folder.path()).args(&self.arguments);
        command.current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(log).stderr(also);
        // A Ctrl-C is for the test, whose end the watcher sees.
        command.process_group(0);
        let server = self.user.run(&mut command).spawn();
        server.map_err(PostgresError::system("postgres could not be started"))
    }

    /// Looks again and again, with a limit.
    fn until(
        &self,
        what: &'static str,
        mut holds: impl FnMut() -> Result<bool, PostgresError>,
    ) -> Result<(), PostgresError> {
        let deadline = Instant::now() + CHANGE_MAX;
        while !holds()? {
            if Instant::now() > deadline {
                return Err(PostgresError::Late {
                    what,
                    secs_max: CHANGE_MAX.as_secs(),
                    said: self.folder.said(),
                });
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.watcher.get_mut().unwrap_or_else(PoisonError::into_inner).finish();
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Running(server) | State::Paused { server, .. } = state
            && let Err(error) = server.wait()
        {
            tracing::warn!(%error, "a PostgreSQL is lost");
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addr", &self.addr().ok())
            .finish_non_exhaustive()
    }
}

fn free_port() -> Result<TcpSocket, PostgresError> {
    let bind = || {
        let socket = TcpSocket::new_v4()?;
        // PostgreSQL sets it too; without it on both sides it could not listen here.
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(socket)
    };
    bind().map_err(PostgresError::system("there is no free port"))
}

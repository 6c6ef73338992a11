//! Kills this process at a named site. The product marks its sites with ordinary trace events of the target
//! `escalator::site`; this layer counts them, tells each on standard output, and ends the process by SIGKILL at the one
//! that was asked for on standard input: `arm 3 commit.before`. With `stop 3 commit.before` it is stopped there by SIGSTOP.

use std::{
    fmt,
    io::{BufRead, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Signal, getpid, kill_process};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::Targets,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// How long it takes until all threads are stopped: the signal goes to any of them first.
const STOPS_WITHIN: Duration = Duration::from_millis(200);

/// Installs the layer, with logs on standard error beside it, and listens on standard input.
///
/// # Panics
/// When logs were set up before.
pub fn install() {
    let armed = Arc::default();
    let sites = Targets::new().with_target("escalator::site", Level::TRACE);
    let quiet = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let logs = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(quiet);
    let layer = CrashLayer {
        armed: Arc::clone(&armed),
    }
    .with_filter(sites);
    tracing_subscriber::registry().with(layer).with(logs).init();
    std::thread::spawn(move || listen(&armed));
}

/// The site that is waited for, how many times it is passed first, and what comes then.
type Armed = Mutex<Option<(u64, String, Signal)>>;

fn listen(armed: &Armed) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let mut words = line.splitn(3, ' ');
        let signal = match words.next() {
            Some("arm") => Signal::KILL,
            Some("stop") => Signal::STOP,
            _ => continue,
        };
        if let (Some(Ok(times)), Some(site)) = (words.next().map(str::parse), words.next()) {
            *armed.lock().unwrap_or_else(PoisonError::into_inner) = Some((times, site.to_owned(), signal));
            tell("armed");
        }
    }
}

struct CrashLayer {
    armed: Arc<Armed>,
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for CrashLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut site = SiteName::default();
        event.record(&mut site);
        let name = site.0;
        tell(&format!("site {name}"));
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((times, wanted, signal)) = armed.as_mut()
            && *wanted == name
        {
            *times -= 1;
            if *times == 0 {
                let signal = *signal;
                *armed = None;
                tell(&format!("struck {name}"));
                kill_process(getpid(), signal).expect("a process may kill itself");
                if signal == Signal::STOP {
                    std::thread::sleep(STOPS_WITHIN);
                }
            }
        }
    }
}

/// `commit.before`, or `deliver.before desk.message` where the site carries a payload.
#[derive(Default)]
struct SiteName(String);

impl Visit for SiteName {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "site" => self.0.insert_str(0, value),
            "payload" => {
                self.0.push(' ');
                self.0.push_str(value);
            }
            _ => {}
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {}
}

/// Whoever started us may have gone; then nobody needs to be told.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

//! The terminal of the examples, over pipes. Behind it is the examples' bot, whose lines begin with `Bot:`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use escalator::channel::Ingress;
use escalator_examples::custom_channel::Terminal;
use escalator_testkit::conformance::{
    Patience, Unsupported,
    channel::{Act, ChannelHarness, Connected, Customer, Fault, Platform, Shown},
};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio_util::sync::CancellationToken;

/// What a pipe holds: more than a trial writes.
const PIPE_BYTES: usize = 1 << 20;

pub(crate) struct Harness;

#[async_trait]
impl ChannelHarness for Harness {
    async fn platform(&self) -> Arc<dyn Platform> {
        Arc::new(Stand {
            dir: TempDir::new().expect("a directory can be made"),
            keyboard: tokio::sync::Mutex::default(),
            screen: Arc::default(),
        })
    }

    fn patience(&self) -> Patience {
        Patience::default()
    }
}

struct Stand {
    /// The customer's files, and those that the agent sends.
    dir: TempDir,
    keyboard: tokio::sync::Mutex<Option<DuplexStream>>,
    /// The lines that were shown.
    screen: Arc<Mutex<Vec<String>>>,
}

impl Stand {
    fn screen(&self) -> MutexGuard<'_, Vec<String>> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Platform for Stand {
    async fn connect(&self, ingress: Ingress, _: CancellationToken) -> Connected {
        let (keyboard, input) = tokio::io::duplex(PIPE_BYTES);
        let (output, screen) = tokio::io::duplex(PIPE_BYTES);
        *self.keyboard.lock().await = Some(keyboard);
        let shown = Arc::clone(&self.screen);
        tokio::spawn(async move {
            let mut lines = BufReader::new(screen).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                shown.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let downloads = self.dir.path().join("downloads");
        tokio::fs::create_dir_all(&downloads)
            .await
            .expect("a directory can be made");
        Connected {
            channel: Terminal::over(ingress, downloads, input, output),
            debug: None,
            receiving: None,
        }
    }

    async fn customer(&self, who: Customer, act: Act) -> Result<(), Unsupported> {
        let line = match (who, act) {
            (Customer::Ada, Act::Write(line)) => line,
            (Customer::Ada, Act::Send { name, bytes }) => {
                let path = self.dir.path().join(name);
                tokio::fs::write(&path, bytes).await.expect("a file can be written");
                format!("/file {}", path.display())
            }
            (Customer::Ada, Act::Type) => "/typing".to_owned(),
            (Customer::Ada, Act::End) => "/end".to_owned(),
            _ => return Err(Unsupported),
        };
        let mut keyboard = self.keyboard.lock().await;
        let keyboard = keyboard.as_mut().expect("the terminal is connected");
        let typed = keyboard.write_all(format!("{line}\n").as_bytes()).await;
        typed.expect("the terminal reads");
        Ok(())
    }

    fn acknowledged(&self) -> Option<usize> {
        None
    }

    fn redelivers(&self) -> bool {
        false
    }

    fn heard(&self) -> usize {
        self.screen().iter().filter(|line| line.starts_with("Bot: ")).count()
    }

    fn shown(&self, to: Customer) -> Vec<Shown> {
        match to {
            Customer::Ada => self.screen().iter().filter_map(|line| shown(line)).collect(),
            Customer::Ben => Vec::new(),
        }
    }

    async fn set_fault(&self, _: Fault) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    async fn mend(&self) {}

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

fn shown(line: &str) -> Option<Shown> {
    if line.starts_with("Bot: ") {
        return None;
    }
    if line == "(an agent is typing)" {
        return Some(Shown::Typing);
    }
    let Some((_, path)) = line.split_once(" sent a file: ") else {
        return Some(Shown::Text(line.to_owned()));
    };
    let (_, name) = path.rsplit_once('/').expect("the path is whole");
    let bytes = std::fs::read(path).expect("it was saved before it was shown");
    Some(Shown::File {
        name: name.to_owned(),
        bytes: bytes.into(),
    })
}

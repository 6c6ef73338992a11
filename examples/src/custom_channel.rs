//! The shortest complete channel: the terminal. Its one customer writes lines; `/typing` shows typing and `/file PATH`
//! sends a file. The chat goes to standard output.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use escalator::{
    channel::{
        Capabilities, ChannelError, ChatDelivery, EscalationChannel, Inbound, Ingress, IngressError, Offered, Started,
        Turn,
    },
    delivery::{ChatPayload, OpenFile, OpenedFile, Outcome},
    model::{
        Address, Attachment, ChatLimits, ConversationKey, CustomerEvent, CustomerId, CustomerMessage, Escalation,
        EventKey, FileKind, FileRef, FileSource, Formatting, LengthUnit, Position, Profile, Signal, Text,
    },
};
use futures::{StreamExt, TryStreamExt};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, Split},
    sync::Mutex,
};
use tokio_util::{io::ReaderStream, sync::CancellationToken};

use crate::faq;

/// The terminal, with the FAQ bot behind it.
pub struct Terminal {
    ingress: Ingress,
    /// Where the agent's files are put.
    downloads: PathBuf,
    /// What the customer writes. Held by `run`.
    /// Split by hand: a line that is no UTF-8 is no reason to stop reading.
    input: Mutex<Split<BufReader<Box<dyn AsyncRead + Send + Unpin>>>>,
    /// What the customer sees. Held for a line at a time.
    output: Mutex<Box<dyn AsyncWrite + Send + Unpin>>,
    /// Cancelled at the end of the input.
    finished: CancellationToken,
    /// Cancelled when nobody reads the output any more.
    unread: CancellationToken,
    /// The position of the last line. It goes on from the clock, to the nanosecond, so that it rises over a restart too,
    /// however soon that comes and however many lines were piped in before; and from what the ledger has, should the clock have
    /// been set back meanwhile.
    last: AtomicI64,
}

impl Terminal {
    /// Makes the channel for an ingress of its own; `downloads` is the folder for the agent's files.
    pub fn new(ingress: Ingress, downloads: PathBuf) -> Arc<Self> {
        Self::over(ingress, downloads, tokio::io::stdin(), tokio::io::stdout())
    }

    /// The same over another input and output.
    pub fn over(
        ingress: Ingress,
        downloads: PathBuf,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Arc<Self> {
        let input: Box<dyn AsyncRead + Send + Unpin> = Box::new(input);
        let last = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let last = AtomicI64::new(i64::try_from(last.as_nanos()).unwrap_or(i64::MAX));
        Arc::new(Self {
            ingress,
            downloads,
            input: Mutex::new(BufReader::new(input).split(b'\n')),
            output: Mutex::new(Box::new(output)),
            finished: CancellationToken::new(),
            unread: CancellationToken::new(),
            last,
        })
    }

    /// Waits for the end of the input.
    pub async fn finished(&self) {
        self.finished.cancelled().await;
    }

    /// Waits until nobody reads the output any more: `… | head -1` has its line.
    pub async fn unread(&self) {
        self.unread.cancelled().await;
    }

    async fn show(&self, text: &str) -> std::io::Result<()> {
        let mut out = self.output.lock().await;
        let shown = match out.write_all(format!("{text}\n").as_bytes()).await {
            Ok(()) => out.flush().await,
            failed => failed,
        };
        shown.inspect_err(|error| {
            if error.kind() == ErrorKind::BrokenPipe {
                self.unread.cancel();
            }
        })
    }

    fn conversation(&self) -> ConversationKey {
        ConversationKey {
            channel: self.id().clone(),
            address: Address::new("terminal"),
            customer: CustomerId::new("you"),
        }
    }

    /// One line of the customer: offered first, and the bot's only if it is passed.
    async fn line(&self, line: &str) {
        let conversation = self.conversation();
        if line.trim() == "/typing" {
            return self.ingress.signal(&conversation, Signal::TypingStarted);
        }
        if let Some(problem) = file_of(line).and_then(cannot_be_sent) {
            self.show(&format!("({problem})")).await.ok();
            return;
        }
        let position = Position(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let key = EventKey::new(format!("{}:{}", self.id(), position.0));
        let update = Inbound::new(key, conversation.clone(), position, read(line)).with_profile(Profile {
            platform: Some("Terminal".to_owned()),
            ..Profile::default()
        });
        let offered = loop {
            match self.ingress.offer(update.clone()).await {
                Ok(offered) => break offered,
                Err(error @ IngressError::Refused { .. }) => return tracing::error!(%error, "the line is lost"),
                Err(error) => tracing::warn!(%error, "the line waits"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        if offered == Offered::Pass
            && let Started::Turn(turn) = self.ingress.start(&conversation, position).await
        {
            self.answer(turn, line).await;
        }
    }

    /// The bot.
    async fn answer(&self, turn: Turn, line: &str) {
        if faq::wants_human(line) {
            let escalation = Escalation::because("the customer asked for a human");
            if let Err(error) = self.escalate(turn, escalation).await {
                self.show(&format!("Bot: I cannot reach a human: {error}")).await.ok();
            }
            return;
        }
        let answer = faq::answer(line);
        if let Err(error) = turn.say(faq::spoken(&answer), self.show(&answer)).await {
            tracing::info!(%error, "the bot kept silent");
        }
    }
}

#[async_trait]
impl EscalationChannel for Terminal {
    fn capabilities(&self) -> Capabilities {
        let limits = ChatLimits {
            text_max: 10_000,
            text_unit: LengthUnit::Chars,
            formatting: Formatting::None,
            fetch_bytes_max: 100_000_000,
            send_bytes_max: 100_000_000,
        };
        Capabilities::text_only(limits).with_files().with_typing(true, true)
    }

    fn ingress(&self) -> &Ingress {
        &self.ingress
    }

    async fn run(&self, shutdown: CancellationToken) -> Result<(), ChannelError> {
        let mut lines = self.input.lock().await;
        let accepted = self.ingress.held().into_iter().filter_map(|held| held.accepted).max();
        self.last
            .fetch_max(accepted.map_or(0, |accepted| accepted.0), Ordering::Relaxed);
        loop {
            let line = tokio::select! {
                line = lines.next_segment() => line,
                () = shutdown.cancelled() => return Ok(()),
            };
            match line.map(|line| line.as_deref().map(words)) {
                Ok(Some(line)) if line.trim().is_empty() => {}
                Ok(Some(line)) => self.line(&line).await,
                Ok(None) => {
                    self.finished.cancel();
                    return Ok(());
                }
                Err(error) => return Err(ChannelError::new("standard input cannot be read").because(error)),
            }
        }
    }

    async fn deliver(&self, delivery: ChatDelivery<'_>) -> Outcome {
        let shown = match (delivery.payload, delivery.file) {
            (ChatPayload::File { author, file, .. }, Some(bytes)) => {
                match save(&self.downloads, file.name.as_str(), bytes).await {
                    Ok(path) => {
                        let author = author.as_ref().map_or("Agent", |author| author.name.as_str());
                        self.show(&format!("{author} sent a file: {}", path.display())).await
                    }
                    Err(outcome) => return outcome,
                }
            }
            (payload, _) => self.show(&payload.plain().unwrap_or_default()).await,
        };
        shown.map_or_else(|error| Outcome::not_sent(error.to_string()), |()| Outcome::delivered())
    }

    async fn fetch(&self, file: &FileRef) -> Result<OpenedFile, Outcome> {
        let opened = async {
            let file = tokio::fs::File::open(file.as_str()).await?;
            let bytes = file.metadata().await?.len();
            Ok::<_, std::io::Error>(OpenedFile {
                bytes: Some(bytes),
                stream: ReaderStream::new(file).boxed(),
            })
        };
        opened
            .await
            .map_err(|error| Outcome::rejected(format!("the file cannot be read: {error}")))
    }

    async fn signal(&self, _to: &ConversationKey, signal: Signal) {
        if signal == Signal::TypingStarted {
            self.show("(an agent is typing)").await.ok();
        }
    }
}

/// What was typed, without the end that a line has on Windows.
fn words(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    line.strip_suffix('\r').unwrap_or(&line).to_owned()
}

/// The path in `/file PATH`.
fn file_of(line: &str) -> Option<&str> {
    line.trim().strip_prefix("/file").map(str::trim)
}

/// What is wrong with a path as that of a file to send.
fn cannot_be_sent(path: &str) -> Option<String> {
    match path {
        "" => Some("/file needs a path".to_owned()),
        path if !Path::new(path).is_file() => Some(format!("{path} is no file that can be sent")),
        _ => None,
    }
}

/// What a line means.
fn read(line: &str) -> CustomerEvent {
    if faq::wants_end(line) {
        return CustomerEvent::Ended;
    }
    let Some(path) = file_of(line) else {
        return CustomerEvent::Message(CustomerMessage::text(line));
    };
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
    let ending = Path::new(path)
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let media_type = MEDIA_TYPES
        .iter()
        .find(|(known, _)| *known == ending)
        .map(|(_, media_type)| *media_type);
    let file = Attachment {
        kind: media_type.map_or(FileKind::Document, FileKind::of_media_type),
        name: Text::new(name),
        media_type: media_type.map(str::to_owned),
        bytes: std::fs::metadata(path).ok().map(|file| file.len()),
        source: FileSource::Platform(FileRef::new(path)),
    };
    CustomerEvent::Message(CustomerMessage {
        files: vec![file],
        ..CustomerMessage::default()
    })
}

/// What the desk should show as more than a name.
const MEDIA_TYPES: [(&str, &str); 5] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

/// Puts each file into a folder of its own, so that none takes the place of another. Of one that breaks off nothing stays.
async fn save(downloads: &Path, name: &str, bytes: &dyn OpenFile) -> Result<PathBuf, Outcome> {
    let mut stream = bytes.open().await?.stream;
    let written = async {
        let folder = tempfile::Builder::new().prefix("file-").tempdir_in(downloads)?;
        let path = folder
            .path()
            .join(Path::new(name).file_name().unwrap_or("file".as_ref()));
        let mut file = tokio::fs::File::create_new(&path).await?;
        while let Some(piece) = stream.try_next().await? {
            file.write_all(&piece).await?;
        }
        file.flush().await?;
        let _kept = folder.keep();
        Ok::<_, std::io::Error>(path)
    };
    written
        .await
        .map_err(|error| Outcome::not_sent(format!("{name} cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    /// Bytes that come whole, or break off.
    struct Sent(&'static str, bool);

    #[async_trait]
    impl OpenFile for Sent {
        async fn open(&self) -> Result<OpenedFile, Outcome> {
            let end = self.1.then(|| Err(std::io::Error::other("it broke off")));
            let pieces = std::iter::once(Ok(self.0.into())).chain(end);
            Ok(OpenedFile {
                bytes: None,
                stream: stream::iter(pieces.collect::<Vec<_>>()).boxed(),
            })
        }
    }

    #[tokio::test]
    async fn a_file_takes_the_place_of_none_and_half_a_file_does_not_stay() {
        let downloads = tempfile::tempdir().expect("a folder can be made");
        let folder = downloads.path();
        let save = |bytes| async move { save(folder, "../a.txt", &bytes).await };
        let first = save(Sent("first", false)).await.expect("it is written");
        let second = save(Sent("second", false)).await.expect("it is written");
        save(Sent("half", true)).await.expect_err("it breaks off");
        for (path, bytes) in [(&first, "first"), (&second, "second")] {
            assert!(path.starts_with(folder) && path.ends_with("a.txt"), "{path:?}");
            assert_eq!(std::fs::read_to_string(path).expect("it is there"), bytes);
        }
        let kept = std::fs::read_dir(folder).expect("it is a folder").count();
        assert_eq!(kept, 2);
    }

    #[test]
    fn what_cannot_be_sent_is_told_with_what_is_wrong() {
        let kept = tempfile::tempdir().expect("a folder can be made");
        let folder = kept.path().display().to_string();
        assert_eq!(
            file_of("/file ").and_then(cannot_be_sent).as_deref(),
            Some("/file needs a path")
        );
        let told = cannot_be_sent(&folder).expect("it is a folder");
        assert_eq!(told, format!("{folder} is no file that can be sent"));
        let file = format!("{folder}/a.txt");
        std::fs::write(&file, "a").expect("it can be written");
        assert_eq!(cannot_be_sent(&file), None);
    }

    #[test]
    fn a_line_that_is_no_utf_8_is_read_all_the_same() {
        assert_eq!(words(b"na\xefve\r"), "na\u{fffd}ve");
        assert_eq!(words(b" as it is "), " as it is ");
    }
}

//! Each kind of content, in each direction, on both platforms, through the whole house: what arrives is compared to the byte.
//!
//! What the platforms and the desk refuse, their stand-ins refuse; [`Square::nobody_complains`] says whether they had to.

use std::collections::BTreeMap;

use escalator::{model::TextFormat, omnidesk::AgentText};
use escalator_house::shown::said;
use escalator_testkit::{
    desk::{Content as Line, DeskState, Party, Reply, Session, SessionStatus, Upload},
    discord, telegram,
    telegram::{Content, FileKind, Media},
    texts::agent_messages,
};
use serde_json::json;

use crate::{
    home::Plan,
    square::{OpenHouse, Square},
    street::{PATIENCE, exact},
};

const LAST: &str = "That was all";

/// Files of each kind, by what they are. Each begins as one of its kind does; then come all bytes, and what could be taken
/// for the end of a part of a form.
struct Samples(BTreeMap<&'static str, Vec<u8>>);

impl Samples {
    fn new() -> Self {
        let heads: [(&str, &[u8]); 14] = [
            (
                "png",
                b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x40\0\0\0\x40\x08\x02\0\0\0",
            ),
            ("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01"),
            ("gif", b"GIF89a\x40\0\x40\0\xf0\0\0"),
            ("webp", b"RIFF\xf0\xff\0\0WEBPVP8 "),
            ("mp4", b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2mp41"),
            ("webm", b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm"),
            ("mp3", b"ID3\x04\0\0\0\0\0\0"),
            ("m4a", b"\0\0\0\x20ftypM4A \0\0\x02\0"),
            ("ogg", b"OggS\0\x02\0\0\0\0\0\0\0\0\x07\0\0\0"),
            ("wav", b"RIFF\xf0\xff\0\0WAVEfmt "),
            ("pdf", b"%PDF-1.7\r\n"),
            ("zip", b"PK\x03\x04\x14\0"),
            ("gz", b"\x1f\x8b\x08\0"),
            ("nothing", b"\0\0\0\0"),
        ];
        let long = |(place, (what, head)): (usize, (&'static str, &[u8]))| {
            let bytes =
                (0..70_000_usize + place).map(|at| u8::try_from((at * 31 + at / 251) % 256).expect("it is a byte"));
            let mut file = head.to_vec();
            file.extend(bytes);
            file.extend(b"\r\n--boundary--\r\n\r\n");
            (what, file)
        };
        Self(heads.into_iter().enumerate().map(long).collect())
    }

    fn of(&self, what: &str) -> Vec<u8> {
        self.0[what].clone()
    }

    /// Which file these bytes are, if they are one to the last byte.
    fn which(&self, bytes: &[u8]) -> &'static str {
        let same = self.0.iter().find(|(_, file)| *file == bytes);
        same.map_or("CHANGED", |(what, _)| what)
    }
}

/// A house that is open to a customer of each platform, both with an agent.
struct Rooms {
    square: Square,
    house: OpenHouse,
    samples: Samples,
    ada: telegram::Chat,
    bob: discord::Customer,
    /// Ada's and Bob's.
    sessions: [Session; 2],
}

impl Rooms {
    async fn open(desk_text: TextFormat, agent_text: AgentText) -> Self {
        let square = Square::build().await;
        let mut plan = Plan::default();
        plan.policy.desk_text = desk_text;
        plan.omnidesk = match agent_text {
            AgentText::Plain => |desk| desk.agent_text = AgentText::Plain,
            AgentText::Html => |desk| desk.agent_text = AgentText::Html,
            AgentText::Markdown => |desk| desk.agent_text = AgentText::Markdown,
        };
        let house = square.open(plan).await;
        let ada = square.street.telegram.user("Ada").private_chat();
        ada.says("/human");
        let of_ada = session(&square, "Ada").await;
        let bob = square.discord.user("bob").global_name("Bob").dm();
        bob.says("/human");
        let of_bob = session(&square, "Bob").await;
        let rooms = Self {
            square,
            house,
            samples: Samples::new(),
            ada,
            bob,
            sessions: [of_ada, of_bob],
        };
        rooms.agent_says("Hi").await;
        rooms.both_see("Hi").await;
        rooms
    }

    /// The agent says it to both.
    async fn agent_says(&self, text: &str) {
        for session in &self.sessions {
            exact(self.square.street.desk.reply(session, Reply::new(text, "Anna")).await);
        }
    }

    async fn agent_sends(&self, name: &str, media_type: &str, what: &str) {
        for session in &self.sessions {
            let file = Upload::new(name, media_type, self.samples.of(what));
            exact(self.square.street.desk.send_file(session, file).await);
        }
    }

    /// Waits until both customers see a text of the agent's.
    async fn both_see(&self, text: &str) {
        let ada = |message: &telegram::Message| message.words().map(said) == Some(text);
        self.ada.sees(PATIENCE, ada).await.expect("it is shown on Telegram");
        let bob = |message: &discord::Message| said(&message.content.replace("**", "")) == text;
        self.bob.sees(PATIENCE, bob).await.expect("it is shown on Discord");
    }

    /// What the desk has of a customer behind the opening, once it has their last line: words as they are, and of a file its
    /// name, its type and which one it is.
    async fn at_desk(&self, session: &Session) -> Vec<String> {
        let whole = |desk: &DeskState| {
            let lines = &desk.session(session)?.transcript;
            let is_whole = lines.last()?.text() == Some(LAST);
            is_whole.then(|| lines.clone())
        };
        let lines = self.square.street.desk.wait_for(PATIENCE, whole).await;
        let lines = lines.unwrap_or_else(|_| {
            panic!(
                "the last line did not come: {:?}",
                self.square.street.desk.session(session)
            )
        });
        let of_customer = lines.iter().filter(|line| line.from == Party::Customer);
        let told = of_customer.map(|line| match &line.content {
            Line::Text { text } => text.clone(),
            Line::File { file } => {
                assert_eq!(file.size_bytes, file.bytes.len() as u64);
                format!(
                    "{} ({}): {}",
                    file.name,
                    file.content_type,
                    self.samples.which(&file.bytes)
                )
            }
        });
        let mut told: Vec<_> = told.skip(1).collect();
        assert_eq!(told.pop().as_deref(), Some(LAST));
        told
    }

    async fn close(self) {
        self.square.nobody_complains();
        self.house.shutdown().await;
    }
}

/// The session of a customer, as it opens.
async fn session(square: &Square, name: &str) -> Session {
    let theirs = |session: &&Session| session.customer.get("customerName").is_some_and(|of| of == name);
    let live = |session: &&Session| session.status != SessionStatus::Ended;
    let find = |desk: &DeskState| desk.sessions().filter(theirs).find(live).cloned();
    let found = square.street.desk.wait_for(PATIENCE, find).await;
    found.expect("a session reaches the desk")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_sends_on_telegram_reaches_the_desk_as_it_was() {
    let rooms = Rooms::open(TextFormat::Plain, AgentText::Plain).await;
    send_on_telegram(&rooms);
    let arrived = rooms.at_desk(&rooms.sessions[0]).await;
    assert_eq!(
        arrived,
        [
            "<b>no markup</b> & 1 * 2 😀",
            "bold italic under struck hidden code link (https://example.org/)\nlet x = 1 < 2;\n> quote",
            "a photo",
            "photo.jpg (image/jpeg): jpeg",
            "left\nright",
            "photo.jpg (image/jpeg): jpeg",
            "right.mp4 (video/mp4): mp4",
            "photo.jpg.png (image/png): png",
            "a film",
            "film.mp4 (video/mp4): mp4",
            "video_note.mp4 (video/mp4): mp4",
            "dance.mp4 (video/mp4): mp4",
            "song.mp3 (audio/mpeg): mp3",
            "voice.ogg (audio/ogg): ogg",
            "a document",
            "Bericht für Ada.pdf (application/pdf): pdf",
            "order.docx (application/zip): zip",
            "setup (application/octet-stream): nothing",
            "holiday.jpg.pdf (application/pdf): pdf",
            "[sticker: 😀]",
            "sticker.webp (image/webp): webp",
            "[sticker: 😎]",
            "sticker.webm (video/webm): webm",
            "[sticker: 🎉]",
            "sticker.tgs (application/x-tgsticker): gz",
            "[location: 48.2, 16.4 https://maps.google.com/?q=48.2,16.4]",
            "[place: Cafe, Main St 1, 48.2, 16.4 https://maps.google.com/?q=48.2,16.4]",
            "Contact: Eve, +431234",
            "[poll: Tea or coffee? (tea / coffee)]",
            "[🎯 6]",
            "[a message of the kind “hologram”]",
            "[in reply to “Anna: Hi”]\nthis is my answer",
            "[forwarded from Eve]\nwhat Eve sent",
            "photo.jpg.png (image/png): png",
            "my order is 11",
            "Edited: my order is 12 (before: “my order is 11”)",
        ]
    );
    rooms.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_sends_on_telegram_reaches_the_desk_in_markdown() {
    let rooms = Rooms::open(TextFormat::Markdown, AgentText::Plain).await;
    send_on_telegram(&rooms);
    let mut arrived = rooms.at_desk(&rooms.sessions[0]).await;
    arrived.retain(|line| !is_file(line));
    assert_eq!(
        arrived,
        [
            "\\<b>no markup\\</b> & 1 \\* 2 😀",
            "**bold** *italic* under ~~struck~~ hidden `code` [link](https://example.org/)\n```\nlet x = 1 < 2;\n```\n> quote",
            "a photo",
            "left\nright",
            "a film",
            "a document",
            "\\[sticker: 😀\\]",
            "\\[sticker: 😎\\]",
            "\\[sticker: 🎉\\]",
            "\\[location: 48.2, 16.4 https://maps.google.com/?q=48.2,16.4\\]",
            "\\[place: Cafe, Main St 1, 48.2, 16.4 https://maps.google.com/?q=48.2,16.4\\]",
            "Contact: Eve, +431234",
            "\\[poll: Tea or coffee? (tea / coffee)\\]",
            "\\[🎯 6\\]",
            "\\[a message of the kind “hologram”\\]",
            "\\[in reply to “Anna: Hi”\\]\nthis is my answer",
            "\\[forwarded from Eve\\]\nwhat Eve sent",
            "my order is 11",
            "Edited: my order is 12 (before: “my order is 11”)",
        ]
    );
    rooms.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_sends_on_discord_reaches_the_desk_as_it_was() {
    let rooms = Rooms::open(TextFormat::Plain, AgentText::Plain).await;
    send_on_discord(&rooms);
    let arrived = rooms.at_desk(&rooms.sessions[1]).await;
    assert_eq!(
        arrived,
        [
            "<b>no markup</b> & 1 * 2 😀",
            "bold italic under struck hidden code link (https://example.org/)\nlet x = 1 < 2;\n> quote",
            "photo.jpg (image/jpeg): jpeg",
            "both sides",
            "left.png (image/png): png",
            "right.webp (image/webp): webp",
            "dance.gif (image/gif): gif",
            "film.mp4 (video/mp4): mp4",
            "film.webm (video/webm): webm",
            "song.mp3 (audio/mpeg): mp3",
            "voice-message.ogg (audio/ogg): ogg",
            "Bericht_fr_Bob.pdf (application/pdf): pdf",
            "order.docx (application/zip): zip",
            "setup (application/octet-stream): nothing",
            "holiday.jpg.pdf (application/pdf): pdf",
            "[sticker: wave]",
            "wave.png (image/png): png",
            "[poll: Tea or coffee? (tea / coffee)]",
            "[in reply to “Anna: Hi”]\nthis is my answer",
            "[forwarded]\nwhat Eve sent",
            "eve.png (image/png): png",
            "my order is 11",
            "Edited: my order is 12 (before: “my order is 11”)",
            "[reacted ❤ to “Anna: Hi”]",
            "a slip",
            "[deleted “a slip”]",
        ]
    );
    rooms.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_sends_on_discord_reaches_the_desk_in_markdown() {
    let rooms = Rooms::open(TextFormat::Markdown, AgentText::Plain).await;
    send_on_discord(&rooms);
    let mut arrived = rooms.at_desk(&rooms.sessions[1]).await;
    arrived.retain(|line| !is_file(line));
    assert_eq!(
        arrived,
        [
            "\\<b>no markup\\</b> & 1 \\* 2 😀",
            "**bold** *italic* under ~~struck~~ hidden `code` [link](https://example.org/)\n```rust\nlet x = 1 < 2;\n```\n> quote",
            "both sides",
            "\\[sticker: wave\\]",
            "\\[poll: Tea or coffee? (tea / coffee)\\]",
            "\\[in reply to “Anna: Hi”\\]\nthis is my answer",
            "\\[forwarded\\]\nwhat Eve sent",
            "my order is 11",
            "Edited: my order is 12 (before: “my order is 11”)",
            "\\[reacted ❤ to “Anna: Hi”\\]",
            "a slip",
            "\\[deleted “a slip”\\]",
        ]
    );
    rooms.close().await;
}

/// Whether it is one of a file, which is the same in each format.
fn is_file(line: &str) -> bool {
    line.contains("): ")
}

fn send_on_telegram(rooms: &Rooms) {
    let (ada, samples) = (&rooms.ada, &rooms.samples);
    let of = |what| samples.of(what);
    let hi = ada.transcript().from_bot().last().expect("the agent said Hi").id;
    ada.says("<b>no markup</b> & 1 * 2 😀");
    ada.sends(Content::Html(
        "<b>bold</b> <i>italic</i> <u>under</u> <s>struck</s> <tg-spoiler>hidden</tg-spoiler> <code>code</code> \
         <a href=\"https://example.org/\">link</a><pre>let x = 1 &lt; 2;</pre><blockquote>quote</blockquote>"
            .to_owned(),
    ));
    ada.sends(Media::photo(of("jpeg")).caption("a photo"));
    ada.sends_album([
        Media::photo(of("jpeg")).caption("left"),
        Media::new(FileKind::Video, of("mp4"))
            .named("right.mp4")
            .caption("right"),
        Media::photo(of("png")),
    ]);
    ada.sends(
        Media::new(FileKind::Video, of("mp4"))
            .named("film.mp4")
            .caption("a film"),
    );
    ada.sends(Media::new(FileKind::VideoNote, of("mp4")));
    ada.sends(Media::new(FileKind::Animation, of("mp4")).named("dance.mp4"));
    ada.sends(Media::new(FileKind::Audio, of("mp3")).named("song.mp3"));
    ada.sends(Media::new(FileKind::Voice, of("ogg")));
    ada.sends(Media::document("Bericht für Ada.pdf", of("pdf")).caption("a document"));
    ada.sends(Media::document("order.docx", of("zip")));
    ada.sends(Media::document("setup", of("nothing")));
    ada.sends(Media::document("holiday.jpg", of("pdf")));
    ada.sends(Media::new(FileKind::Sticker, of("webp")).emoji("😀"));
    ada.sends(Media::new(FileKind::VideoSticker, of("webm")).emoji("😎"));
    ada.sends(Media::new(FileKind::AnimatedSticker, of("gz")).emoji("🎉"));
    ada.sends(Content::Location {
        latitude: 48.2,
        longitude: 16.4,
    });
    ada.sends(Content::Venue {
        latitude: 48.2,
        longitude: 16.4,
        title: "Cafe".to_owned(),
        address: "Main St 1".to_owned(),
    });
    ada.sends(Content::Contact {
        phone_number: "+431234".to_owned(),
        first_name: "Eve".to_owned(),
    });
    ada.sends(Content::Poll {
        question: "Tea or coffee?".to_owned(),
        options: vec!["tea".to_owned(), "coffee".to_owned()],
    });
    ada.sends(Content::Dice {
        emoji: "🎯".to_owned(),
        value: 6,
    });
    let new = json!({ "hologram": { "file_id": "tomorrow" } });
    ada.sends(Content::Other(new.as_object().expect("it is one").clone()));
    ada.replies(hi, "this is my answer");
    ada.forwards("Eve", Media::photo(of("png")).caption("what Eve sent"));
    let typo = ada.says("my order is 11").message_id.expect("it is a message");
    ada.edits(typo, "my order is 12").expect("it is there");
    ada.says(LAST);
}

fn send_on_discord(rooms: &Rooms) {
    let (bob, samples) = (&rooms.bob, &rooms.samples);
    let file = |name, media_type, what| discord::Content::file(name, media_type, samples.of(what));
    let hi = bob.transcript().from_bot().last().expect("the agent said Hi").id;
    bob.says("<b>no markup</b> & 1 \\* 2 😀");
    bob.says(
        "**bold** *italic* __under__ ~~struck~~ ||hidden|| `code` [link](https://example.org/)\n\
         ```rust\nlet x = 1 < 2;\n```\n> quote",
    );
    bob.sends(file("photo.jpg", "image/jpeg", "jpeg"));
    let both = discord::Content::text("both sides").with_file("left.png", "image/png", samples.of("png"));
    bob.sends(both.with_file("right.webp", "image/webp", samples.of("webp")));
    bob.sends(file("dance.gif", "image/gif", "gif"));
    bob.sends(file("film.mp4", "video/mp4", "mp4"));
    bob.sends(file("film.webm", "video/webm", "webm"));
    bob.sends(file("song.mp3", "audio/mpeg", "mp3"));
    bob.sends(discord::Content::voice(samples.of("ogg")));
    bob.sends(file("Bericht für Bob.pdf", "application/pdf", "pdf"));
    bob.sends(file("order.docx", "", "zip"));
    bob.sends(file("setup", "", "nothing"));
    bob.sends(file("holiday.jpg", "image/jpeg", "pdf"));
    bob.sends(discord::Content::default().with_sticker("wave", samples.of("png")));
    bob.sends(discord::Content::poll("Tea or coffee?", &["tea", "coffee"]));
    bob.sends(discord::Content::text("this is my answer").in_reply_to(hi));
    bob.sends(discord::Content::forwarding(
        discord::Content::text("what Eve sent").with_file("eve.png", "image/png", samples.of("png")),
    ));
    let typo = bob.says("my order is 11");
    bob.edits(typo, "my order is 12").expect("it is there");
    bob.reacts(hi, "❤").expect("it is there");
    let slip = bob.says("a slip");
    bob.deletes(slip).expect("it is there");
    bob.says(LAST);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_sends_is_shown_as_it_was() {
    let rooms = Rooms::open(TextFormat::Plain, AgentText::Plain).await;
    for (name, media_type, what) in [
        ("cat.png", "image/png", "png"),
        ("dance.gif", "image/gif", "gif"),
        ("film.mp4", "video/mp4", "mp4"),
        ("film.webm", "video/webm", "webm"),
        ("song.mp3", "audio/mpeg", "mp3"),
        ("song.m4a", "audio/mp4", "m4a"),
        ("voice.ogg", "audio/ogg", "ogg"),
        ("chime.wav", "audio/wav", "wav"),
        ("Bericht für Ada.pdf", "application/pdf", "pdf"),
        ("order.docx", "application/octet-stream", "zip"),
        ("setup", "application/octet-stream", "nothing"),
        ("photo.png", "image/png", "pdf"),
    ] {
        rooms.agent_sends(name, media_type, what).await;
    }
    rooms.agent_says(LAST).await;
    rooms.both_see(LAST).await;
    let chat = rooms.ada.transcript();
    let files = chat.from_bot().filter_map(|message| message.file.as_ref());
    let on_telegram: Vec<_> = files
        .map(|file| {
            let (kind, name) = (file.kind, file.name.as_deref().unwrap_or_default());
            format!("{kind:?} {name}: {}", rooms.samples.which(&file.bytes))
        })
        .collect();
    assert_eq!(
        on_telegram,
        [
            "Photo : png",
            "Animation dance.gif: gif",
            "Video film.mp4: mp4",
            "Document film.webm: webm",
            "Audio song.mp3: mp3",
            "Audio song.m4a: m4a",
            "Voice : ogg",
            "Document chime.wav: wav",
            "Document Bericht für Ada.pdf: pdf",
            "Document order.docx: zip",
            "Document setup: nothing",
            "Document photo.png: pdf",
        ]
    );
    let chat = rooms.bob.transcript();
    let files = chat.from_bot().flat_map(|message| &message.files);
    let on_discord: Vec<_> = files
        .map(|file| format!("{}: {}", file.name, rooms.samples.which(&file.bytes)))
        .collect();
    assert_eq!(
        on_discord,
        [
            "cat.png: png",
            "dance.gif: gif",
            "film.mp4: mp4",
            "film.webm: webm",
            "song.mp3: mp3",
            "song.m4a: m4a",
            "voice.ogg: ogg",
            "chime.wav: wav",
            "Bericht_fr_Ada.pdf: pdf",
            "order.docx: zip",
            "setup: nothing",
            "photo.png: pdf",
        ]
    );
    rooms.close().await;
}

/// Sends each of the corpus' messages, and looks whether both customers have all letters of them, in order. What stands
/// between (addresses, names, signs) is a matter of the adapters' golden tests.
async fn every_text_is_shown(format: AgentText) {
    let rooms = Rooms::open(TextFormat::Plain, format).await;
    let messages = agent_messages().into_iter().filter(|message| message.format == format);
    let mut letters = Vec::new();
    for message in messages {
        rooms.agent_says(&message.text).await;
        letters.extend(letters_of(message.read().words().as_str()));
    }
    rooms.agent_says(LAST).await;
    rooms.both_see(LAST).await;
    let shown: [String; 2] = [
        rooms
            .ada
            .transcript()
            .from_bot()
            .filter_map(telegram::Message::words)
            .collect(),
        rooms.bob.transcript().bot_texts().concat(),
    ];
    for (shown, platform) in shown.iter().zip(["Telegram", "Discord"]) {
        let mut shown = letters_of(shown);
        let lost = letters.iter().position(|letter| !shown.any(|other| other == *letter));
        let rest = lost.map(|at| letters[at..].iter().take(40).collect::<String>());
        assert_eq!(rest, None, "lost on {platform}");
    }
    rooms.close().await;
}

/// Small ones: the scheme and host of an address are written in those.
fn letters_of(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plain_text_of_an_agent_is_shown() {
    every_text_is_shown(AgentText::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_of_an_agent_in_html_is_shown() {
    every_text_is_shown(AgentText::Html).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_of_an_agent_in_markdown_is_shown() {
    every_text_is_shown(AgentText::Markdown).await;
}

//! Files both ways, compared byte by byte.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use escalator::{
    channel::EscalationChannel,
    delivery::{ChatPayload, OpenFile, OpenedFile, Outcome, Scope},
    model::{Attachment, CustomerEvent, FileKind, FileRef, FileSource, Policy, Text},
};
use escalator_testkit::{
    desk::Party,
    telegram::{DOWNLOAD, Fault, FileKind as Shown, Media, On, Plan},
};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use super::{
    rig::{Rig, SOON, quick},
    running::assert_no_secret,
    shop::Shop,
};

/// Bytes that can be opened again and again.
struct Source {
    bytes: Bytes,
    ends_early: bool,
    opened: AtomicUsize,
}

impl Source {
    fn new(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            ends_early: false,
            opened: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl OpenFile for Source {
    async fn open(&self) -> Result<OpenedFile, Outcome> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let pieces: Vec<io::Result<Bytes>> = self
            .bytes
            .chunks(1_000)
            .map(|piece| Ok(piece.to_vec().into()))
            .collect();
        let end = self.ends_early.then(|| Err(io::Error::other("the disk is gone")));
        Ok(OpenedFile {
            bytes: Some(self.bytes.len() as u64),
            stream: stream::iter(pieces.into_iter().chain(end)).boxed(),
        })
    }
}

fn png(size: usize) -> Vec<u8> {
    // Its header tells of 64 by 64 pixels: Telegram looks at that.
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x40\0\0\0\x40".to_vec();
    bytes.extend((0..size).map(|n| u8::try_from(n % 251).expect("it is below 251")));
    bytes
}

fn file(kind: FileKind, name: &str, media_type: &str, bytes: Option<u64>) -> ChatPayload {
    ChatPayload::File {
        author: Some("Anna".into()),
        continues: false,
        file: Attachment {
            kind,
            name: Text::from(name),
            media_type: Some(media_type.to_owned()),
            bytes,
            source: FileSource::Platform(FileRef::new("elsewhere")),
        },
    }
}

#[tokio::test]
async fn each_kind_of_file_arrives_whole_with_its_name_and_author() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    for (kind, name, media_type, shown) in [
        (FileKind::Image, "cat.png", "image/png", Shown::Photo),
        (FileKind::Image, "cat.gif", "image/gif", Shown::Animation),
        (FileKind::Video, "cat.mp4", "video/mp4", Shown::Video),
        (FileKind::Audio, "cat.mp3", "audio/mpeg", Shown::Audio),
        (FileKind::Voice, "cat.ogg", "audio/ogg", Shown::Voice),
        (
            FileKind::Document,
            "Bericht für Ada.pdf",
            "application/pdf",
            Shown::Document,
        ),
    ] {
        let source = Source::new(png(100_000));
        let outcome = rig
            .deliver_file(&ada, &file(kind, name, media_type, None), Some(&source))
            .await;
        assert_eq!(outcome.word(), "delivered", "{name}: {outcome:?}");
        let transcript = ada.transcript();
        let seen = transcript.from_bot().next_back().expect("it arrived");
        let stored = seen.file.as_ref().expect("it carries the file");
        assert_eq!((stored.kind, &stored.bytes), (shown, &source.bytes), "{name}");
        assert_eq!(seen.caption.as_deref(), Some("Anna:"));
        assert_eq!(seen.entities, [json!({"type": "bold", "offset": 0, "length": 5})]);
        if shown == Shown::Document {
            assert_eq!(stored.name.as_deref(), Some(name));
        }
        assert_eq!(source.opened.load(Ordering::Relaxed), 1);
    }
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn a_picture_that_telegram_refuses_is_sent_as_a_document() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let source = Source::new(&b"no picture at all"[..]);
    let payload = file(FileKind::Image, "cat.png", "image/png", None);
    let outcome = rig.deliver_file(&ada, &payload, Some(&source)).await;
    assert_eq!(outcome.word(), "delivered");
    let transcript = ada.transcript();
    let stored = transcript.messages()[0].file.as_ref().expect("it carries the file");
    assert_eq!(
        (stored.kind, &stored.bytes[..]),
        (Shown::Document, &b"no picture at all"[..])
    );
    assert_eq!(source.opened.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_caption_whose_formatting_is_refused_goes_without() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let refused = refusal("Bad Request: ENTITY_BOUNDS_INVALID");
    rig.fake.fault(On::method("sendPhoto"), Plan::Next(1, refused));
    let source = Source::new(png(1_000));
    let payload = file(FileKind::Image, "cat.png", "image/png", None);
    let outcome = rig.deliver_file(&ada, &payload, Some(&source)).await;
    assert_eq!(outcome.word(), "delivered", "{outcome:?}");
    let transcript = ada.transcript();
    let [photo] = transcript.messages() else {
        panic!("it is sent once")
    };
    assert_eq!(photo.file.as_ref().map(|file| file.kind), Some(Shown::Photo));
    assert_eq!((photo.caption.as_deref(), photo.entities.len()), (Some("Anna:"), 0));
}

#[tokio::test]
async fn a_file_whose_form_and_formatting_are_refused_arrives_without_both() {
    let (form, formatting) = (
        "Bad Request: PHOTO_INVALID_DIMENSIONS",
        "Bad Request: ENTITY_BOUNDS_INVALID",
    );
    for (photo, document) in [(vec![form], vec![formatting]), (vec![formatting, form], vec![])] {
        let rig = Rig::new().await;
        let ada = rig.ada();
        for (method, words) in [("sendPhoto", &photo), ("sendDocument", &document)] {
            for words in words {
                rig.fake.fault(On::method(method), Plan::Next(1, refusal(words)));
            }
        }
        let source = Source::new(png(1_000));
        let payload = file(FileKind::Image, "cat.png", "image/png", None);
        let outcome = rig.deliver_file(&ada, &payload, Some(&source)).await;
        assert_eq!(outcome.word(), "delivered", "{outcome:?}");
        let transcript = ada.transcript();
        let [shown] = transcript.messages() else {
            panic!("it is sent once")
        };
        assert_eq!(shown.file.as_ref().map(|file| file.kind), Some(Shown::Document));
        assert_eq!((shown.caption.as_deref(), shown.entities.len()), (Some("Anna:"), 0));
        assert_eq!(source.opened.load(Ordering::Relaxed), 3);
    }
}

#[tokio::test]
async fn a_file_of_an_agent_who_goes_on_has_no_caption() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let mut payload = file(FileKind::Image, "cat.png", "image/png", None);
    if let ChatPayload::File { continues, .. } = &mut payload {
        *continues = true;
    }
    let source = Source::new(png(1_000));
    rig.deliver_file(&ada, &payload, Some(&source)).await;
    let transcript = ada.transcript();
    assert_eq!(transcript.messages().len(), 1);
    assert_eq!(transcript.messages()[0].caption, None);
}

#[tokio::test]
async fn a_refusal_of_the_customer_or_a_lost_answer_makes_no_second_call() {
    for (fault, word) in [
        (
            Fault::Refusal {
                code: 403,
                description: "Forbidden: bot was blocked by the user".to_owned(),
            },
            "rejected",
        ),
        (Fault::LoseAnswer, "unknown"),
    ] {
        let rig = Rig::new().await;
        let ada = rig.ada();
        rig.fake.fault(On::method("sendPhoto"), Plan::Always(fault));
        let source = Source::new(png(10));
        let payload = file(FileKind::Image, "cat.png", "image/png", None);
        let outcome = rig.deliver_file(&ada, &payload, Some(&source)).await;
        assert_eq!(outcome.word(), word);
        assert!(rig.fake.calls_of("sendDocument").is_empty());
        assert_eq!(source.opened.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_album_reaches_the_agent_as_one_text_and_its_pictures_in_order() {
    let shop = Shop::open(Policy::default(), quick()).await;
    let ada = shop.fake.user("Ada").private_chat();
    ada.says("/human");
    shop.session(|_| true).await;
    let pictures = [1_000, 2_000, 3_000].map(|size| Bytes::from(png(size)));
    let [front, side, back] = pictures.clone();
    ada.sends_album([
        Media::photo(front).caption("the front"),
        Media::photo(side),
        Media::photo(back).caption("the back"),
    ]);
    let session = shop.session(|session| session.files(Party::Customer).len() == 3).await;
    let files = session.files(Party::Customer);
    let arrived: Vec<_> = files.iter().map(|file| file.bytes.clone()).collect();
    assert_eq!(arrived, pictures);
    let last = session
        .transcript
        .iter()
        .rev()
        .filter(|line| line.from == Party::Customer);
    let last: Vec<_> = last.take(4).map(|line| line.text()).collect();
    assert_eq!(
        last,
        [None, None, None, Some("the front\nthe back")],
        "the text stands in front"
    );
    assert_eq!(
        session.texts(Party::Customer).len(),
        2,
        "the reason, and the album's text"
    );
    shop.close().await;
}

#[tokio::test]
async fn a_file_that_is_too_big_is_never_opened() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let source = Source::new(png(10));
    let payload = file(FileKind::Document, "a.zip", "application/zip", Some(51 << 20));
    let outcome = rig.deliver_file(&ada, &payload, Some(&source)).await;
    let wanted = "the file is larger than the 50 MB that can be sent over Telegram";
    assert_eq!(outcome, Outcome::rejected(wanted));
    assert_eq!(source.opened.load(Ordering::Relaxed), 0);
    assert!(rig.fake.calls().is_empty());
}

#[tokio::test]
async fn a_file_that_ends_early_is_not_sent() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let source = Source {
        ends_early: true,
        ..Source::new(png(50_000))
    };
    let payload = file(FileKind::Document, "a.zip", "application/zip", None);
    let outcome = rig.deliver_file(&ada, &payload, Some(&source)).await;
    assert_eq!(outcome, Outcome::not_sent("the file could not be read to its end"));
    assert!(ada.transcript().messages().is_empty());
}

/// The reference that the channel made of a customer's file.
async fn sent_by_ada(rig: &Rig, media: Media) -> FileRef {
    let ada = rig.ada();
    rig.house.hand_over(&rig.key(&ada));
    let running = rig.run();
    ada.sends(media);
    rig.house.wait(|state| !state.accepted.is_empty()).await;
    running.stop().await;
    rig.house.look(|state| match &state.accepted[0].event {
        CustomerEvent::Message(message) => match &message.files[0].source {
            FileSource::Platform(file) => file.clone(),
            FileSource::Blob(_) => panic!("it is at the platform"),
        },
        _ => panic!("it is a message"),
    })
}

#[tokio::test]
async fn a_file_of_the_customer_is_fetched_byte_by_byte() {
    let rig = Rig::new().await;
    let bytes = png(300_000);
    let reference = sent_by_ada(
        &rig,
        Media::document("Bericht für Anna.pdf", bytes.clone()).caption("look"),
    )
    .await;
    assert_eq!(
        rig.house.look(super::desk_of_one::State::lines),
        ["look [file: Bericht für Anna.pdf]"]
    );
    for _ in 0..2 {
        let opened = rig.telegram.fetch(&reference).await.expect("it can be fetched");
        assert_eq!(opened.bytes, Some(bytes.len() as u64));
        let pieces: Vec<Bytes> = opened.stream.try_collect().await.expect("it is whole");
        assert_eq!(pieces.concat(), bytes);
    }
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn a_customers_file_beyond_the_limit_is_rejected_in_words() {
    let rig = Rig::new().await;
    let big = Media::document("a.zip", &b"x"[..]).pretending_bytes(21 << 20);
    let reference = sent_by_ada(&rig, big).await;
    let refused = rig.telegram.fetch(&reference).await.expect_err("it is too big");
    let wanted = "the file is larger than the 20 MB that can be fetched from Telegram";
    assert_eq!(refused, Outcome::rejected(wanted));
}

#[tokio::test]
async fn what_goes_wrong_with_a_fetch_speaks_for_the_lane_alone_and_shows_no_address() {
    let rig = Rig::new().await;
    let reference = sent_by_ada(&rig, Media::document("a.txt", png(2_000_000))).await;
    for (method, fault, word) in [
        ("getFile", Fault::RetryAfter { secs: 3 }, "not_sent"),
        ("getFile", Fault::LoseAnswer, "not_sent"),
        ("getFile", unauthorized(), "refused"),
        (DOWNLOAD, Fault::LoseAnswer, "not_sent"),
        (
            "getFile",
            refusal("Bad Request: wrong file_id or the file is temporarily unavailable"),
            "not_sent",
        ),
        ("getFile", refusal("Bad Request: invalid file_id"), "rejected"),
        (DOWNLOAD, Fault::Html { status: 502 }, "not_sent"),
        (DOWNLOAD, Fault::Html { status: 429 }, "not_sent"),
        (DOWNLOAD, Fault::Html { status: 404 }, "rejected"),
        (DOWNLOAD, Fault::Html { status: 400 }, "rejected"),
    ] {
        rig.fake.fault(On::method(method), Plan::Next(1, fault.clone()));
        let failed = rig.telegram.fetch(&reference).await.expect_err("it fails");
        assert_eq!(failed.word(), word, "{method} {fault:?}: {failed:?}");
        assert_no_secret(&format!("{failed:?}"));
        if let Outcome::NotSent { scope, .. } | Outcome::Refused { scope, .. } = failed {
            assert_eq!(scope, Scope::Lane);
        }
        rig.fake.clear_faults();
    }
    let unknown = rig.telegram.fetch(&FileRef::new("nothing")).await;
    assert_eq!(unknown.expect_err("it is not there").word(), "rejected");

    rig.fake.fault(
        On::method(DOWNLOAD),
        Plan::Next(
            1,
            Fault::SlowDownload {
                bytes_per_sec: 2_000_000,
            },
        ),
    );
    let opened = rig.telegram.fetch(&reference).await.expect("it begins");
    rig.fake.close_port().await.expect("the port is closed");
    let broken = opened.stream.try_collect::<Vec<_>>().await.expect_err("it breaks off");
    assert_eq!(broken.to_string(), "the download from Telegram broke off");
    assert_no_secret(&format!("{broken:?}"));
}

fn refusal(description: &str) -> Fault {
    Fault::Refusal {
        code: 400,
        description: description.to_owned(),
    }
}

fn unauthorized() -> Fault {
    Fault::Refusal {
        code: 401,
        description: "Unauthorized".to_owned(),
    }
}

#[tokio::test]
async fn a_customers_photo_is_the_largest_of_its_sizes() {
    let rig = Rig::new().await;
    let bytes = png(5_000);
    let reference = sent_by_ada(&rig, Media::photo(bytes.clone())).await;
    let opened = rig.telegram.fetch(&reference).await.expect("it can be fetched");
    let pieces: Vec<Bytes> = opened.stream.try_collect().await.expect("it is whole");
    assert_eq!(pieces.concat(), bytes);
    tokio::time::timeout(SOON, rig.fake.shutdown()).await.expect("it stops");
}

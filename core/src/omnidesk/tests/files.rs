use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Json, http::StatusCode};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::json;
use tokio::io::AsyncReadExt;

use super::{
    stub::{hang, listen, raw},
    *,
};
use crate::{
    delivery::{ByteStream, OpenedFile, Outcome, Scope},
    omnidesk::{AddAttachment, AttachmentTaken, Encoding, ErrorKind, FileName},
};

const PIECE: usize = 64 * 1024;
const PIECES: usize = 1024;
const WHOLE: u64 = (PIECE * PIECES) as u64;

async fn desk() -> Stub {
    Stub::start(|_| Json(json!({"type": "result", "message": "Done.", "ticketID": 7, "messageID": "8"}))).await
}

/// A file of 64 MiB that is made as it is read, and the count of what was read of it.
fn made_up() -> (ByteStream, Arc<AtomicU64>) {
    let read = Arc::new(AtomicU64::new(0));
    let count = read.clone();
    let pieces = stream::iter(0..PIECES).map(move |_| {
        count.fetch_add(PIECE as u64, Ordering::SeqCst);
        Ok(Bytes::from(vec![1; PIECE]))
    });
    (pieces.boxed(), read)
}

fn of_pieces(pieces: Vec<io::Result<Bytes>>) -> ByteStream {
    stream::iter(pieces).boxed()
}

async fn upload(omnidesk: &Omnidesk, bytes: Option<u64>, stream: ByteStream) -> Result<AttachmentTaken, OmnideskError> {
    let (hooks, session) = (hooks(), session());
    let attachment = AddAttachment {
        chat_server: &hooks,
        session: &session,
        name: FileName::clean("отчёт \"1\".pdf"),
        media_type: Some("application/pdf".to_owned()),
        file: OpenedFile { bytes, stream },
    };
    omnidesk.add_attachment(attachment).await
}

#[tokio::test]
async fn a_file_has_the_fields_of_the_guide_in_every_encoding() {
    for encoding in [Encoding::Multipart, Encoding::Urlencoded, Encoding::Json] {
        for bytes in [Some(6), None] {
            let stub = desk().await;
            let mut config = config(&stub.address);
            config.encoding = encoding;
            let pieces = of_pieces(vec![
                Ok(Bytes::from_static(b"\x01\x02\x03")),
                Ok(Bytes::from_static(b"\x01\x02\x03")),
            ]);
            let taken = upload(&omnidesk(config), bytes, pieces).await.expect("taken");
            assert_eq!((taken.ticket_id, taken.message_id), (Some(7), Some(8)));
            let seen = stub.last();
            assert_eq!(
                (seen.method.as_str(), seen.path.as_str()),
                ("POST", "/api/v2/chat/addAttachment")
            );
            assert_eq!(seen.api_key.as_deref(), Some(API_KEY));
            assert_eq!(seen.content_length.is_some(), bytes.is_some());
            let fields = [
                ("chatServer", HOOKS),
                ("chatAccountToken", ACCOUNT_TOKEN),
                ("sessionID", SESSION),
            ];
            assert_eq!(
                seen.fields,
                fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
            );
            let file = seen.file.expect("a file");
            assert_eq!((file.field.as_str(), file.name.as_str()), ("file", "отчёт '1'.pdf"));
            assert_eq!(
                (file.content_type.as_str(), file.bytes, file.sum),
                ("application/pdf", 6, 12)
            );
        }
    }
}

#[tokio::test]
async fn a_file_without_bytes_and_with_an_odd_media_type_is_sent() {
    let stub = desk().await;
    let (hooks, session) = (hooks(), session());
    let attachment = AddAttachment {
        chat_server: &hooks,
        session: &session,
        name: FileName::clean(""),
        media_type: Some("what is this\r\nX-Evil: 1".to_owned()),
        file: OpenedFile {
            bytes: Some(0),
            stream: of_pieces(Vec::new()),
        },
    };
    omnidesk(config(&stub.address))
        .add_attachment(attachment)
        .await
        .expect("taken");
    let file = stub.last().file.expect("a file");
    assert_eq!(
        (file.name.as_str(), file.content_type.as_str(), file.bytes),
        ("file", "application/octet-stream", 0)
    );
}

#[tokio::test]
async fn a_large_file_arrives_whole_with_and_without_its_size() {
    let stub = desk().await;
    let omnidesk = omnidesk(config(&stub.address));
    for bytes in [Some(WHOLE), None] {
        let (file, _) = made_up();
        upload(&omnidesk, bytes, file).await.expect("taken");
        let file = stub.last().file.expect("a file");
        assert_eq!((file.bytes as u64, file.sum), (WHOLE, WHOLE));
    }
}

/// A desk that does not read must hold the source up: were the file taken into memory, all of it would be read.
#[tokio::test]
async fn a_desk_that_does_not_read_holds_the_source_up() {
    let address = raw(hang).await;
    let omnidesk = omnidesk(impatient(config(&address)));
    for bytes in [Some(WHOLE), None] {
        let (file, read) = made_up();
        let error = upload(&omnidesk, bytes, file).await.expect_err("it stalls");
        assert_eq!(error.kind(), ErrorKind::File, "{error}");
        assert_eq!(
            error.outcome(),
            Outcome::not_sent("addAttachment: the desk stopped taking the file before its end")
        );
        let read = read.load(Ordering::SeqCst);
        assert!(read < WHOLE / 2, "{read} of {WHOLE} bytes were read");
    }
}

#[tokio::test]
async fn a_file_may_take_longer_than_a_call_and_than_it_may_stand_still() {
    let stub = desk().await;
    let mut config = impatient(config(&stub.address));
    config.idle_max = Duration::from_secs(1);
    let omnidesk = omnidesk(config);
    let ticks = tokio::time::interval(Duration::from_millis(150));
    let slow = stream::unfold(ticks, |mut ticks| async move {
        ticks.tick().await;
        Some((Ok(Bytes::from_static(b"\x01")), ticks))
    });
    upload(&omnidesk, Some(10), slow.take(10).boxed()).await.expect("taken");
    assert_eq!(stub.last().file.expect("a file").bytes, 10);
}

#[tokio::test]
async fn a_source_that_stops_coming_is_not_sent_for_this_lane() {
    let stub = desk().await;
    let omnidesk = omnidesk(impatient(config(&stub.address)));
    let stuck = stream::once(async { Ok(Bytes::from_static(b"abc")) }).chain(stream::pending());
    let error = upload(&omnidesk, None, stuck.boxed()).await.expect_err("it stalls");
    assert_eq!(
        error.outcome(),
        Outcome::not_sent("addAttachment: the file's bytes stopped coming")
    );
}

#[tokio::test]
async fn a_source_that_fails_is_not_sent_and_its_own_words_are_kept_back() {
    let stub = desk().await;
    let failing = of_pieces(vec![
        Ok(Bytes::from_static(b"abc")),
        Err(io::Error::new(
            io::ErrorKind::ConnectionReset,
            "https://api.telegram.org/file/bot123:SECRET/x",
        )),
    ]);
    let error = upload(&omnidesk(config(&stub.address)), Some(9), failing)
        .await
        .expect_err("it fails");
    assert_eq!(
        error.outcome(),
        Outcome::NotSent {
            detail: "addAttachment: the file could not be read: connection reset".to_owned(),
            retry_after: None,
            scope: Scope::Lane,
        }
    );
    assert!(!format!("{error:?}").contains("SECRET"));
}

#[tokio::test]
async fn a_file_that_is_not_as_long_as_it_was_said_to_be_is_not_sent() {
    let stub = desk().await;
    let omnidesk = omnidesk(config(&stub.address));
    for announced in [3, 9] {
        let pieces = of_pieces(vec![Ok(Bytes::from_static(b"abcdef"))]);
        let error = upload(&omnidesk, Some(announced), pieces).await.expect_err("6 bytes");
        assert_eq!(
            error.outcome(),
            Outcome::not_sent("addAttachment: the file is not as long as it was said to be")
        );
    }
}

#[tokio::test]
async fn a_file_that_is_too_big_is_rejected_before_and_while_it_is_sent() {
    let stub = desk().await;
    let mut config = config(&stub.address);
    config.file_bytes_max = 5;
    let omnidesk = omnidesk(config);
    for bytes in [Some(6), None] {
        let pieces = of_pieces(vec![Ok(Bytes::from_static(b"abcdef"))]);
        let error = upload(&omnidesk, bytes, pieces).await.expect_err("too big");
        assert_eq!(
            error.outcome(),
            Outcome::rejected("addAttachment: the file is larger than 5 bytes")
        );
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_files_end_is_not_sent() {
    let address = raw(|mut connection| async move {
        let mut start = [0; 1024];
        connection.read_exact(&mut start).await.expect("a start");
    })
    .await;
    let (file, _) = made_up();
    let error = upload(&omnidesk(config(&address)), Some(WHOLE), file)
        .await
        .expect_err("a reset");
    assert_eq!((error.kind(), error.outcome().word()), (ErrorKind::File, "not_sent"));
}

#[tokio::test]
async fn a_desk_that_hangs_after_the_files_end_leaves_the_outcome_unknown() {
    let address = raw(|mut connection| async move {
        tokio::io::copy(&mut connection, &mut tokio::io::sink())
            .await
            .expect("it reads");
    })
    .await;
    let pieces = of_pieces(vec![Ok(Bytes::from_static(b"abc"))]);
    let error = upload(&omnidesk(impatient(config(&address))), Some(3), pieces)
        .await
        .expect_err("no answer");
    assert_eq!(error.outcome(), Outcome::unknown("addAttachment: no answer in time"));
}

#[tokio::test]
async fn a_file_for_a_closed_port_is_not_sent_and_speaks_for_the_door() {
    let (listener, address) = listen().await;
    drop(listener);
    let (file, read) = made_up();
    let error = upload(&omnidesk(config(&address)), Some(WHOLE), file)
        .await
        .expect_err("closed");
    assert!(matches!(error.outcome(), Outcome::NotSent { scope: Scope::Door, .. }));
    assert_eq!(read.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_desk_that_quotes_a_files_name_is_not_quoted_itself() {
    let stub = Stub::start(|_| {
        let quoted = "the file 'отчёт '1'.pdf' is not allowed";
        (
            StatusCode::BAD_REQUEST,
            Json(json!({"status": "error", "message": quoted})),
        )
    })
    .await;
    let omnidesk = omnidesk(config(&stub.address));
    let refused = upload(&omnidesk, Some(1), of_pieces(vec![Ok(Bytes::from_static(b"1"))]));
    let told = refused.await.expect_err("it is refused").to_string();
    assert!(told.contains("is not allowed") && !told.contains("отчёт"), "{told}");
}

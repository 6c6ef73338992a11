//! Files, from where they are to where they go.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};

use super::{bed::Bed, exits::Answer};
use crate::{
    delivery::Scope,
    model::{Attachment, CustomerEvent, CustomerMessage, FileKind, FileRef, FileSource, OnUnknown},
    store::{
        Incoming, Store,
        rig::{agent_file, update},
    },
};

fn customer_sends(n: u32, position: i64, file: &str) -> Incoming {
    customer_names(n, position, file, "report.pdf", None)
}

fn customer_names(n: u32, position: i64, file: &str, name: &str, media_type: Option<&str>) -> Incoming {
    let file = Attachment {
        kind: FileKind::Document,
        name: name.into(),
        media_type: media_type.map(str::to_owned),
        bytes: None,
        source: FileSource::Platform(FileRef::new(file)),
    };
    let message = CustomerMessage {
        files: vec![file],
        ..CustomerMessage::default()
    };
    update(n, position, CustomerEvent::Message(message))
}

#[tokio::test]
async fn a_file_is_read_anew_for_each_attempt() {
    for mut bed in Bed::each().await {
        bed.start();
        let sessions = bed.with_agents([1]).await;
        let bytes = Bytes::from(vec![7; 200_000]);
        let sent = stream::iter([Ok(bytes.clone())]).boxed();
        let (blob, _) = bed.ledger.blobs().put(sent, 1 << 20).await.expect("it is kept");
        let again = || vec![Answer::not_sent(Scope::Lane, None), Answer::unknown()];
        bed.channel.side.answers_first([("[image: cat.png]", again())]);
        bed.accept([agent_file(sessions[0], blob, 200_000)]).await;
        bed.drained().await;
        let files = bed.channel.files.lock().expect("nobody panicked").clone();
        assert_eq!(files, vec![bytes.to_vec(); 3]);

        let report = b"a report".to_vec();
        let remote = |name: &str| {
            bed.channel
                .remote
                .lock()
                .expect("nobody panicked")
                .insert(name.into(), report.clone())
        };
        remote("file-1");
        bed.desk.side.answers_first([("[file: report.pdf]", again())]);
        bed.accept([customer_sends(1, 2, "file-1")]).await;
        bed.drained().await;
        let files = bed.desk.files.lock().expect("nobody panicked").clone();
        assert_eq!(files, vec![report.clone(); 3]);
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

/// Its first bytes come in two pieces, so that a look at one of them is not enough.
#[tokio::test]
async fn a_file_of_the_customer_goes_as_what_its_bytes_show() {
    for mut bed in Bed::each().await {
        bed.start();
        bed.with_agents([1]).await;
        let program = b"MZ\x90\x00\x03\x00\x00\x00".repeat(20_000);
        let remote = |name: &str, bytes: &[u8]| {
            let mut files = bed.channel.remote.lock().expect("nobody panicked");
            files.insert(name.to_owned(), bytes.to_vec());
        };
        remote("program", &program);
        remote("picture", b"\x89PNG\r\n\x1a\n");
        bed.accept([
            customer_names(1, 2, "program", "holiday.jpg", Some("image/jpeg")),
            customer_names(1, 3, "picture", "screenshot", None),
        ])
        .await;
        bed.drained().await;
        let words = bed.desk.side.words();
        assert_eq!(
            words[words.len() - 2..],
            ["[file: holiday.jpg.exe]", "[file: screenshot.png]"]
        );
        let sent = bed.desk.types.lock().expect("nobody panicked").clone();
        let program_type = "application/vnd.microsoft.portable-executable";
        assert_eq!(sent, [Some(program_type.to_owned()), Some("image/png".to_owned())]);
        assert_eq!(
            bed.desk.files.lock().expect("nobody panicked")[0],
            program,
            "nothing of it is lost by the look"
        );
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn a_file_that_is_gone_is_a_dead_letter() {
    for mut bed in Bed::each().await {
        bed.start();
        let sessions = bed.with_agents([1]).await;
        let gone = crate::model::BlobId::mint();
        bed.accept([agent_file(sessions[0], gone, 5), customer_sends(1, 2, "gone")])
            .await;
        bed.drained().await;
        let letters = bed.ledger.dead_letters(9).await.expect("they are read");
        let mut details: Vec<&str> = letters.iter().map(|letter| letter.detail.as_str()).collect();
        details.sort_unstable();
        assert_eq!(
            details,
            ["the file's bytes are no longer kept", "there is no such file"]
        );
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_gives_no_file_out_leaves_no_doubt_whether_the_desk_has_it() {
    let mut bed = Bed::paused().await;
    // What may have arrived is not sent again.
    bed.settings.on_unknown = OnUnknown::DeadLetter;
    bed.settings.desk.file_call_max = Duration::from_mins(1);
    bed.start();
    bed.with_agents([1]).await;
    let remote = || bed.channel.remote.lock().expect("nobody panicked");
    remote().insert("slow".to_owned(), b"a report".to_vec());
    bed.channel.gives_files.send_replace(false);
    bed.accept([customer_sends(1, 2, "slow")]).await;
    tokio::time::sleep(bed.settings.desk.file_call_max + Duration::from_secs(1)).await;
    bed.channel.gives_files.send_replace(true);
    bed.drained_in_days(1).await;
    let letters = bed.ledger.dead_letters(9).await.expect("they are read");
    assert_eq!(letters.len(), 0, "{letters:?}");
    assert_eq!(*bed.desk.files.lock().expect("nobody panicked"), [b"a report"]);
}

#[tokio::test]
async fn files_that_hang_delay_no_text_of_others() {
    for mut bed in Bed::each().await {
        bed.settings.desk.file_calls_max = 2;
        bed.start();
        bed.with_agents(1..=5).await;
        let remote = || bed.channel.remote.lock().expect("nobody panicked");
        remote().insert("slow".to_owned(), vec![1; 10]);
        bed.desk.side.gate.close();
        bed.desk.side.answers(|words| match words {
            "[file: report.pdf]" => Answer::AtTheGate,
            _ => Answer::Outcome(crate::delivery::Outcome::delivered()),
        });
        bed.accept((1..=4).map(|n| customer_sends(n, 2, "slow"))).await;
        bed.desk.side.gate.holds(2).await;
        let before = bed.desk.side.calls().len();
        for at in 2..30 {
            bed.accept([crate::store::rig::message(5, at, "text")]).await;
        }
        bed.desk.side.called(before + 28).await;
        let files = bed.desk.side.words();
        assert_eq!(files.iter().filter(|words| *words == "[file: report.pdf]").count(), 2);
        bed.desk.side.gate.open();
        bed.drained().await;
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

//! Files.

use std::io;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, future::join, poll, stream, stream::BoxStream};

use crate::{
    delivery::OpenedFile,
    model::BlobId,
    store::{
        AgeOut, Ledger, Maintained, Maintenance, Store, StoreError,
        rig::{Place, agent_file, deliver_all, with_agent},
    },
};

/// More than two pieces of what a ledger keeps in one.
const BYTES: usize = 300_000;

/// A file that comes in small parts of odd lengths.
fn file(bytes: usize, seed: u8) -> Vec<u8> {
    (0..=250).cycle().take(bytes).map(|at: u8| at ^ seed).collect()
}

fn sent(bytes: &[u8]) -> BoxStream<'_, io::Result<Bytes>> {
    stream::iter(bytes.chunks(7_001).map(|part| Ok(Bytes::copy_from_slice(part)))).boxed()
}

async fn put(ledger: &Ledger, bytes: &[u8]) -> BlobId {
    let (blob, kept) = ledger
        .blobs()
        .put(sent(bytes), 1 << 20)
        .await
        .expect("the file is kept");
    assert_eq!(kept, bytes.len() as u64);
    blob
}

async fn read(ledger: &Ledger, blob: BlobId) -> Option<Vec<u8>> {
    let OpenedFile { bytes, stream } = ledger.blobs().open(blob).await.expect("it is read")?;
    let parts: Vec<Bytes> = stream.try_collect().await.expect("it is whole");
    let whole = parts.concat();
    assert_eq!(bytes, Some(whole.len() as u64));
    Some(whole)
}

#[tokio::test]
async fn a_file_is_read_as_it_was_kept_as_often_as_it_is_opened() {
    for place in Place::each().await {
        let ledger = place.open().await;
        for bytes in [0, 1, 128 << 10, BYTES] {
            let whole = file(bytes, 3);
            let blob = put(&ledger, &whole).await;
            assert_eq!(read(&ledger, blob).await.as_deref(), Some(&*whole));
        }
        let whole = file(BYTES, 9);
        let blob = put(&ledger, &whole).await;
        let ledger = place.reopen(ledger).await;
        for _ in 0..2 {
            assert_eq!(read(&ledger, blob).await.as_deref(), Some(&*whole));
        }
        assert_eq!(read(&ledger, BlobId::mint()).await, None);
        ledger.close().await;
    }
}

#[tokio::test]
async fn files_that_come_at_once_do_not_mix() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let (one, other) = (file(BYTES, 1), file(BYTES, 2));
        let (first, second) = join(put(&ledger, &one), put(&ledger, &other)).await;
        assert_eq!(read(&ledger, first).await.as_deref(), Some(&*one));
        assert_eq!(read(&ledger, second).await.as_deref(), Some(&*other));
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_or_breaks_off_leaves_nothing() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let whole = file(BYTES, 3);
        let too_large = ledger.blobs().put(sent(&whole), BYTES as u64 - 1).await;
        assert!(
            matches!(too_large, Err(StoreError::TooLarge { bytes_max: 299_999 })),
            "{too_large:?}"
        );
        let broken = sent(&whole).chain(stream::once(async { Err(io::Error::other("hung up")) }));
        let broken = ledger.blobs().put(broken.boxed(), 1 << 20).await;
        assert!(matches!(broken, Err(StoreError::BrokenOff { .. })), "{broken:?}");
        assert_eq!(old(&place, &ledger).await, 0, "no piece was left");
        ledger
            .blobs()
            .put(sent(&whole), BYTES as u64)
            .await
            .expect("it is not larger");
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_file_that_is_not_wanted_goes_and_one_that_was_never_whole_is_none() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let blob = put(&ledger, &file(BYTES, 3)).await;
        for _ in 0..2 {
            ledger.blobs().discard(blob).await.expect("it is written");
            assert_eq!(read(&ledger, blob).await, None);
        }
        let whole = file(BYTES, 4);
        {
            let endless = sent(&whole).chain(stream::pending());
            let blobs = ledger.blobs();
            place.faults.commits.close();
            let mut dropped = blobs.put(endless.boxed(), 1 << 20);
            assert!(poll!(&mut dropped).is_pending());
            place.faults.commits.holds(1).await;
        }
        place.faults.commits.open();
        assert!(
            old(&place, &ledger).await > 0,
            "its pieces are removed when they are old"
        );
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_file_stays_for_as_long_as_a_delivery_needs_it() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        let whole = file(BYTES, 3);
        let blob = put(&ledger, &whole).await;
        let hook = agent_file(session, blob, BYTES as u64);
        ledger.accept(vec![hook]).await.expect("it is written");
        assert_eq!(old(&place, &ledger).await, 0);
        assert_eq!(read(&ledger, blob).await.as_deref(), Some(&*whole));
        deliver_all(&ledger).await;
        assert!(old(&place, &ledger).await > 0);
        assert_eq!(read(&ledger, blob).await, None);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_file_that_goes_while_it_is_read_is_not_taken_for_whole() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let blob = put(&ledger, &file(BYTES, 3)).await;
        let opened = ledger
            .blobs()
            .open(blob)
            .await
            .expect("it is read")
            .expect("it is there");
        let mut stream = opened.stream;
        stream
            .next()
            .await
            .expect("there is a first piece")
            .expect("it is read");
        ledger.blobs().discard(blob).await.expect("it is written");
        let cut = stream.next().await.expect("it says so").expect_err("the rest is gone");
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_file_waits_where_an_event_is_refused() {
    let mut place = Place::in_memory();
    place.settings.queue_max = 1;
    let ledger = place.open().await;
    place.faults.commits.close();
    let whole = file(BYTES, 3);
    let keeping = async {
        let kept = join(put(&ledger, &whole), put(&ledger, &whole));
        join(kept, put(&ledger, &whole)).await
    };
    let opening = async {
        place.faults.commits.holds(1).await;
        place.faults.commits.open();
    };
    let (((first, second), third), ()) = crate::store::rig::within(join(keeping, opening)).await;
    for blob in [first, second, third] {
        assert_eq!(read(&ledger, blob).await.as_deref(), Some(&*whole));
    }
}

/// Removes what is older than an hour, two hours from now, and tells how much that was.
async fn old(place: &Place, ledger: &Ledger) -> u64 {
    place.clock.advance(std::time::Duration::from_hours(2));
    let removed = ledger.maintain(Maintenance::AgeOut(AgeOut::default())).await;
    match removed.expect("it is written") {
        Maintained::Removed(rows) => rows,
        other => panic!("an age-out was answered {other:?}"),
    }
}

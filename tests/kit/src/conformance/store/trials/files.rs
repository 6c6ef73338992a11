//! The bytes of files.

use std::{io, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use escalator::{
    model::BlobId,
    store::{AgeOut, Maintenance, StoreError},
};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};

use crate::conformance::{
    Stop,
    store::bed::{Bed, agent_sends},
    trial::{Checked, broken, ensure, same},
};

/// More than a store would keep in one piece.
const BYTES: usize = 300_000;

pub(super) async fn whole(bed: Arc<Bed>) -> Checked {
    let mut kept = Vec::new();
    for bytes in [0, 1, BYTES] {
        let whole = file(bytes, 3);
        kept.push((put(&bed, &whole).await?, whole));
    }
    for (blob, whole) in &kept {
        for _time in 0..2 {
            ensure(
                read(&bed, *blob).await?.as_ref() == Some(whole),
                "a file must be read as it was kept",
            )?;
        }
    }
    ensure(
        read(&bed, BlobId::mint()).await?.is_none(),
        "a file that was never kept is none",
    )?;
    match bed.crash().await {
        // A store that keeps nothing has shown what it can.
        Err(Stop::Skipped(_)) => return Ok(()),
        crashed => crashed?,
    }
    for (blob, whole) in &kept {
        ensure(
            read(&bed, *blob).await?.as_ref() == Some(whole),
            "a file must survive a crash",
        )?;
    }
    Ok(())
}

pub(super) async fn refused(bed: Arc<Bed>) -> Checked {
    let whole = file(BYTES, 3);
    let blobs = bed.store().blobs();
    let too_large = blobs.put(sent(&whole), BYTES as u64 - 1).await;
    ensure(
        matches!(too_large, Err(StoreError::TooLarge { .. })),
        format!("a file past the cap must be refused as too large: {too_large:?}"),
    )?;
    let broken_off = sent(&whole).chain(stream::once(async { Err(io::Error::other("hung up")) }));
    let broken_off = blobs.put(broken_off.boxed(), 1 << 20).await;
    ensure(
        matches!(broken_off, Err(StoreError::BrokenOff { .. })),
        format!("a file without its end must be refused: {broken_off:?}"),
    )?;
    ensure(
        blobs.put(sent(&whole), BYTES as u64).await.is_ok(),
        "a file of the very cap must be taken",
    )
}

pub(super) async fn discarded(bed: Arc<Bed>) -> Checked {
    let blob = put(&bed, &file(BYTES, 3)).await?;
    for _time in 0..2 {
        let discarded = bed.store().blobs().discard(blob).await;
        ensure(discarded.is_ok(), "a file may be discarded, and again")?;
        ensure(read(&bed, blob).await?.is_none(), "a file that was discarded is gone")?;
    }
    Ok(())
}

pub(super) async fn swept(bed: Arc<Bed>) -> Checked {
    let session = bed.with_agent(1).await?;
    let whole = file(BYTES, 3);
    let blob = put(&bed, &whole).await?;
    bed.accept(vec![agent_sends(session, blob, BYTES as u64)]).await?;
    sweep(&bed).await?;
    ensure(
        read(&bed, blob).await?.as_ref() == Some(&whole),
        "a file stays while a delivery needs it",
    )?;
    bed.deliver_all().await?;
    sweep(&bed).await?;
    ensure(
        read(&bed, blob).await?.is_none(),
        "an old file that no delivery needs goes",
    )
}

/// Removes what is old, two hours from now, until nothing is.
pub(super) async fn sweep(bed: &Bed) -> Checked {
    bed.advance(Duration::from_hours(2));
    for _step in 0..4 {
        bed.maintain(Maintenance::AgeOut(AgeOut::default())).await?;
    }
    Ok(())
}

/// A file that comes in small parts of odd lengths.
fn sent(bytes: &Bytes) -> BoxStream<'static, io::Result<Bytes>> {
    let parts: Vec<_> = bytes
        .chunks(7_001)
        .map(|part| Ok(Bytes::copy_from_slice(part)))
        .collect();
    stream::iter(parts).boxed()
}

pub(super) fn file(bytes: usize, seed: u8) -> Bytes {
    (0..=250_u8).cycle().take(bytes).map(|at| at ^ seed).collect()
}

pub(super) async fn put(bed: &Bed, bytes: &Bytes) -> Checked<BlobId> {
    let (blob, kept) = match bed.store().blobs().put(sent(bytes), 1 << 20).await {
        Ok(kept) => kept,
        Err(failed) => return broken(format!("a file cannot be kept: {failed}")),
    };
    same(&kept, &(bytes.len() as u64), "bytes that were kept")?;
    Ok(blob)
}

pub(super) async fn read(bed: &Bed, blob: BlobId) -> Checked<Option<Bytes>> {
    let reading = async {
        let Some(opened) = bed.store().blobs().open(blob).await.map_err(io::Error::other)? else {
            return Ok(None);
        };
        let whole = opened.stream.try_fold(BytesMut::new(), |mut whole, piece| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        });
        whole.await.map(|whole| Some(whole.freeze()))
    };
    let read: io::Result<Option<Bytes>> = bed.patience.within("the file is read", reading).await?;
    read.or_else(|failed| broken(format!("a file cannot be read: {failed}")))
}

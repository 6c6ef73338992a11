//! Files, piece by piece.

use bytes::Bytes;

use super::{
    Bed, Case,
    samples::{at, blob_id, changes},
};
use crate::store::{StoreError, backend::Changes};

pub(super) const CASES: [(&str, Case); 3] = [
    ("a file is read once it is whole", |bed| {
        Box::pin(a_file_is_read_once_it_is_whole(bed))
    }),
    ("an empty file is a file", |bed| Box::pin(an_empty_file_is_a_file(bed))),
    ("a file that is dropped is gone", |bed| {
        Box::pin(a_file_that_is_dropped_is_gone(bed))
    }),
];

async fn a_file_is_read_once_it_is_whole(bed: &mut dyn Bed) {
    let blob = blob_id(1);
    write(bed, vec![(0, b"ab"), (1, b"c\0")]).await;
    bed.reopen().await;
    assert_eq!(bed.backend().blob_bytes(blob).await.expect("it is read"), None);
    assert_eq!(piece(bed, 0).await, None, "half a file is no file");
    write(bed, vec![(2, b"e")]).await;
    let whole = Changes {
        blobs: vec![(blob, 5)],
        ..changes(at(2))
    };
    bed.backend().commit(&whole).await.expect("it is written");
    bed.reopen().await;
    assert_eq!(bed.backend().blob_bytes(blob).await.expect("it is read"), Some(5));
    for (number, bytes) in [(0, Some("ab")), (1, Some("c\0")), (2, Some("e")), (3, None)] {
        assert_eq!(piece(bed, number).await, bytes.map(Bytes::from), "{number}");
    }
    let twice = Changes {
        blob_pieces: vec![(blob, 1, Bytes::new())],
        ..changes(at(3))
    };
    let refused = bed.backend().commit(&twice).await;
    assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{refused:?}");
}

async fn an_empty_file_is_a_file(bed: &mut dyn Bed) {
    let whole = Changes {
        blobs: vec![(blob_id(1), 0)],
        ..changes(at(2))
    };
    bed.backend().commit(&whole).await.expect("it is written");
    bed.reopen().await;
    assert_eq!(bed.backend().blob_bytes(blob_id(1)).await.expect("it is read"), Some(0));
    assert_eq!(piece(bed, 0).await, None);
}

async fn a_file_that_is_dropped_is_gone(bed: &mut dyn Bed) {
    let batch = Changes {
        blob_pieces: vec![
            (blob_id(1), 0, Bytes::from_static(b"ab")),
            (blob_id(2), 0, Bytes::from_static(b"cd")),
        ],
        blobs: vec![(blob_id(1), 2), (blob_id(2), 2)],
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let drop = Changes {
        blobs_dropped: vec![blob_id(1), blob_id(9)],
        ..changes(at(1))
    };
    bed.backend().commit(&drop).await.expect("it is written");
    bed.reopen().await;
    assert_eq!(bed.backend().blob_bytes(blob_id(1)).await.expect("it is read"), None);
    assert_eq!(piece(bed, 0).await, None);
    assert_eq!(bed.backend().blob_bytes(blob_id(2)).await.expect("it is read"), Some(2));
}

async fn write(bed: &dyn Bed, pieces: Vec<(u32, &'static [u8])>) {
    let pieces = pieces
        .into_iter()
        .map(|(number, bytes)| (blob_id(1), number, Bytes::from_static(bytes)));
    let batch = Changes {
        blob_pieces: pieces.collect(),
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
}

async fn piece(bed: &dyn Bed, number: u32) -> Option<Bytes> {
    bed.backend().blob_piece(blob_id(1), number).await.expect("it is read")
}

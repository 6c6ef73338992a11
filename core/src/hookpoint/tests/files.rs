use base64::{Engine, engine::general_purpose};
use http::StatusCode;

use super::{
    form::{FORM, JSON, MULTIPART, broken, dripping, field, file, json, multipart, urlencoded},
    world::{World, locked},
};
use crate::{
    model::{Attachment, DeskEvent, FileKind, FileSource, SessionId},
    store::StoreError,
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n-and so on-\r\n--\r\n";
const HOOK: &str = "uploadForCustomer";

/// The one file that was heard, and its bytes.
#[track_caller]
fn heard(world: &World) -> (Attachment, Vec<u8>) {
    let mut heard = world.heard();
    assert_eq!(heard.len(), 1);
    let Some(DeskEvent::File(file)) = heard.pop() else {
        panic!("a file was heard");
    };
    let FileSource::Blob(blob) = file.source else {
        panic!("its bytes are kept");
    };
    let bytes = locked(&world.blobs.kept).remove(&blob).expect("they are kept");
    assert_eq!(file.bytes, Some(bytes.len() as u64));
    (file, bytes.to_vec())
}

#[track_caller]
fn assert_nothing_is_kept(world: &World, why: &str) {
    assert!(locked(&world.blobs.kept).is_empty(), "{why}");
    assert!(world.heard().is_empty(), "{why}");
}

#[tokio::test]
async fn a_file_is_heard_in_multipart_wherever_it_stands() {
    let world = World::new();
    let session = world.session.to_string();
    let png = || file(Some("cat.png"), Some("image/png"), PNG);
    for (told, parts) in [
        ("first", vec![png(), field("sessionID", &session)]),
        ("last", vec![field("sessionID", &session), png()]),
        ("between", vec![field("a", "b"), png(), field("SESSIONID", &session)]),
        ("in capitals", vec![png().named("FILE"), field("sessionID", &session)]),
        (
            "twice",
            vec![
                png(),
                file(Some("b.txt"), None, b"second"),
                field("sessionID", &session),
            ],
        ),
        (
            "beside another",
            vec![png().named("thumbnail"), png(), field("sessionID", &session)],
        ),
    ] {
        let body = multipart(&parts);
        for body in [body.clone().into(), dripping(&body, 1), dripping(&body, 11)] {
            let answered = world.call(HOOK, MULTIPART, body).await;
            assert_eq!(answered, (StatusCode::OK, "ok".to_owned()), "{told}");
            let (file, bytes) = heard(&world);
            assert_eq!((file.name.as_str(), file.kind), ("cat.png", FileKind::Image), "{told}");
            assert_eq!(file.media_type.as_deref(), Some("image/png"), "{told}");
            assert_eq!(bytes, PNG, "{told}");
        }
    }
}

#[tokio::test]
async fn a_file_is_heard_in_base64_in_json_and_urlencoded() {
    let world = World::new();
    let session = world.session.to_string();
    let plain = general_purpose::STANDARD.encode(PNG);
    let url_safe = general_purpose::URL_SAFE_NO_PAD.encode(PNG);
    let address = format!("data:image/png;base64,{plain}");
    for text in [&plain, &url_safe, &address] {
        let fields = [("FILE", &**text), ("fileName", "cat.png"), ("sessionID", &session)];
        for (media_type, body) in [
            (JSON, json(&fields)),
            (FORM, urlencoded(&fields)),
            (None, json(&fields)),
        ] {
            let answered = world.call(HOOK, media_type, body).await;
            assert_eq!(answered, (StatusCode::OK, "ok".to_owned()), "{text}");
            let (file, bytes) = heard(&world);
            assert_eq!((file.name.as_str(), file.kind), ("cat.png", FileKind::Image));
            assert_eq!(bytes, PNG);
        }
    }
}

#[tokio::test]
async fn a_file_in_a_query_string_is_refused_with_the_reason() {
    let world = World::new();
    let session = world.session.to_string();
    let target = format!("{HOOK}?{}", urlencoded(&[("file", "AAAA"), ("sessionID", &session)]));
    let (status, said) = world.call(&target, None, Vec::new()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(said.contains("query string"), "{said}");
    assert_nothing_is_kept(&world, "it was refused");
}

#[tokio::test]
async fn a_session_in_the_query_string_goes_with_a_file_in_the_body() {
    let world = World::new();
    let target = format!("{HOOK}?sessionID={}&fileName=from-query.bin", world.session);
    let body = multipart(&[file(None, None, b"bytes")]);
    assert_eq!(world.call(&target, MULTIPART, body).await.0, StatusCode::OK);
    assert_eq!(heard(&world).0.name.as_str(), "from-query.bin");
}

#[tokio::test]
async fn names_are_cleaned_or_made_up_and_types_are_looked_at() {
    let world = World::new();
    let session = world.session.to_string();
    let long = format!("{}.pdf", "a".repeat(200));
    for (name, media_type, bytes, shown, kind) in [
        (None, None, PNG, "file.png", FileKind::Image),
        (Some(""), Some("image/jpeg"), PNG, "file.png", FileKind::Image),
        (None, Some("text/plain"), b"words", "file.txt", FileKind::Document),
        (None, None, b"words", "file.bin", FileKind::Document),
        (Some("../../x/cat.png"), None, PNG, "cat.png", FileKind::Image),
        (
            Some("gpj\u{202e}.exe"),
            Some("image/png"),
            b"MZ\0\0",
            "gpj.exe",
            FileKind::Document,
        ),
        (
            Some("fake.png"),
            Some("image/png"),
            b"<html>",
            "fake.png",
            FileKind::Document,
        ),
        (
            Some(&*long),
            None,
            b"x",
            &format!("{}.pdf", "a".repeat(116)),
            FileKind::Document,
        ),
        (Some("Größe.txt"), None, b"x", "Größe.txt", FileKind::Document),
    ] as [(Option<&str>, Option<&str>, &[u8], &str, FileKind); 9]
    {
        let body = multipart(&[file(name, media_type, bytes), field("sessionID", &session)]);
        assert_eq!(world.call(HOOK, MULTIPART, body).await.0, StatusCode::OK, "{name:?}");
        let (file, _) = heard(&world);
        assert_eq!((file.name.as_str(), file.kind), (shown, kind), "{name:?}");
    }
}

#[tokio::test]
async fn a_file_that_nobody_chose_is_none() {
    let world = World::new();
    let session = world.session.to_string();
    let body = multipart(&[
        file(Some(""), Some("application/octet-stream"), b""),
        field("sessionID", &session),
    ]);
    let (status, said) = world.call(HOOK, MULTIPART, body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(said.contains("`file`"), "{said}");
    assert_nothing_is_kept(&world, "there was none");
}

#[tokio::test]
async fn the_file_of_a_refused_hook_is_dropped() {
    let world = World::new();
    let session = world.session.to_string();
    let png = || file(Some("cat.png"), None, PNG);
    let unknown = SessionId::mint().to_string();
    let whole = multipart(&[png(), field("sessionID", &session)]);
    let cut = &whole[..whole.len() - 30];
    let ended = StatusCode::OK;
    let bad = StatusCode::BAD_REQUEST;
    for (told, body, status) in [
        (
            "of an unknown session",
            multipart(&[png(), field("sessionID", &unknown)]).into(),
            ended,
        ),
        (
            "of a foreign session",
            multipart(&[png(), field("sessionID", "visitor-42")]).into(),
            ended,
        ),
        ("of no session", multipart(&[png()]).into(), bad),
        ("whose body breaks off inside", broken(&whole[..120]), bad),
        ("whose body breaks off behind it", broken(cut), bad),
        ("whose body ends inside", whole[..120].to_vec().into(), bad),
        ("whose body ends behind it", cut.to_vec().into(), bad),
    ] {
        let (got, said) = world.call(HOOK, MULTIPART, body).await;
        assert_eq!(got, status, "{told}: {said}");
        assert_nothing_is_kept(&world, told);
    }
    let text = general_purpose::STANDARD.encode(PNG);
    let (status, _) = world
        .call(HOOK, JSON, json(&[("file", &text), ("sessionID", &unknown)]))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_nothing_is_kept(&world, "of an unknown session, in base64");
}

#[tokio::test]
async fn a_file_that_a_dead_letter_may_name_is_left() {
    let world = World::new();
    let over = world.store.over.to_string();
    let body = multipart(&[file(Some("late.png"), None, PNG), field("sessionID", &over)]);
    assert_eq!(world.call(HOOK, MULTIPART, body).await.0, StatusCode::OK);
    assert_eq!(locked(&world.blobs.kept).len(), 1);

    *locked(&world.store.failure) = Some(StoreError::unavailable("its answer was lost"));
    let session = world.session.to_string();
    let body = multipart(&[file(Some("cat.png"), None, PNG), field("sessionID", &session)]);
    let (status, _) = world.call(HOOK, MULTIPART, body).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(locked(&world.blobs.kept).len(), 2, "the commit may have happened");
}

#[tokio::test]
async fn files_have_caps_of_their_own() {
    let world = World::with(|settings| {
        settings.text_body_bytes_max = 1_000;
        settings.file_bytes_max = 500_000;
        settings.base64_body_bytes_max = 8_000;
    });
    let session = world.session.to_string();
    let with = |bytes: &[u8]| multipart(&[file(Some("a.bin"), None, bytes), field("sessionID", &session)]);
    let (large, too_large) = (vec![7; 500_000], vec![7; 500_001]);
    assert_eq!(world.call(HOOK, MULTIPART, with(&large)).await.0, StatusCode::OK);
    assert_eq!(heard(&world).1, large);

    // In large parts, as a fast caller's come, and in small ones.
    for part_bytes in [400_000, 64 << 10, 1_000] {
        let body = dripping(&with(&large), part_bytes);
        assert_eq!(world.call(HOOK, MULTIPART, body).await.0, StatusCode::OK);
        assert_eq!(heard(&world).1, large);
        let body = dripping(&with(&too_large), part_bytes);
        let (status, said) = world.call(HOOK, MULTIPART, body).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{said}");
        assert!(said.contains("500000"), "{said}");
        assert_nothing_is_kept(&world, "it was too large");
    }

    let fits = general_purpose::STANDARD.encode(&large[..5_000]);
    let does_not = general_purpose::STANDARD.encode(&large[..6_000]);
    for (text, status) in [(fits, StatusCode::OK), (does_not, StatusCode::PAYLOAD_TOO_LARGE)] {
        let body = json(&[("file", &text), ("sessionID", &session)]);
        assert_eq!(world.call(HOOK, JSON, body).await.0, status);
    }
}

#[tokio::test]
async fn what_is_no_file_is_held_to_the_cap_of_text() {
    let world = World::with(|settings| settings.text_body_bytes_max = 1_000);
    let session = world.session.to_string();
    // A part whose head never ends, and would have to be held whole.
    let endless = format!(
        "------b0undary\r\nContent-Disposition: form-data; name=\"{}",
        "a".repeat(400_000)
    );
    let body = dripping(endless.as_bytes(), 50_000);
    let (status, said) = world.call(HOOK, MULTIPART, body).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{said}");
    // A file that is passed over is not held.
    let large = vec![7; 400_000];
    let other = file(Some("b.bin"), None, &large).named("thumbnail");
    let body = multipart(&[other, file(Some("a.bin"), None, b"x"), field("sessionID", &session)]);
    assert_eq!(
        world.call(HOOK, MULTIPART, dripping(&body, 50_000)).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_blob_store_that_refuses_makes_the_desk_come_again() {
    let world = World::new();
    *locked(&world.blobs.is_away) = true;
    let session = world.session.to_string();
    let body = multipart(&[file(Some("cat.png"), None, PNG), field("sessionID", &session)]);
    let (status, said) = world.call(HOOK, MULTIPART, body).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!said.contains("disk"), "what is wrong inside is not told: {said}");
}

#[tokio::test]
async fn a_file_of_another_hook_is_passed_over() {
    let world = World::new();
    let session = world.session.to_string();
    let body = multipart(&[file(Some("cat.png"), None, PNG), field("sessionID", &session)]);
    assert_eq!(world.call("endSession", MULTIPART, body).await.0, StatusCode::OK);
    assert_eq!(world.heard(), [DeskEvent::Ended]);
    assert_eq!(*locked(&world.blobs.begun), 0);
}

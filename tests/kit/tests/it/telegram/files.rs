//! Files both ways.

use std::io::Cursor;

use escalator_testkit::telegram::{FileKind, Media};
use serde_json::json;
use teloxide::{
    ApiError, RequestError,
    net::Download,
    payloads::{SendDocumentSetters, SendPhotoSetters},
    prelude::Requester,
    types::{ChatId, FileId, InputFile, InputMedia, InputMediaDocument, InputMediaPhoto, ParseMode, UpdateKind},
};

use super::{SOON, bot, png, refused, start};

#[tokio::test]
async fn a_file_of_the_bot_arrives_with_name_kind_and_caption() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let bot = bot(&fake);
    let stream = InputFile::read(Cursor::new(b"%PDF-1.7 ...".to_vec())).file_name("Résumé 1.pdf");
    let sent = bot
        .send_document(ChatId(ada.id()), stream)
        .caption("<b>Here</b>")
        .parse_mode(ParseMode::Html)
        .await
        .expect("it is sent");
    let document = sent.document().expect("it is a document");
    assert_eq!(document.file_name.as_deref(), Some("Résumé 1.pdf"));

    let seen = ada.sees(SOON, |m| m.file.is_some()).await.expect("it came");
    let file = seen.file.expect("it has a file");
    assert_eq!(file.kind, FileKind::Document);
    assert_eq!(file.name.as_deref(), Some("Résumé 1.pdf"));
    assert_eq!(file.mime.as_deref(), Some("application/pdf"));
    assert_eq!(&file.bytes[..], b"%PDF-1.7 ...");
    assert_eq!(seen.caption.as_deref(), Some("Here"));

    let again = InputFile::file_id(FileId(file.file_id.clone()));
    bot.send_document(ChatId(ada.id()), again)
        .await
        .expect("it is sent by its id");
    let wrong = InputFile::file_id(FileId(file.file_id.clone()));
    assert!(bot.send_photo(ChatId(ada.id()), wrong).await.is_err(), "it is no photo");
}

#[tokio::test]
async fn every_kind_of_file_can_be_sent() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let chat = ChatId(ada.id());
    let bot = bot(&fake);
    let file = |name: &'static str| InputFile::memory(png()).file_name(name);
    let photo = bot
        .send_photo(chat, file("a.png"))
        .caption("look")
        .await
        .expect("photo");
    assert_eq!(
        photo.photo().and_then(|sizes| sizes.last()).map(|size| size.width),
        Some(256)
    );
    assert!(
        bot.send_video(chat, file("a.mp4"))
            .await
            .expect("video")
            .video()
            .is_some()
    );
    assert!(
        bot.send_audio(chat, file("a.mp3"))
            .await
            .expect("audio")
            .audio()
            .is_some()
    );
    assert!(
        bot.send_voice(chat, file("a.ogg"))
            .await
            .expect("voice")
            .voice()
            .is_some()
    );
    assert!(
        bot.send_animation(chat, file("a.gif"))
            .await
            .expect("animation")
            .animation()
            .is_some()
    );
    assert!(
        bot.send_sticker(chat, file("a.webp"))
            .await
            .expect("sticker")
            .sticker()
            .is_some()
    );
    assert!(
        bot.send_video_note(chat, file("a.mp4"))
            .await
            .expect("note")
            .video_note()
            .is_some()
    );
    let kinds: Vec<_> = fake
        .chat(ada.id())
        .from_bot()
        .filter_map(|m| m.file.as_ref().map(|file| file.kind))
        .collect();
    let wanted = [
        FileKind::Photo,
        FileKind::Video,
        FileKind::Audio,
        FileKind::Voice,
        FileKind::Animation,
        FileKind::Sticker,
        FileKind::VideoNote,
    ];
    assert_eq!(kinds, wanted);
}

#[tokio::test]
async fn an_album_is_sent_whole_or_not_at_all() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let bot = bot(&fake);
    let photo = || InputMedia::Photo(InputMediaPhoto::new(InputFile::memory(png()).file_name("a.png")).caption("c"));
    let document = || InputMedia::Document(InputMediaDocument::new(InputFile::memory("x").file_name("a.txt")));
    let sent = bot
        .send_media_group(ChatId(ada.id()), [photo(), photo()])
        .await
        .expect("it is sent");
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].media_group_id(), sent[1].media_group_id());
    let seen = ada.transcript();
    assert_eq!(seen.bot_texts(), ["c", "c"]);
    assert_eq!(seen.messages()[1].file.as_ref().map(|f| f.bytes.to_vec()), Some(png()));

    let mixed = bot.send_media_group(ChatId(ada.id()), [photo(), document()]).await;
    assert!(mixed.is_err());
    let eleven = (0..11).map(|_| photo());
    assert!(bot.send_media_group(ChatId(ada.id()), eleven).await.is_err());
    assert_eq!(ada.transcript().messages().len(), 2);
}

#[tokio::test]
async fn a_file_of_the_customer_is_fetched_byte_by_byte() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let bot = bot(&fake);
    let content: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    ada.sends(Media::document("order 12.pdf", content.clone()).caption("my order"));

    let updates = bot.get_updates().await.expect("there is one");
    let UpdateKind::Message(message) = &updates[0].kind else {
        panic!("it is a message");
    };
    let document = message.document().expect("it is a document");
    assert_eq!(document.file_name.as_deref(), Some("order 12.pdf"));
    assert_eq!(document.file.size, 3_000_000);
    assert_eq!(message.caption(), Some("my order"));
    let file = bot.get_file(document.file.id.clone()).await.expect("it is told");
    let mut fetched = Cursor::new(Vec::new());
    bot.download_file(&file.path, &mut fetched)
        .await
        .expect("it is fetched");
    assert!(fetched.into_inner() == content, "every byte is the same");
    assert_eq!(
        fake.calls().last().map(|call| call.method.clone()).as_deref(),
        Some("file")
    );

    let nowhere = reqwest::get(format!("{}/file/bot123:abc/documents/none.pdf", fake.url())).await;
    assert_eq!(nowhere.expect("it answers").status(), 404);
}

#[tokio::test]
async fn the_largest_photo_size_is_the_whole_picture() {
    let fake = start().await;
    let bot = bot(&fake);
    fake.user("Ada").private_chat().sends(Media::photo(png()));
    let updates = bot.get_updates().await.expect("there is one");
    let UpdateKind::Message(message) = &updates[0].kind else {
        panic!("it is a message");
    };
    let sizes = message.photo().expect("it is a photo");
    assert_eq!(sizes.len(), 2);
    let content = async |size: usize| {
        let file = bot.get_file(sizes[size].file.id.clone()).await.expect("it is told");
        let mut fetched = Cursor::new(Vec::new());
        bot.download_file(&file.path, &mut fetched)
            .await
            .expect("it is fetched");
        fetched.into_inner()
    };
    assert_eq!(content(1).await, png());
    assert_ne!(content(0).await, png());
}

#[tokio::test]
async fn a_file_over_twenty_megabytes_cannot_be_fetched() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let over = (20 << 20) + 1;
    ada.sends(Media::document("film.mkv", "short").pretending_bytes(over));
    let seen = ada.transcript();
    let file = seen.messages()[0].file.as_ref().expect("it has a file");
    let params = json!({ "file_id": file.file_id });
    let answer = refused(&fake, "getFile", params).await;
    assert_eq!(answer, (400, "Bad Request: file is too big".to_owned()));
    let answer = bot(&fake).get_file(FileId(file.file_id.clone())).await;
    assert!(
        matches!(answer, Err(RequestError::Api(ApiError::Unknown(_)))),
        "{answer:?}"
    );
}

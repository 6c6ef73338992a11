//! Photos that are refused, and files by their URL.

use escalator_testkit::telegram::{FileKind, WebPage};
use serde_json::json;
use teloxide::{
    ApiError, RequestError,
    prelude::Requester,
    types::{ChatId, InputFile},
};

use super::{bot, call, png, refused, start};

#[tokio::test]
async fn a_photo_over_ten_megabytes_is_refused() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let photo = |bytes: usize| {
        let mut photo = png();
        photo.resize(bytes, 7);
        InputFile::memory(photo).file_name("a.png")
    };
    let over = bot(&fake).send_photo(ChatId(ada.id()), photo((10 << 20) + 1)).await;
    let Err(RequestError::Api(ApiError::Unknown(words))) = over else {
        panic!("it is refused, not {over:?}");
    };
    assert!(words.contains("is too big for a photo"), "{words}");
    let answer = bot(&fake).send_photo(ChatId(ada.id()), photo(10 << 20)).await;
    answer.expect("ten are allowed");
}

#[tokio::test]
async fn a_photo_that_is_too_wide_is_refused() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let photo = |width: u32, height: u32| {
        let mut photo = png();
        photo[16..20].copy_from_slice(&width.to_be_bytes());
        photo[20..24].copy_from_slice(&height.to_be_bytes());
        InputFile::memory(photo).file_name("a.png")
    };
    for (width, height) in [(6000, 4001), (2001, 100), (1, 21)] {
        let answer = bot(&fake).send_photo(ChatId(ada.id()), photo(width, height)).await;
        let Err(RequestError::Api(error)) = answer else {
            panic!("{width} x {height} was not refused");
        };
        assert!(error.to_string().contains("PHOTO_INVALID_DIMENSIONS"), "{error}");
    }
    for (width, height) in [(6000, 4000), (2000, 100)] {
        let answer = bot(&fake).send_photo(ChatId(ada.id()), photo(width, height)).await;
        answer.expect("it is within the limits");
    }
}

#[tokio::test]
async fn a_file_by_its_url_is_what_stands_there() {
    let fake = start().await;
    let ada = fake.user("Ada").private_chat();
    let (photo, page) = ("https://example.org/a.png", "https://example.org/page");
    fake.on_the_web(photo, WebPage::new("image/png", png()));
    fake.on_the_web(page, WebPage::new("text/html", "<p>"));
    let large = "https://example.org/large.png";
    fake.on_the_web(large, WebPage::new("image/png", png()).pretending_bytes((5 << 20) + 1));
    let pdf = "https://example.org/a.pdf?b=1";
    fake.on_the_web(pdf, WebPage::new("application/pdf", "%PDF"));
    let send = |field: &str, url: &str| json!({ "chat_id": ada.id(), field: url });

    let gone = "Bad Request: failed to get HTTP URL content";
    let wrong = "Bad Request: wrong type of the web page content";
    let cases = [
        ("sendPhoto", "photo", "https://example.org/nothing.png", gone),
        ("sendPhoto", "photo", large, gone),
        ("sendPhoto", "photo", page, wrong),
        ("sendPhoto", "photo", pdf, wrong),
        ("sendDocument", "document", page, wrong),
        ("sendVoice", "voice", photo, wrong),
    ];
    for (method, field, url, wanted) in cases {
        let answer = refused(&fake, method, send(field, url)).await;
        assert_eq!(answer, (400, wanted.to_owned()), "{method} {url}");
    }
    assert_eq!(call(&fake, "sendPhoto", send("photo", photo)).await.0, 200);
    assert_eq!(call(&fake, "sendDocument", send("document", pdf)).await.0, 200);
    let seen = ada.transcript();
    let files: Vec<_> = seen.from_bot().filter_map(|message| message.file.as_deref()).collect();
    assert_eq!((files[0].kind, &files[0].bytes[..]), (FileKind::Photo, &png()[..]));
    assert_eq!(files[1].name.as_deref(), Some("a.pdf"));
}

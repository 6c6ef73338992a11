//! What an agent wrote, as the customer sees it: formatting, its refusal, long texts, and the agent's picture.

use escalator::{
    channel::{ChatDelivery, EscalationChannel},
    delivery::{ChatPayload, NoticeKind, Outcome, split},
    model::{Author, RichText, Span, Style},
};
use escalator_telegram::AgentPicture;
use escalator_testkit::telegram::{Chat, Fault, FileKind, Message, On, Plan, WebPage};
use serde_json::{Value, json};

use super::rig::{Rig, delivery_id, quick};

/// Where the agent's picture is.
const PICTURE: &str = "https://desk.example/anna.png";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and a picture";

fn styled(words: &str, spans: &[(&str, Style)]) -> RichText {
    let spans = spans.iter().map(|(styled, style)| {
        let start = words.find(styled).expect("the words are in the text");
        Span {
            start,
            end: start + styled.len(),
            style: style.clone(),
        }
    });
    RichText::new(words, spans.collect())
}

fn link(url: &str) -> Style {
    Style::Link { url: url.to_owned() }
}

fn part(text: RichText, continues: bool) -> ChatPayload {
    ChatPayload::Message {
        author: Some("Anna".into()),
        continues,
        text,
    }
}

/// What the bot sent to a chat, in order.
fn seen(chat: &Chat) -> Vec<Message> {
    let transcript = chat.transcript();
    transcript.from_bot().cloned().collect()
}

fn words(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(Message::words).collect()
}

#[tokio::test]
async fn bold_words_and_links_arrive_as_entities() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let text = styled(
        "😀 read <the terms>, now",
        &[
            ("<the terms>", link("https://shop.example/terms?a=1&b=2")),
            ("now", Style::Bold),
        ],
    );
    let outcome = rig.deliver(&ada, &part(text, false)).await;
    assert_eq!(outcome.word(), "delivered", "{outcome:?}");
    let seen = seen(&ada);
    assert_eq!(words(&seen), ["Anna: 😀 read <the terms>, now"]);
    let entities = json!([
        {"type": "bold", "offset": 0, "length": 5},
        {"type": "text_link", "offset": 14, "length": 11, "url": "https://shop.example/terms?a=1&b=2"},
        {"type": "bold", "offset": 27, "length": 3},
    ]);
    assert_eq!(Value::from(seen[0].entities.clone()), entities);
    let calls = rig.fake.calls_of("sendMessage");
    assert_eq!(calls[0].params.json("entities"), Some(entities));
    assert_eq!((calls.len(), calls[0].params.get("parse_mode")), (1, None));
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn each_formatting_is_taken_whole() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let block = Style::Block {
        language: Some("sh".to_owned()),
    };
    let all = styled(
        "you said\nit is red\nsee npm ci\nnpm ci\nnpm test\nso struck under italic hidden",
        &[
            ("you said\nit is red\n", Style::Quote),
            ("it is red\n", Style::Quote),
            ("see npm ci", Style::Bold),
            ("npm ci", Style::Code),
            ("npm ci\nnpm test\n", block),
            ("struck", Style::Strike),
            ("under", Style::Underline),
            ("italic", Style::Italic),
            ("hidden", Style::Spoiler),
        ],
    );
    rig.deliver(&ada, &part(all, true)).await;
    let seen = seen(&ada);
    assert_eq!(
        words(&seen),
        ["you said\n> it is red\nsee npm ci\nnpm ci\nnpm test\nso struck under italic hidden"]
    );
    let kinds: Vec<_> = seen[0]
        .entities
        .iter()
        .filter_map(|entity| entity["type"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "blockquote",
            "bold",
            "code",
            "pre",
            "strikethrough",
            "underline",
            "italic",
            "spoiler"
        ]
    );
    assert!(seen[0].dropped_entities.is_empty(), "{:?}", seen[0].dropped_entities);
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn where_the_formatting_is_refused_the_same_text_goes_without() {
    for words_of_refusal in [
        "Bad Request: can't parse entities: something",
        "Bad Request: ENTITY_TEXTURL_INVALID",
    ] {
        let rig = Rig::new().await;
        let ada = rig.ada();
        refuse(&rig, "sendMessage", 1, words_of_refusal);
        let text = styled("read the terms", &[("the terms", link("https://shop.example/terms"))]);
        let outcome = rig.deliver(&ada, &part(text, false)).await;
        assert_eq!(outcome.word(), "delivered", "{outcome:?}");
        let seen = seen(&ada);
        assert_eq!(words(&seen), ["Anna: read the terms (https://shop.example/terms)"]);
        let calls = rig.fake.calls_of("sendMessage");
        assert_eq!(calls.len(), 2);
        assert!(calls[1].params.get("entities").is_none() && seen[0].entities.is_empty());
    }
}

#[tokio::test]
async fn a_refusal_of_both_forms_is_final_and_shows_no_word_of_the_text() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    refuse(&rig, "sendMessage", 3, "Bad Request: ENTITY_BOUNDS_INVALID");
    let outcome = rig.deliver(&ada, &part("a private word".into(), false)).await;
    assert_eq!(outcome, Outcome::rejected("Telegram refuses the formatting"));
    assert_eq!(rig.fake.calls_of("sendMessage").len(), 2);
    // Where there was no formatting, there is nothing to leave out.
    let outcome = rig.deliver(&ada, &part("another".into(), true)).await;
    assert_eq!(outcome, Outcome::rejected("Telegram refuses the formatting"));
    assert_eq!(rig.fake.calls_of("sendMessage").len(), 3);
}

#[tokio::test]
async fn a_long_text_arrives_in_parts_in_order_and_names_the_agent_once() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let one = |at: usize| {
        let words = format!("{at}. 😀 see the terms, please.");
        styled(
            &words,
            &[
                ("the terms", link("https://shop.example/terms")),
                ("please", Style::Bold),
            ],
        )
    };
    let text = RichText::joined((0..300).map(one), " ");
    let limits = rig.telegram.capabilities().limits;
    let fits = |text: &RichText| {
        let said = part(text.clone(), false).rich();
        said.is_some_and(|text| limits.fits(&text))
    };
    let parts = split(&text, fits);
    for (at, text) in parts.iter().enumerate() {
        let outcome = rig.deliver(&ada, &part(text.clone(), at > 0)).await;
        assert_eq!(outcome.word(), "delivered", "{outcome:?}");
    }
    let seen = seen(&ada);
    assert_eq!(words(&seen).join(" "), format!("Anna: {}", text.words().as_str()));
    assert!(seen.len() >= 6, "a message shows a hundred entities");
    assert!(seen.iter().all(|message| message.dropped_entities.is_empty()));
    let shown: usize = seen.iter().map(|message| message.entities.len()).sum();
    assert_eq!(shown, 601, "each link and each bold word, and the name");
}

#[tokio::test]
async fn an_agent_is_presented_with_the_picture_and_the_end_button() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.fake.on_the_web(PICTURE, WebPage::new("image/png", PNG));
    let outcome = present(&rig, &ada, "Anna is here.", Some(PICTURE), 1).await;
    assert_eq!(outcome.word(), "delivered", "{outcome:?}");
    let seen = seen(&ada);
    let [photo] = &seen[..] else {
        panic!("{} messages are one", seen.len())
    };
    let file = photo.file.as_ref().expect("it is a photo");
    assert_eq!((file.kind, &file.bytes[..]), (FileKind::Photo, PNG));
    assert_eq!(photo.caption.as_deref(), Some("Anna is here."));
    assert_eq!(photo.buttons.len(), 1);
    let call = &rig.fake.calls_of("sendPhoto")[0];
    assert_eq!(call.params.text("photo").as_deref(), Some(PICTURE), "we fetch nothing");
    assert!(rig.fake.calls_of("sendMessage").is_empty());
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn a_picture_that_telegram_does_not_take_is_left_out() {
    let rig = Rig::new().await;
    rig.fake.on_the_web(PICTURE, WebPage::new("text/html", "<p>gone</p>"));
    let ada = rig.ada();
    for (at, address) in [PICTURE, "https://desk.example/nothing.png"].into_iter().enumerate() {
        let outcome = present(&rig, &ada, "Anna is here.", Some(address), 1).await;
        assert_eq!(outcome.word(), "delivered", "{outcome:?}");
        assert_eq!(rig.fake.calls_of("sendPhoto").len(), at + 1);
    }
    let seen = seen(&ada);
    assert_eq!(words(&seen), ["Anna is here."; 2]);
    assert!(
        seen.iter()
            .all(|message| message.file.is_none() && message.buttons.len() == 1)
    );
}

#[tokio::test]
async fn whatever_is_refused_one_after_the_other_the_words_arrive() {
    let picture = "Bad Request: PHOTO_INVALID_DIMENSIONS";
    let keyboard = "Bad Request: BUTTON_DATA_INVALID";
    let formatting = "Bad Request: ENTITY_BOUNDS_INVALID";
    for (photo, texts) in [
        (picture, vec![keyboard]),
        (formatting, vec![keyboard]),
        (picture, vec![]),
    ] {
        let rig = Rig::new().await;
        let ada = rig.ada();
        rig.fake.on_the_web(PICTURE, WebPage::new("image/png", PNG));
        refuse(&rig, "sendPhoto", 1, photo);
        for words in &texts {
            refuse(&rig, "sendMessage", 1, words);
        }
        let outcome = present(&rig, &ada, "Anna is here.", Some(PICTURE), 1).await;
        assert_eq!(outcome.word(), "delivered", "{outcome:?}");
        let seen = seen(&ada);
        assert_eq!(words(&seen), ["Anna is here."]);
        assert_eq!(seen[0].buttons.is_empty(), !texts.is_empty());
        let calls = ["sendPhoto", "sendMessage"].map(|method| rig.fake.calls_of(method).len());
        assert_eq!(calls, [1, texts.len() + 1]);
    }
}

#[tokio::test]
async fn a_picture_is_asked_for_only_where_it_can_be_shown() {
    let long = "x".repeat(1_025);
    for (text, address, attempt, setting) in [
        ("Anna is here.", PICTURE, 1, AgentPicture::Hidden),
        ("Anna is here.", PICTURE, 2, AgentPicture::Shown),
        (long.as_str(), PICTURE, 1, AgentPicture::Shown),
        ("Anna is here.", "data:image/png;base64,AAAA", 1, AgentPicture::Shown),
        ("Anna is here.", "/avatars/anna.png", 1, AgentPicture::Shown),
        ("Anna is here.", "", 1, AgentPicture::Shown),
    ] {
        let mut settings = quick();
        settings.agent_picture = setting;
        let rig = Rig::with(settings).await;
        let ada = rig.ada();
        rig.fake.on_the_web(PICTURE, WebPage::new("image/png", PNG));
        let outcome = present(&rig, &ada, text, Some(address), attempt).await;
        assert_eq!(outcome.word(), "delivered", "{outcome:?}");
        assert_eq!(words(&seen(&ada)), [text]);
        assert!(
            rig.fake.calls_of("sendPhoto").is_empty(),
            "{address} {attempt} {setting:?}"
        );
    }
}

#[tokio::test]
async fn a_picture_whose_fate_is_unknown_makes_no_second_call() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    rig.fake.on_the_web(PICTURE, WebPage::new("image/png", PNG));
    rig.fake
        .fault(On::method("sendPhoto"), Plan::Next(1, Fault::LoseAnswer));
    let outcome = present(&rig, &ada, "Anna is here.", Some(PICTURE), 1).await;
    assert_eq!(outcome.word(), "unknown", "{outcome:?}");
    assert!(rig.fake.calls_of("sendMessage").is_empty());
}

async fn present(rig: &Rig, to: &Chat, text: &str, picture: Option<&str>, attempt: u32) -> Outcome {
    let agent = Author {
        name: "Anna".into(),
        picture: picture.map(str::to_owned),
    };
    let payload = &ChatPayload::Notice {
        kind: NoticeKind::Connected,
        text: text.into(),
        agent: Some(agent),
    };
    let (id, to) = (delivery_id(), &rig.key(to));
    let (place, file) = (None, None);
    let delivery = ChatDelivery {
        id,
        to,
        place,
        payload,
        file,
        attempt,
    };
    rig.telegram.deliver(delivery).await
}

fn refuse(rig: &Rig, method: &str, times: u32, description: &str) {
    let refusal = Fault::Refusal {
        code: 400,
        description: description.to_owned(),
    };
    rig.fake.fault(On::method(method), Plan::Next(times, refusal));
}

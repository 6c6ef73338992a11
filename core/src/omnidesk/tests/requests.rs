use axum::{Json, http::StatusCode};
use serde_json::json;

use super::*;
use crate::{
    delivery::{Availability, Outcome, Scope},
    model::Contact,
    omnidesk::{BrandId, ChatConfig, ChatEvent, ChatbotLog, CustomerName, Email, Encoding, Instruction, PhoneNumber},
};

const ENCODINGS: [(Encoding, &str); 3] = [
    (Encoding::Multipart, "multipart/form-data"),
    (Encoding::Urlencoded, "application/x-www-form-urlencoded"),
    (Encoding::Json, "application/json"),
];

async fn desk() -> Stub {
    Stub::start(|_| Json(json!({"type": "result", "message": "Done.", "ticketID": "12312"}))).await
}

/// What one call looked like at the desk. In JSON, a text stands in quotes and a number does not.
fn assert_seen(stub: &Stub, encoding: (Encoding, &str), path: &str, fields: &[(&str, &str)], numbers: &[(&str, &str)]) {
    let seen = stub.last();
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", path));
    assert_eq!(seen.content_type.split(';').next(), Some(encoding.1));
    assert_eq!(seen.api_key.as_deref(), Some(API_KEY));
    let quoted = |text: &str| match encoding.0 {
        Encoding::Json => json!(text).to_string(),
        Encoding::Multipart | Encoding::Urlencoded => text.to_owned(),
    };
    let texts = fields.iter().map(|(name, value)| ((*name).to_owned(), quoted(value)));
    let numbers = numbers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut expected: Vec<(String, String)> = texts.chain(numbers).collect();
    let mut came = seen.fields;
    expected.sort();
    came.sort();
    assert_eq!(came, expected, "{path} as {}", encoding.1);
}

async fn each_encoding() -> Vec<(Stub, Omnidesk, (Encoding, &'static str))> {
    let mut all = Vec::new();
    for encoding in ENCODINGS {
        let stub = desk().await;
        let mut config = config(&stub.address);
        config.encoding = encoding.0;
        config.brand_id = Some(BrandId::new("17").expect("an id"));
        all.push((stub, omnidesk(config), encoding));
    }
    all
}

#[tokio::test]
async fn a_message_has_the_fields_of_the_guide() {
    for (stub, omnidesk, encoding) in each_encoding().await {
        let taken = say(&omnidesk).await.expect("taken");
        assert_eq!(taken.ticket_id, Some(12_312));
        let fields = [
            ("chatServer", HOOKS),
            ("chatSessionID", SESSION),
            ("chatAccountToken", ACCOUNT_TOKEN),
            ("message", WORDS),
        ];
        let path = "/api/v2/chat/notifyUserNewChatMessage";
        assert_seen(&stub, encoding, path, &fields, &[("channelID", "8")]);
    }
}

#[tokio::test]
async fn a_message_has_the_optional_fields_that_are_set() {
    for (stub, omnidesk, encoding) in each_encoding().await {
        let (hooks, session) = (hooks(), session());
        let name = CustomerName::transliterate("José O'Brien").expect("letters are left");
        let email = Email::new("ada@example.org").expect("an address");
        let phone = PhoneNumber::new("+31201234567").expect("a number");
        let text = "*Bold* & \"quoted\"\nünïcödé 😀 --boundary";
        let mut message = NewMessage::new(&hooks, &session, Filled::new("message", text).expect("not empty"));
        message.url = Some("https://www.example.com/support?a=1&b=2");
        message.number = omnidesk.config().numbers_past_50.number(3);
        message.customer_name = Some(&name);
        message.email = Some(&email);
        message.phone = Some(&phone);
        message.additional_data = Some("vip");
        message.external_address_overwrite = Some("");
        omnidesk.new_message(&message).await.expect("taken");
        let fields = [
            ("chatServer", HOOKS),
            ("chatSessionID", SESSION),
            ("chatAccountToken", ACCOUNT_TOKEN),
            ("message", text),
            ("url", "https://www.example.com/support?a=1&b=2"),
            ("customerName", "Jose OBrien"),
            ("emailAddress", "ada@example.org"),
            ("phoneNumber", "+31201234567"),
            ("additionalData", "vip"),
        ];
        let numbers = [("channelID", "8"), ("messageNumber", "3")];
        let path = "/api/v2/chat/notifyUserNewChatMessage";
        assert_seen(&stub, encoding, path, &fields, &numbers);
    }
}

#[tokio::test]
async fn each_event_has_the_fields_of_the_guide() {
    for (stub, omnidesk, encoding) in each_encoding().await {
        for (event, word) in [
            (ChatEvent::StartedTyping, "startedtyping"),
            (ChatEvent::StoppedTyping, "stoppedtyping"),
            (ChatEvent::ExpandedChat, "expandedchat"),
            (ChatEvent::MinimizedChat, "minimizedchat"),
        ] {
            let sent = omnidesk.new_event(&hooks(), &session(), event).await;
            sent.expect("taken");
            let fields = [("chatServer", HOOKS), ("chatSessionID", SESSION), ("event", word)];
            assert_seen(&stub, encoding, "/api/v2/chat/notifyUserNewChatEvent", &fields, &[]);
        }
    }
}

#[tokio::test]
async fn an_end_a_log_and_a_visit_have_their_fields() {
    for (stub, omnidesk, encoding) in each_encoding().await {
        omnidesk.end_chat(&hooks(), &session()).await.expect("taken");
        let fields = [("chatServer", HOOKS), ("chatSessionID", SESSION)];
        assert_seen(&stub, encoding, "/api/v2/message/notifyUserEndChat", &fields, &[]);

        let from = Contact::parse("ada@example.org").expect("an address");
        let log = ChatbotLog {
            from: &from,
            subject: Filled::new("subject", "Chat with the bot").expect("not empty"),
            message: Filled::new("message", "**Bot**: hello").expect("not empty"),
        };
        omnidesk.chatbot_log(&log).await.expect("taken");
        let fields = [
            ("from", "ada@example.org"),
            ("subject", "Chat with the bot"),
            ("message", "**Bot**: hello"),
            ("brandID", "17"),
        ];
        assert_seen(&stub, encoding, "/api/v2/message/chatbot", &fields, &[]);

        let url = "https://www.example.com/";
        let page = Filled::new("url", url).expect("not empty");
        omnidesk.visited(&hooks(), &session(), page).await.expect("taken");
        let fields = [("chatServer", HOOKS), ("chatSessionID", SESSION), ("url", url)];
        assert_seen(&stub, encoding, "/api/v2/chat/notifyUserVisited", &fields, &[]);
    }
}

#[tokio::test]
async fn the_configuration_is_posted_for_without_a_server_token() {
    for (stub, omnidesk, encoding) in each_encoding().await {
        omnidesk.chat_config(&hooks()).await.expect("answered");
        let fields = [("chatServer", HOOKS), ("chatAccountToken", ACCOUNT_TOKEN)];
        assert_seen(&stub, encoding, "/api/v2/chat/requestChatConfig", &fields, &[]);
    }
}

#[tokio::test]
async fn the_configuration_is_got_with_a_server_token_and_without_the_api_key() {
    let stub = desk().await;
    let omnidesk = omnidesk(config_with_server_token(&stub.address));
    omnidesk.chat_config(&hooks()).await.expect("answered");
    let seen = stub.last();
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("GET", "/requestChatConfig")
    );
    assert_eq!(seen.api_key, None);
    let sent = [("chatAccountToken", ACCOUNT_TOKEN), ("chatServerToken", SERVER_TOKEN)];
    assert_eq!(
        seen.fields,
        sent.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[tokio::test]
async fn without_an_api_key_and_a_brand_neither_is_sent() {
    let stub = desk().await;
    let mut config = config(&stub.address);
    config.api_key = None;
    let omnidesk = omnidesk(config);
    let from = Contact::parse("+31201234567").expect("a number");
    let log = ChatbotLog {
        from: &from,
        subject: Filled::new("subject", "s").expect("not empty"),
        message: Filled::new("message", "m").expect("not empty"),
    };
    omnidesk.chatbot_log(&log).await.expect("taken");
    let seen = stub.last();
    assert_eq!(seen.api_key, None);
    assert!(seen.fields.iter().all(|(name, _)| name != "brandID"));
}

#[tokio::test]
async fn an_address_with_a_path_keeps_it() {
    let stub = desk().await;
    let omnidesk = omnidesk(config(&format!("{}/desk/", stub.address)));
    say(&omnidesk).await.expect("taken");
    assert_eq!(stub.last().path, "/desk/api/v2/chat/notifyUserNewChatMessage");
}

/// The example answer of the guide, with an instruction of a newer desk, a number and an empty text.
fn configuration() -> serde_json::Value {
    json!({
        "type": "result",
        "message": "start instructions",
        "config": {
            "chat_logo_height": 30,
            "chat_introduction_html": "",
            "start_chat_instructions": "Welkom! Typ je vraag, iemand van onze klantenservice komt zo bij je.",
            "file_uploaded_text": "File uploaded.",
            "show_survey_after_chat": null
        },
        "instructions": [
            { "type": "hide_reason_no_agents_available" },
            { "type": "phoneNumber", "key": "phoneNumber" },
            { "type": "show_team", "team_profile_pictures": ["https://example.com/a.png"] },
            { "type": "play_sound", "volume": 3 },
            "noise"
        ]
    })
}

#[tokio::test]
async fn a_configuration_is_read_with_what_is_unknown_kept() {
    let stub = Stub::start(|_| Json(configuration())).await;
    let config = omnidesk(config(&stub.address)).chat_config(&hooks()).await;
    let config = config.expect("answered");
    let other = json!({ "type": "play_sound", "volume": 3 });
    assert_eq!(
        config.instructions,
        [
            Instruction::NoAgents,
            Instruction::AskPhoneNumber {
                key: Some("phoneNumber".to_owned())
            },
            Instruction::ShowTeam {
                pictures: vec!["https://example.com/a.png".to_owned()]
            },
            Instruction::Other {
                kind: "play_sound".to_owned(),
                fields: other.as_object().expect("an object").clone()
            },
        ]
    );
    let Availability {
        no_agents,
        asks_phone,
        asks_email,
        texts,
    } = config.availability();
    assert_eq!((no_agents, asks_phone, asks_email), (true, true, false));
    assert_eq!(
        texts.keys().collect::<Vec<_>>(),
        ["file_uploaded_text", "start_chat_instructions"]
    );
}

#[tokio::test]
async fn a_switch_is_read_however_it_is_written_and_nothing_else_is_taken_for_a_text() {
    let answer = json!({"config": {
        "show_survey_after_chat": true, "show_team": 1, "show_form": "1", "file_uploaded_text": false, "chat_logo_height": 30,
    }});
    let stub = Stub::start(move |_| Json(answer.clone())).await;
    let config = omnidesk(config(&stub.address)).chat_config(&hooks()).await;
    let texts = config.expect("answered").availability().texts;
    let texts: Vec<_> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            ("show_form", "1"),
            ("show_survey_after_chat", "true"),
            ("show_team", "1")
        ]
    );
}

#[tokio::test]
async fn a_configuration_in_unusual_forms_is_read() {
    for answer in [
        json!({"type": "result"}),
        json!({"config": null, "instructions": null}),
        json!({"config": [], "instructions": {}}),
    ] {
        let shown = answer.clone();
        let stub = Stub::start(move |_| Json(answer.clone())).await;
        let config = omnidesk(config(&stub.address)).chat_config(&hooks()).await;
        assert_eq!(config.expect("answered"), ChatConfig::default(), "{shown}");
    }
    let numbered = json!({"instructions": {"1": {"type": "hide_reason_no_agents_available"}}});
    let stub = Stub::start(move |_| Json(numbered.clone())).await;
    let config = omnidesk(config(&stub.address)).chat_config(&hooks()).await;
    assert!(config.expect("answered").availability().no_agents);
}

#[tokio::test]
async fn an_end_tries_the_other_path_once_and_remembers_which_exists() {
    for missing in [
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::FORBIDDEN,
    ] {
        let stub = Stub::start(move |seen| match seen.path.as_str() {
            "/api/v2/chat/notifyUserEndChat" => StatusCode::OK,
            _ => missing,
        })
        .await;
        let omnidesk = omnidesk(config(&stub.address));
        omnidesk
            .end_chat(&hooks(), &session())
            .await
            .expect("the second exists");
        omnidesk.end_chat(&hooks(), &session()).await.expect("it is remembered");
        let paths: Vec<String> = stub.seen().into_iter().map(|seen| seen.path).collect();
        let (guide, pages) = ("/api/v2/message/notifyUserEndChat", "/api/v2/chat/notifyUserEndChat");
        assert_eq!(paths, [guide, pages, pages]);
    }
}

#[tokio::test]
async fn an_end_that_neither_path_knows_is_rejected_and_nothing_is_remembered() {
    let stub = Stub::start(|seen| match seen.path.as_str() {
        "/api/v2/message/notifyUserEndChat" => (StatusCode::NOT_FOUND, r#"{"status":"error","message":"No session."}"#),
        _ => (StatusCode::NOT_FOUND, "<html>no page</html>"),
    })
    .await;
    let omnidesk = omnidesk(config(&stub.address));
    for ends in 1..=2 {
        let error = omnidesk.end_chat(&hooks(), &session()).await.expect_err("unknown");
        assert_eq!(error.to_string(), "notifyUserEndChat: HTTP 404: No session.");
        assert_eq!(stub.seen().len(), 2 * ends);
    }
    let last = stub.seen().swap_remove(2);
    assert_eq!(last.path, "/api/v2/message/notifyUserEndChat");
}

#[tokio::test]
async fn an_end_that_one_path_forbids_and_the_other_does_not_know_is_refused_for_its_session_alone() {
    for (at_message, at_chat) in [
        (StatusCode::FORBIDDEN, StatusCode::NOT_FOUND),
        (StatusCode::NOT_FOUND, StatusCode::FORBIDDEN),
        (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
    ] {
        let stub = Stub::start(move |seen| match seen.path.as_str() {
            "/api/v2/message/notifyUserEndChat" => at_message,
            _ => at_chat,
        })
        .await;
        let omnidesk = omnidesk(config(&stub.address));
        for _ in 1..=2 {
            let error = omnidesk.end_chat(&hooks(), &session()).await.expect_err("forbidden");
            assert!(matches!(error.outcome(), Outcome::Refused { scope: Scope::Lane, .. }));
        }
        let last = stub.seen().swap_remove(2);
        assert_eq!(last.path, "/api/v2/message/notifyUserEndChat", "nothing is remembered");
    }
}

#[tokio::test]
async fn an_end_that_fails_otherwise_is_not_tried_at_the_other_path() {
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_REQUEST] {
        let stub = Stub::start(move |_| status).await;
        let ended = omnidesk(config(&stub.address)).end_chat(&hooks(), &session()).await;
        assert!(ended.is_err());
        assert_eq!(stub.seen().len(), 1);
    }
}

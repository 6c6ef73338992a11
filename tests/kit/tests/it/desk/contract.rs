//! Each call of the contract, its envelope and its effect.

use escalator_testkit::desk::{
    Accept, DeskSimulator, Encoding, EndPath, Endpoint, IdStyle, Party, RemarkKind, SessionStatus,
};
use serde_json::{Value, json};

use super::product::{
    ATTACHMENT, END, EVENT, MESSAGE, SERVER, SESSION, SOON, answer, attachment, client, desk, file, form, message,
    message_of, of_session, post, start,
};

#[tokio::test]
async fn a_message_opens_a_ticket_and_the_next_one_joins_it() {
    let desk = desk().await;
    let mut first = message("hello");
    first.extend([("messageNumber", "1".to_owned()), ("customerName", "Anna".to_owned())]);
    let opened = post(&desk, MESSAGE, first).await;
    assert_eq!(
        opened,
        (200, json!({"type":"result","message":"Message sent.","ticketID":12312}))
    );
    let joined = post(&desk, MESSAGE, message("second")).await;
    assert_eq!(joined.1["ticketID"], 12312);

    let session = desk.session(SESSION).expect("the session");
    assert_eq!(session.texts(Party::Customer), ["hello", "second"]);
    assert_eq!(session.transcript[0].message_number, Some(1));
    assert_eq!(session.customer["customerName"], "Anna");
    assert_eq!(session.status, SessionStatus::Waiting);
    assert_eq!(desk.violations(), []);
}

#[tokio::test]
async fn another_session_or_server_is_another_ticket() {
    let desk = desk().await;
    let tickets = [
        message_of(SERVER, SESSION, "a"),
        message_of(SERVER, "session-0002", "b"),
        message_of("http://elsewhere.example", SESSION, "c"),
    ];
    for (at, fields) in tickets.into_iter().enumerate() {
        let (_, body) = post(&desk, MESSAGE, fields).await;
        assert_eq!(body["ticketID"], 12312 + at);
    }
    assert_eq!(
        desk.session((SERVER, SESSION)).expect("known").texts(Party::Customer),
        ["a"]
    );
    assert_eq!(desk.session(12314).expect("known").texts(Party::Customer), ["c"]);
}

#[tokio::test]
async fn an_attachment_joins_its_session_with_name_type_and_bytes() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("look")).await;
    let form = form(attachment()).part("file", file(b"\x89PNG bytes".to_vec()));
    let sent = client()
        .post(desk.url() + ATTACHMENT)
        .multipart(form)
        .send()
        .await
        .expect("an answer");
    let expected = json!({"type":"result","message":"Attachment uploaded.","ticketID":12312,"messageID":1});
    assert_eq!(answer(sent).await, (200, expected));

    let session = desk.session(SESSION).expect("the session");
    let files = session.files(Party::Customer);
    assert_eq!(files[0].name, "photo.png");
    assert_eq!(files[0].content_type, "image/png");
    assert_eq!(&files[0].bytes[..], b"\x89PNG bytes");
}

#[tokio::test]
async fn events_show_whether_the_customer_writes() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("hello")).await;
    for (event, typing) in [
        ("startedtyping", true),
        ("stoppedtyping", false),
        ("minimizedchat", false),
    ] {
        let answered = post(&desk, EVENT, of_session(&[("event", event)])).await;
        assert_eq!(answered, (200, json!({"type":"result","message":"Event sent."})));
        assert_eq!(desk.session(SESSION).expect("known").customer_typing, typing);
    }
    let session = desk.session(SESSION).expect("known");
    let names: Vec<_> = session.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["startedtyping", "stoppedtyping", "minimizedchat"]);
}

#[tokio::test]
async fn an_end_is_taken_on_the_paths_that_are_on() {
    let specification = "/api/v2/chat/notifyUserEndChat";
    let table = [
        (EndPath::Guide, END, 200),
        (EndPath::Guide, specification, 404),
        (EndPath::Specification, END, 404),
        (EndPath::Specification, specification, 200),
        (EndPath::Both, END, 200),
        (EndPath::Both, specification, 200),
    ];
    for (end_path, path, expected) in table {
        let desk = start(DeskSimulator::builder().end_path(end_path)).await;
        post(&desk, MESSAGE, message("hello")).await;
        let (status, body) = post(&desk, path, of_session(&[])).await;
        assert_eq!(status, expected, "{end_path:?} {path}");
        let session = desk.session(SESSION).expect("known");
        assert_eq!(session.status == SessionStatus::Ended, expected == 200);
        if expected == 200 {
            assert_eq!(body, json!({"type":"result","message":"Session ended."}));
            assert_eq!(session.ended_by, Some(Party::Customer));
        }
        assert_eq!(desk.violations(), []);
    }
}

#[tokio::test]
async fn the_chatbot_log_has_an_envelope_of_its_own() {
    let desk = desk().await;
    let log = |from: &str| {
        vec![
            ("from", from.to_owned()),
            ("subject", "Chat with the bot".to_owned()),
            ("message", "**Bot:** hello".to_owned()),
            ("brandID", "3".to_owned()),
        ]
    };
    for from in ["anna@example.com", "+31201234567"] {
        let answered = post(&desk, "/api/v2/message/chatbot", log(from)).await;
        assert_eq!(
            answered,
            (200, json!({"result":"success","message":"Chatbot ticket created."}))
        );
    }
    let logs = desk.chatbot_logs();
    assert_eq!(logs[1].from, "+31201234567");
    assert_eq!(logs[0].message, "**Bot:** hello");
    assert!(desk.sessions().is_empty());
}

#[tokio::test]
async fn the_brand_can_be_made_optional() {
    let log = || {
        let fields = [("from", "anna@example.com"), ("subject", "s"), ("message", "m")];
        fields.map(|(name, value)| (name, value.to_owned())).to_vec()
    };
    let desk = desk().await;
    let (status, body) = post(&desk, "/api/v2/message/chatbot", log()).await;
    assert_eq!((status, body["message"].as_str()), (400, Some("brandID: required")));
    desk.configure(|settings| settings.brand_required = false);
    assert_eq!(post(&desk, "/api/v2/message/chatbot", log()).await.0, 200);
}

#[tokio::test]
async fn both_forms_of_the_configuration_tell_whether_no_agent_is_there() {
    let desk = desk().await;
    let get = async || {
        let tokens = [
            ("chatAccountToken", desk.account_token()),
            ("chatServerToken", desk.server_token()),
        ];
        let request = client().get(desk.url() + "/requestChatConfig").query(&tokens);
        answer(request.send().await.expect("an answer")).await.1
    };
    let post_form = async || {
        let fields = vec![
            ("chatServer", SERVER.to_owned()),
            ("chatAccountToken", desk.account_token().to_owned()),
        ];
        post(&desk, "/api/v2/chat/requestChatConfig", fields).await.1
    };
    let tells = |answer: &Value| {
        let instructions = answer["instructions"].as_array().expect("a list");
        instructions
            .iter()
            .any(|one| one["type"] == "hide_reason_no_agents_available")
    };
    let there = get().await;
    assert_eq!(there["type"], "result");
    assert_eq!(there["message"], "start instructions");
    assert_eq!(there["config"]["agent_typing_text"], "Agent typing..");
    assert_eq!(there["config"]["show_survey_after_chat"], Value::Null);
    assert!(!tells(&there) && !tells(&post_form().await));

    desk.agents_available(false);
    assert!(tells(&get().await) && tells(&post_form().await));

    desk.configure(|settings| settings.hide_when_no_agents = false);
    assert!(!tells(&get().await));

    desk.configure(|settings| settings.chat_config = json!({"start_chat_instructions": "Hi"}));
    assert_eq!(get().await["config"], json!({"start_chat_instructions": "Hi"}));
}

#[tokio::test]
async fn a_visit_is_taken() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("hello")).await;
    let fields = of_session(&[("url", "https://www.brand.example/cart")]);
    assert_eq!(post(&desk, "/api/v2/chat/notifyUserVisited", fields).await.0, 200);
    assert_eq!(
        desk.session(SESSION).expect("known").customer["url"],
        "https://www.brand.example/cart"
    );
}

#[tokio::test]
async fn ids_are_numbers_or_strings_of_digits() {
    let desk = start(DeskSimulator::builder().ids(IdStyle::Text)).await;
    assert_eq!(post(&desk, MESSAGE, message("hello")).await.1["ticketID"], "12312");
    desk.configure(|settings| settings.ids = IdStyle::Number);
    assert_eq!(post(&desk, MESSAGE, message("hello")).await.1["ticketID"], 12312);
}

#[tokio::test]
async fn urlencoded_and_json_are_read_unless_multipart_alone_is() {
    let desk = desk().await;
    let url = desk.url() + MESSAGE;
    let urlencoded = || client().post(&url).form(&message("in a form"));
    let json = || {
        let fields: serde_json::Map<_, _> = message("in JSON")
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        client().post(&url).json(&fields)
    };
    for (request, encoding) in [(urlencoded(), Encoding::Urlencoded), (json(), Encoding::Json)] {
        assert_eq!(request.send().await.expect("an answer").status(), 200);
        assert_eq!(desk.calls().last().expect("a call").encoding, Some(encoding));
    }
    assert_eq!(
        desk.session(SESSION).expect("known").texts(Party::Customer),
        ["in a form", "in JSON"]
    );
    assert_eq!(desk.violations(), []);

    desk.configure(|settings| settings.accept = Accept::MULTIPART_ONLY);
    for request in [urlencoded(), json()] {
        let (status, body) = answer(request.send().await.expect("an answer")).await;
        assert_eq!(status, 400);
        assert_eq!(body["status"], "error");
    }
    assert_eq!(desk.violations().len(), 2);
}

#[tokio::test]
async fn wrong_tokens_are_refused_with_401() {
    let desk = start(
        DeskSimulator::builder()
            .account_token("rightaccount")
            .server_token("rightserver"),
    )
    .await;
    let (status, body) = post(&desk, MESSAGE, message("hello")).await;
    assert_eq!((status, body["status"].as_str()), (401, Some("error")));
    let query = [("chatAccountToken", "rightaccount"), ("chatServerToken", "wrong")];
    let config = client()
        .get(desk.url() + "/requestChatConfig")
        .query(&query)
        .send()
        .await;
    assert_eq!(config.expect("an answer").status(), 401);
    assert!(desk.sessions().is_empty());
    assert_eq!(desk.violations(), []);
}

#[tokio::test]
async fn the_api_key_is_demanded_once_one_is_set() {
    let desk = start(DeskSimulator::builder().api_key("key123")).await;
    let url = desk.url() + MESSAGE;
    let request = |url: &str| client().post(url).multipart(form(message("hello")));
    assert_eq!(request(&url).send().await.expect("an answer").status(), 401);
    let wrong = request(&url).header("apiKey", "other").send().await;
    assert_eq!(wrong.expect("an answer").status(), 401);
    let header = request(&url).header("apiKey", "key123").send().await;
    assert_eq!(header.expect("an answer").status(), 200);
    let query = request(&format!("{url}?apiKey=key123")).send().await;
    assert_eq!(query.expect("an answer").status(), 200);
    let tokens = [
        ("chatAccountToken", desk.account_token()),
        ("chatServerToken", desk.server_token()),
    ];
    let shared = client()
        .get(desk.url() + "/requestChatConfig")
        .query(&tokens)
        .send()
        .await;
    assert_eq!(shared.expect("an answer").status(), 200);
    assert_eq!(desk.violations(), []);
}

#[tokio::test]
async fn what_comes_after_an_end_is_remarked_on() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("hello")).await;
    post(&desk, END, of_session(&[])).await;
    let late = form(attachment()).part("file", file(vec![1]));
    let late = client().post(desk.url() + ATTACHMENT).multipart(late).send().await;
    assert_eq!(answer(late.expect("an answer")).await.1["ticketID"], 12312);
    post(&desk, END, of_session(&[])).await;
    post(&desk, EVENT, of_session(&[("event", "startedtyping")])).await;
    let (_, reopened) = post(&desk, MESSAGE, message("again")).await;
    assert_eq!(reopened["ticketID"], 12313);

    let about: Vec<_> = desk.remarks().into_iter().map(|remark| remark.about).collect();
    let expected = [
        RemarkKind::FileAfterEnd { ended: 12312 },
        RemarkKind::EndWithoutSession,
        RemarkKind::EventWithoutSession,
        RemarkKind::MessageAfterEnd {
            ended: 12312,
            opened: 12313,
        },
    ];
    assert_eq!(about, expected);
    assert_eq!(desk.session(SESSION).expect("the newest").reopens, Some(12312));
    assert_eq!(desk.violations(), []);
}

#[tokio::test]
async fn calls_are_listed_in_the_order_of_arrival() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("hello")).await;
    post(&desk, EVENT, of_session(&[("event", "typing")])).await;
    let calls = desk.calls();
    assert_eq!(calls[0].endpoint, Endpoint::NewChatMessage);
    assert_eq!(calls[0].field("message"), Some("hello"));
    assert_eq!(
        (calls[0].effect, calls[0].ticket, calls[0].status()),
        (true, Some(12312), Some(200))
    );
    assert_eq!((calls[1].effect, calls[1].status()), (false, Some(400)));
    assert_eq!(calls[1].number, 1);
}

#[tokio::test]
async fn a_condition_is_waited_for_and_given_up_in_time() {
    let desk = desk().await;
    let waiting = desk.wait_for(SOON, |desk| desk.session(SESSION).map(|session| session.ticket));
    let (ticket, _) = tokio::join!(waiting, post(&desk, MESSAGE, message("hello")));
    assert_eq!(ticket, Ok(12312));
    let never = desk.wait_until(std::time::Duration::from_millis(10), |_| false).await;
    assert!(never.is_err());
}

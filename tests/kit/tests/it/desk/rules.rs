//! Each rule of the contract, broken over the wire: refused, without effect, and on record.

use escalator_testkit::desk::DeskSimulator;
use reqwest::multipart::{Form, Part};

use super::product::{
    ATTACHMENT, END, EVENT, Fields, MESSAGE, answer, attachment, client, desk, file, form, message, of_session, post,
};

/// The fields with one of them set to another value, or added.
fn with(mut fields: Fields, name: &'static str, value: &str) -> Fields {
    fields.retain(|(of, _)| *of != name);
    fields.push((name, value.to_owned()));
    fields
}

fn without(mut fields: Fields, name: &str) -> Fields {
    fields.retain(|(of, _)| *of != name);
    fields
}

async fn refused(desk: &DeskSimulator, path: &str, fields: Fields, rule: &str) {
    let (status, body) = post(desk, path, fields).await;
    assert_eq!(status, 400, "{rule}");
    assert_eq!(body["status"], "error");
    on_record(desk, body["message"].as_str().expect("a text"), rule);
}

fn on_record(desk: &DeskSimulator, told: &str, rule: &str) {
    assert!(told.starts_with(rule), "{told} is not about {rule}");
    let call = desk.calls().pop().expect("a call");
    assert!(!call.effect);
    let violations = desk.violations().into_iter();
    let of_call = violations.filter(|violation| violation.call == call.number);
    let rules: Vec<_> = of_call.map(|violation| violation.rule).collect();
    assert_eq!(rules.join("; "), told);
}

#[tokio::test]
async fn each_value_of_a_message_is_checked() {
    let desk = desk().await;
    let table = [
        ("chatServer", "http://host/"),
        ("chatServer", "http://h_st"),
        ("chatServer", "h.nl"),
        ("chatSessionID", "123456789"),
        ("chatSessionID", "session_0001"),
        ("channelID", "7"),
        ("message", ""),
        ("url", ""),
        ("messageNumber", "0"),
        ("messageNumber", "51"),
        ("customerName", "O'Brien"),
        ("customerName", ""),
        ("emailAddress", ""),
        ("phoneNumber", "06-12345678"),
        ("additionalData", ""),
        ("externalAddressOverwrite", ""),
        ("usedPredefinedUserInput", ""),
    ];
    for (name, value) in table {
        refused(&desk, MESSAGE, with(message("hello"), name, value), name).await;
    }
    assert_eq!(desk.violations().len(), table.len());
    assert!(desk.sessions().is_empty());
}

#[tokio::test]
async fn required_fields_are_required() {
    let desk = desk().await;
    for name in [
        "chatServer",
        "chatSessionID",
        "chatAccountToken",
        "channelID",
        "message",
        "url",
    ] {
        refused(
            &desk,
            MESSAGE,
            without(message("hello"), name),
            &format!("{name}: required"),
        )
        .await;
    }
    refused(&desk, ATTACHMENT, attachment(), "file: required").await;
    refused(&desk, EVENT, of_session(&[]), "event: required").await;
    refused(
        &desk,
        END,
        without(of_session(&[]), "chatServer"),
        "chatServer: required",
    )
    .await;
    for name in ["from", "subject", "message", "brandID"] {
        let all = ["from", "subject", "message", "brandID"].map(|of| (of, "+123".to_owned()));
        let rule = format!("{name}: required");
        refused(&desk, "/api/v2/message/chatbot", without(all.to_vec(), name), &rule).await;
    }
    refused(
        &desk,
        "/api/v2/chat/requestChatConfig",
        vec![("chatAccountToken", "simulatoraccount".to_owned())],
        "chatServer: required",
    )
    .await;
    refused(
        &desk,
        "/api/v2/chat/notifyUserVisited",
        of_session(&[]),
        "url: required",
    )
    .await;
}

#[tokio::test]
async fn unknown_and_double_fields_are_refused() {
    let desk = desk().await;
    refused(
        &desk,
        MESSAGE,
        with(message("hello"), "priority", "1"),
        "priority: not a field",
    )
    .await;
    let token = [("event", "startedtyping"), ("chatAccountToken", "simulatoraccount")];
    refused(&desk, EVENT, of_session(&token), "chatAccountToken: not a field").await;
    let mut twice = message("hello");
    twice.push(("message", "again".to_owned()));
    refused(&desk, MESSAGE, twice, "message: given twice").await;
    let chat_session_id = with(attachment(), "chatSessionID", "session-0001");
    refused(&desk, ATTACHMENT, chat_session_id, "chatSessionID: not a field").await;
}

#[tokio::test]
async fn an_event_and_a_contact_have_to_be_real_ones() {
    let desk = desk().await;
    refused(&desk, EVENT, of_session(&[("event", "typing")]), "event: one of").await;
    let log = [
        ("from", "somebody"),
        ("subject", "s"),
        ("message", "m"),
        ("brandID", "1"),
    ];
    let log = log.map(|(name, value)| (name, value.to_owned())).to_vec();
    refused(&desk, "/api/v2/message/chatbot", log, "from: an e-mail address").await;
}

#[tokio::test]
async fn a_file_needs_a_name_and_a_session() {
    let desk = desk().await;
    let forms: [(Form, &str); 4] = [
        (
            form(attachment()).part("file", file(vec![1])),
            "sessionID: no such session",
        ),
        (form(attachment()).text("file", "bytes"), "file: not a field"),
        (
            form(attachment()).part("upload", file(vec![1])),
            "body: only the part named file",
        ),
        (form(message("hello")).part("file", file(vec![1])), "body: "),
    ];
    for (form, rule) in forms.into_iter().take(3) {
        let sent = client().post(desk.url() + ATTACHMENT).multipart(form).send().await;
        let (status, body) = answer(sent.expect("an answer")).await;
        assert_eq!(status, 400);
        on_record(&desk, body["message"].as_str().expect("a text"), rule);
    }
    let with_file = form(message("hello")).part("file", file(vec![1]));
    let sent = client().post(desk.url() + MESSAGE).multipart(with_file).send().await;
    let (_, body) = answer(sent.expect("an answer")).await;
    on_record(&desk, body["message"].as_str().expect("a text"), "file: not a field");
}

#[tokio::test]
async fn a_file_beyond_the_cap_is_refused_and_breaks_no_rule() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("look")).await;
    desk.configure(|settings| settings.file_bytes_max = 1_000);
    for (bytes, expected) in [(1_000, 200), (1_001, 413), (3 << 20, 413)] {
        let form = form(attachment()).part("file", file(vec![7; bytes]));
        let sent = client().post(desk.url() + ATTACHMENT).multipart(form).send().await;
        assert_eq!(sent.expect("an answer").status(), expected);
    }
    assert_eq!(desk.violations(), []);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let desk = desk().await;
    let post = || client().post(desk.url() + MESSAGE);
    let bodies = [
        (post().body("message=hello"), "Content-Type: must be"),
        (
            post().header("Content-Type", "text/plain").body("x"),
            "Content-Type: must be",
        ),
        (
            post().header("Content-Type", "application/json").body("{"),
            "body: not JSON",
        ),
        (post().json(&["message"]), "body: must be a JSON object"),
        (
            post().json(&serde_json::json!({"message": ["a"]})),
            "body: values must be",
        ),
        (
            post()
                .header("Content-Type", "multipart/form-data; boundary=x")
                .body("y"),
            "body: not multipart",
        ),
        (
            post().multipart(Form::new().part("message", Part::bytes(vec![0xff]))),
            "body: a field is not UTF-8",
        ),
    ];
    for (request, rule) in bodies {
        let (status, body) = answer(request.send().await.expect("an answer")).await;
        assert_eq!(status, 400, "{rule}");
        on_record(&desk, body["message"].as_str().expect("a text"), rule);
    }
}

#[tokio::test]
async fn fields_in_the_query_of_a_post_are_refused() {
    let desk = desk().await;
    let url = format!("{}{MESSAGE}?messageNumber=1", desk.url());
    let sent = client().post(url).multipart(form(message("hello"))).send().await;
    let (status, body) = answer(sent.expect("an answer")).await;
    assert_eq!(status, 400);
    on_record(&desk, body["message"].as_str().expect("a text"), "query: fields");
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_refused() {
    let desk = desk().await;
    let (status, body) = post(&desk, "/api/v2/chat/notifyUser", message("hello")).await;
    assert_eq!(status, 404);
    on_record(&desk, body["message"].as_str().expect("a text"), "path: not a call");
    let get = client().get(desk.url() + MESSAGE).send().await.expect("an answer");
    let (status, body) = answer(get).await;
    assert_eq!(status, 405);
    on_record(&desk, body["message"].as_str().expect("a text"), "method: must be POST");
}

//! The agent's side over HTTP, and the page.

use escalator_testkit::desk::{Answer, Call, DeskSimulator, DeskState, Encoding, Endpoint, Fault, Party, Plan, Scope};
use serde_json::{Value, json};

use super::product::{
    ATTACHMENT, MESSAGE, Product, SESSION, SOON, answer, attachment, call, client, desk, file, form, message, open_at,
    post,
};

async fn get(desk: &DeskSimulator, path: &str) -> Value {
    let url = format!("{}/agent/api{path}", desk.url());
    answer(client().get(url).send().await.expect("an answer")).await.1
}

async fn tell(desk: &DeskSimulator, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/agent/api{path}", desk.url());
    answer(client().post(url).json(&body).send().await.expect("an answer")).await
}

#[tokio::test]
async fn the_agent_answers_over_http() {
    let (desk, product) = (desk().await, Product::start().await);
    open_at(&desk, &product).await;
    let listed = get(&desk, "/sessions?status=waiting").await;
    assert_eq!(
        (listed[0]["ticket"].clone(), listed[0]["last_line"].clone()),
        (json!(12312), json!("hello"))
    );

    let reply = json!({"message": "Hi!", "name": "Anna", "encoding": "query"});
    let (status, sent) = tell(&desk, "/sessions/12312/reply", reply).await;
    assert_eq!((status, sent["exact"].clone()), (200, json!(true)));
    tell(&desk, "/sessions/12312/typing", json!({"typing": true})).await;
    let url = format!("{}/agent/api/sessions/12312/file?name=a.txt", desk.url());
    let file = client()
        .post(url)
        .header("Content-Type", "text/plain")
        .body("content")
        .send()
        .await;
    assert_eq!(answer(file.expect("an answer")).await.1["exact"], true);
    tell(&desk, "/sessions/12312/end", json!({})).await;

    let paths: Vec<_> = product.received(4).await.into_iter().map(|hook| hook.path).collect();
    let names: Vec<_> = paths.iter().filter_map(|path| path.rsplit('/').next()).collect();
    assert_eq!(
        names,
        [
            "messageForCustomer",
            "typingIndicatorForCustomer",
            "uploadForCustomer",
            "endSession"
        ]
    );
    assert_eq!(desk.hooks()[0].encoding, Encoding::Query);

    let session = get(&desk, "/sessions/12312").await;
    assert_eq!(
        (session["status"].clone(), session["ended_by"].clone()),
        (json!("ended"), json!("agent"))
    );
    assert_eq!(session["transcript"][1]["content"]["text"], "Hi!");
    assert_eq!(session["hook_records"]["0"]["attempts"][0]["exact"], true);
    assert!(
        get(&desk, "/sessions?status=waiting")
            .await
            .as_array()
            .expect("a list")
            .is_empty()
    );
}

#[tokio::test]
async fn texts_are_read_as_markdown_where_it_is_asked_for() {
    let (desk, text) = (desk().await, "**bold** <b>raw</b>");
    post(&desk, MESSAGE, message(text)).await;
    let plain = get(&desk, "/sessions/12312").await;
    assert_eq!(plain["rendered"], Value::Null);
    let drawn = get(&desk, "/sessions/12312?markdown=true").await;
    let words = json!([{ "tag": "strong", "nodes": ["bold"] }, " <b>raw</b>"]);
    assert_eq!(drawn["rendered"], json!({ "0": [{ "tag": "p", "nodes": words }] }));
    assert_eq!(drawn["transcript"][0]["content"]["text"], text);
}

#[tokio::test]
async fn a_hook_to_an_unknown_session_can_be_sent_over_http() {
    let (desk, product) = (desk().await, Product::start().await);
    let hook = json!({
        "chat_server": product.server, "session_id": "never-opened-1", "kind": "message", "message": "hi",
    });
    assert_eq!(tell(&desk, "/hooks", hook).await.1["exact"], true);
    assert_eq!(tell(&desk, "/sessions/1/end", json!({})).await.0, 404);
    assert_eq!(get(&desk, "/hooks").await[0]["session_id"], "never-opened-1");
}

#[tokio::test]
async fn files_are_offered_so_that_nothing_in_them_runs() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("look")).await;
    let page = reqwest::multipart::Part::bytes(b"<script>".to_vec()).file_name("x.html");
    let page = page.mime_str("text/html").expect("a content type");
    let voice = reqwest::multipart::Part::bytes(b"OggS".to_vec()).file_name("voice.ogg");
    let voice = voice.mime_str("audio/ogg; codecs=opus").expect("a content type");
    for part in [file(b"image".to_vec()), page, voice] {
        let form = form(attachment()).part("file", part);
        client()
            .post(desk.url() + ATTACHMENT)
            .multipart(form)
            .send()
            .await
            .expect("an answer");
    }
    let fetch = async |number: u64| {
        let url = format!("{}/agent/api/files/{number}", desk.url());
        let response = client().get(url).send().await.expect("an answer");
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        let headers = (header("Content-Type"), header("Content-Disposition"));
        (headers, response.bytes().await.expect("a body"))
    };
    let (image, bytes) = fetch(0).await;
    assert_eq!(
        (image.0.as_str(), image.1.as_str(), &bytes[..]),
        ("image/png", "inline", &b"image"[..])
    );
    let (page, _) = fetch(1).await;
    assert_eq!(
        (page.0.as_str(), page.1.as_str()),
        ("application/octet-stream", "attachment")
    );
    let (voice, _) = fetch(2).await;
    assert_eq!((voice.0.as_str(), voice.1.as_str()), ("audio/ogg", "inline"));
}

#[tokio::test]
async fn switches_and_faults_are_set_over_http() {
    let desk = desk().await;
    let switches = json!({
        "agents_available": false, "hook_encoding": "multipart", "retry_hooks": true, "end_path": "guide",
        "ids": "text", "accept": {"urlencoded": false, "json": false},
    });
    let (_, told) = tell(&desk, "/desk", switches).await;
    assert_eq!(
        (told["agents_available"].clone(), told["end_path"].clone()),
        (json!(false), json!("guide"))
    );
    assert_eq!(tell(&desk, "/desk", json!({"unknown": 1})).await.0, 422);

    let fault = json!({
        "scope": {"endpoint": "new_chat_message"},
        "plan": {"mode": "next", "calls": 1, "fault": {"kind": "too_many_requests", "retry_after_secs": 3}},
    });
    assert_eq!(tell(&desk, "/faults", fault.clone()).await.1, json!([fault]));
    let expected = (
        Scope::Endpoint(Endpoint::NewChatMessage),
        Plan::Next {
            calls: 1,
            fault: Fault::TooManyRequests { retry_after_secs: 3 },
        },
    );
    assert_eq!(desk.faults().active(), [expected]);
    let url = desk.url() + "/agent/api/faults";
    client().delete(url).send().await.expect("an answer");
    assert!(desk.faults().active().is_empty());

    let hang = json!({"scope": "all", "plan": {"mode": "always", "fault": {"kind": "hang"}}});
    tell(&desk, "/faults", hang).await;
    let hanging = tokio::spawn(call(&desk, MESSAGE, message("hello")).send());
    desk.wait_until(SOON, |desk| desk.hanging() == 1).await.expect("hangs");
    tell(&desk, "/faults/release", json!({})).await;
    assert_eq!(hanging.await.expect("no panic").expect("an answer").status(), 200);
    assert_eq!(get(&desk, "/calls?last=1").await[0]["answer"]["status"], 200);
}

#[tokio::test]
async fn every_fault_that_the_documentation_shows_is_understood() {
    let desk = desk().await;
    let documentation = include_str!("../../../src/desk/http_api.md");
    let faults = documentation.lines().filter(|line| line.starts_with("{\"scope\""));
    let mut count = 0;
    for fault in faults {
        let fault = serde_json::from_str(fault).expect("JSON");
        assert_eq!(tell(&desk, "/faults", fault).await.0, 200);
        count += 1;
    }
    assert_eq!(count, 5);
}

#[tokio::test]
async fn the_port_closes_for_a_while_over_http() {
    let desk = desk().await;
    let url = desk.url() + "/agent/api/port/close";
    let close = |after: u64| client().post(&url).json(&json!({"reopen_after_ms": after})).send();
    assert_eq!(close(10 * 60 * 1_000 + 1).await.expect("an answer").status(), 422);
    assert_eq!(close(300).await.expect("an answer").status(), 202);
    let is_open = async || client().get(desk.url() + "/agent/api/desk").send().await.is_ok();
    let closed_and_opened = async {
        while is_open().await {}
        while !is_open().await {}
    };
    tokio::time::timeout(SOON, closed_and_opened).await.expect("open again");
}

#[tokio::test]
async fn the_page_hears_of_changes() {
    let desk = desk().await;
    let mut events = client()
        .get(desk.url() + "/agent/api/events")
        .send()
        .await
        .expect("a stream");
    let mut next = async || {
        tokio::time::timeout(SOON, events.chunk())
            .await
            .expect("in time")
            .expect("a chunk")
    };
    let first = next().await.expect("an event");
    assert!(first.starts_with(b"event: change\n"));
    post(&desk, MESSAGE, message("hello")).await;
    assert!(next().await.expect("an event").starts_with(b"event: change\n"));
}

#[tokio::test]
async fn the_page_is_one_document_that_loads_nothing_from_elsewhere() {
    let desk = desk().await;
    let response = client().get(desk.agent_page()).send().await.expect("an answer");
    let policy = response.headers()["Content-Security-Policy"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(policy.starts_with("default-src 'none'"));
    let page = response.text().await.expect("a page");
    assert!(page.starts_with("<!doctype html>"));
    for sign in ["innerHTML", "http://", "https://", "eval("] {
        assert!(!page.contains(sign), "{sign}");
    }
}

#[tokio::test]
async fn many_sessions_do_not_slow_the_desk_down() {
    let desk = desk().await;
    let keeping = reqwest::Client::builder().no_proxy().build().expect("a client");
    for at in 0..2_000 {
        let fields = super::product::message_of(super::product::SERVER, &format!("session-{at:06}"), "hello");
        let sent = keeping.post(desk.url() + MESSAGE).form(&fields).send().await;
        sent.expect("an answer").bytes().await.expect("a body");
    }
    assert_eq!(desk.look(DeskState::session_count), 2_000);
    assert_eq!(
        desk.session("session-001999").expect("known").texts(Party::Customer),
        ["hello"]
    );
    let answered = |call: &Call| matches!(call.answer, Answer::Sent { status: 200, .. });
    assert!(desk.calls().iter().all(answered));
    assert_eq!(get(&desk, "/sessions").await.as_array().expect("a list").len(), 200);
}

#[tokio::test]
async fn a_session_is_found_by_its_newest_ticket() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("hello")).await;
    assert_eq!(get(&desk, "/sessions/12312").await["id"], SESSION);
}

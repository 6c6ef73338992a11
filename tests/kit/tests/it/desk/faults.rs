//! Each fault, and what it leaves behind.

use std::{num::NonZeroU64, time::Duration};

use escalator_testkit::desk::{Answer, Call, DeskSimulator, DeskState, Endpoint, Fault, Party, Plan, Scope};

use super::product::{
    ATTACHMENT, END, MESSAGE, SERVER, SESSION, SOON, answer, attachment, call, client, desk, file, form, message,
    message_of, of_session, post,
};

fn last_call(desk: &DeskSimulator) -> Call {
    desk.calls().pop().expect("a call")
}

/// Makes a call that is to end without an answer.
async fn lost(desk: &DeskSimulator, text: &str) -> reqwest::Error {
    call(desk, MESSAGE, message(text)).send().await.expect_err("no answer")
}

#[tokio::test]
async fn refuse_cuts_without_effect() {
    let desk = desk().await;
    desk.faults().next(Scope::All, 1, Fault::Refuse);
    assert!(!lost(&desk, "hello").await.is_timeout());
    let call = last_call(&desk);
    assert_eq!((call.answer, call.effect, call.encoding), (Answer::Cut, false, None));
    assert_eq!(post(&desk, MESSAGE, message("hello")).await.0, 200);
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect() {
    let desk = desk().await;
    desk.faults().next(Scope::All, 1, Fault::LostAnswer);
    lost(&desk, "hello").await;
    let call = last_call(&desk);
    assert_eq!(
        (call.answer, call.effect, call.ticket),
        (Answer::Cut, true, Some(12312))
    );
    assert_eq!(desk.session(SESSION).expect("opened").texts(Party::Customer), ["hello"]);
}

#[tokio::test]
async fn hang_has_its_effect_only_when_released() {
    let desk = desk().await;
    desk.faults().next(Scope::All, 1, Fault::Hang);
    let sent = tokio::spawn(call(&desk, MESSAGE, message("hello")).send());
    desk.wait_until(SOON, |desk| desk.hanging() == 1).await.expect("hangs");
    assert!(desk.sessions().is_empty());
    desk.faults().release_hanging();
    let response = sent.await.expect("no panic").expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!((desk.look(DeskState::hanging), desk.sessions().len()), (0, 1));
}

#[tokio::test]
async fn a_caller_who_goes_while_it_hangs_leaves_no_effect() {
    let desk = desk().await;
    desk.faults().next(Scope::All, 1, Fault::Hang);
    let sent = tokio::spawn(call(&desk, MESSAGE, message("hello")).send());
    desk.wait_until(SOON, |desk| desk.hanging() == 1).await.expect("hangs");
    sent.abort();
    let gone = |desk: &DeskState| desk.calls()[0].answer == Answer::CallerGone;
    desk.wait_until(SOON, gone).await.expect("noticed");
    assert_eq!((desk.look(DeskState::hanging), desk.sessions().len()), (0, 0));
}

#[tokio::test]
async fn hang_after_effect_has_it_before() {
    let desk = desk().await;
    desk.faults().next(Scope::All, 1, Fault::HangAfterEffect);
    let impatient = call(&desk, MESSAGE, message("hello")).timeout(Duration::from_millis(200));
    assert!(impatient.send().await.expect_err("no answer").is_timeout());
    assert_eq!(desk.sessions().len(), 1);
}

#[tokio::test]
async fn answers_of_a_desk_in_trouble_have_no_effect() {
    let desk = desk().await;
    let custom = Fault::Answer {
        status: 403,
        body: r#"{"status":"error"}"#.to_owned(),
    };
    let table = [
        (
            Fault::TooManyRequests { retry_after_secs: 7 },
            429,
            "text/plain",
            "Too Many",
        ),
        (Fault::Unavailable, 503, "text/plain", ""),
        (Fault::Html, 502, "text/html", "<html>"),
        (Fault::HtmlOk, 200, "text/html", "<!doctype html>"),
        (custom, 403, "application/json", r#"{"status":"error"}"#),
    ];
    for (fault, status, content_type, start) in table {
        desk.faults().next(Scope::All, 1, fault.clone());
        let response = call(&desk, MESSAGE, message("hello")).send().await.expect("an answer");
        assert_eq!(response.status(), status);
        let retry_after = response
            .headers()
            .get("Retry-After")
            .map(|secs| secs.to_str().expect("text").to_owned());
        assert_eq!(retry_after.as_deref(), (status == 429).then_some("7"));
        assert!(
            response.headers()["Content-Type"]
                .to_str()
                .expect("text")
                .starts_with(content_type)
        );
        assert!(response.text().await.expect("a body").starts_with(start));
        let call = last_call(&desk);
        assert_eq!(
            (call.effect, call.fault.clone(), call.field("message")),
            (false, Some(fault), Some("hello"))
        );
    }
    assert!(desk.sessions().is_empty());
}

#[tokio::test]
async fn a_slow_body_is_read_at_its_pace() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("look")).await;
    let bytes_per_sec = NonZeroU64::new(1 << 20).expect("not zero");
    desk.faults().next(
        Scope::Endpoint(Endpoint::AddAttachment),
        1,
        Fault::SlowBody { bytes_per_sec },
    );
    let started = std::time::Instant::now();
    let slow = form(attachment()).part("file", file(vec![7; 400 << 10]));
    let slow = client().post(desk.url() + ATTACHMENT).multipart(slow).send();
    let fast = async {
        let answered = post(&desk, MESSAGE, message("meanwhile")).await;
        (answered, started.elapsed())
    };
    let (slow, ((status, _), fast_took)) = tokio::join!(slow, fast);
    assert_eq!((slow.expect("an answer").status().as_u16(), status), (200, 200));
    assert!(started.elapsed() >= Duration::from_millis(350));
    assert!(fast_took < started.elapsed());
    assert_eq!(
        desk.session(SESSION).expect("open").files(Party::Customer)[0]
            .bytes
            .len(),
        400 << 10
    );
}

#[tokio::test]
async fn a_slow_body_comes_at_full_speed_once_it_is_released() {
    let desk = desk().await;
    post(&desk, MESSAGE, message("look")).await;
    let bytes_per_sec = NonZeroU64::new(1).expect("not zero");
    let slow = Fault::SlowBody { bytes_per_sec };
    desk.faults().next(Scope::Endpoint(Endpoint::AddAttachment), 1, slow);
    let form = form(attachment()).part("file", file(vec![7; 400 << 10]));
    let sending = client().post(desk.url() + ATTACHMENT).multipart(form).send();
    let releasing = async {
        let begun = |desk: &DeskState| desk.calls().iter().any(|call| call.endpoint == Endpoint::AddAttachment);
        desk.wait_until(Duration::from_secs(10), begun)
            .await
            .expect("it begins");
        desk.faults().release_hanging();
    };
    let both = async { tokio::join!(sending, releasing).0 };
    let answered = tokio::time::timeout(Duration::from_secs(10), both).await;
    let answered = answered.expect("it takes no days").expect("an answer");
    assert_eq!(answered.status().as_u16(), 200);
}

#[tokio::test]
async fn a_fault_of_one_endpoint_or_session_touches_no_other() {
    let desk = desk().await;
    desk.faults()
        .always(Scope::Endpoint(Endpoint::EndChat), Fault::Unavailable);
    desk.faults()
        .always(Scope::Session("session-0002".to_owned()), Fault::Unavailable);
    assert_eq!(post(&desk, MESSAGE, message("hello")).await.0, 200);
    let other = call(&desk, MESSAGE, message_of(SERVER, "session-0002", "hello"))
        .send()
        .await;
    assert_eq!(other.expect("an answer").status(), 503);
    let end = call(&desk, END, of_session(&[])).send().await.expect("an answer");
    assert_eq!(end.status(), 503);

    desk.faults().clear_all();
    assert!(desk.faults().active().is_empty());
    assert_eq!(post(&desk, END, of_session(&[])).await.0, 200);
}

#[tokio::test]
async fn a_cycle_gives_each_call_its_turn() {
    let desk = desk().await;
    let faults = vec![Some(Fault::Unavailable), Some(Fault::Refuse), None];
    desk.faults().set(Scope::All, Plan::Cycle { faults });
    for _ in 0..2 {
        let first = call(&desk, MESSAGE, message("a")).send().await.expect("an answer");
        assert_eq!(first.status(), 503);
        lost(&desk, "b").await;
        let third = call(&desk, MESSAGE, message("c")).send().await.expect("an answer");
        assert_eq!(answer(third).await.0, 200);
    }
    assert_eq!(desk.session(SESSION).expect("open").texts(Party::Customer), ["c", "c"]);
}

#[tokio::test]
async fn a_caller_who_hangs_up_in_the_middle_of_a_body_leaves_no_effect() {
    use tokio::io::AsyncWriteExt;

    let desk = desk().await;
    let address = desk.url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connects");
    let head = format!(
        "POST {MESSAGE} HTTP/1.1\r\nHost: {address}\r\nContent-Type: multipart/form-data; boundary=x\r\n\
         Content-Length: 5000\r\n\r\n--x\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("writes");
    desk.wait_until(SOON, |desk| desk.calls().len() == 1)
        .await
        .expect("arrived");
    drop(stream);
    desk.wait_until(SOON, |desk| desk.calls()[0].answer == Answer::CallerGone)
        .await
        .expect("noticed");
    assert!(desk.sessions().is_empty());
    assert_eq!(desk.violations(), []);
}

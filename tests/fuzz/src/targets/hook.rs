//! What the desk, or anybody who knows the address, posts to a hook.

use escalator::desk::Hook;
use http::StatusCode;

use super::hookpoint::{Called, call};
use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "hook",
    run,
    seeds,
    bytes_max: 4_096,
};

const HOOKS: [&str; 4] = [
    "messageForCustomer",
    "uploadForCustomer",
    "typingIndicatorForCustomer",
    "endSession",
];

/// An input is a byte that tells the hook, a line that is the query string, a line that is the content type, and a body.
fn run(input: &[u8]) {
    let Some((hook, rest)) = input.split_first() else {
        return;
    };
    let Some((query, rest)) = line(rest) else { return };
    let Some((media_type, body)) = line(rest) else { return };
    let Ok(query) = std::str::from_utf8(query) else { return };
    let hook = HOOKS[usize::from(*hook) % HOOKS.len()];
    let target = if query.is_empty() {
        hook.to_owned()
    } else {
        format!("{hook}?{query}")
    };
    let media_type = Some(media_type).filter(|media_type| !media_type.is_empty());
    if let Some(called) = call(&target, media_type, body) {
        check(&called, body.len());
    }
}

fn check(called: &Called, body_bytes: usize) {
    let Called { status, read } = called;
    assert!(
        matches!(
            *status,
            StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE
        ),
        "a hook is taken or refused for what it is, not with {status}"
    );
    let is_read = matches!(read, Some((_, Ok(_))));
    assert_eq!(*status == StatusCode::OK, is_read, "{status} is answered to {read:?}");
    match read {
        Some((_, Ok(Hook::Message { text, .. }))) => assert!(!text.is_blank(), "nothing was written"),
        Some((_, Ok(Hook::File { file, .. }))) => {
            let bytes_max = body_bytes as u64;
            assert!(file.bytes <= bytes_max, "a file is no longer than what it came in");
        }
        _ => {}
    }
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

fn seeds() -> Vec<Vec<u8>> {
    const SESSION: &str = "5f0b0f5c-7d0c-4f6e-9a53-3f6f0e1c2b3a";
    let parts = |fields: &str| {
        let session = format!("--b\r\nContent-Disposition: form-data; name=\"sessionID\"\r\n\r\n{SESSION}\r\n");
        format!("{session}--b\r\nContent-Disposition: form-data; {fields}\r\n--b--\r\n")
    };
    let file = "name=\"file\"; filename=\"cat.png\"\r\nContent-Type: image/png\r\n\r\n\u{89}PNG\r\n\u{1a}\n";
    let (json, form, multipart) = (
        "application/json",
        "application/x-www-form-urlencoded; charset=utf-8",
        "multipart/form-data; boundary=b",
    );
    [
        (
            0,
            "",
            json,
            format!("{{\"sessionID\":\"{SESSION}\",\"message\":\"hello\\n\",\"name\":\"Anna\",\"n\":[1,{{}}]}}"),
        ),
        (
            0,
            "",
            form,
            format!("sessionID={SESSION}&message=a+b%20%C3%A9&picture=https%3A%2F%2Fx.example%2Fa.png"),
        ),
        (0, "", multipart, parts("name=\"message\"\r\n\r\nhello")),
        (0, &format!("sessionID={SESSION}&message=hello"), "", String::new()),
        (
            1,
            "",
            json,
            format!(
                "{{\"sessionID\":\"{SESSION}\",\"file\":\"data:image/png;base64,iVBORw0KGgo=\",\"fileName\":\"c.png\"}}"
            ),
        ),
        (
            1,
            "",
            form,
            format!("sessionID={SESSION}&file=iVBORw0KGgo&fileName=cat"),
        ),
        (1, "", multipart, parts(file)),
        (2, "", "text/plain", format!("sessionID={SESSION}&Typing=true")),
        (
            2,
            &format!("sessionID={SESSION}"),
            json,
            "{\"Typing\":false}".to_owned(),
        ),
        (3, "", "", format!("\u{feff} {{\"SESSIONID\":\"{SESSION}\"}}")),
        (
            3,
            "",
            multipart,
            parts("name=\"reason\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx"),
        ),
    ]
    .map(|(hook, query, media_type, body): (u8, &str, &str, String)| {
        [
            &[hook],
            query.as_bytes(),
            b"\n",
            media_type.as_bytes(),
            b"\n",
            body.as_bytes(),
        ]
        .concat()
    })
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_a_hook_that_is_taken() {
        for seed in seeds() {
            let (hook, rest) = seed.split_first().expect("a seed has a hook");
            let (query, rest) = line(rest).expect("a seed has a query string");
            let (media_type, body) = line(rest).expect("a seed has a content type");
            let query = std::str::from_utf8(query).expect("it is text");
            let target = format!("{}?{query}", HOOKS[usize::from(*hook)]);
            let media_type = Some(media_type).filter(|media_type| !media_type.is_empty());
            let called = call(&target, media_type, body).expect("it is a request");
            assert_eq!(called.status, StatusCode::OK, "{}", seed.escape_ascii());
        }
    }
}

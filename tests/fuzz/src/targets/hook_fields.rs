//! The same fields in each of the four encodings are the same hook.

use std::fmt::Write as _;

use arbitrary::{Result, Unstructured};
use serde_json::Value;

use super::hookpoint::{Called, call};
use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "hook_fields",
    run,
    seeds,
    bytes_max: 1_024,
};

/// How many fields a hook of this target has at most.
const FIELDS_MAX: usize = 6;

const HOOKS: [&str; 3] = ["messageForCustomer", "typingIndicatorForCustomer", "endSession"];

const NAMES: [&str; 8] = [
    "sessionID",
    "message",
    "name",
    "picture",
    "Typing",
    "MESSAGE",
    "file",
    "something",
];

const SESSION: &str = "5f0b0f5c-7d0c-4f6e-9a53-3f6f0e1c2b3a";

type Field = (&'static str, String);

fn run(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok((hook, fields)) = hook(&mut input) else { return };
    let form = form(&fields);
    let (media_type, parts) = multipart(&fields);
    let all = [
        call(hook, Some(b"application/x-www-form-urlencoded"), form.as_bytes()),
        call(hook, Some(b"application/json"), json(&fields).as_bytes()),
        call(hook, Some(media_type.as_bytes()), parts.as_bytes()),
        call(&format!("{hook}?{form}"), None, b""),
    ];
    for other in &all[1..] {
        assert_eq!(other, &all[0], "one encoding is read otherwise");
    }
    all.iter()
        .flatten()
        .for_each(|called| is_what_was_sent(called, &fields));
}

fn hook(input: &mut Unstructured<'_>) -> Result<(&'static str, Vec<Field>)> {
    let hook = *input.choose(&HOOKS)?;
    let mut fields = Vec::new();
    for _ in 0..input.int_in_range(0..=FIELDS_MAX)? {
        let name = *input.choose(&NAMES)?;
        let value = match name {
            "sessionID" if input.ratio(3_u8, 4_u8)? => SESSION.to_owned(),
            "Typing" if input.arbitrary()? => "true".to_owned(),
            _ => input.arbitrary()?,
        };
        fields.push((name, value));
    }
    Ok((hook, fields))
}

fn is_what_was_sent(called: &Called, fields: &[Field]) {
    let Some((read, _)) = &called.read else { return };
    let read = read.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let sent = fields.iter().map(|(name, value)| (*name, value.as_str()));
    assert!(read.eq(sent), "the fields are what was sent");
}

fn form(fields: &[Field]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish()
}

/// Written by hand: a map would drop a name that stands there twice.
fn json(fields: &[Field]) -> String {
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}:{}", Value::from(*name), Value::from(value.as_str())));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

/// With a boundary that stands in none of the fields.
fn multipart(fields: &[Field]) -> (String, String) {
    let boundary = (0..).map(|number| format!("boundary{number}"));
    let is_free = |boundary: &String| fields.iter().all(|(_, value)| !value.contains(boundary.as_str()));
    let boundary = boundary
        .into_iter()
        .find(is_free)
        .expect("there are more numbers than fields");
    let mut parts = String::new();
    for (name, value) in fields {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        write!(parts, "--{boundary}\r\n{head}\r\n\r\n{value}\r\n").expect("a string takes all");
    }
    write!(parts, "--{boundary}--\r\n").expect("a string takes all");
    (format!("multipart/form-data; boundary={boundary}"), parts)
}

fn seeds() -> Vec<Vec<u8>> {
    vec![
        vec![0; 40],
        (0..120).collect(),
        (0..200).rev().collect(),
        b"hello 1 2 3 sessions".repeat(8),
    ]
}

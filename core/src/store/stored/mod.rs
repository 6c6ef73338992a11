//! The stored forms: how a conversation, a payload, a receipt and a transcript line lie in a database.
//!
//! Each is JSON in an envelope that names its version: `{"v":1,"body":…}`.
//!
//! # Invariants
//! - No type of the model is a stored format. A form mirrors one, and takes it apart field by field, so that a field that
//!   is added there does not compile until it is stored here.
//! - A form that was released never changes: a change is a new version, and the old one is still read.
//! - What cannot be read is [`StoreError::Corrupt`], by the name of its kind; its text is never repeated.

mod bot_event;
mod conversation;
mod line;
mod parts;
mod payload;
mod receipt;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::StoreError;

/// The version that is written.
const VERSION: u32 = 1;

/// How long most values are.
const BYTES_EXPECTED: usize = 512;

/// A value of the model that has a stored form.
pub(super) trait Stored: Sized {
    /// The kind as a word, for errors.
    const KIND: &'static str;
    /// How it is stored.
    type Form: for<'s> From<&'s Self> + Into<Self> + Serialize + DeserializeOwned;
}

/// Writes a value in its stored form.
pub(super) fn encode<T: Stored>(value: &T) -> String {
    let envelope = Envelope {
        v: VERSION,
        body: T::Form::from(value),
    };
    let mut written = Vec::with_capacity(BYTES_EXPECTED);
    serde_json::to_writer(&mut written, &envelope).expect("the forms are plain data whose maps have text for keys");
    String::from_utf8(written).expect("JSON is UTF-8")
}

/// Reads a value from its stored form.
pub(super) fn decode<T: Stored>(stored: &str) -> Result<T, StoreError> {
    match serde_json::from_str::<Envelope<T::Form>>(stored) {
        Ok(Envelope { v: VERSION, body }) => Ok(body.into()),
        Ok(Envelope { v, .. }) => Err(unknown_version(T::KIND, v)),
        Err(error) => match serde_json::from_str::<Version>(stored) {
            Ok(Version { v }) if v != VERSION => Err(unknown_version(T::KIND, v)),
            // The message of `error` may repeat what stands there; its place does not.
            _ => Err(StoreError::corrupt(format_args!(
                "a {} is not in its form (column {})",
                T::KIND,
                error.column()
            ))),
        },
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope<F> {
    v: u32,
    body: F,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

fn unknown_version(kind: &str, version: u32) -> StoreError {
    StoreError::corrupt(format_args!(
        "a {kind} is of version {version}, and this program reads version {VERSION}"
    ))
}

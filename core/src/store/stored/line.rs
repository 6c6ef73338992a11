//! The stored form of a transcript line.

use serde::{Deserialize, Serialize};

use super::Stored;
use crate::model::{Line, Speaker, Text, Timestamp};

impl Stored for Line {
    const KIND: &'static str = "transcript line";
    type Form = LineForm;
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct LineForm {
    at: i64,
    speaker: SpeakerForm,
    text: String,
}

impl From<&Line> for LineForm {
    fn from(line: &Line) -> Self {
        let Line { at, speaker, text } = line;
        Self {
            at: at.as_millis(),
            speaker: speaker.into(),
            text: text.as_str().to_owned(),
        }
    }
}

impl From<LineForm> for Line {
    fn from(form: LineForm) -> Self {
        Self {
            at: Timestamp::from_millis(form.at),
            speaker: form.speaker.into(),
            text: Text::new(form.text),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SpeakerForm {
    Customer,
    Bot,
    Agent(String),
}

impl From<&Speaker> for SpeakerForm {
    fn from(speaker: &Speaker) -> Self {
        match speaker {
            Speaker::Customer => Self::Customer,
            Speaker::Bot => Self::Bot,
            Speaker::Agent(name) => Self::Agent(name.as_str().to_owned()),
        }
    }
}

impl From<SpeakerForm> for Speaker {
    fn from(form: SpeakerForm) -> Self {
        match form {
            SpeakerForm::Customer => Self::Customer,
            SpeakerForm::Bot => Self::Bot,
            SpeakerForm::Agent(name) => Self::Agent(Text::new(name)),
        }
    }
}

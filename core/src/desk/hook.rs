use std::fmt;

use crate::model::{BlobId, RichText, SessionId, Text};

/// What a hook is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HookKind {
    /// An agent wrote.
    Message,
    /// An agent sent a file.
    File,
    /// An agent began or stopped writing.
    Typing,
    /// The session ended.
    End,
}

impl HookKind {
    /// The kind as a fixed word, for logs and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::File => "file",
            Self::Typing => "typing",
            Self::End => "end",
        }
    }
}

/// The fields of a hook, however they were encoded. Names are matched without regard to case; the first of a name wins.
#[derive(Default)]
pub struct HookFields {
    /// (name, value) in the order of arrival.
    pub values: Vec<(String, String)>,
    /// The file, already kept.
    pub file: Option<HookFile>,
}

/// A file of a hook whose bytes are in the blob store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookFile {
    /// Where its bytes are.
    pub blob: BlobId,
    /// The name that came with it.
    pub name: Option<Text>,
    /// The media type that came with it.
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub bytes: u64,
}

impl HookFields {
    /// The value of a field, by its name in any case of letters.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Values can be what an agent wrote: only the names are shown.
impl fmt::Debug for HookFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.values.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HookFields")
            .field("names", &names)
            .field("file", &self.file)
            .finish()
    }
}

/// A hook that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hook {
    /// An agent wrote.
    Message {
        /// Which session.
        session: SessionId,
        /// The agent's name.
        name: Option<Text>,
        /// Address of the agent's picture.
        picture: Option<String>,
        /// What was written.
        text: RichText,
    },
    /// An agent sent a file.
    File {
        /// Which session.
        session: SessionId,
        /// The file.
        file: HookFile,
    },
    /// An agent began or stopped writing.
    Typing {
        /// Which session.
        session: SessionId,
        /// Whether the agent writes now.
        on: bool,
    },
    /// The session ended.
    End {
        /// Which session.
        session: SessionId,
    },
    /// A well-formed hook whose session id was not minted by us. It is answered, logged, and changes nothing.
    Foreign,
}

/// Why a hook was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HookError {
    /// A field that the hook needs is not there.
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
    /// A field has a value that cannot be read.
    #[error("the field `{field}` is malformed: {expected}")]
    Malformed {
        /// The field.
        field: &'static str,
        /// What would be right.
        expected: &'static str,
    },
}

/// What the desk wants to read when a hook was taken. The status is always 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookAnswer {
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body, to the byte.
    pub body: &'static str,
}

//! Files that passed the desk, from either side.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

/// A file, whole and in memory. Cheap to clone.
///
/// `Debug` shows the size alone: a name can tell as much as a message.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct StoredFile {
    /// Its number at the desk, under which the agent's page offers it.
    pub number: u64,
    /// Name as it was sent.
    pub name: String,
    /// Content type as it was sent.
    pub content_type: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The bytes.
    #[serde(skip)]
    pub bytes: Bytes,
}

impl fmt::Debug for StoredFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredFile({} bytes)", self.size_bytes)
    }
}

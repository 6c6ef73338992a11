use std::{fmt, sync::Arc};

/// Something a person or a bot wrote, shared by its clones. Its `Debug` tells the length and never the words.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// Takes the words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into().into())
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the words away.
    pub fn into_string(self) -> String {
        self.0.as_ref().to_owned()
    }

    /// Whether there is nothing to read in it: no character, or white space only.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        Self::new(words)
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self(words.into())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_words() {
        assert_eq!(format!("{:?}", Text::new("my password")), "Text(11 bytes)");
    }
}

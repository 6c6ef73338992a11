/// Where something stands in words that are written.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) byte: usize,
    /// The same in UTF-16 code units.
    pub(super) unit: usize,
}

impl Place {
    /// The place behind these words.
    pub(super) fn behind(self, words: &str) -> Self {
        Self {
            byte: self.byte + words.len(),
            unit: self.unit + units(words),
        }
    }
}

/// How long words are, in UTF-16 code units.
pub(super) fn units(words: &str) -> usize {
    words.chars().map(char::len_utf16).sum()
}

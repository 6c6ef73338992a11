use std::{fmt, sync::Arc};

/// Where the desk's hooks for a session go: the hookpoint's address with the secret in it. `Debug` shows none of it. Empty
/// where something belongs to no session.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HookAddress(Arc<str>);

impl HookAddress {
    /// Takes an address.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into().into())
    }

    /// The address, to be told to the desk or to be kept. Not for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookAddress(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_it() {
        let address = HookAddress::new("https://bot.example.com/omnidesk/4f1c9d7e2b8a4c3e9f00");
        assert_eq!(format!("{address:?}"), "HookAddress(redacted)");
    }
}

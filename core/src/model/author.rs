use super::Text;

/// An agent, as the customer may see one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The name that the desk gave.
    pub name: Text,
    /// The address of the agent's picture, where the desk gave one. Untrusted: not every platform takes any address.
    pub picture: Option<String>,
}

impl<T: Into<Text>> From<T> for Author {
    /// An agent of whom the name alone is known.
    fn from(name: T) -> Self {
        Self {
            name: name.into(),
            picture: None,
        }
    }
}

use std::fmt;

use super::Position;

/// An update as its platform posted it.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Where it stands in its channel's order.
    pub position: Position,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Without what the customer said.
impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("position", &self.position)
            .field("bytes", &self.body.len())
            .finish()
    }
}

//! What only a database that is shared can do or suffer.

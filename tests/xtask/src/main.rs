//! The project's habits, one command each.
fn main() {}

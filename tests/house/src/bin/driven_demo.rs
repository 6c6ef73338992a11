//! The example `demo`, as a program of this package, so that its tests find it.

use escalator_examples::{demo, exit, program, settings::Settings};

#[tokio::main]
async fn main() {
    exit::with(demo::run(&Settings::read(&program::DEMO)).await)
}

//! Tells the page that something changed. What it was, the page asks.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::stream::unfold;

use crate::desk::office::Office;

/// Changes within this time are told as one, so that a busy desk does not drown its page.
const QUIET: Duration = Duration::from_millis(100);

pub(super) async fn events(State(office): State<Arc<Office>>) -> impl IntoResponse {
    let mut changes = office.changes();
    changes.mark_changed();
    let stream = unfold(changes, |mut changes| async move {
        changes.changed().await.ok()?;
        let change = *changes.borrow_and_update();
        let event = Event::default().event("change").data(change.to_string());
        Some((Ok::<_, Infallible>(event), (changes)))
    });
    Sse::new(quiet(stream)).keep_alive(KeepAlive::default())
}

fn quiet<S: futures::Stream>(stream: S) -> impl futures::Stream<Item = S::Item> {
    use futures::StreamExt;
    stream.then(|event| async {
        tokio::time::sleep(QUIET).await;
        event
    })
}

//! The whole desk as one application: what the product calls, and what the agent uses.

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit};

use super::{agent, office::Office, vendor};

/// Puts both sides together. Bodies have limits of their own in each place that reads one.
pub(super) fn router(office: Arc<Office>) -> Router {
    vendor::router()
        .merge(agent::router())
        .layer(DefaultBodyLimit::disable())
        .with_state(office)
}

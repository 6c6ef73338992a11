//! The desk's switches, over HTTP.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Refused, Told};
use crate::desk::{
    call::Encoding,
    fault::{Plan, Scope},
    office::Office,
    settings::{Accept, EndPath, HookRetry, IdStyle, Settings},
    state::DeskState,
};

type Shared = State<Arc<Office>>;

/// The switches and the counts of the records.
#[derive(Serialize)]
pub(super) struct Desk {
    url: String,
    #[serde(flatten)]
    switches: Switches,
    faults: Vec<InForce>,
    hanging: usize,
    #[serde(flatten)]
    counts: Counts,
}

/// How many of each the desk knows.
#[derive(Serialize)]
struct Counts {
    sessions: usize,
    calls: usize,
    hooks: usize,
    violations: usize,
    remarks: usize,
    chatbot_logs: usize,
}

/// A plan and what it applies to.
#[derive(Serialize, Deserialize)]
pub(super) struct InForce {
    scope: Scope,
    plan: Plan,
}

/// The switches; to change them, what is left out stays.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switches {
    agents_available: Option<bool>,
    hide_when_no_agents: Option<bool>,
    hook_encoding: Option<Encoding>,
    retry_hooks: Option<bool>,
    double_slash: Option<bool>,
    accept: Option<Accept>,
    end_path: Option<EndPath>,
    ids: Option<IdStyle>,
    brand_required: Option<bool>,
    chat_config: Option<Value>,
    instructions: Option<Vec<Value>>,
}

#[derive(Deserialize)]
pub(super) struct Closing {
    reopen_after_ms: u64,
}

/// Longest time for which the port can be closed over HTTP: nobody could open it again by that way.
const CLOSED_MS_MAX: u64 = 10 * 60 * 1_000;

pub(super) async fn desk(State(office): Shared) -> Json<Desk> {
    Json(overview(&office))
}

pub(super) async fn configure(State(office): Shared, Told(changes): Told<Switches>) -> Json<Desk> {
    office.change(|state| changes.apply(state));
    Json(overview(&office))
}

pub(super) async fn faults(State(office): Shared) -> Json<Vec<InForce>> {
    Json(in_force(&office))
}

pub(super) async fn set_fault(State(office): Shared, Told(fault): Told<InForce>) -> Json<Vec<InForce>> {
    office.faults.set(fault.scope, fault.plan);
    told(&office)
}

pub(super) async fn clear_faults(State(office): Shared) -> Json<Vec<InForce>> {
    office.faults.clear_all();
    told(&office)
}

pub(super) async fn release(State(office): Shared) -> Json<Vec<InForce>> {
    office.faults.release_hanging();
    told(&office)
}

/// Closes the port for a while. The answer comes first: afterwards there is no connection left to give it on.
pub(super) async fn close_port(State(office): Shared, Told(closing): Told<Closing>) -> Result<StatusCode, Refused> {
    if closing.reopen_after_ms > CLOSED_MS_MAX {
        let message = format!("reopen_after_ms: at most {CLOSED_MS_MAX}");
        return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    let tasks = office.tasks.clone();
    tasks.spawn(async move {
        let shutdown = office.shutdown.clone();
        shutdown.run_until_cancelled(closed_for(&office, closing)).await;
    });
    Ok(StatusCode::ACCEPTED)
}

/// Time for the answer to leave.
const ANSWER_LEAVES: Duration = Duration::from_millis(50);

async fn closed_for(office: &Arc<Office>, closing: Closing) {
    tokio::time::sleep(ANSWER_LEAVES).await;
    if let Err(error) = office.gate.close().await {
        tracing::error!(%error, "the desk's port was lost");
        return;
    }
    tokio::time::sleep(Duration::from_millis(closing.reopen_after_ms)).await;
    if let Err(error) = office.gate.open(Arc::clone(office)).await {
        tracing::error!(%error, "the desk's port could not be opened again");
    }
}

fn told(office: &Office) -> Json<Vec<InForce>> {
    // Plans stand beside the state; other pages learn of them all the same.
    office.change(|_| ());
    Json(in_force(office))
}

fn in_force(office: &Office) -> Vec<InForce> {
    let active = office.faults.active().into_iter();
    active.map(|(scope, plan)| InForce { scope, plan }).collect()
}

fn overview(office: &Office) -> Desk {
    let faults = in_force(office);
    office.look(|state| Desk {
        url: format!("http://{}", office.gate.address()),
        switches: Switches::of(&state.settings),
        faults,
        hanging: state.hanging(),
        counts: Counts {
            sessions: state.session_count(),
            calls: state.calls().len(),
            hooks: state.hooks().len(),
            violations: state.violations().len(),
            remarks: state.remarks().len(),
            chatbot_logs: state.chatbot_logs().len(),
        },
    })
}

impl Switches {
    fn of(settings: &Settings) -> Self {
        Self {
            agents_available: Some(settings.agents_available),
            hide_when_no_agents: Some(settings.hide_when_no_agents),
            hook_encoding: Some(settings.hooks.encoding),
            retry_hooks: Some(settings.hooks.retry != HookRetry::Off),
            double_slash: Some(settings.hooks.double_slash),
            accept: Some(settings.accept),
            end_path: Some(settings.end_path),
            ids: Some(settings.ids),
            brand_required: Some(settings.brand_required),
            chat_config: Some(settings.chat_config.clone()),
            instructions: Some(settings.instructions.clone()),
        }
    }

    fn apply(self, state: &mut DeskState) {
        let settings = &mut state.settings;
        set(&mut settings.agents_available, self.agents_available);
        set(&mut settings.hide_when_no_agents, self.hide_when_no_agents);
        set(&mut settings.hooks.encoding, self.hook_encoding);
        set(&mut settings.hooks.retry, self.retry_hooks.map(retry));
        set(&mut settings.hooks.double_slash, self.double_slash);
        set(&mut settings.accept, self.accept);
        set(&mut settings.end_path, self.end_path);
        set(&mut settings.ids, self.ids);
        set(&mut settings.brand_required, self.brand_required);
        set(&mut settings.chat_config, self.chat_config);
        set(&mut settings.instructions, self.instructions);
    }
}

fn set<T>(switch: &mut T, change: Option<T>) {
    if let Some(change) = change {
        *switch = change;
    }
}

fn retry(on: bool) -> HookRetry {
    if on {
        HookRetry::LIKE_NEWER_WEBHOOKS
    } else {
        HookRetry::Off
    }
}

//! What must never show.

use std::{sync::Arc, time::Duration};

use escalator::model::FileRef;

use crate::conformance::{
    channel::{
        Customer, Fault,
        stage::{Stage, says},
    },
    trial::{Checked, ensure},
};

/// What the trial's customer is told; it must stand in no detail.
const WORDS: &str = "a private word";

pub(super) async fn outcomes(stage: Arc<Stage>) -> Checked {
    let ada = stage.with_ada().await?;
    if let Some(debug) = stage.debug() {
        shows_nothing(&stage, "Debug of the channel", &debug)?;
    }
    let faults = [
        Fault::Busy {
            retry_after: Duration::from_secs(1),
        },
        Fault::ServerError,
        Fault::LostAnswer,
        Fault::Closed(Customer::Ada),
        Fault::AccountRefused,
        Fault::Unreachable,
    ];
    for fault in faults {
        if stage.platform.set_fault(fault).await.is_ok() {
            let outcome = stage.deliver(&ada, &says(WORDS)).await?;
            shows_nothing(&stage, &format!("the outcome after {fault:?}"), &format!("{outcome:?}"))?;
            stage.platform.mend().await;
        }
    }
    let outcome = stage.deliver(&ada, &says(WORDS)).await?;
    shows_nothing(&stage, "the outcome of a success", &format!("{outcome:?}"))?;
    let channel = stage.channel();
    let nothing = FileRef::new("no such file");
    let fetched = stage
        .patience
        .within("the fetch has an outcome", channel.fetch(&nothing))
        .await?;
    shows_nothing(&stage, "the outcome of a fetch", &format!("{fetched:?}"))
}

pub(super) async fn run_errors(stage: Arc<Stage>) -> Checked {
    let mut tried = 0;
    for fault in [Fault::AccountRefused, Fault::Unreachable] {
        if stage.platform.set_fault(fault).await.is_err() {
            continue;
        }
        tried += 1;
        stage.connect().await;
        // A channel need not fail: one that goes on trying is as good.
        stage.patience.stays("nothing", || true).await?;
        stage.stop().await?;
        stage.platform.mend().await;
    }
    for words in stage.run_errors() {
        shows_nothing(&stage, "an error of run", &words)?;
    }
    if tried == 0 {
        return crate::conformance::trial::skipped("the stand-in knows no fault that would stop `run`");
    }
    Ok(())
}

fn shows_nothing(stage: &Stage, place: &str, shown: &str) -> Checked {
    let secret = stage.platform.secrets().iter().any(|secret| shown.contains(secret));
    ensure(!secret, format!("{place} shows a secret"))?;
    ensure(!shown.contains(WORDS), format!("{place} shows the customer's words"))
}

//! The callback at each stage of a call.

use std::sync::{Arc, Mutex};

use escalator_testkit::desk::{DeskSimulator, Fault, Scope, Stage};
use tokio::sync::mpsc;

use super::product::{MESSAGE, SOON, call, message, post, start};

#[tokio::test]
async fn a_call_is_told_of_when_received_done_and_answered() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let builder = DeskSimulator::builder().on_call(move |stage, call| {
        tell.send((stage, call.effect, call.status()))
            .expect("the test listens");
    });
    let desk = start(builder).await;
    post(&desk, MESSAGE, message("hello")).await;
    let mut stages = Vec::new();
    for _ in 0..3 {
        stages.push(tokio::time::timeout(SOON, told.recv()).await.expect("in time"));
    }
    let expected = [
        Some((Stage::Received, false, None)),
        Some((Stage::EffectDone, true, None)),
        Some((Stage::Answered, true, Some(200))),
    ];
    assert_eq!(stages, expected);
}

#[tokio::test]
async fn stages_that_a_call_does_not_reach_are_not_told() {
    let stages: Arc<Mutex<Vec<Stage>>> = Arc::default();
    let kept = Arc::clone(&stages);
    let desk = start(DeskSimulator::builder()).await;
    desk.set_on_call(Some(Arc::new(move |stage, _| {
        kept.lock().expect("not poisoned").push(stage);
    })));
    desk.faults().next(Scope::All, 1, Fault::Refuse);
    desk.faults().next(Scope::All, 1, Fault::LostAnswer);
    for _ in 0..2 {
        call(&desk, MESSAGE, message("hello")).send().await.expect_err("cut");
    }
    let told = stages.lock().expect("not poisoned").clone();
    assert_eq!(told, [Stage::Received, Stage::Received, Stage::EffectDone]);
}

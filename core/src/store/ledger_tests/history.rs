//! The history that an agent is given.

use super::{together, transcribe};
use crate::{
    delivery::{DeskPayload, Door, Payload},
    model::{Escalation, Line, Timestamp},
    store::{
        Claimed, Ledger, Store,
        rig::{Place, agent_ends, claim, deliver_all, escalation, message, push_log, with_agent},
    },
};

const LEFT_OUT: &str = "(earlier lines left out)";

fn with_history(n: u32, lines: &[&str]) -> Vec<crate::store::Incoming> {
    let history = lines.iter().map(|text| line(text)).collect();
    let escalate = Escalation {
        history,
        ..Escalation::default()
    };
    vec![escalation(n, 1, escalate)]
}

fn line(text: &str) -> Line {
    Line::customer(Timestamp::default(), text)
}

/// What the opener says of the conversation before it, a line each.
async fn told(ledger: &Ledger) -> (Vec<String>, bool) {
    let delivered = deliver_all(ledger).await;
    let opener = |claimed: &Claimed| match &claimed.payload {
        Payload::Desk(DeskPayload::Message { opener: true, text, .. }) => Some(text.as_str().to_owned()),
        _ => None,
    };
    let text = delivered.iter().find_map(opener).expect("the session was opened");
    let words = |line: &str| Some(line.split_once("Bot: ").or(line.split_once("Customer: "))?.1.to_owned());
    (text.lines().filter_map(words).collect(), text.contains(LEFT_OUT))
}

#[tokio::test]
async fn what_is_stored_stands_before_what_comes_with_the_escalation() {
    for place in Place::each().await {
        let ledger = place.open().await;
        transcribe(&ledger, 1, &["a", "b"]).await.expect("it is written");
        transcribe(&ledger, 2, &["of another"]).await.expect("it is written");
        let ledger = place.reopen(ledger).await;
        transcribe(&ledger, 1, &["c"]).await.expect("it is written");
        ledger
            .accept(with_history(1, &["d", "e"]))
            .await
            .expect("it is written");
        assert_eq!(
            told(&ledger).await,
            (["a", "b", "c", "d", "e"].map(String::from).into(), false)
        );
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_shares_the_batch_is_history_too() {
    for place in Place::each().await {
        let ledger = place.open().await;
        transcribe(&ledger, 99, &["stored"]).await.expect("it is written");
        // The transcript's line that `together` writes first shares no batch; what follows it does.
        let answers = together(&place, &ledger, vec![with_history(99, &["given"])]).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(
            told(&ledger).await,
            (["stored", "held", "given"].map(String::from).into(), false)
        );
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_long_history_says_that_lines_were_left_out() {
    for (stored, given, expected, left_out) in [
        (vec!["a", "b", "c"], vec![], vec!["a", "b", "c"], false),
        (vec!["a", "b", "c", "d"], vec![], vec!["b", "c", "d"], true),
        (vec!["a", "b"], vec!["c", "d"], vec!["b", "c", "d"], true),
        (vec![], vec!["c", "d"], vec!["c", "d"], false),
    ] {
        for mut place in Place::each().await {
            place.settings.policy.history_lines_max = 3;
            let ledger = place.open().await;
            transcribe(&ledger, 1, &stored).await.expect("it is written");
            ledger.accept(with_history(1, &given)).await.expect("it is written");
            let expected: Vec<String> = expected.iter().copied().map(String::from).collect();
            assert_eq!(told(&ledger).await, (expected, left_out), "{stored:?} and {given:?}");
            ledger.close().await;
        }
    }
}

#[tokio::test]
async fn a_second_escalation_tells_of_the_first() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        ledger
            .accept(vec![message(1, 2, "thanks")])
            .await
            .expect("it is written");
        deliver_all(&ledger).await;
        ledger.accept(vec![agent_ends(session)]).await.expect("it is written");
        deliver_all(&ledger).await;
        let ledger = place.reopen(ledger).await;
        ledger
            .accept(with_history(1, &["once more"]))
            .await
            .expect("it is written");
        let (lines, _) = told(&ledger).await;
        assert_eq!(
            lines,
            ["thanks", "once more"],
            "and the agent's own line under its own name"
        );
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_log_carries_the_stored_history_in_a_lane_of_its_own() {
    for place in Place::each().await {
        let ledger = place.open().await;
        transcribe(&ledger, 1, &["a"]).await.expect("it is written");
        ledger
            .accept(vec![push_log(1, vec![line("b")])])
            .await
            .expect("it is written");
        let claimed = claim(&ledger, &Door::Desk).await;
        let Payload::Desk(DeskPayload::ChatbotLog { text, .. }) = &claimed[0].payload else {
            panic!("it is a log");
        };
        let (a, b) = (text.as_str().find("Bot: a"), text.as_str().find("Customer: b"));
        assert!(a.is_some() && a < b, "both, in order");
        ledger.close().await;
    }
}

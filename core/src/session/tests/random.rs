//! Random interleavings of everything that can happen, over a small model of a ledger.

mod laws;
mod walk;

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    sample::{Index, select},
    strategy::ValueTree,
    test_runner::TestRunner,
};

use self::walk::{From, How, Rules, Said, Sign, Step, Walk, Which};
use crate::{
    model::{HistoryRoute, HowOften, OnNoAgents, OnTimeout},
    session::TimerKind,
};

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        6 => Just(Said::Text),
        1 => Just(Said::LongText),
        1 => Just(Said::Blank),
        2 => Just(Said::Contact),
        2 => Just(Said::TextAndFile),
        1 => Just(Said::FileTooBig),
        4 => select(vec!["a", "b"]).prop_map(|album| Said::Part { album }),
    ]
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        6 => Just(Which::Standing),
        2 => any::<Index>().prop_map(Which::Past),
        1 => Just(Which::Unknown),
    ]
}

fn sign() -> impl Strategy<Value = Sign> {
    prop_oneof![
        4 => any::<bool>().prop_map(|named| Sign::Message { named }),
        1 => Just(Sign::LongMessage),
        1 => Just(Sign::Blank),
        1 => Just(Sign::File),
        1 => Just(Sign::FileTooBig),
        2 => Just(Sign::Typing),
        1 => Just(Sign::Ended),
    ]
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        8 => any::<bool>().prop_map(|no_agents| How::Delivered { no_agents }),
        1 => any::<bool>().prop_map(|maybe_sent| How::Dead { maybe_sent }),
        2 => any::<bool>().prop_map(|maybe_sent| How::Retry { maybe_sent }),
    ]
}

fn escalated_from() -> impl Strategy<Value = From> {
    prop_oneof![
        4 => Just(From::Handled),
        1 => Just(From::Nowhere),
        1 => any::<Index>().prop_map(From::Old),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    const HOUR_MILLIS: u64 = 60 * 60 * 1_000;
    prop_oneof![
        12 => said().prop_map(Step::Say),
        2 => Just(Step::Edit),
        1 => Just(Step::CustomerEnds),
        3 => any::<Index>().prop_map(Step::Replay),
        6 => escalated_from().prop_map(Step::Escalate),
        1 => Just(Step::BotEnds),
        1 => Just(Step::PushLog),
        6 => (which(), sign()).prop_map(|(which, sign)| Step::Hook(which, sign)),
        4 => any::<Index>().prop_map(Step::Start),
        14 => (any::<Index>(), how()).prop_map(|(row, how)| Step::Settle(row, how)),
        3 => (0..HOUR_MILLIS / 4).prop_map(Step::Wait),
        1 => (0..60 * HOUR_MILLIS).prop_map(Step::Wait),
        4 => (0..HOUR_MILLIS / 2).prop_map(Step::Quiet),
        1 => (which(), select(TimerKind::ALL.to_vec())).prop_map(|(which, kind)| Step::Due(which, kind)),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    let on_no_agents = prop_oneof![
        Just(OnNoAgents::LeaveMessage),
        Just(OnNoAgents::StayWithBot),
        Just(OnNoAgents::EscalateAnyway)
    ];
    let history_route = prop_oneof![
        Just(HistoryRoute::FirstMessage),
        Just(HistoryRoute::Log),
        Just(HistoryRoute::Both)
    ];
    let on_timeout = select(vec![
        OnTimeout::BackToBot,
        OnTimeout::LeaveMessage,
        OnTimeout::KeepWaiting,
    ]);
    let still_waiting = select(vec![HowOften::Once, HowOften::Again]);
    (on_no_agents, history_route, any::<bool>(), on_timeout, still_waiting).prop_map(
        |(on_no_agents, history_route, knows_contact, on_timeout, still_waiting)| Rules {
            on_no_agents,
            history_route,
            knows_contact,
            on_timeout,
            still_waiting,
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_in_whatever_order_the_laws_hold(rules in rules(), steps in steps()) {
        let mut walk = Walk::new(&rules);
        for step in &steps {
            walk.take(step);
        }
        walk.whatever_was_kept_is_in_one_place();
    }
}

/// Laws that hold because nothing happens are worth nothing.
#[test]
fn the_walks_come_through_every_state_and_every_end() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let (rules, steps) = (rules(), steps())
            .new_tree(&mut runner)
            .expect("nothing is filtered out")
            .current();
        let mut walk = Walk::new(&rules);
        for step in &steps {
            walk.take(step);
            seen.insert(walk.state());
            seen.extend(walk.album().map(|_| "album"));
        }
        seen.extend(walk.reasons());
    }
    let all = [
        "with_bot",
        "opening",
        "waiting",
        "with_agent",
        "leaving",
        "agent",
        "customer",
        "bot",
        "no_agents",
        "left_message",
        "refused",
        "opening_timeout",
        "waiting_timeout",
        "silence",
        "album",
    ];
    assert_eq!(seen, BTreeSet::from(all));
}

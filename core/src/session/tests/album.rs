//! An album whose pictures come one by one.

use std::time::Duration;

use super::scene::*;
use crate::{
    delivery::DeskPayload,
    model::{CustomerEvent, CustomerMessage, OnNoAgents, OnTimeout},
    session::{Effect, Event, TimerKind, Transition},
};

const STEP: Duration = Duration::from_millis(300);

fn part(number: usize, caption: Option<&str>) -> Event {
    sends_part("album", caption, picture(&format!("{number}.png"), Some(10)))
}

/// What goes to the desk, each text in its words and each file by its name.
fn rows(transition: &Transition) -> Vec<String> {
    let said = |payload: &&DeskPayload| match payload {
        DeskPayload::File { file, .. } => Some(file.name.as_str().to_owned()),
        DeskPayload::Message { text, .. } => Some(text.as_str().to_owned()),
        _ => None,
    };
    to_desk(transition).iter().filter_map(said).collect()
}

fn recorded(transition: &Transition) -> Vec<&str> {
    let mut lines = Vec::new();
    for effect in &transition.effects {
        if let Effect::Record(_, line) = effect {
            lines.push(line.text.as_str());
        }
    }
    lines
}

#[test]
fn the_pictures_of_an_album_become_one_message_with_all_captions_in_front() {
    let mut scene = Scene::with_agent();
    for (number, caption) in [(1, Some("front")), (2, None), (3, Some("back"))] {
        assert_eq!(rows(&scene.happens(&part(number, caption))), [""; 0]);
        scene.later(STEP);
    }
    let closed = scene.after_its_time(TimerKind::Album);
    assert_eq!(rows(&closed), ["front\nback", "1.png", "2.png", "3.png"]);
    assert_eq!(
        recorded(&closed),
        ["front\nback [image: 1.png] [image: 2.png] [image: 3.png]"]
    );
}

#[test]
fn a_timer_that_was_set_by_the_first_picture_waits_for_the_last() {
    let mut scene = Scene::with_agent();
    scene.happens(&part(1, None));
    scene.later(STEP);
    scene.happens(&part(2, None));
    let wait = scene.policy.album_wait;
    scene.later(wait);
    scene.now = scene.now - STEP;
    let early = scene.happens(&due(scene.session(), TimerKind::Album));
    let Effect::SetTimer { due: again, .. } = early.effects[0] else {
        panic!("it is set again: {early:?}");
    };
    assert_eq!(again, scene.now + STEP);
    scene.now = again;
    assert_eq!(rows(&scene.happens(&due(scene.session(), TimerKind::Album))).len(), 2);
}

#[test]
fn an_album_that_goes_on_and_on_is_closed_after_five_waits() {
    let mut scene = Scene::with_agent();
    let begun = scene.now;
    let wait = scene.policy.album_wait;
    for number in 0..8 {
        scene.happens(&part(number, None));
        scene.later(wait * 3 / 5);
    }
    let album = scene.conversation.session().and_then(|session| session.album.clone());
    assert_eq!(album.expect("it is open").due(&scene.policy), begun + wait * 5);
}

#[test]
fn the_tenth_picture_closes_an_album() {
    let mut scene = Scene::with_agent();
    for number in 1..10 {
        assert_eq!(rows(&scene.happens(&part(number, None))).len(), 0);
    }
    assert_eq!(rows(&scene.happens(&part(10, None))).len(), 10);
    assert_eq!(
        rows(&scene.happens(&part(11, None))).len(),
        0,
        "what comes behind it waits anew"
    );
}

#[test]
fn a_picture_that_comes_late_is_a_message_of_its_own() {
    let mut scene = Scene::with_agent();
    scene.happens(&part(1, Some("look")));
    scene.after_its_time(TimerKind::Album);
    scene.happens(&part(2, None));
    let late = scene.after_its_time(TimerKind::Album);
    assert_eq!(rows(&late), ["2.png"]);
    assert_eq!(recorded(&late), ["[image: 2.png]"]);
}

#[test]
fn another_album_and_a_message_come_behind_the_first() {
    let mut scene = Scene::with_agent();
    scene.happens(&part(1, None));
    let other = scene.happens(&sends_part("other", None, picture("other.png", None)));
    assert_eq!(rows(&other), ["1.png"]);
    assert_eq!(rows(&scene.happens(&says("look"))), ["other.png", "look"]);
}

#[test]
fn what_each_picture_refers_to_is_said_once() {
    let mut scene = Scene::with_agent();
    for (captions, said) in [
        (
            ["[in reply to “A?”]\nthis one", "[in reply to “A?”]", "this"],
            "[in reply to “A?”]\nthis one\nthis",
        ),
        (
            [
                "[in reply to “A?”]",
                "[in reply to “A?”]\nthis one",
                "[in reply to “A?”]",
            ],
            "[in reply to “A?”]\nthis one",
        ),
        (
            [
                "[forwarded]",
                "[forwarded]\n[in reply to “A?”]\nthis",
                "[forwarded]\nthat",
            ],
            "[forwarded]\n[in reply to “A?”]\nthis\nthat",
        ),
    ] {
        for (number, caption) in captions.into_iter().enumerate() {
            scene.happens(&part(number, Some(caption)));
        }
        let closed = scene.after_its_time(TimerKind::Album);
        assert_eq!(rows(&closed)[0], said);
    }
}

#[test]
fn a_caption_stands_as_often_as_the_customer_wrote_it() {
    let mut scene = Scene::with_agent();
    for (number, caption) in ["Broken\nand blue", "Broken", "Broken\nand blue"]
        .into_iter()
        .enumerate()
    {
        scene.happens(&part(number, Some(caption)));
    }
    let closed = scene.after_its_time(TimerKind::Album);
    assert_eq!(rows(&closed)[0], "Broken\nand blue\nBroken\nBroken\nand blue");
}

#[test]
fn an_opening_that_is_refused_gives_the_album_back() {
    let mut scene = Scene::opening();
    scene.happens(&part(1, Some("look")));
    scene.over_up_to(1);
    let refused = scene.dies(2, false);
    assert_eq!(unsent(&refused), ["look", "[image: 1.png]"]);
    assert_eq!(recorded(&refused), ["look [image: 1.png]"]);
}

#[test]
fn an_opening_goes_on_under_an_album() {
    let mut scene = Scene::opening();
    scene.happens(&part(1, None));
    scene.arrives(1);
    scene.arrives(2);
    assert_eq!(scene.state(), "waiting");
    scene.happens(&part(2, None));
    assert_eq!(rows(&scene.after_its_time(TimerKind::Album)), ["1.png", "2.png"]);
}

#[test]
fn where_no_agent_is_there_the_album_is_named_in_the_message_that_is_left() {
    let mut scene = Scene::opening();
    scene.policy.on_no_agents = OnNoAgents::LeaveMessage;
    scene.happens(&part(1, Some("look")));
    scene.finds_no_agent();
    assert_eq!(scene.leaving_lines(), ["look", "[image: 1.png]"]);
}

#[test]
fn an_album_stands_once_in_what_is_left_when_nobody_came() {
    let mut scene = Scene::waiting();
    scene.policy.on_timeout = OnTimeout::LeaveMessage;
    scene.happens(&sends(None, vec![picture("1.png", Some(10))]));
    scene.arrives(3);
    let waiting_max = scene.policy.waiting_max.expect("it is on");
    scene.later(waiting_max);
    scene.happens(&part(1, None));
    scene.happens(&due(scene.session(), TimerKind::Waiting));
    assert_eq!(scene.state(), "leaving");
    assert_eq!(scene.leaving_lines(), ["[image: 1.png]"]);
    let crate::session::State::Leaving(leaving) = &scene.conversation.state else {
        panic!("a message is left");
    };
    // The one that reached the desk stays in the history.
    assert_eq!(leaving.lines[0].as_str().matches("[image: 1.png]").count(), 1);
}

#[test]
fn without_a_wait_each_picture_goes_as_it_comes() {
    let mut scene = Scene::with_agent();
    scene.policy.album_wait = Duration::ZERO;
    assert_eq!(rows(&scene.happens(&part(1, Some("look")))), ["look", "1.png"]);
}

#[test]
fn where_the_wait_is_taken_away_the_pictures_that_waited_go_first() {
    let mut scene = Scene::with_agent();
    scene.happens(&part(1, Some("look")));
    scene.policy.album_wait = Duration::ZERO;
    assert_eq!(rows(&scene.happens(&part(2, None))), ["look", "1.png", "2.png"]);
    assert_eq!(rows(&scene.happens(&part(3, None))), ["3.png"]);
}

#[test]
fn an_album_of_the_bots_time_is_the_bots() {
    let message = CustomerMessage {
        album: Some(crate::model::AlbumId::new("album")),
        ..CustomerMessage::text("look")
    };
    let scene = Scene::new();
    let passed = scene.decide(&customer(Some(1), CustomerEvent::Message(message)));
    assert_eq!(told(&passed), "with_bot bots");
}

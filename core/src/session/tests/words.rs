//! The texts that a customer gets from us.

use super::scene::*;
use crate::{
    delivery::ChatPayload,
    model::{Escalation, LengthUnit, OnNoAgents, OnTimeout, TextChoice, Texts},
    session::{TimerKind, Transition},
};

/// A change of what is set, before the thing happens.
type Change<'c> = &'c dyn Fn(&mut Scene);

/// Where a text is set, and something that makes it be sent.
struct Said {
    name: &'static str,
    choice: fn(&mut Texts) -> &mut TextChoice,
    happens: fn(Change<'_>) -> Transition,
}

const SAID: &[Said] = &[
    Said {
        name: "waiting",
        choice: |texts| &mut texts.waiting,
        happens: |set| {
            let mut scene = Scene::opening();
            set(&mut scene);
            scene.arrives(2)
        },
    },
    Said {
        name: "connected",
        choice: |texts| &mut texts.connected,
        happens: |set| {
            let mut scene = Scene::waiting();
            set(&mut scene);
            scene.happens(&agent_types(scene.session()))
        },
    },
    Said {
        name: "no_agents",
        choice: |texts| &mut texts.no_agents,
        happens: |set| {
            let mut scene = Scene::opening();
            scene.policy.on_no_agents = OnNoAgents::StayWithBot;
            set(&mut scene);
            scene.finds_no_agent()
        },
    },
    Said {
        name: "ask_contact",
        choice: |texts| &mut texts.ask_contact,
        happens: |set| {
            let mut scene = Scene::opening();
            set(&mut scene);
            scene.finds_no_agent()
        },
    },
    Said {
        name: "left_message",
        choice: |texts| &mut texts.left_message,
        happens: |set| {
            let mut scene = Scene::leaving();
            set(&mut scene);
            scene.happens(&says("ada@example.org"));
            scene.arrives(3)
        },
    },
    Said {
        name: "ended",
        choice: |texts| &mut texts.ended,
        happens: |set| {
            let mut scene = Scene::with_agent();
            set(&mut scene);
            scene.happens(&ends())
        },
    },
    Said {
        name: "failed",
        choice: |texts| &mut texts.failed,
        happens: |set| {
            let mut scene = Scene::opening();
            set(&mut scene);
            scene.dies(2, false)
        },
    },
    Said {
        name: "undelivered",
        choice: |texts| &mut texts.undelivered,
        happens: |set| {
            let mut scene = Scene::with_agent();
            set(&mut scene);
            scene.happens(&says("hm"));
            scene.dies(3, false)
        },
    },
    Said {
        name: "too_big",
        choice: |texts| &mut texts.too_big,
        happens: |set| {
            let mut scene = Scene::with_agent();
            set(&mut scene);
            scene.happens(&sends(None, vec![picture("cat.png", Some(u64::MAX))]))
        },
    },
    Said {
        name: "file_received",
        choice: |texts| &mut texts.file_received,
        happens: |set| {
            let mut scene = Scene::with_agent();
            set(&mut scene);
            scene.happens(&sends(None, vec![picture("cat.png", Some(1))]));
            scene.arrives(3)
        },
    },
    Said {
        name: "still_waiting",
        choice: |texts| &mut texts.still_waiting,
        happens: |set| {
            let mut scene = Scene::waiting();
            set(&mut scene);
            scene.after_its_time(TimerKind::Waiting)
        },
    },
    Said {
        name: "nobody_came",
        choice: |texts| &mut texts.nobody_came,
        happens: |set| {
            let mut scene = Scene::waiting();
            scene.policy.on_timeout = OnTimeout::BackToBot;
            set(&mut scene);
            scene.after_its_time(TimerKind::Waiting)
        },
    },
    Said {
        name: "silence_warning",
        choice: |texts| &mut texts.silence_warning,
        happens: |set| {
            let mut scene = Scene::with_agent();
            set(&mut scene);
            scene.after_its_time(TimerKind::Silence)
        },
    },
    Said {
        name: "silence_ended",
        choice: |texts| &mut texts.silence_ended,
        happens: |set| {
            let mut scene = Scene::with_agent();
            scene.after_its_time(TimerKind::Silence);
            scene.sees_the_warning();
            set(&mut scene);
            scene.after_its_time(TimerKind::Silence)
        },
    },
    Said {
        name: "desk_away",
        choice: |texts| &mut texts.desk_away,
        happens: |set| {
            let mut scene = Scene::with_agent();
            set(&mut scene);
            scene.happens(&says("hm"));
            scene.after_its_time(TimerKind::DeskAway)
        },
    },
];

fn notices(transition: &Transition) -> Vec<String> {
    let notices = to_chat(transition)
        .into_iter()
        .filter(|payload| matches!(payload, ChatPayload::Notice { .. }));
    notices.filter_map(ChatPayload::plain).collect()
}

#[test]
fn every_text_can_be_replaced_and_switched_off() {
    for said in SAID {
        let replaced = (said.happens)(&|scene| *(said.choice)(&mut scene.texts) = TextChoice::Say("our own".into()));
        assert_eq!(notices(&replaced), ["our own"], "{}", said.name);
        for none in [TextChoice::Off, TextChoice::Say(" ".into())] {
            let silent = (said.happens)(&|scene| *(said.choice)(&mut scene.texts) = none.clone());
            assert_eq!(notices(&silent), Vec::<String>::new(), "{}", said.name);
            let mut rest = told(&replaced);
            rest = rest.replace(&format!("notice:{}", said.name), "").replace(", , ", ", ");
            let mut rest = rest.replace(": , ", ": ").trim_end_matches([' ', ',', ':']).to_owned();
            if said.name == "silence_warning" {
                // There is no delivery for the time to answer to begin with.
                rest += ": silence timer set";
            }
            assert_eq!(told(&silent), rest, "{}: all else is as it was", said.name);
        }
    }
}

#[test]
fn every_text_but_the_one_for_received_files_is_said_by_default() {
    for said in SAID {
        let by_default = notices(&(said.happens)(&|_| {}));
        assert_eq!(
            by_default.len(),
            usize::from(said.name != "file_received"),
            "{}",
            said.name
        );
    }
}

#[test]
fn the_desks_own_text_is_the_default_where_its_configuration_has_one() {
    for (name, key) in [
        ("waiting", "start_chat_instructions"),
        ("ask_contact", "label_provide_email_address"),
        ("file_received", "file_uploaded_text"),
        ("silence_warning", "session_timeout_warning"),
        ("silence_ended", "session_timeout_message"),
    ] {
        let said = SAID.iter().find(|said| said.name == name).expect("it is listed");
        let ours = notices(&(said.happens)(&|_| {}));
        let theirs = (said.happens)(&|scene| drop(scene.desk_texts.insert(key.into(), "the desk's".into())));
        let whole = match name {
            "ask_contact" => "Nobody of our team is available right now. the desk's",
            _ => "the desk's",
        };
        assert_eq!(notices(&theirs), [whole]);
        let blank = (said.happens)(&|scene| drop(scene.desk_texts.insert(key.into(), " ".into())));
        assert_eq!(notices(&blank), ours, "a blank one is none");
        let set = (said.happens)(&|scene| {
            scene.desk_texts.insert(key.into(), "the desk's".into());
            *(said.choice)(&mut scene.texts) = TextChoice::Say("our own".into());
        });
        assert_eq!(
            notices(&set),
            ["our own"],
            "what is set stands before what the desk says"
        );
    }
}

#[test]
fn a_text_names_the_agent_or_the_file() {
    let mut scene = Scene::waiting();
    scene.texts.connected = TextChoice::Say("{agent}! {agent}!".into());
    let said = scene.decide(&agent_says(scene.session(), Some("Anna"), "hi"));
    assert_eq!(notices(&said), ["Anna! Anna!"]);
    scene.texts.undelivered = TextChoice::Say("{file} is lost".into());
    scene.happens(&sends(None, vec![picture("cat.png", None)]));
    assert_eq!(notices(&scene.dies(3, false)), ["cat.png is lost"]);
}

#[test]
fn a_text_that_is_too_long_for_the_platform_goes_in_parts() {
    let mut scene = Scene::opening();
    (scene.chat.text_max, scene.chat.text_unit) = (12, LengthUnit::Chars);
    scene.texts.waiting = TextChoice::Say("please wait a moment".into());
    assert_eq!(notices(&scene.arrives(2)), ["please wait", "a moment"]);
}

#[test]
fn with_every_text_off_the_bot_still_hears_everything() {
    let mut scene = Scene::new();
    for said in SAID {
        *(said.choice)(&mut scene.texts) = TextChoice::Off;
    }
    let mut heard = Vec::new();
    scene.happens(&escalates(Escalation::default()));
    heard.extend(to_bot(&scene.arrives(2)).into_iter().cloned());
    heard.extend(
        to_bot(&scene.happens(&agent_types(scene.session())))
            .into_iter()
            .cloned(),
    );
    heard.extend(to_bot(&scene.happens(&ends())).into_iter().cloned());
    assert_eq!(heard.len(), 3, "waiting, connected, handed back");
}

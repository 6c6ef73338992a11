//! What is said, both ways: texts and files, long, big and empty.

use super::scene::*;
use crate::{
    delivery::{ChatPayload, DeskPayload, NoticeKind},
    model::{BotEvent, CustomerEvent, CustomerMessage, LengthUnit, RichText, Span, Style, TextFormat},
    session::{Effect, Event, Transition},
};

fn recorded(transition: &Transition) -> Vec<&str> {
    let lines = transition.effects.iter().filter_map(|effect| match effect {
        Effect::Record(_, line) => Some(line.text.as_str()),
        _ => None,
    });
    lines.collect()
}

#[test]
fn a_file_goes_behind_its_caption() {
    let scene = Scene::with_agent();
    let sent = scene.decide(&sends(
        Some("look"),
        vec![picture("a.png", Some(1)), picture("b.png", None)],
    ));
    assert_eq!(
        told(&sent),
        "with_agent kept: record, desk.message, desk_away timer set, desk.file, desk.file",
        "an unknown size is tried"
    );
    assert_eq!(recorded(&sent), ["look [image: a.png] [image: b.png]"]);
}

#[test]
fn a_file_of_the_customer_that_is_too_big_is_told_to_both_and_its_text_still_goes() {
    let mut scene = Scene::with_agent();
    // The smaller of the two limits counts: what the platform gives, what the desk takes.
    for (fetch_bytes_max, file_bytes_max) in [(20_000_000, 25_000_000), (25_000_000, 20_000_000)] {
        scene.chat.fetch_bytes_max = fetch_bytes_max;
        scene.desk.file_bytes_max = file_bytes_max;
        let sent = scene.decide(&sends(
            Some("look"),
            vec![picture("a.png", Some(20_000_001)), picture("b.png", Some(1))],
        ));
        assert_eq!(
            told(&sent),
            "with_agent kept: record, desk.message, desk_away timer set, desk.line, notice:too_big, desk.file"
        );
        assert_eq!(
            desk_lines(&sent),
            ["look", "[image: a.png] (20.0 MB) is too big to be passed on"]
        );
        assert_eq!(chat_lines(&sent), ["The file a.png is too big to be passed on."]);
    }
}

#[test]
fn a_file_of_the_agent_that_is_too_big_is_told_in_the_ticket_and_becomes_a_dead_letter() {
    let scene = Scene::with_agent();
    let sent = scene.decide(&agent_sends(scene.session(), document("film.mp4", 50_000_001)));
    assert_eq!(
        told(&sent),
        "with_agent kept: record, bot:undelivered, dead chat.file, desk.line"
    );
    assert_eq!(
        desk_lines(&sent),
        [
            "[file: film.mp4] did not reach the customer: the file is too big for the customer's platform (50.0 MB at most)"
        ]
    );
    let [BotEvent::Undelivered { session, .. }] = to_bot(&sent)[..] else {
        panic!("the bot is told once");
    };
    assert_eq!(*session, Some(scene.session()));
    let fits = scene.decide(&agent_sends(scene.session(), document("film.mp4", 50_000_000)));
    assert_eq!(told(&fits), "with_agent kept: record, chat.file");
}

#[test]
fn a_text_of_the_customer_with_nothing_in_it_goes_nowhere() {
    let long_blank = " \n".repeat(20_000);
    for scene in [
        Scene::opening(),
        Scene::waiting(),
        Scene::with_agent(),
        Scene::leaving(),
    ] {
        for text in ["", " \t\n", &long_blank] {
            let said = scene.decide(&says(text));
            assert_eq!(told(&said), format!("{} kept", scene.state()));
        }
        let nothing = scene.decide(&sends(None, Vec::new()));
        assert_eq!(told(&nothing), format!("{} kept", scene.state()));
    }
}

#[test]
fn a_file_with_a_blank_caption_goes_alone() {
    let scene = Scene::with_agent();
    let sent = scene.decide(&sends(Some("  "), vec![picture("a.png", Some(1))]));
    assert_eq!(told(&sent), "with_agent kept: record, desk.file, desk_away timer set");
}

#[test]
fn an_edit_is_a_line_even_when_it_takes_the_text_away() {
    let scene = Scene::with_agent();
    let edited = scene.decide(&edits("my order is 13"));
    assert_eq!(
        (desk_lines(&edited), recorded(&edited)),
        (vec!["Edited: my order is 13"], vec!["Edited: my order is 13"])
    );
    assert_eq!(desk_lines(&scene.decide(&edits(" "))), ["Edited: (no text)"]);
}

#[test]
fn a_text_of_the_agent_with_nothing_in_it_is_no_more_than_a_sign() {
    let scene = Scene::with_agent();
    assert_eq!(
        told(&scene.decide(&agent_says(scene.session(), Some("Anna"), " \n "))),
        "with_agent kept"
    );
    let scene = Scene::waiting();
    assert_eq!(
        told(&scene.decide(&agent_says(scene.session(), Some("Anna"), ""))),
        "with_agent kept: waiting timer cleared, silence timer set, notice:connected, bot:connected"
    );
}

#[test]
fn a_long_text_of_the_customer_goes_in_parts() {
    let mut scene = Scene::with_agent();
    scene.desk.message_chars_max = 20;
    let said = scene.decide(&says("one two three four five six seven"));
    assert_eq!(desk_lines(&said), ["one two three four", "five six seven"]);
    assert_eq!(
        recorded(&said),
        ["one two three four five six seven"],
        "the transcript has it whole"
    );
}

#[test]
fn a_long_text_of_the_agent_goes_in_parts_and_the_first_alone_names_the_agent() {
    for unit in [LengthUnit::Utf16, LengthUnit::Chars] {
        let mut scene = Scene::with_agent();
        (scene.chat.text_max, scene.chat.text_unit) = (40, unit);
        let text = "😀 one two three four ".repeat(20);
        let said = scene.decide(&agent_says(scene.session(), Some("Anna 😀"), &text));
        let parts = to_chat(&said);
        assert!(parts.len() > 3);
        for (at, part) in parts.iter().enumerate() {
            let ChatPayload::Message { author, continues, .. } = part else {
                panic!("each part is a message");
            };
            assert!(author.is_some(), "a platform may show the author with each part");
            assert_eq!(*continues, at > 0);
            let shown = part.plain().expect("a message has words");
            assert!(unit.count(&shown) <= 40, "{shown}");
        }
    }
}

#[test]
fn a_name_that_leaves_no_room_is_not_shown() {
    let mut scene = Scene::with_agent();
    scene.chat.text_max = 20;
    let said = scene.decide(&agent_says(scene.session(), Some("A very long name"), "hello"));
    assert_eq!(chat_lines(&said), ["hello"]);
}

#[test]
fn a_hook_without_a_name_comes_from_the_agent_who_is_known() {
    let mut scene = Scene::with_agent();
    let session = scene.session();
    for name in [None, Some(""), Some(" ")] {
        scene.happens(&says("hm"));
        let said = scene.happens(&agent_says(session, name, "well"));
        assert_eq!(chat_lines(&said), ["Anna: well"]);
        scene.happens(&says("hm"));
        let sent = scene.happens(&agent_sends(session, document("bill.pdf", 1)));
        assert_eq!(chat_lines(&sent), ["Anna:"]);
    }
    let boris = scene.happens(&agent_says(session, Some("Boris"), "hi"));
    assert_eq!(chat_lines(&boris), ["Boris: hi"]);
    scene.happens(&says("hm"));
    let still_boris = scene.happens(&agent_says(session, None, "well"));
    assert_eq!(chat_lines(&still_boris), ["Boris: well"]);
}

#[test]
fn the_name_of_an_agent_is_shown_once_per_turn() {
    let mut scene = Scene::waiting();
    let session = scene.session();
    let mut line = |event: &Event| chat_lines(&scene.happens(event)).last().cloned();
    for (event, shown) in [
        (agent_says(session, Some("Anna"), "hi"), "Anna: hi"),
        (agent_says(session, Some("Anna"), "how are you?"), "how are you?"),
        (agent_says(session, None, "hm"), "hm"),
        (agent_says(session, Some("Boris"), "hi"), "Boris: hi"),
        (agent_says(session, Some("Anna"), "hi"), "Anna: hi"),
    ] {
        assert_eq!(line(&event).as_deref(), Some(shown));
    }
    line(&says("fine"));
    assert_eq!(
        line(&agent_says(session, Some("Anna"), "good")).as_deref(),
        Some("Anna: good")
    );
}

#[test]
fn an_agent_whose_name_nobody_gave_is_an_agent_all_the_same() {
    for name in [None, Some(" ")] {
        let mut scene = Scene::waiting();
        let said = scene.happens(&agent_says(scene.session(), name, "hi"));
        assert_eq!(chat_lines(&said), ["An agent is with you now.", "hi"]);
        let [BotEvent::Connected { agent: None, .. }] = to_bot(&said)[..] else {
            panic!("the bot is told that somebody is there");
        };
    }
}

#[test]
fn the_first_agents_name_stands_in_the_notice() {
    let mut scene = Scene::waiting();
    let said = scene.happens(&agent_says(scene.session(), Some("Anna"), "hi"));
    assert_eq!(chat_lines(&said), ["Anna is with you now.", "Anna: hi"]);
    let ChatPayload::Notice {
        kind: NoticeKind::Connected,
        ..
    } = to_chat(&said)[0]
    else {
        panic!("the notice stands first");
    };
}

#[test]
fn what_is_said_while_the_desk_is_asked_waits_behind_the_opener() {
    let mut scene = Scene::opening();
    scene.happens(&says("my order is 12"));
    let words: Vec<_> = scene.queued.iter().map(|row| (row.seq, row.payload.word())).collect();
    assert_eq!(
        words,
        [(1, "desk.availability"), (2, "desk.opener"), (3, "desk.message")]
    );
    let DeskPayload::Message { from_customer, .. } = to_desk(&scene.happens(&says("hm")))[0].clone() else {
        panic!("a text is a message");
    };
    assert!(from_customer);
}

#[test]
fn debug_shows_neither_words_nor_where_the_hooks_go() {
    let mut scene = Scene::with_agent();
    let said = scene.happens(&sends(Some("my password"), vec![picture("passport.png", Some(1))]));
    let shown = format!("{said:?} {:?} {:?}", scene.conversation, scene.env());
    for secret in ["password", "passport", "secret", "Anna"] {
        assert!(!shown.contains(secret), "{secret} stands in {shown}");
    }
}

#[test]
fn a_file_of_the_agent_for_a_platform_without_files_is_told_in_the_ticket() {
    let mut scene = Scene::with_agent();
    scene.files = false;
    let sent = scene.decide(&agent_sends(scene.session(), document("bill.pdf", 10)));
    assert_eq!(
        told(&sent),
        "with_agent kept: record, bot:undelivered, dead chat.file, desk.line"
    );
    assert!(desk_lines(&sent)[0].contains("takes no files"));
}

#[test]
fn what_the_customer_formatted_goes_to_the_desk_as_the_agent_reads_it() {
    let link = Style::Link {
        url: "https://shop.example/".to_owned(),
    };
    let spans = [(0, 4, Style::Bold), (5, 9, link)].map(|(start, end, style)| Span { start, end, style });
    let text = RichText::new("Look here", spans.to_vec());
    for (format, at_the_desk) in [
        (TextFormat::Plain, "Look here (https://shop.example/)"),
        (TextFormat::Markdown, "**Look** [here](https://shop.example/)"),
    ] {
        let mut scene = Scene::with_agent();
        scene.policy.desk_text = format;
        let said = scene.decide(&customer(
            None,
            CustomerEvent::Message(CustomerMessage::text(text.clone())),
        ));
        assert_eq!(desk_lines(&said), [at_the_desk]);
        assert_eq!(recorded(&said), ["Look here (https://shop.example/)"]);
        let edited = scene.decide(&customer(None, CustomerEvent::Edited(text.clone())));
        assert_eq!(desk_lines(&edited), [format!("Edited: {at_the_desk}")]);
    }
}

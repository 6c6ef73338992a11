//! What a customer sees of what an agent writes, to the byte.

use escalator::{
    delivery::{ChatPayload, NoticeKind},
    model::{Author, RichText, Span, Style},
    omnidesk::AgentText,
};
use escalator_discord::{AgentAuthor, AgentPicture, Place, Settings};
use escalator_testkit::{
    desk::Reply,
    discord::{FakeDiscord, Fault, Message, On, Plan},
};

use super::{
    rig::{Rig, SOON},
    shop::Shop,
};

const PICTURE: &str = "https://desk.example/anna.png";

fn anna() -> Author {
    Author {
        name: "Anna".into(),
        picture: Some(PICTURE.to_owned()),
    }
}

fn agents(text: RichText) -> ChatPayload {
    ChatPayload::Message {
        author: Some(anna()),
        continues: false,
        text,
    }
}

fn connected() -> ChatPayload {
    ChatPayload::Notice {
        kind: NoticeKind::Connected,
        text: "You are talking to Anna [#2].".into(),
        agent: Some(anna()),
    }
}

fn styled(words: &str, styled: &[(&str, Style)]) -> RichText {
    let span = |(of, style): &(&str, Style)| {
        let start = words.find(of).expect("the words are in the text");
        let end = start + of.len();
        let style = style.clone();
        Span { start, end, style }
    };
    RichText::new(words, styled.iter().map(span).collect())
}

async fn rig(settings: impl FnOnce(&mut Settings)) -> Rig {
    let mut all = Settings::default();
    all.place = Place::SameChannel;
    settings(&mut all);
    Rig::with(FakeDiscord::builder().start().await.expect("it starts"), all).await
}

fn invalid_form() -> Fault {
    Fault::Refusal {
        status: 400,
        code: 50035,
        message: "Invalid Form Body".to_owned(),
    }
}

fn last(said: &[Message]) -> &Message {
    said.last().expect("something was said")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn formatting_arrives_as_discords_markdown_and_pings_nobody() {
    let rig = rig(|_| {}).await;
    let user = rig.fake.user("ada").create();
    let (help, direct) = (user.at(&rig.fake.guild("Shop").channel("help")), user.dm());
    let id = user.id();
    let words = format!("Dear <@{id}> and @everyone: read our terms, 2*3, https://a.example/b_c");
    let url = "https://shop.example/terms".to_owned();
    let text = styled(&words, &[("Dear", Style::Bold), ("our terms", Style::Link { url })]);
    let written = format!(
        r"**Dear** \<@{id}> and @everyone: read [our terms](https://shop.example/terms), 2\*3, https://a.example/b_c"
    );
    let by_line = format!("**Anna:** {written}");
    for (seq, there, wanted) in [(1, &help, written), (2, &direct, by_line)] {
        let sent = rig.deliver(&rig.conversation(there), seq, &agents(text.clone())).await;
        assert_eq!(sent.word(), "delivered");
        let said = there.transcript();
        let said = last(said.messages());
        assert_eq!(said.content, wanted);
        assert!(said.pings.users.is_empty() && !said.pings.everyone, "{:?}", said.pings);
    }
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_discord_refuses_with_formatting_goes_once_more_without() {
    let rig = rig(|_| {}).await;
    let user = rig.fake.user("ada").create();
    let (help, direct) = (user.at(&rig.fake.guild("Shop").channel("help")), user.dm());
    let said = ChatPayload::Message {
        author: Some(Author::from("Anna")),
        continues: false,
        text: styled("good day 2*3", &[("good", Style::Bold)]),
    };
    for (there, on, plain, twice) in [
        // The name could be what is wrong: without a webhook there is none.
        (&help, On::execute_webhook(), r"good day 2\*3", "delivered"),
        (&direct, On::create_message(), r"Anna: good day 2\*3", "rejected"),
    ] {
        let to = rig.conversation(there);
        rig.fake.fault(on.clone(), Plan::Next(1, invalid_form()));
        assert_eq!(rig.deliver(&to, 1, &said).await.word(), "delivered");
        assert_eq!(there.transcript().bot_texts(), [plain]);
        // Only once, and only where it is not the same.
        rig.fake.fault(on.clone(), Plan::Next(2, invalid_form()));
        assert_eq!(rig.deliver(&to, 2, &said).await.word(), twice);
        let shown = there.transcript().bot_texts().len();
        // Nobody knows whether it is there.
        rig.fake.fault(on, Plan::Next(1, Fault::LoseAnswer));
        assert_eq!(rig.deliver(&to, 3, &said).await.word(), "unknown");
        assert_eq!(there.transcript().bot_texts().len(), shown + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_picture_of_an_agent_stands_on_a_card_where_no_webhook_shows_it() {
    let card = serde_json::json!([{"author": {"name": "Anna", "icon_url": PICTURE}}]);
    let by_webhook = rig(|_| {}).await;
    let by_line = rig(|settings| settings.agent_author = AgentAuthor::Line).await;
    let without = rig(|settings| settings.agent_picture = AgentPicture::None).await;
    for (rig, in_guild, in_direct) in [
        (&by_webhook, false, true),
        (&by_line, true, true),
        (&without, false, false),
    ] {
        let user = rig.fake.user("ada").create();
        let (help, direct) = (user.at(&rig.fake.guild("Shop").channel("help")), user.dm());
        for (seq, there, has_card) in [(1, &help, in_guild), (2, &direct, in_direct)] {
            let sent = rig.deliver(&rig.conversation(there), seq, &connected()).await;
            assert_eq!(sent.word(), "delivered");
            let said = there.transcript();
            let said = last(said.messages());
            assert_eq!(said.content, r"You are talking to Anna \[#2].");
            assert_eq!(said.embeds == card, has_card, "{}", said.embeds);
            assert!(said.has_button("escalator:end"));
        }
        assert_eq!(rig.fake.violations(), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_or_a_button_that_discord_refuses_is_left_out() {
    let rig = rig(|_| {}).await;
    let ada = rig.fake.user("ada").dm();
    let to = rig.conversation(&ada);
    let forbidden = Fault::Refusal {
        status: 403,
        code: 50013,
        message: "Missing Permissions".to_owned(),
    };
    // A form whose fields are not told can be wrong in its buttons too.
    for (seq, fault, has_button) in [(1, forbidden, true), (2, invalid_form(), false)] {
        rig.fake.fault(On::create_message(), Plan::Next(1, fault));
        assert_eq!(rig.deliver(&to, seq, &connected()).await.word(), "delivered");
        let said = ada.transcript();
        let said = last(said.messages());
        assert!(said.embeds.as_array().is_none_or(Vec::is_empty));
        assert_eq!(said.has_button("escalator:end"), has_button);
    }
    assert_eq!(ada.transcript().bot_texts().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_text_of_an_agent_comes_in_parts_with_the_name_once() {
    let mut shop = Shop::build().await;
    shop.agent_text = AgentText::Html;
    let open = shop.open(Settings::default()).await;
    let ada = shop.fake.user("ada").dm();
    ada.says("/human");
    let session = shop.agent_reads("/human").await;
    let lines: Vec<_> = (1..=300)
        .map(|number| format!("<li>step_{number} of <b>many</b></li>"))
        .collect();
    let lines = lines.concat();
    let text = format!("<p>Do <i>all</i> of this:</p><ol>{lines}</ol><p>The end.</p>");
    let sent = shop.desk.reply(session.ticket, Reply::new(text, "Anna")).await;
    sent.expect("the house hears");
    let sent = shop
        .desk
        .reply(session.ticket, Reply::new("<b>And</b> more.", "Anna"))
        .await;
    sent.expect("the house hears");
    ada.sees_text(SOON, "**And** more.").await.expect("it is shown");
    let said = ada.transcript();
    let texts = said.bot_texts();
    let parts: Vec<_> = texts
        .iter()
        .skip_while(|text| !text.starts_with("**Anna:** "))
        .collect();
    assert!(parts.len() > 4 && parts.iter().all(|part| part.chars().count() <= 2_000));
    assert_eq!(
        parts.iter().filter(|part| part.contains("Anna")).count(),
        1,
        "{parts:?}"
    );
    assert!(parts[0].starts_with("**Anna:** Do *all* of this:\n"), "{}", parts[0]);
    let all = parts.iter().map(|part| **part).collect::<Vec<_>>().join("\n");
    let places: Vec<_> = (1..=300)
        .map(|number| {
            all.find(&format!("step\\_{number} of **many**"))
                .expect("each is there")
        })
        .collect();
    assert!(places.is_sorted(), "they are in order");
    assert_eq!(shop.fake.violations(), []);
    open.close().await;
}

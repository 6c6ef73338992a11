//! Each kind of content, from a customer on Telegram and one on Discord, on the agent's page in a real browser.
//!
//! Where `ESCALATOR_SCREENSHOTS` names a folder, pictures of the page are put there; `cargo xtask screenshots` does so.

use std::{env, io::Write, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use escalator::model::TextFormat;
use escalator_house::{browser::Browser, desk_page::DeskPage, media};
use escalator_testkit::{
    desk::{DeskState, Reply, Session, SessionStatus},
    discord,
    telegram::{Content, FileKind, Media},
};
use serde_json::json;

use crate::{
    home::Plan,
    square::Square,
    street::{PATIENCE, exact},
};

const FOLDER: &str = "ESCALATOR_SCREENSHOTS";
const LAST: &str = "That was all.";
const WIDTH: u32 = 1280;
/// At first; then as tall as the transcript.
const HEIGHT: u32 = 800;

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_readable_on_the_agents_page_as_plain_text() {
    show(TextFormat::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_readable_on_the_agents_page_as_markdown() {
    show(TextFormat::Markdown).await;
}

async fn show(format: TextFormat) {
    let Some(browser) = Browser::start().await.expect("a browser starts, where there is one") else {
        // What a test prints is shown only when it fails, unless it goes past the macros.
        let why = "skipped: there is no Chromium with ChromeDriver; `cargo xtask browser` installs them where it can";
        writeln!(std::io::stderr(), "{why}").expect("there is a standard error");
        return;
    };
    let square = Square::build().await;
    let mut plan = Plan::default();
    plan.policy.desk_text = format;
    let house = square.open(plan).await;
    let page = DeskPage::open(browser, &square.street.desk.agent_page())
        .await
        .expect("the page opens");
    let (view, name) = match format {
        TextFormat::Markdown => ("Markdown", "markdown"),
        TextFormat::Plain => ("as they came", "plain"),
    };

    telegram(&square, &page, view).await;
    kept_as(&page, &format!("telegram-{name}.png")).await;
    discord(&square, &page).await;
    kept_as(&page, &format!("discord-{name}.png")).await;
    if format == TextFormat::Markdown {
        for mark in ["strong", "em", "s", "code", "pre", "blockquote", "a"] {
            shows(&page, &format!(".bubble.markdown {mark}"), "").await;
        }
    }

    square.nobody_complains();
    page.close().await.expect("the browser closes");
    house.shutdown().await;
}

async fn telegram(square: &Square, page: &DeskPage, view: &str) {
    let street = &square.street;
    let talk = street.talk("Ada").await;
    page.clicks(&format!("session-{}", talk.session.ticket))
        .await
        .expect("the session is listed");
    page.chooses("text-view", view).await.expect("there is a choice");
    let chat = &talk.chat;
    let hi = chat.transcript().from_bot().last().expect("the agent said Hi").id;
    chat.sends(Content::Html(
        "<b>bold</b> <i>italic</i> <s>struck</s> <code>code</code> <a href=\"https://example.org/\">link</a>\
         <pre>let x = 1 &lt; 2;</pre><blockquote>quote</blockquote>"
            .to_owned(),
    ));
    chat.says("<b>no markup</b> & <img src=x>");
    let box_picture = draw(page, "#d3a56b", "box").await;
    chat.sends(Media::photo(box_picture.clone()).caption("Here is the box"));
    chat.sends_album([
        Media::photo(draw(page, "#6b9bd3", "left").await).caption("left side"),
        Media::photo(draw(page, "#9bd36b", "right").await).caption("right side"),
    ]);
    chat.sends(Media::document("order 12.pdf", "%PDF-1.4\n%%EOF\n").caption("My order"));
    chat.sends(Media::new(FileKind::Voice, media::ogg()));
    chat.sends(
        Media::new(FileKind::Audio, media::wav())
            .named("chime.wav")
            .mime("audio/wav"),
    );
    let film = Media::new(FileKind::Video, film(page).await).named("film.webm");
    chat.sends(film.mime("video/webm"));
    chat.sends(Media::new(FileKind::Sticker, draw(page, "#e8c15a", "😀").await).emoji("😀"));
    chat.sends(Content::Location {
        latitude: 48.2,
        longitude: 16.4,
    });
    chat.sends(Content::Venue {
        latitude: 48.2,
        longitude: 16.4,
        title: "Cafe".to_owned(),
        address: "Main St 1".to_owned(),
    });
    chat.sends(Content::Contact {
        phone_number: "+431234".to_owned(),
        first_name: "Eve".to_owned(),
    });
    chat.sends(Content::Poll {
        question: "Tea or coffee?".to_owned(),
        options: vec!["tea".to_owned(), "coffee".to_owned()],
    });
    chat.sends(Content::Dice {
        emoji: "🎯".to_owned(),
        value: 6,
    });
    chat.replies(hi, "this is my answer");
    chat.forwards("Eve", "what Eve wrote");
    let typo = chat.says("my order is 11").message_id.expect("it is a message");
    chat.edits(typo, "my order is 12").expect("it is there");
    chat.says(LAST);
    talk.desk_reads(LAST).await;
    page_shows(
        page,
        &[
            "bold",
            "<b>no markup</b> & <img src=x>",
            "Here is the box",
            "left side",
            "right side",
            "My order",
            "[sticker: 😀]",
            "[location: 48.2, 16.4",
            "[place: Cafe, Main St 1",
            "Contact: Eve, +431234",
            "[poll: Tea or coffee? (tea / coffee)]",
            "[🎯 6]",
            "[in reply to",
            "this is my answer",
            "[forwarded from Eve]",
            "Edited: my order is 12 (before: “my order is 11”)",
            LAST,
        ],
    )
    .await;
    file_shows(
        page,
        &["img", "audio", "video"],
        &["order 12.pdf", "chime.wav", "film.webm"],
    )
    .await;
}

async fn discord(square: &Square, page: &DeskPage) {
    let bob = square.discord.user("bob").global_name("Bob").dm();
    bob.says("/human");
    let of_bob = |session: &&Session| session.customer.get("customerName").is_some_and(|name| name == "Bob");
    let live = |session: &&Session| session.status != SessionStatus::Ended;
    let find = |desk: &DeskState| desk.sessions().filter(of_bob).find(live).cloned();
    let session = square
        .street
        .desk
        .wait_for(PATIENCE, find)
        .await
        .expect("it reaches the desk");
    page.clicks(&format!("session-{}", session.ticket))
        .await
        .expect("the session is listed");
    exact(square.street.desk.reply(&session, Reply::new("Hi", "Anna")).await);
    let hi = bob
        .sees(PATIENCE, |message| message.content.contains("Hi"))
        .await
        .expect("the agent said Hi");
    bob.says(
        "**bold** *italic* ~~struck~~ `code` ||spoiler|| [link](https://example.org/)\n\
         ```rust\nlet x = 1 < 2;\n```\n> quote",
    );
    bob.says("<b>no markup</b> & <img src=x>");
    let box_picture = draw(page, "#d3a56b", "box").await;
    let left = draw(page, "#6b9bd3", "left").await;
    bob.sends(discord::Content::text("Here is the box").with_file("box.png", "image/png", box_picture));
    bob.sends(
        discord::Content::text("Both sides")
            .with_file("left.png", "image/png", left)
            .with_file("order 12.pdf", "application/pdf", "%PDF-1.4\n%%EOF\n"),
    );
    bob.sends(discord::Content::voice(media::ogg()));
    bob.sends(discord::Content::file("chime.wav", "audio/wav", media::wav()));
    bob.sends(discord::Content::file("film.webm", "video/webm", film(page).await));
    let wave = draw(page, "#e8c15a", "wave").await;
    bob.sends(discord::Content::default().with_sticker("wave", wave));
    bob.sends(discord::Content::poll("Tea or coffee?", &["tea", "coffee"]));
    bob.sends(discord::Content::text("this is my answer").in_reply_to(hi.id));
    bob.sends(discord::Content::forwarded("what Eve wrote", bob.channel(), hi.id));
    let typo = bob.says("my order is 11");
    bob.edits(typo, "my order is 12").expect("it is there");
    bob.reacts(hi.id, "❤").expect("it is there");
    let slip = bob.says("a slip");
    bob.deletes(slip).expect("it is there");
    bob.says(LAST);
    page_shows(
        page,
        &[
            "bold",
            "<b>no markup</b> & <img src=x>",
            "Here is the box",
            "Both sides",
            "[sticker: wave]",
            "[poll: Tea or coffee? (tea / coffee)]",
            "[in reply to",
            "this is my answer",
            "[forwarded]",
            "what Eve wrote",
            "Edited: my order is 12 (before: “my order is 11”)",
            "[reacted ❤",
            "[deleted “a slip”]",
            LAST,
        ],
    )
    .await;
    file_shows(
        page,
        &["img", "audio", "video"],
        &[
            "box.png",
            "left.png",
            "order",
            "voice-message.ogg",
            "chime.wav",
            "film.webm",
        ],
    )
    .await;
}

async fn page_shows(page: &DeskPage, parts: &[&str]) {
    for part in parts {
        shows(page, "[data-testid=\"line-customer\"]", part).await;
    }
}

async fn file_shows(page: &DeskPage, players: &[&str], names: &[&str]) {
    for player in players {
        shows(page, &format!(".bubble {player}"), "").await;
    }
    for name in names {
        shows(page, ".bubble a.file", name).await;
    }
}

async fn shows(page: &DeskPage, selector: &str, part: &str) {
    let seen = page.browser().sees(selector, part).await;
    drop(seen.unwrap_or_else(|why| panic!("{why:#}")));
}

/// Puts a picture of the chat into the folder, as tall as the whole transcript.
async fn kept_as(page: &DeskPage, name: &str) {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    let browser = page.browser();
    browser.resize(WIDTH, HEIGHT).await.expect("it is resized");
    let whole = "const said = document.getElementById('transcript');
         return innerHeight - said.clientHeight + said.scrollHeight;";
    let height = browser.run(whole).await.expect("there is a transcript");
    let height = height.as_u64().expect("it is a height");
    let height = u32::try_from(height).expect("it is a few thousand");
    browser.resize(WIDTH, height).await.expect("it is resized");
    // Two frames later the players have their size.
    let drawn = "return new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(tell)))";
    browser.run(drawn).await.expect("it is drawn");
    let chat = browser.find("main").await.expect("there is a chat");
    let picture = chat.picture().await.expect("there is a picture");
    let file = Path::new(&folder).join(name);
    std::fs::write(&file, picture).unwrap_or_else(|why| panic!("{} cannot be written: {why}", file.display()));
}

/// The browser draws what the customer sends.
async fn draw(page: &DeskPage, colour: &str, word: &str) -> Vec<u8> {
    let script = format!(
        "const canvas = Object.assign(document.createElement('canvas'), {{ width: 160, height: 90 }});
         const pen = canvas.getContext('2d');
         pen.fillStyle = {colour};
         pen.fillRect(0, 0, 160, 90);
         pen.fillStyle = '#2c2117';
         pen.font = '30px sans-serif';
         pen.textAlign = 'center';
         pen.fillText({word}, 80, 55);
         return canvas.toDataURL('image/png');",
        colour = json!(colour),
        word = json!(word),
    );
    made(page, &script).await
}

/// The browser films what it draws for a moment.
async fn film(page: &DeskPage) -> Vec<u8> {
    let script = "const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 90 });
         const pen = canvas.getContext('2d');
         const camera = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm;codecs=vp8' });
         const frames = [];
         camera.ondataavailable = ({ data }) => frames.push(data);
         let hue = 0;
         const paint = setInterval(() => {
             pen.fillStyle = `hsl(${hue += 9} 50% 60%)`;
             pen.fillRect(0, 0, 160, 90);
             if (hue > 180 && camera.state === 'recording') camera.stop();
         }, 40);
         camera.start();
         return new Promise((tell) => {
             camera.onstop = () => {
                 clearInterval(paint);
                 const reader = new FileReader();
                 reader.onload = () => tell(reader.result);
                 reader.readAsDataURL(new Blob(frames, { type: 'video/webm' }));
             };
         });";
    made(page, script).await
}

/// The bytes of what a script makes.
async fn made(page: &DeskPage, script: &str) -> Vec<u8> {
    let made = page.browser().run(script).await.expect("it is made");
    let base64 = made.as_str().and_then(|made| made.split_once(";base64,"));
    let (_, base64) = base64.expect("it is a data address");
    BASE64_STANDARD.decode(base64).expect("it is base64")
}

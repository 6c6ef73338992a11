//! What a customer sends beside plain words, from the gateway to the desk: asserted on what the desk has.

use escalator_discord::{Place, Settings};
use escalator_testkit::{
    desk::{Party, Session},
    discord::{Content, Customer},
};

use super::shop::Shop;

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\nforwarded";
const STICKER: &[u8] = b"\x89PNG\r\n\x1a\nwave";

/// A shop whose customers talk to an agent where they ask.
fn in_place() -> Settings {
    let mut settings = Settings::default();
    settings.place = Place::SameChannel;
    settings
}

async fn asks_for_a_human(shop: &Shop, ada: &Customer) {
    ada.says("/human");
    shop.agent_reads("/human").await;
}

fn files(session: &Session) -> Vec<(&str, &[u8])> {
    let files = session.files(Party::Customer);
    files
        .into_iter()
        .map(|file| (file.name.as_str(), &file.bytes[..]))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_message_names_is_read_by_its_name() {
    let shop = Shop::build().await;
    let guild = shop.fake.guild("Shop");
    let (help, orders, before) = (guild.channel("help"), guild.channel("orders"), guild.role("Support"));
    // What is another guild's is told to nobody here.
    let other = shop.fake.guild("Other");
    let (secrets, hidden) = (other.channel("secrets"), other.role("Hidden"));
    let open = shop.open(in_place()).await;
    let (returns, after) = (guild.channel("returns"), guild.role("Night shift"));
    let ada = shop.fake.user("ada").global_name("Ada").create().at(&help);
    let bob = shop.fake.user("bob").global_name("Bob").create();
    asks_for_a_human(&shop, &ada).await;
    ada.says(&format!(
        "<@{}> of <@&{before}> or <@&{after}>: <#{}>, <#{}> or <#1> at <t:1618953630:R>? <#{}> <@&{}>",
        bob.id(),
        orders.id(),
        returns.id(),
        secrets.id(),
        hidden,
    ));
    let read =
        "@Bob of @Support or @Night shift: #orders, #returns or #channel at 2021-04-20 21:20 UTC? #channel @role";
    shop.agent_reads(read).await;
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_a_forwarded_message_and_pictures_of_stickers_come_along() {
    let shop = Shop::build().await;
    let open = shop.open(in_place()).await;
    let ada = shop.fake.user("ada").global_name("Ada").dm();
    asks_for_a_human(&shop, &ada).await;
    let forwarded = Content::text("the **box**").with_file("box.png", "image/png", PICTURE);
    ada.sends(Content::forwarding(forwarded));
    ada.sends(Content::text("hi").with_sticker("Wave", STICKER));
    let session = shop.session(|session| session.files(Party::Customer).len() == 2).await;
    assert_eq!(files(&session), [("box.png", PICTURE), ("Wave.png", STICKER)]);
    let texts = session.texts(Party::Customer);
    assert!(texts.contains(&"[forwarded]\nthe box"), "{texts:?}");
    assert!(texts.contains(&"hi\n[sticker: Wave]"), "{texts:?}");
    assert_eq!(shop.fake.violations(), []);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_with_a_message_quotes_it_also_one_of_the_agents() {
    let shop = Shop::build().await;
    let open = shop.open(in_place()).await;
    let ada = shop.fake.user("ada").global_name("Ada").dm();
    asks_for_a_human(&shop, &ada).await;
    let said = ada.says("my order is 12");
    let session = shop.agent_reads("my order is 12").await;
    let reply = escalator_testkit::desk::Reply::new("Is it blue?", "Anna");
    shop.desk.reply(session.ticket, reply).await.expect("the house hears");
    let shown = ada.sees(super::rig::SOON, |message| message.content.ends_with("Is it blue?"));
    let shown = shown.await.expect("it is shown");
    ada.reacts(shown.id, "👍").expect("it stands");
    shop.agent_reads("[reacted 👍 to “Anna: Is it blue?”]").await;
    ada.sends(Content::text("yes").in_reply_to(shown.id));
    shop.agent_reads("[in reply to “Anna: Is it blue?”]\nyes").await;
    ada.deletes(said).expect("it stands");
    shop.agent_reads("[deleted “my order is 12”]").await;
    open.close().await;
}

//! The main story, with hooks in each of the four encodings.

use escalator_examples::faq;
use escalator_house::{
    story,
    town::{PATIENCE, Town},
};
use escalator_testkit::desk::Encoding;

async fn tell(hooks: Encoding) {
    let program = env!("CARGO_BIN_EXE_killable_telegram_bot").into();
    let town = Town::build(program, hooks).await.expect("the town is built");
    let _bot = town.start_bot().await.expect("the bot starts");
    story::tell(&town).await.unwrap_or_else(|why| panic!("{why:#}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_with_multipart_hooks() {
    tell(Encoding::Multipart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_with_json_hooks() {
    tell(Encoding::Json).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_with_urlencoded_hooks() {
    tell(Encoding::Urlencoded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_with_query_hooks() {
    tell(Encoding::Query).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_human_in_a_group_is_told_where_to() {
    let program = env!("CARGO_BIN_EXE_killable_telegram_bot").into();
    let town = Town::build(program, Encoding::Json).await.expect("the town is built");
    let _bot = town.start_bot().await.expect("the bot starts");
    let group = town.telegram.user("Ada").create().group("Team");
    group.says("human");
    let told = group.sees_text(PATIENCE, faq::IN_PRIVATE).await;
    told.expect("the word gets an answer");
}

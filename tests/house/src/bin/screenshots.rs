//! `cargo xtask screenshots`: takes the pictures of the documentation again, from the demo in a real browser.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use clap::Parser;
use escalator_house::{browser::Browser, customer::Customer, desk_page::DeskPage};

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 800;

/// Takes the pictures of the documentation again.
#[derive(Parser)]
struct Arguments {
    /// The folder to put them in.
    #[arg(long, default_value = "docs/screenshots")]
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { folder } = Arguments::parse();
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let browser = Browser::start()
        .await?
        .context("there is no Chromium with ChromeDriver")?;
    browser.resize(WIDTH, HEIGHT).await?;
    let demo = std::env::current_exe()?.with_file_name(format!("driven_demo{}", std::env::consts::EXE_SUFFIX));
    let mut customer = Customer::sits_down(&demo)?;
    let page = DeskPage::open(browser, &customer.agent_page().await?).await?;

    waiting(&mut customer, &page).await?;
    take(&page, &folder.join("waiting.png")).await?;
    conversation(&mut customer, &page).await?;
    take(&page, &folder.join("conversation.png")).await?;
    faults(&mut customer, &page).await?;
    take(&page, &folder.join("faults.png")).await?;
    page.close().await
}

async fn take(page: &DeskPage, file: &Path) -> Result<()> {
    let picture = page.browser().picture().await?;
    std::fs::write(file, &picture).with_context(|| format!("{} cannot be written", file.display()))?;
    println!("{} ({} kB)", file.display(), picture.len().div_ceil(1024));
    Ok(())
}

/// A session waits; the agent reads what was said to the bot.
async fn waiting(customer: &mut Customer, page: &DeskPage) -> Result<()> {
    for (question, answer) in [
        ("hello", "Hello!"),
        ("do you deliver?", "Delivery"),
        ("human", "Welcome!"),
    ] {
        customer.types(question)?;
        customer.reads(answer).await?;
    }
    customer.types("My parcel came, but its corner is torn. My order is 1234.")?;
    page.sees("line-customer", "My order is 1234.").await.map(drop)
}

/// Words and files both ways, and a customer who types.
async fn conversation(customer: &mut Customer, page: &DeskPage) -> Result<()> {
    let folder = tempfile::tempdir()?;
    say(
        customer,
        page,
        "Hi! I am sorry to hear that. Can you send me a picture?",
    )
    .await?;
    let parcel = folder.path().join("parcel.png");
    std::fs::write(&parcel, draw_parcel(page).await?)?;
    customer.types(&format!("/file {}", parcel.display()))?;
    page.sees_picture("parcel.png").await?;
    say(
        customer,
        page,
        "Thank you. We send you a new one. Here is a label for the way back.",
    )
    .await?;
    let label = folder.path().join("label.pdf");
    std::fs::write(&label, b"%PDF-1.4\n%no pages, but a head and a tail\n%%EOF\n")?;
    page.sends_file(&label).await?;
    customer.reads("sent a file").await?;
    page.sees("file", "label.pdf").await?;
    page.misses("transcript", "sending…").await?;
    customer.types("/typing")?;
    page.sees("customer-typing", "is typing").await.map(drop)
}

/// The customer has ended the chat and left a message when nobody was there; now another chat is kept from the desk.
async fn faults(customer: &mut Customer, page: &DeskPage) -> Result<()> {
    customer.types("Great, thanks!")?;
    page.sees("line-customer", "Great, thanks!").await?;
    customer.types("/end")?;
    page.sees("status", "ended").await?;
    customer.reads("is over").await?;
    page.clicks("agents-available").await?;
    page.sees("no-agents", "").await?;
    for (line, answer) in [("human", "mail address"), ("ada@example.com", "was left")] {
        customer.types(line)?;
        customer.reads(answer).await?;
    }
    page.sees("chatbot-log", "A message was left").await?;
    page.clicks("agents-available").await?;
    page.misses("no-agents", "").await?;
    page.chooses("fault-kind", "429").await?;
    page.chooses("fault-scope", "Messages").await?;
    page.clicks("fault-set").await?;
    page.sees("faults", "too many requests").await?;
    customer.types("human")?;
    page.sees("calls", "429").await.map(drop)
}

async fn say(customer: &mut Customer, page: &DeskPage, text: &str) -> Result<()> {
    page.writes(text).await?;
    page.sends().await?;
    customer.reads(text).await?;
    page.sees("line-agent", text).await?;
    page.misses("transcript", "sending…").await
}

/// The browser draws what the customer sends.
async fn draw_parcel(page: &DeskPage) -> Result<Vec<u8>> {
    let drawn = page.browser().run(PARCEL).await?;
    let drawn = drawn
        .as_str()
        .and_then(|drawn| drawn.strip_prefix("data:image/png;base64,"));
    Ok(BASE64_STANDARD.decode(drawn.context("the picture is a data address")?)?)
}

/// A parcel on a floor, with a torn corner.
const PARCEL: &str = r##"
    const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 190 });
    const pen = canvas.getContext("2d");
    const fill = (colour, ...points) => {
        pen.fillStyle = colour;
        pen.beginPath();
        points.forEach(([x, y]) => pen.lineTo(x, y));
        pen.fill();
    };
    fill("#dfe6ea", [0, 0], [300, 0], [300, 190], [0, 190]);
    fill("#b9c4c9", [0, 130], [300, 130], [300, 190], [0, 190]);
    fill("#d3a56b", [60, 62], [158, 34], [246, 56], [150, 90]);
    fill("#b98950", [60, 62], [150, 90], [150, 170], [60, 138]);
    fill("#a37540", [150, 90], [246, 56], [246, 132], [150, 170]);
    fill("#ecdcae", [102, 50], [118, 45], [208, 69], [192, 76]);
    fill("#d9c792", [192, 76], [208, 69], [208, 101], [192, 108]);
    fill("#2c2117", [246, 56], [218, 66], [226, 78], [216, 88], [232, 94], [246, 84]);
    fill("#f7f7f2", [76, 98], [116, 111], [116, 142], [76, 128]);
    return canvas.toDataURL("image/png");
"##;

//! A large file over a slow line, and everybody else meanwhile.

use escalator_testkit::{
    desk::{DeskState, Endpoint, Fault as DeskFault, Party, Scope, Upload},
    telegram::{DOWNLOAD, Fault, Media, On, Plan as Faulty, World},
};
use futures::future::join_all;

use crate::{
    home::Plan,
    street::{PATIENCE, Street, Talk, exact},
};

/// What Telegram lets a bot fetch.
const FILE_BYTES: usize = 20_000_000;
/// A line over which the file takes minutes: it is under way until the test lets it go.
const BYTES_PER_SEC: u32 = 50_000;
/// How many talk meanwhile, and how often each side says something.
const OTHERS: usize = 10;
const ROUNDS: usize = 3;

fn film() -> Vec<u8> {
    (0..FILE_BYTES)
        .map(|n| u8::try_from(n % 251).expect("it is below 251"))
        .collect()
}

async fn others(street: &Street) -> Vec<Talk<'_>> {
    join_all((0..OTHERS).map(|n| async move { street.talk(&format!("Other {n}")).await })).await
}

/// Both sides of every other chat talk, and send small files.
async fn talk_on(street: &Street, others: &[Talk<'_>]) {
    let rounds = others.iter().map(|talk| async move {
        for round in 0..ROUNDS {
            talk.customer_says(&format!("line {round}")).await;
            talk.agent_says(&format!("reply {round}")).await;
            talk.sees(&format!("reply {round}")).await;
        }
        talk.chat.sends(Media::document("small.txt", "from the customer"));
        talk.desk_reads("small.txt").await;
        exact(
            street
                .desk
                .send_file(&talk.session, Upload::new("tiny.bin", "x/y", "from the agent"))
                .await,
        );
        talk.sees_file("tiny.bin").await;
    });
    join_all(rounds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_large_file_over_a_slow_line_from_telegram_delays_no_other_chat() {
    let street = Street::build().await;
    let slow = Fault::SlowDownload {
        bytes_per_sec: BYTES_PER_SEC,
    };
    street.telegram.fault(On::method(DOWNLOAD), Faulty::Next(1, slow));
    let begun = async {
        let begun = |world: &World| world.calls().iter().any(|call| call.method == DOWNLOAD);
        street
            .telegram
            .wait_until(PATIENCE, begun)
            .await
            .expect("the download begins");
    };
    customers_file(&street, begun).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_large_file_over_a_slow_line_to_the_desk_delays_no_other_chat() {
    let street = Street::build().await;
    let bytes_per_sec = u64::from(BYTES_PER_SEC).try_into().expect("it is not zero");
    let slow = DeskFault::SlowBody { bytes_per_sec };
    street
        .desk
        .faults()
        .next(Scope::Endpoint(Endpoint::AddAttachment), 1, slow);
    let begun = async {
        let begun = |desk: &DeskState| desk.calls().iter().any(|call| call.endpoint == Endpoint::AddAttachment);
        street
            .desk
            .wait_until(PATIENCE, begun)
            .await
            .expect("the upload begins");
    };
    customers_file(&street, begun).await;
}

async fn customers_file(street: &Street, begun: impl Future<Output = ()>) {
    let house = street.open(Plan::default()).await;
    let (ada, others) = (street.talk("Ada").await, others(street).await);
    let bytes = film();
    ada.chat
        .sends(Media::document("film.mp4", bytes.clone()).caption("look"));
    ada.chat.says("did it arrive?");
    begun.await;
    talk_on(street, &others).await;
    assert_eq!(ada.lines(), ["look"], "the file is still under way");

    street.hurry();
    ada.desk_reads("did it arrive?").await;
    assert_eq!(ada.lines(), ["look", "film.mp4", "did it arrive?"]);
    street.desk.look(|desk| {
        let session = desk.session(&ada.session).expect("it is there");
        let files = session.files(Party::Customer);
        assert!(files[0].bytes == bytes, "the file arrives whole");
    });
    street.nobody_complains();
    house.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_large_file_over_a_slow_line_delays_no_other_chat() {
    let street = Street::build().await;
    let house = street.open(Plan::default()).await;
    let (ada, others) = (street.talk("Ada").await, others(&street).await);
    let slow = Fault::SlowUpload {
        bytes_per_sec: BYTES_PER_SEC,
    };
    street.telegram.fault(On::method("sendDocument"), Faulty::Next(1, slow));
    // The hook alone takes a while on a busy machine.
    street.desk.configure(|settings| settings.hooks.timeout = PATIENCE);
    let bytes = film();
    let upload = Upload::new("film.bin", "application/octet-stream", bytes.clone());
    let upload = upload.encoding(escalator_testkit::desk::Encoding::Multipart);
    exact(street.desk.send_file(&ada.session, upload).await);
    ada.agent_says("did it arrive?").await;
    let begun = |world: &World| world.calls().iter().any(|call| call.method == "sendDocument");
    street
        .telegram
        .wait_until(PATIENCE, begun)
        .await
        .expect("the upload begins");
    talk_on(&street, &others).await;
    assert!(
        !ada.texts().contains(&"film.bin".to_owned()),
        "the file is still under way"
    );

    street.hurry();
    ada.sees("did it arrive?").await;
    let texts = ada.texts();
    assert!(
        texts.ends_with(&["film.bin".to_owned(), "did it arrive?".to_owned()]),
        "{texts:?}"
    );
    let transcript = ada.chat.transcript();
    let shown = transcript.messages().iter().find_map(|message| message.file.as_ref());
    assert!(shown.expect("it is shown").bytes == bytes, "the file arrives whole");
    street.nobody_complains();
    house.shutdown().await;
}

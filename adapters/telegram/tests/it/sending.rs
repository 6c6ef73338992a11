//! Deliveries that arrive.

use escalator::{
    channel::EscalationChannel,
    delivery::{NoticeKind, Outcome, Receipt},
    model::{LengthUnit, Signal},
};

use super::rig::{Rig, SOON, notice, quick, says};

#[tokio::test]
async fn a_message_arrives_as_it_was_written_with_its_author() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let outcome = rig.deliver(&ada, &says(Some("Anna"), "1 < 2 & *bold* _x_")).await;
    let seen = ada.sees_text(SOON, "Anna: 1 < 2 & *bold* _x_").await;
    let seen = seen.expect("it arrives");
    assert_eq!(seen.parse_mode, None);
    assert!(seen.buttons.is_empty());
    let id = seen.id.to_string();
    assert_eq!(outcome, Outcome::Delivered(Receipt::Message { id }));
    assert_eq!(rig.fake.violations(), []);
}

#[tokio::test]
async fn only_the_notices_of_a_human_carry_the_end_button() {
    for label in [Some("Stop"), None] {
        let mut settings = quick();
        settings.texts.end_button = label.map(str::to_owned);
        let rig = Rig::with(settings).await;
        let ada = rig.ada();
        for (kind, wanted) in [
            (NoticeKind::Waiting, label),
            (NoticeKind::Connected, label),
            (NoticeKind::Ended, None),
            (NoticeKind::NoAgents, None),
        ] {
            let text = format!("{kind:?}");
            rig.deliver(&ada, &notice(kind, &text)).await;
            let seen = ada.sees_text(SOON, &text).await.expect("it arrives");
            let shown = seen.button("escalator:end").map(|button| button.text.as_str());
            assert_eq!(shown, wanted, "{kind:?}");
        }
        assert_eq!(rig.fake.violations(), []);
    }
}

#[tokio::test]
async fn typing_is_shown_once_and_its_end_is_telegrams_own() {
    let rig = Rig::new().await;
    let ada = rig.ada();
    let key = rig.key(&ada);
    rig.telegram.signal(&key, Signal::TypingStarted).await;
    rig.telegram.signal(&key, Signal::TypingStopped).await;
    let transcript = ada.transcript();
    let actions: Vec<_> = transcript.actions().iter().map(|seen| seen.action.as_str()).collect();
    assert_eq!(actions, ["typing"]);
}

#[tokio::test]
async fn the_limits_are_telegrams_and_can_be_raised() {
    let rig = Rig::new().await;
    let limits = rig.telegram.capabilities().limits;
    assert_eq!((limits.text_max, limits.text_unit), (4_096, LengthUnit::Utf16));
    assert_eq!((limits.fetch_bytes_max, limits.send_bytes_max), (20 << 20, 50 << 20));
    let mut settings = quick();
    settings.fetch_bytes_max = 1 << 30;
    let raised = Rig::with(settings).await;
    assert_eq!(raised.telegram.capabilities().limits.fetch_bytes_max, 1 << 30);
}

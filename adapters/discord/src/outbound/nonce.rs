use escalator::{delivery::DeliveryId, model::ChannelId};
use sha2::{Digest, Sha256};

/// How long a nonce may be, in characters.
const NONCE_CHARS: usize = 25;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The nonce of a delivery: the same on every attempt, and of no other. 25 digits to the base of 62 hold 148 bits.
pub(super) fn of(channel: &ChannelId, delivery: DeliveryId) -> String {
    let hash = Sha256::digest(format!("{channel}\n{delivery}"));
    let mut bits = hash.iter().fold((0_u128, 0_u128), |(high, low), byte| {
        (high << 8 | low >> 120, low << 8 | u128::from(*byte))
    });
    let digit = |bits: &mut (u128, u128)| {
        let half = if bits.1 == 0 { &mut bits.0 } else { &mut bits.1 };
        let at = usize::try_from(*half % 62).expect("it is below 62");
        *half /= 62;
        char::from(DIGITS[at])
    };
    (0..NONCE_CHARS).map(|_| digit(&mut bits)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use escalator::{delivery::Lane, model::ConversationId};

    use super::*;

    #[test]
    fn a_nonce_has_25_characters_and_is_the_delivery_s_own() {
        let channel = ChannelId::new("discord");
        let lane = Lane::Chat(ConversationId::mint());
        let nonces: HashSet<_> = (0..1_000).map(|seq| of(&channel, DeliveryId { lane, seq })).collect();
        assert_eq!(nonces.len(), 1_000);
        assert!(
            nonces
                .iter()
                .all(|nonce| nonce.len() == 25 && nonce.bytes().all(|b| b.is_ascii_alphanumeric()))
        );
        let delivery = DeliveryId { lane, seq: 7 };
        assert_eq!(of(&channel, delivery), of(&channel, delivery));
        assert_ne!(of(&channel, delivery), of(&ChannelId::new("other"), delivery));
    }
}

//! Recordings that a browser plays, made here: two seconds of next to nothing.

const SECS: usize = 2;

/// A hum, as a WAV file.
pub fn wav() -> Vec<u8> {
    const RATE: u32 = 8000;
    let samples = (0..RATE as usize * SECS).map(|at| if at % 40 < 20 { 120_u8 } else { 136 });
    let data: Vec<u8> = samples.collect();
    let length = u32::try_from(data.len()).expect("it is short");
    let mut file = b"RIFF".to_vec();
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(RATE.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    file.extend(b"\x01\0\x08\0data");
    file.extend(length.to_le_bytes());
    file.extend(data);
    file
}

/// Silence, as Opus in Ogg: what a voice message is.
pub fn ogg() -> Vec<u8> {
    /// 20 ms of silence.
    const PACKET: [u8; 3] = [0xf8, 0xff, 0xfe];
    const PACKETS: usize = SECS * 50;
    const SKIPPED: u16 = 312;
    const PACKET_SAMPLES: u64 = 960;
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(SKIPPED.to_le_bytes());
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]);
    let tags = b"OpusTags\x01\0\0\0x\0\0\0\0";
    let samples = u64::from(SKIPPED) + PACKETS as u64 * PACKET_SAMPLES;
    let mut file = page(0x02, 0, 0, &[&head]);
    file.extend(page(0, 0, 1, &[tags]));
    file.extend(page(0x04, samples, 2, &[&PACKET[..]; PACKETS]));
    file
}

/// One page of an Ogg stream, of packets shorter than 255 bytes.
fn page(kind: u8, samples: u64, number: u32, packets: &[&[u8]]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(kind);
    page.extend(samples.to_le_bytes());
    page.extend(7_u32.to_le_bytes());
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    let count = u8::try_from(packets.len()).expect("a page has at most 255 packets");
    page.push(count);
    page.extend(
        packets
            .iter()
            .map(|packet| u8::try_from(packet.len()).expect("it is short")),
    );
    page.extend(packets.concat());
    let sum = sum(&page);
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

/// Ogg's CRC.
fn sum(page: &[u8]) -> u32 {
    page.iter().fold(0, |sum, byte| {
        let mut sum = sum ^ (u32::from(*byte) << 24);
        for _ in 0..8 {
            let carry = if sum & 0x8000_0000 == 0 { 0 } else { 0x04c1_1db7 };
            sum = (sum << 1) ^ carry;
        }
        sum
    })
}

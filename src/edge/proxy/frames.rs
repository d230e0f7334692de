//! Where the frames of a WebSocket end, seen from their headers alone (RFC 6455 §5.2). What is in them is nobody's business here.

/// The opcode of a frame after which nothing more is said (RFC 6455 §5.5.1).
const CLOSE: u8 = 8;

/// How far one direction of a WebSocket is in its frames.
#[derive(Debug)]
pub(super) struct Frames {
    place: Place,
    has_closed: bool,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// Before a frame.
    Between,
    /// Before the byte that says how long the payload is.
    Length,
    /// So many bytes before the end of a length that did not fit into that byte.
    LongLength { left: u8, length: u64, mask_bytes: u64 },
    /// So many bytes before the end of the frame.
    Payload { left: u64 },
}

impl Frames {
    /// Of a direction in which nothing was said yet.
    pub(super) fn new() -> Self {
        Self { place: Place::Between, has_closed: false }
    }

    /// Follows what is said.
    pub(super) fn follow(&mut self, mut said: &[u8]) {
        while let Some((&byte, after)) = said.split_first() {
            said = after;
            self.place = match self.place {
                Place::Between => {
                    self.has_closed |= byte & 0x0f == CLOSE;
                    Place::Length
                }
                Place::Length => {
                    let mask_bytes = if byte & 0x80 == 0 { 0 } else { 4 };
                    match byte & 0x7f {
                        126 => Place::LongLength { left: 2, length: 0, mask_bytes },
                        127 => Place::LongLength { left: 8, length: 0, mask_bytes },
                        length => Place::before(u64::from(length) + mask_bytes),
                    }
                }
                Place::LongLength { left, length, mask_bytes } => match (left - 1, length << 8 | u64::from(byte)) {
                    (0, length) => Place::before(length.saturating_add(mask_bytes)),
                    (left, length) => Place::LongLength { left, length, mask_bytes },
                },
                Place::Payload { left } => {
                    let skipped = after.len().min(usize::try_from(left - 1).unwrap_or(usize::MAX));
                    said = after.get(skipped..).unwrap_or_default();
                    Place::before(left - 1 - skipped as u64)
                }
            };
        }
    }

    /// How many bytes of the frame are certain to be missing; 0 between two frames.
    pub(super) fn bytes_missing_min(&self) -> u64 {
        match self.place {
            Place::Between => 0,
            Place::Length => 1,
            Place::LongLength { left, .. } => left.into(),
            Place::Payload { left } => left,
        }
    }

    /// A frame that closes was said, after which there may be no other.
    pub(super) fn has_closed(&self) -> bool {
        self.has_closed
    }
}

impl Place {
    /// So many bytes before the end of a frame.
    fn before(left: u64) -> Self {
        if left == 0 { Self::Between } else { Self::Payload { left } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames in which the last byte alone ends a frame, the bytes that end nothing before it.
    #[test]
    fn a_frame_ends_where_its_header_says() {
        for (header, payload_bytes) in [
            (&[0x81, 0x00][..], 0),
            (&[0x81, 0x05], 5),
            (&[0x01, 0x7d], 125),
            (&[0x82, 0x7e, 0x00, 0x7e], 126),
            (&[0xc2, 0x7e, 0x12, 0x34], 0x1234),
            (&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 2], 0x1_0002),
            (&[0x81, 0x80, 1, 2, 3, 4], 0),
            (&[0x81, 0x85, 1, 2, 3, 4], 5),
            (&[0x8a, 0x02], 2),
        ] {
            let frame = [header, &vec![0x88; payload_bytes]].concat();
            let (mut bytewise, mut halved, mut twice) = (Frames::new(), Frames::new(), Frames::new());
            for (index, byte) in frame.iter().enumerate() {
                let missing = bytewise.bytes_missing_min();
                assert!(
                    (missing == 0) == (index == 0) && missing <= (frame.len() - index) as u64,
                    "{header:x?} {index}"
                );
                bytewise.follow(&[*byte]);
            }
            let (begin, end) = frame.split_at(frame.len() / 2);
            halved.follow(begin);
            assert!(halved.bytes_missing_min() > 0, "{header:x?}");
            halved.follow(end);
            twice.follow(&[&*frame, &*frame].concat());
            for frames in [bytewise, halved, twice] {
                assert_eq!((frames.bytes_missing_min(), frames.has_closed()), (0, false), "{header:x?}");
            }
        }
    }

    #[test]
    fn a_frame_that_closes_is_known() {
        let mut frames = Frames::new();
        frames.follow(&[0x81, 0x01, b'a', 0x88, 0x02, 0x03, 0xe8]);
        assert_eq!((frames.bytes_missing_min(), frames.has_closed()), (0, true));
    }

    #[test]
    fn the_longest_frame_does_not_overflow() {
        let mut frames = Frames::new();
        frames.follow(&[&[0x82, 0xff][..], &[0xff; 8], &[0; 100]].concat());
        assert_eq!(frames.bytes_missing_min(), u64::MAX - 100);
    }
}

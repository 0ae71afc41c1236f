//! Checks of the ends and the beginnings of messages.

use super::LIMITS;
use crate::dialect::Dialect;
use crate::error::DecodeError;
use crate::wire::{Detection, FrameCursor, Limits};

/// Checks that a message is found whatever follows it, that no part of it is taken for all of it, and that a search that
/// goes on where it stopped finds the same.
pub(super) fn framed_alike(
    dialect: Dialect,
    message: &[u8],
    frame: impl Fn(&mut FrameCursor, &[u8], Limits) -> Result<Option<usize>, DecodeError>,
) {
    let shown = message.escape_ascii();
    let mut resumed = FrameCursor::default();
    for len in 0..=message.len() {
        let bytes = message.get(..len).unwrap_or_default();
        let expected = Ok((len == message.len()).then_some(len));
        assert_eq!(
            frame(&mut resumed, bytes, LIMITS),
            expected,
            "{dialect}: {len} bytes of {shown}, resumed"
        );
        // A cut search from the start costs the square of the length, so it is made at some places only.
        if len < 300 || len % 97 == 0 || len + 3 > message.len() {
            let found = frame(&mut FrameCursor::default(), bytes, LIMITS);
            assert_eq!(found, expected, "{dialect}: {len} bytes of {shown}");
        }
    }
    let twice = [message, message].concat();
    let found = frame(&mut FrameCursor::default(), &twice, LIMITS);
    assert_eq!(found, Ok(Some(message.len())), "{dialect}: {shown} twice");
}

/// Checks that a request is detected as one of its dialect, and that yes and no are final.
pub(super) fn detected_for_good(dialect: Dialect, request: &[u8]) {
    let mut before = Detection::Undecided;
    for len in 0..=request.len().min(1000) {
        let now = dialect.server().detect(request.get(..len).unwrap_or_default(), LIMITS);
        let kept = before == Detection::Undecided || now == before;
        assert!(kept, "{dialect}: {before:?}, then {now:?}, after {len} bytes");
        before = now;
    }
    let lines = dialect.profile().has_lines;
    assert!(lines || before == Detection::Yes, "{dialect}: {} is not detected", request.escape_ascii());
}

//! Checks of several dialects that are to be told apart on one port.

use super::LIMITS;
use crate::dialect::Dialect;
use crate::wire::{Detection, detect};

/// Number of first bytes by which a dialect must be known.
const MOST: usize = 1024;

/// Checks that dialects are told apart, by every prefix of what clients sent first on their connections: never two that
/// both say yes, none that says yes to the bytes of another, and no yes or no that is taken back. What nobody says yes
/// to must be a recording of a dialect of lines.
///
/// # Panics
/// A property does not hold.
pub fn check_detection(dialects: &[Dialect], recordings: &[(Dialect, &[u8])]) {
    for (dialect, bytes) in recordings {
        let shown = bytes.get(..bytes.len().min(40)).unwrap_or_default().escape_ascii();
        let mut before: alloc::vec::Vec<_> = dialects.iter().map(|_| Detection::Undecided).collect();
        for len in 0..=bytes.len().min(MOST) {
            let prefix = bytes.get(..len).unwrap_or_default();
            for (other, before) in dialects.iter().zip(&mut before) {
                let now = other.server().detect(prefix, LIMITS);
                let kept = *before == Detection::Undecided || now == *before;
                assert!(kept, "{other}: {before:?}, then {now:?}, after {len} bytes of {shown}");
                let right = now != Detection::Yes || other == dialect;
                assert!(right, "{other} says yes to {len} bytes of {dialect}: {shown}");
                *before = now;
            }
        }
        let found = detect(dialects, bytes, LIMITS);
        assert_eq!(found, Some(*dialect), "{shown}");
    }
}

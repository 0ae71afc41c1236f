//! `block`: its packets, byte for byte, and its decoder of batches (`docs/protocol.md#block`).

mod decoder;
mod fast_path;
mod golden;

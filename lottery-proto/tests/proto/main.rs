//! Tests of both machines and of every dialect: bytes and time are handed in, no socket, no clock. Each module is
//! named after its subject.

mod backpressure;
mod batches;
mod block;
mod braces;
mod call_order;
mod close;
mod corrupted_batches;
mod detection;
mod display;
mod echo;
mod encoders;
mod fixed;
mod framed;
mod lending;
mod memory;
mod message_limits;
mod names;
mod privacy;
mod properties;
mod protocol;
mod rejections;
mod sessions;
mod speaks_for;
mod support;
mod text_dialects;
mod timeouts;
mod waiting_replies;
mod winners;

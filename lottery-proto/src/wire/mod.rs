//! Dialects: the traits [`ServerCodec`] and [`ClientCodec`] that they have in common, and a module for each.

pub mod block;
mod braces;
mod client_codec;
mod detect;
mod echo;
mod failure;
mod fast_path;
mod fixed;
mod foreign;
mod frame;
mod framed;
mod lines;
mod list;
mod message;
mod reason;
mod server_codec;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use braces::BRACES;
pub(crate) use client_codec::ClientCodec;
pub(crate) use detect::{Detection, detect};
pub(crate) use echo::{ECHO, MAX_LINE};
pub use failure::{Code, Failure};
pub(crate) use fixed::FIXED;
pub(crate) use foreign::foreign;
pub(crate) use frame::{FrameCursor, Limits};
pub(crate) use framed::FRAMED;
pub use list::{ListError, ListSize};
pub(crate) use list::{Listing, Part};
pub use message::Line;
pub(crate) use message::{AfterReply, Answer, Kind, PendingReply, Rejection, Request, Response, TooLarge};
pub(crate) use reason::Reason;
pub(crate) use server_codec::ServerCodec;

//! Dialects: the traits [`ServerCodec`] and [`ClientCodec`] that they have in common, and a module for each.
//!
#![cfg_attr(feature = "custom-dialects", doc = include_str!("guide.md"))]

pub mod block;
mod braces;
#[cfg(test)]
mod checks;
mod client_codec;
mod columns;
mod detect;
mod earlier;
mod echo;
mod failure;
mod fast_path;
mod fixed;
mod foreign;
mod frame;
mod framed;
mod line;
mod lines;
mod list;
mod message;
mod reason;
mod server_codec;
mod short;
#[cfg(test)]
mod tests;
pub mod text;

pub(crate) use braces::{BARE, BRACES};
pub use client_codec::ClientCodec;
pub(crate) use columns::COLUMNS;
pub use detect::Detection;
pub(crate) use detect::detect;
pub(crate) use earlier::{BLOCK_6, BLOCK_7, BRACES_7, FIXED_6, FRAMED_6};
pub(crate) use echo::{ECHO, MAX_LINE};
pub use failure::{Code, Failure};
pub(crate) use fixed::{FIXED, FIXED_OK};
pub(crate) use foreign::foreign;
pub use frame::{FrameCursor, Limits};
pub(crate) use framed::FRAMED;
pub(crate) use line::LINE;
pub(crate) use list::Listing;
pub use list::{ListError, ListSize, Part};
pub use message::{
    AfterReply, Answer, Kind, Line, PendingReply, Rejection, Request, Response, TooLarge, Window, Written,
};
pub use reason::Reason;
pub use server_codec::ServerCodec;
pub(crate) use short::SHORT;

pub use crate::bet::Spans;
pub use crate::dialect::Wire;

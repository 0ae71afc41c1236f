//! Dialects of earlier servers (`docs/protocol.md#earlier-servers`): the messages of another dialect, which such a server
//! takes and answers in a manner of its own. They are a client's alone.

use alloc::vec::Vec;

use super::block::BLOCK;
use super::{
    AfterReply, Answer, BRACES, Detection, FIXED, FRAMED, FrameCursor, Limits, PendingReply, Rejection,
    Request, ServerCodec, TooLarge,
};
use crate::bet::Spans;
use crate::dialect::{DialectProfile, WinnersFlow, Wire};
use crate::error::{DecodeError, Problem};

/// Dialect `block-6`: `block` with a server that closes after its reply to Finished, and has no winners.
pub(crate) static BLOCK_6: Wire =
    wire("block-6", &BLOCK, DialectProfile { winners_flow: WinnersFlow::Never, ..BLOCK.profile });

/// Dialect `block-7`: `block` with a server that closes after each reply.
pub(crate) static BLOCK_7: Wire =
    wire("block-7", &BLOCK, DialectProfile { winners_flow: WinnersFlow::NewConnection, ..BLOCK.profile });

/// Dialect `fixed-6`: `fixed` with a server that has no winners.
pub(crate) static FIXED_6: Wire =
    wire("fixed-6", &FIXED, DialectProfile { winners_flow: WinnersFlow::Never, ..FIXED.profile });

/// Dialect `framed-6`: `framed` with a server that knows no END.
pub(crate) static FRAMED_6: Wire = wire(
    "framed-6",
    &FRAMED,
    DialectProfile { winners_flow: WinnersFlow::Never, has_finished: false, ..FRAMED.profile },
);

/// Dialect `braces-7`: `braces` with a server that takes one message on a connection, and does not reply to Finished.
pub(crate) static BRACES_7: Wire = wire(
    "braces-7",
    &BRACES,
    DialectProfile {
        winners_flow: WinnersFlow::NewConnection,
        one_message: true,
        answers_finished: false,
        ..BRACES.profile
    },
);

/// Returns a dialect of the same messages.
const fn wire(name: &'static str, of: &Wire, profile: DialectProfile) -> Wire {
    let Wire { max_agency, empty_list, listed_document, client, .. } = *of;
    Wire {
        name,
        profile,
        max_agency,
        empty_list,
        listed_document,
        counterpart: None,
        server: &NoServer,
        client,
    }
}

/// Server's side of a dialect that no server of this crate speaks: a connection is never in it.
#[derive(Debug)]
struct NoServer;

impl ServerCodec for NoServer {
    fn detect(&self, _: &[u8], _: Limits) -> Detection {
        Detection::No
    }

    fn frame(&self, _: &mut FrameCursor, _: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(None)
    }

    fn request(&self, _: &mut [u8], _: &mut Spans) -> Result<Request, Rejection> {
        Err(DecodeError::new(0, Problem::Expected("a dialect that a server speaks")).into())
    }

    fn answer(&self, _: &PendingReply, _: &Answer<'_>, _: &mut Vec<u8>) -> Result<AfterReply, TooLarge> {
        Ok(AfterReply::Close)
    }
}

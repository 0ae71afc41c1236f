//! Interface between what secures a connection and the server's application on it.

use lottery_proto::{AgencyId, Instant};

use crate::Machine;

/// Machine of a server that a secure channel can be put around: it learns how its peer has connected.
///
/// At most one of these methods is called, once, and before the first byte of the peer is reported.
pub trait Secured: Machine {
    /// Reports that the peer has proved to be this agency: it may speak for no other.
    fn identified(&mut self, now: Instant, agency: AgencyId);

    /// Reports that the peer has connected without a secure channel, and is to be refused in its own dialect.
    fn refuse_plain(&mut self, now: Instant);
}

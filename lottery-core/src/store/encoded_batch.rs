//! Batch of an agency's bets, encoded once: as the store keeps it, and as the digest covers it.

use std::fmt;

use bytes::Bytes;
use lottery_proto::{AgencyId, Bets};

/// Bets of an agency as rows of CSV. The connection that receives them encodes them: the committer is a single
/// thread, and only has to append them. Clones share the rows.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedBatch {
    agency: u32,
    count: u32,
    rows: Bytes,
}

impl EncodedBatch {
    /// Creates a batch of `count` rows that were encoded before, as [`rows::push_row`](super::rows::push_row)
    /// writes them.
    pub fn from_rows(agency: u32, count: u32, rows: String) -> Self {
        Self { agency, count, rows: rows.into() }
    }

    /// Encodes the bets of an agency.
    pub fn encode(agency: AgencyId, bets: Bets<'_>) -> Self {
        let count = u32::try_from(bets.len()).unwrap_or(u32::MAX);
        Self { agency: agency.get(), count, rows: bets.to_rows(agency).into() }
    }

    /// Returns the memory that `bets` bets, held in `size` bytes, will take, in bytes, if no name needs
    /// quotes.
    pub const fn size_of(bets: usize, size: usize) -> usize {
        Bets::rows_size(bets, size)
    }

    /// Returns the number of the agency.
    pub const fn agency(&self) -> u32 {
        self.agency
    }

    /// Returns the number of bets.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Returns the bets as rows of CSV, as [`rows::push_row`](super::rows::push_row) writes them.
    pub const fn rows(&self) -> &Bytes {
        &self.rows
    }

    /// Returns the same rows as text, which takes a look at every byte.
    ///
    /// # Panics
    /// Never: rows are made of text.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.rows).expect("rows are made of text")
    }

    /// Extends the agency's running digest with these bets (`docs/protocol.md#digest`).
    pub fn digest_after(&self, digest: u32) -> u32 {
        crc32c::crc32c_append(digest, &self.rows)
    }

    /// Returns the size of the rows, in bytes.
    pub const fn size(&self) -> usize {
        self.rows.len()
    }
}

/// Omits the rows: they are personal data.
impl fmt::Debug for EncodedBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agency, count, rows } = self;
        write!(f, "EncodedBatch {{ agency: {agency}, bets: {count}, rows: {} bytes }}", rows.len())
    }
}

#[cfg(test)]
mod tests {
    use lottery_proto::server::Event;
    use lottery_proto::{
        AgencyId, Bet, Client, ClientConfig, ConnId, Dialect, Digest, Input, Instant, Server, ServerConfig,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::store::rows;

    /// Sends the bets to a server, encodes those that it receives, and checks the result.
    fn check(bets: &[Bet<'_>]) {
        let now = Instant::default();
        let config = ClientConfig::new(AgencyId::new(7).unwrap(), Dialect::BLOCK);
        let mut client = Client::new(config, now);
        let mut server = Server::new(ServerConfig::builder(9).build().unwrap(), ConnId(1), now);
        assert_eq!(client.send_batch(now, bets).unwrap(), bets.len());
        while client.unsent() > 0 {
            let (from, to) = (client.poll_io().unwrap().send, server.poll_io().unwrap().recv);
            let len = from.len().min(to.len());
            to[..len].copy_from_slice(&from[..len]);
            client.handle(now, Input::Sent(len));
            server.handle(now, Input::Received(len));
        }
        let Some(Event::Batch { bets: received, .. }) = server.poll_event() else { panic!("no batch") };

        let agency = AgencyId::new(7).unwrap();
        let encoded = EncodedBatch::encode(agency, received);
        let mut rows = String::new();
        let mut digest = Digest::new(agency);
        for bet in bets {
            rows::push_bet(&mut rows, 7, bet);
            digest.push(bet);
        }
        assert_eq!((encoded.count() as usize, encoded.text()), (bets.len(), &rows[..]));
        assert_eq!(encoded.digest_after(0), digest.value());
        assert_eq!(EncodedBatch::from_rows(7, encoded.count(), rows.clone()), encoded);
        let shown = format!("EncodedBatch {{ agency: 7, bets: {}, rows: {} bytes }}", bets.len(), rows.len());
        assert_eq!(format!("{encoded:?}"), shown);
    }

    proptest! {
        #[test]
        fn bets_are_encoded_as_each_would_be_by_itself(
            fields in prop::collection::vec(("[a-zé ]{1,9}", "[a-zñ\",]{1,9}|[a-z]{1,9}", 0_u64.., 0_u32..), 1..9)
        ) {
            let texts: Vec<_> =
                fields.iter().map(|(a, b, document, number)| (a, b, document.to_string(), number.to_string())).collect();
            let bets: Vec<_> = texts
                .iter()
                .map(|(first, last, document, number)| Bet::new([first.as_str(), last.as_str(), document, "2000-02-29", number]).unwrap())
                .collect();
            check(&bets);
        }
    }
}

//! Batch of an agency's bets, encoded once: as the store keeps it, and as the digest covers it.

use std::fmt;

use lottery_proto::{Bets, LineOfBet, ShortLine};

use super::rows;
use crate::digest;

/// Number of special characters of a row without quotes: five commas, CR and LF.
const SPECIALS_OF_A_ROW: usize = 7;

/// Room behind the last row, in bytes: a row is copied with what stands behind it, and then cut.
const SLACK: usize = 128;

/// Text that grows by pieces which are written where they stay.
struct Text {
    /// The text, and zeros.
    bytes: Vec<u8>,
    len: usize,
}

impl Text {
    fn with_room(room: usize) -> Self {
        Self { bytes: vec![0; room], len: 0 }
    }

    /// Returns the room behind the text, at least that many bytes.
    #[inline]
    fn room(&mut self, room: usize) -> &mut [u8] {
        if self.bytes.len() - self.len < room {
            self.bytes.resize(2 * self.len + room, 0);
        }
        self.bytes.get_mut(self.len..).unwrap_or_default()
    }

    fn push(&mut self, piece: &[u8]) {
        if let Some(place) = self.room(piece.len()).get_mut(..piece.len()) {
            place.copy_from_slice(piece);
        }
        self.len += piece.len();
    }

    fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.bytes
    }
}

/// Bets of an agency, encoded. The connection that receives them does it: the committer is a single thread,
/// and only has to append them.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedBatch {
    agency: u32,
    bets: u32,
    rows: String,
    digested: Vec<u8>,
}

impl EncodedBatch {
    /// Creates a batch without bets.
    pub fn new(agency: u32) -> Self {
        Self::from_rows(agency, 0, String::new())
    }

    /// Creates a batch of `bets` rows that were encoded before. It has no digest:
    /// [`EncodedBatch::digest_after`] leaves one as it is.
    pub fn from_rows(agency: u32, bets: u32, rows: String) -> Self {
        Self { agency, bets, rows, digested: Vec::new() }
    }

    /// Encodes the bets of an agency.
    pub fn encode(agency: u32, bets: Bets<'_>) -> Self {
        // Names that need quotes are rare: one scan finds them when all rows are written.
        let encoded = Self::without_quotes(agency, bets);
        let separators = bets.len() * SPECIALS_OF_A_ROW;
        encoded
            .filter(|encoded| rows::specials(&encoded.rows) == separators)
            .unwrap_or_else(|| Self::with_quotes(agency, bets))
    }

    /// Adds a bet, given as first name, last name, document and birth date, and its number.
    pub fn push(&mut self, fields: [&str; 4], number: u32) {
        let [first_name, last_name, document, birthdate] = fields;
        rows::push_row(&mut self.rows, self.agency, first_name, last_name, document, birthdate, number);
        digest::push_fields(&mut self.digested, fields, number);
        self.bets += 1;
    }

    /// Returns the memory that `bets` bets, held in `size` bytes, will take, in bytes, if no name needs
    /// quotes.
    pub fn size_of(bets: usize, size: usize) -> usize {
        2 * (Self::room_for(bets, size) + SLACK)
    }

    /// Returns the size of the rows of `bets` bets that are held in `size` bytes, or a little more.
    fn room_for(bets: usize, size: usize) -> usize {
        size + bets * 8
    }

    fn with_room_for(agency: u32, bets: Bets<'_>) -> Self {
        let room = Self::room_for(bets.len(), bets.size());
        let (rows, digested) = (String::with_capacity(room), Vec::with_capacity(room));
        Self { agency, bets: u32::try_from(bets.len()).unwrap_or(u32::MAX), rows, digested }
    }

    /// Encodes rows that are right unless a name needs quotes. `None` if they are not UTF-8, as no bets are.
    fn without_quotes(agency: u32, bets: Bets<'_>) -> Option<Self> {
        let room = Self::room_for(bets.len(), bets.size()) + SLACK;
        let (mut rows, mut digested) = (Text::with_room(room), Text::with_room(room));
        let mut prefix = [0; 8];
        let agency_text = format!("{agency},");
        prefix.get_mut(..agency_text.len())?.copy_from_slice(agency_text.as_bytes());
        for line in bets.lines() {
            match line {
                LineOfBet::Short(line) => {
                    let row = rows.room(prefix.len() + ShortLine::ROOM);
                    *row.first_chunk_mut()? = prefix;
                    let len = line.put(b',', *b"\r\n", row.get_mut(agency_text.len()..)?)?;
                    rows.len += agency_text.len() + len;
                    digested.len += line.put(b'|', *b"\n", digested.room(ShortLine::ROOM))?;
                }
                LineOfBet::Long(bet) => {
                    let (mut row, mut line) = (String::new(), Vec::new());
                    rows::push_bet(&mut row, agency, &bet);
                    rows.push(row.as_bytes());
                    digest::push_bet(&mut line, &bet);
                    digested.push(&line);
                }
            }
        }
        let bets = u32::try_from(bets.len()).unwrap_or(u32::MAX);
        // Checked by vectors, and then copied: `String::from_utf8` takes longer than both.
        let rows = simdutf8::basic::from_utf8(&rows.into_bytes()).ok()?.to_owned();
        Some(Self { agency, bets, rows, digested: digested.into_bytes() })
    }

    fn with_quotes(agency: u32, bets: Bets<'_>) -> Self {
        let mut encoded = Self::with_room_for(agency, bets);
        for bet in bets {
            rows::push_bet(&mut encoded.rows, agency, &bet);
            digest::push_bet(&mut encoded.digested, &bet);
        }
        encoded
    }

    /// Returns the number of the agency.
    pub fn agency(&self) -> u32 {
        self.agency
    }

    /// Returns the number of bets.
    pub fn bets(&self) -> u32 {
        self.bets
    }

    /// Returns the bets as rows of CSV, as [`rows::push_row`] writes them.
    pub fn rows(&self) -> &str {
        &self.rows
    }

    /// Extends the agency's running digest with these bets (`docs/protocol.md#digest`).
    pub fn digest_after(&self, digest: u32) -> u32 {
        crc32c::crc32c_append(digest, &self.digested)
    }

    /// Returns the memory that they take, in bytes.
    pub fn size(&self) -> usize {
        self.rows.capacity() + self.digested.capacity()
    }
}

/// Omits the rows: they are personal data.
impl fmt::Debug for EncodedBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agency, bets, rows, .. } = self;
        write!(f, "EncodedBatch {{ agency: {agency}, bets: {bets}, rows: {} bytes }}", rows.len())
    }
}

#[cfg(test)]
mod tests {
    use lottery_proto::server::Event;
    use lottery_proto::{
        AgencyId, Bet, Client, ClientConfig, ConnId, Dialect, Input, Instant, Server, ServerConfig,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::digest::Digest;

    /// Sends the bets to a server, encodes those that it receives, and checks the result.
    fn check(bets: &[Bet<'_>]) {
        let now = Instant::default();
        let config = ClientConfig::new(AgencyId::new(7).unwrap(), Dialect::BLOCK).unwrap();
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

        let encoded = EncodedBatch::encode(7, received);
        let mut rows = String::new();
        let mut digest = Digest::default();
        for bet in bets {
            rows::push_bet(&mut rows, 7, bet);
            digest.push(bet);
        }
        assert_eq!((encoded.bets() as usize, encoded.rows()), (bets.len(), &rows[..]));
        assert_eq!(encoded.digest_after(0), digest.state());
        let mut pushed = EncodedBatch::new(7);
        for bet in bets {
            pushed.push([bet.first_name(), bet.last_name(), bet.document(), bet.birthdate()], bet.number());
        }
        assert_eq!(pushed, encoded);
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

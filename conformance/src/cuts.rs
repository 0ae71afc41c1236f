//! Bytes in pieces, as the network may cut them.

use lottery_testkit::Rng;

/// Places at which bytes are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nowhere.
    Nowhere,
    /// Between any two bytes.
    Everywhere,
    /// Inside every character of UTF-8 that has more than one byte.
    InCharacters,
    /// At places that depend on this seed.
    Anywhere(u64),
}

impl Cut {
    /// Different cuts to try.
    pub const ALL: [Self; 5] =
        [Self::Nowhere, Self::Everywhere, Self::InCharacters, Self::Anywhere(1), Self::Anywhere(2)];

    /// Returns the pieces, none of them empty.
    pub fn pieces(self, bytes: &[u8]) -> Vec<&[u8]> {
        let mut rng = match self {
            Self::Anywhere(seed) => Rng::new(seed),
            _ => Rng::new(0),
        };
        let (mut pieces, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let len = match self {
                Self::Nowhere => rest.len(),
                Self::Everywhere => 1,
                Self::InCharacters => {
                    let continues = rest.iter().skip(1).position(|byte| byte & 0xC0 == 0x80);
                    continues.map_or(rest.len(), |at| at + 1)
                }
                // Mixes short and long pieces.
                Self::Anywhere(_) => 1 + (rng.index(1 << (1 + rng.clone().index(13)))),
            };
            let (piece, after) = rest.split_at(len.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }
}

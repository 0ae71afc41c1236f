//! Bytes in pieces, as the network may cut them.

/// Seeded generator of pseudo-random numbers (SplitMix64): the same seed gives the same numbers, for ever.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Returns a generator with that seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number, from all 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns the next number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next_u64() % u64::try_from(limit).expect("64 bits"))
            .expect("it is below a usize")
    }

    /// Returns one of `choices`.
    pub fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

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
        let mut random = match self {
            Self::Anywhere(seed) => Random::new(seed),
            _ => Random::new(0),
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
                Self::Anywhere(_) => 1 + (random.below(1 << (1 + random.clone().below(13)))),
            };
            let (piece, after) = rest.split_at(len.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }
}

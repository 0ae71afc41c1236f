//! Random numbers for the generated files.

/// `SplitMix64` generator (Steele, Lea and Flood, 2014). A dozen lines of our own do not change with the
/// version of a dependency.
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    /// Creates a generator. Any seed is good.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns a number from 0 to `end - 1`. The bias of the remainder is under one in 2^38 for the ranges
    /// used here.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next_u64() % u64::from(end)).expect("a remainder is smaller than its u32 divisor")
    }

    /// Returns a number from `first` to `last`, both included.
    pub(crate) fn between(&mut self, first: u32, last: u32) -> u32 {
        first + self.below(last - first + 1)
    }

    /// Returns one of `items`, all equally likely.
    pub(crate) fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let count = u32::try_from(items.len()).expect("the lists of names are short");
        items[self.below(count) as usize]
    }

    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    /// Compares with the first numbers of the published reference implementation for the seed 1234567.
    #[test]
    fn draws_the_reference_sequence() {
        let mut rng = Rng::new(1_234_567);
        let drawn: Vec<u64> = (0..5).map(|_| rng.next_u64()).collect();
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(drawn, expected);
    }
}

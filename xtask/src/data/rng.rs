//! The random numbers behind the generated files.

/// `SplitMix64` (Steele, Lea and Flood, 2014): a dozen lines of our own change with no dependency's version.
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    /// Every seed is as good as another.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number from 0 to `end - 1`. The bias of the remainder is under one in 2^38 for the ranges used here.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next_u64() % u64::from(end)).expect("a remainder is smaller than its u32 divisor")
    }

    /// A number from `first` to `last`, both included.
    pub(crate) fn between(&mut self, first: u32, last: u32) -> u32 {
        first + self.below(last - first + 1)
    }

    /// One of `items`, all equally likely.
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

    /// The published reference implementation's first numbers from the seed 1234567.
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

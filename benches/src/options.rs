//! Options that a benchmark was started with: `cargo bench … -- --csv`, or as a test.

use std::env;

/// Options of a benchmark.
#[derive(Debug)]
pub struct Options {
    arguments: Vec<String>,
    /// True if the benchmark is to run once and quickly: cargo passes `--bench` only for measuring.
    pub is_test: bool,
    /// True if the output is lines for `cargo xtask bench-report`.
    pub csv: bool,
}

impl Options {
    /// Reads the options of this process.
    pub fn read() -> Self {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let (is_test, csv) = (!has("--bench"), has("--csv"));
        Self { arguments, is_test, csv }
    }

    /// Returns the number after that flag, or `without` if the flag is missing.
    ///
    /// # Panics
    /// If the text after the flag is not a whole number.
    pub fn number(&self, flag: &str, without: usize) -> usize {
        let number = self.arguments.iter().skip_while(|argument| *argument != flag).nth(1);
        number.map_or(without, |number| number.parse().expect("a whole number"))
    }
}

//! How a benchmark was started: `cargo bench … -- --csv`, or as a test.

use std::env;

/// What was asked for.
#[derive(Debug)]
pub struct Options {
    arguments: Vec<String>,
    /// It is to run once and quickly: cargo says `--bench` only to what is to measure.
    pub is_test: bool,
    /// It is to print lines for `cargo xtask bench-report`.
    pub csv: bool,
}

impl Options {
    /// Of this process.
    pub fn read() -> Self {
        let arguments: Vec<String> = env::args().skip(1).collect();
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let (is_test, csv) = (!has("--bench"), has("--csv"));
        Self { arguments, is_test, csv }
    }

    /// The number behind that flag; without it, this.
    ///
    /// # Panics
    /// If no whole number stands there.
    pub fn number(&self, flag: &str, without: usize) -> usize {
        let number = self.arguments.iter().skip_while(|argument| *argument != flag).nth(1);
        number.map_or(without, |number| number.parse().expect("a whole number"))
    }
}

//! Writes the seeds of every target to `corpus/TARGET/`, beside the inputs that a fuzzer has found, and
//! prints the name of each target and the maximum length of its inputs, in bytes.

use std::{fs, io};

use fuzz_checks::crate_dir;

fn main() -> io::Result<()> {
    let corpus = crate_dir().join("../corpus");
    for target in fuzz_checks::TARGETS {
        let dir = corpus.join(target.name);
        fs::create_dir_all(&dir)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(dir.join(format!("seed-{number:03}")), seed)?;
        }
        println!("{} {}", target.name, target.longest);
    }
    Ok(())
}

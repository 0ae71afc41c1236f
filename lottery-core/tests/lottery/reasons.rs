//! Reasons that a server gives: shown in its own words, unless these may hold a bet.

use lottery_proto::Dialect;

use crate::told::{BATCH_ACK, ERROR, block, connected, hear, told};

/// Reason of a server that repeats the bytes it was sent.
const SAID: &str = "no bet: Ana Paz 20000001 1980-01-31";

#[test]
fn a_reason_that_holds_a_date_is_named_by_its_length_on_every_wire() {
    let length = format!("({} bytes)", SAID.len());
    for (dialect, said) in [
        (Dialect::Fixed, format!("E{:05}{SAID}", SAID.len())),
        (Dialect::Framed, format!("{:08}error;{SAID}", "error;".len() + SAID.len())),
        (Dialect::Braces, format!("ERROR:{SAID};")),
    ] {
        let mut agency = connected(1, dialect);
        hear(&mut agency, said.as_bytes());
        let error = agency.into_outcome().unwrap_err().to_string();
        assert!(error.ends_with(&length) && !error.contains("Ana"), "{dialect}: {error}");
    }
    for packet in
        [block(BATCH_ACK, &format!("0|0|malformed: {SAID}")), block(ERROR, &format!("malformed|{SAID}"))]
    {
        let error = told(&packet).to_string();
        assert!(error.contains(" bytes)") && !error.contains("Ana"), "{error}");
    }
}

#[test]
fn a_reason_without_a_date_is_told_in_its_own_words() {
    let mut agency = connected(1, Dialect::Braces);
    hear(&mut agency, b"ERROR:birthdate: expected a date, YYYY-MM-DD;");
    let error = agency.into_outcome().unwrap_err().to_string();
    assert_eq!(error, "the server refused a batch: birthdate: expected a date, YYYY-MM-DD");
}

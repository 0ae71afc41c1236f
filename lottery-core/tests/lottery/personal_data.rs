//! Personal data in what a client shows: reasons of a server, and `Debug` output.

use lottery_core::client::SingleBet;
use lottery_core::store::{EncodedBatch, WinnersPiece};
use lottery_proto::{AgencyId, ClientConfig, Dialect};
use lottery_runtime::Mailbox;

use crate::support::blocks::{BATCH_ACK, ERROR, block, connected, hear, packet, told};
use crate::support::calls::TIMEOUTS;

/// Reason of a server that repeats the bytes it was sent.
const SAID: &str = "no bet: Ana Paz 20000001 1980-01-31";

#[test]
fn a_reason_that_holds_a_date_is_shown_as_its_length_on_every_dialect() {
    let length = format!("({} bytes)", SAID.len());
    for (dialect, said) in [
        (Dialect::FIXED, format!("E{:05}{SAID}", SAID.len())),
        (Dialect::FRAMED, format!("{:08}error;{SAID}", "error;".len() + SAID.len())),
        (Dialect::BRACES, format!("ERROR:{SAID};")),
    ] {
        let mut agency = connected(1, dialect);
        hear(&mut agency, said.as_bytes());
        let error = agency.into_outcome().unwrap_err().to_string();
        assert!(error.ends_with(&length) && !error.contains("Ana"), "{dialect}: {error}");
    }
    for packet in
        [packet(BATCH_ACK, &format!("0|0|malformed: {SAID}")), block(ERROR, &format!("malformed|{SAID}"))]
    {
        let error = told(&packet).to_string();
        assert!(error.contains(" bytes)") && !error.contains("Ana"), "{error}");
    }
}

#[test]
fn a_reason_without_a_date_is_shown_unchanged() {
    let mut agency = connected(1, Dialect::BRACES);
    hear(&mut agency, b"ERROR:birthdate: expected a date, YYYY-MM-DD;");
    let error = agency.into_outcome().unwrap_err().to_string();
    assert_eq!(error, "the server refused a batch: birthdate: expected a date, YYYY-MM-DD");
}

#[test]
fn debug_shows_nothing_of_a_bet() {
    let connection = ClientConfig::new(AgencyId::new(1).unwrap(), Dialect::BLOCK).unwrap();
    let fields = ["Ana", "Paz", "20000001", "1980-01-01", "7574"].map(str::to_owned);
    let bet = SingleBet::new(connection, "server:1".to_owned(), TIMEOUTS, fields).unwrap();
    assert_eq!(format!("{bet:?}"), "SingleBet(Call(agency 1 to server:1, ended: false, None))");
    assert_eq!(format!("{:?}", Mailbox::new(|()| ())), "Mailbox");
    let batch = EncodedBatch::from_rows(3, 2, "1,Ana,Paz,20000001,1980-01-01,7574\r\n".to_owned());
    assert_eq!(format!("{batch:?}"), "EncodedBatch { agency: 3, bets: 2, rows: 36 bytes }");
    let piece = WinnersPiece { agency: 1, number: 7, documents: "20000001\n".to_owned() };
    assert_eq!(format!("{piece:?}"), "WinnersPiece { agency: 1, number: 7, documents: 9 bytes }");
}

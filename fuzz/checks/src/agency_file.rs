//! Agency file: bets that are read from it can be written and read again, and errors name a line that exists.

use std::path::Path;

use lottery_core::agency_file::{AgencyFile, AgencyFileError};
use lottery_core::store::rows;
use lottery_proto::{Dialect, SendError};
use lottery_testkit::{at, client_of};

/// Checks a file; `data` is the file.
pub fn run(data: &[u8]) {
    let path = Path::new("agency-1.csv");
    let list = match AgencyFile::parse(path, data) {
        Ok(list) => list,
        Err(AgencyFileError::Line { line, .. }) => {
            // Lines end with CR LF, LF or CR.
            let ends = data.iter().enumerate().filter(|(at, byte)| match byte {
                b'\n' => *at == 0 || data[at - 1] != b'\r',
                byte => **byte == b'\r',
            });
            let lines = ends.count() as u64 + 1;
            assert!((1..=lines).contains(&line), "line {line} of {lines}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let mut text = String::new();
    for bet in list.bets_from(0) {
        let mut row = String::new();
        rows::push_bet(&mut row, 1, &bet);
        text += row.strip_prefix("1,").expect("the agency comes first");
    }
    let again = AgencyFile::parse(path, text.as_bytes()).expect("what was read can be read again");
    assert_eq!((list.len(), list.is_empty()), (again.len(), again.is_empty()));
    assert!(list.bets_from(0).eq(again.bets_from(0)));
    for dialect in Dialect::WITH_WINNERS {
        let mut client = client_of(*dialect, 1);
        // A single bet is checked even while nothing can be sent.
        let unsendable = |bet| matches!(client.send_bet(at(0), &bet), Err(SendError::Unsendable { .. }));
        let all = !list.bets_from(0).any(unsendable);
        assert_eq!(list.check_sendable(*dialect).is_ok(), all);
    }
}

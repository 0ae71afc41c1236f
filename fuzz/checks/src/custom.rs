//! Codec of one dialect, that of the example among them: what the machines rely on, for any bytes.

use lottery_proto::Dialect;
use lottery_proto::testing::check_bytes;
use lottery_testkit::{ANA, BET, short};
use ndjson::NDJSON;

/// Returns the dialect that a byte chooses: the example's for 0.
fn dialect(byte: u8) -> Dialect {
    let place = usize::from(byte) % (Dialect::ALL.len() + 1);
    place.checked_sub(1).map_or(NDJSON, |place| Dialect::ALL[place])
}

/// Checks the bytes behind the first, which chooses the dialect.
pub fn run(data: &[u8]) {
    if let Some((first, bytes)) = data.split_first() {
        check_bytes(dialect(*first), bytes);
    }
}

/// Returns the byte that chooses this dialect.
fn chooses(dialect: Dialect) -> u8 {
    let place = Dialect::ALL.iter().position(|found| *found == dialect);
    place.map_or(0, |place| u8::try_from(place + 1).expect("few dialects"))
}

/// Returns lines of the example, and a message of each other dialect.
pub fn seeds() -> Vec<Vec<u8>> {
    let ours: [&[u8]; 4] = [
        b"{\"agency\":1,\"finished\":true}\n",
        b"{\"agency\":1,\"bets\":[{\"first_name\":\"\\u00d1\",\"last_name\":\"\\ud83d\\ude00\",\"document\":\"7\",\
          \"birthdate\":\"1980-01-01\",\"number\":7574}]}\n",
        b"{\"winners\":[\"20000001\",\"7\"]}\n",
        b"{\"error\":\"malformed: \\\"x\\\"\"}\n",
    ];
    let short = short(BET, 1, ANA.as_bytes());
    let others: [(Dialect, &[u8]); 8] = [
        (Dialect::FIXED, b"A0000100000"),
        (Dialect::FRAMED, b"000000041;0\n"),
        (Dialect::BRACES, b"N{AgencyID:1};R{PlayerDocID:7};"),
        (Dialect::SHORT, &short),
        (Dialect::COLUMNS, b"00001Ana       Paz       200000011980-01-017574\n"),
        (Dialect::LINE, b"1;Ana;Paz;20000001;1980-01-01;7574\nsuccess;Bet stored successfully.\n"),
        (
            Dialect::BARE,
            b"{PlayerName:Ana,PlayerSurname:Paz,PlayerDocID:1,PlayerDateOfBirth:1980-01-01,WageredNumber:7,\
              AgencyID:1};ACK_CHUNK;",
        ),
        (Dialect::ECHO, b"[CLIENT 1] Message\n"),
    ];
    let ours = ours.iter().map(|line| (NDJSON, *line));
    ours.chain(others).map(|(dialect, line)| [&[chooses(dialect)], line].concat()).collect()
}

//! Codec of one dialect, that of the example among them: what the machines rely on, for any bytes.

use lottery_proto::Dialect;
use lottery_proto::testing::check_bytes;
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

/// Returns lines of the example, and a message of each other dialect.
pub fn seeds() -> Vec<Vec<u8>> {
    let ours: [&[u8]; 8] = [
        b"{\"agency\":1,\"finished\":true}\n",
        b"{\"agency\":1,\"bets\":[{\"first_name\":\"\\u00d1\",\"last_name\":\"\\ud83d\\ude00\",\"document\":\"7\",\
          \"birthdate\":\"1980-01-01\",\"number\":7574}]}\n",
        b"{\"winners\":[\"20000001\",\"7\"]}\n",
        b"{\"error\":\"malformed: \\\"x\\\"\"}\n",
        b"A0000100000",
        b"000000041;0\n",
        b"N{AgencyID:1};R{PlayerDocID:7};",
        b"[CLIENT 1] Message\n",
    ];
    let with = |(line, first): (&&[u8], u8)| [&[first], *line].concat();
    ours.iter().zip([0, 0, 0, 0, 3, 4, 5, 6]).map(with).collect()
}

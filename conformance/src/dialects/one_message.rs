//! Dialects in which a connection carries one message and its reply (`docs/protocol.md#short` and the three behind it).

use std::io;

use lottery_proto::Dialect;

/// Dialect of one message for each connection.
#[derive(Clone, Copy, Debug)]
pub struct OneMessage(pub Dialect);

impl OneMessage {
    /// Dialects of this kind that a server speaks.
    pub const ALL: [Self; 4] =
        [Self(Dialect::SHORT), Self(Dialect::COLUMNS), Self(Dialect::LINE), Self(Dialect::BARE)];

    /// Returns the message of these bets, which are lines of an agency file: one, but for `bare`.
    pub fn message(self, agency: u32, lines: &[[&str; 5]]) -> Vec<u8> {
        let [first_name, last_name, document, birthdate, number] = lines[0];
        match self.0.name() {
            "short" => {
                let payload = lines[0].join("|");
                let agency = u8::try_from(agency).expect("up to 255");
                block(1, agency, payload.as_bytes())
            }
            "columns" => {
                format!("{agency:05}{first_name:<10}{last_name:<10}{document:0>8}{birthdate}{number:0>4}")
                    .into()
            }
            "line" => format!("{agency};{}\n", lines[0].join(";")).into(),
            _ => {
                let bet = |[first_name, last_name, document, birthdate, number]: &[&str; 5]| {
                    format!(
                        "{{PlayerName:{first_name},PlayerSurname:{last_name},PlayerDocID:{document},\
                         PlayerDateOfBirth:{birthdate},WageredNumber:{number},AgencyID:{agency}}}"
                    )
                };
                (lines.iter().map(bet).collect::<Vec<_>>().join(",") + ";").into()
            }
        }
    }

    /// Returns the number of bets in a message.
    pub fn bets(self) -> usize {
        if self.0 == Dialect::BARE { 3 } else { 1 }
    }

    /// Returns the reply to a message of these bets when they are stored.
    pub fn stored(self, agency: u32, lines: &[[&str; 5]]) -> Vec<u8> {
        match self.0.name() {
            "short" => {
                let [.., document, _, number] = lines[0];
                block(
                    2,
                    u8::try_from(agency).expect("up to 255"),
                    format!("{document}|{number}|1").as_bytes(),
                )
            }
            "columns" => [&self.message(agency, lines)[..], b"\n"].concat(),
            "line" => b"success;Bet stored successfully.\n".to_vec(),
            _ if lines.len() == 1 => self.message(agency, lines),
            _ => b"ACK_CHUNK;".to_vec(),
        }
    }

    /// Returns true if this is how a rejection with that text arrives: in words, or as an end or a reset where the
    /// dialect has no words.
    pub fn is_rejection(self, received: &io::Result<Vec<u8>>, text: &str) -> bool {
        match (self.0.name(), received) {
            ("columns", Err(error)) => error.kind() == io::ErrorKind::ConnectionReset,
            ("short", Ok(reply)) => reply.is_empty(),
            ("line", Ok(reply)) => {
                reply.starts_with(format!("error;{text}").as_bytes()) && reply.ends_with(b"\n")
            }
            ("bare", Ok(reply)) => {
                reply.starts_with(format!("ERROR:{text}").as_bytes()) && reply.ends_with(b";")
            }
            _ => false,
        }
    }
}

/// Returns a block of 128 bytes.
fn block(kind: u8, agency: u8, payload: &[u8]) -> Vec<u8> {
    let size = u8::try_from(3 + payload.len()).expect("it fits");
    let mut block = [&[kind, agency, size], payload].concat();
    block.resize(128, 0);
    block
}

//! Digest of an agency's bets: CRC-32C over each as `first_name|last_name|document|birthdate|number\n`
//! (`docs/protocol.md#digest`).

use lottery_proto::Bet;

/// Appends the digested form of a bet to `text`.
pub(crate) fn push_bet(text: &mut Vec<u8>, bet: &Bet<'_>) {
    push_fields(text, [bet.first_name(), bet.last_name(), bet.document(), bet.birthdate()], bet.number());
}

/// Appends the digested form of a bet, given as first name, last name, document, birth date and number.
pub fn push_fields(text: &mut Vec<u8>, fields: [&str; 4], number: u32) {
    for field in fields {
        text.extend_from_slice(field.as_bytes());
        text.push(b'|');
    }
    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    text.push(b'\n');
}

/// Running digest.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    crc: u32,
    /// Bets that are not in `crc` yet: the checksum of one long piece is faster than those of many short
    /// ones.
    text: Vec<u8>,
}

/// Length at which a piece is digested, in bytes.
const PIECE: usize = 4096;

impl Digest {
    /// Adds a bet.
    pub fn push(&mut self, bet: &Bet<'_>) {
        push_bet(&mut self.text, bet);
        if self.text.len() >= PIECE {
            self.flush();
        }
    }

    /// Returns the digest of all bets so far; 0 if there are none.
    pub fn state(&mut self) -> u32 {
        self.flush();
        self.crc
    }

    fn flush(&mut self) {
        self.crc = crc32c::crc32c_append(self.crc, &self.text);
        self.text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_crc_of_the_joined_fields_in_any_pieces() {
        let ana = Bet::new(["Ana", "Paz", "020000001", "1980-01-01", "07574"]).expect("valid");
        let jose = Bet::new(["José María", "de la Cruz", "20000003", "2000-02-29", "0"]).expect("valid");
        let text =
            "Ana|Paz|020000001|1980-01-01|7574\nJosé María|de la Cruz|20000003|2000-02-29|0\n".repeat(300);
        let mut whole = Digest::default();
        for _ in 0..300 {
            whole.push(&ana);
            whole.push(&jose);
        }
        assert_eq!(whole.state(), crc32c::crc32c(text.as_bytes()));
        assert_eq!(crc32c::crc32c(b"123456789"), 0xE306_9283, "the CRC-32C of the catalogues");
        assert_eq!(Digest::default().state(), 0);
    }
}

//! `fixed`: columns of characters (`docs/protocol.md#fixed`).

use super::Codec;

/// The dialect `fixed`.
#[derive(Debug)]
pub(super) struct Fixed;

/// Columns of a bet, in characters.
const COLUMNS: [(usize, usize); 5] = [(0, 30), (30, 60), (60, 68), (68, 78), (78, 82)];

/// Returns the bets in a batch, as lines of an agency file. Bytes behind the batch are ignored.
pub fn bets_of(message: &[u8]) -> Vec<String> {
    let text: Vec<char> = std::str::from_utf8(message).expect("UTF-8").chars().collect();
    let count: String = text[6..11].iter().collect();
    let bet = |bet: &[char]| {
        let columns = COLUMNS.map(|(from, to)| bet[from..to].iter().collect::<String>());
        let [first_name, last_name, document, birthdate, number] = columns;
        let number: u32 = number.parse().expect("a number");
        let (first_name, last_name) = (first_name.trim_end(), last_name.trim_end());
        format!("{first_name},{last_name},{},{birthdate},{number}", document.trim_start_matches('0'))
    };
    text[11..].chunks(82).take(count.parse().expect("a count")).map(bet).collect()
}

impl Codec for Fixed {
    fn batch(&self, agency: u32, lines: &[[&str; 5]]) -> Vec<u8> {
        let bet = |[first_name, last_name, document, birthdate, number]: &[&str; 5]| {
            format!("{first_name:<30}{last_name:<30}{document:0>8}{birthdate}{number:0>4}")
        };
        let bets: Vec<String> = lines.iter().map(bet).collect();
        format!("A{agency:05}{:05}{}", lines.len(), bets.concat()).into_bytes()
    }

    fn finished(&self, agency: u32) -> Vec<u8> {
        format!("F{agency:05}").into_bytes()
    }

    fn receipt(&self, _: u32) -> Vec<u8> {
        b"O".to_vec()
    }

    fn query(&self, agency: u32) -> Vec<u8> {
        format!("C{agency:05}").into_bytes()
    }

    fn pending(&self, _: u32) -> Vec<u8> {
        b"N".to_vec()
    }

    fn winners(&self, _: u32, documents: &[String]) -> Vec<u8> {
        let columns: Vec<String> = documents.iter().map(|document| format!("{document:0>8}")).collect();
        format!("R{:05}{}", documents.len(), columns.concat()).into_bytes()
    }

    fn failure(&self, text: &str) -> Vec<u8> {
        format!("E{:05}{text}", text.chars().count()).into_bytes()
    }

    fn text_of(&self, failure: &[u8]) -> Option<String> {
        let (length, text) = std::str::from_utf8(failure).ok()?.strip_prefix('E')?.split_at_checked(5)?;
        (length.parse() == Ok(text.chars().count())).then(|| text.to_owned())
    }

    fn garbage(&self) -> Vec<u8> {
        // A batch with a byte of no character, and the name of another agency where a bet begins.
        [&b"A0000100002\xFF"[..], &self.query(9).repeat(100)].concat()
    }

    fn answer_len(&self, bytes: &[u8]) -> Option<usize> {
        let number = || std::str::from_utf8(bytes.get(1..6)?).ok()?.parse::<usize>().ok();
        match bytes.first()? {
            b'R' => Some(6 + 8 * number()?),
            b'E' => panic!("a failure: {}", bytes.escape_ascii()),
            _ => Some(1),
        }
    }

    fn agency_of(&self, message: &[u8]) -> Option<u32> {
        std::str::from_utf8(&message[1..6]).ok()?.parse().ok()
    }

    fn is_pending(&self, answer: &[u8]) -> bool {
        answer == b"N"
    }

    fn server_closes(&self) -> bool {
        true
    }

    fn has_one_answer(&self) -> bool {
        true
    }

    fn await_winners(&self, agency: u32) -> Vec<u8> {
        self.query(agency)
    }

    fn awaiting(&self, _: u32) -> Vec<u8> {
        Vec::new()
    }
}

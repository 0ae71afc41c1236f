//! `framed`: eight digits and a body (`docs/protocol.md#framed`).

use super::Codec;

/// The dialect `framed`.
#[derive(Debug)]
pub(super) struct Framed;

fn framed(body: &str) -> Vec<u8> {
    format!("{:08}{body}", body.len()).into_bytes()
}

impl Codec for Framed {
    fn batch(&self, agency: u32, lines: &[[&str; 5]]) -> Vec<u8> {
        let bets: String = lines.iter().map(|fields| fields.join(";") + "\n").collect();
        framed(&format!("{agency};{}\n{bets}", lines.len()))
    }

    fn batch_stored(&self) -> Vec<u8> {
        framed("success;Batch stored successfully.")
    }

    fn finished(&self, _: u32) -> Vec<u8> {
        framed("END")
    }

    fn receipt(&self, _: u32) -> Vec<u8> {
        Vec::new()
    }

    fn rejection(&self, _: u32, _: &str) -> Vec<u8> {
        Vec::new()
    }

    fn query(&self, agency: u32) -> Vec<u8> {
        self.finished(agency)
    }

    fn pending(&self, _: u32) -> Vec<u8> {
        Vec::new()
    }

    fn winners(&self, _: u32, documents: &[String]) -> Vec<u8> {
        framed(&if documents.is_empty() { "NO_WINNERS".to_owned() } else { documents.join(";") })
    }

    fn failure(&self, text: &str) -> Vec<u8> {
        framed(&format!("error;{text}"))
    }

    fn text_of(&self, failure: &[u8]) -> Option<String> {
        let (length, body) = std::str::from_utf8(failure).ok()?.split_at_checked(8)?;
        let text = body.strip_prefix("error;")?;
        (length.parse() == Ok(body.len())).then(|| text.to_owned())
    }

    fn garbage(&self) -> Vec<u8> {
        b"09999999;".repeat(100)
    }

    fn answer_len(&self, bytes: &[u8]) -> Option<usize> {
        let length = std::str::from_utf8(bytes.get(..8)?).ok()?;
        Some(8 + length.parse::<usize>().expect("eight digits"))
    }

    fn agency_of(&self, message: &[u8]) -> Option<u32> {
        std::str::from_utf8(&message[8..]).ok()?.split(';').next()?.parse().ok()
    }

    fn is_pending(&self, _: &[u8]) -> bool {
        false
    }

    fn server_closes(&self) -> bool {
        true
    }

    fn takes_turns(&self) -> bool {
        true
    }

    fn probe(&self, agency: u32) -> Vec<u8> {
        self.batch(agency, &[])
    }

    fn probed(&self, _: u32) -> Vec<u8> {
        self.batch_stored()
    }

    fn await_winners(&self, agency: u32) -> Vec<u8> {
        [self.batch(agency, &[]), self.finished(agency)].concat()
    }

    fn awaiting(&self, _: u32) -> Vec<u8> {
        self.batch_stored()
    }

    fn costly(&self, _: u32) -> Vec<u8> {
        framed("?")
    }
}

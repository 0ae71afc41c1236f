//! `braces`: keys and values (`docs/protocol.md#braces`).

use super::Codec;

/// The dialect `braces`.
#[derive(Debug)]
pub(super) struct Braces;

impl Codec for Braces {
    fn batch(&self, agency: u32, lines: &[[&str; 5]]) -> Vec<u8> {
        let bet = |[first_name, last_name, document, birthdate, number]: &[&str; 5]| {
            format!(
                "{{PlayerName:{first_name},PlayerSurname:{last_name},PlayerDocID:{document},\
                 PlayerDateOfBirth:{birthdate},WageredNumber:{number},AgencyID:{agency}}}"
            )
        };
        let bets: Vec<String> = lines.iter().map(bet).collect();
        format!("B{};", bets.join(",")).into_bytes()
    }

    fn batch_stored(&self) -> Vec<u8> {
        b"ACK_CHUNK;".to_vec()
    }

    fn finished(&self, agency: u32) -> Vec<u8> {
        format!("N{{AgencyID:{agency}}};").into_bytes()
    }

    fn receipt(&self, _: u32) -> Vec<u8> {
        b"ACK_NOTIFY;".to_vec()
    }

    fn query(&self, agency: u32) -> Vec<u8> {
        format!("Q{{AgencyID:{agency}}};").into_bytes()
    }

    fn pending(&self, _: u32) -> Vec<u8> {
        b"W;".to_vec()
    }

    fn winners(&self, _: u32, documents: &[String]) -> Vec<u8> {
        let winners: Vec<String> =
            documents.iter().map(|document| format!("{{PlayerDocID:{document}}}")).collect();
        format!("R{};", winners.join(",")).into_bytes()
    }

    fn failure(&self, text: &str) -> Vec<u8> {
        format!("ERROR:{text};").into_bytes()
    }

    fn text_of(&self, failure: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(failure).ok()?.strip_prefix("ERROR:")?.strip_suffix(';')?;
        (!text.contains(';')).then(|| text.to_owned())
    }

    fn garbage(&self) -> Vec<u8> {
        // In this dialect any message has an end, unless it is too long.
        format!("B{{PlayerName:{}", "?".repeat(1_100_000)).into_bytes()
    }

    fn answer_len(&self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| *byte == b';').map(|end| end + 1)
    }

    fn agency_of(&self, message: &[u8]) -> Option<u32> {
        let text = std::str::from_utf8(message).ok()?;
        text.split("AgencyID:").nth(1)?.split('}').next()?.parse().ok()
    }

    fn is_pending(&self, answer: &[u8]) -> bool {
        // Existing servers end it twice.
        matches!(answer, b"W;" | b"W;;")
    }

    fn takes_turns(&self) -> bool {
        true
    }

    fn costly(&self, _: u32) -> Vec<u8> {
        b"B{PlayerName:};".to_vec()
    }
}

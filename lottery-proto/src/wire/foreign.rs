//! Foreign protocols that reach the port by mistake or in a scan. They get no reply (`docs/protocol.md#detection`).

use crate::dialect::Foreign;

/// First bytes of a TLS handshake record, of any version.
const TLS: &[u8] = &[22, 3];

const METHODS: &[&[u8]] =
    &[b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH", b"PRI"];

/// Returns the protocol that begins so: with a line of HTTP, as far as it has come, or with a hello of TLS.
pub(crate) fn foreign(bytes: &[u8]) -> Option<Foreign> {
    if bytes.starts_with(TLS) {
        return Some(Foreign::Tls);
    }
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let mut words = line.trim_ascii_end().split(|byte| *byte == b' ');
    let (method, version) = (words.next()?, words.next_back()?);
    (METHODS.contains(&method) && version.starts_with(b"HTTP/")).then_some(Foreign::Http)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_and_a_hello_are_known_and_lines_are_lines() {
        for (line, known) in [
            (&b"GET / HTTP/1.1\r\n"[..], Some(Foreign::Http)),
            (b"POST /a b HTTP/1.0\n", Some(Foreign::Http)),
            (b"PRI * HTTP/2.0", Some(Foreign::Http)),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Some(Foreign::Tls)),
            (b"\x16\n", None),
            (b"\x16\x02\n", None),
            (b"GET / HTTP/1.1\r\nHost: server\r\n", Some(Foreign::Http)),
            (b"GET / \n HTTP/1.1\n", None),
            (b"GET\n", None),
            (b"GET / \n", None),
            (b"GET / HTTP\n", None),
            (b"get / HTTP/1.1\n", None),
            (b"[CLIENT 1] GET / HTTP/1.1\n", None),
            (b"", None),
        ] {
            assert_eq!(foreign(line), known, "{}", line.escape_ascii());
        }
    }
}

//! Line of `docker compose logs`, parsed as the course's tests do: at each `|`, and at the last `:`.

/// Fields of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    fields: Vec<(String, String)>,
}

impl Line {
    /// Parses a line, `SOURCE | … action: X | result: Y | key: value`. `None` if it has no action.
    pub(super) fn read(line: &str) -> Option<Self> {
        let (_, line) = line.split_once('|')?;
        let field = |part: &str| {
            let (key, value) = part.rsplit_once(':')?;
            // The time and the level come before the first key.
            let key = key.split_whitespace().next_back()?;
            Some((key.to_owned(), value.trim().to_owned()))
        };
        let fields: Vec<_> = line.split('|').filter_map(field).collect();
        fields.iter().any(|(key, _)| key == "action").then_some(Self { fields })
    }

    /// Returns true if the line reports this action.
    pub(super) fn is(&self, action: &str) -> bool {
        self.field("action") == Some(action)
    }

    /// Returns the value of a key.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the number that a key has; 0 if it has none.
    pub(super) fn number(&self, name: &str) -> u64 {
        self.field(name).and_then(|value| value.parse().ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_is_split_into_its_fields() {
        let text = "client1  | 2026-11-21 10:00:00 INFO     action: config | result: success | client_id: 1 \
                    | server_address: server:12345 | loop_period: 150ms";
        let line = Line::read(text).unwrap();
        assert!(line.is("config"));
        assert_eq!(line.field("result"), Some("success"));
        assert_eq!((line.number("client_id"), line.field("loop_period")), (1, Some("150ms")));
        assert_eq!(line.field("none"), None);
        for text in ["", "server | error: no", "Attaching to client1, server"] {
            assert_eq!(Line::read(text), None, "{text}");
        }
    }
}

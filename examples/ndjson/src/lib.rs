//! Dialect `ndjson`: a JSON object in each line. `docs/your-own-wire.md` walks through it.
//!
//! | message | line | reply |
//! | --- | --- | --- |
//! | Batch | `{"agency":1,"bets":[{"first_name":"Ana","last_name":"Paz","document":"20000001","birthdate":"1980-01-01","number":7574}]}` | `{"stored":true}` |
//! | Finished | `{"agency":1,"finished":true}` | `{"stored":true}` |
//! | winners query | `{"agency":1,"winners":true}` | `{"pending":true}` or `{"winners":["20000001"]}` |
//! | rejection | – | `{"error":"code: text"}` |

use std::borrow::Cow;
use std::ops::Range;

use lottery_proto::wire::{
    AfterReply, Answer, ClientCodec, Detection, FrameCursor, Kind, Limits, Part, PendingReply, Reason,
    Rejection, Request, Response, ServerCodec, Spans, TooLarge, Wire, Written, text,
};
use lottery_proto::{AgencyId, Bet, DecodeError, Dialect, DialectProfile, MAX_DOCUMENT, Problem, SendError};
use serde::{Deserialize, Serialize};

/// The dialect.
pub const NDJSON: Dialect = Dialect::new(&WIRE);

static WIRE: Wire = Wire {
    name: "ndjson",
    profile: DialectProfile { batch_bets: 100, waits_for_answers: true, ..DialectProfile::DEFAULT },
    max_agency: AgencyId::MAX,
    empty_list: "{\"winners\":[]}\n".len(),
    listed_document: "\"\",".len() + MAX_DOCUMENT,
    counterpart: None,
    server: &Ndjson,
    client: &Ndjson,
};

/// Request, as it stands in its line. Keys may come in any order but for the first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked<'a> {
    agency: u32,
    #[serde(borrow)]
    bets: Option<Vec<AskedBet<'a>>>,
    finished: Option<bool>,
    winners: Option<bool>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct AskedBet<'a> {
    first_name: Cow<'a, str>,
    last_name: Cow<'a, str>,
    document: Cow<'a, str>,
    birthdate: Cow<'a, str>,
    number: u32,
}

/// Reply, as it stands in its line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered<'a> {
    stored: Option<bool>,
    pending: Option<bool>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow)]
    winners: Option<Vec<Cow<'a, str>>>,
}

#[derive(Debug)]
struct Ndjson;

impl ServerCodec for Ndjson {
    /// The first key tells it from a line of `echo`. It has no white space before it.
    fn detect(&self, prefix: &[u8], _: Limits) -> Detection {
        Detection::of_prefix(prefix, b"{\"agency\"")
    }

    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(cursor.find(b'\n', bytes))
    }

    fn request(&self, message: &mut [u8], spans: &mut Spans) -> Result<Request, Rejection> {
        let line = message.to_vec();
        let asked: Asked<'_> = parse(&line)?;
        let agency = AgencyId::new(asked.agency).ok_or(wrong(0, "an agency, 1 to 99999"))?;
        match (asked.bets, asked.finished, asked.winners) {
            (Some(bets), None, None) => {
                let mut dense = Dense { message, written: 0 };
                spans.begin(bets.len(), line.len());
                for (index, bet) in bets.iter().enumerate() {
                    let fields = dense.bet(bet);
                    spans.push_bet(dense.message, fields).map_err(|problem| {
                        let error = DecodeError::in_bet(index + 1, 0, problem);
                        Rejection::of(Kind::Batch, agency.get(), error)
                    })?;
                }
                Ok(Request::with_bets(Kind::Batch, agency, 0..dense.written, bets.len()))
            }
            (None, Some(true), None) => Ok(Request::new(Kind::Finished, Some(agency))),
            (None, None, Some(true)) => Ok(Request::new(Kind::Winners, Some(agency))),
            _ => Err(wrong(0, "one of bets, finished and winners").into()),
        }
    }

    /// The next line is another message, whatever this one is.
    fn goes_on_after(&self, _: &DecodeError) -> bool {
        true
    }

    fn answer(
        &self,
        _: &PendingReply,
        answer: &Answer<'_>,
        out: &mut Vec<u8>,
    ) -> Result<AfterReply, TooLarge> {
        match answer {
            Answer::Stored { .. } => out.extend_from_slice(b"{\"stored\":true}\n"),
            Answer::Pending => out.extend_from_slice(b"{\"pending\":true}\n"),
            Answer::Rejected { failure, .. } => {
                out.extend_from_slice(b"{\"error\":");
                put(&format!("{}: {}", failure.code, failure.text), out);
                out.extend_from_slice(b"}\n");
            }
            _ => return Ok(AfterReply::Close),
        }
        Ok(AfterReply::Continue)
    }

    fn put_winners(
        &self,
        _: &PendingReply,
        part: Part,
        documents: &mut dyn Iterator<Item = &str>,
        out: &mut Vec<u8>,
    ) -> AfterReply {
        out.extend_from_slice(if part.first { b"{\"winners\":[" } else { b"" });
        for (index, document) in documents.enumerate() {
            out.extend_from_slice(if index > 0 || !part.first { b"," } else { b"" });
            put(document, out);
        }
        out.extend_from_slice(if part.last { b"]}\n" } else { b"" });
        AfterReply::Continue
    }
}

impl ClientCodec for Ndjson {
    fn frame(&self, cursor: &mut FrameCursor, bytes: &[u8], _: Limits) -> Result<Option<usize>, DecodeError> {
        Ok(cursor.find(b'\n', bytes))
    }

    fn put_batch(
        &self,
        agency: AgencyId,
        bets: &[Bet<'_>],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Written, SendError> {
        let start = out.len();
        out.extend_from_slice(format!("{{\"agency\":{agency},\"bets\":[").as_bytes());
        let mut taken = 0;
        for bet in bets {
            let end = out.len();
            out.extend_from_slice(if taken > 0 { b"," } else { b"" });
            let (first_name, last_name) = (bet.first_name().into(), bet.last_name().into());
            let (document, birthdate) = (bet.document().into(), bet.birthdate().into());
            put(&AskedBet { first_name, last_name, document, birthdate, number: bet.number() }, out);
            if taken > 0 && out.len() - start > limit {
                out.truncate(end);
                break;
            }
            taken += 1;
        }
        out.extend_from_slice(b"]}\n");
        Ok(Written::with_bets(taken))
    }

    fn put_finished(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        out.extend_from_slice(format!("{{\"agency\":{agency},\"finished\":true}}\n").as_bytes());
        Ok(())
    }

    fn put_winners_query(&self, agency: AgencyId, out: &mut Vec<u8>) -> Result<(), SendError> {
        out.extend_from_slice(format!("{{\"agency\":{agency},\"winners\":true}}\n").as_bytes());
        Ok(())
    }

    fn response(&self, _: &PendingReply, message: &mut [u8]) -> Result<Response, DecodeError> {
        let line = message.to_vec();
        let answered: Answered<'_> = parse(&line)?;
        let mut dense = Dense { message, written: 0 };
        match (answered.stored, answered.pending, answered.error, answered.winners) {
            (Some(true), None, None, None) => Ok(Response::Stored { total: None }),
            (None, Some(true), None, None) => Ok(Response::Pending),
            (None, None, Some(error), None) => {
                let range = dense.put(&error);
                Ok(Response::Rejected { total: None, reason: Reason::with_code(message, range, ": ") })
            }
            (None, None, None, Some(winners)) => {
                if !winners.iter().all(|document| text::is_document(document.as_bytes())) {
                    return Err(wrong(0, "documents of 1 to 20 digits"));
                }
                for document in &winners {
                    dense.put(document);
                    dense.put(",");
                }
                Ok(Response::Winners { documents: 0..dense.written, count: winners.len(), last: true })
            }
            _ => Err(wrong(0, "one of stored, pending, error and winners")),
        }
    }

    fn next_document<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)> {
        rest.split_once(',')
    }
}

/// Texts that are written over the front of a message, one behind the other, once it is read: without escapes, from
/// where bets are lent. They are shorter than what they were read from.
struct Dense<'a> {
    message: &'a mut [u8],
    written: usize,
}

impl Dense<'_> {
    fn put(&mut self, text: &str) -> Range<usize> {
        let range = self.written..self.written + text.len();
        if let Some(place) = self.message.get_mut(range.clone()) {
            place.copy_from_slice(text.as_bytes());
        }
        self.written = range.end;
        range
    }

    fn bet(&mut self, bet: &AskedBet<'_>) -> [Range<usize>; 5] {
        let number = bet.number.to_string().into();
        [&bet.first_name, &bet.last_name, &bet.document, &bet.birthdate, &number].map(|text| self.put(text))
    }
}

fn wrong(offset: usize, expected: &'static str) -> DecodeError {
    DecodeError::new(offset, Problem::Expected(expected))
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(line)
        .map_err(|error| wrong(error.column().saturating_sub(1), "JSON as documented"))
}

fn put(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("texts and numbers are JSON, and a vector takes them");
}

//! Requests and replies on their way there and back.

use alloc::string::String;
use alloc::vec::Vec;

use super::{LIMITS, Samples};
use crate::bet::{AgencyId, Bet, Bets, Spans};
use crate::dialect::{Dialect, WinnersFlow};
use crate::wire::{Answer, Code, Failure, FrameCursor, Kind, ListSize, Part, PendingReply, Response};

/// Returns the samples' bets as batches and one by one, after their way there and back.
pub(super) fn batches(dialect: Dialect, samples: &Samples<'_>) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    let mut rest = samples.bets;
    while !rest.is_empty() {
        for bet in rest {
            assert_eq!(dialect.check_sendable(bet), Ok(()), "{dialect}");
        }
        let mut out = alloc::vec![b'x'];
        let written = dialect.client().put_batch(samples.agency, rest, usize::MAX, &mut out);
        let written = written.unwrap_or_else(|error| panic!("{dialect}: {error}"));
        let taken = written.bets;
        let sent = rest.get(..taken).filter(|sent| !sent.is_empty());
        let sent = sent.unwrap_or_else(|| panic!("{dialect}: {taken} of {} bets were taken", rest.len()));
        let asked = PendingReply::new(Kind::Batch, samples.agency.get()).repeating(written.echo);
        messages.push(there_and_back(dialect, asked, sent, out.split_off(1)));
        assert_eq!(out, b"x", "{dialect}: what was there before is left alone");
        rest = rest.get(taken..).unwrap_or_default();
    }
    for bet in samples.bets {
        let mut out = Vec::new();
        let written = dialect.client().put_bet(samples.agency, bet, &mut out);
        let written = written.unwrap_or_else(|error| panic!("{dialect}: {error}"));
        assert_eq!(written.bets, 1, "{dialect}: the number of a single bet");
        let asked = PendingReply::new(Kind::Bet, samples.agency.get()).repeating(written.echo);
        messages.push(there_and_back(dialect, asked, &[*bet], out));
    }
    messages
}

/// Checks that a message decodes to these bets, and that its reply is understood as the one to `asked`.
fn there_and_back(dialect: Dialect, mut asked: PendingReply, bets: &[Bet<'_>], message: Vec<u8>) -> Vec<u8> {
    let mut decoded = message.clone();
    let mut spans = Spans::default();
    let request = dialect.server().request(&mut decoded, &mut spans);
    let request = request.unwrap_or_else(|rejection| panic!("{dialect}: {}", rejection.error));
    assert_eq!(request.agency.map_or(0, AgencyId::get), asked.agency, "{dialect}: the agency of a batch");
    let payload = decoded.get(request.payload).unwrap_or_default();
    assert!(
        Bets::validated(payload, spans.as_slice()).iter().eq(bets.iter().copied()),
        "{dialect}: other bets come out than went in"
    );
    let Some(kind) = dialect.client().answered_by(asked.kind) else { return message };
    asked.kind = kind;
    let owed = PendingReply::new(request.kind, asked.agency).repeating(request.echo);
    let mut reply = Vec::new();
    let answered = dialect.server().answer(&owed, &Answer::Stored { total: 1 }, &mut reply);
    assert!(answered.is_ok(), "{dialect}: a batch is acknowledged");
    if !reply.is_empty() {
        let response = dialect.client().response(&asked, &mut reply);
        let is_stored = matches!(response, Ok(Response::Stored { .. }));
        assert!(is_stored, "{dialect}: {response:?} for an acknowledged {kind:?}");
    }
    message
}

/// Returns the requests without bets that the dialect has.
pub(super) fn questions(dialect: Dialect, agency: AgencyId) -> Vec<Vec<u8>> {
    let (mut finished, mut query) = (Vec::new(), Vec::new());
    let client = dialect.client();
    let has_finished = client.put_finished(agency, &mut finished).is_ok();
    let has_query = client.put_winners_query(agency, &mut query).is_ok();
    assert!(!has_finished || !finished.is_empty(), "{dialect}: Finished without bytes");
    let profile = dialect.profile();
    assert!(has_finished || !profile.has_finished, "{dialect}: no Finished");
    let asks = matches!(profile.winners_flow, WinnersFlow::SameConnection | WinnersFlow::NewConnection);
    assert!(has_query || !asks, "{dialect}: no winners query");
    [finished, query].into_iter().filter(|message| !message.is_empty()).collect()
}

/// Returns the replies of the server to each kind of request, after their way there and back.
pub(super) fn replies(dialect: Dialect, agency: AgencyId) -> Vec<Vec<u8>> {
    let failure = Failure { code: Code::Storage, text: "no room; \"ñ\", {or} |so|" };
    let answers = [Answer::Stored { total: 3 }, Answer::Pending, Answer::Rejected { failure, total: 3 }];
    let mut replies = Vec::new();
    for kind in [Kind::Batch, Kind::Finished, Kind::Winners] {
        let Some(asked) = dialect.client().answered_by(kind).filter(|_| !dialect.profile().has_lines) else {
            continue;
        };
        for answer in &answers {
            let (owed, asked) =
                (PendingReply::new(kind, agency.get()), PendingReply::new(asked, agency.get()));
            let mut out = Vec::new();
            let right = match answer {
                Answer::Stored { .. } => kind != Kind::Winners && asked.kind == kind,
                Answer::Pending => kind == Kind::Winners && asked.kind == kind,
                _ => true,
            };
            let put = dialect.server().answer(&owed, answer, &mut out);
            assert!(put.is_ok(), "{dialect}: {put:?}");
            if out.is_empty() || !right {
                continue;
            }
            let response = match dialect.client().failure(&out) {
                Some(reason) => Ok(Response::Failed(reason)),
                None => dialect.client().response(&asked, &mut out.clone()),
            };
            let expected = match answer {
                Answer::Stored { .. } => matches!(response, Ok(Response::Stored { .. })),
                Answer::Pending => matches!(response, Ok(Response::Pending)),
                _ => matches!(response, Ok(Response::Rejected { .. } | Response::Failed(_))),
            };
            assert!(expected, "{dialect}: {answer:?} to {kind:?} is read as {response:?}");
            replies.push(out);
        }
    }
    replies
}

/// Checks lists of winners: empty, whole, and a document at a time.
pub(super) fn winners(dialect: Dialect, samples: &Samples<'_>) {
    let Some(kind) = dialect.client().answered_by(match dialect.profile().winners_flow {
        WinnersFlow::WithFinished => Kind::Finished,
        WinnersFlow::SameConnection | WinnersFlow::NewConnection => Kind::Winners,
        WinnersFlow::Never => return,
    }) else {
        return;
    };
    let owed = PendingReply::new(kind, samples.agency.get());
    for documents in [&[], samples.documents] {
        let size = ListSize::of(documents.iter().copied());
        if dialect.server().carries(&owed, &size).is_err() {
            continue;
        }
        let (mut whole, mut parts) = (Vec::new(), Vec::new());
        dialect.server().put_winners(&owed, Part::whole(size), &mut documents.iter().copied(), &mut whole);
        for (index, document) in documents.iter().enumerate() {
            let part = Part { size, first: index == 0, last: index + 1 == documents.len() };
            dialect.server().put_winners(&owed, part, &mut [*document].into_iter(), &mut parts);
        }
        for reply in [whole, parts] {
            let mut rest = &*reply;
            let mut found = Vec::new();
            while let Ok(Some(len)) = dialect.client().frame(&mut FrameCursor::default(), rest, LIMITS) {
                let (message, after) = rest.split_at_checked(len).unwrap_or_default();
                found.extend(listed(dialect, &owed, message));
                rest = after;
            }
            assert!(reply.is_empty() || found.iter().eq(documents), "{dialect}: other winners: {found:?}");
        }
    }
}

/// Returns the documents of a reply.
fn listed(dialect: Dialect, owed: &PendingReply, message: &[u8]) -> Vec<String> {
    let mut message = message.to_vec();
    let Ok(Response::Winners { documents, .. }) = dialect.client().response(owed, &mut message) else {
        panic!("{dialect}: {} is no list of winners", message.escape_ascii());
    };
    let mut rest =
        message.get(documents).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_default();
    let mut found = Vec::new();
    while let Some((document, after)) = dialect.client().next_document(rest) {
        found.push(document.into());
        rest = after;
    }
    found
}

//! Messages of a conversation as `lottery-proto` decodes them, a line each, and the same of what tshark shows.
//!
//! The server machine decodes what the client sent. A client machine sends the same requests, so that it takes the
//! server's replies for what they are.

use lottery_proto::client::{Event as Reply, Rejected, Stored};
use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{
    AgencyId, Bet, Bets, Client, ClientConfig, CloseReason, ConnId, Dialect, Foreign, Input, Server,
    ServerConfig, State, Violation, WinnersFlow,
};
use lottery_testkit::{ANA, DRAWN, PendingRequest, at, bet, feed, take, text};

use super::conversation::Conversation;
use super::tshark::Shown;

/// Messages of both sides, one a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) client: Vec<String>,
    pub(super) server: Vec<String>,
}

/// Returns the messages of a conversation, as `lottery-proto` decodes them.
pub(super) fn decode(conversation: &Conversation) -> Said {
    let config = ServerConfig::builder(99_999).build().expect("valid settings");
    let mut server = Server::new(config, ConnId(1), at(0));
    let (mut client, mut said) = (None, Said::default());
    let last = conversation.steps.iter().rposition(|step| step.from_client);
    for (index, step) in conversation.steps.iter().enumerate() {
        if !step.from_client {
            replies(&mut client, &step.bytes, &mut said.server);
            continue;
        }
        let mut rest = &step.bytes[..];
        loop {
            let fed = feed(&mut server, at(0), rest);
            rest = &rest[fed..];
            if rest.is_empty() && Some(index) == last && conversation.fin_at_once {
                server.handle(at(0), Input::Eof);
            }
            let taken = requests(&mut server, &mut client, &mut said.client);
            if !taken && (fed == 0 || rest.is_empty()) {
                break;
            }
        }
    }
    if server.state() != State::Open {
        // The reason is told when both sides have ended.
        take(&mut server, at(0));
        server.handle(at(0), Input::FinSent);
        server.handle(at(0), Input::Eof);
        requests(&mut server, &mut client, &mut said.client);
    }
    said
}

/// Takes and accepts the requests that there are. Returns false if there was none.
fn requests(server: &mut Server, client: &mut Option<Client>, lines: &mut Vec<String>) -> bool {
    let mut any = false;
    loop {
        take(server, at(0));
        let dialect = server.dialect();
        let Some(event) = server.poll_event() else { return any };
        any = true;
        if let Some(dialect) = dialect
            && let Some(line) = request(&event, dialect)
        {
            repeat(&event, dialect, client);
            lines.push(line);
        }
        if let Some(request) = PendingRequest::of(event) {
            request.answer(server, at(0), DRAWN).expect("no winners fit into every dialect");
        }
    }
}

fn request(event: &Event<'_>, dialect: Dialect) -> Option<String> {
    let with_finished = dialect.profile().winners_flow == WinnersFlow::WithFinished;
    Some(match event {
        Event::Hello { agency, total, .. } => {
            format!("Hello {agency} {}", total.map_or_else(String::new, |total| total.to_string()))
        }
        Event::Bet { agency, bets, .. } => format!("Bet {agency} {}", texts(*bets).join(";")),
        Event::Batch { agency, bets, .. } => format!("Batch {agency} {}", texts(*bets).join(";")),
        Event::Finished { agency, .. } => format!("Finished {agency}"),
        // END is both.
        Event::WinnersQuery { .. } if with_finished => return None,
        Event::WinnersQuery { agency, wait, .. } => format!("Winners query {agency} {wait}"),
        Event::AnonymousWaiter { .. } => "Finished ".to_owned(),
        Event::Echo { line, .. } => format!("Line {}", plain(&String::from_utf8_lossy(line.0))),
        Event::Rejected { error: RejectedBy::Malformed(error), .. }
        | Event::Closed(CloseReason::Peer(Violation::Malformed(error))) => malformed(&error.to_string()),
        Event::Closed(CloseReason::Foreign(Foreign::Tls)) => "TLS ".to_owned(),
        Event::Closed(CloseReason::Foreign(_)) => "HTTP ".to_owned(),
        _ => return None,
    })
}

/// Returns the line of a mistake, without its place: the dissector marks the bytes.
fn malformed(error: &str) -> String {
    let problem = error.rsplit_once(" (at byte").map_or(error, |(problem, _)| problem);
    format!("malformed: {problem}")
}

fn texts(bets: Bets<'_>) -> Vec<String> {
    bets.iter().map(|bet| text(&bet)).collect()
}

/// Sends the same request with the client.
fn repeat(event: &Event<'_>, dialect: Dialect, client: &mut Option<Client>) {
    let (agency, total) = match event {
        Event::Hello { agency, total, .. } => (*agency, *total),
        Event::Bet { agency, .. }
        | Event::Batch { agency, .. }
        | Event::Finished { agency, .. }
        | Event::WinnersQuery { agency, .. }
        | Event::Rejected { agency: Some(agency), .. } => (*agency, None),
        Event::Rejected { .. } | Event::AnonymousWaiter { .. } | Event::Echo { .. } => {
            (AgencyId::new(1).expect("it is one"), None)
        }
        _ => return,
    };
    let client = client.get_or_insert_with(|| {
        let builder = ClientConfig::builder(agency, dialect);
        let builder = if let Some(total) = total { builder.total(total) } else { builder };
        Client::new(builder.build().expect("the agency has sent in it"), at(0))
    });
    let send_batch = |client: &mut Client, bets: &Bets<'_>| {
        let bets: Vec<Bet<'_>> = bets.iter().collect();
        client.send_batch(at(0), &bets).map(|_| ())
    };
    let sent = match event {
        Event::Bet { bets, .. } if !dialect.profile().one_message => {
            bets.iter().next().map_or(Ok(()), |bet| client.send_bet(at(0), &bet))
        }
        Event::Bet { bets, .. } | Event::Batch { bets, .. } => send_batch(client, bets),
        // Any bet will do for a reply to one that is wrong.
        Event::Rejected { .. } => client.send_batch(at(0), &[bet(ANA)]).map(|_| ()),
        Event::Finished { .. } | Event::AnonymousWaiter { .. } => client.send_finished(at(0)),
        Event::WinnersQuery { .. } => client.ask_winners(at(0)),
        Event::Echo { line, .. } => client.send_line(at(0), &String::from_utf8_lossy(line.0)),
        _ => Ok(()),
    };
    // A request that this client does not send has no reply that is compared.
    let _ = sent;
    take(client, at(0));
}

/// Takes the replies in `bytes`.
fn replies(client: &mut Option<Client>, bytes: &[u8], lines: &mut Vec<String>) {
    let Some(client) = client else { return };
    let mut rest = bytes;
    loop {
        let fed = feed(client, at(0), rest);
        rest = &rest[fed..];
        let mut any = false;
        while let Some(event) = client.poll_event() {
            any = true;
            lines.extend(reply(event));
        }
        if !any && (fed == 0 || rest.is_empty()) {
            return;
        }
    }
}

fn reply(event: Reply<'_>) -> Option<String> {
    let receipt = |outcome: Result<Stored, Rejected<'_>>| match outcome {
        Ok(Stored { total, .. }) => format!("Acknowledgement {}", number(total)),
        Err(error) => rejected(&error),
    };
    Some(match event {
        Reply::Welcome { stored, finished, window, digest, .. } => {
            format!("Welcome {stored} {finished} {} {} {digest:08x}", window.batches, window.bytes)
        }
        Reply::Bet(outcome) | Reply::Batch(outcome) | Reply::Finished(outcome) => receipt(outcome),
        Reply::Pending => "Pending".to_owned(),
        Reply::Winners(documents) => {
            let more = !documents.is_last();
            format!("Winners {more} {}", documents.collect::<Vec<_>>().join(","))
        }
        Reply::Failed(error) | Reply::WinnersRejected(error) | Reply::Rejected(error) => rejected(&error),
        Reply::Line(line) => format!("Line {}", plain(&String::from_utf8_lossy(line.0))),
        Reply::Closed(CloseReason::Peer(Violation::Malformed(error))) => malformed(&error.to_string()),
        _ => return None,
    })
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

fn rejected(error: &Rejected<'_>) -> String {
    format!("Rejected {} {}", number(error.total), error.reason)
}

/// Returns a line as far as every program shows it alike.
fn plain(line: &str) -> String {
    line.chars().take_while(|c| (c.is_ascii_graphic() || *c == ' ') && *c != '\\').collect()
}

/// Returns the messages of a conversation, as the dissector shows them.
pub(super) fn shown(messages: &[Shown]) -> Said {
    let mut said = Said::default();
    for message in messages {
        let from_client = is_true(message.value("from_client"));
        let line = if from_client { shown_request(message) } else { shown_reply(message) };
        if from_client { said.client.extend(line) } else { said.server.extend(line) }
    }
    said
}

fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("1" | "True"))
}

/// Returns the bets of a message as their payloads.
fn shown_bets(message: &Shown) -> Vec<String> {
    let fields = ["first_name", "last_name", "document", "birthdate", "number"];
    let columns = fields.map(|field| message.values(field).collect::<Vec<_>>());
    let row =
        |index: usize| columns.each_ref().map(|column| column.get(index).copied().unwrap_or("?")).join("|");
    let count: usize = message.value("bets").and_then(|count| count.parse().ok()).unwrap_or_default();
    (0..count).map(row).collect()
}

fn shown_request(message: &Shown) -> Option<String> {
    if let Some(problem) = message.value("problem") {
        return Some(format!("malformed: {problem}"));
    }
    let value = |field| message.value(field).unwrap_or_default();
    let (kind, agency) = (message.value("type")?, value("agency"));
    Some(match kind {
        "Filler" => return None,
        "Hello" => format!("Hello {agency} {}", value("total")),
        "Bet" | "Batch" => format!("{kind} {agency} {}", shown_bets(message).join(";")),
        "Winners query" => format!("{kind} {agency} {}", is_true(message.value("wait"))),
        "Line" => format!("Line {}", plain(value("line"))),
        _ => format!("{kind} {agency}"),
    })
}

fn shown_reply(message: &Shown) -> Option<String> {
    if let Some(problem) = message.value("problem") {
        return Some(format!("malformed: {problem}"));
    }
    let value = |field| message.value(field).unwrap_or_default();
    Some(match message.value("type")? {
        "Filler" => return None,
        "Welcome" => {
            let finished = is_true(message.value("finished"));
            let window = [value("window"), value("window_bytes"), value("digest")].join(" ");
            format!("Welcome {} {finished} {window}", value("stored"))
        }
        "Winners" => {
            let documents: Vec<&str> = message.values("document").collect();
            format!("Winners {} {}", is_true(message.value("more")), documents.join(","))
        }
        "Rejection" | "Failure" => format!("Rejected {} {}", value("stored"), value("text")),
        "Acknowledgement" => format!("Acknowledgement {}", value("stored")),
        "Line" => format!("Line {}", plain(value("line"))),
        kind => kind.to_owned(),
    })
}

//! Health check: a line comes back, whatever else the server is doing.

use std::time::Duration;

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::client::RunningClient;
use crate::cuts::Cut;
use crate::raw::Raw;
use crate::server::{RunningServer, ServerSettings};
use crate::time_limits::SOON;
use lottery_core::client::{EchoClient, EchoJob, LotteryClient};
use lottery_core::store::MemoryStore;
use lottery_proto::{AgencyId, ClientConfig, Dialect};

pub fn lines_come_back_during_a_lottery<Server: StoppableRuntime, Client: StoppableRuntime>() {
    for prefix in ["", "Your Message has been received: ", "Ñandú "] {
        let terms = ServerSettings { echo_prefix: prefix.to_owned(), ..ServerSettings::new(2) };
        let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
        let file = File::invented(1, 30);
        let agency = RunningClient::<LotteryClient>::agency::<Client>(server.address, Dialect::FRAMED, &file);
        let connection =
            ClientConfig::new(AgencyId::new(7).expect("it is one"), Dialect::BLOCK).expect("valid settings");
        let (address, period) = (server.address.to_string(), Duration::from_millis(2));
        let (connect_timeout, retry_for) = (SOON, SOON);
        let job = EchoJob { connection, server: address, connect_timeout, retry_for, amount: 5, period };
        let echoes = RunningClient::start::<Client>(EchoClient::new(job));
        echoes.join(SOON).into_outcome().expect("all lines have come back");
        assert!(!agency.has_ended(), "it waits for the other agency");
        let other = File::invented(2, 30);
        let second = RunningClient::<LotteryClient>::agency::<Client>(server.address, Dialect::FIXED, &other);
        assert_eq!(second.winners(), other.winners());
        assert_eq!(agency.winners(), file.winners());
        assert!(server.end() == stored(&[file, other]));
    }
}

pub fn a_line_comes_back_as_it_was_sent<Server: StoppableRuntime>() {
    let terms = ServerSettings { echo_prefix: "> ".to_owned(), ..ServerSettings::new(1) };
    let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
    let longest = "x".repeat(8192);
    let sent_and_answered: [(&[u8], &[u8]); 20] = [
        (b"hello\n", b"> hello\n"),
        (b"hello \t\r\n", b"> hello\n"),
        (b"  hello", b">   hello\n"),
        (b"\n", b"> \n"),
        (b" \n", b"> \n"),
        (b"hello\nhello again\n", b"> hello\n"),
        ("Ñandú 美\n".as_bytes(), "> Ñandú 美\n".as_bytes()),
        (b"\xFF\xFE\n", b"> \xFF\xFE\n"),
        (b"\0\n", b"> \0\n"),
        // The beginnings of other dialects.
        (b"0000001\n", b"> 0000001\n"),
        (b"A0000\n", b"> A0000\n"),
        (b"Bueno\n", b"> Bueno\n"),
        // Beginnings that can be no other dialect any more, as published checks of the course send them.
        (b"1234567890\n", b"> 1234567890\n"),
        (b"20261128\n", b"> 20261128\n"),
        (b"A12345\n", b"> A12345\n"),
        (b"A12345", b"> A12345\n"),
        (b"B{\"msg\": \"hello\"}\n", b"> B{\"msg\": \"hello\"}\n"),
        (b"B{PlayerName", b"> B{PlayerName\n"),
        (b"Q{}\n", b"> Q{}\n"),
        (b"", b""),
    ];
    for (sent, answered) in sent_and_answered {
        for cut in [Cut::Nowhere, Cut::Everywhere] {
            let mut peer = Raw::connect(server.address);
            peer.send_cut(sent, cut);
            // A complete line is answered although this side goes on.
            if !sent.contains(&b'\n') {
                peer.fin();
            }
            assert_eq!(peer.receive_all(), answered, "{cut:?}: {}", sent.escape_ascii());
        }
    }
    let mut peer = Raw::connect(server.address);
    peer.send(format!("{longest}\n").as_bytes());
    assert!(peer.receive_all() == format!("> {longest}\n").as_bytes());
    let mut peer = Raw::connect(server.address);
    peer.send(format!("{longest}x").as_bytes());
    assert_eq!(peer.receive_all(), b"", "longer than a line may be");
    server.end();
}

/// `printf hello | nc` sends no line end, and may never end its side: the line timeout ends the line.
pub fn a_line_without_its_end_comes_back<Server: StoppableRuntime>() {
    let terms = ServerSettings { echo_prefix: "> ".to_owned(), ..ServerSettings::new(1) };
    let server = RunningServer::start::<Server>(&terms, MemoryStore::new());
    for line in ["hello", "20261128", "B{\"msg\"", "A12345 x"] {
        let mut peer = Raw::connect(server.address);
        peer.send(line.as_bytes());
        assert_eq!(String::from_utf8_lossy(&peer.receive_all()), format!("> {line}\n"));
    }
    // The beginning of another dialect is waited for: the rest of this query comes later.
    let mut peer = Raw::connect(server.address);
    peer.send(b"Q{Agency");
    std::thread::sleep(Duration::from_millis(300));
    peer.send(b"ID:1};");
    assert_eq!(peer.receive(2), b"W;");
    server.end();
}

//! Lotteries behind TLS, on every runtime, without a line about it in any driver.

use lottery_core::client::{ClientError, LotteryClient};
use lottery_core::store::MemoryStore;
use lottery_proto::{Dialect, Endpoint};
use lottery_tls::{Certificates, PlainPeers, TlsDialer, TlsService};

use crate::StoppableRuntime;
use crate::agency_files::{File, stored};
use crate::certificates::Ca;
use crate::client::{RunningClient, job};
use crate::server::{RunningServer, ServerSettings};
use crate::time_limits::{END, SOON, until};

type Secured = RunningClient<TlsDialer<LotteryClient>>;

fn server<Server: StoppableRuntime>(
    agencies: u32,
    certificates: Certificates,
    plain: PlainPeers,
) -> RunningServer<MemoryStore> {
    RunningServer::start_within::<Server, _>(
        &ServerSettings::new(agencies),
        MemoryStore::new(),
        move |service| TlsService::new(service, certificates, plain),
    )
}

/// Returns an agency with the certificate of agency `of`.
fn agency(
    ca: &Ca,
    server: &RunningServer<MemoryStore>,
    dialect: Dialect,
    file: &File,
    of: u32,
) -> TlsDialer<LotteryClient> {
    let client = LotteryClient::new(job(server.address, dialect, file.agency), file.bets());
    TlsDialer::new(client.identified(), ca.agency(of))
}

pub fn agencies_with_certificates_get_their_winners<Server: StoppableRuntime, Client: StoppableRuntime>() {
    let ca = Ca::new("the CA");
    for &dialect in Dialect::WITH_WINNERS {
        let files: Vec<File> =
            [300, 1, 421].into_iter().zip(1..).map(|(bets, agency)| File::invented(agency, bets)).collect();
        let server = server::<Server>(3, ca.server(), PlainPeers::Refuse);
        let agencies: Vec<Secured> = files
            .iter()
            .map(|file| RunningClient::start::<Client>(agency(&ca, &server, dialect, file, file.agency)))
            .collect();
        for (agency, file) in agencies.into_iter().zip(&files) {
            let winners = agency.join(SOON).into_inner().into_outcome();
            assert_eq!(
                winners.expect("it gets its winners"),
                file.winners(),
                "{dialect}, agency {}",
                file.agency
            );
        }
        assert!(server.end() == stored(&files), "{dialect}: every bet, in order");
    }
}

pub fn a_certificate_speaks_for_its_own_agency_only<Server: StoppableRuntime>() {
    let ca = Ca::new("the CA");
    for &dialect in Dialect::WITH_WINNERS {
        let server = server::<Server>(3, ca.server(), PlainPeers::Refuse);
        let impostor = agency(&ca, &server, dialect, &File::invented(2, 30), 1);
        let outcome = RunningClient::start::<Server>(impostor).join(SOON).into_inner().into_outcome();
        assert!(outcome.is_err(), "{dialect}: {outcome:?}");
        assert!(server.end().is_empty(), "{dialect}: nothing is stored");
    }
}

/// An agency without bets, whose END of `framed` names nobody, is the one of its certificate.
pub fn an_anonymous_end_is_that_of_the_certificate<Server: StoppableRuntime>() {
    let ca = Ca::new("the CA");
    let server = server::<Server>(2, ca.server(), PlainPeers::Refuse);
    let files = [File::invented(1, 50), File::invented(2, 0)];
    let agencies: Vec<Secured> = files
        .iter()
        .map(|file| RunningClient::start::<Server>(agency(&ca, &server, Dialect::FRAMED, file, file.agency)))
        .collect();
    for (agency, file) in agencies.into_iter().zip(&files) {
        assert_eq!(agency.join(SOON).into_inner().into_outcome().expect("a draw"), file.winners());
    }
    server.end();
}

pub fn a_peer_without_tls_is_refused_or_served<Server: StoppableRuntime>() {
    let ca = Ca::new("the CA");
    for (plain, served) in
        [(PlainPeers::Refuse, false), (PlainPeers::Loopback, true), (PlainPeers::Allow, true)]
    {
        for &dialect in Dialect::WITH_WINNERS {
            let server = server::<Server>(1, ca.server(), plain);
            let file = File::invented(1, 30);
            let outcome =
                RunningClient::<LotteryClient>::agency::<Server>(server.address, dialect, &file).outcome();
            assert_eq!(outcome.is_ok(), served, "{dialect}, {plain:?}: {outcome:?}");
            assert_eq!(server.end().is_empty(), !served);
        }
    }
}

pub fn a_client_without_a_right_certificate_ends_at_once<Server: StoppableRuntime>() {
    let (ca, other) = (Ca::new("the CA"), Ca::new("another CA"));
    let server = server::<Server>(3, ca.server(), PlainPeers::Refuse);
    let file = File::invented(1, 30);
    for (config, reason) in [
        (other.agency(1), "the peer's certificate is of a CA that is not trusted here"),
        (other.agency_that_trusts(1, &ca), "the peer does not know the CA of the certificate"),
    ] {
        // It would try for ten seconds.
        let client = LotteryClient::new(job(server.address, Dialect::SESSION, 1), file.bets());
        let ended = RunningClient::start::<Server>(TlsDialer::new(client, config)).join(END);
        assert_eq!(ended.denied(), Some(reason));
        assert!(matches!(ended.into_inner().into_outcome(), Err(ClientError::Stopped)));
    }
    assert!(server.end().is_empty());
}

pub fn a_client_behind_tls_stops<Server: StoppableRuntime>() {
    let ca = Ca::new("the CA");
    let server = server::<Server>(2, ca.server(), PlainPeers::Refuse);
    let waiting = agency(&ca, &server, Dialect::SESSION, &File::invented(1, 30), 1);
    let client = RunningClient::stoppable::<Server>(waiting);
    let before = std::time::Instant::now();
    until("it is connected, or waits for the draw", || before.elapsed().as_millis() > 100);
    client.stop();
    let mut client = client.join(END);
    assert!(client.poll_io().is_none());
    assert!(matches!(client.into_inner().into_outcome(), Err(ClientError::Stopped)));
    server.end();
}

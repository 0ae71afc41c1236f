//! Batches as they are sent: of a list of bets, and of bets as a collection holds them, compared with a slow and
//! obvious encoder, step by step from `docs/protocol.md`.

use lottery_proto::{AgencyId, Bet, BetVec, Client, ClientConfig, Dialect, SendError};
use lottery_testkit::{Rng, at, give, take, welcome};

/// Number of batches for each dialect.
const BATCHES: u64 = 1500;

/// Fields of a bet, as text.
type Fields = [String; 5];

/// Returns fields of a valid bet. Most are short and can be sent in every dialect.
fn fields(rng: &mut Rng) -> Fields {
    let mut name = || match rng.below(40) {
        0 => "ñ".repeat(1 + rng.index(127)),
        1 => "n".repeat(20 + rng.index(50)),
        2 => "🎲".repeat(7 + rng.index(3)) + "abc",
        3 => format!("A{}a", rng.pick(&["|", ";", ":", "{", "}", ",", "\"", "~"])),
        4 => "Ana ".to_owned(),
        _ => ["Ana", "María José", "Ñandú Ágata", "X", "Juan Sebastián Maxim"][rng.index(5)].to_owned(),
    };
    let (first, last) = (name(), name());
    let document = match rng.below(20) {
        0 => "0012".to_owned(),
        1 => "12345678901234567890"[..=rng.index(20)].to_owned(),
        2 => "0".to_owned(),
        _ => (20_000_000 + rng.below(20_000_000)).to_string(),
    };
    let date = format!("{}-{:02}-{:02}", 1900 + rng.below(100), 1 + rng.below(12), 1 + rng.below(28));
    let number = match rng.below(20) {
        0 => rng.below(1 << 32).to_string(),
        1 => u32::MAX.to_string(),
        2 => format!("000{}", rng.below(10)),
        _ => rng.below(10_000).to_string(),
    };
    [first, last, document, date, number]
}

fn bet(fields: &Fields) -> Bet<'_> {
    Bet::new(fields.each_ref()).unwrap()
}

/// Collects bets as an agency's file does: lines at once where they can be, and others one by one.
fn collect(list: &[Fields], rng: &mut Rng) -> BetVec {
    let mut bets = BetVec::default();
    let mut rest = list;
    while let Some((first, behind)) = rest.split_first() {
        if rng.one_in(3) {
            bets.push(&bet(first));
            rest = behind;
            continue;
        }
        let end = *rng.pick(&["\r\n", "\n", "\r"]);
        let lines: String = rest.iter().map(|fields| fields.join(",") + end).collect();
        let before = bets.len();
        bets.extend_from_lines(&lines);
        let taken = bets.len() - before;
        rest = &rest[taken..];
        if let Some((first, behind)) = rest.split_first() {
            bets.push(&bet(first));
            rest = behind;
        }
    }
    bets
}

/// Encodes as many bets as one message carries, as the document says. Returns their number and the message.
fn encode(dialect: Dialect, agency: u32, bets: &[Bet<'_>], limit: usize) -> (usize, Vec<u8>) {
    let fields = |bet: &Bet<'_>| {
        [bet.first_name(), bet.last_name(), bet.document(), bet.birthdate()].map(str::to_owned)
    };
    // Texts of the bets, and the message that some of them make.
    let texts: Vec<String> = bets
        .iter()
        .map(|bet| {
            let ([first, last, document, date], number) = (fields(bet), bet.number());
            match dialect.name() {
                "columns" => format!("{agency:05}{first:<10}{last:<10}{document:0>8}{date}{number:04}"),
                "line" => format!("{agency};{first};{last};{document};{date};{number}\n"),
                "fixed" => format!("{first:<30}{last:<30}{document:0>8}{date}{number:04}"),
                "framed" => format!("{first};{last};{document};{date};{number}\n"),
                "braces" | "bare" => format!(
                    "{{PlayerName:{first},PlayerSurname:{last},PlayerDocID:{document},PlayerDateOfBirth:{date},\
                     WageredNumber:{number},AgencyID:{agency}}}"
                ),
                _ => format!("{first}|{last}|{document}|{date}|{number}"),
            }
        })
        .collect();
    let message = |count: usize| match dialect.name() {
        "fixed" => format!("A{agency:05}{count:05}{}", texts[..count].concat()).into_bytes(),
        "framed" => {
            let body = format!("{agency};{count}\n{}", texts[..count].concat());
            format!("{:08}{body}", body.len()).into_bytes()
        }
        "braces" => format!("B{};", texts[..count].join(",")).into_bytes(),
        "bare" => format!("{};", texts[..count].join(",")).into_bytes(),
        "columns" | "line" => texts[..count].concat().into_bytes(),
        "short" => {
            let text = texts[..count].concat();
            let head = [1, agency.try_into().unwrap(), u8::try_from(3 + text.len()).unwrap_or(u8::MAX)];
            let mut packet = [&head[..], text.as_bytes()].concat();
            packet.resize(packet.len().max(128), 0);
            packet
        }
        _ => {
            let agency = agency.try_into().unwrap_or(0);
            let mut packet = vec![3, agency, 0, 0, count.try_into().unwrap()];
            for text in &texts[..count] {
                let size = u16::try_from(4 + text.len()).unwrap().to_le_bytes();
                packet.extend([1, agency, size[0], size[1]]);
                packet.extend(text.as_bytes());
            }
            let size = u16::try_from(packet.len()).unwrap_or(u16::MAX).to_le_bytes();
            packet[2..4].copy_from_slice(&size);
            if dialect == Dialect::BLOCK {
                packet.resize(packet.len().max(8192), 0);
            }
            packet
        }
    };
    let fits = |count: usize| match dialect.name() {
        "framed" => texts[..count].concat().len() <= limit,
        "short" | "columns" | "line" => false,
        "fixed" | "braces" | "bare" => message(count).len() <= limit,
        _ => count <= 255 && message(count).len() <= 8192,
    };
    // A text dialect sends one bet, however long it is.
    let mut count = usize::from(!texts.is_empty());
    while count < texts.len() && fits(count + 1) {
        count += 1;
    }
    (count, message(count))
}

fn client(dialect: Dialect, agency: u32, limit: usize) -> Client {
    let config = ClientConfig::builder(AgencyId::new(agency).unwrap(), dialect).max_batch(limit);
    let mut client = Client::new(config.build().unwrap(), at(0));
    if dialect == Dialect::SESSION {
        take(&mut client, at(0));
        give(&mut client, at(0), &welcome(agency, 0, false, 16, 0));
        while client.poll_event().is_some() {}
    }
    client
}

#[test]
fn a_batch_is_sent_as_the_document_says_from_a_list_and_from_a_collection() {
    for dialect in Dialect::WITH_BETS {
        let (mut sent, mut unsendable) = (0, 0);
        for seed in 0..BATCHES {
            let rng = &mut Rng::new(seed);
            let count = if rng.one_in(50) { 300 } else { rng.index(12) };
            let list: Vec<Fields> = (0..count).map(|_| fields(rng)).collect();
            let (from, most) = (rng.index(count / 2 + 1), rng.index(2 * count + 1));
            let collected = collect(&list, rng);
            let slice = collected.slice(from, most);
            let bets: Vec<Bet<'_>> = list[from..].iter().take(most).map(bet).collect();
            assert!(slice.iter().eq(bets.iter().copied()), "{dialect}, seed {seed}");
            let agency = 1 + u32::try_from(rng.below(u64::from(dialect.max_agency()))).unwrap();
            let limit = if rng.one_in(3) { 100 + rng.index(1000) } else { 8192 };

            let wrong = |bets: &[Bet<'_>]| {
                let error = |(bet, it)| dialect.check_sendable(it).err().map(|error| (bet, error));
                bets.iter().enumerate().find_map(error)
            };
            assert_eq!(dialect.first_unsendable(slice), wrong(&bets), "{dialect}, seed {seed}");
            let mut clients = [0, 1].map(|_| client(*dialect, agency, limit));
            let results = [clients[0].send_batch(at(0), &bets), clients[1].send_batch_of(at(0), slice)];
            let messages = clients.each_mut().map(|client| take(client, at(0)));
            assert_eq!((&results[0], &messages[0]), (&results[1], &messages[1]), "{dialect}, seed {seed}");
            let [result, _] = results;
            let [message, _] = messages;
            match result {
                Ok(taken) => {
                    let (expected, bytes) = encode(*dialect, agency, &bets, limit);
                    assert_eq!((taken, &message), (expected, &bytes), "{dialect}, seed {seed}");
                    assert_eq!(wrong(&bets[..taken]), None, "{dialect}, seed {seed}");
                    sent += taken;
                }
                Err(SendError::Unsendable { bet, error }) => {
                    assert_eq!(Some((bet, error)), wrong(&bets), "{dialect}, seed {seed}");
                    assert!(message.is_empty());
                    unsendable += 1;
                }
                Err(error) => {
                    assert_eq!((error, bets.len()), (SendError::NotInDialect, 0));
                    let profile = dialect.profile();
                    assert!(*dialect == Dialect::BRACES || profile.one_message, "{dialect}, seed {seed}");
                }
            }
        }
        let (bets, mistakes) = if dialect.profile().one_bet { (200, 1) } else { (1000, 20) };
        assert!(
            sent > bets && unsendable > mistakes,
            "{dialect}: {sent} bets, {unsendable} batches with a mistake"
        );
    }
}

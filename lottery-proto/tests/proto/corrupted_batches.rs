//! Batches in `fixed`, `framed` and `braces`, 100,000 corrupted ones of each, read by the server and by slow and
//! obvious readers that share no code with it, step by step from `docs/protocol.md`.

use lottery_proto::Dialect;
use lottery_testkit::reference;
use lottery_testkit::{Rng, ServerEvent, at, framed, give, server, server_events};

/// Number of corrupted batches for each dialect.
const BATCHES: usize = if cfg!(miri) { 50 } else { 100_000 };

/// Fields of a bet, as text.
type Fields = [String; 5];

/// Bets of a batch that is taken.
type Bets = Option<Vec<String>>;

#[test]
fn corrupted_batches_of_fixed_are_read_as_by_a_slow_reader() {
    let write = |bets: &[Fields]| -> String {
        let column = |text: &str, width: usize| text.chars().take(width).collect::<String>();
        let bet = |[first, last, document, date, number]: &Fields| {
            let (first, last) = (column(first, 30), column(last, 30));
            let (document, number) = (column(document, 8), column(number, 4));
            format!("{first:<30}{last:<30}{document:0>8}{date}{number:0>4}")
        };
        bets.iter().map(bet).collect()
    };
    let frame = |body: &str| {
        let characters = body.chars().count();
        characters.is_multiple_of(82).then(|| format!("A00003{:05}{body}", characters / 82).into_bytes())
    };
    let read = |body: &str, _: usize| {
        let characters: Vec<char> = body.chars().collect();
        let bets = characters.chunks(82).map(|bet| {
            let column = |from: usize, to: usize| bet[from..to].iter().collect::<String>();
            let (first, last, document) = (column(0, 30), column(30, 60), column(60, 68));
            let document = match document.trim_start_matches('0') {
                "" => "0",
                digits => digits,
            };
            check([
                first.trim_end_matches(' '),
                last.trim_end_matches(' '),
                document,
                &column(68, 78),
                &column(78, 82),
            ])
        });
        bets.collect()
    };
    compare(Dialect::FIXED, 3, write, frame, read);
}

#[test]
fn corrupted_batches_of_framed_are_read_as_by_a_slow_reader() {
    let write = |bets: &[Fields]| bets.iter().flat_map(|bet| [bet.join(";"), "\n".to_owned()]).collect();
    let read = |body: &str, count: usize| {
        if !body.is_empty() && !body.ends_with('\n') {
            return None;
        }
        let lines = body.split('\n').filter(|line| !line.is_empty());
        let bets: Vec<String> = lines
            .map(|line| check(line.split(';').collect::<Vec<_>>().try_into().ok()?))
            .collect::<Bets>()?;
        (bets.len() == count).then_some(bets)
    };
    for count in 1..=3 {
        let frame = |body: &str| Some(framed(format!("3;{count}\n{body}")));
        compare(Dialect::FRAMED, count, write, frame, read);
    }
}

#[test]
fn corrupted_batches_of_braces_are_read_as_by_a_slow_reader() {
    const KEYS: [&str; 6] = [
        "{PlayerName:",
        ",PlayerSurname:",
        ",PlayerDocID:",
        ",PlayerDateOfBirth:",
        ",WageredNumber:",
        ",AgencyID:",
    ];
    let write = |bets: &[Fields]| {
        let bet = |bet: &Fields| {
            let fields = KEYS.iter().zip(bet.iter().map(String::as_str).chain(["3"]));
            fields.flat_map(|(key, value)| [*key, value]).chain(["}"]).collect::<String>()
        };
        bets.iter().map(bet).collect::<Vec<_>>().join(",")
    };
    // The first semicolon is the end of the message.
    let frame = |body: &str| (!body.contains(';')).then(|| format!("B{body};").into_bytes());
    let read = |body: &str, _: usize| {
        let (mut rest, mut bets, mut agencies) = (body, Vec::new(), Vec::new());
        loop {
            let mut values = Vec::new();
            for key in KEYS {
                rest = rest.strip_prefix(key)?;
                let (value, behind) = rest.split_at(rest.find([',', ':', '{', '}'])?);
                values.push(value);
                rest = behind;
            }
            rest = rest.strip_prefix('}')?;
            let agency = values.pop()?;
            let digits = (1..=9).contains(&agency.len()) && agency.bytes().all(|byte| byte.is_ascii_digit());
            agencies.push(agency.parse::<u32>().ok().filter(|agency| digits && (1..=5).contains(agency))?);
            bets.push(check(values.try_into().ok()?)?);
            if rest.is_empty() {
                return agencies.iter().all(|agency| *agency == agencies[0]).then_some(bets);
            }
            rest = rest.strip_prefix(',')?;
        }
    };
    compare(Dialect::BRACES, 3, write, frame, read);
}

/// Returns the bet as text, if its fields are valid.
fn check(fields: [&str; 5]) -> Option<String> {
    reference::bet(&fields.map(str::as_bytes))
}

/// Corrupts batches of up to `most` bets, and compares what the server and `read` make of them. `frame` makes a message
/// of what `write` has written; `None`: that would be another message.
fn compare(
    dialect: Dialect,
    most: usize,
    write: impl Fn(&[Fields]) -> String,
    frame: impl Fn(&str) -> Option<Vec<u8>>,
    read: impl Fn(&str, usize) -> Bets,
) {
    let mut rng = Rng::new(most as u64);
    let (mut taken, mut rejected) = (0, 0);
    let batches = if dialect == Dialect::FRAMED { BATCHES.div_ceil(3) } else { BATCHES };
    while taken + rejected < batches {
        let bets: Vec<Fields> = (0..most).map(|_| fields(&mut rng)).collect();
        let mut body: Vec<char> = write(&bets).chars().collect();
        for _ in 0..=rng.index(2) {
            corrupt(&mut body, dialect, &mut rng);
        }
        let body: String = body.into_iter().collect();
        let Some(message) = frame(&body) else { continue };
        let mut server = server();
        give(&mut server, at(0), &message);
        let found = match server_events(&mut server).into_iter().next() {
            Some(ServerEvent::Batch(bets)) => Some(bets),
            _ => None,
        };
        let expected = read(&body, most);
        assert_eq!(found, expected, "{dialect}: {body:?}");
        if found.is_some() { taken += 1 } else { rejected += 1 }
    }
    println!("{dialect}: {taken} taken, {rejected} rejected");
    assert!(cfg!(miri) || taken > batches / 20 && rejected > batches / 20, "{taken} and {rejected}");
}

/// Returns fields that are valid, most of them short.
fn fields(rng: &mut Rng) -> Fields {
    let mut name = || match rng.index(12) {
        0 => "ñ".repeat(1 + rng.index(20)),
        1 => "n".repeat(20 + rng.index(30)),
        2 => "\u{A0}🎲Â".to_owned(),
        _ => ["Ana", "María José", "Ñandú Ágata", "X", "Juan Sebastián Maxim"][rng.index(5)].to_owned(),
    };
    let (first, last) = (name(), name());
    let document = match rng.index(8) {
        0 => "12345678901234567890"[..=rng.index(20)].to_owned(),
        1 => "0".to_owned(),
        _ => (20_000_000 + rng.below(20_000_000)).to_string(),
    };
    let date = format!("{}-{:02}-{:02}", 1900 + rng.below(100), 1 + rng.below(12), 1 + rng.below(28));
    let number = if rng.one_in(8) { rng.below(1 << 32) } else { rng.below(10_000) }.to_string();
    [first, last, document, date, number]
}

/// Changes, inserts or removes a character, or swaps two; in columns it only changes and swaps.
fn corrupt(body: &mut Vec<char>, dialect: Dialect, rng: &mut Rng) {
    const CHARACTERS: [char; 20] = [
        '|', ';', ':', ',', '{', '}', '\n', ' ', '0', '9', '-', '/', 'a', 'ñ', '\0', '\u{1F}', '\u{7F}',
        '\u{80}', '\u{9F}', '\u{A0}',
    ];
    let (place, other) = (rng.index(body.len()), rng.index(body.len()));
    let character = *rng.pick(&CHARACTERS);
    match rng.index(if dialect == Dialect::FIXED { 3 } else { 5 }) {
        0 | 1 => body[place] = character,
        2 => body.swap(place, other),
        3 => body.insert(place, character),
        _ => drop(body.remove(place)),
    }
}

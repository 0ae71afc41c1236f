//! Seeds, made of the recorded transcripts and of the generated agencies: the same each time.

use std::fs;
use std::path::PathBuf;

use lottery_proto::{Bet, Dialect};
use lottery_testkit::{ANA, BLOCK, ERROR, HELLO, at, bet, client_of, packet, take};
use serde_json::Value;

use crate::crate_dir;
use crate::dialects::{ONE_MESSAGE, chooses};
use crate::feed::PAD;
use crate::roundtrip::DIALECTS;

/// Message of a recorded connection, without its padding.
#[derive(Clone)]
struct Message {
    from_client: bool,
    bytes: Vec<u8>,
}

/// Seed for a target.
type Input = Vec<u8>;

fn root() -> PathBuf {
    crate_dir().join("../..")
}

fn read(path: &str) -> Vec<u8> {
    fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the connections of a transcript.
fn connections(name: &str) -> Vec<Vec<Message>> {
    let json: Value =
        serde_json::from_slice(&read(&format!("conformance/transcripts/{name}.json"))).expect("a transcript");
    let connections = json["connections"].as_array().expect("a list of connections");
    connections
        .iter()
        .map(|entries| entries.as_array().expect("a list").iter().filter_map(message).collect())
        .collect()
}

fn message(entry: &Value) -> Option<Message> {
    let hex = entry["hex"].as_str()?;
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    let mut bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    // Blocks of 8192 bytes are padded where they are fed.
    if entry["padded_to"] == 128 {
        bytes.resize(128, 0);
    }
    Some(Message { from_client: entry["from"] == "client", bytes })
}

/// Returns the recorded connections with earlier servers, with the client's dialect.
fn earlier() -> Vec<(Dialect, Vec<Message>)> {
    let recorded = Dialect::EARLIER.iter().flat_map(|dialect| {
        let name = dialect.name().replace('-', "-ej");
        connections(&format!("stages/{name}")).into_iter().map(|messages| (*dialect, messages))
    });
    recorded.filter(|(_, messages)| !messages.is_empty()).collect()
}

/// Returns every recorded connection, with its dialect. No session was recorded: one is written here.
fn all() -> Vec<(Dialect, Vec<Message>)> {
    let of = |dialect: Dialect, name| connections(name).into_iter().map(move |messages| (dialect, messages));
    let mut all: Vec<_> = [Dialect::BLOCK, Dialect::FIXED, Dialect::FRAMED, Dialect::BRACES, Dialect::ECHO]
        .into_iter()
        .flat_map(|dialect| of(dialect, dialect.name()))
        .chain(of(Dialect::ECHO, "echo-prefixed"))
        .chain(of(Dialect::SHORT, "stages/block-ej5"))
        .chain(of(Dialect::COLUMNS, "stages/fixed-ej5"))
        .chain(of(Dialect::LINE, "stages/framed-ej5"))
        .chain(of(Dialect::BARE, "stages/braces-ej5"))
        .chain(of(Dialect::BARE, "stages/braces-ej6"))
        .filter(|(_, messages)| !messages.is_empty())
        .collect();
    let message =
        |from_client, kind, payload: &[u8]| Message { from_client, bytes: packet(kind, 1, payload) };
    let batch = [&[1][..], &packet(1, 1, ANA.as_bytes())].concat();
    all.push((
        Dialect::SESSION,
        vec![
            message(true, 7, b"3|1|120"),
            message(false, 8, b"3|0|0|16|4194304|00000000"),
            message(true, 1, ANA.as_bytes()),
            message(true, 3, &batch),
            message(true, 3, &batch),
            message(true, 3, &batch),
            message(false, 5, b"1|40"),
            message(true, 4, b""),
            message(false, 5, b"0|40|storage: the disk is full"),
            message(true, 6, b"2"),
            message(false, 6, b"220000001"),
            message(false, 6, b"120000002|20000003"),
            message(false, 9, b"superseded|a newer session"),
        ],
    ));
    all
}

/// Returns the first lines of each generated agency's file.
fn agencies(lines: usize) -> Vec<String> {
    let text = |agency| String::from_utf8(read(&format!(".data/agency-{agency}.csv"))).expect("UTF-8");
    (1..=5).map(|agency| text(agency).split_inclusive('\n').take(lines).collect()).collect()
}

/// Returns a batch of each generated agency, encoded in `block`.
fn agency_packets() -> Vec<Vec<u8>> {
    let packet = |text: String| {
        let lines: Vec<String> = text.lines().map(|line| line.replace(',', "|")).collect();
        let bets: Vec<Bet<'_>> = lines.iter().map(|line| bet(line)).collect();
        let mut client = client_of(Dialect::BLOCK, 1);
        client.send_batch(at(0), &bets).expect("a batch");
        let block = take(&mut client, at(0));
        block[..usize::from(u16::from_le_bytes([block[2], block[3]]))].to_vec()
    };
    agencies(40).into_iter().map(packet).collect()
}

pub(crate) fn decode() -> Vec<Input> {
    let recorded =
        all().into_iter().filter(|(dialect, _)| [Dialect::BLOCK, Dialect::SESSION].contains(dialect));
    let large = ["4294967295", "4294967296", "5000000000", "00000000042"].map(|number| {
        let bet = packet(1, 1, ANA.replace("7574", number).as_bytes());
        packet(3, 1, &[&[1][..], &bet].concat())
    });
    let recorded = recorded.flat_map(|(_, messages)| messages).map(|message| message.bytes);
    recorded.chain(agency_packets()).chain(large).collect()
}

pub(crate) fn dialect(dialect: Dialect) -> Vec<Input> {
    let mut inputs = Vec::new();
    for (_, messages) in all().into_iter().filter(|(found, _)| *found == dialect) {
        let sent = messages.iter().filter(|message| message.from_client);
        inputs.push([0].into_iter().chain(sent.flat_map(|message| message.bytes.clone())).collect());
        for answer in messages.iter().filter(|message| !message.from_client) {
            inputs.extend((1..=4).map(|request| [&[request][..], &answer.bytes].concat()));
        }
    }
    inputs
}

pub(crate) fn one_message() -> Vec<Input> {
    let inputs = ONE_MESSAGE.iter().zip(0..).flat_map(|(found, place)| {
        dialect(*found).into_iter().map(move |input| [&[place][..], &input].concat())
    });
    inputs.collect()
}

pub(crate) fn detect() -> Vec<Input> {
    let first = |messages: Vec<Message>| messages.into_iter().next().map(|message| message.bytes);
    all()
        .into_iter()
        .filter_map(|(_, messages)| first(messages))
        .map(|bytes| bytes.into_iter().take(64).collect())
        .chain([&b"1234567890"[..], b"20261128", b"A12345\n", b"B{\"msg\"", b"N{}"].map(<[u8]>::to_vec))
        .collect()
}

pub(crate) fn roundtrip() -> Vec<Input> {
    let lines = agencies(3).into_iter().map(|text| text.replace(',', "\t").into_bytes());
    let most = u8::try_from(DIALECTS.len()).expect("few dialects");
    // Each one rejects, and accepts.
    let receivers = (0..most).flat_map(|place| [place, 128 + place]);
    let lines = lines.flat_map(|text| receivers.clone().map(move |first| [&[first][..], &text].concat()));
    let batches = all().into_iter().filter_map(|(dialect, messages)| {
        let place = DIALECTS.iter().position(|found| *found == dialect)?;
        Some([&[u8::try_from(place).expect("few dialects"), 0][..], &messages.first()?.bytes].concat())
    });
    lines.chain(batches).collect()
}

/// Returns the messages as pieces, or as steps: each behind `head` of its length, and padded where the
/// dialect pads it.
fn stream(
    dialect: Dialect,
    messages: &[&[u8]],
    head: impl Fn(u8) -> Vec<u8>,
    pad: u8,
    between: &[u8],
) -> Input {
    let mut input = Vec::new();
    for message in messages {
        for piece in message.chunks(254) {
            input.extend(head(u8::try_from(piece.len()).expect("a short piece")));
            input.extend(piece);
        }
        input.extend(is_padded(dialect, message).then_some(pad));
        input.extend(between);
    }
    input
}

fn is_padded(dialect: Dialect, message: &[u8]) -> bool {
    if dialect == Dialect::SESSION {
        return [HELLO, ERROR].contains(&message[0]);
    }
    [Dialect::BLOCK, Dialect::BLOCK_6, Dialect::BLOCK_7].contains(&dialect)
}

/// Returns the messages of one side.
fn of(messages: &[Message], client: bool) -> Vec<&[u8]> {
    messages
        .iter()
        .filter(|message| message.from_client == client)
        .map(|message| &message.bytes[..])
        .collect()
}

pub(crate) fn server() -> Vec<Input> {
    // The limits; then the steps after each message, and at the end.
    let configured = [[0x1C], [0x9C], [0x65], [0xE3]];
    let manners: [(&[u8], &[u8]); 4] = [
        // Each request is taken and answered, and the reply is sent.
        (&[0xB3, 0xFF, 0x6F], &[]),
        (&[0xB0, 0xC1], &[]),
        // All requests wait, and are answered out of order.
        (&[0xBF], &[0xC2, 0x6F, 0xD1, 0xE1, 0xC0, 0xFF, 0x6F]),
        // A shutdown comes between.
        (&[0xB0, 0xA2], &[]),
    ];
    let conversations = all();
    let inputs = conversations.iter().flat_map(|(dialect, messages)| {
        let sent = of(messages, true);
        let steps = |between| stream(*dialect, &sent, |len| vec![0x40, len], 0x50, between);
        manners.map(|(between, end)| [&steps(between), end].concat())
    });
    inputs.zip(configured.into_iter().cycle()).map(|(steps, first)| [&first[..], &steps].concat()).collect()
}

pub(crate) fn client() -> Vec<Input> {
    // A byte that chooses the dialect, and messages of up to eight blocks.
    let first = |dialect| 96 + chooses(dialect);
    let conversations = [all(), earlier()].concat();
    let inputs = conversations.iter().flat_map(|(dialect, messages)| {
        let steps = stream(*dialect, &of(messages, false), |len| vec![0x40, len], 0x50, &[0xB1]);
        // The client asks before it gets replies: Hello, a batch, Finished, the winners, a line.
        [
            &[0xC0, 0x6F][..],
            &[0xE2, 0x6F],
            &[0xC2, 0x6F],
            &[0xC3, 0x6F],
            &[0xC4, 0x6F],
            &[0xE1, 0xC2, 0xC3, 0x6F],
        ]
        .map(|asked| [&[first(*dialect)][..], asked, &steps].concat())
    });
    inputs.collect()
}

pub(crate) fn pieces() -> Vec<Input> {
    let conversations = [all(), earlier()].concat();
    let inputs = conversations.iter().flat_map(|(dialect, messages)| {
        let steps = |client| stream(*dialect, &of(messages, client), |len| vec![len], PAD, &[]);
        let sent = [0, 1].map(|receiver| [&[receiver][..], &steps(true)].concat());
        let asked = (0..4).map(|request| 2 + 32 * request + chooses(*dialect));
        sent.into_iter().chain(asked.map(move |receiver| [&[receiver][..], &steps(false)].concat()))
    });
    inputs.collect()
}

pub(crate) fn agency_file() -> Vec<Input> {
    let recorded =
        (1..=5).map(|agency| read(&format!("conformance/transcripts/agencies/agency-{agency}.csv")));
    let odd = "\"Ana\"\"\",\"Paz, x\",007,2000-02-29,0000000000042\r\n\r\nÑ,Ó,1,0001-01-01,4294967295";
    agencies(10).into_iter().map(String::into_bytes).chain(recorded).chain([odd.into()]).collect()
}

pub(crate) fn config() -> Vec<Input> {
    [
        "\x00[DEFAULT]\nSERVER_PORT = 12345\nSERVER_IP = server\nSERVER_LISTEN_BACKLOG = 5\nLOGGING_LEVEL = INFO\n",
        "\x00# none\n\0--listen\0[::1]:80\0--dialects\0block,echo\0--idle-timeout\x001m30s\0--agencies\x003\0",
        "\x00\0\0SERVER_AGENCIES=7\0SERVER_DATA_DIR=/x\0SERVER_MAX_MESSAGE=8192\0LOGGING_LEVEL=DEBUG",
        "\x00\0--help\0", "\x00\0--version\0", "\x00\0count\0", "\x00\0health\0", "\x00\0--print-config\0",
        "\x01server:\n  address: \"server:12345\"\nloop:\n  amount: 5\n  period: \"5s\"\nlog:\n  level: \"INFO\"\nbatch:\n  maxAmount: 64\n\0--agency\x001\0",
        "\x01server: {address: 'a:1'}\n\0\0CLI_ID=4\0CLI_BATCH_MAXAMOUNT=10\0CLI_LOOP_PERIOD=150ms",
        "\x01\0bet\0--agency\x001\0--server\0server:12345\0\0NOMBRE=Ana\0APELLIDO=Paz\0DOCUMENTO=1\0NACIMIENTO=2000-01-01\0NUMERO=7",
        "\x01\0echo\0--server\0server:1\0--agency\x001\0",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

pub(crate) fn store_recover() -> Vec<Input> {
    let good = crate::store_recover::good_csv();
    let length = |len: usize| u16::try_from(len).expect("a short file").to_le_bytes();
    let half = good.len() / 2;
    let mut inputs = vec![length(good.len()).to_vec(), vec![0, 0], [&[0, 0][..], &good[..half]].concat()];
    inputs.push([&length(half)[..], b"torn"].concat());
    inputs.push([&length(good.len())[..], b"1,another,hand,1,2000-01-01,1\r\n"].concat());
    inputs.push([&length(half)[..], &good].concat());
    assert!(inputs.iter().all(|input| input.len() < 2 * BLOCK));
    inputs
}

pub(crate) fn restore() -> Vec<Input> {
    let texts = [
        "\x01lottery-backup 1\nrules 3 7574\nend 0 0 0\n",
        "\x01lottery-backup 1\nend 0 0 0\n",
        "\x01lottery-backup 1\nrules 1 7\nagency 1 0 0 finished\ndraw 7 1\nend 1 0 0\n",
        "\x01lottery-backup 1\nagency 1 1 0 open\nrows 26\n1,Ana,Paz,1,2000-01-01,7574\r\nend 1 1 0\n",
        "\x00lottery-backup 1\nrows 134217728\n1,Ana\r\nend 0 1 0\n",
        "\x00lottery-backup 1\nerror the disk is full\n",
        "\x01lottery-backup 1\ndraw 4294967295 4294967295\nend 0 0 0\n",
    ]
    .map(|text| text.as_bytes().to_vec());
    texts.into_iter().chain([[&[0][..], &crate::restore::good()].concat()]).collect()
}

pub(crate) fn log() -> Vec<Input> {
    // A length, a group, rows before, flags, numbers of parts, a finished flag, rows, and a head.
    let offsets = [4, 7, 8, 15, 16, 23, 24, 28, 32, 36, 39, 56, 200];
    let change = |correct, segment, block, at: u16, byte| {
        let [low, high] = at.to_le_bytes();
        vec![correct, segment, block, low, high, byte]
    };
    let frames = offsets.into_iter().flat_map(|at| {
        [(0, 0, 2), (1, 1, 1), (1, 1, 3)]
            .map(|(correct, segment, block)| change(correct, segment, block, at, 255))
    });
    frames.chain([vec![0], change(1, 1, 0, 40, 9), change(1, 0, 0, 12, 2), change(0, 1, 0, 16, 1)]).collect()
}

//! Agency as a first version has it: it reads its file record by record with `csv`, writes each batch with `write!`,
//! and waits for the reply before the next, where there is one.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::thread::sleep;

use benches::encode::csv_to_blocks;
use csv::StringRecord;
use lottery_proto::Dialect;
use lottery_proto::block::BLOCK_SIZE;

use crate::PAUSE;

/// Connection of the agency of that number.
struct Agency {
    socket: BufReader<TcpStream>,
    number: u32,
}

/// Sends all bets of a file in that dialect, and waits for the winners. Returns their documents.
///
/// # Errors
/// Returns the error of the system.
pub(crate) fn run(server: &str, dialect: Dialect, number: u32, file: &Path) -> io::Result<Vec<String>> {
    let socket = BufReader::new(TcpStream::connect(server)?);
    let mut agency = Agency { socket, number };
    match dialect.name() {
        "block" => agency.block(file),
        "framed" => agency.framed(file),
        "braces" => agency.braces(file),
        other => panic!("no plain program speaks {other}"),
    }
}

impl Agency {
    fn block(&mut self, file: &Path) -> io::Result<Vec<String>> {
        let mut blocks = Vec::new();
        let agency = u8::try_from(self.number).expect("few agencies");
        csv_to_blocks(&[(agency, std::fs::read(file)?)], &mut blocks);
        for block in blocks.chunks_exact(BLOCK_SIZE) {
            self.send(block)?;
        }
        self.send(&packet([4, agency, 4, 0], b""))?;
        let mut reply = [0; BLOCK_SIZE];
        self.socket.read_exact(&mut reply)?;
        loop {
            self.send(&packet([6, agency, 5, 0], b"1"))?;
            self.socket.read_exact(&mut reply)?;
            if reply[4] == b'1' {
                let size = usize::from(u16::from_le_bytes([reply[2], reply[3]]));
                return Ok(parts(&String::from_utf8_lossy(&reply[5..size]), '|'));
            }
            sleep(PAUSE);
        }
    }

    fn framed(&mut self, file: &Path) -> io::Result<Vec<String>> {
        self.batches(file, Dialect::FRAMED, |agency, bets| {
            let mut body = format!("{};{}\n", agency.number, bets.len());
            for bet in bets {
                let row = [&bet[0], &bet[1], &bet[2], &bet[3], &bet[4]];
                writeln!(body, "{};{};{};{};{}", row[0], row[1], row[2], row[3], row[4]).expect("memory");
            }
            let reply = agency.ask_framed(&body)?;
            if reply.starts_with("success;") { Ok(()) } else { Err(io::Error::other(reply)) }
        })?;
        let winners = self.ask_framed("END")?;
        Ok(if winners == "NO_WINNERS" { Vec::new() } else { parts(&winners, ';') })
    }

    fn ask_framed(&mut self, body: &str) -> io::Result<String> {
        self.send(format!("{:08}{body}", body.len()).as_bytes())?;
        let mut size = [0; 8];
        self.socket.read_exact(&mut size)?;
        let size = String::from_utf8_lossy(&size).parse().map_err(io::Error::other)?;
        let mut reply = vec![0; size];
        self.socket.read_exact(&mut reply)?;
        String::from_utf8(reply).map_err(io::Error::other)
    }

    fn braces(&mut self, file: &Path) -> io::Result<Vec<String>> {
        self.batches(file, Dialect::BRACES, |agency, bets| {
            let mut message = String::from("B");
            for bet in bets {
                let comma = if message.len() > 1 { "," } else { "" };
                let row = [&bet[0], &bet[1], &bet[2], &bet[3], &bet[4]];
                write!(
                    message,
                    "{comma}{{PlayerName:{},PlayerSurname:{},PlayerDocID:{},PlayerDateOfBirth:{},WageredNumber:{},AgencyID:{}}}",
                    row[0], row[1], row[2], row[3], row[4], agency.number
                )
                .expect("memory");
            }
            let reply = agency.ask_braces(&(message + ";"))?;
            if reply == "ACK_CHUNK;" { Ok(()) } else { Err(io::Error::other(reply)) }
        })?;
        let number = self.number;
        self.ask_braces(&format!("N{{AgencyID:{number}}};"))?;
        loop {
            let reply = self.ask_braces(&format!("Q{{AgencyID:{number}}};"))?;
            if let Some(winners) = reply.strip_prefix('R') {
                return Ok(parts(&winners.replace(['{', '}', ';'], "").replace("PlayerDocID:", ""), ','));
            }
            sleep(PAUSE);
        }
    }

    fn ask_braces(&mut self, message: &str) -> io::Result<String> {
        self.send(message.as_bytes())?;
        let mut reply = Vec::new();
        self.socket.read_until(b';', &mut reply)?;
        String::from_utf8(reply).map_err(io::Error::other)
    }

    /// Reads the file record by record, and hands over each batch of the dialect's size.
    fn batches(
        &mut self,
        file: &Path,
        dialect: Dialect,
        mut send: impl FnMut(&mut Self, &[StringRecord]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(File::open(file)?);
        let mut batch = Vec::new();
        for record in reader.records() {
            batch.push(record?);
            if batch.len() == dialect.profile().batch_bets {
                send(self, &batch)?;
                batch.clear();
            }
        }
        if batch.is_empty() { Ok(()) } else { send(self, &batch) }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.get_mut().write_all(bytes)
    }
}

fn packet(head: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut block = [&head[..], payload].concat();
    block.resize(BLOCK_SIZE, 0);
    block
}

/// Returns the texts between separators.
fn parts(text: &str, separator: char) -> Vec<String> {
    text.split(separator).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

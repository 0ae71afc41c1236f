//! Tests of agency files: the bets that are read, and the errors of mistakes.

use super::*;

fn parse(text: impl AsRef<[u8]>) -> Result<AgencyFile, String> {
    AgencyFile::parse(Path::new("agency-7.csv"), text.as_ref()).map_err(|error| error.to_string())
}

#[test]
fn reads_both_line_ends_accents_quotes_and_a_last_line_without_end() {
    let text = "Ana,Paz,20000001,1980-01-01,7574\r\n\"Pérez, José\",Müller,0012,1999-12-31,0000000000000008\n\
                Ñandú,Ágata,3,2000-02-29,4294967295";
    let list = parse(text).unwrap();
    let bets: Vec<_> = list
        .bets_from(0)
        .map(|bet| (bet.first_name(), bet.last_name(), bet.document(), bet.birthdate(), bet.number()))
        .collect();
    assert_eq!(
        bets,
        [
            ("Ana", "Paz", "20000001", "1980-01-01", 7574),
            ("Pérez, José", "Müller", "0012", "1999-12-31", 8),
            ("Ñandú", "Ágata", "3", "2000-02-29", 4_294_967_295),
        ]
    );
    assert!(!list.is_empty());
    assert_eq!((list.len(), list.bets_from(2).count(), list.bets_from(9).count()), (3, 1, 0));
    assert!(parse("").unwrap().is_empty());
}

#[test]
fn names_file_line_and_field_of_a_mistake() {
    let good = "Ana,Paz,20000001,1980-01-01,7574\r\n";
    for (bad, expected) in [
        (
            &b"Ana,Paz,1,1980-01-01\r\n"[..],
            "4 fields, expected 5: first_name,last_name,document,birthdate,number",
        ),
        (
            b"Ana,Paz,1,1980-01-01,1,\r\n",
            "6 fields, expected 5: first_name,last_name,document,birthdate,number",
        ),
        (b",Paz,1,1980-01-01,1\r\n", "first_name: empty"),
        (b"Ana,P\xe9z,1,1980-01-01,1\r\n", "last_name: not UTF-8"),
        (b"Ana,Paz,1a,1980-01-01,1\r\n", "document: expected decimal digits"),
        (b"Ana,Paz,1,1980-02-30,1\r\n", "birthdate: expected a date, YYYY-MM-DD"),
        (b"Ana,Paz,1,1980-01-01,4294967296\r\n", "number: over 4294967295"),
        (b"A\tna,Paz,1,1980-01-01,1\r\n", "first_name: holds a control character"),
    ] {
        let text = [good.as_bytes(), good.as_bytes(), bad, good.as_bytes()].concat();
        assert_eq!(parse(text).unwrap_err(), format!("agency-7.csv: line 3: {expected}"));
    }
    assert_eq!(
        AgencyFile::read(Path::new("/nowhere/agency-1.csv")).unwrap_err().to_string(),
        "/nowhere/agency-1.csv: No such file or directory (os error 2)"
    );
}

#[test]
fn an_error_about_a_bet_names_its_line() {
    let problem = FieldError::new(Field::FirstName, FieldProblem::NotInDialect('|'));
    for (before, between, line) in
        [("", "\n", 2), ("", "\r\n", 2), ("", "\n\n", 3), ("", "\r\n\r\n\r\n", 4), ("\n\n", "\n", 4)]
    {
        let list = parse(format!("{before}Ana,Paz,1,1980-01-01,1{between}Eva,Sosa,2,1980-01-01,2")).unwrap();
        assert_eq!(
            list.error(1, problem).to_string(),
            format!("agency-7.csv: line {line}: first_name: '|' cannot be sent in this dialect")
        );
    }
}

#[test]
fn debug_shows_no_personal_data() {
    let shown = format!("{:?}", parse("Ana,Paz,1,1980-01-01,1\n").unwrap());
    assert_eq!(shown, "AgencyFile(1 bets from agency-7.csv)");
}

#[test]
fn a_file_that_is_not_rfc_4180_is_an_error_with_line_and_field() {
    let good = "Ana,Paz,20000001,1980-01-01,7574\r\n";
    for (bad, expected) in [
        ("Ana,Paz,1,1980-01-01,\"757", "number: the file ends inside quotes"),
        ("Ana,Paz,1,1980-01-01,\"", "number: the file ends inside quotes"),
        (
            "\"Ana,Paz,1,1980-01-01,7574\r\nEva,Sosa,2,1980-01-01,1\r\n",
            "first_name: the line ends inside quotes",
        ),
        ("Ana,\"Paz\n\",1,1980-01-01,7574\n", "last_name: the line ends inside quotes"),
        ("\"Ana\" Bea,Paz,1,1980-01-01,7574\n", "first_name: text behind the closing quote"),
        ("Ana,\"Paz\"\"\"x,1,1980-01-01,7574\n", "last_name: text behind the closing quote"),
        ("Ana,Paz,1,\"1980-01-01\" ,7574\n", "birthdate: text behind the closing quote"),
        ("Ana,P\"az\",1,1980-01-01,7574\n", "last_name: a quote in a field that does not begin with one"),
        ("Ana,Paz,1, \"1980-01-01\",7574\n", "birthdate: a quote in a field that does not begin with one"),
        (
            "Ana,Paz,1,1980-01-01,7574,\"x\n",
            "6 fields, expected 5: first_name,last_name,document,birthdate,number",
        ),
    ] {
        let error = parse([good, good, bad].concat()).unwrap_err();
        assert_eq!(error, format!("agency-7.csv: line 3: {expected}"), "{bad}");
    }
    let quoted =
        parse("\"Ana\",\"Pa\"\"z\",\"1\",\"1980-01-01\",\"7574\"\r\"\"\"\",\",\",2,1980-01-01,1").unwrap();
    let names: Vec<_> = quoted.bets_from(0).map(|bet| (bet.first_name(), bet.last_name())).collect();
    assert_eq!(names, [("Ana", "Pa\"z"), ("\"", ",")]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_name() {
    for text in ["\u{feff}Ana,Paz,1,1980-01-01,7574", "\u{feff}\"Ana\",Paz,1,1980-01-01,7574\n"] {
        assert_eq!(parse(text).unwrap().bets_from(0).next().unwrap().first_name(), "Ana");
    }
    for short in ["\u{feff}", "\n", ""] {
        assert!(parse(short).unwrap().is_empty());
    }
    assert_eq!(
        parse("x").unwrap_err(),
        "agency-7.csv: line 1: 1 fields, expected 5: first_name,last_name,document,birthdate,number"
    );
}

/// File without an end that counts the bytes read of it.
struct Endless<'a> {
    bytes: &'a [u8],
    read: &'a std::cell::Cell<usize>,
}

impl io::Read for Endless<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let at = self.read.get();
        for (nth, place) in to.iter_mut().enumerate() {
            *place = self.bytes[(at + nth) % self.bytes.len()];
        }
        self.read.set(at + to.len());
        Ok(to.len())
    }
}

#[test]
fn an_endless_line_is_read_up_to_the_longest_record() {
    let read = std::cell::Cell::new(0);
    for (bytes, expected) in [
        (&b"\0"[..], "first_name: too long, at most 255"),
        (b"a", "first_name: too long, at most 255"),
        (b"\"", "first_name: too long, at most 255"),
        (b",", "longer than 2564 bytes, expected first_name,last_name,document,birthdate,number"),
        (b"a,", "longer than 2564 bytes, expected first_name,last_name,document,birthdate,number"),
    ] {
        read.set(0);
        let input = BufReader::with_capacity(64, Endless { bytes, read: &read });
        let error =
            AgencyFile::read_from(Path::new("zero"), input, u64::MAX, 1 << 20).unwrap_err().to_string();
        assert_eq!(error, format!("zero: line 1: {expected}"), "{}", bytes.escape_ascii());
        assert!(read.get() < 3000, "{} bytes", read.get());
    }
    for (at, problem) in [(1, "last_name: too long, at most 255"), (2, "document: too long, at most 20")] {
        let line = ["a,".repeat(at), "1".repeat(300)].concat();
        assert_eq!(parse(line).unwrap_err(), format!("agency-7.csv: line 1: {problem}"));
    }
    let date = parse(format!("a,b,1,{}", "1".repeat(300))).unwrap_err();
    assert_eq!(date, "agency-7.csv: line 1: birthdate: expected a date, YYYY-MM-DD");
    let zeros = parse(format!("a,b,1,1980-01-01,{}7", "0".repeat(254))).unwrap();
    assert_eq!(zeros.bets_from(0).next().unwrap().number(), 7);
}

#[test]
fn a_file_is_read_up_to_its_limit() {
    let line = b"Ana,Paz,1,1980-01-01,1\n";
    let within = |bets: usize, limit| {
        let text = line.repeat(bets);
        AgencyFile::read_from(Path::new("a.csv"), &text[..], 0, limit)
            .map(|list| list.len())
            .map_err(|e| e.to_string())
    };
    assert_eq!(within(10, 230), Ok(10));
    assert_eq!(within(10, 229), Err("a.csv: larger than 229 bytes; file-max-size allows more".to_owned()));
    for bytes in [&line[..], b"\n", b"\r\n"] {
        let read = std::cell::Cell::new(0);
        let input = BufReader::new(Endless { bytes, read: &read });
        let error = AgencyFile::read_from(Path::new("yes"), input, u64::MAX, 100_000).unwrap_err();
        assert!(matches!(error, AgencyFileError::TooLarge { limit: 100_000, .. }), "{error}");
        assert!(read.get() < 200_000);
    }
    let error = AgencyFile::read(Path::new("/dev/zero")).unwrap_err().to_string();
    assert_eq!(error, "/dev/zero: line 1: first_name: too long, at most 255");
    let directory = AgencyFile::read(Path::new("/")).unwrap_err().to_string();
    assert_eq!(directory, "/: Is a directory (os error 21)");
}

proptest::proptest! {
    /// Compares every record that is accepted with the `csv` crate, which accepts more.
    #[test]
    fn accepted_files_read_as_a_library_reads_them(text in "([abN\"1,\n\r]|\"\"|,1980-01-01,|,1,){0,40}") {
        let mut library = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let (mut records, mut record) = (Records::new(text.as_bytes(), 1 << 20), Record::default());
        let mut theirs = library.byte_records().map(Result::unwrap);
        while let Ok(Some(_)) = records.next(&mut record) {
            let expected = theirs.next().expect("as many");
            match record.fields() {
                Ok(fields) => proptest::prop_assert!(fields.into_iter().eq(expected.iter())),
                Err(problem) => proptest::prop_assert_eq!(problem, LineProblem::FieldCount(expected.len())),
            }
        }
    }
}

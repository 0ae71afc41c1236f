//! Forms in which an application stores or logs what the protocol carries, with the feature `serde`.
//!
//! Input is checked as if it had come from a peer: a [`Bet`] or a [`BetVec`] that was read is valid. A bet is a
//! map of its five fields, the number a number; a [`BetVec`] a list of bets; an [`AgencyId`] its number; a [`Dialect`] and
//! a [`Code`] their names.

use alloc::borrow::Cow;
use core::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bet::{AgencyId, Bet, BetFields, BetVec};
use crate::client::Stored;
use crate::dialect::Dialect;
use crate::wire::Code;

impl Serialize for AgencyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.get())
    }
}

impl<'de> Deserialize<'de> for AgencyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer)?.try_into().map_err(Error::custom)
    }
}

impl Serialize for Dialect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Reads the name of a dialect of this crate. One of somebody else's is written, but not read: only its crate knows it.
impl<'de> Deserialize<'de> for Dialect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'_, str>>::deserialize(deserializer)?.parse().map_err(Error::custom)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <Cow<'_, str>>::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| Error::custom("expected an error code"))
    }
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut stored = serializer.serialize_struct("Stored", 1)?;
        stored.serialize_field("total", &self.total)?;
        stored.end()
    }
}

impl Serialize for Bet<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bet = serializer.serialize_struct("Bet", 5)?;
        bet.serialize_field("first_name", self.first_name())?;
        bet.serialize_field("last_name", self.last_name())?;
        bet.serialize_field("document", self.document())?;
        bet.serialize_field("birthdate", self.birthdate())?;
        bet.serialize_field("number", &self.number())?;
        bet.end()
    }
}

/// Fields as they are read.
#[derive(Deserialize)]
#[serde(rename = "Bet", deny_unknown_fields)]
struct Fields<'a> {
    #[serde(borrow, deserialize_with = "text")]
    first_name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    last_name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    document: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    birthdate: Cow<'a, str>,
    #[serde(deserialize_with = "number")]
    number: u32,
}

impl Fields<'_> {
    /// Checks the fields.
    fn bet<E: Error>(&self) -> Result<Bet<'_>, E> {
        checked([&self.first_name, &self.last_name, &self.document, &self.birthdate], self.number)
    }
}

/// Checks the texts of a bet: first name, last name, document, birth date.
fn checked<E: Error>(
    [first_name, last_name, document, birthdate]: [&str; 4],
    number: u32,
) -> Result<Bet<'_>, E> {
    let fields = BetFields { first_name, last_name, document, birthdate, number: "0" };
    // Every number of 32 bits is one that can be bet on.
    Ok(Bet::new(fields).map_err(Error::custom)?.with_number(number))
}

/// Reads a text. The error does not repeat what is there instead.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    struct Text;

    impl<'de> Visitor<'de> for Text {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.into()))
        }
    }

    deserializer.deserialize_str(Text).map_err(|_| Error::custom("a field of a bet: expected text"))
}

/// Reads a number. The error does not repeat what is there instead.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(deserializer);
    number.map_err(|_| Error::custom("number: expected a whole number up to 4294967295"))
}

/// Reads a bet that borrows from the input, so only from a format that lends its texts as they are: a [`BetVec`] is
/// read from any.
impl<'de> Deserialize<'de> for Bet<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fields { first_name, last_name, document, birthdate, number } =
            Fields::deserialize(deserializer)?;
        let lent = |text| match text {
            Cow::Borrowed(text) => Ok(text),
            Cow::Owned(_) => {
                Err(Error::custom("a text that this format does not lend: expected to read a BetVec"))
            }
        };
        checked([lent(first_name)?, lent(last_name)?, lent(document)?, lent(birthdate)?], number)
    }
}

impl Serialize for BetVec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Reads bets one by one. The error of an invalid one says which it is, counted from 1.
impl<'de> Deserialize<'de> for BetVec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = BetVec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of bets")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<BetVec, A::Error> {
                let mut bets = BetVec::default();
                while let Some(fields) = list.next_element::<Fields<'de>>()? {
                    let bet = fields.bet::<A::Error>();
                    let bet =
                        bet.map_err(|error| Error::custom(format_args!("bet {}: {error}", bets.len() + 1)))?;
                    bets.push(&bet);
                }
                Ok(bets)
            }
        }

        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString as _;

    use super::*;

    const ANA: &str =
        r#"{"first_name":"Ana","last_name":"Paz","document":"0012","birthdate":"1980-01-01","number":7574}"#;

    fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bet = Bet::new(["Ana", "Paz", "0012", "1980-01-01", "7574"]).expect("valid");
        assert_eq!(serde_json::to_string(&bet).expect("text"), ANA);
        assert_eq!(read::<Bet<'_>>(ANA).expect("valid"), bet);
        let long = Bet::new(["Ñandú \"", "美咲", "1", "2000-02-29", "4294967295"]).expect("valid");
        let bets: BetVec = [bet, long].into_iter().collect();
        let written = serde_json::to_string(&bets).expect("text");
        let again: BetVec = read(&written).expect("valid");
        assert_eq!(again.iter().collect::<alloc::vec::Vec<_>>(), [bet, long]);
        for dialect in Dialect::ALL.iter().chain(Dialect::EARLIER) {
            let name = serde_json::to_string(dialect).expect("a name");
            assert_eq!(name, format!("\"{dialect}\""));
            assert_eq!(read::<Dialect>(&name).expect("known"), *dialect);
        }
        for code in Code::ALL {
            let name = serde_json::to_string(code).expect("a name");
            assert_eq!(read::<Code>(&name).expect("known"), *code);
        }
        let agency = AgencyId::new(AgencyId::MAX).expect("an agency");
        assert_eq!(serde_json::to_string(&agency).expect("a number"), "99999");
        assert_eq!(read::<AgencyId>("99999").expect("an agency"), agency);
        assert_eq!(serde_json::to_string(&Stored { total: Some(7) }).expect("a map"), r#"{"total":7}"#);
    }

    #[test]
    fn what_is_not_valid_is_not_read_and_its_error_shows_nothing_of_it() {
        for (from, to, expected) in [
            (r#""Ana""#, r#""""#, "first_name: empty"),
            (r#""Paz""#, r#""P\taz""#, "last_name: holds a control character"),
            (r#""0012""#, r#""secret""#, "document: expected decimal digits"),
            (r#""1980-01-01""#, r#""1980-02-30""#, "birthdate: expected a date, YYYY-MM-DD"),
            ("7574", "4294967296", "number: expected a whole number up to 4294967295"),
            ("7574", "-1", "number: expected a whole number up to 4294967295"),
            ("7574", r#""secret""#, "number: expected a whole number up to 4294967295"),
            (r#""Paz""#, "1234567", "a field of a bet: expected text"),
            (r#""Paz","#, r#""Paz","agency":1,"#, "unknown field `agency`"),
            (r#""last_name":"Paz","#, "", "missing field `last_name`"),
        ] {
            let text = format!("[{ANA},{}]", ANA.replace(from, to));
            let error = read::<BetVec>(&text).expect_err("not valid").to_string();
            let at = error.strip_prefix("bet 2: ").unwrap_or(&error);
            assert!(at.starts_with(expected), "{error}");
            assert!(!error.contains("secret") && !error.contains("12345"), "{error}");
        }
        let escaped = ANA.replace("Ana", "\\u0041na");
        assert!(read::<Bet<'_>>(&escaped).expect_err("not lent").to_string().contains("BetVec"));
        assert_eq!(read::<BetVec>(&format!("[{escaped}]")).expect("valid").len(), 1);
        for wrong in ["0", "100000", "-1", "\"1\""] {
            assert!(read::<AgencyId>(wrong).is_err(), "{wrong}");
        }
        assert!(read::<Dialect>("\"morse\"").is_err());
        assert!(read::<Code>("\"none\"").is_err());
    }
}

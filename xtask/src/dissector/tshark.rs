//! Runs of tshark, and what it shows of each message.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::capture::{Capture, PORT};
use super::error::Error;

/// Line that tshark writes if it is run by root.
const ROOT: &str = "Running as user \"root\" and group \"root\". This could be dangerous.";

/// Dissected message: names of fields without `lottery.`, and their values, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown(Vec<(String, String)>);

impl Shown {
    /// Returns the first value of a field.
    pub(super) fn value(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| &**value)
    }

    /// Returns all values of a field.
    pub(super) fn values<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == field).map(|(_, value)| &**value)
    }
}

/// tshark with the dissector.
pub(super) struct Tshark {
    script: PathBuf,
    dir: PathBuf,
}

impl Tshark {
    /// Finds tshark. Captures are written to `dir`.
    pub(super) fn new(script: PathBuf, dir: PathBuf) -> Result<Self, Error> {
        match Command::new("tshark").arg("--version").output() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Error::NotInstalled),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        fs::create_dir_all(&dir)?;
        Ok(Self { script, dir })
    }

    /// Returns the directory of the captures.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Checks that the script loads: tshark exits with 0 if it does not.
    pub(super) fn check_loads(&self) -> Result<(), Error> {
        let mut command = Command::new("tshark");
        command.args(["-G", "fields", "-X"]).arg(format!("lua_script:{}", self.script.display()));
        let output = checked(command.output()?)?;
        let fields = String::from_utf8_lossy(&output.stdout).matches("\tlottery.").count();
        if fields < 30 {
            return Err(Error::Said(format!("{fields} fields of the script, expected 30 at least")));
        }
        Ok(())
    }

    /// Writes the capture, and returns the messages of each of its conversations.
    pub(super) fn dissect(
        &self,
        name: &str,
        capture: &Capture,
        options: &[&str],
    ) -> Result<BTreeMap<usize, Vec<Shown>>, Error> {
        let path = self.dir.join(format!("{name}.pcap"));
        fs::write(&path, capture.bytes())?;
        let text = self.pdml(&path, options)?;
        let mut found: BTreeMap<usize, Vec<Shown>> = BTreeMap::new();
        for (packet, shown) in messages(&text) {
            let conversation = capture.conversations.get(packet.saturating_sub(1)).copied();
            found.entry(conversation.unwrap_or(usize::MAX)).or_default().push(shown);
        }
        Ok(found)
    }

    /// Returns what tshark shows of a capture, as PDML, with nothing but the dissector's fields.
    pub(super) fn pdml(&self, path: &Path, options: &[&str]) -> Result<String, Error> {
        let mut command = Command::new("tshark");
        // Settings of whoever runs this are left out.
        command.env("WIRESHARK_CONFIG_DIR", self.dir.join("no-settings")).arg("-r").arg(path);
        command.arg("-X").arg(format!("lua_script:{}", self.script.display()));
        command.args(["-o", &format!("lottery.ports:{PORT}"), "-T", "pdml"]);
        // An error in the script is an item of its own, outside of what it dissects.
        command.args(["-J", "lottery _ws.lua", "-Y", "lottery || _ws.lua.error"]);
        let output = checked(command.args(options).output()?)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Returns the output, if tshark said nothing on standard error, and nothing in Lua failed.
fn checked(output: Output) -> Result<Output, Error> {
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().filter(|line| !line.is_empty() && *line != ROOT).collect();
    let text = String::from_utf8_lossy(&output.stdout);
    let failed = text.lines().find(|line| line.contains("Lua Error:"));
    match (said.is_empty() && output.status.success(), failed) {
        (true, None) => Ok(output),
        (_, Some(line)) => {
            Err(Error::Said(attribute(line, "show").unwrap_or_else(|| line.trim().to_owned())))
        }
        (_, None) => Err(Error::Said(format!("{} ({})", said.join("; "), output.status))),
    }
}

/// Returns the messages in PDML, each with the number of its packet from 1.
fn messages(pdml: &str) -> Vec<(usize, Shown)> {
    let (mut packet, mut found, mut inside) = (0, Vec::new(), false);
    for line in pdml.lines().map(str::trim_start) {
        if line.starts_with("<proto ") {
            inside = attribute(line, "name").as_deref() == Some("lottery");
            if inside {
                found.push((packet, Shown::default()));
            }
        } else if line.starts_with("</proto>") {
            inside = false;
        } else if line.starts_with("<field name=\"num\"") {
            packet = attribute(line, "show").and_then(|number| number.parse().ok()).unwrap_or_default();
        } else if inside
            && let Some(name) = attribute(line, "name")
            && let Some(name) = name.strip_prefix("lottery.")
            && let Some((_, shown)) = found.last_mut()
        {
            shown.0.push((name.to_owned(), attribute(line, "show").unwrap_or_default()));
        }
    }
    found
}

/// Returns the value of an attribute of an element.
fn attribute(line: &str, name: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let plain =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&apos;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(value.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_packet_are_told_apart() {
        let pdml = r#"<packet>
  <proto name="geninfo" pos="0"><field name="x"/>
    <field name="num" pos="0" show="7" showname="Number"/>
  </proto>
  <proto name="lottery" showname="Lottery Bets">
    <field name="lottery.type" showname="Type: Bet" show="Bet"/>
    <field name="lottery.bet" show="">
      <field name="lottery.first_name" show="A &amp;lt; &quot;B&quot;"/>
    </field>
  </proto>
  <proto name="lottery"><field name="y"/>
    <field name="lottery.type" show="Batch"/>
  </proto>
</packet>"#;
        let found = messages(pdml);
        assert_eq!(found.iter().map(|(packet, _)| *packet).collect::<Vec<_>>(), [7, 7]);
        assert_eq!(found[0].1.value("first_name"), Some("A &lt; \"B\""));
        assert_eq!(found[1].1.values("type").collect::<Vec<_>>(), ["Batch"]);
    }
}

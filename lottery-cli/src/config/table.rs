//! Table of a program's settings: each has a flag, an environment variable, a key in the file, a default and
//! a help text, which is also the documentation of its field.

use clap::Command;

/// Description of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// Flag without its dashes, which is the setting's name too.
    pub(super) flag: &'static str,
    /// Environment variable.
    pub(super) var: &'static str,
    /// Variables that other programs have for it. One with a colon is two variables, whose values are joined with a
    /// colon.
    pub(super) other_vars: &'static [&'static str],
    /// Key in the file, with sections joined by dots. Empty if a file cannot set it.
    pub(super) key: &'static str,
    /// Placeholder of the value in the help.
    pub(super) metavar: &'static str,
    /// Text that counts if nothing else is set. Dialects have another if a program is made with others.
    pub(super) default: Option<&'static str>,
    /// Description in a few words.
    pub(super) help: &'static str,
}

/// Keys and values as a file has them, in order and with duplicates.
pub(super) type Pairs = Vec<(String, String)>;

/// A program as its user sees it.
#[derive(Debug)]
pub(super) struct Program {
    /// Name of the program if it is started without one.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) after_help: &'static str,
    /// Function that adds to the settings what the command line has besides: commands and their flags.
    pub(super) commands: fn(Command) -> Command,
    /// Name of the file that is read if none is named.
    pub(super) file: &'static str,
    /// Reader of the file's text. It is given the known keys, and returns a problem with its line.
    pub(super) pairs: fn(&str, &[&str]) -> Result<Pairs, String>,
    /// Keys that may be in the file and mean nothing to the program.
    pub(super) ignored: &'static [&'static str],
    /// All settings, in the order of the help. The first names the file.
    pub(super) rows: &'static [Row],
}

/// Origin of a value, the weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    Default,
    /// A file, with its name.
    File(String),
    Environment,
    Flag,
}

/// Defines a program's settings: a struct with a public field for each, its `ROWS`, and its `read`, which
/// fills it. An entry is `FIELD: TYPE = [FLAG VARIABLE KEY, PLACEHOLDER = DEFAULT] PARSER;` below its help,
/// which documents the field. KEY is missing if it is the variable's name, FIELD and PARSER if no field has
/// the value alone. The first entry names the file. The block at the end has the other fields. Other variables for
/// it follow VARIABLE, each behind a bar.
macro_rules! settings {
    (
        #[doc = $about:literal]
        $name:ident($values:ident);
        $(
            #[doc = $help:literal]
            $($field:ident: $type:ty =)?
            [$flag:literal $var:literal $(| $other_var:literal)* $($key:literal)?, $metavar:literal $(= $default:literal)?]
            $($parse:expr)?;
        )*
        { $( #[doc = $other_help:literal] $other:ident: $other_type:ty = $read:expr; )* }
    ) => {
        #[doc = $about]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $( #[doc = $help] pub $field: $type, )? )*
            $( #[doc = $other_help] pub $other: $other_type, )*
        }

        impl $name {
            const ROWS: &[Row] = &[ $( Row {
                flag: $flag,
                var: $var,
                other_vars: &[$($other_var),*],
                key: [$($key,)? $var][0],
                metavar: $metavar,
                default: [$(Some($default),)? None][0],
                help: $help.trim_ascii(),
            } ),* ];

            fn read($values: &mut Values) -> Result<Self, ConfigError> {
                Ok(Self {
                    $( $( $field: $values.get($flag, $parse)?, )? )*
                    $( $other: $read, )*
                })
            }
        }
    };
}
pub(super) use settings;

impl Row {
    /// True if it is a switch, whose flag may stand alone and then means `true`.
    pub(super) fn is_switch(&self) -> bool {
        self.metavar == "true|false"
    }

    /// Returns the environment variables, the usual one first.
    pub(super) fn vars(&self) -> impl Iterator<Item = &'static str> {
        [self.var].into_iter().chain(self.other_vars.iter().copied())
    }

    /// True if the value is personal data, and is shown nowhere.
    pub(super) fn is_personal(&self) -> bool {
        ["first-name", "last-name", "document", "birthdate", "number"].contains(&self.flag)
    }

    /// Returns the origin for a reader of `--print-config`. `var` is the variable that was used, if it was one.
    pub(super) fn origin(&self, origin: &Origin, var: &str) -> String {
        match origin {
            Origin::Default => "default".into(),
            Origin::File(name) => name.clone(),
            Origin::Environment => format!("environment {var}"),
            Origin::Flag => format!("flag --{}", self.flag),
        }
    }

    /// Returns the origin for an error: the place at which to look for the value. `var` is the variable that was used,
    /// if it was one.
    pub(super) fn place(&self, origin: &Origin, var: &str) -> String {
        match origin {
            Origin::Default => format!("default: {}", self.flag),
            Origin::File(name) => format!("{name}: {}", self.key),
            Origin::Environment => format!("environment: {var}"),
            Origin::Flag => format!("--{}", self.flag),
        }
    }

    /// Returns all the ways to set it.
    pub(super) fn ways(&self) -> String {
        let Self { flag, key, metavar, .. } = self;
        let vars: Vec<_> = self.vars().collect();
        format!("--{flag} {metavar}, the environment variable {} or the key {key}", vars.join(" or "))
    }

    /// Returns the help of the setting's flag, in lines: a description, and the other ways to set it.
    pub(super) fn help(&self, help: &str, default: Option<&str>) -> String {
        let Self { var, key, .. } = self;
        let key = if key.is_empty() || key == var { String::new() } else { format!(", key: {key}") };
        let default = match default {
            // A list stands on a line of its own.
            Some(list) if list.contains(',') => format!(",\ndefault: {list}"),
            Some(default) => format!(", default: {default}"),
            None => String::new(),
        };
        let others = self.other_vars.iter().fold(String::new(), |list, var| list + ",\nor " + var);
        format!("{help}\n[env: {var}{key}{default}{others}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row = Row {
        flag: "a",
        var: "A",
        other_vars: &[],
        key: "b",
        metavar: "N",
        default: Some("1"),
        help: "What for",
    };

    #[test]
    fn a_help_names_every_way_to_set_it() {
        assert_eq!(ROW.help(ROW.help, ROW.default), "What for\n[env: A, key: b, default: 1]");
        assert_eq!(ROW.help("Why", Some("a,b")), "Why\n[env: A, key: b,\ndefault: a,b]");
        assert_eq!(ROW.help("Why", None), "Why\n[env: A, key: b]");
        let several = Row { other_vars: &["C", "D:E"], ..ROW };
        assert_eq!(several.help("Why", None), "Why\n[env: A, key: b,\nor C,\nor D:E]");
        assert_eq!(several.ways(), "--a N, the environment variable A or C or D:E or the key b");
    }

    #[test]
    fn a_default_that_is_wrong_is_named_by_its_setting() {
        assert_eq!(ROW.place(&Origin::Default, "A"), "default: a");
    }
}

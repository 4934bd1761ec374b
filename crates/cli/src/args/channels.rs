//! `--channel LABEL` and the flags that belong to the channel before them.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, error::ErrorKind, value_parser};

/// A channel to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelSpec {
    /// Its label.
    pub(crate) label: String,
    /// Whether messages arrive in order.
    pub(crate) ordered: bool,
    /// Give up on a message after so many retransmissions.
    pub(crate) max_retransmits: Option<u16>,
    /// Give up on a message after so many milliseconds.
    pub(crate) max_lifetime: Option<u16>,
    /// The stream id, if both sides agreed on one.
    pub(crate) negotiated: Option<u16>,
    /// The subprotocol.
    pub(crate) protocol: String,
}

impl ChannelSpec {
    fn new(label: &str) -> Self {
        Self {
            label: label.into(),
            ordered: true,
            max_retransmits: None,
            max_lifetime: None,
            negotiated: None,
            protocol: String::new(),
        }
    }

    /// Whether every message arrives.
    pub(crate) fn reliable(&self) -> bool {
        self.max_retransmits.is_none() && self.max_lifetime.is_none()
    }
}

/// The channels that were asked for.
#[derive(Clone, Debug)]
pub(crate) struct Channels(Vec<ChannelSpec>);

impl Channels {
    /// The channels to open: where none was asked for, one, unless there is something else to do.
    pub(crate) fn or_one(&self, unless: bool) -> Vec<ChannelSpec> {
        match self.0.is_empty() && !unless {
            true => vec![ChannelSpec::new("siskin")],
            false => self.0.clone(),
        }
    }
}

/// A flag's name, the value that it takes, and its help.
const FLAGS: [(&str, Option<&str>, &str); 5] = [
    ("unordered", None, "Messages of the channel may arrive in any order"),
    ("max-retransmits", Some("N"), "Give up on a message of the channel after N retransmissions"),
    ("max-lifetime", Some("MS"), "Give up on a message of the channel after MS milliseconds"),
    (
        "negotiated",
        Some("ID"),
        "The channel has stream ID, 0 to 65534, and is not announced: the other side makes it, too",
    ),
    ("protocol", Some("NAME"), "The channel's subprotocol"),
];

impl Args for Channels {
    fn augment_args(command: Command) -> Command {
        let channel = Arg::new("channel")
            .long("channel")
            .value_name("LABEL")
            .action(ArgAction::Append)
            .help_heading("Channels")
            .help("Open a data channel; may be given several times [default: one called siskin, none with --play or --record]");
        FLAGS.iter().fold(command.arg(channel), |command, (name, value, help)| {
            let arg =
                Arg::new(*name).long(*name).action(ArgAction::Append).help_heading("Channels").help(*help);
            command.arg(match (*value, *name) {
                (None, _) => arg.num_args(0).default_missing_value("true").value_parser(value_parser!(bool)),
                (Some(value), "protocol") => arg.value_name(value),
                (Some(value), "negotiated") => {
                    arg.value_name(value).value_parser(value_parser!(u16).range(0..=65_534))
                }
                (Some(value), _) => arg.value_name(value).value_parser(value_parser!(u16)),
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Channels {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut channels = each::<String>(matches, "channel")
            .map(|(index, label)| (index, ChannelSpec::new(&label)))
            .collect::<Vec<_>>();
        for (name, ..) in FLAGS {
            let mut bind = |index: usize, set: &dyn Fn(&mut ChannelSpec)| {
                let before = channels.iter_mut().rev().find(|(channel, _)| *channel < index);
                let (_, channel) = before.ok_or_else(|| {
                    misused(format!("--{name} belongs to the --channel before it, and there is none"))
                })?;
                set(channel);
                Ok::<(), clap::Error>(())
            };
            match name {
                "unordered" => {
                    each::<bool>(matches, name).try_for_each(|(at, _)| bind(at, &|c| c.ordered = false))?;
                }
                "protocol" => each::<String>(matches, name)
                    .try_for_each(|(at, value)| bind(at, &|c| c.protocol.clone_from(&value)))?,
                _ => each::<u16>(matches, name).try_for_each(|(at, value)| {
                    bind(at, &|c| match name {
                        "max-retransmits" => c.max_retransmits = Some(value),
                        "max-lifetime" => c.max_lifetime = Some(value),
                        _ => c.negotiated = Some(value),
                    })
                })?,
            }
        }
        let channels: Vec<ChannelSpec> = channels.into_iter().map(|(_, channel)| channel).collect();
        check(&channels)?;
        Ok(Self(channels))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn check(channels: &[ChannelSpec]) -> Result<(), clap::Error> {
    for (at, channel) in channels.iter().enumerate() {
        if channel.max_retransmits.is_some() && channel.max_lifetime.is_some() {
            let label = &channel.label;
            return Err(misused(format!(
                "--max-retransmits and --max-lifetime exclude each other on --channel {label}"
            )));
        }
        let taken =
            |other: &ChannelSpec| channel.negotiated.is_some() && other.negotiated == channel.negotiated;
        if channels.iter().take(at).any(taken) {
            return Err(misused(format!(
                "--negotiated {} is given twice",
                channel.negotiated.unwrap_or_default()
            )));
        }
    }
    Ok(())
}

/// Every value of `name` and where it stands on the command line.
fn each<T: Clone + Send + Sync + 'static>(
    matches: &ArgMatches,
    name: &str,
) -> impl Iterator<Item = (usize, T)> {
    let indices = matches.indices_of(name).into_iter().flatten();
    let values = matches.get_many::<T>(name).into_iter().flatten().cloned();
    indices.zip(values).collect::<Vec<_>>().into_iter()
}

fn misused(message: String) -> clap::Error {
    clap::Error::raw(ErrorKind::ArgumentConflict, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(line: &str) -> Result<Vec<ChannelSpec>, String> {
        let command = Channels::augment_args(Command::new("dial").no_binary_name(true));
        let matches = command.try_get_matches_from(line.split(' ').filter(|word| !word.is_empty()));
        let matches = matches.map_err(|error| error.to_string())?;
        Channels::from_arg_matches(&matches).map(|channels| channels.0).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_belong_to_the_channel_before_them() {
        let got = channels(
            "--channel a --unordered --channel b --max-retransmits 0 --protocol p --channel c --negotiated 5 \
             --max-lifetime 100 --unordered",
        );
        let expected = [
            ChannelSpec { ordered: false, ..ChannelSpec::new("a") },
            ChannelSpec { max_retransmits: Some(0), protocol: "p".into(), ..ChannelSpec::new("b") },
            ChannelSpec {
                negotiated: Some(5),
                max_lifetime: Some(100),
                ordered: false,
                ..ChannelSpec::new("c")
            },
        ];
        assert_eq!(got, Ok(expected.into()));
    }

    #[test]
    fn one_channel_unless_told() {
        assert_eq!(channels(""), Ok(vec![]));
        assert_eq!(Channels(vec![]).or_one(false), [ChannelSpec::new("siskin")]);
        assert_eq!(Channels(vec![]).or_one(true), []);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for line in [
            "--unordered",
            "--protocol p --channel a",
            "--channel a --max-retransmits 1 --max-lifetime 1",
            "--channel a --negotiated 1 --channel b --negotiated 1",
            "--channel a --negotiated 65535",
            "--channel a --max-lifetime 70000",
        ] {
            assert!(channels(line).is_err(), "{line}");
        }
    }
}

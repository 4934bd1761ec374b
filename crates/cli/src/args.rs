//! The command line.

mod channels;
mod dtls;
mod units;

pub(crate) use channels::{ChannelSpec, Channels};
pub(crate) use dtls::{DtlsCommand, DtlsOptions, Side};

use crate::report::{Code, ReportError};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, error::ErrorKind};
use siskin::IceServer;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// WebRTC from one command: a demo for browsers, and both ends of a connection for scripts.
#[derive(Debug, Parser)]
#[command(name = "siskin", version, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to log on standard error: a level (error, warn, info, debug, trace), or levels by module as in
    /// `warn,siskin=debug`
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn", env = "SISKIN_LOG")]
    pub(crate) log: String,
    /// Colours on standard error
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// If standard error is a terminal, and NO_COLOR is not set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A version of DTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dtls {
    /// RFC 6347
    #[value(name = "1.2")]
    V12,
    /// RFC 9147
    #[value(name = "1.3")]
    V13,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a page that connects a browser to Siskin: layers, round-trip times, chat, files, camera and microphone
    #[command(after_long_help = DEMO_HELP)]
    Demo(Demo),
    /// Answer offers and send every message and all media back
    #[command(after_long_help = contract_help(ECHO_HELP))]
    Echo(Echo),
    /// Make an offer, send messages and verify their echoes; play and record media files
    #[command(after_long_help = contract_help(DIAL_HELP))]
    Dial(Dial),
    /// Speak DTLS alone, over plain UDP: for tools that test it
    Dtls(DtlsCommand),
    /// Do again what a recording holds, and compare what is sent, bit for bit
    Replay(Replay),
}

/// `siskin replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// A recording that `echo --trace` or `dial --trace` made
    pub(crate) file: PathBuf,
}

/// `siskin demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to serve the page; port 0 takes any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7400", value_parser = units::socket_addr)]
    pub(crate) http: SocketAddr,
    /// What all commands share.
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `siskin echo`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("signalling").required(true))]
pub(crate) struct Echo {
    /// Signal over standard input and output, one JSON object a line; see below
    #[arg(long, group = "signalling")]
    pub(crate) stdio: bool,
    /// Signal over HTTP: POST /offer with {"type","sdp"} is answered in the same form, one connection for each request;
    /// GET / is the demo page
    #[arg(long, group = "signalling", value_name = "ADDR:PORT", value_parser = units::socket_addr)]
    pub(crate) http: Option<SocketAddr>,
    /// Print our candidates as lines of their own, behind the description, instead of waiting for all of them
    #[arg(long, conflicts_with = "http")]
    pub(crate) trickle: bool,
    /// Record everything that is done to the connection into FILE, for `siskin replay`; who has the file has its keys
    #[arg(long, value_name = "FILE", conflicts_with = "http")]
    pub(crate) trace: Option<PathBuf>,
    /// What all commands share.
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `siskin dial`.
#[derive(Debug, Args)]
pub(crate) struct Dial {
    /// Signal over standard input and output, one JSON object a line; see below
    #[arg(long, required = true)]
    pub(crate) stdio: bool,
    /// Print our candidates as lines of their own, behind the description, instead of waiting for all of them
    #[arg(long)]
    pub(crate) trickle: bool,
    /// Record everything that is done to the connection into FILE, for `siskin replay`; who has the file has its keys
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Send the audio and video of FILE: IVF, Ogg, WebM, Matroska or MP4. Once it has ended, so does the connection
    #[arg(long, value_name = "FILE", help_heading = "Media")]
    pub(crate) play: Option<PathBuf>,
    /// Receive audio and video, and write them into FILE, whose name says how: .ivf, .ogg, .webm, .mkv or .mp4
    #[arg(long, value_name = "FILE", help_heading = "Media")]
    pub(crate) record: Option<PathBuf>,
    /// The channels.
    #[command(flatten)]
    pub(crate) channels: Channels,
    /// Messages to send on each channel
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) count: u64,
    /// Bytes of each message: a number, or one with kB, MB, KiB or MiB
    #[arg(long, value_name = "BYTES", default_value = "64", value_parser = units::size)]
    pub(crate) size: usize,
    /// How long to wait for the next echo before those still out count as missing: a number of seconds, or one with ms,
    /// s or min
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::time)]
    pub(crate) echo_timeout: Duration,
    /// What all commands share.
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Dial {
    /// The channels to open.
    pub(crate) fn channels(&self) -> Vec<ChannelSpec> {
        self.channels.or_one(self.play.is_some() || self.record.is_some())
    }
}

/// What all commands share.
#[derive(Clone, Debug, Args)]
pub(crate) struct Connection {
    /// How long the connection may take until it is open: a number of seconds, or one with ms, s or min
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = units::time, help_heading = "Connection")]
    pub(crate) timeout: Duration,
    /// Use this network interface only; may be given several times [default: all but loopback]
    #[arg(long, value_name = "NAME", help_heading = "Connection")]
    pub(crate) interface: Vec<String>,
    /// The local UDP address and port; 0.0.0.0 or [::] means every address of that family, port 0 any free port
    #[arg(long, value_name = "ADDR:PORT", value_parser = units::socket_addr, help_heading = "Connection")]
    pub(crate) bind: Option<SocketAddr>,
    /// A STUN server to learn our public address from, as stun:HOST[:PORT]; may be given several times
    #[arg(long, value_name = "URL", help_heading = "Connection")]
    pub(crate) ice_server: Vec<IceServer>,
    /// Speak this version of DTLS only [default: 1.3, and 1.2 with peers that know no better]
    #[arg(long, value_name = "VERSION", help_heading = "Connection")]
    pub(crate) dtls: Option<Dtls>,
    /// Append the keys of every connection to FILE, in the format that Wireshark reads; who has the file can read the
    /// traffic
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub(crate) key_log: Option<PathBuf>,
    /// Draw all random values from this number. For reproduction only: anyone can guess the keys
    #[arg(long, value_name = "N", help_heading = "Connection")]
    pub(crate) seed: Option<u64>,
}

/// Reads the command line; on a bad argument, gives what to say about it in one line. Prints help and version itself.
pub(crate) fn parse() -> Result<Cli, ReportError> {
    let parsed = Cli::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok(cli),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => error.exit(),
            _ => Err(ReportError::new(Code::BadArgument, in_one_line(&error))),
        },
    }
}

/// What clap says in a paragraph, in one line.
fn in_one_line(error: &clap::Error) -> String {
    let said = error.render().to_string();
    let usage = said.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or("siskin");
    let words: Vec<&str> = usage.split(' ').take_while(|word| word.starts_with(char::is_lowercase)).collect();
    let before = said.split("\n\nUsage:").next().unwrap_or_default();
    let before = before.split("\n\nFor more information").next().unwrap_or_default();
    let parts: Vec<&str> = before.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let message = parts.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    format!("{message} (see `{} --help`)", words.join(" "))
}

const DEMO_HELP: &str = "\
The page is served on loopback by default; the connection itself uses the machine's network interfaces, because
browsers do not use loopback for it. Ctrl-C ends the demo.

Exit code: 0 after Ctrl-C, 1 if the page could not be served or there is no network.";

const ECHO_HELP: &str = "\
Every message goes back on its channel: text as text, binary as binary, empty as empty. Every frame of audio and video
goes back on its transceiver.

Input:   {\"type\":\"offer\",\"sdp\":\"…\"}            later ones renegotiate
         {\"candidate\":\"…\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}    an empty candidate ends them
Output:  {\"type\":\"answer\",\"sdp\":\"…\"}           with all candidates in it, unless --trickle
         {\"report\":{…}}                          always the last line

The end of standard input closes the connection.";

const DIAL_HELP: &str = "\
--unordered, --max-retransmits, --max-lifetime, --negotiated and --protocol belong to the --channel before them:

  siskin dial --stdio --channel chat --channel game --unordered --max-retransmits 0 --count 100 --size 1KiB

Output:  {\"type\":\"offer\",\"sdp\":\"…\"}            with all candidates in it, unless --trickle
         {\"report\":{…}}                          always the last line
Input:   {\"type\":\"answer\",\"sdp\":\"…\"}
         {\"candidate\":\"…\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}    an empty candidate ends them

Once every echo has come back the connection is closed. On unreliable channels (--max-retransmits, --max-lifetime)
missing echoes are counted, not failed.

With --play or --record there is a data channel only where --channel asks for one. --record goes
on until the peer closes, standard input ends or a signal comes.";

fn contract_help(what: &str) -> String {
    let mut help = format!(
        "{what}

Report:  {{\"v\":1, \"connect_ms\":…, \"pair\":{{…}}, \"dtls\":{{\"version\",\"group\",\"cipher\"}}, \"srtp\":…, \"sctp\":{{…}},
          \"bytes\":{{\"sent\",\"received\"}}, \"messages\":{{…}}, \"rtt_ms\":{{…}}, \"error\":null}}
         bytes are payload bytes of messages; what is not known is null. With --play or --record:
         \"media\":{{\"sent\":{{\"frames\",\"bytes\"}},\"received\":{{…}}}}.

Exit code: 0 after a clean close by either side{}, 1 otherwise.
Codes in report.error.code:
",
        if what == DIAL_HELP { " if every echo matched" } else { "" }
    );
    for (_, word, meaning) in Code::ALL {
        help.push_str(&format!("  {word:<18}{meaning}\n"));
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cli(line: &str) -> Result<Cli, String> {
        let words = line.split(' ').filter(|word| !word.is_empty());
        let matches = Cli::command().try_get_matches_from(words).map_err(|error| in_one_line(&error))?;
        Cli::from_arg_matches(&matches).map_err(|error| in_one_line(&error))
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn defaults() {
        let Ok(Cli { command: Command::Demo(demo), .. }) = cli("siskin demo") else { panic!() };
        assert_eq!(demo.http, "127.0.0.1:7400".parse().unwrap());
        assert_eq!(demo.connection.timeout, Duration::from_secs(30));
    }

    #[test]
    fn bad_arguments_get_one_helpful_line() {
        let wrong = |line: &str| cli(line).unwrap_err();
        for (line, expected) in [
            (
                "siskin echo",
                "the following required arguments were not provided: <--stdio|--http <ADDR:PORT>> (see `siskin echo --help`)",
            ),
            (
                "siskin echo --stdoi",
                "unexpected argument '--stdoi' found tip: a similar argument exists: '--stdio' (see `siskin echo --help`)",
            ),
            (
                "siskin demo --bind nonsense",
                "invalid value 'nonsense' for '--bind <ADDR:PORT>': not an address and port, as in 192.0.2.1:5000 or [2001:db8::1]:5000 (see `siskin --help`)",
            ),
            (
                "siskin dial --stdio --unordered",
                "--unordered belongs to the --channel before it, and there is none (see `siskin --help`)",
            ),
        ] {
            assert_eq!(wrong(line), expected);
        }
        assert!(cli("siskin echo --stdio --http 127.0.0.1:1").unwrap_err().contains("cannot be used with"));
        assert!(!wrong("siskin nonsense").contains('\n'));
    }

    #[test]
    fn help_lists_every_code() {
        let help = contract_help(ECHO_HELP);
        assert!(Code::ALL.iter().all(|(_, word, _)| help.contains(word)));
    }
}

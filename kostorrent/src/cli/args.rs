//! What can be typed: the commands, their options and the help a person reads.
//!
//! One definition serves the parser, `--help`, the completions and the man page.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueHint};
use encryption::Policy;
use tracker::PeerAddr;

use super::environment;
use super::failure::Failure;
use super::goal::{Goal, Ratio};
use super::reference;
use super::values::{self, Date, PieceLength, Router, Tier};
use crate::create::Pattern;
use crate::node::{self, DhtOptions, Interface, Proxy, Route, Routers};

mod examine;
mod practice;
mod steer;

pub(crate) use examine::Examine;
pub(crate) use practice::{Demo, Lab, Replay, Sim};
pub(crate) use steer::{Choose, Pause, Resume, Status, Stop, Which, WhichOrAll};

/// A BitTorrent client for the terminal, built step by step in its own guide.
///
/// Start with `kostorrent demo`: it sets up a small swarm on this machine and downloads from it.
#[derive(Debug, Parser)]
#[command(
    name = "kostorrent",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true,
    propagate_version = false,
    disable_help_subcommand = true,
    after_help = "`kostorrent COMMAND --help` tells more about a command.",
    after_long_help = reference::help()
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Download(Download),
    Seed(Seed),
    Verify(Verify),
    Show(Show),
    Create(Create),
    Lab(Lab),
    Demo(Demo),
    Sim(Sim),
    Replay(Replay),
    Examine(Examine),
    Status(Status),
    Pause(Pause),
    Resume(Resume),
    Choose(Choose),
    Stop(Stop),
    Completions(Completions),
    Man(Man),
}

/// Download what a torrent file describes, or a magnet link names
///
/// The files land in DIR, each piece verified before it is written. What is already there is checked and kept, so
/// the same command goes on where it was interrupted. A file that is in the way, and of which nothing is the torrent's,
/// is left alone, and the download refused; one that is longer than the torrent's, and has something of it, is cut. Ends
/// when everything is complete, unless --seed, --seed-ratio or --seed-time is given.
///
/// Several torrents share one port and the limits. One that fails is named, and the others go on.
///
/// A file has the torrent's own name for it. Only what is dangerous anywhere is changed in that. Where the file system
/// cannot keep the name, or the file is there already under a name that every system can keep, that one is used.
#[derive(Clone, Debug, Args)]
pub(crate) struct Download {
    /// The torrent file or the magnet link, or several; - reads a file from stdin
    #[arg(required = true, value_name = "TORRENT|MAGNET", value_hint = ValueHint::FilePath)]
    pub(crate) torrents: Vec<PathBuf>,
    /// The folder that receives the torrents' files or folders [default: here]. If it is such a folder
    /// itself, with a file of the torrent in it, the one around it is taken
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) names: FileNames,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) memory: Memory,
    /// Write over files that are in the way, even if nothing in them is the torrent's
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) network: Network,
    /// Go on seeding when the download is complete, until Ctrl-C
    #[arg(long, overrides_with = "no_seed")]
    pub(crate) seed: bool,
    /// End when the download is complete (the default)
    #[arg(long, overrides_with = "seed", conflicts_with_all = ["seed_ratio", "seed_time"])]
    pub(crate) no_seed: bool,
    #[command(flatten)]
    pub(crate) until: SeedUntil,
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Download at most so many bytes a second, all torrents together; K, M, G are powers of 1024
    #[arg(long, value_name = "R", value_parser = values::rate)]
    pub(crate) limit_down: Option<u64>,
    #[command(flatten)]
    pub(crate) upload: Upload,
    #[command(flatten)]
    pub(crate) record: Record,
    #[command(flatten)]
    pub(crate) face: Face,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// Give torrents' files to others, until Ctrl-C
///
/// Or until --seed-ratio or --seed-time is reached.
///
/// The files are checked first, unless it is remembered that they are good. If anything of a torrent is missing or wrong,
/// nothing of it is given, but with --partial: `verify` names the files. Several torrents share one port and the limit.
#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// The torrent file, or several; - reads one from stdin
    #[arg(required = true, value_name = "TORRENT", value_hint = ValueHint::FilePath)]
    pub(crate) torrents: Vec<PathBuf>,
    /// The folder that holds the torrents' files or folders; a torrent's own file or folder is taken
    /// for the one around it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: PathBuf,
    /// Give what is there, though not all of the torrent is
    #[arg(long)]
    pub(crate) partial: bool,
    /// Show each peer a piece or two at a time, until everything has come out once (BEP 16): for the only
    /// seed of a crowd, whose line is then used for nothing twice; one or two peers wait longer
    #[arg(long, conflicts_with = "partial")]
    pub(crate) super_seed: bool,
    #[command(flatten)]
    pub(crate) names: FileNames,
    #[command(flatten)]
    pub(crate) memory: Memory,
    #[command(flatten)]
    pub(crate) network: Network,
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) until: SeedUntil,
    #[command(flatten)]
    pub(crate) upload: Upload,
    #[command(flatten)]
    pub(crate) record: Record,
    #[command(flatten)]
    pub(crate) face: Face,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// What is remembered of a torrent in a folder from one start to the next.
#[derive(Clone, Debug, Args)]
pub(crate) struct Memory {
    /// Read everything that is on disk, though it is remembered to be good
    #[arg(long)]
    pub(crate) check: bool,
    /// So long after it was written something is made durable, beside the download, and the next start need not read it
    /// again; `never` leaves it to the system, and the next start reads everything
    #[arg(long, value_name = "T", default_value = "5s", value_parser = values::sync)]
    pub(crate) sync: values::Sync,
    /// The folder that remembers [default: kostorrent in $XDG_STATE_HOME, or in what stands for it on this system]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) state: Option<PathBuf>,
}

/// Which files are downloaded, and how they get their space.
#[derive(Clone, Debug, Args)]
pub(crate) struct Choice {
    /// Only these files: numbers as `show` lists them, ranges, paths, folders and patterns, separated by commas, such as
    /// '1,3-5,**/*.pdf'. ENTRY:high comes first, ENTRY:low last, !ENTRY is left out [default: as chosen before, or all]
    #[arg(long, value_name = "LIST")]
    pub(crate) files: Option<String>,
    /// Choose the files on the terminal
    #[arg(long)]
    pub(crate) choose: bool,
    /// How files get their space on the disk
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Allocation::Sparse)]
    pub(crate) allocate: Allocation,
}

impl Choice {
    /// Whether not simply all files are wanted.
    pub(crate) fn is_made(&self) -> bool {
        self.choose || self.files.is_some()
    }
}

/// How files get their space on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Allocation {
    /// Full length at once, and space as it is written to
    Sparse,
    /// All space at once: a disk without room is told before the first byte
    Full,
    /// A file grows as it comes
    None,
}

/// When seeding ends by itself.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct SeedUntil {
    /// Seed until so many bytes were sent for each byte of the torrent, as 1.5
    #[arg(long, value_name = "N", value_parser = values::ratio)]
    seed_ratio: Option<Ratio>,
    /// Seed for so long once everything is there: 90s, 30m, 12h, 7d; a plain number is minutes
    #[arg(long, value_name = "T", value_parser = values::span)]
    seed_time: Option<Duration>,
}

impl SeedUntil {
    /// Whichever is reached first.
    pub(crate) fn goal(&self) -> Goal {
        Goal {
            ratio: self.seed_ratio,
            time: self.seed_time,
        }
    }
}

/// What files are called on disk.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FileNames {
    /// Use only names that every system can keep
    #[arg(long)]
    pub(crate) portable_names: bool,
}

/// Where others find us, and whom we call ourselves.
#[derive(Clone, Debug, Args)]
pub(crate) struct Network {
    /// The port to listen on [default: a free one]
    #[arg(long, value_name = "P")]
    pub(crate) port: Option<u16>,
    /// The network interface that everything goes through or nothing goes at all: peers, trackers, names. Where it
    /// vanishes, transfers wait for it
    ///
    /// One that is named by an address uses that address alone. On Linux and macOS sockets are bound to the interface
    /// itself, on other systems to its address, and the system's routes decide. Names are asked, over the interface, of the
    /// servers in /etc/resolv.conf, or of those that systemd-resolved asks; where there is no such file, as on Windows, a
    /// tracker or peer has to be given by its address. Local discovery is off. What the system itself answers to late packets
    /// of a connection that is gone follows its routes: to be sure of that, too, use a firewall or a network namespace.
    #[arg(long, value_name = "NAME|ADDRESS")]
    interface: Option<Interface>,
    /// The SOCKS5 proxy that everything goes through or nothing goes at all: socks5://[USER:PASSWORD@]HOST:PORT. Nobody can
    /// call then, and what goes by UDP alone is off
    ///
    /// It looks up the names of trackers; peers have to be given by their addresses. Its own name is looked up here.
    #[arg(long, value_name = "URL", conflicts_with = "port")]
    proxy: Option<Proxy>,
    /// A peer to connect to, beside those the trackers name: HOST:PORT or [IPv6]:PORT; may be repeated
    #[arg(long = "peer", value_name = "ADDR")]
    peers: Vec<PeerAddr>,
    /// Whether connections to peers are encrypted: against those who slow down what looks like BitTorrent; it hides
    /// nothing from who knows the torrent, and not who talks to whom
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Encryption::Allow)]
    encryption: Encryption,
    /// A node of the DHT to begin from, in place of the well-known ones: HOST:PORT or [IPv6]:PORT; may be repeated.
    /// `none` is none
    #[arg(long = "dht-router", value_name = "ADDR", value_parser = values::router)]
    routers: Vec<Router>,
}

/// Which connections to peers are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Encryption {
    /// Those whose other side wants it
    Allow,
    /// All, and to the end; who cannot is not talked to
    Require,
    /// None
    Off,
}

impl Network {
    /// The peers whose addresses are known.
    pub(crate) fn peers(&self) -> Vec<SocketAddr> {
        self.peers.iter().filter_map(PeerAddr::known).collect()
    }

    /// By which way everything goes.
    pub(crate) fn route(&self) -> Route {
        Route {
            interface: self.interface.clone(),
            proxy: self.proxy.clone(),
        }
    }

    /// Which connections are encrypted.
    pub(crate) fn encryption(&self) -> Policy {
        match self.encryption {
            Encryption::Allow => Policy::Allow,
            Encryption::Require => Policy::Require,
            Encryption::Off => Policy::Off,
        }
    }

    /// Those whose addresses have to be looked up, by name and port.
    pub(crate) fn names(&self) -> Vec<(String, u16)> {
        let names = self.peers.iter().filter_map(PeerAddr::name);
        names.map(|(name, port)| (name.to_owned(), port)).collect()
    }

    /// How to take part in the DHT, if that is wanted; `state` is the folder that keeps whom it knew.
    pub(crate) fn dht(
        &self,
        sources: Sources,
        state: Option<PathBuf>,
    ) -> Result<Option<DhtOptions>, Failure> {
        if sources.no_dht {
            return Ok(None);
        }
        let routers = match self.routers.is_empty() {
            true => environment::routers()?,
            false => Some(self.routers.clone()),
        };
        let routers = routers.map_or_else(Routers::default, |all| {
            Routers::Named(all.into_iter().filter_map(Router::addr).collect())
        });
        Ok(Some(DhtOptions { routers, state }))
    }
}

/// Where peers come from, beside the trackers.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Sources {
    /// Neither search the DHT for peers nor take part in it (BEP 5); for a private torrent nobody does
    #[arg(long)]
    pub(crate) no_dht: bool,
    /// Do not tell peers of each other, nor listen when they do (BEP 11); a private torrent never does
    #[arg(long)]
    pub(crate) no_pex: bool,
    /// Neither look on the local network for who has the same torrents nor tell it of ours (BEP 14); for a private
    /// torrent nobody does
    #[arg(long)]
    pub(crate) no_lsd: bool,
}

impl Sources {
    /// Who is asked and told.
    pub(crate) fn sources(self) -> node::Sources {
        node::Sources {
            dht: !self.no_dht,
            local: !self.no_lsd,
            exchange: !self.no_pex,
        }
    }
}

/// What may be given away.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Upload {
    /// Upload at most so many bytes a second, all torrents together; K, M, G are powers of 1024
    #[arg(long, value_name = "R", value_parser = values::rate)]
    pub(crate) limit_up: Option<u64>,
}

/// Whether what happens is written down.
#[derive(Clone, Debug, Args)]
pub(crate) struct Record {
    /// Record into FILE what happens, without payload, for `kostorrent replay`; an old recording there is replaced
    ///
    /// Addresses, peer ids and trackers stand in it, with the keys that trackers' URLs may hold: see --anonymous.
    #[arg(long = "record", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// Record made-up addresses, peer ids and names in place of the real ones, and no URLs
    #[arg(long, requires = "file")]
    pub(crate) anonymous: bool,
}

/// How a running torrent shows itself.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Face {
    /// Print nothing but errors
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Print events on stdout, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Say what limits the speed, as often as it changes (a terminal always shows it)
    #[arg(long)]
    pub(crate) explain: bool,
}

/// What goes on inside, for whoever looks for a fault.
#[derive(Clone, Debug, Args)]
pub(crate) struct Log {
    /// Log on stderr: error, warn, info, debug or trace, or a filter such as kostorrent::node=debug
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

/// Check the files on disk against a torrent file
///
/// Reads every piece with all processors. Names each file that is missing or wrong, and then exits with 1.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The torrent file; - reads it from stdin
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) torrent: PathBuf,
    /// The folder that holds the torrent's file or folder; that file or folder itself is taken for the
    /// one around it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) names: FileNames,
    /// Print the result on stdout, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Tell what is in a torrent file, or behind a magnet link
///
/// For a torrent file no network is used and nothing is written. What a magnet link names is fetched from those who have
/// it: all that a torrent file says, and nothing of the files themselves.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The torrent file or the magnet link; - reads a file from stdin
    #[arg(value_name = "TORRENT|MAGNET", value_hint = ValueHint::FilePath)]
    pub(crate) torrent: PathBuf,
    /// Ask the trackers how many have it, and print that alone: of each, seeders, leechers, and how often it was
    /// completed
    #[arg(long, conflicts_with = "output")]
    pub(crate) scrape: bool,
    /// Write the torrent file of a magnet link there; - is stdout, and nothing else is printed
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Write over a torrent file that is there
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) network: Network,
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Print nothing of what is going on while the network is used
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) names: FileNames,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Make a torrent file of a file or a folder
///
/// The same files give the same info-hash, on every system. Symbolic links, sockets and devices are left out and said,
/// and so are .DS_Store, Thumbs.db and desktop.ini, and the torrent file itself where it lies in the folder. A name that
/// is dangerous, such as one with a `\` in it, is refused; one that not every system can keep is taken, and it is said.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The file or folder to share
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: PathBuf,
    /// Where to write the torrent file; - is stdout, and the rest then goes to stderr [default: NAME.torrent, here]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// A tracker; each one is a tier of its own, and `URL,URL` is one tier of several
    ///
    /// A comma separates two URLs only where the next begins with a scheme, as `http://` is one; any other belongs to the
    /// URL. Write %2C for one that must not separate.
    #[arg(short, long = "announce", value_name = "URL", value_parser = values::tier)]
    pub(crate) announce: Vec<Tier>,
    /// Bytes in a piece, a power of two, with K or M: 16K to 256M [default: by size]
    #[arg(short = 'l', long, value_name = "N", value_parser = values::piece_length)]
    pub(crate) piece_length: Option<PieceLength>,
    /// Ask clients to find peers by the trackers alone (BEP 27)
    #[arg(short, long)]
    pub(crate) private: bool,
    /// A web server that has the same files (BEP 19); may be repeated
    #[arg(short, long = "web-seed", value_name = "URL", value_parser = values::web_url)]
    pub(crate) web_seeds: Vec<String>,
    /// A comment for whoever opens the torrent
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// A word that makes the info-hash another one, as some trackers ask
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) source: Option<String>,
    /// The torrent's name [default: that of the file or folder]
    #[arg(short, long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The creation date: seconds since 1970 or YYYY-MM-DD [default: SOURCE_DATE_EPOCH, or now]
    #[arg(long, value_name = "DATE", value_parser = values::date, conflicts_with = "no_date")]
    pub(crate) date: Option<Date>,
    /// Leave the creation date out
    #[arg(long)]
    pub(crate) no_date: bool,
    /// Leave out what matches, as *.tmp, build/ or src/**/*.o; may be repeated
    ///
    /// A pattern without / is compared with the name of each file and folder, one with / with the path inside PATH; one
    /// that ends with / is for folders alone. With a folder, all below it is left out. * and ? stand for anything but /,
    /// ** for any folders, [ab] and {a,b} for one of several. Upper and lower case differ.
    #[arg(short = 'x', long, value_name = "GLOB", value_parser = Pattern::parse)]
    pub(crate) exclude: Vec<Pattern>,
    /// Take .DS_Store, Thumbs.db and desktop.ini, too
    #[arg(long)]
    pub(crate) all: bool,
    /// Take what symbolic links lead to, also outside PATH
    #[arg(long)]
    pub(crate) follow_links: bool,
    /// Write over an existing torrent file, and over nothing else
    ///
    /// It is replaced when the new one is complete. Where it is a symbolic link, the file that it leads to is replaced.
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Print the result on stdout as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print the completions for a shell
///
/// For bash: `kostorrent completions bash > ~/.local/share/bash-completion/completions/kostorrent`
///
/// For fish: `kostorrent completions fish > ~/.config/fish/completions/kostorrent.fish`
///
/// For zsh: `kostorrent completions zsh > DIR/_kostorrent`, where DIR is one of zsh's `$fpath`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Print the man page, or write a page for each command
///
/// To read it: `kostorrent man | man -l -`
///
/// To keep them: `kostorrent man --output ~/.cargo/share/man/man1`, and then `man kostorrent` and `man
/// kostorrent-download`. Of a program in ~/.cargo/bin man looks there, of one in ~/.local/bin in ~/.local/share/man
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write kostorrent.1, kostorrent-download.1 and so on into this folder; older pages there are replaced
    #[arg(short, long, alias = "out", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
}

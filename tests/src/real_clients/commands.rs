//! How each real client is called, with places for the examination to fill in.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::programs;

/// A client that is installed.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name.
    pub name: &'static str,
    /// What it calls its version.
    pub version: String,
    /// The command that downloads.
    pub download: Vec<String>,
    /// The command that seeds.
    pub seed: Vec<String>,
    /// The address at which it is examined, in a network of its own, if it calls no loopback address.
    pub host: Option<&'static str>,
}

/// All that are known, as far as they are installed; the names of the others.
#[must_use]
pub fn all() -> (Vec<Client>, Vec<&'static str>) {
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for (name, client) in [
        ("aria2", aria2()),
        ("libtorrent", libtorrent()),
        ("Transmission", transmission()),
        ("qBittorrent", qbittorrent()),
        ("rqbit", rqbit()),
    ] {
        match client {
            Some(client) => there.push(client),
            None => missing.push(name),
        }
    }
    (there, missing)
}

/// The first word with a digit that a program says of itself.
fn version(program: &str, option: &str) -> Option<String> {
    let output = Command::new(program).arg(option).output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let is_version = |word: &&str| {
        let digits = word.trim_start_matches('v');
        digits.starts_with(|c: char| c.is_ascii_digit()) && digits.contains('.')
    };
    let word = said.split_whitespace().find(is_version)?;
    Some(
        word.trim_start_matches('v')
            .trim_end_matches([',', ')'])
            .to_owned(),
    )
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn aria2() -> Option<Client> {
    const QUIET: &str = "aria2c --no-conf --enable-dht6=false --bt-enable-lpd=false --file-allocation=none \
        --summary-interval=0 --show-console-readout=false --seed-ratio=0.0 --listen-port={port} \
        --enable-dht=true --dht-listen-port={port} --dht-entry-point={router}";
    Some(Client {
        name: "aria2",
        version: version("aria2c", "--version")?,
        download: words(&format!("{QUIET} --dir={{output}} {{torrents}} {{magnet}}")),
        seed: words(&format!(
            "{QUIET} --check-integrity=true --dir={{data}} {{torrent}}"
        )),
        host: None,
    })
}

fn libtorrent() -> Option<Client> {
    let python = programs::shared().join("venv/bin/python");
    let ask = Command::new(&python)
        .args(["-c", "import libtorrent; print(libtorrent.__version__)"])
        .output()
        .ok()?;
    let version = String::from_utf8(ask.stdout).ok()?.trim().to_owned();
    let start = |folder: &str, what: &[&str]| {
        let client = programs::root().join("tests/peers/libtorrent_client.py");
        let start: [PathBuf; 2] = [python.clone(), client];
        let start = start.iter().map(|path| path.display().to_string());
        let place = [folder, "127.0.0.1", "{port}", "{router}"];
        let rest = place.iter().chain(what).map(ToString::to_string);
        start.chain(rest).collect()
    };
    (!version.is_empty()).then(|| Client {
        name: "libtorrent",
        version,
        download: start("{output}", &["{torrent}", "{magnet}"]),
        seed: start("{data}", &["{torrent}"]),
        host: None,
    })
}

/// A shell that makes a folder for settings beside the other one, and then becomes the client: `$folder` is for the files,
/// `$port` the port to listen on, `$router` the node of the DHT to begin from, and what is left are the torrents, or the link.
fn by_shell(script: &str, folder: &str, places: &[&str]) -> Vec<String> {
    let names = places.iter().map(|place| place.trim_matches(['{', '}']));
    let (mut set, mut count) = (String::from("folder=$1"), 1);
    for name in names {
        count += 1;
        let _ = write!(set, " {name}=${count}");
    }
    let script = format!("{set}; shift {count}\n{script}");
    let start = ["sh", "-c", &script, "sh", folder].into_iter();
    let words = start.chain(places.iter().copied()).chain(["{torrents}"]);
    let link = (folder == "{output}").then_some("{magnet}");
    words.chain(link).map(str::to_owned).collect()
}

/// The daemon, which finds its torrents in a folder, and hears of links by its remote control. `transmission-cli` starts each
/// torrent twice, so that its first announce says `stopped`.
fn transmission() -> Option<Client> {
    const HOST: &str = "10.1.0.1";
    const SCRIPT: &str = r#"
        mkdir -p "$folder" "$XDG_STATE_HOME/watched"
        control=127.0.0.1:$((port + 20000))
        case "$1" in
            magnet:*) { until transmission-remote "$control" --add "$1" >&2; do sleep 0.1; done & } ;;
            *) cp "$@" "$XDG_STATE_HOME/watched" ;;
        esac
        echo "${router%:*} ${router##*:}" > "$XDG_STATE_HOME/dht.bootstrap"
        cat > "$XDG_STATE_HOME/settings.json" <<END
{ "bind-address-ipv4": "{{host}}", "bind-address-ipv6": "::1", "peer-port": $port, "dht-enabled": true,
  "lpd-enabled": false, "pex-enabled": true, "utp-enabled": false, "encryption": 1, "cache-size-mb": 0,
  "port-forwarding-enabled": false, "download-dir": "$folder",
  "rpc-enabled": true, "rpc-bind-address": "127.0.0.1", "rpc-port": ${control#*:},
  "watch-dir": "$XDG_STATE_HOME/watched", "watch-dir-enabled": true }
END
        HOME="$XDG_STATE_HOME" exec transmission-daemon --foreground --config-dir "$XDG_STATE_HOME""#;
    let script = SCRIPT.replace("{{host}}", HOST);
    Some(Client {
        name: "Transmission",
        version: version("transmission-daemon", "--version")?,
        download: by_shell(&script, "{output}", &["{port}", "{router}"]),
        seed: by_shell(&script, "{data}", &["{port}", "{router}"]),
        host: Some(HOST),
    })
}

/// It cannot be told from which node of the DHT to begin: that is off.
fn qbittorrent() -> Option<Client> {
    const SCRIPT: &str = r#"
        mkdir -p "$XDG_STATE_HOME/qBittorrent/config"
        cat > "$XDG_STATE_HOME/qBittorrent/config/qBittorrent.conf" <<END
[LegalNotice]
Accepted=true
[BitTorrent]
Session\Port=$port
Session\Interface=lo
Session\InterfaceName=lo
Session\DHTEnabled=false
Session\LSDEnabled=false
Session\PeXEnabled=true
Session\uTPEnabled=false
Session\BTProtocol=TCP
Session\Encryption=0
Session\MultiConnectionsPerIp=true
Session\QueueingSystemEnabled=false
Session\BlockPeersOnPrivilegedPorts=false
[Network]
PortForwardingEnabled=false
[Preferences]
Connection\ResolvePeerCountries=false
END
        TMPDIR="$XDG_STATE_HOME" exec qbittorrent-nox --profile="$XDG_STATE_HOME" --save-path="$folder" --webui-port=$((port + 20000)) --skip-dialog=true --add-paused=false "$@""#;
    Some(Client {
        name: "qBittorrent",
        version: version("qbittorrent-nox", "--version")?,
        download: by_shell(SCRIPT, "{output}", &["{port}"]),
        seed: by_shell(SCRIPT, "{data}", &["{port}"]),
        host: None,
    })
}

fn rqbit() -> Option<Client> {
    // It announces no port of its own when it listens on loopback.
    const QUIET: &str = "rqbit --disable-dht-persistence --dht-bootstrap-addrs {router} --disable-lsd --disable-upnp-port-forward --ipv4-only --listen-ip 127.0.0.1 \
        --listen-port {port} --announce-port {port} --http-api-listen-addr 127.0.0.1:0 download --overwrite";
    Some(Client {
        name: "rqbit",
        version: version("rqbit", "--version")?,
        download: words(&format!(
            "{QUIET} --output-folder {{output}} {{torrent}} {{magnet}}"
        )),
        seed: words(&format!("{QUIET} --output-folder {{data}} {{torrent}}")),
        host: None,
    })
}

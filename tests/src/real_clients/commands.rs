//! How each real client is called, with places for the examination to fill in.

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
    const QUIET: &str = "aria2c --no-conf --enable-dht=false --enable-dht6=false --bt-enable-lpd=false \
        --enable-peer-exchange=false --file-allocation=none --summary-interval=0 --show-console-readout=false \
        --seed-ratio=0.0 --listen-port={port}";
    Some(Client {
        name: "aria2",
        version: version("aria2c", "--version")?,
        download: words(&format!("{QUIET} --dir={{output}} {{torrents}}")),
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
    let start = |what: &str, folder: &str| {
        let peer = programs::root().join("tests/peers/libtorrent_peer.py");
        let start: [PathBuf; 2] = [python.clone(), peer];
        let start = start.iter().map(|path| path.display().to_string());
        let rest = [what, "{torrent}", folder, "127.0.0.1", "{port}"];
        start.chain(rest.map(str::to_owned)).collect()
    };
    (!version.is_empty()).then(|| Client {
        name: "libtorrent",
        version,
        download: start("trade", "{output}"),
        seed: start("seed", "{data}"),
        host: None,
    })
}

/// A shell that makes a folder for settings beside the other one, and then becomes the client: `$folder` is for the files,
/// `$port` the port to listen on, and what is left are the torrents.
fn by_shell(script: &str, folder: &str) -> Vec<String> {
    let script = format!("folder=$1 port=$2; shift 2\n{script}");
    ["sh", "-c", &script, "sh", folder, "{port}", "{torrents}"]
        .map(str::to_owned)
        .into()
}

/// The daemon, which finds its torrents in a folder. `transmission-cli` starts each torrent twice, so that its first announce
/// says `stopped`.
fn transmission() -> Option<Client> {
    const HOST: &str = "10.1.0.1";
    const SCRIPT: &str = r#"
        mkdir -p "$folder" "$XDG_STATE_HOME/watched"
        cp "$@" "$XDG_STATE_HOME/watched"
        cat > "$XDG_STATE_HOME/settings.json" <<END
{ "bind-address-ipv4": "{{host}}", "bind-address-ipv6": "::1", "peer-port": $port, "dht-enabled": false,
  "lpd-enabled": false, "pex-enabled": false, "utp-enabled": false, "encryption": 0, "cache-size-mb": 0,
  "port-forwarding-enabled": false, "rpc-enabled": false, "download-dir": "$folder",
  "watch-dir": "$XDG_STATE_HOME/watched", "watch-dir-enabled": true }
END
        HOME="$XDG_STATE_HOME" exec transmission-daemon --foreground --config-dir "$XDG_STATE_HOME""#;
    let script = SCRIPT.replace("{{host}}", HOST);
    Some(Client {
        name: "Transmission",
        version: version("transmission-daemon", "--version")?,
        download: by_shell(&script, "{output}"),
        seed: by_shell(&script, "{data}"),
        host: Some(HOST),
    })
}

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
Session\PeXEnabled=false
Session\uTPEnabled=false
Session\BTProtocol=TCP
Session\Encryption=2
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
        download: by_shell(SCRIPT, "{output}"),
        seed: by_shell(SCRIPT, "{data}"),
        host: None,
    })
}

fn rqbit() -> Option<Client> {
    // It announces no port of its own when it listens on loopback.
    const QUIET: &str = "rqbit --disable-dht --disable-lsd --disable-upnp-port-forward --ipv4-only --listen-ip 127.0.0.1 \
        --listen-port {port} --announce-port {port} --http-api-listen-addr 127.0.0.1:0 download --overwrite";
    Some(Client {
        name: "rqbit",
        version: version("rqbit", "--version")?,
        download: words(&format!("{QUIET} --output-folder {{output}} {{torrent}}")),
        seed: words(&format!("{QUIET} --output-folder {{data}} {{torrent}}")),
        host: None,
    })
}

//! A real browser, without a window: Chromium, driven by the DevTools protocol over a pair of pipes.
//!
//! No library and no port: messages are JSON with a zero byte after each, written to the browser's descriptor 3 and read
//! from its descriptor 4.

pub mod base64;

use std::env;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{self, Process};
use crate::wait::PATIENCE;

/// How the browser may be called.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Nothing that asks the network or the desktop.
const FLAGS: [&str; 15] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--log-level=3",
    "--remote-debugging-pipe",
];

/// The browser's program, if it is installed.
#[must_use]
pub fn program() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    NAMES.iter().find_map(|name| {
        env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    })
}

/// A browser with one page open. It ends when dropped.
pub struct Browser {
    process: Process,
    to: File,
    from: Receiver<Value>,
    /// The open page's session.
    session: Option<String>,
    number: u64,
    /// What the page complained about since it was last asked.
    complaints: Vec<String>,
    /// How often a page has finished loading.
    loaded: u64,
    _folder: tempfile::TempDir,
}

/// How large a page is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its width in CSS pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// Whether it is a phone.
    pub phone: bool,
}

impl Browser {
    /// Starts the browser.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(program: &Path) -> Browser {
        let folder = crate::temp();
        let (input, output) = (folder.path().join("in"), folder.path().join("out"));
        let made = Command::new("mkfifo").args([&input, &output]).status();
        assert!(made.expect("mkfifo runs").success(), "mkfifo");
        let mut command = process::command("/bin/sh");
        command
            .arg("-c")
            .arg(r#"in=$1 out=$2; shift 2; exec "$@" 3<"$in" 4>"$out""#)
            .arg("sh")
            .args([&input, &output])
            .arg(program)
            .args(FLAGS)
            .arg(format!(
                "--user-data-dir={}",
                folder.path().join("profile").display()
            ))
            .arg("about:blank")
            .env("HOME", folder.path());
        let process = Process::start("the browser", &mut command);
        // The shell opens them in this order, and each waits for the other side.
        let to = File::options()
            .write(true)
            .open(&input)
            .expect("the pipe to the browser");
        let from = File::open(&output).expect("the pipe from the browser");
        let mut browser = Browser {
            process,
            to,
            from: messages(from),
            session: None,
            number: 0,
            complaints: Vec::new(),
            loaded: 0,
            _folder: folder,
        };
        browser.open_page();
        browser
    }

    fn open_page(&mut self) {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = self.call(
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        );
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Shows pages on such a screen from now on.
    ///
    /// # Panics
    ///
    /// When the browser does not answer.
    pub fn screen(&mut self, screen: Screen) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({
                "width": screen.width,
                "height": screen.height,
                "deviceScaleFactor": 1,
                "mobile": screen.phone,
            }),
        );
    }

    /// Goes to a page and waits until it is there, its fonts included.
    ///
    /// # Panics
    ///
    /// When it does not load.
    pub fn go(&mut self, url: &str) {
        let before = self.loaded;
        let went = self.call("Page.navigate", json!({ "url": url }));
        assert!(went["errorText"].is_null(), "{url}: {}", went["errorText"]);
        let start = Instant::now();
        while self.loaded == before {
            assert!(start.elapsed() < PATIENCE, "{url} does not load");
            self.receive(Duration::from_millis(100));
        }
        self.run("document.fonts.ready.then(() => true)");
    }

    /// Goes to a file.
    ///
    /// # Panics
    ///
    /// When it does not load.
    pub fn open(&mut self, file: &Path) {
        self.go(&format!("file://{}", file.display()));
    }

    /// Runs a script in the page and returns its value; a promise is waited for.
    ///
    /// # Panics
    ///
    /// When the script throws.
    pub fn run(&mut self, script: &str) -> Value {
        let mut answer = self.call(
            "Runtime.evaluate",
            json!({ "expression": script, "awaitPromise": true, "returnByValue": true }),
        );
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "the script fails: {thrown}");
        answer["result"]["value"].take()
    }

    /// Presses a key, as a reader does who has no mouse: `Enter`, `Space`, `Tab`, or one of the arrows.
    ///
    /// # Panics
    ///
    /// When there is no such key here.
    pub fn press(&mut self, key: &str) {
        let code = key;
        let (key, number, text) = match key {
            "Enter" => ("Enter", 13, "\r"),
            "Space" => (" ", 32, " "),
            "Tab" => ("Tab", 9, ""),
            "ArrowLeft" => ("ArrowLeft", 37, ""),
            "ArrowUp" => ("ArrowUp", 38, ""),
            "ArrowRight" => ("ArrowRight", 39, ""),
            "ArrowDown" => ("ArrowDown", 40, ""),
            _ => panic!("no key {key}"),
        };
        let kind = if text.is_empty() {
            "rawKeyDown"
        } else {
            "keyDown"
        };
        for kind in [kind, "keyUp"] {
            let mut event =
                json!({ "type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number });
            if kind == "keyDown" {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// Types a text where the focus is.
    pub fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Whether pages may run scripts of their own from now on.
    pub fn scripts(&mut self, run: bool) {
        self.call(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": !run }),
        );
    }

    /// Shows pages as they are printed, or as they are on a screen.
    pub fn print(&mut self, printed: bool) {
        let media = if printed { "print" } else { "screen" };
        self.call("Emulation.setEmulatedMedia", json!({ "media": media }));
    }

    /// What the page has complained about since this was last called: errors, warnings, what could not be loaded.
    pub fn complaints(&mut self) -> Vec<String> {
        // An answer comes after all events before it.
        self.run("new Promise(done => setTimeout(() => done(0), 0))");
        std::mem::take(&mut self.complaints)
    }

    /// A picture of the whole page, as PNG.
    ///
    /// # Panics
    ///
    /// When the browser does not make one.
    pub fn picture(&mut self) -> Vec<u8> {
        let answer = self.call(
            "Page.captureScreenshot",
            json!({ "format": "png", "captureBeyondViewport": true }),
        );
        base64::decode(answer["data"].as_str().expect("a picture"))
    }

    /// Calls a method and waits for its answer.
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let number = self.number;
        let mut message = json!({ "id": number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser listens");
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < PATIENCE, "no answer to {method}");
            if let Some(mut answer) = self.receive(Duration::from_secs(1))
                && answer["id"] == json!(number)
            {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
        }
    }

    /// The next message, if one comes in time. Events are noted.
    fn receive(&mut self, limit: Duration) -> Option<Value> {
        let message = match self.from.recv_timeout(limit) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("the browser has ended"),
        };
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Page.loadEventFired") => self.loaded += 1,
            Some("Runtime.exceptionThrown") => {
                let details = &parameters["exceptionDetails"];
                let what = details["exception"]["description"]
                    .as_str()
                    .or(details["text"].as_str());
                self.complaints
                    .push(what.unwrap_or("an exception").to_owned());
            }
            Some("Runtime.consoleAPICalled")
                if matches!(
                    parameters["type"].as_str(),
                    Some("error" | "warning" | "assert")
                ) =>
            {
                self.complaints.push(parameters["args"].to_string());
            }
            Some("Log.entryAdded")
                if matches!(
                    parameters["entry"]["level"].as_str(),
                    Some("error" | "warning")
                ) =>
            {
                let entry = &parameters["entry"];
                let (text, url) = (entry["text"].as_str(), entry["url"].as_str());
                self.complaints
                    .push(format!("{} {}", text.unwrap_or(""), url.unwrap_or("")));
            }
            Some("Network.requestWillBeSent") => {
                let url = parameters["request"]["url"].as_str().unwrap_or("");
                if !["file:", "data:", "about:", "blob:"]
                    .iter()
                    .any(|own| url.starts_with(own))
                {
                    self.complaints.push(format!("asks the network for {url}"));
                }
            }
            _ => {}
        }
        Some(message)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closed by itself it takes its many processes with it.
        let close = b"{\"id\":0,\"method\":\"Browser.close\"}\0";
        if self.to.write_all(close).is_ok() {
            let start = Instant::now();
            while self.process.ended().is_none() && start.elapsed() < Duration::from_secs(10) {
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// The messages from the browser, read by a thread.
fn messages(from: File) -> Receiver<Value> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut bytes = Vec::new();
        while from.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
            bytes.pop();
            let message = serde_json::from_slice(&bytes);
            if message.is_ok_and(|message| sender.send(message).is_err()) {
                break;
            }
            bytes.clear();
        }
    });
    receiver
}

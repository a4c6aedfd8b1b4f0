//! From events to pictures.

use std::time::Duration;

use progress::{
    Activity, Figures, History, Letters, Piece, Role, Text, TimeLeft, View, duration, view,
};

use crate::recording::{self, Event};

/// How many seconds the sparkline remembers.
const SECONDS: usize = 60;

/// What is to be shown after an event.
#[derive(Default)]
pub struct Drawn {
    pub lines_that_stay: Vec<Text>,
    pub picture: Option<Vec<Text>>,
}

/// What is known so far.
pub struct Player {
    name: String,
    pieces: Vec<Piece>,
    /// How many `progress` events there were: one a second.
    seconds: u64,
    history: History,
    time_left: TimeLeft,
}

impl Default for Player {
    fn default() -> Player {
        Player {
            name: String::new(),
            pieces: Vec::new(),
            seconds: 0,
            history: History::new(SECONDS),
            time_left: TimeLeft::new(),
        }
    }
}

impl Player {
    /// Whether anything was to be seen.
    pub fn has_played(&self) -> bool {
        self.seconds > 0
    }

    /// Takes in an event, and says what is to be shown.
    pub fn take(&mut self, event: Event, width: usize, letters: Letters) -> Drawn {
        let mut drawn = Drawn::default();
        match event {
            Event::Start { name } => self.name = name,
            Event::Map { pieces } => self.pieces = pieces.chars().map(piece).collect(),
            Event::Progress(now) => drawn.picture = Some(self.draw(&now, width, letters)),
            Event::Complete { seconds } => {
                let took = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                drawn
                    .lines_that_stay
                    .push(says(&format!("complete after {}", duration(took))));
            }
            Event::Other { message, .. } => {
                let message = message.as_deref().map(says);
                drawn.lines_that_stay.extend(message);
            }
        }
        drawn
    }

    fn draw(&mut self, now: &recording::Figures, width: usize, letters: Letters) -> Vec<Text> {
        let clock = Duration::from_secs(self.seconds);
        self.seconds += 1;
        self.history.note(clock, now.down_rate);
        let figures = Figures {
            name: self.name.clone(),
            activity: match &*now.phase {
                "seeding" => Activity::Seeding,
                "paused" => Activity::Paused,
                "waiting" => Activity::Waiting,
                _ => Activity::Downloading,
            },
            done: now.total_length.saturating_sub(now.left),
            total: now.total_length,
            pieces_done: now.pieces_have,
            pieces: now.pieces,
            down: now.down_rate,
            up: now.up_rate,
            peers: now.peers,
            eta: self.time_left.update(clock, now.left, now.down_rate),
        };
        let all = View {
            figures: &figures,
            pieces: &self.pieces,
            history: &self.history,
            downloaded: now.downloaded,
            uploaded: now.uploaded,
        };
        view(&all, width, letters)
    }
}

/// What a letter of a map stands for.
fn piece(letter: char) -> Piece {
    match letter {
        '#' => Piece::Here,
        'o' => Piece::InFlight,
        '!' => Piece::Rare,
        ' ' => Piece::Unwanted,
        _ => Piece::Missing,
    }
}

/// A sentence. Nothing in it can move the cursor.
fn says(sentence: &str) -> Text {
    let plain: String = sentence
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    let mut text = Text::new();
    text.push(Role::Plain, &plain);
    text
}

//! Four ways to say which pieces one has, heard by the program of this chapter.

use messages::Message;

#[allow(dead_code, reason = "the program uses more of it")]
#[path = "../src/main/conversation.rs"]
mod conversation;

use conversation::Conversation;

/// How many pieces the torrent has.
const PIECES: u32 = 6;

fn main() {
    for (who, says) in peers() {
        println!("{who}");
        let mut bytes = Vec::new();
        for message in says {
            message.encode(&mut bytes);
        }
        let mut conversation = Conversation::new(PIECES);
        match conversation.hear(&bytes, &mut std::io::stdout()) {
            Ok(_) => {
                let has: Vec<String> = conversation
                    .has
                    .iter_ones()
                    .map(|p| p.to_string())
                    .collect();
                println!("  has {}\n", has.join(" "));
            }
            Err(error) => println!("  hang up: {error}\n"),
        }
    }
}

fn peers() -> Vec<(&'static str, Vec<Message>)> {
    vec![
        (
            "By `have` alone:",
            vec![Message::Have(0), Message::Have(1), Message::Have(5)],
        ),
        (
            "Lazy, a bitfield that holds something back:",
            vec![
                Message::Bitfield(vec![0b1011_1000]),
                Message::Have(5),
                Message::Have(1),
            ],
        ),
        (
            "Late, the bitfield after other messages:",
            vec![
                Message::Unchoke,
                Message::Have(5),
                Message::Bitfield(vec![0b1100_0000]),
            ],
        ),
        (
            "Lying, a piece that the torrent does not have:",
            vec![Message::Bitfield(vec![0b1111_1110])],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_are_understood_and_the_liar_is_not() {
        let heard: Vec<Option<u32>> = peers()
            .into_iter()
            .map(|(_, says)| {
                let mut bytes = Vec::new();
                says.iter().for_each(|message| message.encode(&mut bytes));
                let mut conversation = Conversation::new(PIECES);
                conversation.hear(&bytes, &mut Vec::new()).ok()?;
                Some(conversation.has.count())
            })
            .collect();
        assert_eq!(heard, [Some(3), Some(6), Some(3), None]);
    }
}

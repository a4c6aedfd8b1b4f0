//! What is trusted at a start, file by file and in sum.

use std::io::{self, Write};

use layout::{Kind, Layout};
use messages::Bitfield;
use resume::{Judgement, Verdict};

/// So many files are listed.
const LISTED: usize = 20;

/// Prints the table. `vouched` are the pieces of the resume file, if there is one.
pub fn print(
    layout: &Layout,
    judgement: &Judgement,
    vouched: Option<&Bitfield>,
    out: &mut impl Write,
) -> io::Result<()> {
    if judgement
        .files
        .iter()
        .all(|v| matches!(v, Verdict::Gone | Verdict::NoBytes))
    {
        return writeln!(out, "\nnothing of it is on disk\n");
    }
    writeln!(out, "\ntrusted  to read  missing  file")?;
    let mut listed = 0;
    let mut more = 0;
    // Those that are not trusted first: there is more to say of them.
    for wanted in [false, true] {
        for (file, verdict) in judgement.files.iter().enumerate() {
            let is_file = matches!(layout.files()[file].kind, Kind::Regular { .. });
            if !is_file || verdict.is_trusted() != wanted {
                continue;
            }
            if listed == LISTED {
                more += 1;
                continue;
            }
            listed += 1;
            line(layout, judgement, file, verdict, out)?;
        }
    }
    if more > 0 {
        writeln!(out, "                           and {more} more files")?;
    }
    sums(judgement, vouched, out)
}

fn line(
    layout: &Layout,
    judgement: &Judgement,
    file: usize,
    verdict: &Verdict,
    out: &mut impl Write,
) -> io::Result<()> {
    let pieces = layout.all_pieces_of(file);
    let count = |set: &Bitfield| pieces.clone().filter(|&piece| set.get(piece)).count();
    let (trusted, to_hash) = (count(&judgement.trusted), count(&judgement.to_hash));
    let missing = pieces.len() - trusted - to_hash;
    let path = layout.files()[file].path.display();
    writeln!(
        out,
        "{trusted:>7}  {to_hash:>7}  {missing:>7}  {path}: {verdict}"
    )
}

/// How many pieces, and why.
fn sums(judgement: &Judgement, vouched: Option<&Bitfield>, out: &mut impl Write) -> io::Result<()> {
    let is_vouched = |piece: &u32| vouched.is_some_and(|vouched| vouched.get(*piece));
    let doubted = judgement.to_hash.iter_ones().filter(is_vouched).count();
    let other = judgement.to_hash.count() as usize - doubted;
    let trusted = judgement.trusted.count() as usize;
    let missing = judgement.missing() as usize;
    writeln!(
        out,
        "\n{} trusted: synced before the resume file said so",
        pieces(trusted)
    )?;
    if doubted > 0 {
        writeln!(
            out,
            "{} to read: vouched for, but their file is not as it was",
            pieces(doubted)
        )?;
    }
    let why = match vouched {
        Some(_) => "not vouched for; if written at all, then after the last sync",
        None => "nobody vouches for them",
    };
    if other > 0 {
        writeln!(out, "{} to read: {why}", pieces(other))?;
    }
    if doubted + other == 0 {
        writeln!(out, "{} to read", pieces(0))?;
    }
    writeln!(out, "{} missing\n", pieces(missing))
}

fn pieces(count: usize) -> String {
    let noun = if count == 1 { "piece " } else { "pieces" };
    format!("{count:>7} {noun}")
}

/// So many of these.
pub fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

//! Which block to ask of whom: rarest first, end game.

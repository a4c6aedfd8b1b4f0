//! The door to JavaScript: three functions and the memory.
//!
//! 1. `room(length)` makes room for so many bytes, and says where. The caller writes there: the name
//!    of a call, and its JSON.
//! 2. `call(name)` does it; the first `name` bytes are the name. It says where the answer is.
//! 3. `answered()` says how many bytes the answer has. It stays until the next `room`, which frees
//!    it.
//!
//! The world of WebAssembly has one thread, and numbers are all that can be handed over. No unsafe
//! block is needed for any of it: places are only said, never followed, and what the caller writes
//! is in memory that is there and belongs to a `Vec`.
#![allow(
    unsafe_code,
    reason = "a name that can be called from outside is an unsafe attribute"
)]

use std::cell::RefCell;

use crate::Playground;

#[derive(Default)]
struct Door {
    playground: Playground,
    question: Vec<u8>,
    answer: String,
}

thread_local! {
    static DOOR: RefCell<Door> = RefCell::default();
}

#[unsafe(no_mangle)]
extern "C" fn room(length: usize) -> *mut u8 {
    DOOR.with_borrow_mut(|door| {
        door.answer = String::new();
        door.question = vec![0; length];
        door.question.as_mut_ptr()
    })
}

#[unsafe(no_mangle)]
extern "C" fn call(name: usize) -> *const u8 {
    DOOR.with_borrow_mut(|door| {
        let question = std::mem::take(&mut door.question);
        let (name, json) = question.split_at(name.min(question.len()));
        let (name, json) = (str::from_utf8(name), str::from_utf8(json));
        door.answer = door
            .playground
            .call(name.unwrap_or_default(), json.unwrap_or_default());
        door.answer.as_ptr()
    })
}

#[unsafe(no_mangle)]
extern "C" fn answered() -> usize {
    DOOR.with_borrow(|door| door.answer.len())
}

//! What tasks need to work together: a channel, and to wait for two things at once.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

// ANCHOR: channel
/// A channel with a number of places. Whoever finds it full, or empty, waits.
pub struct Channel<T>(Rc<RefCell<Inner<T>>>);

struct Inner<T> {
    places: usize,
    row: VecDeque<T>,
    closed: bool,
    /// Those who wait for a change.
    waiting: Vec<Waker>,
}

impl<T> Channel<T> {
    /// Puts something in, as soon as there is a place.
    pub async fn send(&self, thing: T) {
        let mut thing = Some(thing);
        poll_fn(|context| {
            let mut inner = self.0.borrow_mut();
            if inner.row.len() == inner.places {
                return inner.wait(context);
            }
            inner.row.extend(thing.take());
            inner.wake();
            Poll::Ready(())
        })
        .await;
    }

    /// Takes the next thing out, as soon as there is one; nothing when it is empty and closed.
    pub async fn recv(&self) -> Option<T> {
        poll_fn(|context| {
            let mut inner = self.0.borrow_mut();
            match inner.row.pop_front() {
                None if !inner.closed => inner.wait(context),
                thing => {
                    inner.wake();
                    Poll::Ready(thing)
                }
            }
        })
        .await
    }
    // ANCHOR_END: channel

    pub fn new(places: usize) -> Channel<T> {
        Channel(Rc::new(RefCell::new(Inner {
            places,
            row: VecDeque::new(),
            closed: false,
            waiting: Vec::new(),
        })))
    }

    /// Nothing more comes.
    pub fn close(&self) {
        let mut inner = self.0.borrow_mut();
        inner.closed = true;
        inner.wake();
    }

    pub fn len(&self) -> usize {
        self.0.borrow().row.len()
    }
}

impl<T> Inner<T> {
    fn wait<R>(&mut self, context: &Context<'_>) -> Poll<R> {
        self.waiting.push(context.waker().clone());
        Poll::Pending
    }

    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

impl<T> Clone for Channel<T> {
    fn clone(&self) -> Channel<T> {
        Channel(self.0.clone())
    }
}

/// Which of two came first.
pub enum First<A, B> {
    One(A),
    Other(B),
}

// ANCHOR: first
/// Waits for both, and goes on with the first. What the other one had begun is dropped.
pub async fn first<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> First<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| {
        if let Poll::Ready(done) = one.as_mut().poll(context) {
            return Poll::Ready(First::One(done));
        }
        other.as_mut().poll(context).map(First::Other)
    })
    .await
}
// ANCHOR_END: first

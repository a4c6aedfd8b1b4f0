//! A tiny executor: it runs tasks, and has a clock that needs no time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

// ANCHOR: executor
/// A function that can stop in the middle. `dyn`: any such function, whatever is in it.
type Task = Pin<Box<dyn Future<Output = ()>>>;

/// The numbers of the tasks that have something to do.
#[derive(Clone, Default)]
struct Ready(Arc<Mutex<VecDeque<usize>>>);

/// What wakes a task: it puts the task's number into the row.
struct Bell {
    task: usize,
    ready: Ready,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ready.row().push_back(self.task);
    }
}

/// All tasks, and a clock.
#[derive(Default)]
pub struct Executor {
    tasks: Vec<Option<Task>>,
    ready: Ready,
    pub clock: Clock,
}

impl Executor {
    /// A new task. It begins when `run` comes to it.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + 'static) {
        self.ready.row().push_back(self.tasks.len());
        self.tasks.push(Some(Box::pin(task)));
    }
    // ANCHOR_END: executor

    // ANCHOR: run
    /// Runs until no task has anything to do, and none sleeps.
    pub fn run(&mut self) {
        loop {
            while let Some(number) = self.ready.next() {
                let (task, ready) = (number, self.ready.clone());
                let waker = Waker::from(Arc::new(Bell { task, ready }));
                let Some(task) = &mut self.tasks[number] else {
                    continue;
                };
                let went_on = task.as_mut().poll(&mut Context::from_waker(&waker));
                if went_on.is_ready() {
                    self.tasks[number] = None;
                }
            }
            if !self.clock.wake_next() {
                return;
            }
        }
    }
    // ANCHOR_END: run
}

impl Ready {
    fn row(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<usize> {
        self.row().pop_front()
    }
}

// ANCHOR: clock
/// What time it is, in milliseconds, and who wants to be woken when.
#[derive(Default)]
struct Times {
    now: u64,
    alarms: Vec<(u64, Waker)>,
}

/// The clock of all tasks.
#[derive(Clone, Default)]
pub struct Clock(Rc<RefCell<Times>>);

impl Clock {
    pub fn now(&self) -> u64 {
        self.0.borrow().now
    }

    /// Waits for so many milliseconds.
    pub fn sleep(&self, millis: u64) -> Sleep {
        Sleep {
            until: self.now() + millis,
            clock: self.clone(),
        }
    }

    /// Everybody waits: so it is as late as the first of them wants it to be.
    fn wake_next(&self) -> bool {
        let mut clock = self.0.borrow_mut();
        let Some(first) = clock.alarms.iter().map(|(until, _)| *until).min() else {
            return false;
        };
        clock.now = first;
        let due = clock.alarms.extract_if(.., |(until, _)| *until <= first);
        due.for_each(|(_, waker)| waker.wake());
        true
    }
}
// ANCHOR_END: clock

// ANCHOR: sleep
/// A wait that is over when the clock says so.
pub struct Sleep {
    until: u64,
    clock: Clock,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut clock = self.clock.0.borrow_mut();
        if clock.now >= self.until {
            return Poll::Ready(());
        }
        clock.alarms.push((self.until, context.waker().clone()));
        Poll::Pending
    }
}
// ANCHOR_END: sleep

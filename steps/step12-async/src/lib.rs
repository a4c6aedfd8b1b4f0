//! One connection as a task: socket, messages, block buffers.

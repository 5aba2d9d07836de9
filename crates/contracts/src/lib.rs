//! What crosses a process boundary: values, commands, replies, events and HTTP bodies.

//! Which HTTP a client speaks that has not said so before: HTTP/2 begins with a preface that is no request of HTTP/1 (RFC 9113 §3.4).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use crate::network::Stream;

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// A connection of which the beginning was read, which comes again.
#[derive(Debug)]
pub(super) struct Begun {
    stream: Stream,
    head: [u8; PREFACE.len()],
    /// How much of the head there is, and how much of that was read again.
    filled: usize,
    again: usize,
}

impl Begun {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, head: [0; PREFACE.len()], filled: 0, again: 0 }
    }

    /// Reads what comes first; `false` if nothing will. Cancel safe.
    ///
    /// # Errors
    /// Those of the connection.
    pub(super) async fn more(&mut self) -> io::Result<bool> {
        let read = self.stream.read(&mut self.head[self.filled..]).await?;
        self.filled += read;
        Ok(read > 0)
    }

    /// Reads until it is clear which version it is, and no further than the preface. A client that ends before that speaks the first, as far as it came.
    ///
    /// # Errors
    /// Those of the connection.
    pub(super) async fn version(&mut self) -> io::Result<Version> {
        while PREFACE.starts_with(&self.head[..self.filled]) {
            if self.filled == PREFACE.len() {
                return Ok(Version::Two);
            }
            if !self.more().await? {
                break;
            }
        }
        Ok(Version::One)
    }
}

impl AsyncRead for Begun {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.again == this.filled {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let left = &this.head[this.again..this.filled];
        let some = &left[..left.len().min(buf.remaining())];
        buf.put_slice(some);
        this.again += some.len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Begun {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

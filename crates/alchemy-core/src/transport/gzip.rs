//! A body whose bytes are packed by gzip.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_compression::tokio::bufread::GzipDecoder;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use tokio_util::io::{StreamReader, poll_read_buf};

use super::direct::Body;

/// How much is unpacked at once.
const PIECE: usize = 16 * 1024;

/// Unpacks a body as it comes.
pub(super) struct Unpacked {
    decoder: GzipDecoder<StreamReader<Packed, Bytes>>,
    piece: BytesMut,
}

/// Why there are no more bytes.
pub(super) enum Broken {
    /// The connection broke.
    Connection(hyper::Error),
    /// What came cannot be unpacked.
    Compression(io::Error),
}

struct Packed(Body);

impl Stream for Packed {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.0
            .poll_bytes(context)
            .map(|bytes| bytes.map(|bytes| bytes.map_err(io::Error::other)))
    }
}

impl Unpacked {
    pub(super) fn new(body: Body) -> Self {
        let mut decoder = GzipDecoder::new(StreamReader::new(Packed(body)));
        decoder.multiple_members(true);
        Unpacked {
            decoder,
            piece: BytesMut::new(),
        }
    }

    /// Polls for the next bytes; None is the end.
    pub(super) fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        self.piece.reserve(PIECE);
        let read = poll_read_buf(Pin::new(&mut self.decoder), context, &mut self.piece);
        read.map(|read| match read {
            Ok(0) => None,
            Ok(_) => Some(Ok(self.piece.split().freeze())),
            Err(error) => Some(Err(match error.downcast::<hyper::Error>() {
                Ok(error) => Broken::Connection(error),
                Err(error) => Broken::Compression(error),
            })),
        })
    }
}

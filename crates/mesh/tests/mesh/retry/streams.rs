//! Streams of HTTP/2 that the server has not looked at, over a connection in memory.

use h2::Reason as Code;
use mesh::retry::never_processed;
use tokio::io::duplex;

use super::*;

/// What a client sees when its second stream is treated so by the server.
async fn seen_by_the_client(server_does: ServerDoes) -> h2::Error {
    let (ours, theirs) = duplex(64 << 10);
    let serving = tokio::spawn(async move {
        let mut connection = h2::server::handshake(theirs).await.expect("a handshake");
        let (_, mut respond) = connection.accept().await.expect("a stream").expect("a stream");
        match server_does {
            ServerDoes::Resets(code) => respond.send_reset(code),
            ServerDoes::Leaves => connection.abrupt_shutdown(Code::NO_ERROR),
        }
        while connection.accept().await.is_some() {}
    });
    let (client, connection) = h2::client::handshake(ours).await.expect("a handshake");
    let driving = tokio::spawn(connection);
    let mut client = client.ready().await.expect("a connection");
    let (answer, _) = client.send_request(Request::new(()), true).expect("a stream");
    let error = match server_does {
        ServerDoes::Resets(_) => answer.await.expect_err("a reset"),
        ServerDoes::Leaves => {
            // The first is the last one that the server has looked at; what comes after it is past the GOAWAY.
            let _ = answer.await;
            client.ready().await.map(drop).expect_err("a connection that is gone")
        }
    };
    drop((serving, driving));
    error
}

#[derive(Clone, Copy)]
enum ServerDoes {
    Resets(Code),
    Leaves,
}

#[tokio::test]
async fn a_stream_that_was_refused_is_made_again_whatever_the_method() {
    let error = seen_by_the_client(ServerDoes::Resets(Code::REFUSED_STREAM)).await;
    assert!(never_processed(&error), "{error}");
    let error = seen_by_the_client(ServerDoes::Resets(Code::INTERNAL_ERROR)).await;
    assert!(!never_processed(&error), "{error}");
}

#[tokio::test]
async fn a_stream_past_a_goaway_is_made_again_whatever_the_method() {
    let error = seen_by_the_client(ServerDoes::Leaves).await;
    assert!(error.is_go_away(), "{error}");
    assert!(never_processed(&error), "{error}");
}

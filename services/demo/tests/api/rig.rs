//! Boots the demo over an in-memory network, and asks it.

use std::net::Ipv4Addr;

use axum::http::HeaderValue;
pub(crate) use chassis::network::Stream;
use chassis::{
    client::{Call, HttpClient, Options, Response},
    config::Env,
    platform::Platform,
    service::Running,
    telemetry::LogHandle,
};
use database::Clock;
use demo::{App, Config};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) struct Rig {
    pub(crate) app: Running,
    pub(crate) platform: Platform,
    client: HttpClient,
    admin: String,
}

/// A demo that is version 2, green, and has these faults.
pub(crate) fn demo(faults: &str) -> Rig {
    let mut config = Config::from_env(&mut Env::from([("FAULTS", faults), ("HOSTNAME", "demo-1")]));
    config.listen = (Ipv4Addr::LOCALHOST, 0).into();
    config.identity.version = HeaderValue::from_static("2");
    config.identity.color = HeaderValue::from_static("green");
    let platform = Platform::simulated(1, Clock::system());
    let mut app = App::build(&config, &platform).unwrap();
    let admin = app.serve_admin((Ipv4Addr::LOCALHOST, 0).into(), LogHandle::detached()).unwrap();
    let client = HttpClient::new(&platform, Options::default());
    Rig { app, platform, client, admin: format!("http://{admin}") }
}

impl Rig {
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Call::get(format!("http://{}{path}", self.app.address()))).await
    }

    pub(crate) async fn admin(&self, path: &str) -> (u16, Value) {
        read(&self.send(Call::get(self.admin_url(path))).await)
    }

    pub(crate) fn admin_url(&self, path: &str) -> String {
        format!("{}{path}", self.admin)
    }

    pub(crate) fn client(&self) -> HttpClient {
        self.client.clone()
    }

    pub(crate) async fn set_faults(&self, faults: &Value) -> (u16, Value) {
        read(&self.send(Call::put(format!("{}/faults", self.admin)).json(faults).unwrap()).await)
    }

    async fn send(&self, call: Call) -> Response {
        self.client.send(call).await.unwrap()
    }

    pub(crate) async fn connect(&self) -> Stream {
        self.platform.network.connect(&self.app.address().to_string()).await.unwrap()
    }
}

fn read(response: &Response) -> (u16, Value) {
    (response.status.as_u16(), response.json().unwrap_or_default())
}

/// Asks over a connection that is kept; the answer up to its body's end.
pub(crate) async fn ask(stream: &mut Stream) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: demo\r\n\r\n").await.unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"}") {
        text.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(text).unwrap()
}

/// All that still comes.
pub(crate) async fn rest(stream: &mut Stream) -> String {
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    text
}

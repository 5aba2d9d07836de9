//! Writes the description of the API, as the services describe it now, to standard output:
//! `cargo run -p switchyard --example openapi > services/gateway/openapi.json`.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let text = switchyard::up::openapi().to_pretty_json().map_err(io::Error::other)?;
    io::stdout().lock().write_all((text + "\n").as_bytes())
}

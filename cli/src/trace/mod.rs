//! `switchyard trace`: everything that was done about an order, as a drawing of who did what, and because of what.

mod draw;
mod paint;
mod rows;
mod terminal;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use chassis::platform::Platform;
use contracts::{OrderId, timeline::Timeline};

use crate::{
    apps::found,
    console::Console,
    failure::{Exit, Failure},
    remote::GatewayArgs,
    styles::{self, Choice, Chosen},
    write::write_json,
};
use draw::Canvas;
use rows::Story;
use terminal::Terminal;

/// How long a gateway may take that puts a timeline together.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// What `trace` can be told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The order's id.
    order: OrderId,

    /// The style that it was placed in. Without it every style that the gateway serves is asked.
    #[arg(long, value_name = "STYLE")]
    style: Option<contracts::Style>,

    /// How many characters a line has; without it as many as the terminal, or 100.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(80..=400))]
    width: Option<u16>,

    /// Draw with plain ASCII, as is done where the locale has nothing else.
    #[arg(long)]
    ascii: bool,

    #[command(flatten)]
    gateway: GatewayArgs,

    /// Write the timeline as JSON to this file, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Draws what was done about an order.
///
/// # Errors
/// There is no such order, or the gateway does not tell.
pub async fn run(args: Args, platform: &Platform, console: &Console) -> Result<Exit, Failure> {
    let (style, told) = find(&args, platform).await?;
    let terminal = Terminal::of(console, args.width.map(usize::from), args.ascii);
    let story = Story::of(&told);
    let title = style.name.map_or_else(String::new, |style| format!(" in the style {style}"));
    console.line(format_args!("order {}{title}: {}", told.order_id, story.summary()));
    let canvas = Canvas::new(&story, terminal.width);
    for line in canvas.lines() {
        console.line(terminal.show(&line));
    }
    console.line(story.totals());
    for warning in &told.warnings {
        console.note(format_args!("{}: {}", warning.code, warning.detail));
    }
    if let Some(file) = &args.json {
        write_json(file, &told)?;
    }
    Ok(Exit::Done)
}

/// The style that has the order, and what is told of it there.
async fn find(args: &Args, platform: &Platform) -> Result<(Chosen, Timeline), Failure> {
    let gateway = args.gateway.connect(platform);
    let choice = args.style.map_or(Choice::All, Choice::One);
    for style in styles::choose(Some(choice), &gateway, None).await? {
        let api = gateway.api(style.prefix, platform.random(), PATIENCE);
        if let Some(told) = found(api.timeline(args.order).await)? {
            return Ok((style, told));
        }
    }
    Err(Failure::failed(format!("there is no order {}", args.order))
        .advise("`GET /v1/orders` lists those that there are; another --gateway may serve another style."))
}

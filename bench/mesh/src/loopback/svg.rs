//! A graph of a budget over time.

use std::fmt::Write;

use super::budget::Edge;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const MARGIN: f64 = 40.0;

/// Attempts beyond the first ones in the window that ends at each edge, below the line of how many there may be.
pub(super) fn graph(edges: &[Edge]) -> String {
    let seconds = edges.iter().map(|edge| edge.seconds).fold(1.0, f64::max);
    let most = edges.iter().map(|edge| edge.at_most.max(edge.again)).fold(1.0, f64::max);
    let line = |value: fn(&Edge) -> f64| {
        let mut points = String::new();
        for edge in edges {
            let x = MARGIN + edge.seconds / seconds * (WIDTH - 2.0 * MARGIN);
            let y = HEIGHT - MARGIN - value(edge) / most * (HEIGHT - 2.0 * MARGIN);
            // Writing to a string cannot fail.
            let _ = write!(points, "{x:.1},{y:.1} ");
        }
        points
    };
    let (allowed, made) = (line(|edge| edge.at_most), line(|edge| edge.again));
    let (low, right) = (HEIGHT - MARGIN, WIDTH - MARGIN);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>
<path d="M{MARGIN} {MARGIN}V{low}H{right}" fill="none" stroke="#888"/>
<text x="{MARGIN}" y="20">further attempts within a window: <tspan fill="#c33">how many there may be</tspan>, <tspan fill="#36c">how many the servers saw</tspan></text>
<text x="4" y="{MARGIN}">{most:.0}</text>
<text x="{right}" y="{HEIGHT}" dy="-20" text-anchor="end">{seconds:.0} s</text>
<polyline points="{allowed}" fill="none" stroke="#c33" stroke-dasharray="4 3"/>
<polyline points="{made}" fill="none" stroke="#36c" stroke-width="2"/>
</svg>
"##
    )
}

//! Curves as SVG: latency by the part of requests, and what happened second by second.

use std::fmt::Write as _;

use super::report::{Row, SecondRow, digits};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 32.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 36.0;

/// Colours that are told apart by those who see few, too (Okabe and Ito).
const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6a00", "#444444"];

/// Colour of a row's curve.
pub fn colour(index: usize) -> &'static str {
    COLOURS[index % COLOURS.len()]
}

/// One curve for each row: how long the fastest 50 %, 90 %, 99 % … took, both axes logarithmic.
pub fn latency(rows: &[Row]) -> String {
    let times = rows.iter().flat_map(|row| row.curve.iter().map(|(_, ms)| *ms));
    let (low, high) = times.fold((f64::MAX, 0f64), |(low, high), ms| (low.min(ms), high.max(ms)));
    let (low, high) = decades(low, high);
    let rarest =
        rows.iter().filter_map(|row| row.curve.last()).map(|(part, _)| -(1.0 - part).log10());
    let nines = rarest.fold(1.0, f64::max).ceil();
    let x = |part: f64| LEFT - (1.0 - part).log10() / nines * (WIDTH - LEFT - RIGHT);
    let y = |ms: f64| {
        let share = (ms.max(low) / low).log10() / (high / low).log10();
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    };
    let mut svg = begin("latency by the part of the requests");
    let mut line = low;
    while line <= high * 1.001 {
        across(&mut svg, y(line), &format!("{} ms", digits(line)));
        line *= 10.0;
    }
    for nine in 0..=nines as i32 {
        let part = 1.0 - 10f64.powi(-nine);
        let percent = format!("{:.*} %", usize::try_from(nine - 2).unwrap_or(0), part * 100.0);
        upright(&mut svg, x(part), &percent);
    }
    for (index, row) in rows.iter().enumerate() {
        let points = row.curve.iter().map(|(part, ms)| (x(*part), y(*ms)));
        curve(&mut svg, colour(index), points);
    }
    svg + "</svg>"
}

/// A value for each second, from nothing up.
pub fn seconds(
    title: &str,
    unit: &str,
    rows: &[SecondRow],
    value: fn(&SecondRow) -> f64,
) -> String {
    let high = rows.iter().map(value).fold(1e-9, f64::max) * 1.05;
    let last = rows.len().saturating_sub(1).max(1) as f64;
    let x = |second: f64| LEFT + second / last * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / high * (HEIGHT - TOP - BOTTOM);
    let mut svg = begin(title);
    for part in 0..=4 {
        let value = high / 1.05 * f64::from(part) / 4.0;
        across(&mut svg, y(value), &format!("{}{unit}", digits(value)));
    }
    for part in 0..=4 {
        let second = last * f64::from(part) / 4.0;
        upright(&mut svg, x(second), &format!("{second:.0} s"));
    }
    // No more points than can be seen.
    let step = rows.len().div_ceil(1_000).max(1);
    let points = rows.chunks(step).enumerate().map(|(index, chunk)| {
        let highest = chunk.iter().map(value).fold(0.0, f64::max);
        (x((index * step) as f64), y(highest))
    });
    curve(&mut svg, colour(0), points);
    svg + "</svg>"
}

/// Powers of ten around what is shown.
fn decades(low: f64, high: f64) -> (f64, f64) {
    let low = 10f64.powf(low.max(0.001).log10().floor());
    let high = 10f64.powf(high.max(low * 1.001).log10().ceil());
    (low, high)
}

fn begin(title: &str) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">")
}

fn across(svg: &mut String, y: f64, text: &str) {
    let end = WIDTH - RIGHT;
    let _ = write!(
        svg,
        "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
        LEFT - 6.0,
        y + 4.0
    );
}

fn upright(svg: &mut String, x: f64, text: &str) {
    let (top, bottom) = (TOP, HEIGHT - BOTTOM);
    let _ = write!(
        svg,
        "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{bottom}\"/>\
         <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
        bottom + 18.0
    );
}

fn curve(svg: &mut String, colour: &str, points: impl Iterator<Item = (f64, f64)>) {
    let points: Vec<String> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = write!(svg, "<polyline stroke=\"{colour}\" points=\"{}\"/>", points.join(" "));
}

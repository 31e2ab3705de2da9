//! A meadow in summer, seen with an open lens: poppies, daisies and cornflowers, sharp in the middle
//! distance and blurred before and behind.

use std::f32::consts::{PI, TAU};
use std::io;

use super::super::file;
use super::super::noise::{Rng, fbm, noise};
use super::super::raster::{Film, Raster, each_row};
use super::super::vector::{V3, smooth, srgb, v3};

const WIDTH: usize = 2000;
const HEIGHT: usize = 2800;

/// Something that is laid on the picture: its bounds in pixels and its coverage and colour at a place.
struct Layer {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    shape: Shape,
    /// Half the width of its soft edge: the lens's blur at its distance.
    blur: f32,
    colour: V3,
}

enum Shape {
    /// A disc of light out of focus.
    Disc { x: f32, y: f32, radius: f32, alpha: f32 },
    /// A blade of grass or a stem: a curve from the foot to the tip.
    Blade { foot: (f32, f32), bend: (f32, f32), tip: (f32, f32), width: f32, taper: f32 },
    /// A flower's head, tilted.
    Head(Head),
}

struct Head {
    x: f32,
    y: f32,
    radius: f32,
    /// Height over width as seen.
    squash: f32,
    turn: f32,
    kind: Kind,
    seed: f32,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Poppy,
    Daisy,
    Cornflower,
}

/// Paints the scene as a JPEG.
pub(in super::super) fn paint() -> io::Result<Vec<u8>> {
    let layers = grow();
    let mut raster = Raster::paint(WIDTH, HEIGHT, background);
    each_row(&mut raster.pixels, WIDTH, |y, row| {
        let py = y as f32 + 0.5;
        for layer in &layers {
            if py >= layer.top && py <= layer.bottom {
                lay_row(layer, py, row);
            }
        }
    });
    let film = Film { exposure: 1.08, grain: 2.4, vignette: 0.30 };
    file::jpeg(WIDTH, HEIGHT, &raster.develop(&film))
}

fn lay_row(layer: &Layer, py: f32, row: &mut [V3]) {
    let (mut left, mut right) = (layer.left, layer.right);
    if let Shape::Blade { foot, bend, tip, width, .. } = &layer.shape {
        // A blade covers little of its box: only the part around its place in this row.
        let near = blade_at(*foot, *bend, *tip, py).0;
        let reach = width + layer.blur + 2.0;
        (left, right) = (near - reach, near + reach);
    }
    let from = left.max(0.0) as usize;
    let to = (right.max(0.0) as usize + 1).min(WIDTH);
    for (x, pixel) in row.iter_mut().enumerate().take(to).skip(from) {
        let (alpha, colour) = cover(layer, x as f32 + 0.5, py);
        if alpha > 0.0 {
            *pixel = pixel.mix(colour, alpha);
        }
    }
}

fn background(x: usize, y: usize) -> V3 {
    let (u, v) = (x as f32 / WIDTH as f32, y as f32 / HEIGHT as f32);
    let far = fbm(u * 2.2 + 3.0, v * 2.6, 3);
    let sky = v3(0.80, 0.90, 0.86).mix(v3(1.15, 1.02, 0.70), smooth(0.9, 0.1, u + v));
    let trees = v3(0.17, 0.30, 0.09).mix(v3(0.42, 0.50, 0.16), far + 0.45);
    let grass = v3(0.16, 0.29, 0.05).mix(v3(0.045, 0.105, 0.018), smooth(0.42, 1.0, v));
    let edge = 0.20 + 0.07 * noise(u * 2.6, 1.0) + 0.03 * noise(u * 7.0, 5.0);
    let colour = sky.mix(trees, smooth(-0.09, 0.08, v - edge));
    let colour = colour.mix(grass * (1.0 + 0.5 * far), smooth(0.30, 0.52, v));
    // Sun through the leaves.
    colour
        + v3(0.50, 0.42, 0.18)
            * (smooth(0.75, 0.0, ((u - 0.12).powi(2) + (v - 0.05).powi(2)).sqrt()) * 0.8)
}

/// Everything that grows, the farthest first. Depth 0 is far, 1 is before the lens.
fn grow() -> Vec<Layer> {
    let mut rng = Rng::new(5);
    let mut layers = Vec::new();
    lights(&mut rng, &mut layers);
    for step in 0..210_u8 {
        let depth = (f32::from(step) / 209.0).powf(0.85);
        let scale = 0.20 + 0.95 * depth * depth + 0.25 * depth;
        let blur = blur_at(depth);
        let ground = HEIGHT as f32 * (0.40 + 0.85 * depth);
        let blades = if depth < 0.75 { 7 } else { 3 };
        for _ in 0..blades {
            blade(&mut rng, &mut layers, depth, scale, blur, ground);
        }
        let every = if depth < 0.5 {
            0.85
        } else if depth < 0.82 {
            0.33
        } else {
            0.10
        };
        if rng.chance(every) {
            flower(&mut rng, &mut layers, depth, scale, blur, ground);
        }
    }
    layers
}

/// The lens's blur in pixels: sharp at depth 0.63.
fn blur_at(depth: f32) -> f32 {
    let off = (depth - 0.63).abs();
    let beyond = (off - 0.055).max(0.0);
    0.9 + beyond * if depth < 0.63 { 105.0 } else { 190.0 }
}

/// Discs of light among the trees.
fn lights(rng: &mut Rng, layers: &mut Vec<Layer>) {
    for _ in 0..130 {
        let x = rng.range(-60.0, WIDTH as f32 + 60.0);
        let y = rng.range(60.0, HEIGHT as f32 * 0.46);
        let radius = rng.range(34.0, 92.0);
        let sun = smooth(1.1, 0.1, x / WIDTH as f32 + 0.6 * y / HEIGHT as f32);
        let colour =
            v3(0.55, 0.66, 0.20).mix(v3(1.15, 1.0, 0.55), rng.unit() * (0.35 + 0.65 * sun));
        let alpha = rng.range(0.05, 0.26);
        layers.push(Layer {
            left: x - radius - 4.0,
            right: x + radius + 4.0,
            top: y - radius - 4.0,
            bottom: y + radius + 4.0,
            shape: Shape::Disc { x, y, radius, alpha },
            blur: 3.5,
            colour,
        });
    }
}

fn blade(rng: &mut Rng, layers: &mut Vec<Layer>, depth: f32, scale: f32, blur: f32, ground: f32) {
    let x = rng.range(-200.0, WIDTH as f32 + 200.0);
    let height = rng.range(420.0, 1050.0) * scale;
    let lean = rng.range(-0.34, 0.40) * height;
    let foot = (x, ground + 260.0 * scale);
    let tip = (x + lean, foot.1 - height);
    let bend = (x + lean * rng.range(-0.1, 0.35), foot.1 - height * 0.6);
    let light = rng.range(0.55, 1.35);
    let green = srgb(92, 128, 32).mix(srgb(150, 172, 70), rng.unit());
    let colour = green * (light * (1.15 - 0.45 * depth))
        + v3(0.16, 0.20, 0.05) * (0.35 - depth * 0.3).max(0.0);
    let width = rng.range(4.0, 10.0) * scale;
    put_blade(layers, foot, bend, tip, width, 0.96, blur, colour);
}

#[allow(clippy::too_many_arguments)]
fn put_blade(
    layers: &mut Vec<Layer>,
    foot: (f32, f32),
    bend: (f32, f32),
    tip: (f32, f32),
    width: f32,
    taper: f32,
    blur: f32,
    colour: V3,
) {
    layers.push(Layer {
        left: 0.0,
        right: 0.0,
        top: tip.1 - blur,
        bottom: foot.1,
        shape: Shape::Blade { foot, bend, tip, width, taper },
        blur,
        colour,
    });
}

fn flower(rng: &mut Rng, layers: &mut Vec<Layer>, depth: f32, scale: f32, blur: f32, ground: f32) {
    let kind = match rng.bits() % 10 {
        0..=4 => Kind::Poppy,
        5..=7 => Kind::Daisy,
        _ => Kind::Cornflower,
    };
    let x = rng.range(-40.0, WIDTH as f32 + 40.0);
    let height = rng.range(560.0, 980.0) * scale;
    let y = ground + 240.0 * scale - height;
    let radius = scale
        * match kind {
            Kind::Poppy => rng.range(128.0, 172.0),
            Kind::Daisy => rng.range(84.0, 112.0),
            Kind::Cornflower => rng.range(78.0, 98.0),
        };
    let foot_x = x + rng.range(-90.0, 90.0) * scale;
    let stem = srgb(104, 132, 52) * (0.9 - 0.3 * depth);
    put_blade(
        layers,
        (foot_x, y + height),
        (x + rng.range(-40.0, 40.0) * scale, y + height * 0.45),
        (x, y + radius * 0.1),
        6.0 * scale + 1.0,
        0.25,
        blur,
        stem,
    );
    let reach = radius * 1.15 + blur + 2.0;
    layers.push(Layer {
        left: x - reach,
        right: x + reach,
        top: y - reach,
        bottom: y + reach,
        shape: Shape::Head(Head {
            x,
            y,
            radius,
            squash: rng.range(0.52, 0.86),
            turn: rng.range(0.0, TAU),
            kind,
            seed: rng.range(0.0, 90.0),
        }),
        blur,
        colour: V3::ZERO,
    });
}

/// Where a blade's middle line is at a height, and how far along that is.
fn blade_at(foot: (f32, f32), bend: (f32, f32), tip: (f32, f32), y: f32) -> (f32, f32) {
    // The curve is quadratic and rises all the way; solve it for the height.
    let (a, b, c) = (foot.1 - 2.0 * bend.1 + tip.1, 2.0 * (bend.1 - foot.1), foot.1 - y);
    let t = if a.abs() < 1e-3 {
        -c / b
    } else {
        let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
        (-b - root) / (2.0 * a)
    };
    let t = t.clamp(0.0, 1.0);
    let s = 1.0 - t;
    (s * s * foot.0 + 2.0 * s * t * bend.0 + t * t * tip.0, t)
}

/// Coverage and colour of a layer at a place.
fn cover(layer: &Layer, px: f32, py: f32) -> (f32, V3) {
    match &layer.shape {
        Shape::Disc { x, y, radius, alpha } => {
            let away = ((px - x) * (px - x) + (py - y) * (py - y)).sqrt();
            // A little brighter at the rim, as lenses draw it.
            let rim = 0.75 + 0.45 * smooth(0.6, 1.0, away / radius);
            (smooth(radius + layer.blur, radius - layer.blur, away) * alpha * rim, layer.colour)
        }
        Shape::Blade { foot, bend, tip, width, taper } => {
            let (middle, t) = blade_at(*foot, *bend, *tip, py);
            let half = width * (1.0 - taper * t * t);
            let off = px - middle;
            let soft = layer.blur;
            // A blade thinner than its blur is seen through.
            let solid = (2.0 * half / (half + soft)).min(1.0);
            let alpha = smooth(half + soft, half - soft, off.abs()) * solid;
            let rib = 1.0 + 0.22 * (off / (half + soft)).clamp(-1.0, 1.0);
            (alpha, layer.colour * (rib * (0.62 + 0.5 * t)))
        }
        Shape::Head(head) => head_cover(head, layer.blur, px, py),
    }
}

fn head_cover(head: &Head, blur: f32, px: f32, py: f32) -> (f32, V3) {
    let (dx, dy) = ((px - head.x) / head.radius, (py - head.y) / (head.radius * head.squash));
    let away = (dx * dx + dy * dy).sqrt();
    let soft = blur / head.radius + 0.004;
    if away > 1.12 + soft {
        return (0.0, V3::ZERO);
    }
    let around = dy.atan2(dx) + head.turn;
    let (rim, colour) = match head.kind {
        Kind::Poppy => poppy(head, away, around, dx, dy),
        Kind::Daisy => daisy(head, away, around, soft),
        Kind::Cornflower => cornflower(head, away, around),
    };
    // Light from the upper left.
    let light = 1.0 - 0.20 * dy - 0.14 * dx;
    (smooth(rim + soft, rim - soft, away), colour * light)
}

fn poppy(head: &Head, away: f32, around: f32, dx: f32, dy: f32) -> (f32, V3) {
    let crumple = fbm(around * 2.2 + head.seed, away * 1.3, 3);
    let rim = 0.90 + 0.08 * (around * 4.0).cos() + 0.10 * crumple;
    // Two petals before two others, with a shadow where they overlap.
    let petal = (around * 2.0).sin();
    let fold = smooth(-0.12, 0.12, petal);
    let seam =
        1.0 - 0.42 * smooth(0.35, 0.0, petal.abs()) * (1.0 - fold * 0.6) * smooth(0.1, 0.5, away);
    let vein = 1.0 + 0.20 * noise(around * 17.0 + head.seed, away * 2.0) * smooth(0.15, 0.6, away);
    let red = srgb(214, 34, 16).mix(srgb(242, 84, 34), 0.35 + 0.5 * fold + 0.5 * crumple);
    let mut colour = red * (seam * vein * (0.72 + 0.42 * away));
    let blotch = smooth(0.40, 0.26, away + 0.10 * crumple);
    colour = colour.mix(srgb(34, 10, 18), blotch * 0.92);
    // Stamens, and the green cup in the middle.
    let dots = noise(dx * 34.0 + head.seed, dy * 34.0);
    let ring = smooth(0.30, 0.24, away) * smooth(0.10, 0.14, away);
    colour = colour.mix(srgb(64, 52, 60), ring * smooth(0.1, 0.5, dots));
    let rays = 0.8 + 0.3 * (around * 9.0).cos();
    (rim, colour.mix(srgb(120, 146, 76) * rays, smooth(0.135, 0.115, away)))
}

fn daisy(head: &Head, away: f32, around: f32, soft: f32) -> (f32, V3) {
    let count = 17.0;
    let turn = around * count / TAU;
    let (number, place) = (turn.floor(), turn - turn.floor() - 0.5);
    let length = 0.93 + 0.10 * noise(number * 3.7 + head.seed, 0.5);
    // Round tips, and narrow gaps that close towards the middle.
    let gap = smooth(0.5, 0.40, place.abs());
    let tip = length - 0.16 * (place * 2.0).powi(4);
    let rim = if soft > 0.12 {
        length - 0.06
    } else {
        tip - 0.55 * (1.0 - gap) * smooth(0.34, 0.75, away)
    };
    let groove = 1.0 - 0.11 * ((place * TAU * 1.5).cos() * 0.5 + 0.5) - 0.30 * (1.0 - gap);
    let white = v3(0.90, 0.91, 0.92) * (groove * (0.72 + 0.30 * away));
    let disc = smooth(0.315, 0.285, away);
    let grains =
        noise(around * 16.0, away * 40.0) * 0.5 + noise(around * 7.0 + 3.0, away * 30.0) * 0.4;
    let yellow = srgb(248, 188, 20).mix(srgb(200, 110, 6), smooth(0.06, 0.30, away) * 0.7);
    (rim, white.mix(yellow * (1.0 + 0.35 * grains), disc))
}

fn cornflower(head: &Head, away: f32, around: f32) -> (f32, V3) {
    let count = 9.0;
    let turn = around * count / TAU;
    let place = turn - turn.floor() - 0.5;
    // Trumpets with toothed rims.
    let teeth = 0.10 * (place * PI * 7.0).cos().abs();
    let gap = smooth(0.5, 0.24, place.abs());
    let rim = 0.84 + teeth - 0.46 * (1.0 - gap) * smooth(0.30, 0.65, away);
    let line = 1.0 + 0.25 * (place * PI * 6.0).cos() * smooth(0.3, 0.7, away);
    let blue = srgb(46, 70, 206).mix(srgb(92, 128, 242), away) * line;
    let core = smooth(0.36, 0.24, away + 0.06 * noise(around * 9.0 + head.seed, away * 20.0));
    (rim, blue.mix(srgb(92, 28, 130), core * 0.85))
}

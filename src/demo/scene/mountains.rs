//! Layered mountains at dawn: haze between the ridges, mist in the valleys, conifers in front.

use std::io;

use super::super::file;
use super::super::noise::{Rng, fbm, noise, ridges};
use super::super::raster::{Film, Raster, lay};
use super::super::vector::{V3, fade, smooth, v3};

const WIDTH: usize = 3200;
const HEIGHT: usize = 2000;
const LAYERS: usize = 8;
/// Where the sun is about to rise, in picture heights.
const SUN: (f32, f32) = (1.08, 0.455);

/// The height of each ridge over each column, from the farthest to the nearest, in picture heights.
struct Ridge {
    tops: Vec<f32>,
    trees: Vec<Tree>,
}

/// A conifer on a ridge, in pixels.
struct Tree {
    x: f32,
    height: f32,
    half_width: f32,
    lean: f32,
}

/// Paints the scene as a JPEG.
pub(in super::super) fn paint() -> io::Result<Vec<u8>> {
    let layers: Vec<Ridge> = (0..LAYERS).map(ridge).collect();
    let raster = Raster::paint(WIDTH, HEIGHT, |x, y| pixel(&layers, x, y));
    let film = Film { exposure: 1.0, grain: 3.0, vignette: 0.22 };
    file::jpeg(WIDTH, HEIGHT, &raster.develop(&film))
}

fn ridge(index: usize) -> Ridge {
    let near = index as f32 / (LAYERS - 1) as f32;
    let seed = index as f32 * 37.7;
    let base = 0.475 + 0.46 * near.powf(1.15);
    let reach = 0.20 * (1.0 - near) + 0.075;
    let tops: Vec<f32> = (0..WIDTH)
        .map(|x| {
            let u = x as f32 / HEIGHT as f32;
            let steep = ridges(u * (1.5 + 0.5 * near) + seed, seed * 0.31, 8);
            let soft = fbm(u * 2.1 + seed, seed * 0.7 + 11.0, 7) * 0.5 + 0.45;
            let rough = fbm(u * 9.0 + seed, seed, 6) * 0.13 * (1.2 - near);
            let shape = steep + (soft - steep) * smooth(0.15, 0.6, near) + rough;
            // The valley opens towards the sun.
            let valley = 1.0 - 0.35 * fade((u - SUN.0).abs() * 6.0);
            base - reach * (shape * 1.5 - 0.35) * valley
        })
        .collect();
    Ridge { tops, trees: if index + 3 >= LAYERS { trees(index) } else { Vec::new() } }
}

/// Trees of a ridge, sorted by place.
fn trees(index: usize) -> Vec<Tree> {
    let mut rng = Rng::new(index as u64);
    let size = [24.0, 52.0, 128.0][index + 3 - LAYERS];
    let mut trees = Vec::new();
    let mut x = -size;
    while x < WIDTH as f32 + size {
        let stand = 0.5 + 0.5 * noise(x / size * 0.11, index as f32 * 9.0);
        let height = size * (0.45 + 0.75 * stand) * rng.range(0.35, 1.15);
        let half_width = height * rng.range(0.15, 0.20);
        trees.push(Tree { x, height, half_width, lean: rng.range(-0.02, 0.02) });
        let gap = if rng.chance(0.025) { size * rng.range(0.2, 1.4) } else { 0.0 };
        x += half_width * rng.range(0.25, 1.5) + gap;
    }
    trees
}

fn pixel(layers: &[Ridge], x: usize, y: usize) -> V3 {
    let (u, v) = (x as f32 / HEIGHT as f32, y as f32 / HEIGHT as f32);
    let edge = 0.75 / HEIGHT as f32;
    // From the front: the first ridge that covers the pixel is the last that matters.
    let mut colour = V3::ZERO;
    let mut open = 1.0;
    for (index, layer) in layers.iter().enumerate().rev() {
        let depth = v - layer.tops[x];
        let mut cover = smooth(-edge, edge, depth);
        if cover < 1.0 && !layer.trees.is_empty() {
            cover = cover.max(tree_cover(layer, x, y));
        }
        if cover > 0.0 {
            colour += ground(index, layer, u, v, x, depth) * (open * cover);
            open *= 1.0 - cover;
            if open < 0.004 {
                return colour;
            }
        }
    }
    colour + sky(u, v) * open
}

fn tree_cover(layer: &Ridge, x: usize, y: usize) -> f32 {
    let place = x as f32;
    let tallest = 165.0;
    let above = layer.tops[x] * HEIGHT as f32 - y as f32;
    if above > tallest {
        return 0.0;
    }
    let start = layer.trees.partition_point(|tree| tree.x < place - 40.0);
    let mut cover: f32 = 0.0;
    for tree in &layer.trees[start..] {
        if tree.x > place + 40.0 {
            break;
        }
        let foot = layer.tops[(tree.x.max(0.0) as usize).min(WIDTH - 1)] * HEIGHT as f32;
        let up = (foot - y as f32) / tree.height;
        if !(-0.2..1.0).contains(&up) {
            continue;
        }
        // Whorls of branches: wide below, narrow above, each drooping to its tip.
        let whorl = up * (9.0 + tree.height * 0.05);
        let droop = 1.0 - (whorl - whorl.floor());
        let ragged = 0.25 * noise(place * 0.35, y as f32 * 0.35);
        let reach = tree.half_width * (1.0 - up) * (0.55 + 0.45 * droop + ragged) + 0.8;
        let off = (place - tree.x - tree.lean * tree.height * up).abs();
        cover = cover.max(smooth(0.7, -0.7, off - reach));
    }
    cover
}

fn ground(index: usize, layer: &Ridge, u: f32, v: f32, x: usize, depth: f32) -> V3 {
    let near = index as f32 / (LAYERS - 1) as f32;
    let glow = fade(((u - SUN.0) * (u - SUN.0) + (v - SUN.1) * (v - SUN.1)).sqrt() * 3.2);
    let haze = v3(0.30, 0.40, 0.62).mix(v3(1.35, 0.72, 0.36), glow);
    let shadow = v3(0.008, 0.018, 0.022).mix(v3(0.035, 0.085, 0.17), 1.0 - near);

    // Slopes: relief from noise, brighter where it faces the sun.
    let seed = index as f32 * 13.1;
    let fine = 5.0 + 5.0 * near;
    let octaves = if index < 5 { 5 } else { 4 };
    let relief = ridges(u * fine + seed, v * fine * 1.3 + seed, octaves);
    let left = layer.tops[x.saturating_sub(9)];
    let right = layer.tops[(x + 9).min(WIDTH - 1)];
    let facing = ((left - right) * if u < SUN.0 { -120.0 } else { 120.0 }).clamp(-1.0, 1.0);
    let lit = smooth(0.35, 0.95, relief + 0.16 * facing) * fade(depth * 5.0);
    let warm = v3(0.62, 0.30, 0.16) * (0.10 + 0.75 * glow);
    let mut colour = shadow * (0.55 + 0.75 * relief) + warm * (lit * (1.0 - near) * 0.8);
    if near < 0.2 {
        // Snow on the highest.
        let snow = smooth(0.50, 0.75, relief) * smooth(0.13, 0.02, depth);
        colour = lay(colour, v3(0.55, 0.50, 0.55) + warm * 0.8, snow * 0.7);
    }

    // Distance, and mist that fills the valleys.
    let distance = (1.0 - near).powf(1.15);
    let wisps = fbm(u * 2.2 + seed, v * 11.0 - seed, 4);
    let mist = smooth(0.015, 0.17 + 0.07 * wisps, depth) * (1.0 - 0.86 * near);
    let veil = 1.0 - (1.0 - distance * 0.80) * (1.0 - mist * (0.80 + 0.25 * wisps).clamp(0.0, 1.0));
    colour.mix(haze * (0.62 + 0.38 * distance), veil.clamp(0.0, 0.97))
}

fn sky(u: f32, v: f32) -> V3 {
    let (du, dv) = (u - SUN.0, v - SUN.1);
    let distance = (du * du + dv * dv * 1.6).sqrt();
    let up = ((SUN.1 - v) / SUN.1).clamp(0.0, 1.0);
    let mut colour = v3(0.95, 0.62, 0.44).mix(v3(0.52, 0.56, 0.66), smooth(0.0, 0.38, up));
    colour = colour.mix(v3(0.12, 0.25, 0.50), smooth(0.22, 1.05, up));
    colour += v3(1.5, 0.75, 0.28) * (fade(distance * 5.5) * 0.75);
    colour += v3(1.0, 0.80, 0.55) * (fade(distance * 26.0) * 2.2);

    // High clouds in streaks, lit from below near the sun.
    let stretch = 1.0 / (0.22 + up);
    let streak = fbm(u * 1.1 * stretch + 3.0, up * 9.0 * stretch.sqrt() + u * 0.9, 6);
    let cover = smooth(0.02, 0.62, streak + 0.10) * smooth(0.02, 0.22, up) * smooth(1.25, 0.5, up);
    let near_sun = fade(distance * 2.4);
    let cloud = v3(0.66, 0.50, 0.54).mix(v3(1.6, 0.82, 0.48), near_sun);
    lay(colour, cloud, cover * 0.72)
}

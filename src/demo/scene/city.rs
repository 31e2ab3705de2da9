//! A city by night across the water: lit windows, haze between the blocks, light that glows and is
//! mirrored.

use std::io;

use super::super::file;
use super::super::noise::{Rng, fbm, hash, noise, unit};
use super::super::raster::{Film, Raster, grey, lay};
use super::super::vector::{V3, fade, smooth, v3};

const WIDTH: usize = 3000;
const HEIGHT: usize = 2000;
/// The row where the water begins.
const WATER: usize = 1290;
/// Windows stand on a grid of this many pixels.
const GRID: usize = 13;

/// A block of buildings' front, in pixels.
struct Tower {
    left: usize,
    right: usize,
    top: usize,
    seed: u32,
    /// 0 is the nearest row of buildings, 1 the farthest.
    far: f32,
    /// Share of its windows that are lit.
    lit: f32,
    /// The light in most of its rooms.
    lamp: V3,
    glass: bool,
}

const WARM: V3 = v3(1.0, 0.62, 0.27);
const AMBER: V3 = v3(1.0, 0.48, 0.16);
const WHITE: V3 = v3(0.86, 0.92, 1.0);

/// Paints the scene as a JPEG.
pub(in super::super) fn paint() -> io::Result<Vec<u8>> {
    let mut raster = Raster::paint(WIDTH, WATER, sky);
    for tower in towers() {
        raise(&mut raster, &tower);
    }
    quay(&mut raster);
    // Only what shines glows.
    let mut lights = raster.reduced(6);
    for pixel in &mut lights.pixels {
        let over = |light: f32| (light - 0.10).max(0.0);
        *pixel = v3(over(pixel.x), over(pixel.y), over(pixel.z));
    }
    let wide = lights.reduced(2).blurred(18);
    let glow = lights.blurred(5);
    let shine = |x: f32, y: f32| {
        soft(&glow, x / 6.0, y / 6.0) * 0.75 + soft(&wide, x / 12.0, y / 12.0) * 0.7
    };
    let whole = Raster::paint(WIDTH, HEIGHT, |x, y| {
        if y < WATER {
            raster.pixels[y * WIDTH + x] + shine(x as f32, y as f32)
        } else {
            river(&raster, &shine, x, y)
        }
    });
    let film = Film { exposure: 1.12, grain: 3.4, vignette: 0.30 };
    file::jpeg(WIDTH, HEIGHT, &whole.develop(&film))
}

/// The reduced picture between its pixels.
fn soft(raster: &Raster, x: f32, y: f32) -> V3 {
    let (x, y) = ((x - 0.5).max(0.0), (y - 0.5).max(0.0));
    let (ix, iy) = (x as i32, y as i32);
    let (fx, fy) = (x - ix as f32, y - iy as f32);
    let top = raster.at(ix, iy).mix(raster.at(ix + 1, iy), fx);
    let bottom = raster.at(ix, iy + 1).mix(raster.at(ix + 1, iy + 1), fx);
    top.mix(bottom, fy)
}

fn sky(x: usize, y: usize) -> V3 {
    let (u, v) = (x as f32 / HEIGHT as f32, y as f32 / WATER as f32);
    let mut colour = v3(0.008, 0.016, 0.052).mix(v3(0.036, 0.050, 0.125), smooth(0.0, 0.55, v));
    colour = colour.mix(v3(0.30, 0.125, 0.085), smooth(0.45, 1.02, v));
    // Clouds lit from below by the streets.
    let cloud = smooth(0.0, 0.55, fbm(u * 2.0, v * 5.0 + u * 0.4, 6) + 0.05);
    colour =
        colour.mix(v3(0.30, 0.16, 0.15) * (0.22 + 0.9 * v), cloud * smooth(0.05, 0.6, v) * 0.55);
    // Stars where it is dark.
    let bits = hash(x as i32 / 3, y as i32 / 3);
    if bits.is_multiple_of(1500) && x % 3 == 1 && y % 3 == 1 {
        colour += grey(0.75 * unit(bits << 5)) * smooth(0.55, 0.0, v) * (1.0 - cloud);
    }
    // A moon behind thin cloud.
    let (dx, dy) = (x as f32 - 2360.0, y as f32 - 250.0);
    let distance = (dx * dx + dy * dy).sqrt();
    let seas = 1.0 - 0.28 * smooth(-0.1, 0.4, fbm(dx * 0.03, dy * 0.03, 4));
    colour = lay(
        colour,
        v3(0.95, 0.90, 0.78) * seas,
        smooth(57.0, 55.0, distance) * (1.0 - 0.4 * cloud),
    );
    colour + v3(0.16, 0.17, 0.20) * fade(distance * 0.016)
}

/// All towers, the farthest first.
fn towers() -> Vec<Tower> {
    let mut rng = Rng::new(23);
    let mut towers = Vec::new();
    for row in 0..4_u8 {
        let far = 1.0 - f32::from(row) / 3.0;
        let mut left = 0;
        while left < WIDTH {
            let columns = 5 + (rng.unit() * rng.unit() * 16.0) as usize;
            let width = columns * GRID;
            let place = (left + width / 2) as f32 / WIDTH as f32;
            // Two centres with the tallest ones.
            let core =
                fade(((place - 0.36) * 7.0).powi(2)) + 0.72 * fade(((place - 0.73) * 9.0).powi(2));
            let tall = [300.0, 330.0, 260.0, 130.0][usize::from(row)];
            let height = tall
                * (0.35
                    + rng.unit().powi(2) * 0.7
                    + 1.75 * core * rng.range(0.55, 1.0) * (0.4 + 0.6 * far));
            let lamp = if rng.chance(0.5) {
                WARM
            } else if rng.chance(0.5) {
                AMBER
            } else {
                WHITE
            };
            towers.push(Tower {
                left,
                right: (left + width).min(WIDTH),
                top: WATER.saturating_sub(height as usize + 40),
                seed: rng.bits(),
                far,
                lit: rng.range(0.18, 0.62),
                lamp,
                glass: rng.chance(0.3),
            });
            left += width + if rng.chance(0.3) { GRID * 2 } else { GRID / 3 };
        }
    }
    towers
}

fn raise(raster: &mut Raster, tower: &Tower) {
    let width = tower.right - tower.left;
    roof(raster, tower, width);
    for y in tower.top..WATER {
        let down = (y - tower.top) as f32 / (WATER - tower.top) as f32;
        for x in tower.left..tower.right {
            let across = (x - tower.left) as f32 / width as f32;
            // Two sides: the right one catches less of the sky.
            let side = if across > 0.68 { 0.55 } else { 1.0 };
            let wall = v3(0.020, 0.022, 0.034) * side + v3(0.040, 0.022, 0.013) * (down * down);
            let light = window(tower, x - tower.left, y - tower.top, side);
            let haze = v3(0.090, 0.062, 0.085).mix(v3(0.24, 0.120, 0.080), down);
            let pixel = (wall + light).mix(haze, tower.far * (0.22 + 0.34 * down));
            raster.pixels[y * raster.width + x] = pixel;
        }
    }
}

/// Setbacks, masts and their red lamps.
fn roof(raster: &mut Raster, tower: &Tower, width: usize) {
    let mut rng = Rng::new(u64::from(tower.seed));
    let dark = v3(0.016, 0.018, 0.030).mix(v3(0.150, 0.085, 0.095), tower.far * 0.40);
    let mut fill = |left: usize, right: usize, top: usize, bottom: usize, colour: V3| {
        for y in top..bottom {
            raster.pixels[y * WIDTH + left..y * WIDTH + right.min(WIDTH)].fill(colour);
        }
    };
    let middle = tower.left + width / 2;
    let mut top = tower.top;
    if width > 90 && rng.chance(0.7) {
        let step = 14 + (rng.unit() * 40.0) as usize;
        fill(tower.left + width / 6, tower.right - width / 6, top.saturating_sub(step), top, dark);
        top = top.saturating_sub(step);
    }
    if rng.chance(0.4) {
        fill(middle.saturating_sub(14), middle + 10, top.saturating_sub(12), top, dark);
    }
    if tower.top < 760 && rng.chance(0.75) {
        let mast = 60 + (rng.unit() * 120.0) as usize;
        let tip = top.saturating_sub(mast);
        fill(middle - 2, middle + 2, tip, top, dark);
        fill(middle - 3, middle + 3, tip, tip + 6, v3(2.6, 0.16, 0.10));
    }
}

/// The light that leaves the facade at a place.
fn window(tower: &Tower, x: usize, y: usize, side: f32) -> V3 {
    let (column, floor) = (x / GRID, y / (GRID + 4));
    let (dx, dy) = (x % GRID, y % (GRID + 4));
    let band = if tower.glass { 1 } else { 3 };
    let inside = dx >= band && dx < GRID - 1 && (4..GRID + 1).contains(&dy) && y > 10;
    if !inside {
        return V3::ZERO;
    }
    let bits = hash(column as i32 ^ tower.seed as i32, floor as i32 ^ (tower.seed >> 9) as i32);
    // Whole floors are at work, others are dark.
    let busy = unit(hash(floor as i32, tower.seed as i32));
    let share = tower.lit
        * if busy > 0.86 {
            2.2
        } else if busy < 0.25 {
            0.25
        } else {
            1.0
        };
    if unit(bits) > share {
        return v3(0.010, 0.013, 0.024) * side;
    }
    let lamp = match bits & 15 {
        0 | 1 => WHITE,
        2..=4 => AMBER,
        5 => v3(0.45, 0.75, 1.0),
        _ => tower.lamp,
    };
    // Curtains, and brighter towards the ceiling.
    let strength = 0.22 + 1.9 * unit(bits << 6).powi(2);
    let ceiling = 1.15 - 0.04 * dy as f32;
    let curtain = if bits & 0x300 == 0 && dx > GRID / 2 { 0.35 } else { 1.0 };
    lamp * (strength * ceiling * curtain * (0.55 + 0.45 * side))
}

/// Street lamps along the quay.
fn quay(raster: &mut Raster) {
    for y in WATER - 34..WATER {
        for x in 0..WIDTH {
            let stone =
                v3(0.040, 0.028, 0.022) * (1.0 + 0.4 * noise(x as f32 * 0.15, y as f32 * 0.4));
            raster.pixels[y * WIDTH + x] = stone;
        }
    }
    for lamp in 0..34 {
        let x = 30 + lamp * 89 + (hash(lamp as i32, 5) % 24) as usize;
        for y in WATER - 66..WATER - 30 {
            raster.pixels[y * WIDTH + x] = v3(0.02, 0.02, 0.02);
        }
        for y in WATER - 73..WATER - 64 {
            for column in x.saturating_sub(4)..(x + 5).min(WIDTH) {
                raster.pixels[y * WIDTH + column] = v3(5.5, 3.3, 1.35);
            }
        }
        for y in WATER - 30..WATER - 2 {
            for column in x.saturating_sub(60)..(x + 60).min(WIDTH) {
                let away = (column as f32 - x as f32).abs() / 60.0;
                raster.pixels[y * WIDTH + column] += v3(0.34, 0.19, 0.07) * (1.0 - away).powi(2);
            }
        }
    }
}

/// The water: the city mirrored by waves that grow towards the viewer.
fn river(city: &Raster, shine: &impl Fn(f32, f32) -> V3, x: usize, y: usize) -> V3 {
    let down = (y - WATER) as f32;
    let near = down / (HEIGHT - WATER) as f32;
    let (px, py) = (x as f32, y as f32);
    // Waves are foreshortened: long and low far off.
    let scale = 0.012 / (0.10 + near);
    let wave = fbm(px * scale * 0.9, py * scale * 5.5, 4);
    let swell = noise(px * 0.0021 + 4.0, py * 0.009);
    let reach = 10.0 + 210.0 * near;
    let mut light = V3::ZERO;
    // Each wave shows a streak of the city, higher and lower at once.
    for sample in 0..7_i16 {
        let spread = f32::from(sample - 3) / 3.0;
        let up = down * 0.93 + 4.0 + (wave * 1.25 + spread * 0.9) * reach * 0.5;
        let row = WATER as f32 - 2.0 - up.abs();
        let aside = px + (wave * 18.0 + swell * 14.0 + spread * 5.0) * (0.25 + near);
        light += city.at(aside as i32, row as i32) + shine(aside.max(0.0), row.max(0.0)) * 0.8;
    }
    let tilt = (0.86 - 0.40 * near) * (0.80 + 0.75 * wave);
    let water = v3(0.006, 0.011, 0.022) * (1.2 + wave);
    water + light * (tilt.max(0.08) / 7.0) * v3(0.86, 0.92, 1.0)
}

//! A beach: cumulus over the sea, breakers coming in, wet sand that mirrors the sky.

use std::io;

use super::super::file;
use super::super::noise::{fbm, hash, noise, unit};
use super::super::raster::{Film, Raster, lay};
use super::super::vector::{V3, fade, smooth, v3};

const WIDTH: usize = 3000;
const HEIGHT: usize = 2000;
/// The horizon, in picture heights.
const HORIZON: f32 = 0.42;
const CENTRE: f32 = 0.75;
/// The sun's azimuth, in picture heights, and its height over the horizon.
const SUN: (f32, f32) = (1.12, 0.34);

/// Paints the scene as a JPEG.
pub(in super::super) fn paint() -> io::Result<Vec<u8>> {
    let raster = Raster::paint(WIDTH, HEIGHT, |x, y| {
        let (u, v) = (x as f32 / HEIGHT as f32, y as f32 / HEIGHT as f32);
        let down = v - HORIZON;
        let edge = 0.6 / HEIGHT as f32;
        let sea = smooth(-edge, edge, down);
        let mut colour = V3::ZERO;
        if sea > 0.0 {
            colour += shore(u, down.max(3e-4)) * sea;
        }
        if sea < 1.0 {
            colour += above(u, -down) * (1.0 - sea);
        }
        boat(u, v, colour)
    });
    let film = Film { exposure: 1.02, grain: 2.4, vignette: 0.14 };
    file::jpeg(WIDTH, HEIGHT, &raster.develop(&film))
}

/// The clear sky at a height over the horizon.
fn clear(u: f32, up: f32) -> V3 {
    let colour = v3(0.60, 0.76, 0.90).mix(v3(0.14, 0.38, 0.78), smooth(0.0, 0.36, up));
    let colour = colour.mix(v3(0.05, 0.20, 0.56), smooth(0.15, 0.6, up));
    let (du, dv) = (u - SUN.0, up - SUN.1);
    colour + v3(1.0, 0.86, 0.62) * (fade((du * du + dv * dv).sqrt() * 6.0) * 0.34)
}

fn above(u: f32, up: f32) -> V3 {
    // Clouds lie on a plane high above; near the horizon one looks along it.
    let far = 0.30 / (up + 0.055);
    let (cx, cy) = ((u - CENTRE) * far * 1.5 + 4.0, far * 1.9);
    let body = fbm(cx, cy, 7);
    let mut colour = clear(u, up);
    let cover = smooth(0.02, 0.30, body);
    if cover > 0.0 {
        // Light falls in from the sun's side and above: less of it where there is more cloud.
        let toward = ((SUN.0 - u) * 0.4).clamp(-0.12, 0.12);
        let shade = fbm(cx + toward, cy - 0.20, 5);
        let lit = smooth(0.30, -0.30, shade - body * 0.55 - 0.02);
        let thick = smooth(0.05, 0.62, body);
        let white = v3(1.45, 1.40, 1.30);
        let under = v3(0.36, 0.44, 0.56);
        let cloud = under.mix(white, (lit * 0.85 + 0.15) * (1.0 - 0.35 * thick));
        let haze = smooth(0.0, 0.16, up);
        colour = lay(colour, colour.mix(cloud, 0.35 + 0.65 * haze), cover * (0.45 + 0.5 * haze));
    }
    // A headland at the right, in the haze.
    let hill = 0.030 * smooth(0.92, 1.35, u) * (1.0 + 0.35 * fbm(u * 7.0, 3.0, 5))
        + 0.014 * smooth(1.18, 1.5, u) * (1.0 + 0.6 * fbm(u * 22.0, 8.0, 4));
    let land = smooth(0.0006, -0.0006, up - hill);
    let green = v3(0.16, 0.26, 0.34).mix(v3(0.20, 0.30, 0.30), fbm(u * 60.0, up * 160.0, 3) + 0.5);
    lay(colour, green, land * 0.9)
}

/// How far a place of the plane is out at sea; negative on land.
fn offshore(x: f32, z: f32) -> f32 {
    let bend = 0.16 * noise(x * 0.9, 2.0) + 0.05 * noise(x * 3.1 + 9.0, z * 0.6);
    z - (2.55 + 0.62 * x) - bend
}

fn shore(u: f32, down: f32) -> V3 {
    // The plane below the eye, one unit down.
    let z = 1.0 / down;
    let x = (u - CENTRE) * z;
    let out = offshore(x, z * 0.985);
    let lap = 0.05 * noise(x * 2.6 + 5.0, 1.7) + 0.02 * noise(x * 9.0, 4.0);
    let wet = smooth(-0.62, -0.10, out + lap);
    let mut colour = V3::ZERO;
    let water = smooth(-0.012, 0.012, out + lap);
    if water < 1.0 {
        colour += sand(u, x, z, down, wet) * (1.0 - water);
    }
    if water > 0.0 {
        colour += sea(u, x, z, down, out + lap) * water;
    }
    // The rim of the last wave on the sand.
    let rim = smooth(0.05, 0.0, (out + lap - 0.012).abs() + 0.014 * noise(x * 30.0, z * 30.0));
    lay(colour, v3(0.95, 0.96, 0.96), rim * 0.8)
}

fn sand(u: f32, x: f32, z: f32, down: f32, wet: f32) -> V3 {
    let ripple = fbm(x * 5.0, z * 9.0, 4);
    let coarse = noise(x * 60.0, z * 60.0) * 0.5 + noise(x * 140.0, z * 140.0) * 0.4;
    let grit = (unit(hash((x * 900.0) as i32, (z * 900.0) as i32)) - 0.5) * 0.16;
    let light = 1.0 + 0.20 * ripple + 0.09 * coarse + grit * smooth(3.4, 1.7, z);
    let dry = v3(0.70, 0.56, 0.39) * light;
    let damp = v3(0.30, 0.215, 0.135) * (0.85 + 0.5 * (light - 0.85));
    let mut colour = dry.mix(damp, wet);
    // Pebbles and bits of shell.
    let (cell_x, cell_z) = ((x * 42.0).floor(), (z * 42.0).floor());
    let bits = hash(cell_x as i32, cell_z as i32);
    if bits.is_multiple_of(37) {
        let (dx, dz) = (x * 42.0 - cell_x - 0.5, z * 42.0 - cell_z - 0.5);
        let size = 0.12 + 0.25 * unit(bits << 7);
        let inside = smooth(size, size * 0.7, (dx * dx + dz * dz).sqrt());
        let tone = v3(0.30, 0.26, 0.22).mix(v3(0.85, 0.80, 0.74), unit(bits << 3));
        colour = lay(colour, tone * (1.0 - dz), inside * 0.8);
    }
    // Wet sand mirrors the sky.
    let mirror = clear(u + 0.01 * ripple, down * 0.9 + 0.03 * ripple);
    let shine = wet * wet * (0.08 + 0.30 * smooth(0.6, 0.15, down));
    lay(colour, mirror, shine)
}

fn sea(u: f32, x: f32, z: f32, down: f32, out: f32) -> V3 {
    // Waves finer than a pixel must not be sampled: they fade with the distance.
    let calm = 1.0 / (1.0 + z * 0.10);
    let (wx, wz) = (x * 1.5, z * 3.6);
    let step = 0.035;
    let here = fbm(wx, wz, 5);
    let slope_x = (fbm(wx + step, wz, 5) - here) / step * calm;
    let slope_z = (fbm(wx, wz + step, 5) - here) / step * calm;

    // Swells run in towards the beach and break.
    let phase = out * (2.6 - 0.45 * out.min(2.0)) + 0.75 * noise(x * 0.8, 7.0) + 0.25 * here;
    let turn = phase - phase.floor();
    let near = smooth(3.4, 0.5, out);
    let front = smooth(0.0, 0.16, turn) * smooth(0.55, 0.16, turn);

    let shallow = smooth(2.6, 0.0, out);
    let deep = v3(0.012, 0.10, 0.19).mix(v3(0.03, 0.24, 0.32), smooth(22.0, 3.0, z));
    let body = deep.mix(v3(0.20, 0.52, 0.50), shallow * 0.72);
    let body = body * (0.88 + 0.30 * here) * (1.0 + near * (0.40 * front - 0.10));
    let body = body.mix(v3(0.42, 0.40, 0.30), smooth(0.35, 0.0, out) * 0.55);

    // The mirrored sky, tilted by the waves; more of it at a flat angle.
    let tilt = (slope_z * 0.10 + 0.06).max(0.0);
    let flat = smooth(0.52, 0.0, down);
    let fresnel = (0.05 + 0.62 * flat * flat) * (1.0 - 0.5 * near * front) - slope_z * 0.05;
    let mirrored = clear(u + slope_x * 0.10, (down * 0.55 + tilt * 1.4).max(0.02));
    let mut colour = lay(body, mirrored, fresnel.clamp(0.02, 0.9));

    // Glitter below the sun.
    let aim = (u - SUN.0 + slope_x * 0.055).abs();
    let spark = noise(x * 14.0 * calm + 3.0, z * 30.0 * calm) + 0.35 * slope_z;
    let path = fade(aim * (13.0 - 9.0 * flat));
    colour += v3(1.5, 1.35, 1.05) * (path * smooth(0.30, 0.85, spark) * (0.35 + 0.65 * flat) * 0.9);

    colour = lay(colour, v3(0.96, 0.97, 0.98) * (0.85 + 0.2 * here), foam(x, z, out, turn, near));
    // Haze over the far water.
    lay(colour, v3(0.60, 0.75, 0.88), smooth(8.0, 260.0, z) * 0.65)
}

/// Foam: broken crests, and lace that drifts behind them.
fn foam(x: f32, z: f32, out: f32, turn: f32, near: f32) -> f32 {
    if near <= 0.0 {
        // White horses far out.
        let far = fbm(x * 0.9, z * 1.6, 4);
        return smooth(0.50, 0.62, far) * smooth(60.0, 8.0, z) * 0.5;
    }
    let lace = 1.0 - (fbm(x * 5.5, z * 7.5, 4) * 2.4).abs();
    let crest = smooth(0.0, 0.05, turn) * smooth(0.22, 0.08, turn);
    let along = smooth(-0.25, 0.25, noise(x * 1.1 + out.floor() * 5.0, 3.0) + 0.35 * near);
    let trail = smooth(0.10, 0.22, turn) * smooth(0.95, 0.25, turn);
    let broken = crest * along * (0.65 + 0.6 * lace);
    let drift = trail * along * smooth(0.55, 0.95, lace) * 0.75;
    let edge = smooth(0.42, 0.0, out) * smooth(0.25, 0.8, lace);
    ((broken + drift) * near + edge * 0.9).clamp(0.0, 1.0)
}

/// A sailing boat on the horizon.
fn boat(u: f32, v: f32, under: V3) -> V3 {
    let (x, y) = ((u - 0.44) / 0.034, (HORIZON + 0.004 - v) / 0.034);
    if !(-1.0..1.0).contains(&x) || !(-0.6..1.7).contains(&y) {
        return under;
    }
    let soft = 0.02;
    let triangle = |left: f32, right: f32, top: f32| {
        smooth(-soft, soft, x - left)
            * smooth(soft, -soft, x - right)
            * smooth(soft, -soft, y - top)
            * smooth(-soft, soft, y - 0.16)
    };
    let main = triangle(0.02, 0.02 + 0.55 * (1.0 - (y - 0.16) / 1.35), 1.5);
    let jib = triangle(-0.06 - 0.42 * (1.0 - (y - 0.16) / 1.1), -0.06, 1.25);
    let colour = lay(under, v3(1.0, 0.98, 0.93) * (0.9 + 0.2 * x), main.max(jib));
    let hull = smooth(0.10 + soft, 0.10, y)
        * smooth(-0.02 - soft, -0.02, y)
        * smooth(0.52 + y, 0.50 + y, x.abs());
    let colour = lay(colour, v3(0.10, 0.12, 0.16), hull);
    let mirror = smooth(-0.5, -0.02, y) * smooth(0.0, -0.02, y) * smooth(0.45, 0.1, x.abs());
    lay(colour, v3(0.55, 0.62, 0.68), mirror * 0.35)
}

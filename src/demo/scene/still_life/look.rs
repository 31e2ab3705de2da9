//! How the things of the still life look: skins of fruit, the room in a mirror, the wall behind.

use super::super::super::noise::{fbm, fbm3, noise3};
use super::super::super::raster::grey;
use super::super::super::vector::{V3, smooth, srgb, v3};
use super::{DAYLIGHT, Fruit, LOOK_AT, Skin, WINDOW};

/// Colour, gloss and relief of a fruit's skin.
pub(super) fn skin(fruit: &Fruit, place: V3) -> (V3, f32, V3) {
    let local = (place - fruit.centre) * (1.0 / fruit.radius);
    let rise = local.dot(fruit.axis) / fruit.stretch;
    let at = local + v3(fruit.seed, 0.0, 0.0);
    let patch = fbm3(at.x * 1.8, at.y * 1.8, at.z * 1.8, 4);
    match fruit.skin {
        Skin::Orange | Skin::Lemon => {
            let fine = if fruit.skin == Skin::Orange { 15.0 } else { 11.0 };
            let p = at * fine;
            let pore = |x: f32, y: f32, z: f32| smooth(0.15, 0.75, noise3(x, y, z));
            let here = pore(p.x, p.y, p.z);
            let step = 0.3;
            let bump = v3(
                here - pore(p.x + step, p.y, p.z),
                here - pore(p.x, p.y + step, p.z),
                here - pore(p.x, p.y, p.z + step),
            ) * -0.13;
            let colour = if fruit.skin == Skin::Orange {
                srgb(246, 138, 18).mix(srgb(226, 98, 10), patch + 0.35)
            } else {
                srgb(226, 178, 34).mix(srgb(196, 150, 36), patch + 0.3)
            };
            let navel = smooth(0.985, 0.998, rise.abs());
            (colour.mix(srgb(96, 104, 40), navel * 0.8) * (1.0 - 0.12 * here), 0.75, bump)
        }
        Skin::RedApple | Skin::GreenApple => {
            // Streaks from the stem downwards.
            let turn = local.z.atan2(local.x) * 6.0;
            let streak = fbm(turn + fruit.seed, rise * 1.5, 4);
            let spot = smooth(0.66, 0.80, noise3(at.x * 15.0, at.y * 15.0, at.z * 15.0));
            let blush = smooth(-0.45, 0.30, streak * 0.6 + patch * 0.8 + 0.10 - rise * 0.12);
            let colour = if fruit.skin == Skin::RedApple {
                srgb(216, 140, 58).mix(srgb(150, 14, 20), 0.30 + 0.70 * blush)
            } else {
                srgb(168, 178, 66).mix(srgb(118, 142, 46), blush)
            };
            let hollow = smooth(0.62, 0.42, local.dot(local).sqrt()) * smooth(0.2, 0.5, rise);
            let colour = colour.mix(srgb(132, 110, 44), hollow * 0.8);
            (colour.mix(srgb(236, 220, 160), spot * 0.35), 1.0, V3::ZERO)
        }
        Skin::Plum | Skin::Grape => {
            let bloom = smooth(
                -0.15,
                0.6,
                patch + 0.25 * fbm3(at.x * 6.0, at.y * 6.0, at.z * 6.0, 3) + 0.05,
            );
            let (dark, light) = if fruit.skin == Skin::Plum {
                (srgb(58, 16, 44), srgb(112, 92, 138))
            } else {
                (srgb(52, 10, 34), srgb(98, 72, 108))
            };
            (dark.mix(light, bloom * 0.55), 1.1 - 0.75 * bloom, V3::ZERO)
        }
        Skin::Cherry => (srgb(150, 10, 20).mix(srgb(86, 2, 12), patch + 0.4), 1.5, V3::ZERO),
    }
}

/// The room as a mirror shows it: a bright window with a cross of bars, and a dim wall.
pub(super) fn room(place: V3, ray: V3) -> V3 {
    let wall = v3(0.07, 0.055, 0.045).mix(v3(0.20, 0.17, 0.14), smooth(-0.2, 1.0, ray.y));
    let facing = (LOOK_AT - WINDOW).unit();
    let along = ray.dot(facing);
    if along > -0.05 {
        return wall;
    }
    let reach = (WINDOW - place).dot(facing) / along;
    let spot = place + ray * reach - WINDOW;
    let right = v3(0.0, 1.0, 0.0).cross(facing).unit();
    let (across, up) = (spot.dot(right).abs(), spot.dot(right.cross(facing)).abs());
    let pane = smooth(1.55, 1.40, across) * smooth(1.95, 1.80, up);
    let bars = smooth(0.05, 0.11, across) * smooth(0.05, 0.11, (up - 0.05).abs());
    wall + DAYLIGHT * (pane * bars * 2.6)
}

/// A dark wall with a patch of light from the window.
pub(super) fn backdrop(ray: V3) -> V3 {
    let mottled = fbm(ray.x * 9.0, ray.y * 9.0, 4);
    let glow = smooth(0.55, -0.25, ((ray.x - 0.12) * (ray.x - 0.12) + ray.y * ray.y).sqrt());
    let wall = v3(0.020, 0.023, 0.026).mix(v3(0.150, 0.128, 0.100), glow);
    wall * (1.0 + 0.35 * mottled) + grey(0.003)
}

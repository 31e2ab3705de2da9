//! Fruit on a wooden table in window light: a small ray tracer with soft shadows.
//!
//! Spheres and ellipsoids are hit exactly, apples by marching along the ray. The window is a rectangle
//! that shows in every shiny skin.

mod look;

use std::io;
use std::ops::Range;

use look::{backdrop, room, skin};

use super::super::file;
use super::super::noise::{Rng, fbm, noise};
use super::super::raster::{Film, Raster, each_row, lay};
use super::super::vector::{V3, smooth, srgb, v3};

const WIDTH: usize = 2400;
const HEIGHT: usize = 1800;
const EYE: V3 = v3(0.2, 3.05, -8.6);
const LOOK_AT: V3 = v3(0.18, 0.68, 0.0);
/// Half the picture's height at distance 1.
const ZOOM: f32 = 0.315;
/// The window's centre: from the left, above and a little in front.
const WINDOW: V3 = v3(-6.0, 6.2, -3.4);
const DAYLIGHT: V3 = v3(1.95, 1.84, 1.66);

#[derive(Clone, Copy, PartialEq)]
enum Skin {
    Orange,
    RedApple,
    GreenApple,
    Lemon,
    Plum,
    Grape,
    Cherry,
}

/// A fruit: a ball, or a ball stretched along its axis.
struct Fruit {
    centre: V3,
    radius: f32,
    /// Stretch along `axis`; 1 is a ball.
    stretch: f32,
    axis: V3,
    skin: Skin,
    seed: f32,
}

/// A stem between two points.
struct Stem {
    from: V3,
    to: V3,
    radius: f32,
    colour: V3,
}

struct Table {
    fruits: Vec<Fruit>,
    stems: Vec<Stem>,
    /// Which fruits are the grapes, and a ball around all of them.
    heap: Range<usize>,
    heap_ball: (V3, f32),
}

impl Table {
    /// The fruits with their numbers, the heap of grapes only on demand.
    fn fruits(&self, with_heap: bool) -> impl Iterator<Item = (usize, &Fruit)> {
        let cut = if with_heap { self.fruits.len() } else { self.heap.start };
        let rest = if with_heap { self.fruits.len() } else { self.heap.end };
        let before = self.fruits[..cut].iter().enumerate();
        let after = self.fruits[rest..].iter().enumerate();
        before.chain(after.map(move |(index, fruit)| (rest + index, fruit)))
    }

    /// Whether a ray that widens by `spread` per unit of length comes near the heap.
    fn passes_heap(&self, from: V3, ray: V3, spread: f32) -> bool {
        let to = self.heap_ball.0 - from;
        let along = to.dot(ray);
        let reach = self.heap_ball.1 + spread * along.max(0.0);
        to.dot(to) - along * along.max(0.0) < reach * reach
    }
}

/// What a ray met.
#[derive(Clone, Copy)]
struct Hit {
    distance: f32,
    normal: V3,
    /// The fruit's index; the stems come behind; the table is `u32::MAX - 1`, nothing is `u32::MAX`.
    what: u32,
}

/// Straight parts of each bent stem.
const STEM_PARTS: usize = 8;
const TABLE: u32 = u32::MAX - 1;
const NOTHING: u32 = u32::MAX;

/// Paints the scene as a JPEG.
pub(in super::super) fn paint() -> io::Result<Vec<u8>> {
    let table = lay_table();
    let raster = render(&table);
    let film = Film { exposure: 1.0, grain: 2.6, vignette: 0.38 };
    file::jpeg(WIDTH, HEIGHT, &raster.develop(&film))
}

fn lay_table() -> Table {
    let mut fruits = Vec::new();
    let mut add = |x: f32, y: f32, z: f32, radius: f32, stretch: f32, axis: V3, skin: Skin| {
        let seed = fruits.len() as f32 * 5.3;
        fruits.push(Fruit { centre: v3(x, y, z), radius, stretch, axis: axis.unit(), skin, seed });
    };
    let up = v3(0.0, 1.0, 0.0);
    add(-0.75, 0.88, 0.9, 0.92, 0.96, v3(0.2, 1.0, -0.1), Skin::Orange);
    add(0.95, 0.83, 1.05, 0.86, 0.97, v3(-0.4, 1.0, -0.3), Skin::Orange);
    add(-2.15, 0.80, 0.15, 0.86, 1.0, v3(-0.12, 1.0, -0.10), Skin::RedApple);
    add(2.42, 0.76, 0.35, 0.82, 1.0, v3(0.20, 1.0, -0.28), Skin::GreenApple);
    add(0.20, 0.52, -0.65, 0.50, 1.38, v3(1.0, 0.06, 0.45), Skin::Lemon);
    add(-1.05, 0.46, -0.95, 0.47, 1.12, v3(0.5, 0.8, 0.2), Skin::Plum);
    add(3.06, 0.44, -0.85, 0.45, 1.10, v3(-0.7, 0.5, 0.2), Skin::Plum);
    let grapes = heap_of_grapes();
    let heap = 7..7 + grapes.len();
    let heap_ball = ball_around(&grapes);
    for grape in grapes {
        let tilt = noise(grape.x * 9.0, grape.z * 9.0);
        add(grape.x, grape.y, grape.z, 0.225, 1.08, v3(tilt, 0.8, -tilt), Skin::Grape);
    }
    for (x, z) in [(-2.55, -1.32), (-2.10, -1.52), (-0.28, -1.62)] {
        add(x, 0.24, z, 0.25, 0.94, up, Skin::Cherry);
    }
    Table { fruits, stems: stems(), heap, heap_ball }
}

/// A ball that holds all grapes at these places.
fn ball_around(grapes: &[V3]) -> (V3, f32) {
    let share = 1.0 / grapes.len() as f32;
    let middle = grapes.iter().fold(V3::ZERO, |sum, grape| sum + *grape) * share;
    let far = |grape: &V3| (*grape - middle).dot(*grape - middle).sqrt();
    (middle, grapes.iter().map(far).fold(0.0, f32::max) + 0.27)
}

/// Grapes thrown onto one place, pushed apart until none is inside of another.
fn heap_of_grapes() -> Vec<V3> {
    const COUNT: usize = 40;
    const APART: f32 = 0.445;
    let middle = v3(1.62, 0.22, -1.05);
    let mut rng = Rng::new(11);
    let mut grapes: Vec<V3> = (0..COUNT)
        .map(|_| middle + v3(rng.range(-0.8, 0.8), rng.range(0.0, 0.9), rng.range(-0.5, 0.5)))
        .collect();
    for round in 0..160 {
        // Gravity and company while there is time, room at the end.
        let pull = if round < 120 { 0.012 } else { 0.0 };
        for grape in &mut grapes {
            let home = v3(middle.x - grape.x, (middle.y - grape.y) * 1.6, middle.z - grape.z);
            *grape += home * pull;
        }
        for first in 0..COUNT {
            for second in first + 1..COUNT {
                let way = grapes[second] - grapes[first];
                let distance = way.dot(way).sqrt().max(1e-3);
                if distance < APART {
                    let push = way * ((APART - distance) * 0.5 / distance);
                    grapes[first] = grapes[first] - push;
                    grapes[second] += push;
                }
            }
        }
        for grape in &mut grapes {
            grape.y = grape.y.max(0.225);
        }
    }
    grapes
}

fn stems() -> Vec<Stem> {
    let mut stems = Vec::new();
    let wood = v3(0.10, 0.055, 0.025);
    let green = v3(0.13, 0.17, 0.04);
    // Three points of a curve each: foot, the bend, tip.
    let mut curve = |foot: V3, bend: V3, tip: V3, radius: f32, colour: V3| {
        let at = |t: f32| foot.mix(bend, t).mix(bend.mix(tip, t), t);
        for part in 0..STEM_PARTS {
            let t = part as f32 / STEM_PARTS as f32;
            // A little longer than its part, so that no gap shows at the bends.
            stems.push(Stem { from: at(t), to: at(t + 0.135), radius, colour });
        }
    };
    curve(v3(-2.23, 1.22, 0.08), v3(-2.26, 1.62, 0.04), v3(-2.44, 1.84, 0.02), 0.036, wood);
    curve(v3(2.53, 1.12, 0.16), v3(2.60, 1.50, 0.06), v3(2.80, 1.68, 0.0), 0.036, wood);
    curve(v3(-2.55, 0.42, -1.32), v3(-2.52, 0.86, -1.30), v3(-2.02, 1.10, -1.20), 0.016, green);
    curve(v3(-2.10, 0.42, -1.52), v3(-2.16, 0.88, -1.42), v3(-2.02, 1.10, -1.20), 0.016, green);
    curve(v3(-0.28, 0.42, -1.62), v3(-0.20, 0.86, -1.68), v3(0.40, 0.86, -1.74), 0.016, green);
    stems
}

/// One ray per pixel, and sixteen where neighbours meet different things.
fn render(table: &Table) -> Raster {
    let mut met = vec![NOTHING; WIDTH * HEIGHT];
    let mut raster =
        Raster { width: WIDTH, height: HEIGHT, pixels: vec![V3::ZERO; WIDTH * HEIGHT] };
    let mut both: Vec<(V3, u32)> = vec![(V3::ZERO, NOTHING); WIDTH * HEIGHT];
    each_row(&mut both, WIDTH, |y, row| {
        for (x, cell) in row.iter_mut().enumerate() {
            *cell = trace(table, x as f32 + 0.5, y as f32 + 0.5);
        }
    });
    for ((pixel, what), (colour, hit)) in raster.pixels.iter_mut().zip(&mut met).zip(both) {
        (*pixel, *what) = (colour, hit);
    }
    each_row(&mut raster.pixels, WIDTH, |y, row| {
        for (x, pixel) in row.iter_mut().enumerate() {
            let here = met[y * WIDTH + x];
            let differs = |dx: usize, dy: usize| {
                let (x, y) = ((x + dx).saturating_sub(1), (y + dy).saturating_sub(1));
                met[y.min(HEIGHT - 1) * WIDTH + x.min(WIDTH - 1)] != here
            };
            if differs(0, 1) || differs(2, 1) || differs(1, 0) || differs(1, 2) {
                let mut sum = V3::ZERO;
                for sample in 0..16_u8 {
                    let (dx, dy) = (f32::from(sample % 4), f32::from(sample / 4));
                    let place = (x as f32 + 0.125 + dx * 0.25, y as f32 + 0.125 + dy * 0.25);
                    sum += trace(table, place.0, place.1).0;
                }
                *pixel = sum * (1.0 / 16.0);
            }
        }
    });
    raster
}

fn trace(table: &Table, x: f32, y: f32) -> (V3, u32) {
    let forward = (LOOK_AT - EYE).unit();
    let right = v3(0.0, 1.0, 0.0).cross(forward).unit();
    let up = forward.cross(right);
    let half = HEIGHT as f32 * 0.5;
    let (across, down) = ((x - WIDTH as f32 * 0.5) / half * ZOOM, (y - half) / half * ZOOM);
    let ray = (forward + right * across - up * down).unit();
    let hit = cast(table, EYE, ray);
    (shade(table, EYE, ray, hit, true), hit.what)
}

fn cast(table: &Table, from: V3, ray: V3) -> Hit {
    let mut hit = Hit { distance: 1e9, normal: V3::ZERO, what: NOTHING };
    if ray.y < -1e-4 {
        hit = Hit { distance: -from.y / ray.y, normal: v3(0.0, 1.0, 0.0), what: TABLE };
    }
    for (index, fruit) in table.fruits(table.passes_heap(from, ray, 0.0)) {
        let to = fruit.centre - from;
        let along = to.dot(ray);
        let reach = fruit.radius * 1.42;
        if along < 0.0 || to.dot(to) - along * along > reach * reach {
            continue;
        }
        let found = match fruit.skin {
            Skin::RedApple | Skin::GreenApple => meet_apple(fruit, from, ray, along),
            _ => meet_ball(fruit, from, ray),
        };
        if let Some((distance, normal)) = found
            && distance < hit.distance
        {
            hit = Hit { distance, normal, what: index as u32 };
        }
    }
    for (index, parts) in table.stems.chunks(STEM_PARTS).enumerate() {
        let middle = parts[STEM_PARTS / 2].from;
        let to = middle - from;
        let along = to.dot(ray);
        let end = parts[0].from - middle;
        // The parts of a stem are of equal length, nearly: its foot and its tip are farthest.
        if to.dot(to) - along * along > end.dot(end) * 1.5 {
            continue;
        }
        for (part, stem) in parts.iter().enumerate() {
            if let Some((distance, normal)) = meet_stem(stem, from, ray)
                && distance < hit.distance
            {
                let what = table.fruits.len() + index * STEM_PARTS + part;
                hit = Hit { distance, normal, what: what as u32 };
            }
        }
    }
    hit
}

/// The squeezed space in which a stretched ball is round.
fn squeeze(vector: V3, axis: V3, stretch: f32) -> V3 {
    vector + axis * (vector.dot(axis) * (1.0 / stretch - 1.0))
}

fn meet_ball(fruit: &Fruit, from: V3, ray: V3) -> Option<(f32, V3)> {
    let start = squeeze(from - fruit.centre, fruit.axis, fruit.stretch);
    let way = squeeze(ray, fruit.axis, fruit.stretch);
    let (a, b) = (way.dot(way), start.dot(way));
    let c = start.dot(start) - fruit.radius * fruit.radius;
    let inside = b * b - a * c;
    if inside <= 0.0 {
        return None;
    }
    let distance = (-b - inside.sqrt()) / a;
    let normal = squeeze(start + way * distance, fruit.axis, fruit.stretch).unit();
    (distance > 1e-3).then_some((distance, normal))
}

/// The apple's surface: negative inside. Dimpled at the stem, narrower below.
fn apple(fruit: &Fruit, place: V3) -> f32 {
    let local = place - fruit.centre;
    let height = local.dot(fruit.axis) / fruit.radius;
    let out = local - fruit.axis * (height * fruit.radius);
    let wide = out.dot(out).sqrt() / fruit.radius;
    let length = (wide * wide + height * height).sqrt().max(1e-4);
    let rise = height / length;
    let hollow = smooth(0.72, 1.0, rise);
    let dimple = hollow * (0.23 + 0.11 * hollow);
    let below = 0.10 * smooth(-0.1, -1.0, rise) + 0.12 * smooth(-0.90, -1.0, rise);
    let lobes = 0.012 * (5.0 * out.z.atan2(out.x) + fruit.seed).sin() * (0.4 - rise);
    (length - (1.0 - dimple - below + lobes)) * fruit.radius * 0.55
}

fn meet_apple(fruit: &Fruit, from: V3, ray: V3, along: f32) -> Option<(f32, V3)> {
    let to = fruit.centre - from;
    let reach = fruit.radius * 1.03;
    let chord = along * along + reach * reach - to.dot(to);
    if chord <= 0.0 {
        return None;
    }
    let mut distance = (along - chord.sqrt()).max(0.0);
    let end = along + chord.sqrt();
    for _ in 0..120 {
        let gap = apple(fruit, from + ray * distance);
        if gap < 8e-4 {
            let place = from + ray * distance;
            let step = 2e-3;
            let slope =
                |side: V3| apple(fruit, place + side * step) - apple(fruit, place - side * step);
            let normal =
                v3(slope(v3(1.0, 0.0, 0.0)), slope(v3(0.0, 1.0, 0.0)), slope(v3(0.0, 0.0, 1.0)));
            return Some((distance, normal.unit()));
        }
        distance += gap;
        if distance > end {
            return None;
        }
    }
    None
}

/// Nearest approach of the ray and the stem's line.
fn meet_stem(stem: &Stem, from: V3, ray: V3) -> Option<(f32, V3)> {
    let line = stem.to - stem.from;
    let start = from - stem.from;
    let (line2, line_ray) = (line.dot(line), line.dot(ray));
    let (line_start, ray_start) = (line.dot(start), ray.dot(start));
    let a = line2 - line_ray * line_ray;
    let b = line2 * ray_start - line_start * line_ray;
    let c = line2 * start.dot(start) - line_start * line_start - stem.radius * stem.radius * line2;
    let inside = b * b - a * c;
    if inside < 0.0 {
        return None;
    }
    let distance = (-b - inside.sqrt()) / a;
    let share = (line_start + distance * line_ray) / line2;
    if !(0.0..=1.0).contains(&share) || distance < 1e-3 {
        return None;
    }
    let place = start + ray * distance;
    Some((distance, (place - line * share) * (1.0 / stem.radius)))
}

/// How much of the window a place sees past the fruit: the cone towards it against each ball.
fn daylight(table: &Table, place: V3, normal: V3, skip: u32) -> f32 {
    let toward = WINDOW - place;
    let far = toward.dot(toward).sqrt();
    let ray = toward * (1.0 / far);
    let mut open = smooth(-0.12, 0.25, normal.dot(ray));
    for (index, fruit) in table.fruits(table.passes_heap(place, ray, 0.2)) {
        if index as u32 == skip {
            continue;
        }
        let to = fruit.centre - place;
        let along = to.dot(ray);
        if along <= 0.0 {
            continue;
        }
        let miss = (to.dot(to) - along * along).max(0.0).sqrt() - fruit.radius * 0.96;
        // The window's half width as seen from there.
        let soft = along * 0.17 + 0.015;
        open *= smooth(-soft, soft, miss);
        if open < 0.004 {
            return 0.0;
        }
    }
    open
}

/// How much of the room's light reaches a place: less in the gaps between fruit.
fn openness(table: &Table, place: V3, normal: V3, skip: u32) -> f32 {
    let mut open: f32 = 1.0;
    let to_heap = table.heap_ball.0 - place;
    let near_heap = to_heap.dot(to_heap) < (table.heap_ball.1 + 1.3).powi(2);
    for (index, fruit) in table.fruits(near_heap) {
        if index as u32 == skip {
            continue;
        }
        let to = fruit.centre - place;
        let distance2 = to.dot(to);
        let radius2 = fruit.radius * fruit.radius;
        if distance2 > radius2 * 30.0 {
            continue;
        }
        let facing = to.dot(normal) / distance2.sqrt();
        let size = (radius2 / distance2).min(1.0);
        open *= 1.0 - (size * (facing * 0.65 + 0.35).clamp(0.0, 1.0)).min(0.92);
    }
    if skip != TABLE {
        // The table below takes half of the sky from a place that faces it.
        let low = smooth(0.9, 0.0, place.y);
        open *= 1.0 - (0.30 + 0.35 * low) * (0.5 - 0.5 * normal.y);
    }
    open
}

fn shade(table: &Table, from: V3, ray: V3, hit: Hit, mirrors: bool) -> V3 {
    if hit.what == NOTHING {
        return backdrop(ray);
    }
    let place = from + ray * hit.distance;
    if hit.what == TABLE {
        return wood(table, place, ray, mirrors);
    }
    let index = hit.what as usize;
    let Some(fruit) = table.fruits.get(index) else {
        let stem = &table.stems[index - table.fruits.len()];
        let light = (WINDOW - place).unit().dot(hit.normal).max(0.0);
        return stem.colour * (0.25 + 1.6 * light);
    };
    let (colour, gloss, bump) = skin(fruit, place);
    let normal = (hit.normal + bump).unit();
    let sun = daylight(table, place, hit.normal, hit.what);
    let open = openness(table, place, hit.normal, hit.what);
    let to_window = (WINDOW - place).unit();
    let facing = normal.dot(to_window);
    // Light wraps a little around a fruit, more where it is translucent.
    let wrap = if fruit.skin == Skin::Grape { 0.45 } else { 0.12 };
    let direct = ((facing + wrap) / (1.0 + wrap)).max(0.0) * sun;
    let bounce = v3(0.20, 0.115, 0.06) * ((0.5 - 0.5 * normal.y) * smooth(1.8, 0.0, place.y));
    let ambient = (v3(0.20, 0.21, 0.24) * (0.62 + 0.38 * normal.y) + bounce) * open;
    let mut light = colour * (DAYLIGHT * direct + ambient);
    if fruit.skin == Skin::Grape {
        // Light that went through.
        let through = (-facing).max(0.0) * 0.35 + 0.10;
        light += v3(0.20, 0.012, 0.04) * (through * open);
    }
    let mirror = ray.reflect(normal);
    let edge = 1.0 - (-ray.dot(normal)).clamp(0.0, 1.0);
    let strength = gloss * (0.055 + 0.6 * edge.powi(5));
    light + room(place, mirror) * (strength * (0.25 + 0.75 * open) * (0.35 + 0.65 * sun))
}

fn wood(table: &Table, place: V3, ray: V3, mirrors: bool) -> V3 {
    // Planks run across; each has its own tone and its own grain.
    let across = (place.z + 40.0) * 0.62;
    let plank = across.floor();
    let edge = (across - plank - 0.5).abs();
    let tone = noise(plank * 3.7, 0.5) * 0.22;
    let (gx, gz) = (place.x * 0.55 + plank * 17.0, place.z * 5.5);
    let warp = fbm(gx, gz * 0.35, 3);
    let rings = (gz * 2.2 + warp * 5.5).sin() * 0.5 + 0.5;
    let fibre = fbm(place.x * 3.0 + plank * 9.0, place.z * 70.0, 4);
    let share = (0.30 + 0.42 * rings + 0.42 * fibre + tone).clamp(0.0, 1.0);
    let mut colour = srgb(92, 54, 30).mix(srgb(164, 108, 62), share);
    colour = colour * (1.0 - 0.75 * smooth(0.488, 0.498, edge));

    let normal = v3(0.0, 1.0, 0.0);
    let sun = daylight(table, place, normal, TABLE);
    let open = openness(table, place, normal, TABLE);
    let to_window = WINDOW - place;
    let fall = 78.0 / to_window.dot(to_window);
    let direct = to_window.unit().y * sun * fall;
    let mut light = colour * (DAYLIGHT * direct + v3(0.17, 0.17, 0.19) * open);
    if mirrors {
        let tilt = v3(fibre * 0.02, 0.0, fibre * 0.05 + (rings - 0.5) * 0.012);
        let ray = ray.reflect((normal + tilt).unit());
        let hit = cast(table, place + normal * 1e-3, ray);
        let seen = if hit.what == NOTHING {
            room(place, ray)
        } else {
            shade(table, place, ray, hit, false)
        };
        let edge = 1.0 - ray.y.clamp(0.0, 1.0);
        light += seen * (0.035 + 0.30 * edge.powi(5));
    }
    // The far edge of the table is lost in the dark.
    lay(light, backdrop(ray), smooth(4.6, 7.4, place.z))
}

//! A CMYK press that is a formula, as an ICC profile: tests know its colours without any CMM.
//!
//! Cyan, magenta and yellow each take away a part of the light of red, green and blue, black of
//! all; light is then XYZ by the sRGB primaries. The profile (ICC.1:2001-04, version 2) samples
//! the formula in a `mft2` table from CMYK to Lab and its inverse, with as much black as the
//! colour allows, in one from Lab to CMYK.

use super::support::{encoded, linear};

/// Light of red, green and blue, 0–1, left by ink, 0–1. Full black leaves a little, as ink does.
pub fn light(ink: [f64; 4]) -> [f64; 3] {
    std::array::from_fn(|band| (1.0 - 0.95 * ink[band]) * (1.0 - 0.98 * ink[3]))
}

/// The sRGB colour of ink, 0–1.
pub fn srgb(ink: [f64; 4]) -> [f64; 3] {
    light(ink).map(encoded)
}

/// Lab (D50) of linear sRGB, by the sRGB primaries adapted to D50 (ICC sRGB profile).
pub fn lab(light: [f64; 3]) -> [f64; 3] {
    let [r, g, b] = light;
    let x = 0.436_066 * r + 0.385_147 * g + 0.143_066 * b;
    let y = 0.222_488 * r + 0.716_873 * g + 0.060_608 * b;
    let z = 0.013_916 * r + 0.097_076 * g + 0.714_096 * b;
    let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let (fx, fy, fz) = (f(x / 0.9642), f(y), f(z / 0.8249));
    [116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)]
}

/// Linear sRGB of Lab, cut to 0–1.
fn light_of(lab: [f64; 3]) -> [f64; 3] {
    let fy = (lab[0] + 16.0) / 116.0;
    let inverse = |f: f64| if f > 0.206_893 { f * f * f } else { (f - 16.0 / 116.0) / 7.787 };
    let x = inverse(fy + lab[1] / 500.0) * 0.9642;
    let y = inverse(fy);
    let z = inverse(fy - lab[2] / 200.0) * 0.8249;
    [
        3.134_14 * x - 1.617_37 * y - 0.490_7 * z,
        -0.978_76 * x + 1.916_14 * y + 0.033_45 * z,
        0.071_94 * x - 0.228_98 * y + 1.405_22 * z,
    ]
    .map(|value| value.clamp(0.0, 1.0))
}

/// Ink that leaves this light, as far as ink can.
fn ink(light: [f64; 3]) -> [f64; 4] {
    let most = light[0].max(light[1]).max(light[2]);
    let black = ((1.0 - most) / 0.98).clamp(0.0, 1.0);
    let rest = 1.0 - 0.98 * black;
    let [c, m, y] = light.map(|value| ((1.0 - value / rest) / 0.95).clamp(0.0, 1.0));
    [c, m, y, black]
}

/// The press as an ICC profile.
pub fn profile() -> Vec<u8> {
    const CMYK_GRID: usize = 13;
    const LAB_GRID: usize = 33;
    let part = |index: usize, grid: usize| index as f64 / (grid - 1) as f64;
    let mut to_lab = Vec::new();
    for index in 0..CMYK_GRID.pow(4) {
        let at = |power: u32| part(index / CMYK_GRID.pow(power) % CMYK_GRID, CMYK_GRID);
        let [l, a, b] = lab(light([at(3), at(2), at(1), at(0)]));
        // 16-bit Lab of version 2: L 100 is 0xff00, a and b have 0x8000 as nought.
        to_lab.extend([l * 652.8, (a + 128.0) * 256.0, (b + 128.0) * 256.0]);
    }
    let mut to_ink = Vec::new();
    for index in 0..LAB_GRID.pow(3) {
        let at = |power: u32| part(index / LAB_GRID.pow(power) % LAB_GRID, LAB_GRID) * 65535.0;
        let lab = [at(2) / 652.8, at(1) / 256.0 - 128.0, at(0) / 256.0 - 128.0];
        to_ink.extend(ink(light_of(lab)).map(|ink| ink * 65535.0));
    }
    let forth = table(4, 3, CMYK_GRID, &to_lab);
    let back = table(3, 4, LAB_GRID, &to_ink);
    let white = [b"XYZ \0\0\0\0".to_vec(), fixed(0.9642), fixed(1.0), fixed(0.8249)].concat();
    let tags: [(&[u8; 4], &[u8]); 4] = [
        (b"desc", b"desc\0\0\0\0\0\0\0\x06press\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        (b"wtpt", &white),
        (b"A2B0", &forth),
        (b"B2A0", &back),
    ];
    assemble(&tags)
}

fn fixed(value: f64) -> Vec<u8> {
    ((value * 65536.0).round() as i32).to_be_bytes().to_vec()
}

/// A `mft2` table with straight curves.
fn table(inputs: u8, outputs: u8, grid: usize, values: &[f64]) -> Vec<u8> {
    let mut tag = b"mft2\0\0\0\0".to_vec();
    tag.extend([inputs, outputs, grid as u8, 0]);
    for entry in 0..9 {
        tag.extend(fixed(if entry % 4 == 0 { 1.0 } else { 0.0 }));
    }
    let word = |value: f64| (value.round().clamp(0.0, 65535.0) as u16).to_be_bytes();
    tag.extend([2_u16.to_be_bytes(), 2_u16.to_be_bytes()].concat());
    let straight = [word(0.0), word(65535.0)].concat();
    (0..inputs).for_each(|_| tag.extend(&straight));
    values.iter().for_each(|value| tag.extend(word(*value)));
    (0..outputs).for_each(|_| tag.extend(&straight));
    tag
}

fn assemble(tags: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut header = vec![0; 128];
    header[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    header[12..24].copy_from_slice(b"prtrCMYKLab ");
    header[36..40].copy_from_slice(b"acsp");
    header[68..80].copy_from_slice(&[fixed(0.9642), fixed(1.0), fixed(0.8249)].concat());
    let mut list = (tags.len() as u32).to_be_bytes().to_vec();
    let mut body = Vec::new();
    for (name, data) in tags {
        let at = 128 + 4 + 12 * tags.len() + body.len();
        list.extend_from_slice(*name);
        list.extend((at as u32).to_be_bytes());
        list.extend((data.len() as u32).to_be_bytes());
        body.extend_from_slice(data);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let mut profile = [header, list, body].concat();
    let len = (profile.len() as u32).to_be_bytes();
    profile[..4].copy_from_slice(&len);
    profile
}

#[test]
fn the_formula_agrees_with_itself() {
    for level in 0..=10 {
        let light = [f64::from(level) / 10.0, 0.5, 0.9];
        let back = super::press::light(ink(light));
        for band in 0..3 {
            assert!((back[band] - light[band].max(0.05)).abs() < 0.06, "{light:?} {back:?}");
            assert!((light_of(lab(light))[band] - light[band]).abs() < 1e-3);
            assert!((linear(encoded(light[band])) - light[band]).abs() < 1e-6);
        }
    }
}

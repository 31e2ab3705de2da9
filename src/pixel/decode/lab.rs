//! CIE 1976 L*a*b* under D50, as Photoshop and TIFF have it, to sRGB (IEC 61966-2-1).

/// XYZ under D50 to linear sRGB: the inverse of the matrix of the sRGB profile's colorants, which
/// are adapted with the Bradford transform.
const TO_LINEAR: [[f32; 3]; 3] = [
    [3.133_856, -1.616_867, -0.490_615],
    [-0.978_768, 1.916_142, 0.033_454],
    [0.071_945, -0.228_991, 1.405_243],
];
const WHITE: [f32; 3] = [0.964_22, 1.0, 0.825_21];

/// The sRGB pixel of a stored one, both in steps of which `full` is the last (255 or 65535): an L* of
/// 100 is `full`, and a* and b* begin at −128. Colours that sRGB does not have are cut off at its limits.
pub(super) fn to_srgb(stored: [u32; 3], full: u32) -> [u32; 3] {
    let [l, a, b] = stored.map(|value| value as f32);
    let step = (full + 1) as f32 / 256.0;
    let lightness = l * 100.0 / full as f32;
    let (a, b) = (a / step - 128.0, b / step - 128.0);
    let y = (lightness + 16.0) / 116.0;
    let xyz: [f32; 3] = [
        WHITE[0] * uncompressed(y + a / 500.0),
        WHITE[1] * uncompressed(y),
        WHITE[2] * uncompressed(y - b / 200.0),
    ];
    TO_LINEAR.map(|row| {
        let light: f32 = row.iter().zip(xyz).map(|(factor, value)| factor * value).sum();
        (encoded(light.clamp(0.0, 1.0)) * full as f32).round() as u32
    })
}

/// The inverse of the function that makes lightness of light.
fn uncompressed(value: f32) -> f32 {
    const BEND: f32 = 6.0 / 29.0;
    if value > BEND { value.powi(3) } else { 3.0 * BEND * BEND * (value - 4.0 / 29.0) }
}

/// The sRGB value of light of 0–1.
pub(super) fn encoded(light: f32) -> f32 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::to_srgb;

    #[test]
    fn known_colours() {
        // White, black and the middle: L* 50 is a luminance of 18.42 %, which sRGB encodes as 118.9.
        assert_eq!(to_srgb([255, 128, 128], 255), [255, 255, 255]);
        assert_eq!(to_srgb([0, 128, 128], 255), [0, 0, 0]);
        assert_eq!(to_srgb([65535 / 2, 32768, 32768], 65535).map(|v| (v + 128) / 257), [119; 3]);
        // The sRGB primaries under D50: 54.29 80.81 69.89, 87.82 -79.29 80.99, 29.57 68.30 -112.03.
        for (lab, expected) in [
            ([54.29, 80.81, 69.89], [65535, 0, 0]),
            ([87.82, -79.29, 80.99], [0, 65535, 0]),
            ([29.57, 68.30, -112.03], [0, 0, 65535]),
        ] {
            let [l, a, b] = lab;
            let stored = [l * 655.35, (a + 128.0) * 256.0, (b + 128.0) * 256.0_f64];
            let found = to_srgb(stored.map(|value| value.round() as u32), 65535);
            for (found, expected) in found.into_iter().zip(expected) {
                let difference = i64::from(found) - i64::from(expected);
                assert!(difference.abs() <= 3 * 257, "{lab:?}: {found} is not {expected}");
            }
        }
    }
}

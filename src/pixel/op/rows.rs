//! The inner loops of resampling: weighted sums of rows, and of the pixels of a row.
//!
//! They are inlined into callers that are compiled for certain instructions. `FUSED` says that
//! these include fused multiplication and addition, which without the instruction would be a
//! library call.

use super::kernel::Even;

/// The weighted sum of the rows that start at these places of the ring.
#[inline(always)]
pub(crate) fn add_rows<const FUSED: bool>(
    sums: &mut [f32],
    ring: &[f32],
    starts: &[usize],
    weights: &[f32],
) {
    // As many sums as fit into the processor's registers.
    const BLOCK: usize = 64;
    let (blocks, rest) = sums.as_chunks_mut::<BLOCK>();
    let done = blocks.len() * BLOCK;
    for (index, sums) in blocks.iter_mut().enumerate() {
        let mut block = [0.0_f32; BLOCK];
        for (start, weight) in starts.iter().zip(weights) {
            let row: &[f32; BLOCK] =
                ring[start + index * BLOCK..].first_chunk().expect("rows are as long as the sums");
            for (sum, value) in block.iter_mut().zip(row) {
                *sum = multiply_add::<FUSED>(*value, *weight, *sum);
            }
        }
        *sums = block;
    }
    rest.fill(0.0);
    for (start, weight) in starts.iter().zip(weights) {
        for (sum, value) in rest.iter_mut().zip(&ring[start + done..]) {
            *sum = multiply_add::<FUSED>(*value, *weight, *sum);
        }
    }
}

/// A result row from a row of sums that starts at source column `start`. A pixel is read as
/// `LANES` floats, those of the next one included.
#[inline(always)]
pub(crate) fn reduce<const BANDS: usize, const LANES: usize, const FUSED: bool>(
    sums: &[f32],
    row: &mut [f32],
    start: usize,
    across: &Even,
) {
    #[cfg(target_arch = "x86_64")]
    if FUSED
        && LANES == 4
        && std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("fma")
    {
        #[allow(unsafe_code)]
        // SAFETY: the processor was just found to have both features.
        unsafe {
            reduce_avx2::<BANDS>(sums, row, start, across);
        }
        return;
    }
    let pixels = row.as_chunks_mut::<LANES>().0.iter_mut();
    let kernels = across.first.iter().zip(across.weights.chunks_exact(across.count));
    for (pixel, (first, weights)) in pixels.zip(kernels) {
        let taps = &sums[(first - start) * BANDS..];
        *pixel = [0.0; LANES];
        for (tap, weight) in weights.iter().enumerate() {
            for (total, value) in pixel.iter_mut().zip(&taps[tap * BANDS..]) {
                *total = multiply_add::<FUSED>(*value, *weight, *total);
            }
        }
    }
}

/// [`reduce`] in whole vectors, which a compiler that sees a lane unused takes apart. Even and odd
/// taps are summed apart, so that one need not wait for the other.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline]
fn reduce_avx2<const BANDS: usize>(sums: &[f32], row: &mut [f32], start: usize, across: &Even) {
    use std::arch::x86_64::{
        _mm_add_ps, _mm_fmadd_ps, _mm_loadu_ps, _mm_set1_ps, _mm_setzero_ps, _mm_storeu_ps,
    };
    let reach = across.count * BANDS + 4;
    let pixels = row.as_chunks_mut::<4>().0.iter_mut();
    let kernels = across.first.iter().zip(across.weights.chunks_exact(across.count));
    for (pixel, (first, weights)) in pixels.zip(kernels) {
        let taps = &sums[(first - start) * BANDS..][..reach];
        let (mut even, mut odd) = (_mm_setzero_ps(), _mm_setzero_ps());
        let mut at = taps.as_ptr();
        for [one, two] in weights.as_chunks::<2>().0 {
            #[allow(unsafe_code)]
            // SAFETY: `at` stands at tap `t`, below `count`, and four floats are read from it and
            // from the tap after it, which is below `count` too because that is even. So reading
            // ends before `count · BANDS + 4`, the length of `taps`.
            unsafe {
                even = _mm_fmadd_ps(_mm_loadu_ps(at), _mm_set1_ps(*one), even);
                odd = _mm_fmadd_ps(_mm_loadu_ps(at.add(BANDS)), _mm_set1_ps(*two), odd);
            }
            at = at.wrapping_add(2 * BANDS);
        }
        #[allow(unsafe_code)]
        // SAFETY: the pixel is four floats.
        unsafe {
            _mm_storeu_ps(pixel.as_mut_ptr(), _mm_add_ps(even, odd));
        }
    }
}

#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::Axis;
    use super::*;

    /// Values of −1 to 1 without a pattern.
    fn values(count: usize) -> Vec<f32> {
        let mut state = 1_u32;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    fn check_reduce<const BANDS: usize, const LANES: usize, const FUSED: bool>() {
        let axis = Axis::new(0.0, 97.0, 31, 0..31, 0..97);
        let even = axis.even().unwrap();
        let mut sums = values(97 * BANDS);
        sums.resize(97 * BANDS + even.count * BANDS + LANES, 0.0);
        let mut row = vec![0.0; 31 * LANES];
        reduce::<BANDS, LANES, FUSED>(&sums, &mut row, 0, &even);
        for index in 0..31 {
            for band in 0..BANDS {
                let exact: f64 = axis
                    .range(index)
                    .zip(axis.weights(index))
                    .map(|(at, weight)| f64::from(sums[at * BANDS + band]) * f64::from(*weight))
                    .sum();
                let off = (f64::from(row[index * LANES + band]) - exact).abs();
                assert!(off < 1e-6, "{BANDS} bands, fused {FUSED}: {off}");
            }
        }
    }

    fn check_rows<const FUSED: bool>() {
        for width in [1, 63, 64, 65, 200] {
            let ring = values(width * 7);
            let weights = values(5);
            let starts: Vec<usize> = [3, 4, 5, 6, 0].map(|row| row * width).to_vec();
            let mut sums = vec![7.0; width];
            add_rows::<FUSED>(&mut sums, &ring, &starts, &weights);
            for (at, sum) in sums.iter().enumerate() {
                let exact: f64 = starts
                    .iter()
                    .zip(&weights)
                    .map(|(start, weight)| f64::from(ring[start + at]) * f64::from(*weight))
                    .sum();
                assert!((f64::from(*sum) - exact).abs() < 1e-6, "width {width}");
            }
        }
    }

    #[test]
    fn plain_loops_give_the_weighted_sums() {
        check_rows::<false>();
        check_reduce::<1, 4, false>();
        check_reduce::<2, 4, false>();
        check_reduce::<3, 4, false>();
        check_reduce::<4, 4, false>();
        check_reduce::<5, 8, false>();
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn vector_loops_give_the_weighted_sums() {
        assert!(
            std::arch::is_x86_feature_detected!("avx2")
                && std::arch::is_x86_feature_detected!("fma"),
            "the tests have to run on a processor that has the instructions that are used"
        );
        check_rows::<true>();
        check_reduce::<1, 4, true>();
        check_reduce::<2, 4, true>();
        check_reduce::<3, 4, true>();
        check_reduce::<4, 4, true>();
        check_reduce::<5, 8, true>();
    }
}

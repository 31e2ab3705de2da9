//! Measuring: programs take turns on pictures, and CPU time is counted.

use super::bench::Picture;

/// A name, and what makes of a picture a result of so many bytes.
pub type Program<'a> = (&'static str, Box<dyn Fn(&Picture) -> usize + 'a>);

/// CPU milliseconds per picture of each program: the mean over the pictures of the median over the
/// rounds.
pub fn measure(programs: &[Program], pictures: &[Picture], rounds: usize) -> Vec<f64> {
    let each = measure_each(programs, pictures, rounds);
    each.iter().map(|times| times.iter().sum::<f64>() / times.len() as f64).collect()
}

/// CPU milliseconds of each program on each picture, the median over the rounds.
pub fn measure_each(programs: &[Program], pictures: &[Picture], rounds: usize) -> Vec<Vec<f64>> {
    let mut times = vec![vec![Vec::with_capacity(rounds); pictures.len()]; programs.len()];
    // One round more, which fills caches and is not counted.
    for round in 0..=rounds {
        for (picture, file) in pictures.iter().enumerate() {
            for turn in 0..programs.len() {
                // Whoever comes first in a round comes last in another.
                let program = (turn + round) % programs.len();
                let before = cpu_ms();
                let size = (programs[program].1)(file);
                let spent = cpu_ms() - before;
                assert!(size > 1000, "{} made no picture", programs[program].0);
                if round > 0 {
                    times[program][picture].push(spent);
                }
            }
        }
    }
    times.into_iter().map(|pictures| pictures.into_iter().map(median).collect()).collect()
}

/// One line for a goal: the ratio, what was to be reached, and whether it was.
pub fn goal(what: &str, ratio: f64, at_most: f64) {
    let met = if ratio <= at_most { "met" } else { "NOT MET" };
    println!("goal: {what:64}{ratio:>8.3}  ≤ {at_most:<6} {met}");
}

/// The middle of the times.
pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// CPU time of the whole process so far: libvips works on threads of its own.
pub fn cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec on this stack frame.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "the process has a CPU clock");
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

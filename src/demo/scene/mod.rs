//! The scenes, one per file.

pub(super) mod city;
pub(super) mod meadow;
pub(super) mod mountains;
pub(super) mod seashore;
pub(super) mod still_life;

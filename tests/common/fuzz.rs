//! Random programs: how many, how large, and from which seed.
#![allow(dead_code, reason = "each test file uses some of it")]

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Executions after which a program counts as too large to be compared.
pub fn budget() -> u64 {
    if std::env::var_os("DIFFERENTIAL_SIZE").is_some() { 100_000 } else { 4_000 }
}

/// Operations more than usual in each thread: `DIFFERENTIAL_SIZE` asks for them.
pub fn size() -> usize {
    std::env::var("DIFFERENTIAL_SIZE").map_or(0, |n| n.parse().expect("DIFFERENTIAL_SIZE is a number"))
}

/// Programs per test; `DIFFERENTIAL_CASES` asks for more.
pub fn cases(default: u32) -> u32 {
    std::env::var("DIFFERENTIAL_CASES").map_or(default, |n| n.parse().expect("DIFFERENTIAL_CASES is a number"))
}

/// A fixed seed, unless more programs than usual are asked for.
pub fn runner(default: u32) -> TestRunner {
    let cases = cases(default);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 3_000, ..Config::default() };
    if std::env::var_os("DIFFERENTIAL_CASES").is_none() {
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
    } else {
        TestRunner::new(config)
    }
}

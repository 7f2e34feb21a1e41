//! Random numbers come from the schedule.

use crate::common::*;
use raddle::{
    Check,
    FailureKind::Panic,
    rand::{Rng, random, thread_rng},
    thread,
};

#[test]
fn a_sampled_model_draws_from_its_schedules_seed_and_its_token_repeats_the_draw() {
    for strategy in samplers() {
        let model = || {
            let other = thread::spawn(|| thread_rng().gen_range(0..8));
            let (mine, theirs): (u8, u8) = (thread_rng().gen_range(0..8), other.join().unwrap());
            assert!(mine != 5, "drawn: {mine} and {theirs}");
        };
        let verdict = run(strategy, model);
        expect(&verdict, Panic, "drawn: 5");
        replays(&verdict, model);
    }
}

#[test]
fn an_explored_model_cannot_draw_and_is_told_of_choice() {
    for strategy in exhaustive() {
        let why = Check::new("draws").strategy(strategy).run(|| assert!(random::<u64>() > 0)).unwrap_err().to_string();
        assert!(why.contains("raddle::choice") && why.contains("rand"), "{strategy}: {why}");
    }
}

#[test]
fn outside_any_model_numbers_are_rands_own() {
    if raddle::World::compiled().contains(&raddle::World::Std) {
        let drawn: [u64; 4] = random();
        assert_ne!(drawn, [0; 4]);
        let mut bytes = [0; 20];
        raddle::rand::RngCore::fill_bytes(&mut thread_rng(), &mut bytes);
        assert_ne!(bytes, [0; 20]);
    }
}

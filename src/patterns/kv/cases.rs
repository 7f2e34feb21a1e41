//! The cases of `kv`.

use super::{mutex, one_key, scenario, two_sections, unlocked};
use crate::{
    FailureKind,
    patterns::{Case, Expect, Input, Stress, Symptom},
};

const TWO: Input = Input::new(&[1, 1], 1);
const MANY: Input = Input::new(&[20; 8], 4);
const RACE: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::DataRace,
    message: "data race on cell#",
    meaning: "two calls change the map, and nothing orders them",
}]);
const LOST: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Panic,
    message: "no order of the calls explains what main is told",
    meaning: "both clients have been told that their letter is stored, and one is not",
}]);
const OTHER: Expect = Expect::Fails(&[Symptom {
    kind: FailureKind::Panic,
    message: "no order of the calls explains what main is told: [Ok(Value(None))",
    meaning: "a letter is stored under the key, and main is told of another key, where there is none",
}]);

pub(super) const CASES: &[Case] = &[
    Case {
        pattern: "kv",
        variant: "unlocked",
        about: "handlers without a lock: two calls change the map at once",
        source: "MIT 6.824 lecture 2, kv.go without the lock",
        code: include_str!("unlocked.rs"),
        aliases: &[],
        counterpart: Some("mutex"),
        test: "unlocked_kv_is_a_data_race",
        loom: RACE,
        shuttle: RACE,
        stress: Stress::Undefined,
        limits: None,
        model: scenario::<unlocked::Store>,
        small: TWO,
        large: MANY,
    },
    Case {
        pattern: "kv",
        variant: "two-sections",
        about: "append looks and stores in two critical sections: a put is lost",
        source: "MIT 6.824 lecture 2, kv.go with a lock that is given back too early",
        code: include_str!("two_sections.rs"),
        aliases: &[],
        counterpart: Some("mutex"),
        test: "two_sections_kv_loses_an_append",
        loom: LOST,
        shuttle: LOST,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<two_sections::Store>,
        small: TWO,
        large: MANY,
    },
    Case {
        pattern: "kv",
        variant: "one-key",
        about: "get ignores its key",
        source: "MIT 6.824 lecture 2, kv.go as it was handed out",
        code: include_str!("one_key.rs"),
        aliases: &[],
        counterpart: Some("mutex"),
        test: "one_key_kv_answers_for_another_key",
        loom: OTHER,
        shuttle: OTHER,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<one_key::Store>,
        small: Input::new(&[1], 1),
        large: MANY,
    },
    Case {
        pattern: "kv",
        variant: "mutex",
        about: "the lock is held for the whole of a handler",
        source: "MIT 6.824 lecture 2, kv.go",
        code: include_str!("mutex.rs"),
        aliases: &["kv.go"],
        counterpart: Some("two-sections"),
        test: "mutex_kv_is_linearizable",
        loom: Expect::Holds,
        shuttle: Expect::Holds,
        stress: Stress::Runs,
        limits: None,
        model: scenario::<mutex::Store>,
        small: Input::new(&[2, 2], 1),
        large: MANY,
    },
];

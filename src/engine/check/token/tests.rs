//! Tokens survive any input, and say what is wrong with it.

use proptest::{
    collection::{btree_map, vec},
    prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_assume, prop_oneof, proptest},
    sample::Index,
    strategy::Strategy as Generator,
};

use super::*;

fn facts() -> impl Generator<Value = Facts> {
    let map = |most| btree_map(any::<u32>(), any::<u16>(), 0..most);
    (any::<[bool; 9]>(), map(3), map(3), btree_map((any::<u8>(), any::<u64>()), 0..10_000_u16, 0..3)).prop_map(
        |(
            [tries, hangs_up, parts, meets, asks_finished, peeks, asks_leader, crowds, spoils],
            counted,
            loops,
            prepared,
        )| {
            Facts {
                hangs_up,
                parts,
                meets,
                tries,
                asks_finished,
                peeks,
                asks_leader,
                crowds,
                spoils,
                counted: counted.into_keys().collect(),
                loops,
                prepared,
            }
        },
    )
}

fn choices() -> impl Generator<Value = BTreeMap<u32, usize>> {
    btree_map(any::<u32>(), 0..1000_usize, 0..3)
}

/// Each thread's parent and steps.
fn threads() -> impl Generator<Value = Vec<(usize, u32)>> {
    vec(0..20_u32, 1..20).prop_map(|steps| steps.into_iter().enumerate().map(|(id, n)| (id / 2, n)).collect())
}

fn body() -> impl Generator<Value = (Strategy, Body)> {
    use Strategy as S;
    prop_oneof![
        any::<u64>().prop_map(|seed| (S::Random, Body::Seed { seed, estimate: Estimated::Nothing })),
        any::<u64>().prop_map(|seed| (S::Pos, Body::Seed { seed, estimate: Estimated::Nothing })),
        (any::<u64>(), 1..100_usize).prop_map(|(seed, steps)| {
            (S::Pct { depth: 3 }, Body::Seed { seed, estimate: Estimated::Steps(steps) })
        }),
        (any::<u64>(), threads(), prop_oneof![Just(S::Urw), Just(S::Surw)]).prop_map(|(seed, threads, strategy)| {
            (strategy, Body::Seed { seed, estimate: Estimated::points(threads) })
        }),
        (any::<u64>(), any::<u32>(), threads()).prop_map(|(seed, place, threads)| {
            (S::Surw, Body::Seed { seed, estimate: Estimated::selected(place, threads) })
        }),
        vec(0..1000_u32, 0..100).prop_map(|decisions| (S::Dfs, Body::Decisions(decisions))),
        vec(0..1000_u32, 0..100).prop_map(|decisions| (S::Dpor, Body::Decisions(decisions))),
        (vec(0..14_u8, 0..100), choices()).prop_map(|(path, choices)| (S::Exhaustive, Body::Path { path, choices })),
        (any::<u64>(), choices()).prop_map(|(number, choices)| (S::Preemptions(2), Body::Number { number, choices })),
    ]
}

fn token() -> impl Generator<Value = Token> {
    let trail = (any::<u32>(), any::<u32>()).prop_map(|(steps, hash)| Trail { steps: steps as usize, hash });
    (".{0,20}", body(), facts(), proptest::option::of(trail))
        .prop_map(|(case, (strategy, body), facts, trail)| Token { trail, ..Token::new(&case, strategy, body, &facts) })
}

/// A line with its checksum made right.
fn signed(line: &str) -> String {
    format!("{line}:{:08x}", crc32fast::hash(line.as_bytes()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_token_is_read_as_it_was_written(token in token()) {
        let line = token.to_string();
        prop_assert!(line.chars().all(|c| c.is_ascii_graphic()), "{}", line);
        prop_assert_eq!(line.parse::<Token>(), Ok(token));
    }

    #[test]
    fn any_text_gives_an_error_and_no_panic(text in ".{0,80}") {
        prop_assert!(text.parse::<Token>().is_err());
    }

    #[test]
    fn a_damaged_token_gives_an_error(token in token(), at in any::<Index>(), by in 1..127_u8) {
        let mut bytes = token.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = (bytes[at] + by) % 128;
        let text = String::from_utf8(bytes).expect("ASCII");
        // White space around a token is no part of it.
        prop_assume!(text.trim() == text);
        prop_assert!(text.parse::<Token>().is_err(), "{}", text);
    }

    #[test]
    fn a_truncated_token_gives_an_error(token in token(), at in any::<Index>()) {
        let text = token.to_string();
        prop_assert!(text[..at.index(text.len())].parse::<Token>().is_err());
    }

    #[test]
    fn a_signed_but_senseless_token_never_panics(
        world in "loom-0.7.3|shuttle-0.1.7|std|loom-9|[a-z]{0,5}",
        strategy in "random|pct-[0-9]{1,4}|s?urw|dfs|exhaustive|preemptions-[0-9]{1,3}|[a-z-]{0,9}",
        fields in "([spnkedcftalbh]=[0-9a-fA-Zx.+_-]{0,12},?){0,4}",
    ) {
        if let Ok(token) = signed(&format!("rd1:case:{world}:{strategy}:{fields}")).parse::<Token>() {
            prop_assert_eq!(token.to_string().parse::<Token>(), Ok(token));
        }
    }
}

#[test]
fn each_error_says_what_is_wrong() {
    let error = |text: &str| text.parse::<Token>().expect_err("it is no token");
    assert!(matches!(error(""), TokenError::NotAToken { .. }));
    assert!(matches!(error("rd1:counter/naive"), TokenError::Parts { found: 2, .. }));
    assert!(matches!(error("rd1:c:loom-0.7.3:exhaustive:p=:00000000"), TokenError::Checksum { .. }));
    assert!(matches!(error(&signed("rd1:c:loom-0.1.0:exhaustive:p=")), TokenError::Outdated { .. }));
    assert!(matches!(error(&signed("rd1:c:loom-0.7.3:random:s=1")), TokenError::Malformed { part: "strategy", .. }));
    assert!(matches!(error(&signed("rd1:%zz:loom-0.7.3:exhaustive:p=")), TokenError::Malformed { part: "case", .. }));
    assert!(matches!(
        error(&signed("rd1:c:shuttle-0.1.7:random:s=x")),
        TokenError::Malformed { part: "parameters", .. }
    ));
}

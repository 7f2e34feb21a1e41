//! probe
use raddle::{
    Strategy,
    patterns::{Input, find},
};
#[test]
fn probe() {
    let p = std::env::var("PROBE").unwrap();
    for line in p.split(';') {
        let mut w = line.split_whitespace();
        let case = find(w.next().unwrap()).unwrap();
        let goal: usize = w.next().unwrap().parse().unwrap();
        let work: Vec<usize> = w.map(|n| n.parse().unwrap()).collect();
        let input = Input { work: work.clone().into(), goal };
        let s: Strategy = std::env::var("STRAT").unwrap_or("dpor".into()).parse().unwrap();
        let v = case.run(case.check(s).executions(400_000), &input).unwrap();
        println!(
            "{} {work:?} {goal}: {} {} {} redundant {} {:?} {}",
            case.name(),
            v.word(),
            v.coverage,
            v.executions,
            v.redundant,
            v.elapsed,
            v.failure.map_or(String::new(), |f| f.message)
        );
    }
}

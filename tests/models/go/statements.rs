//! Go's rules by number. Each is shown by a test whose name begins with its number, anywhere in this package, or has no
//! counterpart here.
//!
//! Sources, in Go's repository: `spec` is `doc/go_spec.html`, `mem` is `doc/go_mem.html`; `sync`, `time`, `context` and
//! `reflect` are the packages' documentation and tests; `chan_test` and `crash_test` are in `src/runtime`, `race` is
//! `src/runtime/race/testdata`, and what else is named is in `test`.

use std::{collections::BTreeMap, fs, path::Path};

/// How many rules there are of each kind.
const KINDS: [(&str, usize); 10] = [
    ("ch", 20), // Channels.
    ("se", 14), // Select.
    ("mm", 15), // The memory model.
    ("mu", 7),  // Mutex and RWMutex.
    ("co", 7),  // Cond.
    ("wg", 7),  // WaitGroup.
    ("on", 4),  // Once.
    ("ti", 9),  // Timers, as of Go 1.23.
    ("cx", 10), // Contexts.
    ("pe", 6),  // The program's end.
];

/// The rules that tests show. "Here" says where raddle differs.
const SHOWN: &[(&str, &str)] = &[
    ("ch1", "cap is what make was given, len what is queued [chancap, chan_test TestChan]"),
    ("ch2", "making a channel of a size beyond all memory panics [chancap]"),
    ("ch3", "elements may have no size [chan/zerosize]"),
    ("ch4", "an unbuffered send ends when a receiver takes the value [chan/select3]"),
    ("ch5", "a buffered send blocks iff the buffer is full, a receive iff it is empty [chan_test TestChan]"),
    ("ch6", "values keep the order of their sender, and none is lost or doubled [chan_test TestChan, chan/fifo]"),
    ("ch7", "a receive from a full buffer moves up the value of a sender that waits [runtime/chan.go recv]"),
    ("ch8", "a send hands its value to a receiver that waits, past the buffer [runtime/chan.go]"),
    ("ch9", "which of those who wait is served is left open [chan/fifo does not rely on it]"),
    ("ch10", "a nil channel blocks for ever, and closing it panics [chan/select3, closedchan]"),
    ("ch11", "a closed channel is drained, then gives the zero value at once, for ever; here None [closedchan]"),
    ("ch12", "a send on a closed channel panics, although it would not block [closedchan]"),
    ("ch13", "closing a closed channel panics [closedchan]"),
    ("ch14", "closing wakes all who wait, of whom senders panic, and leaves what is queued [chan_test]"),
    ("ch15", "range gives values until the channel is closed and drained [range testchan]"),
    ("ch17", "channel and value are evaluated before a send begins [spec, chan/select5]"),
    ("ch18", "`a <- <-b` receives, then sends [chan/goroutines, chan/sendstmt]"),
    ("ch19", "len orders nothing [race TestRaceChanSendLen]"),
    ("ch20", "a variable that holds a channel can be raced for [race TestRaceChanItself]"),
    (
        "se1",
        "operands are evaluated once, in order, on entry; where a value goes, if it comes [chan/select5, issue4313]",
    ),
    (
        "se2",
        "any case that can proceed may be chosen; the order of cases gives no priority [chan_test TestSelectFairness]",
    ),
    ("se3", "default is chosen only if at one moment no case can proceed [chan_test TestNonblockSelectRace]"),
    ("se4", "without a case that can proceed, and without default, select blocks [chan/select3]"),
    ("se5", "a case of a nil channel is never chosen [chan/select3]"),
    ("se6", "a send case of a closed channel can be chosen, and then panics [chan/select3]"),
    ("se7", "a receive case of a closed channel can always be chosen [chan/select3, closedchan]"),
    ("se8", "a select does not meet itself [chan_test TestSelfSelect]"),
    ("se9", "one case takes effect, the others leave no trace [chan/doubleselect, chan/select6]"),
    ("se10", "a channel may be in several cases [chan_test TestSelectDuplicateChannel]"),
    ("se11", "break leaves the select only; here the loop around it, as in any macro [chan/select8]"),
    ("se12", "a received value may be discarded in every form [chan/select7]"),
    ("se13", "one case is the plain operation, one case with default tries it [chan/select5, closedchan]"),
    ("mm1", "a go statement comes before the start of its goroutine [mem]"),
    ("mm2", "the end of a goroutine comes before nothing [mem]"),
    ("mm3", "a send comes before the end of its receive [mem]"),
    ("mm4", "a close comes before a receive that finds it [mem]"),
    ("mm5", "an unbuffered receive comes before the end of its send [mem]"),
    ("mm6", "with capacity C, the k-th receive comes before the end of the (k+C)-th send [mem]"),
    ("mm7", "giving a lock back comes before taking it next [mem]"),
    ("mm8", "a lock that is tried in vain orders nothing [mem]"),
    ("mm9", "the return of f in once.Do(f) comes before the return of every Do [mem]"),
    ("mm10", "Done comes before the return of the Wait that it ends [sync]"),
    ("mm11", "Signal comes before the Wait that it wakes [sync]; here, as std has it, only the lock orders"),
    ("mm12", "atomics are sequentially consistent [mem]; here SeqCst, which is less in loom"),
    (
        "mm13",
        "no edge: a buffered receive to an earlier send, a close to a send that panics, what is tried in vain [race]",
    ),
    ("mm14", "a close that nothing orders after a send is a race [race TestRaceChanSendClose]; here it is the panic"),
    ("mm15", "without data races, sequential consistency; nothing comes out of thin air [mem]"),
    ("mu1", "a lock that is held blocks, its own holder too [sync]"),
    ("mu4", "TryLock fails iff the lock is held, if nobody else is about [sync TestMutex]"),
    ("mu6", "readers share, a writer is alone and keeps new readers out while it waits; here on real threads [sync]"),
    ("co1", "Wait is in the queue before it gives up the lock [sync]"),
    ("co2", "Wait returns after a notification only, and with the lock [sync]"),
    ("co3", "a notification that nobody waits for is lost [sync]"),
    ("co4", "Signal wakes one that waited before it, and nobody steals that [sync TestCondSignalStealing]"),
    ("co5", "Broadcast wakes all that wait [sync TestCondBroadcast]"),
    ("co6", "Signal needs no lock, and does not block [sync]"),
    ("wg1", "Wait for a counter at 0 returns at once [sync]"),
    ("wg2", "a negative counter panics, which can be recovered [sync TestWaitGroupMisuse]"),
    ("wg3", "Add from 0 at the same time as Wait is a race [sync]; here both orders are explored"),
    ("wg4", "using a group again before all Waits have returned panics [sync]"),
    ("wg5", "all who wait are released, in round after round [sync TestWaitGroup]"),
    ("wg6", "Wait does not return before the counter is 0 [sync TestWaitGroupRace]"),
    ("wg7", "Go(f) is Add, go and Done, without Done if f panics [sync TestIssue76126]"),
    ("on1", "f runs once, and every Do returns after it [sync TestOnce]"),
    ("on2", "a Once whose f panics counts as done [sync TestOncePanic]; here, as std has it, it is poisoned"),
    ("on3", "Do inside its own f is a deadlock [sync]"),
    ("on4", "OnceFunc panics again in every call [sync oncefunc_test]; here LazyLock, which says that it is poisoned"),
    ("ti1", "a timer's channel has len 0 and cap 0 [time TestChan]"),
    ("ti2", "Stop is true iff it has kept a value from being received [time]"),
    ("ti3", "Reset says whether the timer was active, and leaves no stale value [time TestReset]"),
    ("ti4", "if Stop or Reset is false, the value was received [time TestStopResult, TestResetResult]"),
    ("ti5", "AfterFunc runs f in a goroutine of its own, for which Stop does not wait [time]"),
    ("ti8", "a timer of no duration fires at once, and delivers the time when it was due [time]"),
    ("ti9", "a pending sleep or AfterFunc is no deadlock, a timer that nobody waits for does not help [crash_test]"),
    ("pe1", "the program ends when main returns [spec]; here a model runs on until all others rest"),
    ("pe2", "a deadlock is reported only if no goroutine can run and none sleeps [crash_test TestSimpleDeadlock]"),
    ("pe4", "a deadlock of some goroutines is not reported [crash_test]; here it is, as a leak"),
    ("pe5", "a report gives what each goroutine waits for [runtime waitReasonStrings]"),
    ("pe6", "deferred calls run last in, first out, also while panicking [spec]; here destructors"),
];

const NO_CONTEXTS: &str = "there are no contexts";

/// The rules that have no counterpart, and why.
const ABSENT: &[(&str, &str, &str)] = &[
    (
        "ch16",
        "a channel's type may allow one direction only [chan/perm]",
        "a Chan has both: Go's check is the compiler's",
    ),
    ("se14", "a dynamic select has at most 65536 cases [reflect TestSelectMaxCases]", "a Select has no limit"),
    ("mu2", "any goroutine may unlock [sync]", "a guard cannot be sent to another thread"),
    ("mu3", "unlocking what is not locked is fatal [sync TestMutexMisuse]", "a lock is given back by its guard alone"),
    (
        "mu5",
        "who waits for 1 ms is served next [sync TestMutexFairness]",
        "std promises no fairness: all orders are explored",
    ),
    (
        "mu7",
        "copying a lock copies its state [race TestRaceMutexOverwrite]",
        "a lock with a guard can neither move nor be copied",
    ),
    ("co7", "a Cond that was copied panics [sync TestCondCopy]", "a Condvar cannot be copied"),
    (
        "ti6",
        "a timer that was not made, or was copied, panics [time]",
        "a Timer is always made, and clones are the same timer",
    ),
    ("ti7", "a ticker drops ticks for slow receivers [time]", "there is no ticker: crossbeam's has crossbeam's rules"),
    ("cx1", "cancel closes Done of all that is derived, at once [context TestWithCancel]", NO_CONTEXTS),
    ("cx2", "cancel may be called again, and by anybody [context TestSimultaneousCancels]", NO_CONTEXTS),
    ("cx3", "Err is nil until Done is closed, and then stays [context TestContextErrDoneRace]", NO_CONTEXTS),
    ("cx4", "what is derived from a cancelled parent is cancelled [context]", NO_CONTEXTS),
    ("cx5", "Done of Background is nil [context]", NO_CONTEXTS),
    ("cx6", "cancelling a child leaves its parent alone [context XTestChildFinishesFirst]", NO_CONTEXTS),
    ("cx7", "AfterFunc runs once after the cancel, unless stopped [context TestAfterFunc]", NO_CONTEXTS),
    ("cx8", "the first cause wins [context TestCause]", NO_CONTEXTS),
    ("cx9", "WithoutCancel is not cancelled [context]", NO_CONTEXTS),
    (
        "cx10",
        "a child may be cancelled where its parent's end is watched [context TestInterlockedCancels]",
        NO_CONTEXTS,
    ),
    ("pe3", "main may end alone, by Goexit [crash_test]", "a thread cannot end itself but by a panic"),
];

/// The number at the head of a name's part, if it is one.
fn is_number(part: &&str) -> bool {
    let kind = KINDS.iter().find_map(|(kind, _)| part.strip_prefix(kind));
    kind.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()))
}

/// Adds the tests in a folder to those that show a rule.
fn add_tests(folder: &Path, tests: &mut BTreeMap<String, Vec<String>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_tests(&path, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if let Some(name) = line.strip_prefix("fn ").filter(|_| is_test) {
                    let name = name.split('(').next().unwrap_or(name);
                    for number in name.split('_').take_while(is_number) {
                        tests.entry(number.to_owned()).or_default().push(name.to_owned());
                    }
                }
                is_test = line == "#[test]" || (is_test && line.starts_with("#["));
            }
        }
    }
}

#[test]
fn every_rule_is_shown_by_a_test_or_has_no_counterpart() {
    let mut tests = BTreeMap::new();
    add_tests(Path::new(env!("CARGO_MANIFEST_DIR")), &mut tests);
    let mut wrong = Vec::new();
    for (kind, rules) in KINDS {
        for number in (1..=rules).map(|n| format!("{kind}{n}")) {
            let named = tests.remove(&number).unwrap_or_default();
            let shown = SHOWN.iter().filter(|(rule, _)| *rule == number).count();
            let absent = ABSENT.iter().filter(|(rule, ..)| *rule == number).count();
            match (named.len(), shown, absent) {
                (1.., 1, 0) | (0, 0, 1) => {}
                (_, shown, absent) if shown + absent != 1 => {
                    wrong.push(format!("{number} is listed {shown} + {absent} times"))
                }
                (0, ..) => wrong.push(format!("{number} is shown by no test")),
                _ => wrong.push(format!("{number} has a counterpart: {named:?}")),
            }
        }
    }
    wrong.extend(tests.into_iter().map(|(number, names)| format!("{number} is no rule: {names:?}")));
    let rules: usize = KINDS.iter().map(|(_, rules)| rules).sum();
    assert_eq!((wrong, SHOWN.len() + ABSENT.len()), (Vec::<String>::new(), rules));
}

//! Exploring in the loom world: exhaustively, within a preemption bound, and replay.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    path::PathBuf,
    rc::Rc,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use ::loom::model::Builder;
use corosensei::{on_stack, stack::DefaultStack};
use serde_json::{Value as Json, json};

use super::{
    Coverage, Error, Failure, Limit, Model, Plan, Strategy, Token, TokenError,
    crash::Armed,
    ended::{Again, Ended, Explored, MOST_RESTARTS, confirm, diverged, names, steps, take, with_token},
    token::Body,
};
use crate::world::{Engine, Execution, STACK, facts::Facts, loom, panics::message_of, timer::Kept};

/// The bound to which an exploration falls back that is too large to exhaust.
const FALLBACK_PREEMPTIONS: usize = 2;

/// Why loom is stopped before it is done.
enum Halt {
    /// The execution with this number failed.
    Failed(Failure, u64),
    Learned,
    Error(Error),
    Limit(Limit),
    /// The execution that was looked for has been reached.
    Reached,
}

/// What loom is run for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Explore,
    /// To reach the execution with this number, before it begins.
    Locate(u64),
    /// To run one execution.
    Once,
}

/// The payload that stops loom, between two executions.
struct StopLoom;

/// Whether loom says that its path does not fit the model: it meets another kind of branch, or is led to a thread that
/// has not been spawned.
fn misled(why: &str) -> bool {
    why.contains("Reached unexpected exploration state") || why.contains("index out of bounds")
}

/// loom's path to an execution, and the choices in it that are not 0.
type Found = (Vec<u8>, BTreeMap<u32, usize>);

/// What the executions of one exploration share. They run inside loom, which takes only `Send` closures, so they find
/// it in a thread-local.
struct Session {
    plan: Plan,
    /// What main runs on: loom gives it 32 KiB, which formatting a panic may fill.
    stack: RefCell<DefaultStack>,
    /// For crashes, with the bound that the executions' numbers belong to.
    armed: RefCell<Option<(Armed, Option<usize>)>>,
    halt: RefCell<Option<Halt>>,
    /// An execution has run whose outcome has not been looked at.
    pending: Cell<bool>,
    /// Executions that loom has begun, in this exploration of one assignment of choices.
    number: Cell<u64>,
    aim: Cell<Aim>,
    executions: Cell<u64>,
    steps: Cell<u64>,
    restarts: Cell<u32>,
    /// The limits that have kept something back in some execution.
    kept: Cell<Kept>,
}

thread_local! {
    static SESSION: RefCell<Option<Rc<Session>>> = const { RefCell::new(None) };
}

pub(crate) fn explore(plan: &Plan, model: &Model) -> Result<Explored, Error> {
    let facts = plan.replay.as_ref().map_or_else(Facts::default, |token| token.facts.clone());
    let mut ex = Execution::new(Engine::Loom(loom::Engine::default()), plan.settings, facts);
    ex.watch = Arc::clone(&plan.watch);
    let _installed = ex.install();
    let stack = DefaultStack::new(STACK).map_err(|why| Error::Tool(format!("no stack to run the model on: {why}")))?;
    let session = Rc::new(Session {
        plan: plan.clone(),
        stack: RefCell::new(stack),
        armed: RefCell::new(None),
        halt: RefCell::new(None),
        pending: Cell::new(false),
        number: Cell::new(0),
        aim: Cell::new(Aim::Explore),
        executions: Cell::new(0),
        steps: Cell::new(0),
        restarts: Cell::new(0),
        kept: Cell::default(),
    });
    SESSION.set(Some(Rc::clone(&session)));
    let explored = match (&plan.replay, plan.strategy) {
        (Some(token), _) => session.replay(&ex, token, model),
        (None, Strategy::Preemptions(bound)) => session.explore(&ex, Some(bound), model),
        (None, _) => match session.explore(&ex, None, model) {
            Ok(explored) if explored.coverage == (Coverage::Truncated { by: Limit::Executions }) => {
                session.executions.set(0);
                session.explore(&ex, Some(FALLBACK_PREEMPTIONS), model)
            }
            explored => explored,
        },
    };
    SESSION.set(None);
    explored
}

impl Session {
    fn builder(&self, bound: Option<usize>) -> Builder {
        let mut builder = Builder::new();
        builder.max_threads = loom::MAX_THREADS;
        // Each step is at most two entries of loom's path, and a pause or a wait may add some.
        builder.max_branches = self.plan.settings.max_steps as usize * 4 + 1_000;
        builder.max_permutations = None;
        builder.max_duration = None;
        builder.preemption_bound = bound;
        builder.checkpoint_file = None;
        builder.checkpoint_interval = usize::MAX;
        builder.expect_explicit_explore = false;
        builder.location = false;
        builder.log = false;
        builder
    }

    /// Prepares for crashes of executions within a bound.
    fn arm(&self, bound: Option<usize>) {
        let mut armed = self.armed.borrow_mut();
        if armed.as_ref().is_none_or(|(_, armed)| *armed != bound) {
            // One at a time.
            drop(armed.take());
            let strategy = bound.map_or(self.plan.strategy, Strategy::Preemptions);
            *armed = Some((Armed::new(&self.plan.case, strategy), bound));
        }
    }

    /// Explores one assignment of choices with loom. `None` if loom asked for no further execution.
    fn run_loom(&self, ex: &Execution, builder: &Builder, model: &Model) -> Option<Halt> {
        self.number.set(0);
        self.pending.set(false);
        self.arm(builder.preemption_bound);
        let shared = self.token(ex, Body::Number { number: 1, choices: self.engine(ex).assignment() });
        if let Some((armed, _)) = &mut *self.armed.borrow_mut() {
            armed.tail(&shared);
        }
        let model = Arc::clone(model);
        let location = Location::caller();
        let ran = catch_unwind(AssertUnwindSafe(|| {
            builder.check(move || {
                let session = SESSION.with_borrow(|session| session.clone()).expect("loom runs inside a session");
                let ex = crate::world::current().expect("the model runs while its execution is installed");
                // Executions come one after another, so nobody else is on it.
                let stack = &mut *session.stack.borrow_mut();
                on_stack(stack, || {
                    if session.between(ex) {
                        resume_unwind(Box::new(StopLoom));
                    }
                    session.pending.set(true);
                    ex.begin();
                    ex.run_main(location, || model());
                });
            });
        }));
        match ran {
            Ok(()) => {
                self.settle(ex);
                self.halt.take()
            }
            Err(payload) if payload.is::<StopLoom>() => self.halt.take(),
            Err(payload) => {
                Some(Halt::Error(Error::Tool(format!("the loom engine gave up: {}", message_of(&*payload)))))
            }
        }
    }

    /// Between two executions: looks at the one before, and says whether to stop.
    fn between(&self, ex: &Execution) -> bool {
        self.settle(ex);
        self.plan.watch.executions.store(self.executions.get(), Relaxed);
        if let Some(meter) = &self.plan.meter {
            meter.counts().executions = self.executions.get();
        }
        self.plan.watch.steps.store(self.steps.get(), Relaxed);
        self.number.set(self.number.get() + 1);
        if let Some((armed, _)) = &*self.armed.borrow() {
            armed.number(self.number.get(), self.number.get());
        }
        let mut halt = self.halt.borrow_mut();
        if halt.is_none() {
            *halt = match self.aim.get() {
                Aim::Locate(number) => (number == self.number.get()).then_some(Halt::Reached),
                Aim::Explore if self.executions.get() >= self.plan.budget => Some(Halt::Limit(Limit::Executions)),
                Aim::Explore if self.plan.late() => Some(Halt::Limit(Limit::Time)),
                Aim::Explore | Aim::Once => None,
            };
        }
        halt.is_some()
    }

    fn settle(&self, ex: &Execution) {
        if !self.pending.replace(false) {
            return;
        }
        let ended = take(ex);
        self.kept.set(self.kept.get().or(ex.core.borrow().kept()));
        let aim = self.aim.get();
        if !matches!(ended, Ok(Ended::Learned)) && !matches!(aim, Aim::Locate(_)) {
            self.executions.set(self.executions.get() + 1);
            self.steps.set(self.steps.get() + ex.core.borrow().steps);
        }
        let halt = match ended {
            Ok(Ended::Passed) => (aim == Aim::Once).then_some(Halt::Reached),
            Ok(Ended::Failed(failure)) => Some(Halt::Failed(failure, self.number.get())),
            Ok(Ended::Learned) => Some(Halt::Learned),
            Err(error) => Some(Halt::Error(error)),
        };
        *self.halt.borrow_mut() = halt;
    }

    fn engine<'a>(&self, ex: &'a Execution) -> &'a loom::Engine {
        ex.loom().expect("this is the loom world")
    }

    fn done(&self, coverage: Coverage) -> Explored {
        Explored {
            failure: None,
            coverage,
            executions: self.executions.get(),
            steps: self.steps.get(),
            failures: 0,
            redundant: 0,
        }
    }

    fn explore(&self, ex: &Execution, bound: Option<usize>, model: &Model) -> Result<Explored, Error> {
        let engine = self.engine(ex);
        engine.reset_assignment();
        let builder = self.builder(bound);
        loop {
            self.aim.set(Aim::Explore);
            match self.run_loom(ex, &builder, model) {
                None => {
                    if !engine.next_assignment() {
                        return Ok(self.done(Coverage::complete(bound, self.kept.get(), self.plan.settings)));
                    }
                }
                Some(Halt::Learned) => {
                    self.start_over()?;
                    engine.reset_assignment();
                }
                Some(Halt::Limit(by)) => return Ok(self.done(Coverage::Truncated { by })),
                Some(Halt::Error(Error::Tool(why))) if misled(&why) => {
                    let failure = {
                        let core = ex.core.borrow();
                        diverged(names(&core), steps(&core))
                    };
                    self.executions.set(self.executions.get() + 1);
                    return Ok(self.failed(ex, failure, self.number(ex)));
                }
                Some(Halt::Error(error)) => return Err(error),
                Some(Halt::Reached) => unreachable!("nothing was looked for"),
                Some(Halt::Failed(failure, number)) => return self.confirmed(ex, bound, failure, number, model),
            }
        }
    }

    /// A failure that exploration has found, once it has been seen again: it is located, and its path is taken, which
    /// is not counted.
    fn confirmed(
        &self,
        ex: &Execution,
        bound: Option<usize>,
        failure: Failure,
        number: u64,
        model: &Model,
    ) -> Result<Explored, Error> {
        let body = Body::Number { number, choices: self.engine(ex).assignment() };
        *self.plan.watch.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.clone());
        let Some((path, choices)) = self.locate(ex, bound, number, model)? else {
            let again = Again::Parted(format!("execution {number} was not reached"));
            return Ok(self.failed(ex, confirm(failure, again), body));
        };
        let counted = (self.executions.get(), self.steps.get());
        let again = match self.follow(ex, &path, &choices, model)? {
            Some(Halt::Failed(failure, _)) => Again::Failed(failure),
            Some(Halt::Learned) => Again::Parted("it did what it had not done before".to_owned()),
            Some(Halt::Error(why)) => Again::Parted(why.to_string()),
            None | Some(Halt::Reached | Halt::Limit(_)) => Again::Passed,
        };
        self.executions.set(counted.0);
        self.steps.set(counted.1);
        Ok(self.failed(ex, confirm(failure, again), Body::Path { path, choices }))
    }

    fn failed(&self, ex: &Execution, failure: Failure, body: Body) -> Explored {
        let failure = Some(with_token(failure, self.token(ex, body)));
        Explored { failure, failures: 1, ..self.done(Coverage::Truncated { by: Limit::Failure }) }
    }

    /// The execution that runs, by its number.
    fn number(&self, ex: &Execution) -> Body {
        Body::Number { number: self.number.get(), choices: self.engine(ex).assignment() }
    }

    /// The path of the execution with this number, and its choices: explores again up to it, and has loom write it
    /// down. `None` if it is not reached.
    fn locate(&self, ex: &Execution, bound: Option<usize>, number: u64, model: &Model) -> Result<Option<Found>, Error> {
        let file = Scratch::new();
        let mut builder = self.builder(bound);
        builder.checkpoint_interval = number as usize;
        builder.checkpoint_file = Some(file.0.clone());
        self.aim.set(Aim::Locate(number));
        match self.run_loom(ex, &builder, model) {
            Some(Halt::Reached) => {}
            Some(Halt::Error(Error::Tool(why))) if !misled(&why) => return Err(Error::Tool(why)),
            _ => return Ok(None),
        }
        let text = std::fs::read_to_string(&file.0).map_err(|why| tool("loom's checkpoint cannot be read", &why))?;
        let json: Json = serde_json::from_str(&text).map_err(|why| tool("loom's checkpoint cannot be read", &why))?;
        let path = entries(&json).ok_or_else(|| tool("loom's checkpoint cannot be read", &"its form has changed"))?;
        Ok(Some((path, self.engine(ex).assignment())))
    }

    /// Runs the one execution that takes a path.
    fn follow(
        &self,
        ex: &Execution,
        path: &[u8],
        choices: &BTreeMap<u32, usize>,
        model: &Model,
    ) -> Result<Option<Halt>, Error> {
        let file = Scratch::new();
        std::fs::write(&file.0, checkpoint(path).to_string())
            .map_err(|why| tool("loom's checkpoint cannot be written", &why))?;
        let mut builder = self.builder(None);
        if builder.max_branches < path.len() {
            return Err(TokenError::DoesNotFit(format!("it has {} branches", path.len())).into());
        }
        builder.checkpoint_file = Some(file.0.clone());
        self.engine(ex).reset_assignment();
        self.engine(ex).preset(choices.clone());
        self.aim.set(Aim::Once);
        ex.core.borrow_mut().turns.tells = true;
        Ok(self.run_loom(ex, &builder, model))
    }

    /// The one execution that a token holds.
    fn replay(&self, ex: &Execution, token: &Token, model: &Model) -> Result<Explored, Error> {
        let (path, choices) = match &token.body {
            Body::Path { path, choices } => (path.clone(), choices.clone()),
            Body::Number { number, choices } => {
                self.engine(ex).preset(choices.clone());
                let bound = if let Strategy::Preemptions(bound) = token.strategy { Some(bound) } else { None };
                self.locate(ex, bound, *number, model)?
                    .ok_or_else(|| TokenError::DoesNotFit(format!("execution {number} is not reached")))?
            }
            _ => return Err(TokenError::DoesNotFit("it holds no path of loom's".to_owned()).into()),
        };
        loop {
            match self.follow(ex, &path, &choices, model)? {
                // Facts name places in the source, which may have moved: what they said is then learned again.
                Some(Halt::Learned) => self.start_over()?,
                Some(Halt::Failed(failure, _)) => {
                    token.fits(&failure.steps)?;
                    let explored = self.failed(ex, failure, Body::Path { path, choices });
                    return Ok(Explored { coverage: Coverage::Sampled { schedules: 1 }, ..explored });
                }
                Some(Halt::Error(Error::Tool(why))) if misled(&why) => {
                    return Err(TokenError::DoesNotFit("loom meets another branch".to_owned()).into());
                }
                Some(Halt::Error(error)) => return Err(error),
                None | Some(Halt::Reached | Halt::Limit(_)) => {
                    token.fits(&steps(&ex.core.borrow()))?;
                    return Ok(self.done(Coverage::Sampled { schedules: 1 }));
                }
            }
        }
    }

    fn start_over(&self) -> Result<(), Error> {
        self.executions.set(0);
        self.steps.set(0);
        self.restarts.set(self.restarts.get() + 1);
        if self.restarts.get() > MOST_RESTARTS {
            return Err(Error::Tool("the model taught new facts again and again: it never settles".to_owned()));
        }
        Ok(())
    }

    fn token(&self, ex: &Execution, body: Body) -> Token {
        Token::new(&self.plan.case, self.plan.strategy, body, &ex.core.borrow().facts)
    }
}

fn tool(what: &str, why: &dyn std::fmt::Display) -> Error {
    Error::Tool(format!("{what}: {why}"))
}

/// A file that is removed again.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("raddle-{}-{}.json", std::process::id(), NEXT.fetch_add(1, Relaxed));
        Scratch(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may never have been written.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What loom decided at each branch, as one number below 16: a thread (0 to 4), a store to be read (5 to 11), or
/// whether a wake-up was spurious (12, 13).
fn entries(checkpoint: &Json) -> Option<Vec<u8>> {
    let number = |value: &Json| value.as_u64().and_then(|n| u8::try_from(n).ok());
    checkpoint["branches"]["entries"]
        .as_array()?
        .iter()
        .map(|entry| {
            if let Some(schedule) = entry.get("Schedule") {
                let active = schedule["threads"].as_array()?.iter().position(|thread| thread == "Active")?;
                Some(active as u8)
            } else if let Some(load) = entry.get("Load") {
                let at = number(&load["pos"])?;
                Some(5 + number(&load["values"][usize::from(at)])?)
            } else {
                Some(12 + u8::from(entry.get("Spurious")?["spur"].as_bool()?))
            }
        })
        .collect()
}

/// A checkpoint that takes loom down the path, once.
fn checkpoint(path: &[u8]) -> Json {
    let mut previous = Json::Null;
    let entries: Vec<Json> = path
        .iter()
        .enumerate()
        .map(|(index, &entry)| match entry {
            0..5 => {
                let threads: Vec<&str> =
                    (0..loom::MAX_THREADS as u8).map(|t| if t == entry { "Active" } else { "Disabled" }).collect();
                let before = std::mem::replace(&mut previous, json!({ "index": index, "_p": null }));
                json!({ "Schedule": {
                    "preemptions": 0, "initial_active": null, "threads": threads, "prev": before, "exploring": true,
                } })
            }
            5..12 => {
                let values = [entry - 5, 0, 0, 0, 0, 0, 0];
                json!({ "Load": { "values": values, "pos": 0, "len": 1, "exploring": true } })
            }
            _ => json!({ "Spurious": { "spur": entry == 13, "exploring": true } }),
        })
        .collect();
    json!({
        "preemption_bound": null, "pos": 0, "branches": { "entries": entries }, "exploring": true, "skipping": false,
        "exploring_on_start": true,
    })
}

//! The standard programs, on which every tool is measured.

/// `standard!(each)`: an array of `each!(module, "name", threads beside main, function(arguments))`, of the functions of
/// `programs.rs` and `further.rs`.
macro_rules! standard {
    ($each:ident) => {
        [
            $each!(programs, "load-store counter 2x1", 2, load_store_counter(2, 1)),
            $each!(programs, "load-store counter 2x2", 2, load_store_counter(2, 2)),
            $each!(programs, "load-store counter 2x3", 2, load_store_counter(2, 3)),
            $each!(programs, "load-store counter 3x1", 3, load_store_counter(3, 1)),
            $each!(programs, "load-store counter 3x2", 3, load_store_counter(3, 2)),
            $each!(programs, "mutex counter 2x1", 2, mutex_counter(2, 1)),
            $each!(programs, "mutex counter 2x2", 2, mutex_counter(2, 2)),
            $each!(programs, "mutex counter 2x3", 2, mutex_counter(2, 3)),
            $each!(programs, "mutex counter 3x1", 3, mutex_counter(3, 1)),
            $each!(programs, "mutex counter 3x2", 3, mutex_counter(3, 2)),
            $each!(further, "fetch_add counter 2x1", 2, fetch_add_counter(2, 1)),
            $each!(further, "fetch_add counter 2x2", 2, fetch_add_counter(2, 2)),
            $each!(further, "fetch_add counter 2x3", 2, fetch_add_counter(2, 3)),
            $each!(further, "fetch_add counter 3x1", 3, fetch_add_counter(3, 1)),
            $each!(further, "fetch_add counter 3x2", 3, fetch_add_counter(3, 2)),
            $each!(programs, "1 store, 1 load", 2, loads_and_store(1)),
            $each!(programs, "1 store, 2 loads", 3, loads_and_store(2)),
            $each!(programs, "1 store, 3 loads", 4, loads_and_store(3)),
            $each!(programs, "1 store, 6 loads", 7, loads_and_store(6)),
            $each!(programs, "1 store, 13 loads", 14, loads_and_store(13)),
            $each!(programs, "1 writer, 1 reader", 2, readers_and_writer(1)),
            $each!(programs, "1 writer, 2 readers", 3, readers_and_writer(2)),
            $each!(programs, "1 writer, 3 readers", 4, readers_and_writer(3)),
            $each!(programs, "1 writer, 6 readers", 7, readers_and_writer(6)),
            $each!(programs, "1 writer, 13 readers", 14, readers_and_writer(13)),
            $each!(programs, "reorder 1", 2, reorder(1)),
            $each!(programs, "reorder 2", 3, reorder(2)),
            $each!(programs, "reorder 3", 4, reorder(3)),
            $each!(programs, "fibonacci 1", 2, fibonacci(1)),
            $each!(programs, "fibonacci 2", 2, fibonacci(2)),
            $each!(programs, "fibonacci 3", 2, fibonacci(3)),
            $each!(programs, "fibonacci 4", 2, fibonacci(4)),
        ]
    };
}
pub(crate) use standard;

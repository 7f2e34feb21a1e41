#![doc = include_str!("hints.md")]

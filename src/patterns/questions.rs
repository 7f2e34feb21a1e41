#![doc = include_str!("questions.md")]

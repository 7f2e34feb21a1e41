//! The errors: what they say, what they hold, what they turn into.

use std::{error::Error, fmt::Debug};

use super::{
    channel::{
        ReadyTimeoutError, RecvError, RecvTimeoutError, SelectTimeoutError, SendError, SendTimeoutError, TryReadyError,
        TryRecvError, TrySelectError, TrySendError,
    },
    conforms, same, says,
};

conforms![
    always(a_send_error_has_the_message, r#"("\"SendError(..)\"", "sending on a disconnected channel", "x", "x")"#),
    always(
        a_try_send_error_tells_full_from_disconnected,
        r#"[("\"Full(..)\"", "sending on a full channel", true, false, 1), ("\"Disconnected(..)\"", "sending on a disconnected channel", false, true, 2)]"#
    ),
    always(
        a_send_timeout_error_tells_a_timeout_from_a_disconnection,
        r#"[("\"SendTimeoutError(..)\"", "timed out waiting on send operation", true, false, 1), ("\"SendTimeoutError(..)\"", "sending on a disconnected channel", false, true, 2)]"#
    ),
    always(a_receive_error_says_why, r#"("RecvError", "receiving on an empty and disconnected channel")"#),
    always(
        a_try_receive_error_tells_empty_from_disconnected,
        r#"[("Empty", "receiving on an empty channel", true, false), ("Disconnected", "receiving on an empty and disconnected channel", false, true)]"#
    ),
    always(
        a_receive_timeout_error_tells_a_timeout_from_a_disconnection,
        r#"[("Timeout", "timed out waiting on receive operation", true, false), ("Disconnected", "channel is empty and disconnected", false, true)]"#
    ),
    always(
        the_select_errors_say_why,
        r#"[("TrySelectError", "all operations in select would block"), ("SelectTimeoutError", "timed out waiting on select")]"#
    ),
    always(the_readiness_errors_have_names, r#"["TryReadyError", "ReadyTimeoutError"]"#),
    always(a_disconnection_stays_one_in_every_form, "(true, 2, true, Disconnected, Disconnected)"),
    always(errors_can_be_copied_and_compared, "[true, true, true, true, true, true, true, true, true, true]"),
    always(errors_tell_messages_and_reasons_apart, "[false, false, false, false, false]"),
    always(
        errors_can_be_passed_on_by_the_question_mark,
        r#"["sending on a disconnected channel", "sending on a full channel"]"#
    ),
];

fn a_send_error_has_the_message() -> impl Debug {
    let error = SendError("x");
    let (debug, display) = says(&error);
    (debug, display, error.0, error.into_inner())
}

fn a_try_send_error_tells_full_from_disconnected() -> impl Debug {
    [TrySendError::Full(1), TrySendError::Disconnected(2)].map(|error| {
        let (debug, display) = says(&error);
        (debug, display, error.is_full(), error.is_disconnected(), error.into_inner())
    })
}

fn a_send_timeout_error_tells_a_timeout_from_a_disconnection() -> impl Debug {
    [SendTimeoutError::Timeout(1), SendTimeoutError::Disconnected(2)].map(|error| {
        let (debug, display) = says(&error);
        (debug, display, error.is_timeout(), error.is_disconnected(), error.into_inner())
    })
}

fn a_receive_error_says_why() -> impl Debug {
    says(&RecvError)
}

fn a_try_receive_error_tells_empty_from_disconnected() -> impl Debug {
    [TryRecvError::Empty, TryRecvError::Disconnected].map(|error| {
        let (debug, display) = says(&error);
        (debug, display, error.is_empty(), error.is_disconnected())
    })
}

fn a_receive_timeout_error_tells_a_timeout_from_a_disconnection() -> impl Debug {
    [RecvTimeoutError::Timeout, RecvTimeoutError::Disconnected].map(|error| {
        let (debug, display) = says(&error);
        (debug, display, error.is_timeout(), error.is_disconnected())
    })
}

fn the_select_errors_say_why() -> impl Debug {
    [says(&TrySelectError), says(&SelectTimeoutError)]
}

fn the_readiness_errors_have_names() -> impl Debug {
    [format!("{TryReadyError:?}"), format!("{ReadyTimeoutError:?}")]
}

fn a_disconnection_stays_one_in_every_form() -> impl Debug {
    let timeout = SendTimeoutError::from(SendError(2));
    (
        TrySendError::from(SendError(1)) == TrySendError::Disconnected(1),
        timeout.into_inner(),
        timeout.is_disconnected(),
        TryRecvError::from(RecvError),
        RecvTimeoutError::from(RecvError),
    )
}

fn errors_can_be_copied_and_compared() -> impl Debug {
    [
        same(SendError(1)),
        same(TrySendError::Full(1)),
        same(SendTimeoutError::Timeout(1)),
        same(RecvError),
        same(TryRecvError::Empty),
        same(RecvTimeoutError::Timeout),
        same(TrySelectError),
        same(SelectTimeoutError),
        same(TryReadyError),
        same(ReadyTimeoutError),
    ]
}

fn errors_tell_messages_and_reasons_apart() -> impl Debug {
    [
        SendError(1) == SendError(2),
        TrySendError::Full(1) == TrySendError::Disconnected(1),
        SendTimeoutError::Timeout(1) == SendTimeoutError::Timeout(2),
        TryRecvError::Empty == TryRecvError::Disconnected,
        RecvTimeoutError::Timeout == RecvTimeoutError::Disconnected,
    ]
}

fn errors_can_be_passed_on_by_the_question_mark() -> impl Debug {
    fn disconnected() -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(Err(SendError(String::new()))?)
    }
    fn full() -> Result<(), Box<dyn Error>> {
        Ok(Err(TrySendError::Full(1))?)
    }
    [disconnected().unwrap_err().to_string(), full().unwrap_err().to_string()]
}

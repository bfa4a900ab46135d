#pragma once

#include "libagent/http/sse.hpp"
#include "libagent/session/turn.hpp"

namespace libagent {

/// What a turn's client sees of it while it goes on, as an event of the answer to
/// `POST /v1/sessions/{id}/messages`:
///
/// | event | data |
/// |---|---|
/// | text, reasoning | `text`, to be appended |
/// | call | a piece of a call of one of the client's own tools |
/// | step_ended | `step`; the text since the step before was not the answer |
/// | tool_began | `call` |
/// | tool_ended | `call`, `succeeded`, `output`, `took_ms` |
/// | handed_over | `agent` |
[[nodiscard]] sse_event update_event(const turn_update& update);

/// The last event, `end`: the whole result.
[[nodiscard]] sse_event end_event(const turn_result& result);

}  // namespace libagent

#include "libagent/api/task_reply.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/record/json.hpp"

#include <string>

namespace libagent {

http_response record_reply(const task_record& record, int status) {
  return json_response(status, to_json(record));
}

http_response ended_reply(const task_record& record) {
  LIBAGENT_EXPECTS(is_terminal(record.state));
  if (record.state == task_state::succeeded)
    return record_reply(record);
  const auto why =
      record.failure.value_or(error{errc::internal, "the task ended without an error"});
  auto reply = error_response(why);
  // The body is one JSON object; the record goes in before its closing brace.
  reply.body.insert(reply.body.rfind('}'), R"(,"task":)" + to_json(record));
  return reply;
}

sse_event change_event(const task_record& record, std::optional<task_state> told_before) {
  if (is_terminal(record.state))
    return {.event = "result", .data = to_json(record)};
  if (told_before == record.state && record.progress)
    return {.event = "progress", .data = to_json(*record.progress)};
  return {.event = "state", .data = to_json(record)};
}

}  // namespace libagent

#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_request.hpp"
#include "libagent/ports/session_store.hpp"
#include "libagent/record/field.hpp"
#include "libagent/session/ask.hpp"

#include <cstdint>
#include <string>

namespace libagent {

/// An agent, as `GET /v1/models` shows it (OpenAI API reference, "model object").
struct model_line {
  std::string id;
  std::string object = "model";
  std::int64_t created = 0;  ///< Seconds since 1970.
  std::string owned_by = "libagent";
  std::string description;  ///< A member of our own.
};

template <class Inspector>
bool inspect(Inspector& f, model_line& x) {
  return record(f, x, "model_line", field("id", "What to ask for.", x.id),
                field("object", "Always model.", x.object),
                field("created", "Seconds since 1970.", x.created),
                field("owned_by", "Always libagent.", x.owned_by),
                field("description", "What it is for.", x.description));
}

[[nodiscard]] inline model_line model_line_of(const agent_info& agent, std::int64_t created) {
  return {.id = "agent:" + agent.name, .created = created, .description = agent.description};
}

/// A session, as `GET /v1/sessions` shows it.
struct session_line {
  std::string id;
  std::string agent;
  unix_millis created_at = 0;
  unix_millis changed_at = 0;
  bool turn_open = false;
  bool needs_approval = false;
};

template <class Inspector>
bool inspect(Inspector& f, session_line& x) {
  return record(f, x, "session_line", field("id", "What its client calls it.", x.id),
                field("agent", "Who answers.", x.agent),
                field("created_at", "Milliseconds since 1970.", x.created_at),
                field("changed_at", "Milliseconds since 1970.", x.changed_at),
                field("turn_open", "A turn has not ended.", x.turn_open),
                field("needs_approval", "Waits for a person.", x.needs_approval));
}

[[nodiscard]] inline session_line session_line_of(const session_head& head) {
  return {.id = head.name.id,
          .agent = head.agent,
          .created_at = head.created_at,
          .changed_at = head.changed_at,
          .turn_open = head.has_open_turn,
          .needs_approval = head.needs_approval};
}

/// The query of `GET /v1/sessions`: `agent`, `open` (true or false), `limit` (1 to 1,000; else
/// 100), `before` (Unix time in ms: changed earlier than that).
/// Errors: `invalid_argument`, also for parameters that it does not know.
[[nodiscard]] expected<session_query> read_session_query(const std::vector<query_param>& query);

}  // namespace libagent

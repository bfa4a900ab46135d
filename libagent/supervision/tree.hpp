#pragma once

#include "libagent/record/field.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// What a child can be doing. `unresponsive`: a supervisor that did not describe its children in
/// time. `abandoned`: it ignored a kill; what is left of it holds a thread until it ends.
inline constexpr std::array<std::string_view, 6> supervision_states{
    "running", "restarting", "stopping", "stopped", "unresponsive", "abandoned"};

/// One child of the live supervision tree, as people and programs see it.
struct supervision_node {
  std::string name;
  std::string kind;                         ///< "worker" or "supervisor".
  std::string state;                        ///< One of those in `supervision_states`.
  std::string restart;                      ///< permanent, transient or temporary.
  std::optional<std::string> strategy;      ///< Of a supervisor.
  std::uint64_t actor_id = 0;               ///< Of the present incarnation; 0: not running.
  std::uint64_t restarts = 0;               ///< Since this supervisor started.
  std::optional<std::string> last_failure;  ///< Why it was restarted last.
  std::vector<supervision_node> children;
};

template <class Inspector>
bool inspect(Inspector& f, supervision_node& x) {
  return record(
      f, x, "supervision_node", field("name", "Unique among its siblings.", x.name),
      field("kind", "worker or supervisor.", x.kind),
      field("state", "running, restarting, stopping, stopped, unresponsive or abandoned.", x.state),
      field("restart", "When it is restarted.", x.restart),
      field("strategy", "Whom a failure restarts; of a supervisor.", x.strategy),
      field("actor_id", "The present incarnation; 0 when not running.", x.actor_id),
      field("restarts", "Restarts since its supervisor started.", x.restarts),
      field("last_failure", "Why it was restarted last.", x.last_failure),
      field("children", "What it supervises, in start order.", x.children));
}

}  // namespace libagent

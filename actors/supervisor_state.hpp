#pragma once

#include "actors/supervisor.hpp"
#include "libagent/base/random.hpp"
#include "libagent/supervision/supervision_core.hpp"

#include <caf/disposable.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace libagent::actors {

/// The inside of the supervisor actor; see supervisor.hpp for what it promises.
class supervisor_state {
public:
  /// `path` is empty for the root, whose children have no prefix.
  supervisor_state(supervisor_actor::pointer self, std::string path, supervisor_spec spec,
                   supervisor_options options);

  supervisor_actor::behavior_type make_behavior();

  static inline const char* name = "libagent.supervisor";

private:
  struct child {
    child_spec spec;
    caf::actor handle;  ///< Null while it is down.
    std::optional<std::string> last_failure;
    std::vector<caf::typed_response_promise<void>> stop_askers;
  };

  /// The children that are up, shared with the guard that outlives this state.
  using roster = std::map<child_number, caf::actor>;
  struct census;

  void kill_children_with_us();

  // Messages.
  caf::result<supervision_node> describe();
  caf::result<void> shut_down();
  caf::result<caf::actor> start_child(child_spec& spec);
  caf::result<void> stop_child(const std::string& child_name);
  void on_down(const caf::down_msg& down);

  // What the core tells us to do; each returns what follows from it.
  void perform(supervise::commands first);
  supervise::commands obey(const supervise::start& order);
  supervise::commands obey(const supervise::stop& order);
  supervise::commands obey(const supervise::kill& order);
  supervise::commands obey(const supervise::abandon& order);
  supervise::commands obey(const supervise::forget& order);
  supervise::commands obey(const supervise::finish& order);

  [[nodiscard]] caf::actor spawn_child(const child& which);
  void welcome(child_number number, child& which);
  void take_leave_of(child_number number, child& which);
  void report_end(child_number number, child& which, exit_kind how, const std::string& reason);
  [[nodiscard]] caf::error reason_for(supervision_outcome outcome) const;
  void set_timer();

  [[nodiscard]] time_point now() const;
  [[nodiscard]] std::string path_of(const std::string& child_name) const;
  [[nodiscard]] std::string own_path() const;
  [[nodiscard]] supervision_node node_of(child_number number, const child& which) const;
  void ask_nested(const child& which, const std::shared_ptr<census>& into, std::size_t index);

  supervisor_actor::pointer self_;
  std::string path_;
  supervision_rules rules_;
  supervisor_options options_;
  seeded_random seeds_;
  std::map<child_number, child> children_;
  std::map<caf::actor_id, child_number> numbers_;   ///< Of the children that are up.
  std::map<caf::actor_id, std::string> abandoned_;  ///< Names of those that still hold a thread.
  std::shared_ptr<roster> up_ = std::make_shared<roster>();
  supervision_core core_;
  std::string last_failure_;
  std::vector<caf::typed_response_promise<void>> shutdown_askers_;
  std::optional<time_point> timer_due_;
  caf::disposable timer_;
};

}  // namespace libagent::actors

#include "actors/supervisor.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/paths.hpp"
#include "actors/supervisor_state.hpp"
#include "libagent/base/contract.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

using supervisor_impl = supervisor_actor::stateful_impl<supervisor_state>;

bool is_well_formed(std::string_view name) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

/// Checks what the core cannot know, and returns what the core needs.
std::vector<child_rules> checked_rules(const std::vector<child_spec>& specs) {
  std::set<std::string_view> names;
  std::vector<child_rules> rules;
  for (const auto& spec : specs) {
    LIBAGENT_EXPECTS(is_well_formed(spec.name));
    LIBAGENT_EXPECTS(names.insert(spec.name).second);
    LIBAGENT_EXPECTS(spec.start != nullptr);
    rules.push_back(spec.rules);
  }
  return rules;
}

}  // namespace

child_spec nested_supervisor(std::string name, supervisor_spec spec, restart_type restart) {
  // Found wrong here, the rules stop the start-up; found in the actor they would only escalate.
  const supervision_core validated{spec.rules, checked_rules(spec.children), 0};
  auto start = [spec = std::move(spec)](start_context& context) {
    return caf::actor_cast<caf::actor>(spawn_placed<supervisor_impl>(
        context.system(), context.where(), context.path(), spec, context.options()));
  };
  return {.name = std::move(name),
          .start = std::move(start),
          .rules = {.restart = restart, .shutdown = shutdown_rule::infinite()},
          .kind = child_kind::supervisor};
}

supervisor_actor spawn_root_supervisor(caf::actor_system& system, supervisor_spec spec,
                                       supervisor_options options) {
  auto root =
      spawn_placed<supervisor_impl>(system, options.where, std::string{}, std::move(spec), options);
  publish(system, root_path, caf::actor_cast<caf::strong_actor_ptr>(root));
  return root;
}

supervisor_state::supervisor_state(supervisor_actor::pointer self, std::string path,
                                   supervisor_spec spec, supervisor_options options)
    : self_{self},
      path_{std::move(path)},
      rules_{spec.rules},
      options_{options},
      seeds_{options.seed},
      core_{spec.rules, checked_rules(spec.children), seeds_()} {
  for (child_number number = 0; auto& each : spec.children)
    children_.emplace(number++, child{.spec = std::move(each)});
}

supervisor_actor::behavior_type supervisor_state::make_behavior() {
  set_quiet_handlers(self_);
  self_->set_down_handler([this](caf::down_msg& down) { on_down(down); });
  self_->set_exit_handler([this](caf::exit_msg& order) {
    if (order.reason)
      perform(core_.shut_down(now()));
  });
  kill_children_with_us();
  perform(core_.begin(now()));
  return {
      [this](describe_atom) { return describe(); },
      [this](shutdown_atom) { return shut_down(); },
      [this](start_child_atom, child_spec& spec) { return start_child(spec); },
      [this](stop_child_atom, const std::string& child_name) { return stop_child(child_name); },
  };
}

void supervisor_state::kill_children_with_us() {
  // Not CAF's links: a linked child that crashes would also send us an exit message, which looks
  // like an order to shut down, and a link's exit message waits behind the child's backlog.
  self_->attach_functor([up = up_] {
    for (const auto& entry : std::views::reverse(*up))
      urgent_exit(entry.second, caf::exit_reason::kill);
  });
}

caf::result<void> supervisor_state::shut_down() {
  auto promise = self_->make_response_promise<void>();
  shutdown_askers_.push_back(promise);
  perform(core_.shut_down(now()));
  return promise;
}

caf::result<caf::actor> supervisor_state::start_child(child_spec& spec) {
  const auto what = "start child '" + spec.name + "': ";
  if (core_.is_ending())
    return to_caf_error({errc::unavailable, what + "the supervisor is shutting down"});
  if (!is_well_formed(spec.name) || !spec.start) {
    return to_caf_error(
        {errc::invalid_argument,
         what + "needs a factory and a name of at most 64 letters, digits, _ or -"});
  }
  if (std::ranges::any_of(children_,
                          [&](const auto& known) { return known.second.spec.name == spec.name; })) {
    return to_caf_error({errc::already_exists, what + "there is a child of that name"});
  }
  auto [number, commands] = core_.add_child(spec.rules, now());
  children_.emplace(number, child{.spec = std::move(spec)});
  perform(std::move(commands));
  const auto added = children_.find(number);
  if (added == children_.end())
    return to_caf_error({errc::internal, what + last_failure_});
  return added->second.handle;
}

caf::result<void> supervisor_state::stop_child(const std::string& child_name) {
  const auto found = std::ranges::find_if(
      children_, [&](const auto& known) { return known.second.spec.name == child_name; });
  if (found == children_.end())
    return to_caf_error({errc::not_found, "stop child '" + child_name + "': no such child"});
  auto promise = self_->make_response_promise<void>();
  found->second.stop_askers.push_back(promise);
  perform(core_.remove_child(found->first, now()));
  return promise;
}

time_point supervisor_state::now() const {
  return self_->clock().now();
}

std::string supervisor_state::path_of(const std::string& child_name) const {
  return path_.empty() ? child_name : path_ + "/" + child_name;
}

std::string supervisor_state::own_path() const {
  return path_.empty() ? root_path : path_;
}

}  // namespace libagent::actors

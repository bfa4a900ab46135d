#include "actors/session_keeper.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/telemetry/session_store_events.hpp"

#include <caf/send.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace libagent::actors {

namespace {

/// Whether the store as a whole did not work, and not one write of many.
bool concerns_all(const error& why) {
  return why.code == errc::unavailable || why.code == errc::io_failed;
}

bool is_about(const append_events& what, const session_name& which) {
  return what.name == which;
}

bool is_about(const erase_session& what, const session_name& which) {
  return what.name == which;
}

bool is_about(const keep_spending&, const session_name&) {
  return false;
}

bool writes_to(const session_write& write, const session_name& which) {
  return std::visit([&which](const auto& what) { return is_about(what, which); }, write);
}

}  // namespace

session_keeper_state::session_keeper_state(session_keeper_actor::pointer self,
                                           session_keeper_options options)
    : self_{self}, options_{std::move(options)}, pruned_{self->clock().now()} {
  LIBAGENT_EXPECTS(options_.store != nullptr && options_.group_max > 0);
}

session_keeper_actor::behavior_type session_keeper_state::make_behavior() {
  set_quiet_handlers(self_);
  self_->set_exit_handler([this](caf::exit_msg& order) {
    // What was spent is told once: nobody is there to tell it again.
    commit_waiting();
    if (order.reason)
      self_->quit(std::move(order.reason));
  });
  options_.on_thread_start();
  return {
      [this](commit_atom, session_commit& what) { return enqueue(std::move(what)); },
      [this](lookup_atom, const session_name& which) { return load(which); },
      [this](list_atom, const session_query& query) { return list(query); },
      [this](lookup_atom, const std::string& approval) { return find_approval(approval); },
      [this](lookup_atom, std::int64_t day) { return spending(day); },
      [this](status_atom) { return options_.store->stats(); },
      [this](wake_atom) { wake(); },
  };
}

/// The commit comes when the messages that are in the mailbox by now were read.
caf::result<void> session_keeper_state::enqueue(session_commit what) {
  auto answer = self_->make_response_promise<void>();
  waiting_.push_back({std::move(what), answer});
  if (waiting_.size() >= options_.group_max)
    commit_waiting();
  wake_soon();
  return answer;
}

caf::result<stored_session> session_keeper_state::load(const session_name& which) {
  if (has_waiting(which))
    commit_waiting();
  auto found = options_.store->load(which);
  if (!found)
    return to_caf_error(found.error());
  if (!*found)
    return to_caf_error({errc::not_found, "load session " + which.id + ": there is none"});
  return **std::move(found);
}

caf::result<session_name> session_keeper_state::find_approval(const std::string& approval) {
  commit_waiting();
  auto found = options_.store->find_approval(approval);
  if (!found)
    return to_caf_error(found.error());
  if (!*found)
    return to_caf_error({errc::not_found, "find approval: none of this id waits"});
  return **std::move(found);
}

caf::result<spending_of_day> session_keeper_state::spending(std::int64_t day) {
  commit_waiting();
  auto found = options_.store->spending(day);
  if (!found)
    return to_caf_error(found.error());
  return spending_of_day{*std::move(found)};
}

caf::result<std::vector<session_head>> session_keeper_state::list(const session_query& query) {
  commit_waiting();
  return to_caf_result(options_.store->list(query));
}

bool session_keeper_state::has_waiting(const session_name& which) const {
  return std::ranges::any_of(waiting_, [&which](const waiting_commit& one) {
    return std::ranges::any_of(
        *one.what.writes, [&which](const session_write& write) { return writes_to(write, which); });
  });
}

void session_keeper_state::wake_soon() {
  if (!std::exchange(wakes_, true))
    caf::anon_send(caf::actor_cast<session_keeper_actor>(self_), wake_atom_v);
}

void session_keeper_state::wake() {
  wakes_ = false;
  const auto is_due = [this] { return self_->clock().now() - pruned_ >= options_.prune_interval; };
  if (!waiting_.empty()) {
    commit_waiting();
  } else if (is_due()) {
    prune_some();
  }
  // One slice after the other, each behind what came meanwhile.
  if (is_due())
    wake_soon();
}

void session_keeper_state::commit_waiting() {
  auto group = std::exchange(waiting_, {});
  if (!group.empty())
    commit_group(group);
}

/// Halves a group that is refused until those who are to blame stand alone.
void session_keeper_state::commit_group(std::span<waiting_commit> group) {
  std::vector<session_write> joined;
  if (group.size() > 1) {
    for (const auto& one : group)
      joined.insert(joined.end(), one.what.writes->begin(), one.what.writes->end());
  }
  const auto done = options_.store->commit(group.size() > 1 ? joined : *group.front().what.writes);
  if (!done && group.size() > 1 && !concerns_all(done.error())) {
    const auto half = group.size() / 2;
    commit_group(group.first(half));
    commit_group(group.subspan(half));
    return;
  }
  note_health(done);
  for (auto& one : group) {
    if (done) {
      one.answer.deliver();
    } else {
      one.answer.deliver(to_caf_error(done.error()));
    }
  }
}

/// Reports when storing begins and ends to fail, not every time.
void session_keeper_state::note_health(const expected<void>& done) {
  const bool fails = !done && concerns_all(done.error());
  if (fails == std::exchange(fails_, fails))
    return;
  auto& events = events_of(self_->system());
  if (fails) {
    events.emit(events::session_store_failing,
                {{"reason", std::string_view{done.error().context}},
                 {"for_good", done.error().code != errc::unavailable}});
  } else {
    events.emit(events::session_store_recovered, {});
  }
}

void session_keeper_state::prune_some() {
  const auto removed = options_.store->prune(options_.unix_time() - options_.retention.count());
  if (removed && *removed > 0)
    return;
  pruned_ = self_->clock().now();
  if (!removed) {
    events_of(self_->system())
        .emit(events::session_store_upkeep_failed,
              {{"reason", std::string_view{removed.error().context}}});
  }
}

}  // namespace libagent::actors

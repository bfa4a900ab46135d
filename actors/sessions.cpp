#include "actors/sessions.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/paths.hpp"
#include "libagent/base/text.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace libagent::actors {

namespace {

using namespace std::chrono_literals;

constexpr auto look_after_interval = 250ms;
constexpr std::size_t passivated_at_a_time = 500;
constexpr std::size_t session_id_bytes_max = 64;
/// The loop ends a turn by its own clock; this only wakes it.
constexpr auto deadline_slack = 20ms;

bool is_session_id(std::string_view id) {
  return id.size() <= session_id_bytes_max && std::ranges::all_of(id, [](unsigned char byte) {
           return std::isalnum(byte) != 0 || byte == '_' || byte == '-' || byte == '.';
         });
}

error no_such_session(const session_name& who) {
  return {errc::not_found, "find session " + quoted_excerpt(who.id) + ": there is none"};
}

}  // namespace

sessions_state::sessions_state(sessions_actor::pointer self, sessions_options options)
    : self_{self}, options_{std::move(options)}, residents_{options_.limits} {}

sessions_state::~sessions_state() {
  for (const auto& [number, each] : by_number_)
    urgent_exit(each.actor, caf::exit_reason::user_shutdown);
}

sessions_actor::behavior_type sessions_state::make_behavior() {
  set_quiet_handlers(self_);
  self_->set_down_handler([this](const caf::down_msg& down) { lost(down); });
  self_->delayed_send(self_, look_after_interval, wake_atom_v);
  meet_keeper();
  return {
      [this](turn_atom, turn_request& request, const turn_observer_ref& listener) {
        turn(request, listener);
      },
      [this](cancel_atom, const session_name& who, const std::string& why) {
        return cancel(who, why);
      },
      [this](watch_atom, const session_name& who, const turn_observer_ref& listener) {
        caf::anon_send<urgent>(find_or_revive(who).actor, watch_atom_v, listener);
      },
      [this](lookup_atom, const session_name& who) { return look_up(who); },
      [this](list_atom, const session_query& query) { return list(query); },
      [this](erase_atom, const session_name& who) { return erase(who); },
      [this](approve_atom, const std::string& id, const approval_decision& decision) {
        return approve(id, decision);
      },
      [this](status_atom) {
        counts_.resident = residents_.size();
        counts_.turns_open = residents_.turns();
        return counts_;
      },
      [this](reload_atom, const agent_world_ptr& world) { options_.world = world; },
      [this](turn_atom, std::uint64_t number) {
        if (by_number_.contains(number))
          residents_.begin_turn(number, time_point::max());
      },
      [this](done_atom, std::uint64_t number) { residents_.end_turn(number, now()); },
      [this](pressure_atom, pressure_level level) {
        if (level < pressure_level::high || !options_.around->has_store)
          return;
        for (const auto number : residents_.idle(now(), residents_.size(), true))
          let_go(number);
      },
      [this](wake_atom) { look_after(); },
  };
}

session_keeper_actor sessions_state::keeper() const {
  return find<session_keeper_actor>(self_->system(), session_keeper_path);
}

// -- turns ------------------------------------------------------------------

std::optional<error> sessions_state::check(const turn_request& request) const {
  if (!is_session_id(request.session)) {
    return error{errc::invalid_argument, "begin a turn: session " +
                                             quoted_excerpt(request.session) +
                                             ": expected at most 64 letters, digits, _, - and ."};
  }
  if (!residents_.can_begin())
    return error{errc::overloaded, "begin a turn: too many are under way", 1'000ms};
  return std::nullopt;
}

void sessions_state::turn(turn_request& request, const turn_observer_ref& listener) {
  if (const auto refusal = check(request))
    return listener.observer->on_refused(*refusal);
  // A person may take days to decide, so that such a turn has to be kept.
  const auto agent = options_.world->agents->find(request.agent);
  if (agent && !agent->approvals.empty() && request.session.empty()) {
    request.session = "s-" + std::to_string(options_.around->unix_time()) + "-" +
                      std::to_string(last_number_ + 1);
  }
  ++counts_.turns;
  const session_name who{.client = request.client, .id = request.session};
  auto& target = who.id.empty() ? spawn(who) : find_or_revive(who);
  note_turn(last_touched_, request);
  caf::anon_send<urgent>(target.actor, turn_atom_v, std::move(request), listener, options_.world);
}

void sessions_state::note_turn(std::uint64_t number, const turn_request& request) {
  const auto agent = options_.world->agents->find(request.agent);
  const auto usual = agent ? agent->limits.time : turn_limits{}.time;
  residents_.begin_turn(number, now() + request.timeout.value_or(usual) + deadline_slack);
}

sessions_state::resident& sessions_state::find_or_revive(const session_name& who) {
  if (auto* known = find_resident(who))
    return *known;
  if (options_.around->has_store)
    ++counts_.revived;
  return spawn(who);
}

sessions_state::resident* sessions_state::find_resident(const session_name& who) {
  const auto found = by_name_.find(who);
  if (found == by_name_.end())
    return nullptr;
  last_touched_ = found->second;
  return &by_number_.at(found->second);
}

sessions_state::resident& sessions_state::spawn(const session_name& who) {
  const auto number = ++last_number_;
  last_touched_ = number;
  auto actor = self_->spawn<agent_session_impl>(
      options_.around, session_identity{.number = number, .name = who}, options_.world);
  self_->monitor(actor);
  by_address_.emplace(actor.address(), number);
  if (!who.id.empty())
    by_name_.emplace(who, number);
  residents_.add(number, now());
  return by_number_.emplace(number, resident{.actor = actor, .name = who}).first->second;
}

void sessions_state::lost(const caf::down_msg& down) {
  if (down.source == keeper_)
    keeper_ = nullptr;
  const auto found = by_address_.find(down.source);
  if (found == by_address_.end())
    return;
  const auto number = found->second;
  by_address_.erase(found);
  const auto known = by_number_.find(number);
  if (known == by_number_.end())
    return;
  const auto who = known->second.name;
  by_number_.erase(known);
  by_name_.erase(who);
  residents_.remove(number);
}

void sessions_state::let_go(std::uint64_t number) {
  const auto known = by_number_.find(number);
  if (known == by_number_.end())
    return;
  ++counts_.passivated;
  urgent_exit(known->second.actor, caf::exit_reason::user_shutdown);
  by_address_.erase(known->second.actor.address());
  self_->demonitor(known->second.actor);
  by_name_.erase(known->second.name);
  by_number_.erase(known);
  residents_.remove(number);
}

void sessions_state::look_after() {
  self_->delayed_send(self_, look_after_interval, wake_atom_v);
  for (const auto number : residents_.take_overdue(now())) {
    if (const auto known = by_number_.find(number); known != by_number_.end())
      caf::anon_send<urgent>(known->second.actor, wake_atom_v);
  }
  if (!options_.around->has_store)
    return;
  meet_keeper();
  for (const auto number : residents_.idle(now(), passivated_at_a_time))
    let_go(number);
}

/// Sessions whose keeper was lost end at their next word, and their turns stay open.
void sessions_state::meet_keeper() {
  if (!options_.around->has_store || keeper_)
    return;
  const auto store = keeper();
  if (!store)
    return;
  keeper_ = store.address();
  self_->monitor(store);
  go_on_with_open_turns(store);
}

void sessions_state::go_on_with_open_turns(const session_keeper_actor& store) {
  self_
      ->request<urgent>(store, caf::infinite, list_atom_v,
                        session_query{.open_only = true, .limit = options_.limits.turns_max})
      .then(
          [this](const std::vector<session_head>& open) {
            for (const auto& head : open) {
              if (!head.needs_approval)
                (void)find_or_revive(head.name);
            }
          },
          [](const caf::error&) {});  // Each goes on when somebody asks for it.
}

// -- looking and deciding ---------------------------------------------------

caf::result<void> sessions_state::cancel(const session_name& who, const std::string& why) {
  const auto* known = find_resident(who);
  if (known == nullptr)
    return to_caf_error(no_such_session(who));
  caf::anon_send<urgent>(known->actor, cancel_atom_v, why);
  return caf::unit;
}

caf::result<session_view> sessions_state::look_up(const session_name& who) {
  if (const auto* known = find_resident(who))
    return self_->delegate(known->actor, lookup_atom_v);
  const auto store = options_.around->has_store ? keeper() : session_keeper_actor{};
  if (!store)
    return to_caf_error(no_such_session(who));
  auto answer = self_->make_response_promise<session_view>();
  self_->request<urgent>(store, caf::infinite, lookup_atom_v, who)
      .then(
          [answer, who](const stored_session& stored) mutable {
            const auto history = conversation::replay(stored.events);
            if (!history)
              return answer.deliver(to_caf_error(history.error()));
            auto view = history->view();
            view.id = who.id;
            answer.deliver(std::move(view));
          },
          [answer](const caf::error& why) mutable { answer.deliver(why); });
  return answer;
}

caf::result<std::vector<session_head>> sessions_state::list(const session_query& query) {
  const auto store = options_.around->has_store ? keeper() : session_keeper_actor{};
  if (!store)
    return std::vector<session_head>{};
  return self_->delegate(store, list_atom_v, query);
}

caf::result<void> sessions_state::erase(const session_name& who) {
  if (find_resident(who) != nullptr) {
    if (residents_.is_busy(last_touched_)) {
      return to_caf_error({errc::already_exists,
                           "erase session " + who.id + ": a turn is under way, cancel it first"});
    }
    let_go(last_touched_);
  }
  const auto store = options_.around->has_store ? keeper() : session_keeper_actor{};
  if (!store)
    return caf::unit;
  auto writes = std::make_shared<const std::vector<session_write>>(1, erase_session{.name = who});
  return self_->delegate(store, commit_atom_v, session_commit{std::move(writes)});
}

caf::result<session_name> sessions_state::approve(const std::string& id,
                                                  const approval_decision& decision) {
  auto answer = self_->make_response_promise<session_name>();
  const error unknown{errc::not_found,
                      "decide on " + quoted_excerpt(id) + ": no tool call waits under this id"};
  const auto store = options_.around->has_store ? keeper() : session_keeper_actor{};
  if (!store)
    return to_caf_error(unknown);
  self_->request<urgent>(store, caf::infinite, lookup_atom_v, id)
      .then(
          [this, id, decision, answer, unknown](const session_name& who) mutable {
            if (who.client != decision.client)
              return answer.deliver(to_caf_error(unknown));
            auto& target = find_or_revive(who);
            residents_.begin_turn(last_touched_, time_point::max());
            self_->request<urgent>(target.actor, caf::infinite, approve_atom_v, id, decision)
                .then([answer, who]() mutable { answer.deliver(who); },
                      [answer](const caf::error& why) mutable { answer.deliver(why); });
          },
          [answer](const caf::error& why) mutable { answer.deliver(why); });
  return answer;
}

}  // namespace libagent::actors

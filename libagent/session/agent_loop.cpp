#include "libagent/session/agent_loop.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/session/guardrails.hpp"
#include "libagent/session/turn_driver.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

agent_loop::agent_loop(conversation& history, agent_environment world)
    : history_{&history}, world_{std::move(world)} {
  LIBAGENT_EXPECTS(world_.tools != nullptr && world_.agents != nullptr);
}

agent_loop::~agent_loop() = default;

expected<loop_actions> agent_loop::begin(turn_start start, moment at) {
  if (is_open())
    return error{errc::already_exists, "begin turn: another one of this session is open"};
  auto& wanted = start.request.agent;
  if (wanted.empty())
    wanted = history_->agent();
  if (start.request.keeps_handover)
    wanted = history_->agent_for(wanted);
  auto agent = world_.agents->find(wanted);
  if (!agent)
    return error{errc::not_found, "begin turn: there is no agent " + quoted_excerpt(wanted, 64)};
  const auto& allowed = start.request.agents_allowed;
  if (!allowed.empty() && std::ranges::find(allowed, wanted) == allowed.end()) {
    return error{errc::permission_denied,
                 "begin turn: its client may not ask the agent " + quoted_excerpt(wanted, 64)};
  }
  if (const auto fits = history_->check(start.request.messages); !fits)
    return fits.error();
  if (const auto fits = check_input_size(agent->guardrails, start.request.messages); !fits)
    return fits.error();
  turn_driver driver{*history_, world_, work_, next_order_, at};
  driver.begin(std::move(start), std::move(agent));
  return driver.take();
}

loop_actions agent_loop::resume(moment at) {
  if (work_ || history_->turn() == nullptr)
    return {};
  turn_driver driver{*history_, world_, work_, next_order_, at};
  driver.resume();
  return driver.take();
}

loop_actions agent_loop::on_model_end(std::uint64_t order, model_outcome end, moment at) {
  if (!work_ || order == 0 || work_->order != order)
    return {};
  turn_driver driver{*history_, world_, work_, next_order_, at};
  driver.model_ended(std::move(end));
  return driver.take();
}

loop_actions agent_loop::on_tool_end(std::string_view call, tool_outcome end, moment at) {
  if (!work_ || std::ranges::find(work_->running, call) == work_->running.end())
    return {};
  turn_driver driver{*history_, world_, work_, next_order_, at};
  driver.tool_ended(call, std::move(end));
  return driver.take();
}

loop_actions agent_loop::on_cache(const found_in_cache& found, moment at) {
  if (!work_ || work_->cache_key.empty() || work_->cache_key != found.key) {
    loop_actions release;
    if (found.value.empty())
      release.emplace_back(fill_cache{found.key, {}});
    return release;
  }
  turn_driver driver{*history_, world_, work_, next_order_, at};
  driver.cache_answered(found);
  return driver.take();
}

expected<loop_actions> agent_loop::on_approval(std::string_view id,
                                               const approval_decision& decision, moment at) {
  if (work_ && !work_->stopping) {
    for (const auto& pending : history_->approvals()) {
      if (pending.id != id)
        continue;
      turn_driver driver{*history_, world_, work_, next_order_, at};
      driver.decided(pending.call.id, decision);
      return driver.take();
    }
  }
  return error{errc::not_found, "decide approval: none of this id waits: " + quoted_excerpt(id)};
}

loop_actions agent_loop::on_cancel(std::string why, moment at) {
  if (!work_)
    return {};
  turn_driver driver{*history_, world_, work_, next_order_, at};
  driver.stop({.state = turn_state::cancelled,
               .failure = error{errc::cancelled, std::move(why)},
               .at = at.wall});
  return driver.take();
}

loop_actions agent_loop::on_deadline(moment at) {
  if (!work_ || work_->paused || at.now < work_->deadline)
    return {};
  turn_driver driver{*history_, world_, work_, next_order_, at};
  driver.stop({.state = turn_state::failed,
               .failure = error{errc::deadline_exceeded, "turn: out of time"},
               .at = at.wall});
  return driver.take();
}

loop_actions agent_loop::abandon(error why, moment at) {
  if (!work_)
    return {};
  turn_driver driver{*history_, world_, work_, next_order_, at};
  driver.abandon(std::move(why));
  return driver.take();
}

bool agent_loop::is_open() const {
  return history_->turn() != nullptr;
}

bool agent_loop::is_idle() const {
  return !work_ || work_->paused;
}

}  // namespace libagent

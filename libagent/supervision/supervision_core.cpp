#include "libagent/supervision/supervision_core.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>

namespace libagent {

using supervise::commands;

supervision_core::supervision_core(supervision_rules rules,
                                   const std::vector<child_rules>& children, std::uint64_t seed)
    : rules_{rules}, intensity_{rules.intensity}, seed_{seed} {
  for (const auto& each : children)
    insert(each, time_point::max());
}

commands supervision_core::begin(time_point now) {
  for (auto& [number, each] : children_)
    each.due = now;
  return tick(now);
}

commands supervision_core::child_started(child_number number, time_point now) {
  auto& which = expect(number)->second;
  LIBAGENT_EXPECTS(which.state == child_state::starting);
  which.state = child_state::running;
  which.started_at = now;
  which.ever_started = true;
  return tick(now);
}

commands supervision_core::start_failed(child_number number, time_point now) {
  const auto which = expect(number);
  LIBAGENT_EXPECTS(which->second.state == child_state::starting);
  commands out;
  which->second.state = child_state::stopped;
  if (is_ending() || which->second.forget_when_down) {
    went_down_as_told(which, out);
  } else if (which->second.ever_started) {
    failed(which, now);
  } else if (which->second.added_later) {
    forget(which, out);
  } else {
    end(supervision_outcome::start_failed);
  }
  return step(now, out);
}

commands supervision_core::child_exited(child_number number, exit_kind how, time_point now) {
  const auto which = expect(number);
  auto& who = which->second;
  LIBAGENT_EXPECTS(who.state > child_state::starting);
  commands out;
  who.backoff.note_uptime(now - who.started_at);
  if (who.state != child_state::running || is_stopping_group(number)) {
    went_down_as_told(which, out);
  } else if (should_restart(who.rules.restart, how)) {
    failed(which, now);
  } else {
    ended_for_good(which, out);
  }
  return step(now, out);
}

commands supervision_core::tick(time_point now) {
  commands out;
  return step(now, out);
}

commands supervision_core::shut_down(time_point now) {
  if (!is_ending())
    end(supervision_outcome::shutdown);
  return tick(now);
}

supervision_core::addition supervision_core::add_child(child_rules rules, time_point now) {
  LIBAGENT_EXPECTS(!is_ending());
  const auto number = insert(rules, now);
  expect(number)->second.added_later = true;
  return {number, tick(now)};
}

commands supervision_core::remove_child(child_number number, time_point now) {
  commands out;
  const auto which = children_.find(number);
  if (which == children_.end())
    return out;
  auto& who = which->second;
  who.forget_when_down = true;
  if (!who.is_up()) {
    forget(which, out);
  } else if (who.state == child_state::running && !is_stopping_group(number)) {
    order_stop(number, who, now, out);
  }
  return step(now, out);
}

std::optional<time_point> supervision_core::next_tick() const {
  std::optional<time_point> next;
  for (const auto& [number, each] : children_) {
    const bool is_timed =
        each.state == child_state::waiting ? !stop_from_ : each.state >= child_state::stopping;
    if (is_timed && each.due != time_point::max() && (!next || each.due < *next))
      next = each.due;
  }
  return next;
}

child_state supervision_core::state_of(child_number number) const {
  const auto which = children_.find(number);
  LIBAGENT_EXPECTS(which != children_.end());
  return which->second.state;
}

std::uint64_t supervision_core::restarts_of(child_number number) const {
  const auto which = children_.find(number);
  LIBAGENT_EXPECTS(which != children_.end());
  return which->second.restarts;
}

child_number supervision_core::insert(child_rules rules, time_point due) {
  LIBAGENT_EXPECTS(!rules.significant || (rules.restart != restart_type::permanent &&
                                          rules_.ends_with != auto_shutdown::never));
  const auto number = next_number_++;
  // Every child has its own chance, or their jitter would be the same.
  seeded_random seeds{seed_ + number};
  children_.emplace(number, child{.rules = rules,
                                  .backoff = restart_backoff{rules_.backoff, seeds()},
                                  .due = due,
                                  .started_at = {}});
  return number;
}

supervision_core::child_iterator supervision_core::expect(child_number number) {
  const auto which = children_.find(number);
  LIBAGENT_EXPECTS(which != children_.end());
  return which;
}

bool supervision_core::is_stopping_group(child_number number) const {
  return stop_from_ && number >= *stop_from_;
}

void supervision_core::failed(child_iterator which, time_point now) {
  auto& who = which->second;
  who.state = child_state::stopped;
  if (!intensity_.admit(now)) {
    end(supervision_outcome::gave_up);
    return;
  }
  ++who.restarts;
  const auto due = now + who.backoff.next_delay();
  if (rules_.restarts == strategy::one_for_one) {
    who.state = child_state::waiting;
    who.due = due;
  } else {
    restart_group(which, due);
  }
}

void supervision_core::restart_group(child_iterator failed, time_point due) {
  const auto position = static_cast<std::size_t>(std::distance(children_.begin(), failed));
  const auto group = children_to_restart(rules_.restarts, position, children_.size());
  auto member = std::next(children_.begin(), static_cast<std::ptrdiff_t>(group.front()));
  group_due_ = stop_from_ ? std::max(group_due_, due) : due;
  // Whoever fails while a group stops was started before that group, so this only widens it.
  stop_from_ = member->first;
  // As in OTP this also brings back transient children that had ended normally.
  for (; member != children_.end(); ++member) {
    if (!member->second.is_up()) {
      member->second.state = child_state::waiting;
      member->second.due = group_due_;
    }
  }
}

void supervision_core::ended_for_good(child_iterator which, commands& out) {
  which->second.state = child_state::stopped;
  const bool is_last_straw = should_auto_shutdown(which->second);
  if (which->second.rules.restart == restart_type::temporary)
    forget(which, out);
  if (is_last_straw)
    end(supervision_outcome::auto_shutdown);
}

void supervision_core::went_down_as_told(child_iterator which, commands& out) {
  auto& who = which->second;
  who.state = child_state::stopped;
  if (is_ending())
    return;
  if (who.forget_when_down || who.rules.restart == restart_type::temporary) {
    forget(which, out);
    return;
  }
  who.state = child_state::waiting;
  who.due = group_due_;
}

void supervision_core::forget(child_iterator which, commands& out) {
  out.emplace_back(supervise::forget{which->first});
  children_.erase(which);
}

bool supervision_core::should_auto_shutdown(const child& ended) const {
  if (!ended.rules.significant || rules_.ends_with == auto_shutdown::never)
    return false;
  return rules_.ends_with == auto_shutdown::any_significant ||
         std::ranges::none_of(children_, [](const auto& entry) {
           return entry.second.rules.significant && entry.second.state != child_state::stopped;
         });
}

void supervision_core::end(supervision_outcome outcome) {
  outcome_ = outcome;
  stop_from_ = 0;
  for (auto& [number, each] : children_) {
    if (each.state == child_state::waiting)
      each.state = child_state::stopped;
  }
}

void supervision_core::order_stop(child_number number, child& which, time_point now,
                                  commands& out) const {
  const auto& rule = which.rules.shutdown;
  if (rule.asks_first()) {
    const auto patience = rule.patience();
    out.emplace_back(supervise::stop{number});
    which.state = child_state::stopping;
    which.due = patience ? now + *patience : time_point::max();
  } else {
    out.emplace_back(supervise::kill{number});
    which.state = child_state::killed;
    which.due = now + rules_.kill_patience;
  }
}

void supervision_core::enforce_patience(time_point now, commands& out) {
  for (auto entry = children_.begin(); entry != children_.end();) {
    const auto current = entry++;  // abandoning may erase it
    auto& [number, who] = *current;
    if (who.state < child_state::stopping || now < who.due)
      continue;
    if (who.state == child_state::stopping) {
      out.emplace_back(supervise::kill{number});
      who.state = child_state::killed;
      who.due = now + rules_.kill_patience;
    } else {
      out.emplace_back(supervise::abandon{number});
      went_down_as_told(current, out);
    }
  }
}

bool supervision_core::stop_next(time_point now, commands& out) {
  if (!stop_from_)
    return false;
  auto reversed = children_ | std::views::reverse;
  const auto last_up =
      std::ranges::find_if(reversed, [](const auto& entry) { return entry.second.is_up(); });
  if (last_up == reversed.end() || last_up->first < *stop_from_) {
    stop_from_.reset();
    return false;
  }
  if (last_up->second.state == child_state::running)
    order_stop(last_up->first, last_up->second, now, out);
  return true;
}

void supervision_core::start_next(time_point now, commands& out) {
  for (auto& [number, each] : children_) {
    if (each.state == child_state::starting)
      return;
    if (each.state == child_state::waiting && each.due <= now) {
      each.state = child_state::starting;
      out.emplace_back(supervise::start{number});
      return;
    }
  }
}

commands& supervision_core::step(time_point now, commands& out) {
  enforce_patience(now, out);
  if (stop_next(now, out) || finished_)
    return out;
  if (outcome_) {
    finished_ = true;
    out.emplace_back(supervise::finish{*outcome_});
  } else {
    start_next(now, out);
  }
  return out;
}

}  // namespace libagent

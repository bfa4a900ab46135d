#pragma once

#include "libagent/supervision/supervision_core.hpp"

#include <chrono>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace libagent::testing {

/// Plays the owner of a supervision_core and its children, and writes down what happens.
///
/// Children are called a, b, c ... in start order. The script reads: `+a` started, `!a` failed to
/// start, `-a` was asked to end, `xa` was killed, `?a` was abandoned, `~a` was forgotten, `.` and
/// the outcome when the supervisor ended. Children do as they are told unless listed below.
class rehearsal {
public:
  std::set<char> unstartable;
  std::set<char> deaf;    ///< Ignore being asked.
  std::set<char> undead;  ///< Ignore being killed.

  explicit rehearsal(supervision_rules rules, std::vector<child_rules> children = {{}, {}, {}},
                     std::uint64_t seed = 1)
      : core_{rules, children, seed} {}

  rehearsal& begin() { return perform(core_.begin(now_)); }

  rehearsal& end(char child, exit_kind how) {
    return perform(core_.child_exited(number(child), how, now_));
  }

  rehearsal& crash(char child) { return end(child, exit_kind::failure); }

  rehearsal& shut_down() { return perform(core_.shut_down(now_)); }

  rehearsal& remove(char child) { return perform(core_.remove_child(number(child), now_)); }

  rehearsal& add(child_rules rules) {
    auto added = core_.add_child(rules, now_);
    return perform(std::move(added.commands));
  }

  /// Moves time, stopping at every tick on the way.
  rehearsal& advance(duration step) {
    const auto target = now_ + step;
    for (auto next = core_.next_tick(); next && *next <= target; next = core_.next_tick()) {
      now_ = std::max(now_, *next);
      perform(core_.tick(now_));
    }
    now_ = target;
    return *this;
  }

  /// What happened since the last call.
  std::string script() {
    auto text = std::move(script_);
    script_.clear();
    return text;
  }

  [[nodiscard]] supervision_core& core() { return core_; }

  [[nodiscard]] time_point now() const { return now_; }

  [[nodiscard]] bool finished() const { return finished_; }

  [[nodiscard]] static child_number number(char child) {
    return static_cast<child_number>(child - 'a');
  }

private:
  [[nodiscard]] static char name(child_number child) {
    return static_cast<char>('a' + static_cast<char>(child));
  }

  rehearsal& perform(supervise::commands first) {
    std::deque<supervise::command> open{first.begin(), first.end()};
    while (!open.empty()) {
      const auto command = open.front();
      open.pop_front();
      auto more = std::visit([this](const auto& what) { return obey(what); }, command);
      open.insert(open.end(), more.begin(), more.end());
    }
    return *this;
  }

  void note(std::string_view mark, child_number child) {
    script_ += script_.empty() ? "" : " ";
    script_ += mark;
    script_ += name(child);
  }

  supervise::commands obey(const supervise::start& what) {
    const bool fails = unstartable.contains(name(what.child));
    note(fails ? "!" : "+", what.child);
    return fails ? core_.start_failed(what.child, now_) : core_.child_started(what.child, now_);
  }

  supervise::commands obey(const supervise::stop& what) {
    note("-", what.child);
    if (deaf.contains(name(what.child))) {
      return {};
    }
    return core_.child_exited(what.child, exit_kind::shutdown, now_);
  }

  supervise::commands obey(const supervise::kill& what) {
    note("x", what.child);
    if (undead.contains(name(what.child))) {
      return {};
    }
    return core_.child_exited(what.child, exit_kind::failure, now_);
  }

  supervise::commands obey(const supervise::abandon& what) {
    note("?", what.child);
    return {};
  }

  supervise::commands obey(const supervise::forget& what) {
    note("~", what.child);
    return {};
  }

  supervise::commands obey(const supervise::finish& what) {
    constexpr std::string_view outcomes[] = {"shutdown", "auto_shutdown", "start_failed",
                                             "gave_up"};
    script_ += script_.empty() ? "." : " .";
    script_ += outcomes[static_cast<std::size_t>(what.outcome)];
    finished_ = true;
    return {};
  }

  supervision_core core_;
  time_point now_{std::chrono::hours{1}};
  std::string script_;
  bool finished_ = false;
};

}  // namespace libagent::testing

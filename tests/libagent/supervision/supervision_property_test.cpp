#include "libagent/base/random.hpp"
#include "libagent/supervision/supervision_core.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t children_max = 5;

supervision_rules random_rules(seeded_random& random) {
  return {.restarts = static_cast<strategy>(random() % 3),
          .intensity = {.max_restarts = random() % 6, .period = 1s + 1s * (random() % 10)},
          .backoff = {.initial = 100ms, .maximum = 2s, .healthy_after = 5s}};
}

std::vector<child_rules> random_children(seeded_random& random) {
  std::vector<child_rules> children(1 + random() % children_max);
  for (auto& each : children) {
    each.restart = static_cast<restart_type>(random() % 3);
    const auto rule = random() % 3;
    each.shutdown = rule == 0   ? shutdown_rule::brutal_kill()
                    : rule == 1 ? shutdown_rule::infinite()
                                : shutdown_rule::within(500ms);
  }
  return children;
}

/// Owns a supervision_core whose children fail, dawdle and refuse at random, and checks with every
/// command what must always hold.
class random_owner {
public:
  explicit random_owner(std::uint64_t seed)
      : random_{seed},
        rules_{random_rules(random_)},
        children_{random_children(random_)},
        core_{rules_, children_, seed} {
    perform(core_.begin(now_));
  }

  void run_one_event() {
    now_ += 1ms * (random_() % 400);
    tick_until_now();
    const auto what = random_() % 10;
    if (what < 4 && !up_.empty()) {
      report_end(random_up());
    } else if (what == 4 && random_() % 20 == 0) {
      perform(core_.shut_down(now_));
    }
    check_intensity();
  }

  /// Lets time pass without new failures; children that were asked to end do so.
  void settle() {
    is_calm_ = true;
    for (int round = 0; round < 100; ++round) {
      now_ += 1s;
      tick_until_now();
      for (const auto& [child, told] : std::map{up_}) {
        if (told)
          report_end(child);
      }
    }
  }

  void check_settled() const {
    if (core_.is_ending()) {
      CHECK(finished_);
      CHECK(up_.empty());
      return;
    }
    for (child_number child = 0; child < children_.size(); ++child) {
      if (children_[child].restart == restart_type::permanent)
        CHECK(up_.contains(child));
    }
    CHECK_FALSE(core_.next_tick());
  }

private:
  void tick_until_now() {
    for (auto next = core_.next_tick(); next && *next <= now_; next = core_.next_tick())
      perform(core_.tick(now_));
  }

  [[nodiscard]] child_number random_up() {
    auto which = up_.begin();
    std::advance(which, random_() % up_.size());
    return which->first;
  }

  void report_end(child_number child) {
    up_.erase(child);
    perform(core_.child_exited(child, static_cast<exit_kind>(random_() % 3), now_));
  }

  void perform(supervise::commands first) {
    std::deque<supervise::command> open{first.begin(), first.end()};
    while (!open.empty()) {
      REQUIRE_FALSE(finished_);  // nothing comes after the end
      const auto more = std::visit([this](const auto& what) { return obey(what); }, open.front());
      open.pop_front();
      open.insert(open.end(), more.begin(), more.end());
    }
    note_restarts();
  }

  supervise::commands obey(const supervise::start& what) {
    const auto child = what.child;
    REQUIRE_FALSE(up_.contains(child));
    REQUIRE_FALSE(core_.is_ending());
    if (rules_.restarts != strategy::one_for_one) {
      // Nothing that was started after it may still be there.
      REQUIRE(up_.upper_bound(child) == up_.end());
    }
    if (children_[child].restart == restart_type::temporary)
      REQUIRE(starts_[child] == 0);
    const bool fails = !is_calm_ && starts_[child] > 0 && random_() % 4 == 0;
    if (fails)
      return core_.start_failed(child, now_);
    ++starts_[child];
    up_[child] = false;
    return core_.child_started(child, now_);
  }

  supervise::commands obey(const supervise::stop& what) { return told(what.child); }

  supervise::commands obey(const supervise::kill& what) { return told(what.child); }

  supervise::commands told(child_number child) {
    REQUIRE(up_.contains(child));
    REQUIRE(up_.upper_bound(child) == up_.end());  // the last one goes first
    up_[child] = true;
    if (random_() % 2 == 0)
      return {};  // takes its time
    up_.erase(child);
    return core_.child_exited(child, exit_kind::shutdown, now_);
  }

  supervise::commands obey(const supervise::abandon& what) {
    REQUIRE(up_.erase(what.child) == 1);
    return {};
  }

  supervise::commands obey(const supervise::forget& what) {
    REQUIRE(children_[what.child].restart == restart_type::temporary);
    forgotten_.push_back(what.child);
    return {};
  }

  supervise::commands obey(const supervise::finish&) {
    REQUIRE(up_.empty());
    finished_ = true;
    return {};
  }

  void note_restarts() {
    std::uint64_t total = 0;
    for (child_number child = 0; child < children_.size(); ++child) {
      if (std::ranges::find(forgotten_, child) == forgotten_.end())
        total += core_.restarts_of(child);
    }
    for (; restarts_seen_ < total; ++restarts_seen_)
      restarted_at_.push_back(now_);
  }

  /// A naive model of the intensity: look at every window that ends with a restart.
  void check_intensity() const {
    for (const auto end : restarted_at_) {
      const auto in_window = std::ranges::count_if(restarted_at_, [&](time_point at) {
        return at <= end && end - at < rules_.intensity.period;
      });
      REQUIRE(static_cast<std::size_t>(in_window) <= rules_.intensity.max_restarts);
    }
  }

  seeded_random random_;
  supervision_rules rules_;
  std::vector<child_rules> children_;
  supervision_core core_;
  time_point now_{1h};
  std::map<child_number, bool> up_;  ///< Who is there, and whether it was told to end.
  std::map<child_number, int> starts_;
  std::vector<child_number> forgotten_;
  std::vector<time_point> restarted_at_;
  std::uint64_t restarts_seen_ = 0;
  bool is_calm_ = false;
  bool finished_ = false;
};

}  // namespace

TEST_CASE("whatever happens, a supervisor heals or ends with all children down",
          "[supervision][property]") {
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    CAPTURE(seed);
    random_owner owner{seed};
    for (int event = 0; event < 60; ++event)
      owner.run_one_event();
    owner.settle();
    owner.check_settled();
  }
}

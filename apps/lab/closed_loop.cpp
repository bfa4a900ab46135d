#include "apps/lab/closed_loop.hpp"

#include "apps/lab/timer_loop.hpp"
#include "libagent/base/random.hpp"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace libagent::lab {

namespace {

using steady = std::chrono::steady_clock;
using milliseconds_d = std::chrono::duration<double, std::milli>;

/// How long a refused user waits who was not told when to come back.
constexpr std::chrono::milliseconds usual_patience{100};
constexpr std::size_t client_names = 10;

class user_crowd : public std::enable_shared_from_this<user_crowd> {
public:
  user_crowd(request_front& front, const closed_loop_options& options)
      : front_{front}, options_{options}, random_{options.seed} {}

  void start() {
    for (std::size_t user = 0; user < options_.users; ++user)
      ask(user);
  }

  void begin_measuring() {
    const std::lock_guard guard{mutex_};
    is_measuring_ = true;
  }

  /// What was seen since measuring began. Nobody asks any more.
  [[nodiscard]] load_outcome finish(std::chrono::duration<double> measured) {
    is_over_ = true;
    const std::lock_guard guard{mutex_};
    is_measuring_ = false;
    seen_.per_second = static_cast<double>(took_ms_.size()) / measured.count();
    seen_.useful_per_second = static_cast<double>(useful_) / measured.count();
    seen_.took_ms = quantiles_of(took_ms_);
    seen_.refused_ms = quantiles_of(refused_ms_);
    return seen_;
  }

  [[nodiscard]] std::uint64_t succeeded() const { return succeeded_; }

private:
  void ask(std::size_t user) {
    if (is_over_)
      return;
    const auto asked = steady::now();
    front_.submit("client-" + std::to_string(user % client_names),
                  [self = shared_from_this(), user, asked](const request_answer& answer) {
                    const auto now = steady::now();
                    self->see(answer.fate, now - asked);
                    self->go_on(user, answer, now);
                  });
  }

  /// Whatever may be answered at once asks again on the loop: from within the answer it would
  /// recurse.
  void go_on(std::size_t user, const request_answer& answer, time_point now) {
    if (answer.fate == request_fate::succeeded || answer.fate == request_fate::expired)
      return ask(user);
    const auto told = answer.retry_after.count() > 0 ? answer.retry_after : usual_patience;
    const std::lock_guard guard{mutex_};
    const auto wait = std::chrono::duration_cast<duration>(told * (1 + random_.unit() / 2));
    later_.at(now + wait, [this, user](time_point) { ask(user); });
  }

  void see(request_fate fate, duration took) {
    if (fate == request_fate::succeeded)
      ++succeeded_;
    const std::lock_guard guard{mutex_};
    if (!is_measuring_)
      return;
    const auto ms = milliseconds_d{took}.count();
    switch (fate) {
      case request_fate::succeeded:
        took_ms_.push_back(ms);
        useful_ += took <= options_.deadline ? 1U : 0U;
        break;
      case request_fate::refused:
        refused_ms_.push_back(ms);
        ++seen_.refused;
        break;
      case request_fate::expired: ++seen_.expired; break;
      case request_fate::failed:
      case request_fate::lost: ++seen_.failed; break;
    }
  }

  request_front& front_;
  const closed_loop_options options_;
  std::mutex mutex_;
  seeded_random random_;
  bool is_measuring_ = false;
  std::atomic<bool> is_over_{false};
  std::atomic<std::uint64_t> succeeded_{0};
  std::uint64_t useful_ = 0;
  std::vector<double> took_ms_;
  std::vector<double> refused_ms_;
  load_outcome seen_;
  timer_loop later_;
};

}  // namespace

void require_answered_once(const request_front& front, const knee_backend& backend,
                           std::uint64_t succeeded, std::chrono::milliseconds patience) {
  const auto& ledger = front.ledger();
  const auto until = steady::now() + patience;
  while (ledger.answered + ledger.lost < ledger.submitted && steady::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  const auto served = backend.tally().served;
  if (ledger.answered != ledger.submitted || ledger.answered_again != 0 || ledger.lost != 0 ||
      succeeded > served) {
    throw std::runtime_error{
        fmt::format("not every request was answered once: {} submitted, {} answered, {} answered "
                    "again, {} lost, {} succeeded of {} that the backend served",
                    ledger.submitted.load(), ledger.answered.load(), ledger.answered_again.load(),
                    ledger.lost.load(), succeeded, served)};
  }
}

load_outcome run_closed_loop(request_front& front, const knee_backend& backend,
                             const closed_loop_options& options) {
  const auto users = std::make_shared<user_crowd>(front, options);
  users->start();
  std::this_thread::sleep_for(options.warm_up);
  const auto before = backend.tally();
  const auto begin = steady::now();
  users->begin_measuring();
  std::this_thread::sleep_for(options.measured);
  const std::chrono::duration<double> measured = steady::now() - begin;
  const auto after = backend.tally();
  auto seen = users->finish(measured);
  seen.at_backend = (after.under_way_seconds - before.under_way_seconds) /
                    std::chrono::duration<double>(after.at - before.at).count();
  require_answered_once(front, backend, users->succeeded(),
                        options.deadline + std::chrono::seconds{5});
  return seen;
}

}  // namespace libagent::lab

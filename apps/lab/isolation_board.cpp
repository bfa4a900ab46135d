#include "apps/lab/isolation_board.hpp"

#include "apps/lab/open_loop.hpp"

#include <cerrno>
#include <ctime>
#include <thread>
#include <utility>

namespace libagent::lab {

std::vector<std::chrono::nanoseconds> poisson_arrivals(double per_second,
                                                       std::chrono::milliseconds length,
                                                       std::uint64_t seed) {
  std::vector<std::chrono::nanoseconds> due_after;
  for (const auto at_s : draw_arrivals({{.per_second = per_second, .length = length}}, seed))
    due_after.emplace_back(static_cast<std::int64_t>(at_s * 1e9));
  return due_after;
}

answer_board::answer_board(std::vector<std::chrono::nanoseconds> due_after)
    : due_after_{std::move(due_after)}, took_ns_(due_after_.size()) {
  for (auto& took : took_ns_)
    took.store(-1);
}

void answer_board::start() {
  start_ = clock::now();
}

answer_board::clock::time_point answer_board::due(std::size_t index) const {
  return start_ + due_after_[index];
}

void answer_board::answer(std::size_t index, bool good) {
  const auto took = std::chrono::nanoseconds{clock::now() - due(index)}.count();
  std::int64_t none = -1;
  if (!took_ns_[index].compare_exchange_strong(none, took < 0 ? 0 : took)) {
    repeated_.fetch_add(1);
    return;
  }
  if (!good)
    bad_.fetch_add(1);
  answered_.fetch_add(1);
}

bool answer_board::wait_for_all(std::chrono::seconds patience) const {
  const auto give_up_at = clock::now() + patience;
  while (!all_answered() && clock::now() < give_up_at)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return all_answered();
}

std::vector<double> answer_board::latencies_us() const {
  std::vector<double> all;
  for (std::size_t i = 0; i < size(); ++i) {
    if (const auto took = took_ns_[i].load(); took >= 0)
      all.push_back(static_cast<double>(took) / 1e3);
  }
  return all;
}

std::size_t answer_board::unanswered() const {
  return size() - answered_.load();
}

void sleep_until_exactly(std::chrono::steady_clock::time_point when) {
  // libstdc++'s steady_clock is CLOCK_MONOTONIC.
  const auto since_epoch = std::chrono::nanoseconds{when.time_since_epoch()}.count();
  const timespec until{.tv_sec = since_epoch / 1'000'000'000,
                       .tv_nsec = since_epoch % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace libagent::lab

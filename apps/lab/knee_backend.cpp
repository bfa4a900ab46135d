#include "apps/lab/knee_backend.hpp"

#include <chrono>
#include <utility>

namespace libagent::lab {

namespace {

duration whole_ticks(std::chrono::duration<double> length) {
  return std::chrono::duration_cast<duration>(length);
}

void add_time(backend_tally& tally, std::size_t under_way, time_point now) {
  if (now <= tally.at)
    return;
  tally.under_way_seconds +=
      std::chrono::duration<double>(now - tally.at).count() * static_cast<double>(under_way);
  tally.at = now;
}

}  // namespace

knee_backend::knee_backend(const knee_workload& work, std::uint64_t seed)
    : work_{work}, random_{seed}, tally_{.at = std::chrono::steady_clock::now()} {}

void knee_backend::begin(std::function<void()> done) {
  const auto now = std::chrono::steady_clock::now();
  duration wait{};
  {
    const std::lock_guard guard{mutex_};
    see(now);
    ++under_way_;
    ++tally_.begun;
    wait = whole_ticks(work_.waits.draw(random_));
  }
  loop_.at(now + wait, [this, done = std::move(done)](time_point meant) mutable {
    need_server(std::move(done), meant);
  });
}

backend_tally knee_backend::tally() const {
  const std::lock_guard guard{mutex_};
  auto seen = tally_;
  add_time(seen, under_way_, std::chrono::steady_clock::now());
  return seen;
}

void knee_backend::stop() {
  loop_.stop();
  at_server_.clear();
}

void knee_backend::need_server(std::function<void()> done, time_point now) {
  at_server_.push_back(std::move(done));
  if (at_server_.size() == 1)
    serve(now);
}

void knee_backend::serve(time_point now) {
  duration takes{};
  {
    const std::lock_guard guard{mutex_};
    takes = whole_ticks(work_.draw_service(under_way_, random_));
  }
  loop_.at(now + takes, [this](time_point meant) { finish(meant); });
}

void knee_backend::finish(time_point now) {
  const auto done = std::move(at_server_.front());
  at_server_.pop_front();
  {
    const std::lock_guard guard{mutex_};
    see(std::chrono::steady_clock::now());
    --under_way_;
    ++tally_.served;
  }
  if (!at_server_.empty())
    serve(now);
  done();
}

void knee_backend::see(time_point now) {
  add_time(tally_, under_way_, now);
}

}  // namespace libagent::lab

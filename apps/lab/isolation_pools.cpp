#include "apps/lab/isolation_pools.hpp"

#include "apps/lab/isolation_threads.hpp"

#include <utility>

namespace libagent::lab {

namespace {

constexpr int long_patience_s = 30;

}  // namespace

plain_pool::plain_pool(std::size_t threads, const std::function<void()>& on_start) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, on_start] {
      on_start();
      run();
    });
  }
}

plain_pool::~plain_pool() {
  {
    const std::lock_guard guard{lock_};
    stopping_ = true;
  }
  arrived_.notify_all();
  for (auto& thread : threads_)
    thread.join();
}

void plain_pool::post(std::function<void()> work) {
  {
    const std::lock_guard guard{lock_};
    queue_.push_back(std::move(work));
  }
  arrived_.notify_one();
}

void plain_pool::run() {
  std::unique_lock guard{lock_};
  for (;;) {
    arrived_.wait(guard, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_)
      return;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    guard.unlock();
    work();
    work = nullptr;  // What it holds is let go of outside the lock.
    guard.lock();
  }
}

std::function<void()> on_long_thread(ranking ranks) {
  return ranks == ranking::none ? std::function<void()>{[] {}} : be_lowest;
}

std::function<void()> on_short_thread(ranking ranks) {
  return ranks == ranking::fifo ? std::function<void()>{be_realtime} : [] {};
}

pool_long_load::~pool_long_load() {
  (void)stop();
}

void pool_long_load::start() {
  shared_.stopping.store(false);
  for (std::size_t i = 0; i < sizes_.long_tasks(); ++i) {
    shared_.outstanding.fetch_add(1);
    post_next();
  }
}

expected<void> pool_long_load::stop() {
  shared_.stopping.store(true);
  if (!wait_until_idle(shared_, long_patience_s))
    return error{errc::deadline_exceeded, "stop long tasks on a plain pool"};
  return {};
}

double pool_long_load::done() const {
  return static_cast<double>(shared_.slices_done.load()) / sizes_.work.slices;
}

void pool_long_load::post_next() {
  pool_.post([this] {
    run_long_task(sizes_.work, shared_);
    if (shared_.stopping.load()) {
      shared_.outstanding.fetch_sub(1);
    } else {
      post_next();
    }
  });
}

pools_contestant::pools_contestant(const bench_sizes& sizes, pools how_many, ranking ranks)
    : sizes_{sizes}, long_pool_{sizes.cores, on_long_thread(ranks)}, long_load_{sizes, long_pool_} {
  if (how_many == pools::two)
    short_pool_.emplace(sizes.cores, on_short_thread(ranks));
}

expected<void> pools_contestant::start_long() {
  long_load_.start();
  return {};
}

expected<void> pools_contestant::stop_long() {
  return long_load_.stop();
}

double pools_contestant::long_tasks_done() {
  return long_load_.done();
}

expected<void> pools_contestant::play(const answer_board_ptr& board) {
  play_in_process(*board, [&](std::size_t index) {
    post_short([board, index](bool good) { board->answer(index, good); });
  });
  return {};
}

void pools_contestant::post_short(std::function<void(bool)> done) {
  auto& pool = short_pool_ ? *short_pool_ : long_pool_;
  pool.post(
      [rounds = sizes_.work.short_rounds, done = std::move(done)] { done(spin(rounds) != 0); });
}

}  // namespace libagent::lab

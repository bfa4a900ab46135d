// The dispatcher and its executors on real threads; run it under ThreadSanitizer.

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/long_task_worker.hpp"
#include "actors/short_task_handler.hpp"
#include "actors/task_dispatcher.hpp"
#include "libagent/base/contract.hpp"

#include "tests/support/fake_tool.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// Counts ends; every task of the test shares it.
class end_counter {
public:
  void note(task_state state) {
    const std::lock_guard lock{mutex_};
    ++ended_;
    succeeded_ += state == task_state::succeeded ? 1U : 0U;
    changed_.notify_all();
  }

  [[nodiscard]] bool wait_for(std::size_t count, std::chrono::seconds limit) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return ended_ >= count; });
  }

  [[nodiscard]] std::size_t ended() {
    const std::lock_guard lock{mutex_};
    return ended_;
  }

  [[nodiscard]] std::size_t succeeded() {
    const std::lock_guard lock{mutex_};
    return succeeded_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t ended_ = 0;
  std::size_t succeeded_ = 0;
};

class ending_observer final : public task_observer {
public:
  explicit ending_observer(end_counter& counter) : counter_{counter} {}

  void on_change(const task_record& record) override {
    if (is_terminal(record.state))
      counter_.note(record.state);
  }

  void on_refused(const error&) override { counter_.note(task_state::failed); }

private:
  end_counter& counter_;
};

/// A dispatcher, two handlers and two workers on threads.
class threaded_tasks {
public:
  explicit threaded_tasks(std::vector<std::shared_ptr<tool>> tools) {
    dispatcher = actors::spawn_placed<actors::task_dispatcher_impl>(
        system_, actors::placement::own_thread,
        actors::dispatcher_options{.tools = std::move(tools)});
    actors::publish(system_, actors::dispatcher_path,
                    caf::actor_cast<caf::strong_actor_ptr>(dispatcher));
    for (int i = 0; i < 2; ++i) {
      add(actors::placement::pooled, {.kind = actors::executor_kind::handler, .credit = 8});
      add(actors::placement::own_thread,
          actors::executor_options{.kind = actors::executor_kind::worker});
    }
  }

  threaded_tasks(const threaded_tasks&) = delete;
  threaded_tasks& operator=(const threaded_tasks&) = delete;

  ~threaded_tasks() {
    actors::retract(system_, actors::dispatcher_path);
    for (const auto& each : executors_)
      actors::urgent_exit(each, caf::exit_reason::kill);
    actors::urgent_exit(dispatcher, caf::exit_reason::kill);
    executors_.clear();
    dispatcher = nullptr;
  }

  void add(actors::placement where, actors::executor_options options) {
    executors_.push_back(
        actors::spawn_placed<actors::short_task_handler_impl>(system_, where, std::move(options)));
  }

  void submit(const std::string& target, std::shared_ptr<task_observer> observer) {
    caf::anon_send<caf::message_priority::high>(
        dispatcher, actors::submit_atom_v,
        task_request{.target = target, .arguments = {"[1]"}, .timeout = 20s},
        actors::observer_ref{std::move(observer)});
  }

  [[nodiscard]] dispatcher_status status() {
    caf::scoped_actor self{system_};
    dispatcher_status seen;
    self->request(dispatcher, 10s, actors::status_atom_v)
        .receive([&seen](const dispatcher_status& answer) { seen = answer; },
                 [](const caf::error& why) { FAIL(to_string(why)); });
    return seen;
  }

  [[nodiscard]] caf::actor_system& system() { return system_; }

  actors::dispatcher_actor dispatcher;

private:
  actors::actor_system_config config_{{.threads = 2}};
  caf::actor_system system_{config_};
  std::vector<actors::executor_actor> executors_;
};

tool_spec spec_of(std::string name, lane where) {
  return {.name = std::move(name), .description = "A fake.", .tool_lane = where};
}

}  // namespace

TEST_CASE("thousands of tasks from several threads all end", "[.stress]") {
  end_counter counter;
  threaded_tasks tasks{{std::make_shared<fake_tool>(spec_of("short", lane::interactive)),
                        std::make_shared<fake_tool>(spec_of("long", lane::batch))}};
  constexpr std::size_t per_thread = 2'000;
  auto observer = std::make_shared<ending_observer>(counter);
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 4; ++i)
      askers.emplace_back([&, i] {
        for (std::size_t n = 0; n < per_thread; ++n)
          tasks.submit(i % 2 == 0 ? "short" : "long", observer);
      });
  }
  REQUIRE(counter.wait_for(4 * per_thread, 60s));
  CHECK(counter.succeeded() == 4 * per_thread);
  const auto seen = tasks.status();
  CHECK(seen.succeeded == 4 * per_thread);
  CHECK(seen.interactive.running + seen.batch.running == 0);
}

TEST_CASE("cancels race with answers and every task still ends once", "[.stress]") {
  end_counter counter;
  threaded_tasks tasks{{std::make_shared<fake_tool>(
      spec_of("stoppable", lane::batch),
      [](const std::string&, const tool_context& context) -> expected<std::string> {
        for (int i = 0; i < 200; ++i) {
          if (context.stop.stop_requested())
            return error{errc::cancelled, "stopped"};
          context.progress(i / 200.0, "working");
        }
        return std::string{"1"};
      })}};
  constexpr std::size_t count = 500;
  auto observer = std::make_shared<ending_observer>(counter);
  caf::scoped_actor self{tasks.system()};
  for (std::size_t i = 0; i < count; ++i) {
    task_id id;
    self->request(tasks.dispatcher, 10s, actors::submit_atom_v,
                  task_request{.target = "stoppable", .arguments = {"[1]"}})
        .receive([&id](const task_record& record) { id = record.id; },
                 [](const caf::error& why) { FAIL(to_string(why)); });
    caf::anon_send<caf::message_priority::high>(tasks.dispatcher, actors::watch_atom_v, id,
                                                actors::observer_ref{observer});
    caf::anon_send<caf::message_priority::high>(tasks.dispatcher, actors::cancel_atom_v, id,
                                                std::string{"by the test"});
  }
  REQUIRE(counter.wait_for(count, 60s));
  const auto seen = tasks.status();
  CHECK(counter.ended() == count);
  CHECK(seen.succeeded + seen.cancelled == count);
}

TEST_CASE("executors that crash among thousands of tasks cost no task", "[.stress]") {
  end_counter counter;
  auto left = std::make_shared<std::atomic<int>>(20);
  threaded_tasks tasks{{std::make_shared<fake_tool>(
      spec_of("buggy", lane::interactive),
      [left](const std::string&, const tool_context&) -> expected<std::string> {
        LIBAGENT_EXPECTS(left->fetch_sub(1) <= 0 || left->load() % 2 == 0);
        return std::string{"1"};
      })}};
  constexpr std::size_t count = 3'000;
  auto observer = std::make_shared<ending_observer>(counter);
  for (std::size_t i = 0; i < count; ++i)
    tasks.submit("buggy", observer);
  for (int i = 0; i < 25; ++i)
    tasks.add(actors::placement::pooled, {.kind = actors::executor_kind::handler, .credit = 8});
  REQUIRE(counter.wait_for(count, 60s));
  const auto seen = tasks.status();
  CHECK(seen.succeeded + seen.dead == count);
  CHECK(seen.retried > 0);
}

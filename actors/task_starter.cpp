#include "actors/task_starter.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/submitting.hpp"

#include <caf/send.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace libagent::actors {

namespace {

using started_end = std::function<void(expected<raw_json>)>;

/// Calls back once with what a task came to, and cancels it when that is wished.
class started_task final : public task_observer {
public:
  started_task(dispatcher_actor dispatcher, std::stop_token stop, started_end on_end)
      : dispatcher_{std::move(dispatcher)}, stop_{std::move(stop)}, on_end_{std::move(on_end)} {}

  started_task(const started_task&) = delete;
  started_task& operator=(const started_task&) = delete;

  ~started_task() override {
    if (on_end_)
      on_end_(error{errc::unavailable, "run the task: the dispatcher was restarted"});
  }

  void on_change(const task_record& record) override {
    if (!is_terminal(record.state)) {
      if (!on_stop_)
        cancel_with(record.id);
      return;
    }
    on_stop_.reset();
    if (record.result) {
      end(*record.result);
    } else {
      end(record.failure.value_or(
          error{errc::internal, "run " + record.target + ": it ended without a result"}));
    }
  }

  void on_refused(const error& why) override { end(why); }

private:
  void cancel_with(const task_id& id) {
    on_stop_.emplace(stop_, [dispatcher = dispatcher_, id] {
      caf::anon_send<urgent>(dispatcher, cancel_atom_v, id, std::string{"nobody waits any more"});
    });
  }

  void end(expected<raw_json> outcome) {
    if (const auto last = std::exchange(on_end_, nullptr))
      last(std::move(outcome));
  }

  dispatcher_actor dispatcher_;
  std::stop_token stop_;
  started_end on_end_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace

task_starter make_task_starter(caf::actor_system& system) {
  return [&system](task_request request, const std::stop_token& stop, started_end on_end) {
    const auto dispatcher = find<dispatcher_actor>(system, dispatcher_path);
    auto observer = std::make_shared<started_task>(dispatcher, stop, std::move(on_end));
    request.is_brief = true;
    if (dispatcher)
      send_submit(dispatcher, lane::interactive, std::move(request), std::move(observer));
  };
}

}  // namespace libagent::actors

#include "actors/task_client.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/submitting.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/tools/requested_lane.hpp"

#include <caf/send.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace libagent::actors {

namespace {

/// What the dispatcher's thread tells the waiting thread.
struct task_news {
  std::mutex mutex;
  std::condition_variable_any arrived;
  std::optional<task_record> latest;  ///< Not yet taken by the waiting thread.
  std::optional<error> failure;       ///< Refused, or lost.
  bool ended = false;

  template <class Change>
  void tell(Change change) {
    {
      const std::lock_guard guard{mutex};
      change(*this);
    }
    arrived.notify_all();
  }
};

class news_observer final : public task_observer {
public:
  explicit news_observer(std::shared_ptr<task_news> news) : news_{std::move(news)} {}

  news_observer(const news_observer&) = delete;
  news_observer& operator=(const news_observer&) = delete;

  ~news_observer() override {
    news_->tell([](task_news& news) {
      if (!news.ended && !news.failure)
        news.failure = error{errc::unavailable, "wait for the task: the dispatcher was restarted"};
    });
  }

  void on_change(const task_record& record) override {
    news_->tell([&record](task_news& news) {
      news.latest = record;
      news.ended = is_terminal(record.state);
    });
  }

  void on_refused(const error& why) override {
    news_->tell([&why](task_news& news) { news.failure = why; });
  }

private:
  std::shared_ptr<task_news> news_;
};

/// Waits for the next record. None means that `stop` was requested first.
expected<std::optional<task_record>> take_news(task_news& news, const std::stop_token& stop) {
  std::unique_lock lock{news.mutex};
  news.arrived.wait(lock, stop, [&news] { return news.latest || news.failure; });
  if (!news.latest && news.failure)
    return *news.failure;
  return std::exchange(news.latest, std::nullopt);
}

/// A submitted task, as the thread that waits for it sees it.
class awaited_task {
public:
  awaited_task(dispatcher_actor dispatcher, task_request request)
      : dispatcher_{std::move(dispatcher)} {
    caf::anon_send<caf::message_priority::high>(
        dispatcher_, submit_atom_v, std::move(request),
        observer_ref{std::make_shared<news_observer>(news_)});
  }

  /// The next record; none when `stop` was requested first, which is passed on once.
  expected<std::optional<task_record>> next(const std::stop_token& stop) {
    const auto heeds_stop = id_.has_value() && !is_cancelling_;
    auto told = take_news(*news_, heeds_stop ? stop : std::stop_token{});
    if (told && *told)
      id_ = (*told)->id;
    if (told && stop.stop_requested())
      cancel();
    return told;
  }

private:
  // Before the first record there is no id to cancel by; afterwards once is enough.
  void cancel() {
    if (!id_ || std::exchange(is_cancelling_, true))
      return;
    caf::anon_send<caf::message_priority::high>(dispatcher_, cancel_atom_v, *id_,
                                                std::string{"interrupted"});
  }

  dispatcher_actor dispatcher_;
  std::shared_ptr<task_news> news_ = std::make_shared<task_news>();
  std::optional<task_id> id_;
  bool is_cancelling_ = false;
};

}  // namespace

task_client::task_client(caf::actor_system& system, std::shared_ptr<const tool_registry> tools)
    : system_{&system}, tools_{std::move(tools)} {
  LIBAGENT_EXPECTS(tools_ != nullptr);
}

expected<task_record> task_client::run(task_request request, const std::stop_token& stop,
                                       const change_callback& on_change) const {
  const auto dispatcher = find<dispatcher_actor>(*system_, dispatcher_path);
  if (!dispatcher)
    return error{errc::unavailable, "run " + request.target + ": the dispatcher is not running"};
  awaited_task task{dispatcher, std::move(request)};
  for (;;) {
    auto told = task.next(stop);
    if (!told)
      return told.error();
    const auto& record = *told;
    if (record && is_terminal(record->state))
      return *record;
    if (record && on_change)
      on_change(*record);
  }
}

void task_client::start(task_request request) const {
  const auto dispatcher = find<dispatcher_actor>(*system_, dispatcher_path);
  if (!dispatcher)
    return;
  const auto requested = requested_lane(*tools_, request);
  send_submit(dispatcher, requested, std::move(request),
              std::make_shared<news_observer>(std::make_shared<task_news>()));
}

}  // namespace libagent::actors

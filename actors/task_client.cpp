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
  auto news = std::make_shared<task_news>();
  caf::anon_send<caf::message_priority::high>(dispatcher, submit_atom_v, std::move(request),
                                              observer_ref{std::make_shared<news_observer>(news)});
  std::optional<task_id> id;
  bool cancelling = false;
  for (;;) {
    auto told = take_news(*news, id && !cancelling ? stop : std::stop_token{});
    if (!told)
      return told.error();
    if (const auto& record = *told) {
      if (is_terminal(record->state))
        return *record;
      id = record->id;
      if (on_change)
        on_change(*record);
    }
    if (id && stop.stop_requested() && !std::exchange(cancelling, true)) {
      caf::anon_send<caf::message_priority::high>(dispatcher, cancel_atom_v, *id,
                                                  std::string{"interrupted"});
    }
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

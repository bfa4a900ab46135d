#include "apps/lab/task_front.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/submitting.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tools/make_async_tool.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <cstdint>
#include <utility>

namespace libagent::lab {

struct backend_question {
  std::int64_t number = 0;
};

template <class Inspector>
bool inspect(Inspector& f, backend_question& x) {
  return record(f, x, "backend_question", field("number", "Comes back.", x.number).fallback(0));
}

namespace {

constexpr const char* backend_tool_name = "backend";

/// Tells one request how its task ended. A task that nobody tells of any more lets go of it.
class front_observer final : public task_observer {
public:
  explicit front_observer(pending_request_ptr request) : request_{std::move(request)} {}

  void on_change(const task_record& record) override {
    if (!is_terminal(record.state))
      return;
    request_->answer({.fate = fate_of(record)});
  }

  void on_refused(const error& why) override {
    request_->answer({.fate = request_fate::refused,
                      .retry_after = why.retry_after.value_or(std::chrono::milliseconds{0})});
  }

private:
  static request_fate fate_of(const task_record& record) {
    switch (record.state) {
      case task_state::succeeded: return request_fate::succeeded;
      case task_state::expired: return request_fate::expired;
      default: return request_fate::failed;
    }
  }

  pending_request_ptr request_;
};

std::shared_ptr<tool> backend_tool(knee_backend& backend, std::chrono::milliseconds deadline) {
  return make_async_tool({.name = backend_tool_name,
                          .description = "Asks the backend.",
                          .tool_lane = lane::batch,
                          .timeout = deadline,
                          .bound = work_bound::io,
                          .resource = backend_tool_name},
                         [&backend](const backend_question& asked, const tool_context&,
                                    async_reply<backend_question> reply) {
                           backend.begin([asked, reply = std::move(reply)] { reply(asked); });
                         });
}

}  // namespace

task_front::task_front(std::unique_ptr<actors::node> node) : node_{std::move(node)} {}

expected<std::unique_ptr<task_front>> task_front::make(knee_backend& backend,
                                                       const climb_options& limiter,
                                                       std::chrono::milliseconds deadline) {
  const auto tools = std::make_shared<tool_registry>();
  if (auto added = tools->add(backend_tool(backend, deadline)); !added)
    return added.error();
  actors::node_options options;
  options.tasks.climb = limiter;
  auto node = actors::node::start(options, tools, {});
  if (!node)
    return node.error();
  return std::unique_ptr<task_front>{new task_front{*std::move(node)}};
}

void task_front::start(const std::string& client, pending_request_ptr request) {
  const auto dispatcher =
      actors::find<actors::dispatcher_actor>(node_->system(), actors::dispatcher_path);
  if (!dispatcher)
    return request->answer({.fate = request_fate::failed});
  actors::send_submit(dispatcher, lane::batch, {.target = backend_tool_name, .client = client},
                      std::make_shared<front_observer>(std::move(request)));
}

}  // namespace libagent::lab

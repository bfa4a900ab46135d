#include "apps/lab/io_node.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "actors/submitting.hpp"
#include "apps/lab/io_socket.hpp"
#include "libagent/adapters/asio_net.hpp"
#include "libagent/record/json.hpp"
#include "libagent/tools/make_async_tool.hpp"

#include <string>
#include <utility>

namespace libagent::lab {

struct wait_line_input {
  std::uint64_t number = 0;
};

template <class Inspector>
bool inspect(Inspector& f, wait_line_input& x) {
  return record(f, x, "wait_line_input", field("number", "Comes back in the line.", x.number));
}

struct wait_line_output {
  std::string line;
};

template <class Inspector>
bool inspect(Inspector& f, wait_line_output& x) {
  return record(f, x, "wait_line_output", field("line", "What the server said.", x.line));
}

namespace {

// The pool of blocking threads needs 1,750 s for 10,000 tasks of 0.7 s.
constexpr std::chrono::minutes task_timeout{60};

tool_spec wait_line_spec(const char* name, isolation where) {
  return {.name = name,
          .description = "Asks the wait server for a line.",
          .tool_isolation = where,
          .tool_effects = effects::idempotent,
          .timeout = task_timeout,
          .bound = work_bound::io};
}

std::shared_ptr<tool> waiting_tool(std::shared_ptr<async_net> net, std::uint16_t port) {
  return make_async_tool(
      wait_line_spec("wait_line", isolation::async_call),
      [net = std::move(net), port](const wait_line_input& in, const tool_context& context,
                                   async_reply<wait_line_output> reply) {
        net->exchange({.host = "127.0.0.1",
                       .port = port,
                       .request = io_request(in.number),
                       .response_until = "\n",
                       .deadline = context.deadline,
                       .stop = context.stop},
                      [reply = std::move(reply)](expected<std::string> got) {
                        if (!got)
                          return reply(got.error());
                        got->pop_back();
                        reply(wait_line_output{std::move(*got)});
                      });
      });
}

std::shared_ptr<tool> blocking_tool(std::uint16_t port) {
  return make_tool(wait_line_spec("wait_line_blocking", isolation::thread),
                   [port](const wait_line_input& in) -> expected<wait_line_output> {
                     auto line = ask_blocking(port, io_request(in.number));
                     if (!line)
                       return line.error();
                     return wait_line_output{std::move(*line)};
                   });
}

/// Tells the batch of one task's end. When the dispatcher dies, nobody else would.
class batch_observer final : public task_observer {
public:
  batch_observer(std::shared_ptr<io_batch> batch, std::size_t index)
      : batch_{std::move(batch)}, index_{index} {}

  batch_observer(const batch_observer&) = delete;
  batch_observer& operator=(const batch_observer&) = delete;

  ~batch_observer() override {
    if (!has_ended_)
      batch_->answered(index_, error{errc::unavailable, "the dispatcher forgot the task"});
  }

  void on_change(const task_record& record) override {
    if (!is_terminal(record.state))
      return;
    if (!record.result)
      return end(record.failure.value_or(error{errc::internal, "neither result nor failure"}));
    const auto output = from_json<wait_line_output>(record.result->text);
    if (!output)
      return end(output.error());
    end(output->line);
  }

  void on_refused(const error& why) override { end(why); }

private:
  void end(expected<std::string> line) {
    has_ended_ = true;
    batch_->answered(index_, std::move(line));
  }

  std::shared_ptr<io_batch> batch_;
  std::size_t index_;
  bool has_ended_ = false;
};

}  // namespace

expected<io_node> io_node::start(std::uint16_t port) {
  auto tools = std::make_shared<tool_registry>();
  for (const auto& each : {waiting_tool(make_async_net(), port), blocking_tool(port)}) {
    if (const auto added = tools->add(each); !added)
      return added.error();
  }
  actors::node_options options;
  options.blocking = io_blocking_threads;
  options.tasks.interactive.queued_max = 20'000;
  auto node = actors::node::start(options, tools, {});
  if (!node)
    return node.error();
  return io_node{std::move(*node)};
}

io_runner io_node::runner(std::string tool_name) {
  const auto dispatcher =
      actors::find<actors::dispatcher_actor>(node_->system(), actors::dispatcher_path);
  return [dispatcher, name = std::move(tool_name)](const std::shared_ptr<io_batch>& batch,
                                                   std::size_t tasks) {
    for (std::size_t i = 0; i < tasks; ++i) {
      actors::send_submit(dispatcher, lane::interactive,
                          {.target = name, .arguments = {to_json(wait_line_input{i})}},
                          std::make_shared<batch_observer>(batch, i));
    }
  };
}

}  // namespace libagent::lab

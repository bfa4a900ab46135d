#include "apps/lab/processes_cancel.hpp"

#include "actors/node.hpp"
#include "libagent/adapters/asio_net.hpp"
#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/adapters/sqlite_journal.hpp"
#include "libagent/tools/make_async_tool.hpp"
#include "libagent/tools/make_tool.hpp"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <netinet/in.h>
#include <semaphore>
#include <stop_token>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

struct no_words {};

template <class Inspector>
bool inspect(Inspector& f, no_words& x) {
  return record(f, x, "no_words");
}

namespace {

using cancel_clock = std::chrono::steady_clock;

/// Accepts one connection at a time and never answers.
class silent_server {
public:
  silent_server() {
    listener_ = owned_descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), raw, size) == 0 && ::listen(listener_.get(), 8) == 0 &&
        ::getsockname(listener_.get(), raw, &size) == 0)
      port_ = ntohs(address.sin_port);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// Blocking: until somebody has connected and said something.
  void accept_call() {
    connection_ = owned_descriptor{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    std::array<char, 64> said{};
    (void)::recv(connection_.get(), said.data(), said.size(), 0);
  }

  /// Blocking: until the other side has gone. When that was seen.
  cancel_clock::time_point wait_for_close() {
    std::array<char, 64> more{};
    while (::recv(connection_.get(), more.data(), more.size(), 0) > 0) {
    }
    return cancel_clock::now();
  }

private:
  owned_descriptor listener_;
  owned_descriptor connection_;
  std::uint16_t port_ = 0;
};

/// Holds every worker until it is opened.
struct worker_gate {
  std::counting_semaphore<> held{0};
  std::counting_semaphore<> free{0};
};

expected<std::shared_ptr<const tool_registry>> cancel_tools(
    const std::shared_ptr<worker_gate>& gate, std::uint16_t port) {
  auto tools = std::make_shared<tool_registry>();
  const auto occupy =
      make_tool({.name = "occupy", .description = "Holds its thread.", .tool_lane = lane::batch},
                [gate](const no_words& in) {
                  gate->held.release();
                  gate->free.acquire();
                  return in;
                });
  const auto calling = make_async_tool(
      {.name = "call", .description = "Waits for an answer that never comes."},
      [net = std::shared_ptr{make_async_net()}, port](const no_words&, const tool_context& context,
                                                      async_reply<no_words> reply) {
        net->exchange(
            {.host = "127.0.0.1",
             .port = port,
             .request = "hello\n",
             .deadline = context.deadline,
             .stop = context.stop},
            [reply = std::move(reply)](const expected<std::string>& got) {
              reply(got ? expected<no_words>{no_words{}} : expected<no_words>{got.error()});
            });
      });
  for (const auto& each : {occupy, calling}) {
    if (auto added = tools->add(each); !added)
      return added.error();
  }
  return std::shared_ptr<const tool_registry>{std::move(tools)};
}

/// A task under way on a thread that waits for it, and what cancels it.
struct waiting_task {
  std::stop_source stop;
  std::binary_semaphore accepted{0};
  std::future<expected<task_record>> ended;

  waiting_task(const actors::task_client& client, task_request request) {
    ended = std::async(std::launch::async, [this, client, request = std::move(request)]() mutable {
      bool is_told = false;
      return client.run(std::move(request), stop.get_token(), [&](const task_record&) {
        if (!std::exchange(is_told, true))
          accepted.release();
      });
    });
  }
};

expected<double> cancel_queued(const actors::task_client& client, bool is_kept) {
  waiting_task task{client, {.target = "occupy", .durable = is_kept}};
  task.accepted.acquire();
  const auto asked = cancel_clock::now();
  task.stop.request_stop();
  const auto record = task.ended.get();
  const std::chrono::duration<double, std::milli> took = cancel_clock::now() - asked;
  if (!record || record->state != task_state::cancelled)
    return error{errc::internal, "cancel a queued task: it ended otherwise"};
  return took.count();
}

double cancel_call(const actors::task_client& client, silent_server& server) {
  waiting_task task{client, {.target = "call"}};
  server.accept_call();
  const auto asked = cancel_clock::now();
  task.stop.request_stop();
  const std::chrono::duration<double, std::milli> took = server.wait_for_close() - asked;
  (void)task.ended.get();
  return took.count();
}

}  // namespace

expected<cancel_times> measure_cancels(const std::filesystem::path& folder, std::size_t times) {
  auto kept = open_sqlite_journal({.file = folder / "journal.sqlite"});
  if (!kept)
    return kept.error();
  silent_server server;
  const auto gate = std::make_shared<worker_gate>();
  auto tools = cancel_tools(gate, server.port());
  if (!tools)
    return tools.error();
  auto node = actors::node::start({.workers = 1}, *tools, {},
                                  {.journal = std::make_shared<journal_access>(*std::move(kept))});
  if (!node)
    return node.error();
  const auto client = (*node)->client();
  client.start({.target = "occupy"});
  gate->held.acquire();
  cancel_times seen;
  for (std::size_t turn = 0; turn < times; ++turn) {
    const auto queued = cancel_queued(client, false);
    const auto queued_kept = queued ? cancel_queued(client, true) : queued;
    if (!queued_kept)
      return queued_kept.error();
    seen.queued_ms.push_back(*queued);
    seen.queued_kept_ms.push_back(*queued_kept);
    seen.socket_ms.push_back(cancel_call(client, server));
  }
  gate->free.release();
  return seen;
}

}  // namespace libagent::lab

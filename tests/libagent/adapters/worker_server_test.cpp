#include "libagent/adapters/worker_server.hpp"

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/adapters/worker_protocol.hpp"

#include "tests/support/fake_tool.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <future>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// A server on a thread, and the orders' side of its channel.
class served_worker {
public:
  explicit served_worker(fake_tool::body body) {
    REQUIRE(tools_.add(std::make_shared<fake_tool>(
        tool_spec{.name = "work", .description = "For the tests."}, std::move(body))));
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    ours_ = owned_descriptor{ends[0]};
    theirs_ = owned_descriptor{ends[1]};
    code_ = std::async(std::launch::async,
                       [this, end = ends[1]] { return serve_worker({end, end}, tools_); });
  }

  void say(const std::string& text) const {
    REQUIRE(::send(ours_.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }

  /// The next report; fails when there is none for long.
  [[nodiscard]] worker_report hear() {
    std::string line;
    char letter = 0;
    pollfd polled{.fd = ours_.get(), .events = POLLIN, .revents = 0};
    while (poll(&polled, 1, 20'000) == 1 && ::recv(ours_.get(), &letter, 1, 0) == 1 &&
           letter != '\n') {
      line += letter;
    }
    const auto report = from_json<worker_report>(line);
    INFO("got: " << line);
    REQUIRE(report);
    return *report;
  }

  /// Ends its input and waits for its exit code.
  [[nodiscard]] int hang_up() {
    ::shutdown(ours_.get(), SHUT_WR);
    return code_.get();
  }

  [[nodiscard]] int exit_code() { return code_.get(); }

private:
  tool_registry tools_;
  owned_descriptor ours_;
  owned_descriptor theirs_;
  std::future<int> code_;
};

expected<std::string> wait_for_stop(const std::string&, const tool_context& context) {
  context.enter_phase("waiting");
  while (!context.stop.stop_requested())
    std::this_thread::yield();
  return error{errc::cancelled, "told to"};
}

}  // namespace

TEST_CASE("a worker runs one order after another and ends well with its input", "[adapters]") {
  served_worker worker{{}};
  worker.say(R"({"run":1,"tool":"work","arguments":{"a":1},"timeout_ms":1000})"
             "\n");
  const auto first = worker.hear();
  CHECK(first.run == 1);
  CHECK(first.result.value().text == R"({"a":1})");
  worker.say("{\"run\":2,\"tool\":\"wrok\"}\n");
  const auto second = worker.hear();
  CHECK(second.run == 2);
  CHECK(second.failure.value().code == errc::not_found);
  CHECK(worker.hang_up() == 0);
}

TEST_CASE("a worker stops the run that is meant, and no other", "[adapters]") {
  served_worker worker{wait_for_stop};
  worker.say("{\"run\":5,\"tool\":\"work\"}\n{\"run\":4,\"stop\":true}\n");
  CHECK(worker.hear().phase.value() == "waiting");
  worker.say("{\"run\":5,\"stop\":true}\n");
  CHECK(worker.hear().failure.value().code == errc::cancelled);
  CHECK(worker.hang_up() == 0);
}

TEST_CASE("a worker whose input ends stops the run that is under way", "[adapters]") {
  served_worker worker{wait_for_stop};
  worker.say("{\"run\":1,\"tool\":\"work\"}\n");
  CHECK(worker.hear().phase.value() == "waiting");
  CHECK(worker.hang_up() == 0);
  CHECK(worker.hear().failure.value().code == errc::cancelled);
}

TEST_CASE("a worker whose orders make no sense ends with an error", "[adapters]") {
  served_worker worker{{}};
  worker.say("run something\n");
  CHECK(worker.exit_code() == 3);
}

TEST_CASE("a worker tells of progress now and then, and always of the end", "[adapters]") {
  served_worker worker{[](const std::string&, const tool_context& context) {
    for (int step = 0; step <= 10'000; ++step)
      context.progress(step / 10'000.0, "");
    return expected<std::string>{"{}"};
  }};
  worker.say("{\"run\":1,\"tool\":\"work\"}\n");
  std::size_t reports = 0;
  double last = -1;
  auto report = worker.hear();
  for (; report.progress; report = worker.hear()) {
    ++reports;
    last = report.progress->fraction;
  }
  CHECK(report.result.value().text == "{}");
  CHECK(last == 1);
  CHECK(reports < 1'000);
  CHECK(worker.hang_up() == 0);
}
